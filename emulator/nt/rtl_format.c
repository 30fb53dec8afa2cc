/*
 * Formatted output as Windows defines it (irpfuzz_format.h, W-DBG-2, W-DBG-3).
 *
 * Internal design: one engine formats into a sink that counts every character and stores what fits. The format is read through a
 * cursor that knows whether its characters are narrow or wide, so the two families share all else. What a narrow sink gets of a wide
 * character is its UTF-8 form; a wide sink takes a narrow string byte by byte. Freestanding: no host header but stddef and stdarg.
 */
#include "irpfuzz_format.h"

void lint_string(const char *routine, const void *caller); /* nt.h */

struct sink {
    char *narrow;
    wchar_t *wide;
    size_t size;
    size_t length;
};

struct cursor {
    const char *narrow;
    const wchar_t *wide;
};

enum size_prefix { SIZE_INT, SIZE_CHAR, SIZE_SHORT, SIZE_LONG, SIZE_64, SIZE_WIDE };

struct conversion {
    int left, plus, space, zero, alternate;
    int width, precision;
    enum size_prefix size;
    unsigned int letter;
};

static unsigned int peek(const struct cursor *at)
{
    return at->wide != 0 ? *at->wide : (unsigned char)*at->narrow;
}

static void advance(struct cursor *at)
{
    if (at->wide != 0)
        at->wide++;
    else
        at->narrow++;
}

static int accept(struct cursor *at, unsigned int character)
{
    if (peek(at) != character)
        return 0;
    advance(at);
    return 1;
}

static void put(struct sink *out, unsigned int unit)
{
    if (out->length < out->size) {
        if (out->wide != 0)
            out->wide[out->length] = (wchar_t)unit;
        else
            out->narrow[out->length] = (char)unit;
    }
    out->length++;
}

static void put_many(struct sink *out, unsigned int unit, int count)
{
    for (; count > 0; count--)
        put(out, unit);
}

/* One UTF-16 unit. Surrogates are put as they are, three bytes each: no text is lost and none is joined. */
static void put_wide(struct sink *out, unsigned int unit)
{
    if (out->wide != 0 || unit < 0x80) {
        put(out, unit);
    } else if (unit < 0x800) {
        put(out, 0xc0 | unit >> 6);
        put(out, 0x80 | (unit & 0x3f));
    } else {
        put(out, 0xe0 | unit >> 12);
        put(out, 0x80 | (unit >> 6 & 0x3f));
        put(out, 0x80 | (unit & 0x3f));
    }
}

static void format_narrow_string(struct sink *out, const struct conversion *how, const char *text, int limit)
{
    int length = 0;

    if (text == 0) {
        text = "(null)";
        limit = -1;
    }
    if (how->precision >= 0 && (limit < 0 || how->precision < limit))
        limit = how->precision;
    /* A counted string may hold anything, a terminated one ends at its zero. */
    while ((limit < 0 || length < limit) && text[length] != 0)
        length++;
    put_many(out, ' ', how->left ? 0 : how->width - length);
    for (int i = 0; i < length; i++)
        put(out, (unsigned char)text[i]);
    put_many(out, ' ', how->left ? how->width - length : 0);
}

static void format_wide_string(struct sink *out, const struct conversion *how, const wchar_t *text, int limit)
{
    int length = 0;

    if (text == 0) {
        format_narrow_string(out, how, 0, -1);
        return;
    }
    if (how->precision >= 0 && (limit < 0 || how->precision < limit))
        limit = how->precision;
    while ((limit < 0 || length < limit) && text[length] != 0)
        length++;
    put_many(out, ' ', how->left ? 0 : how->width - length);
    for (int i = 0; i < length; i++)
        put_wide(out, text[i]);
    put_many(out, ' ', how->left ? how->width - length : 0);
}

static void format_character(struct sink *out, const struct conversion *how, unsigned int character, int wide)
{
    put_many(out, ' ', how->left ? 0 : how->width - 1);
    if (wide)
        put_wide(out, character & 0xffff);
    else
        put(out, character & 0xff);
    put_many(out, ' ', how->left ? how->width - 1 : 0);
}

static void format_number(struct sink *out, const struct conversion *how, unsigned long long value, int negative,
    unsigned int base, int upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char reversed[24];
    char prefix[3];
    int length = 0, prefix_length = 0, zeros, padding;

    if (negative)
        prefix[prefix_length++] = '-';
    else if (how->plus)
        prefix[prefix_length++] = '+';
    else if (how->space)
        prefix[prefix_length++] = ' ';
    if (how->alternate && base == 16 && value != 0) {
        prefix[prefix_length++] = '0';
        prefix[prefix_length++] = upper ? 'X' : 'x';
    }
    for (; value != 0; value /= base)
        reversed[length++] = digits[value % base];
    if (length == 0 && how->precision != 0)
        reversed[length++] = '0';
    if (how->alternate && base == 8 && (length == 0 || reversed[length - 1] != '0'))
        reversed[length++] = '0';

    zeros = how->precision > length ? how->precision - length : 0;
    padding = how->width - prefix_length - zeros - length;
    if (how->zero && !how->left && how->precision < 0 && padding > 0) {
        zeros += padding;
        padding = 0;
    }
    put_many(out, ' ', how->left ? 0 : padding);
    for (int i = 0; i < prefix_length; i++)
        put(out, (unsigned char)prefix[i]);
    put_many(out, '0', zeros);
    while (length > 0)
        put(out, (unsigned char)reversed[--length]);
    put_many(out, ' ', how->left ? padding : 0);
}

#ifndef IRPFUZZ_FORMAT_NO_FLOAT
/* Fixed notation with at most 15 fraction digits, exact for the measurements that apps print; larger values say so. */
static void format_float(struct sink *out, const struct conversion *how, double value)
{
    struct conversion whole = *how;
    struct conversion fraction = {0};
    unsigned long long scale = 1, integer;
    int negative = value < 0;
    int digits = how->precision < 0 ? 6 : how->precision > 15 ? 15 : how->precision;
    double rest;

    if (value != value || value > 1e18 || value < -1e18) {
        format_narrow_string(out, how, value != value ? "nan" : negative ? "-inf" : "inf", -1);
        return;
    }
    for (int i = 0; i < digits; i++)
        scale *= 10;
    if (negative)
        value = -value;
    integer = (unsigned long long)value;
    rest = (value - (double)integer) * (double)scale + 0.5;
    if ((unsigned long long)rest >= scale && digits > 0) {
        integer++;
        rest = 0;
    } else if (digits == 0 && rest >= 1) {
        integer++;
    }
    whole.precision = -1;
    whole.width = digits > 0 ? how->width - digits - 1 : how->width;
    format_number(out, &whole, integer, negative, 10, 0);
    if (digits == 0)
        return;
    put(out, '.');
    fraction.precision = digits;
    format_number(out, &fraction, (unsigned long long)rest, 0, 10, 0);
}
#endif

static int read_number(struct cursor *at)
{
    int value = 0;

    for (; peek(at) >= '0' && peek(at) <= '9'; advance(at))
        if (value < 100000)
            value = value * 10 + (int)(peek(at) - '0');
    return value;
}

static void read_flags(struct cursor *at, struct conversion *how)
{
    for (;; advance(at)) {
        switch (peek(at)) {
        case '-': how->left = 1; break;
        case '+': how->plus = 1; break;
        case ' ': how->space = 1; break;
        case '0': how->zero = 1; break;
        case '#': how->alternate = 1; break;
        default: return;
        }
    }
}

static void read_size(struct cursor *at, struct conversion *how)
{
    if (accept(at, 'h')) {
        how->size = accept(at, 'h') ? SIZE_CHAR : SIZE_SHORT;
    } else if (accept(at, 'l')) {
        how->size = accept(at, 'l') ? SIZE_64 : SIZE_LONG;
    } else if (accept(at, 'w')) {
        how->size = SIZE_WIDE;
    } else if (accept(at, 'j') || accept(at, 'z') || accept(at, 't')) {
        how->size = SIZE_64;
    } else if (accept(at, 'I')) {
        /* I64 and I32, or alone: the size of a pointer. */
        struct cursor mark = *at;

        how->size = SIZE_64;
        if (accept(at, '6') && accept(at, '4'))
            return;
        *at = mark;
        if (accept(at, '3') && accept(at, '2')) {
            how->size = SIZE_INT;
            return;
        }
        *at = mark;
    }
}

static unsigned long long take_unsigned(const struct conversion *how, va_list *arguments)
{
    if (how->size == SIZE_64)
        return va_arg(*arguments, unsigned long long);
    unsigned int value = va_arg(*arguments, unsigned int);
    if (how->size == SIZE_SHORT)
        return (unsigned short)value;
    return how->size == SIZE_CHAR ? (unsigned char)value : value;
}

static long long take_signed(const struct conversion *how, va_list *arguments)
{
    if (how->size == SIZE_64)
        return va_arg(*arguments, long long);
    int value = va_arg(*arguments, int);
    if (how->size == SIZE_SHORT)
        return (short)value;
    return how->size == SIZE_CHAR ? (signed char)value : value;
}

/* UNICODE_STRING and STRING have one layout; Length counts bytes. */
struct counted_string {
    unsigned short length, maximum_length;
    const void *buffer;
};

static void format_counted(struct sink *out, const struct conversion *how, const struct counted_string *string)
{
    if (string == 0 || string->buffer == 0)
        format_narrow_string(out, how, 0, -1);
    else if (how->size == SIZE_WIDE || how->size == SIZE_LONG)
        format_wide_string(out, how, (const wchar_t *)string->buffer, string->length / 2);
    else
        format_narrow_string(out, how, (const char *)string->buffer, string->length);
}

/* %s follows the function, %S is the opposite; a size prefix decides over both. */
static int is_wide_text(const struct sink *out, const struct conversion *how)
{
    int small = how->letter == 's' || how->letter == 'c';

    if (how->size == SIZE_SHORT)
        return 0;
    if (how->size == SIZE_LONG || how->size == SIZE_WIDE)
        return 1;
    return (out->wide != 0) == small;
}

static void format_one(struct sink *out, struct conversion *how, va_list *arguments)
{
    long long number;

    switch (how->letter) {
    case 'd':
    case 'i':
        number = take_signed(how, arguments);
        format_number(out, how, number < 0 ? 0 - (unsigned long long)number : (unsigned long long)number, number < 0, 10, 0);
        return;
    case 'u':
    case 'x':
    case 'X':
    case 'o':
        how->plus = how->space = 0;
        format_number(out, how, take_unsigned(how, arguments), 0, how->letter == 'u' ? 10 : how->letter == 'o' ? 8 : 16,
            how->letter == 'X');
        return;
    case 'p':
        how->precision = 16;
        format_number(out, how, (unsigned long long)va_arg(*arguments, void *), 0, 16, 1);
        return;
    case 's':
    case 'S':
        if (is_wide_text(out, how))
            format_wide_string(out, how, va_arg(*arguments, const wchar_t *), -1);
        else
            format_narrow_string(out, how, va_arg(*arguments, const char *), -1);
        return;
    case 'c':
    case 'C':
        format_character(out, how, va_arg(*arguments, unsigned int), is_wide_text(out, how));
        return;
    case 'Z':
        format_counted(out, how, va_arg(*arguments, const struct counted_string *));
        return;
    case 'e': case 'E': case 'f': case 'F': case 'g': case 'G': case 'a': case 'A':
#ifndef IRPFUZZ_FORMAT_NO_FLOAT
        format_float(out, how, va_arg(*arguments, double));
#else
        (void)va_arg(*arguments, double);
        put(out, '?');
#endif
        return;
    case 'n':
        /* Windows refuses %n; the argument is skipped. */
        (void)va_arg(*arguments, void *);
        return;
    default:
        put(out, how->letter);
    }
}

static int run(struct sink *out, struct cursor at, va_list *arguments)
{
    for (; peek(&at) != 0;) {
        struct conversion how = {0};

        if (!accept(&at, '%')) {
            put(out, peek(&at));
            advance(&at);
            continue;
        }
        how.precision = -1;
        read_flags(&at, &how);
        how.width = accept(&at, '*') ? va_arg(*arguments, int) : read_number(&at);
        if (how.width < 0) {
            how.left = 1;
            how.width = -how.width;
        }
        if (accept(&at, '.'))
            how.precision = accept(&at, '*') ? va_arg(*arguments, int) : read_number(&at);
        read_size(&at, &how);
        how.letter = peek(&at);
        if (how.letter == 0)
            break;
        advance(&at);
        format_one(out, &how, arguments);
    }
    return (int)out->length;
}

static int format_narrow(struct sink *out, const char *format, va_list arguments)
{
    struct cursor at = {format, 0};
    va_list copy;
    int length;

    va_copy(copy, arguments);
    length = run(out, at, &copy);
    va_end(copy);
    return length;
}

static int format_wide(struct sink *out, const wchar_t *format, va_list arguments)
{
    struct cursor at = {0, format};
    va_list copy;
    int length;

    va_copy(copy, arguments);
    length = run(out, at, &copy);
    va_end(copy);
    return length;
}

int irpfuzz_vsnprintf(char *to, size_t size, const char *format, va_list arguments)
{
    struct sink out = {to, 0, size > 0 ? size - 1 : 0, 0};
    int length = format_narrow(&out, format, arguments);

    if (size > 0)
        to[(size_t)length < size ? (size_t)length : size - 1] = 0;
    return length;
}

int irpfuzz_vsnwprintf(wchar_t *to, size_t size, const wchar_t *format, va_list arguments)
{
    /* A sink with no wide buffer is a narrow one, so a mere count needs a place to point at. */
    wchar_t nothing;
    struct sink out = {0, to != 0 ? to : &nothing, size > 0 ? size - 1 : 0, 0};
    int length = format_wide(&out, format, arguments);

    if (size > 0)
        to[(size_t)length < size ? (size_t)length : size - 1] = 0;
    return length;
}

int irpfuzz_old_vsnprintf(char *to, size_t size, const char *format, va_list arguments)
{
    struct sink out = {to, 0, size, 0};
    int length = format_narrow(&out, format, arguments);

    if ((size_t)length < size)
        to[length] = 0;
    return (size_t)length <= size ? length : -1;
}

int irpfuzz_old_vsnwprintf(wchar_t *to, size_t size, const wchar_t *format, va_list arguments)
{
    wchar_t nothing;
    struct sink out = {0, to != 0 ? to : &nothing, size, 0};
    int length = format_wide(&out, format, arguments);

    if ((size_t)length < size)
        to[length] = 0;
    return (size_t)length <= size ? length : -1;
}

int irpfuzz_vsprintf(char *to, const char *format, va_list arguments)
{
    lint_string("vsprintf", __builtin_return_address(0));
    return irpfuzz_vsnprintf(to, 0x7fffffff, format, arguments);
}

int irpfuzz_snprintf(char *to, size_t size, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = irpfuzz_vsnprintf(to, size, format, arguments);
    va_end(arguments);
    return length;
}

int irpfuzz_snwprintf(wchar_t *to, size_t size, const wchar_t *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = irpfuzz_vsnwprintf(to, size, format, arguments);
    va_end(arguments);
    return length;
}

int irpfuzz_old_snprintf(char *to, size_t size, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = irpfuzz_old_vsnprintf(to, size, format, arguments);
    va_end(arguments);
    return length;
}

int irpfuzz_old_snwprintf(wchar_t *to, size_t size, const wchar_t *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = irpfuzz_old_vsnwprintf(to, size, format, arguments);
    va_end(arguments);
    return length;
}

int irpfuzz_sprintf(char *to, const char *format, ...)
{
    va_list arguments;
    int length;

    lint_string("sprintf", __builtin_return_address(0));
    va_start(arguments, format);
    length = irpfuzz_vsnprintf(to, 0x7fffffff, format, arguments);
    va_end(arguments);
    return length;
}

int irpfuzz_format_is_wide(const char *format)
{
    struct cursor at = {format, 0};

    while (peek(&at) != 0) {
        struct conversion how = {0};

        if (!accept(&at, '%')) {
            advance(&at);
            continue;
        }
        read_flags(&at, &how);
        if (!accept(&at, '*'))
            (void)read_number(&at);
        if (accept(&at, '.') && !accept(&at, '*'))
            (void)read_number(&at);
        read_size(&at, &how);
        how.letter = peek(&at);
        if (how.letter == 0)
            return 0;
        advance(&at);
        if (how.letter == 'S' || how.letter == 'C')
            return how.size != SIZE_SHORT;
        if (how.letter == 's' || how.letter == 'c' || how.letter == 'Z')
            if (how.size == SIZE_LONG || how.size == SIZE_WIDE)
                return 1;
    }
    return 0;
}
