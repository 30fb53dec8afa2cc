/*
 * The streams of apps (stdio.h of the overlay) on top of the formatter. Text is cut into pieces that fit a buffer on the stack only
 * in length: one call writes one piece, so lines of different threads do not mix. Belongs to apps; no driver calls it.
 */
#include <stdio.h>

enum { LINE_SIZE = 4096 };

FILE irpfuzz_files[3] = {{0}, {1}, {2}};

int irpfuzz_vfprintf(FILE *file, const char *format, va_list arguments)
{
    char text[LINE_SIZE];
    int length = irpfuzz_vsnprintf(text, sizeof(text), format, arguments);

    irpfuzz_write_text(file->number, text, length < LINE_SIZE ? (size_t)length : LINE_SIZE - 1);
    return length;
}

/* The wide text goes out as UTF-8, by the narrow formatter's own conversion. */
int irpfuzz_vfwprintf(FILE *file, const wchar_t *format, va_list arguments)
{
    wchar_t wide[LINE_SIZE / 4];
    int length = irpfuzz_vsnwprintf(wide, LINE_SIZE / 4, format, arguments);

    irpfuzz_fprintf(file, "%ws", wide);
    return length;
}

int irpfuzz_vprintf(const char *format, va_list arguments)
{
    return irpfuzz_vfprintf(stdout, format, arguments);
}

int irpfuzz_printf(const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = irpfuzz_vfprintf(stdout, format, arguments);
    va_end(arguments);
    return length;
}

int irpfuzz_fprintf(FILE *file, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = irpfuzz_vfprintf(file, format, arguments);
    va_end(arguments);
    return length;
}

int irpfuzz_wprintf(const wchar_t *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = irpfuzz_vfwprintf(stdout, format, arguments);
    va_end(arguments);
    return length;
}

int irpfuzz_fwprintf(FILE *file, const wchar_t *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = irpfuzz_vfwprintf(file, format, arguments);
    va_end(arguments);
    return length;
}

int irpfuzz_fputs(const char *text, FILE *file)
{
    size_t length = 0;

    while (text[length] != 0)
        length++;
    irpfuzz_write_text(file->number, text, length);
    return 0;
}

int irpfuzz_puts(const char *text)
{
    return irpfuzz_fprintf(stdout, "%s\n", text) < 0 ? -1 : 0;
}

int irpfuzz_fputc(int character, FILE *file)
{
    char text = (char)character;

    irpfuzz_write_text(file->number, &text, 1);
    return (unsigned char)text;
}

int irpfuzz_fgetc(FILE *file)
{
    return irpfuzz_read_byte(file->number);
}

char *irpfuzz_fgets(char *to, int size, FILE *file)
{
    int length = 0;

    while (length + 1 < size) {
        int character = irpfuzz_fgetc(file);

        if (character < 0)
            break;
        to[length++] = (char)character;
        if (character == '\n')
            break;
    }
    if (length == 0)
        return 0;
    to[length] = 0;
    return to;
}
