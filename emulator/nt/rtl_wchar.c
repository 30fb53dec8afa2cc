/*
 * 16-bit wide strings (irpfuzz_wchar.h). Freestanding: no host header but stddef and stdarg, since host code believes that wchar_t
 * has 32 bits. Compiled with -fshort-wchar as everything in the Windows world. The loops are plain, so that a sanitizer built into
 * this file reports an overrun at the byte.
 */
#include "irpfuzz_wchar.h"

void lint_string(const char *routine, const void *caller); /* nt.h */

size_t irpfuzz_wcslen(const wchar_t *text)
{
    size_t length = 0;

    while (text[length] != 0)
        length++;
    return length;
}

size_t irpfuzz_wcsnlen(const wchar_t *text, size_t limit)
{
    size_t length = 0;

    while (length < limit && text[length] != 0)
        length++;
    return length;
}

static void copy(wchar_t *to, const wchar_t *from)
{
    size_t i = 0;

    while ((to[i] = from[i]) != 0)
        i++;
}

wchar_t *irpfuzz_wcscpy(wchar_t *to, const wchar_t *from)
{
    lint_string("wcscpy", __builtin_return_address(0));
    copy(to, from);
    return to;
}

wchar_t *irpfuzz_wcsncpy(wchar_t *to, const wchar_t *from, size_t count)
{
    size_t i = 0;

    for (; i < count && from[i] != 0; i++)
        to[i] = from[i];
    for (; i < count; i++)
        to[i] = 0;
    return to;
}

wchar_t *irpfuzz_wcscat(wchar_t *to, const wchar_t *from)
{
    lint_string("wcscat", __builtin_return_address(0));
    copy(to + irpfuzz_wcslen(to), from);
    return to;
}

wchar_t *irpfuzz_wcsncat(wchar_t *to, const wchar_t *from, size_t count)
{
    wchar_t *end = to + irpfuzz_wcslen(to);
    size_t i = 0;

    for (; i < count && from[i] != 0; i++)
        end[i] = from[i];
    end[i] = 0;
    return to;
}

int irpfuzz_wcsncmp(const wchar_t *first, const wchar_t *second, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (first[i] != second[i])
            return first[i] < second[i] ? -1 : 1;
        if (first[i] == 0)
            return 0;
    }
    return 0;
}

int irpfuzz_wcscmp(const wchar_t *first, const wchar_t *second)
{
    return irpfuzz_wcsncmp(first, second, (size_t)-1);
}

int irpfuzz_wcsnicmp(const wchar_t *first, const wchar_t *second, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned short a = irpfuzz_towlower(first[i]);
        unsigned short b = irpfuzz_towlower(second[i]);

        if (a != b)
            return a < b ? -1 : 1;
        if (a == 0)
            return 0;
    }
    return 0;
}

int irpfuzz_wcsicmp(const wchar_t *first, const wchar_t *second)
{
    return irpfuzz_wcsnicmp(first, second, (size_t)-1);
}

wchar_t *irpfuzz_wcschr(const wchar_t *text, wchar_t character)
{
    for (;; text++) {
        if (*text == character)
            return (wchar_t *)text;
        if (*text == 0)
            return 0;
    }
}

wchar_t *irpfuzz_wcsrchr(const wchar_t *text, wchar_t character)
{
    const wchar_t *found = 0;

    for (;; text++) {
        if (*text == character)
            found = text;
        if (*text == 0)
            return (wchar_t *)found;
    }
}

wchar_t *irpfuzz_wcsstr(const wchar_t *text, const wchar_t *part)
{
    size_t length = irpfuzz_wcslen(part);

    if (length == 0)
        return (wchar_t *)text;
    for (; *text != 0; text++)
        if (irpfuzz_wcsncmp(text, part, length) == 0)
            return (wchar_t *)text;
    return 0;
}

/* The number of leading characters whose membership in set equals wanted. */
static size_t span(const wchar_t *text, const wchar_t *set, int wanted)
{
    size_t i = 0;

    while (text[i] != 0 && (irpfuzz_wcschr(set, text[i]) != 0) == wanted)
        i++;
    return i;
}

size_t irpfuzz_wcsspn(const wchar_t *text, const wchar_t *set)
{
    return span(text, set, 1);
}

size_t irpfuzz_wcscspn(const wchar_t *text, const wchar_t *set)
{
    return span(text, set, 0);
}

wchar_t *irpfuzz_wcspbrk(const wchar_t *text, const wchar_t *set)
{
    text += irpfuzz_wcscspn(text, set);
    return *text == 0 ? 0 : (wchar_t *)text;
}

wchar_t *irpfuzz_wcslwr(wchar_t *text)
{
    for (wchar_t *at = text; *at != 0; at++)
        *at = irpfuzz_towlower(*at);
    return text;
}

wchar_t *irpfuzz_wcsupr(wchar_t *text)
{
    for (wchar_t *at = text; *at != 0; at++)
        *at = irpfuzz_towupper(*at);
    return text;
}

/* Latin-1 pairs differ by 0x20; the multiplication and division signs, sharp s and y diaeresis have no pair there. */
unsigned short irpfuzz_towupper(unsigned short character)
{
    int ascii = character >= 'a' && character <= 'z';
    int latin = character >= 0xe0 && character <= 0xfe && character != 0xf7;

    return (unsigned short)(ascii || latin ? character - 0x20 : character);
}

unsigned short irpfuzz_towlower(unsigned short character)
{
    int ascii = character >= 'A' && character <= 'Z';
    int latin = character >= 0xc0 && character <= 0xde && character != 0xd7;

    return (unsigned short)(ascii || latin ? character + 0x20 : character);
}

int irpfuzz_iswctype(unsigned short character, int kinds)
{
    int is = 0;

    if (irpfuzz_towlower(character) != character)
        is |= IRPFUZZ_WC_UPPER;
    if (irpfuzz_towupper(character) != character)
        is |= IRPFUZZ_WC_LOWER;
    if (character >= '0' && character <= '9')
        is |= IRPFUZZ_WC_DIGIT | IRPFUZZ_WC_HEX;
    if ((character >= 'a' && character <= 'f') || (character >= 'A' && character <= 'F'))
        is |= IRPFUZZ_WC_HEX;
    if (character == ' ' || character == 0xa0 || (character >= 9 && character <= 13))
        is |= IRPFUZZ_WC_SPACE;
    if (is == 0 && character > ' ' && character < 0x7f)
        is |= IRPFUZZ_WC_PUNCTUATION;
    return is & kinds;
}

static int digit_value(wchar_t character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'z')
        return character - 'a' + 10;
    if (character >= 'A' && character <= 'Z')
        return character - 'A' + 10;
    return 99;
}

unsigned long long irpfuzz_wcstoull(const wchar_t *text, wchar_t **end, int base)
{
    const wchar_t *at = text;
    unsigned long long value = 0;
    int negative, any = 0, overflow = 0;

    while (irpfuzz_iswctype(*at, IRPFUZZ_WC_SPACE))
        at++;
    negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    if ((base == 0 || base == 16) && at[0] == '0' && (at[1] == 'x' || at[1] == 'X') && digit_value(at[2]) < 16) {
        at += 2;
        base = 16;
    }
    if (base == 0)
        base = *at == '0' ? 8 : 10;
    for (; digit_value(*at) < base; at++, any = 1) {
        unsigned long long next;

        overflow |= __builtin_mul_overflow(value, (unsigned long long)base, &next);
        overflow |= __builtin_add_overflow(next, (unsigned long long)digit_value(*at), &value);
    }
    if (end != 0)
        *end = (wchar_t *)(any ? at : text);
    if (overflow)
        return ~0ULL;
    return negative ? 0 - value : value;
}

long long irpfuzz_wcstoll(const wchar_t *text, wchar_t **end, int base)
{
    const long long largest = 0x7fffffffffffffffLL;
    const wchar_t *at = text;
    unsigned long long value;
    int negative;

    while (irpfuzz_iswctype(*at, IRPFUZZ_WC_SPACE))
        at++;
    negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    if (*at == '-' || *at == '+' || irpfuzz_iswctype(*at, IRPFUZZ_WC_SPACE)) {
        if (end != 0)
            *end = (wchar_t *)text;
        return 0;
    }
    value = irpfuzz_wcstoull(at, end, base);
    if (end != 0 && *end == at)
        *end = (wchar_t *)text;
    if (value > (unsigned long long)largest)
        return negative ? -largest - 1 : largest;
    return negative ? -(long long)value : (long long)value;
}
