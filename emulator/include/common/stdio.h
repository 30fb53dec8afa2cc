/*
 * Formatted output for Windows sources. In kernel drivers only the string forms exist; apps also have the streams, whose text
 * goes to irpfuzz_write_text, provided by the layer that serves apps. Nothing here is the host's: its %ld and %ws mean
 * something else (W-DBG-3).
 */
#ifndef IRPFUZZ_CRT_STDIO_H
#define IRPFUZZ_CRT_STDIO_H

#include <stddef.h>
#include <stdarg.h>
#include <irpfuzz_format.h>

#define _snprintf irpfuzz_old_snprintf
#define _vsnprintf irpfuzz_old_vsnprintf
#define _snwprintf irpfuzz_old_snwprintf
#define _vsnwprintf irpfuzz_old_vsnwprintf
#define snprintf irpfuzz_snprintf
#define vsnprintf irpfuzz_vsnprintf
#define sprintf irpfuzz_sprintf
#define vsprintf irpfuzz_vsprintf
#define swprintf irpfuzz_snwprintf
#define vswprintf irpfuzz_vsnwprintf
#define sprintf_s irpfuzz_snprintf
#define vsprintf_s irpfuzz_vsnprintf
#define swprintf_s irpfuzz_snwprintf
#define vswprintf_s irpfuzz_vsnwprintf
#define _snprintf_s(to, size, count, ...) irpfuzz_snprintf((to), (size), __VA_ARGS__)
#define _snwprintf_s(to, size, count, ...) irpfuzz_snwprintf((to), (size), __VA_ARGS__)

#ifndef _TRUNCATE
#define _TRUNCATE ((size_t)-1)
#endif

#ifndef _KERNEL_MODE

#ifdef __cplusplus
extern "C" {
#endif

typedef struct irpfuzz_file {
    int number;
} FILE;

/* 0 is standard input, 1 output, 2 error output. */
extern FILE irpfuzz_files[3];

/* Provided by the layer that serves apps: text for a stream, length bytes of UTF-8; and one byte of input or -1. */
void irpfuzz_write_text(int stream, const char *text, size_t length);
int irpfuzz_read_byte(int stream);

int irpfuzz_printf(const char *format, ...);
int irpfuzz_vprintf(const char *format, va_list arguments);
int irpfuzz_fprintf(FILE *file, const char *format, ...);
int irpfuzz_vfprintf(FILE *file, const char *format, va_list arguments);
int irpfuzz_wprintf(const wchar_t *format, ...);
int irpfuzz_fwprintf(FILE *file, const wchar_t *format, ...);
int irpfuzz_vfwprintf(FILE *file, const wchar_t *format, va_list arguments);
int irpfuzz_puts(const char *text);
int irpfuzz_fputs(const char *text, FILE *file);
int irpfuzz_fputc(int character, FILE *file);
int irpfuzz_fgetc(FILE *file);
char *irpfuzz_fgets(char *to, int size, FILE *file);
int irpfuzz_sscanf(const char *text, const char *format, ...);

#ifdef __cplusplus
}
#endif

#define EOF (-1)
#define BUFSIZ 512
#define stdin (&irpfuzz_files[0])
#define stdout (&irpfuzz_files[1])
#define stderr (&irpfuzz_files[2])
#define printf irpfuzz_printf
#define vprintf irpfuzz_vprintf
#define printf_s irpfuzz_printf
#define fprintf irpfuzz_fprintf
#define vfprintf irpfuzz_vfprintf
#define fprintf_s irpfuzz_fprintf
#define wprintf irpfuzz_wprintf
#define wprintf_s irpfuzz_wprintf
#define fwprintf irpfuzz_fwprintf
#define fwprintf_s irpfuzz_fwprintf
#define vfwprintf irpfuzz_vfwprintf
#define puts irpfuzz_puts
#define fputs irpfuzz_fputs
#define fputc irpfuzz_fputc
#define putc irpfuzz_fputc
#define putchar(character) irpfuzz_fputc((character), stdout)
#define fgetc irpfuzz_fgetc
#define getc irpfuzz_fgetc
#define getchar() irpfuzz_fgetc(stdin)
#define fgets irpfuzz_fgets
#define gets_s(to, size) irpfuzz_fgets((to), (int)(size), stdin)
#define fflush(file) ((void)(file), 0)
#define setbuf(file, buffer) ((void)(file))
#define setvbuf(file, buffer, mode, size) ((void)(file), 0)
#define sscanf irpfuzz_sscanf
#define sscanf_s irpfuzz_sscanf
#define perror(text) irpfuzz_fprintf(stderr, "%s: error\n", (text))

#endif

#endif
