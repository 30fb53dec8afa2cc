/*
 * 16-bit wide strings (W-TYP-5). The host's functions of these names take 32-bit characters, so every name is mapped to one of
 * ours (emulator/nt/rtl_wchar.c). Each does what its C namesake does; characters are UTF-16 code units; case is mapped
 * for ASCII and Latin-1 only. Any IRQL that the strings' memory allows.
 */
#ifndef IRPFUZZ_WCHAR_H
#define IRPFUZZ_WCHAR_H

#include <stddef.h>
#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

size_t irpfuzz_wcslen(const wchar_t *text);
size_t irpfuzz_wcsnlen(const wchar_t *text, size_t limit);
wchar_t *irpfuzz_wcscpy(wchar_t *to, const wchar_t *from);
wchar_t *irpfuzz_wcsncpy(wchar_t *to, const wchar_t *from, size_t count);
wchar_t *irpfuzz_wcscat(wchar_t *to, const wchar_t *from);
wchar_t *irpfuzz_wcsncat(wchar_t *to, const wchar_t *from, size_t count);
int irpfuzz_wcscmp(const wchar_t *first, const wchar_t *second);
int irpfuzz_wcsncmp(const wchar_t *first, const wchar_t *second, size_t count);
int irpfuzz_wcsicmp(const wchar_t *first, const wchar_t *second);
int irpfuzz_wcsnicmp(const wchar_t *first, const wchar_t *second, size_t count);
wchar_t *irpfuzz_wcschr(const wchar_t *text, wchar_t character);
wchar_t *irpfuzz_wcsrchr(const wchar_t *text, wchar_t character);
wchar_t *irpfuzz_wcsstr(const wchar_t *text, const wchar_t *part);
size_t irpfuzz_wcsspn(const wchar_t *text, const wchar_t *set);
size_t irpfuzz_wcscspn(const wchar_t *text, const wchar_t *set);
wchar_t *irpfuzz_wcspbrk(const wchar_t *text, const wchar_t *set);
wchar_t *irpfuzz_wcslwr(wchar_t *text);
wchar_t *irpfuzz_wcsupr(wchar_t *text);
unsigned short irpfuzz_towupper(unsigned short character);
unsigned short irpfuzz_towlower(unsigned short character);
/* Kinds of a character: bits below. */
int irpfuzz_iswctype(unsigned short character, int kinds);
/* Base 0 or 2..36; saturates; *end is set past the number, or to text if there is none. */
long long irpfuzz_wcstoll(const wchar_t *text, wchar_t **end, int base);
unsigned long long irpfuzz_wcstoull(const wchar_t *text, wchar_t **end, int base);

enum {
    IRPFUZZ_WC_UPPER = 1,
    IRPFUZZ_WC_LOWER = 2,
    IRPFUZZ_WC_DIGIT = 4,
    IRPFUZZ_WC_SPACE = 8,
    IRPFUZZ_WC_PUNCTUATION = 16,
    IRPFUZZ_WC_HEX = 128
};

#ifdef __cplusplus
}
#endif

#define wcslen irpfuzz_wcslen
#define wcsnlen irpfuzz_wcsnlen
#define wcscpy irpfuzz_wcscpy
#define wcsncpy irpfuzz_wcsncpy
#define wcscat irpfuzz_wcscat
#define wcsncat irpfuzz_wcsncat
#define wcscmp irpfuzz_wcscmp
#define wcsncmp irpfuzz_wcsncmp
#define _wcsicmp irpfuzz_wcsicmp
#define wcsicmp irpfuzz_wcsicmp
#define _wcsnicmp irpfuzz_wcsnicmp
#define wcsnicmp irpfuzz_wcsnicmp
#define wcschr irpfuzz_wcschr
#define wcsrchr irpfuzz_wcsrchr
#define wcsstr irpfuzz_wcsstr
#define wcsspn irpfuzz_wcsspn
#define wcscspn irpfuzz_wcscspn
#define wcspbrk irpfuzz_wcspbrk
#define _wcslwr irpfuzz_wcslwr
#define _wcsupr irpfuzz_wcsupr
#define towupper irpfuzz_towupper
#define towlower irpfuzz_towlower
#define iswupper(c) irpfuzz_iswctype((c), IRPFUZZ_WC_UPPER)
#define iswlower(c) irpfuzz_iswctype((c), IRPFUZZ_WC_LOWER)
#define iswdigit(c) irpfuzz_iswctype((c), IRPFUZZ_WC_DIGIT)
#define iswxdigit(c) irpfuzz_iswctype((c), IRPFUZZ_WC_HEX)
#define iswspace(c) irpfuzz_iswctype((c), IRPFUZZ_WC_SPACE)
#define iswalpha(c) irpfuzz_iswctype((c), IRPFUZZ_WC_UPPER | IRPFUZZ_WC_LOWER)
#define iswalnum(c) irpfuzz_iswctype((c), IRPFUZZ_WC_UPPER | IRPFUZZ_WC_LOWER | IRPFUZZ_WC_DIGIT)
#define iswpunct(c) irpfuzz_iswctype((c), IRPFUZZ_WC_PUNCTUATION)
#define wcstol(text, end, base) irpfuzz_clamp_long(irpfuzz_wcstoll((text), (end), (base)))
#define wcstoul(text, end, base) ((unsigned int)irpfuzz_wcstoull((text), (end), (base)))
#define _wcstoi64 irpfuzz_wcstoll
#define _wcstoui64 irpfuzz_wcstoull
#define _wtoi(text) irpfuzz_clamp_long(irpfuzz_wcstoll((text), 0, 10))
#define _wtol(text) irpfuzz_clamp_long(irpfuzz_wcstoll((text), 0, 10))
#define _wtoi64(text) irpfuzz_wcstoll((text), 0, 10)

/* `long` has 32 bits on Windows. */
static __inline__ __attribute__((__unused__)) int irpfuzz_clamp_long(long long value)
{
    if (value > 0x7fffffffLL)
        return 0x7fffffff;
    return value < -0x7fffffffLL - 1 ? -0x7fffffff - 1 : (int)value;
}

#endif
