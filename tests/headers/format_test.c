/* Windows' formats (W-DBG-2, W-DBG-3) and 16-bit strings (W-TYP-5), run. Exit status counts the failures. */
#include "irpfuzz_format.h"
#include "irpfuzz_wchar.h"

int puts(const char *text);

static int failures;

static int same(const char *a, const char *b)
{
    while (*a != 0 && *a == *b)
        a++, b++;
    return *a == *b;
}

static void check(const char *expected, const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    irpfuzz_vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (same(text, expected))
        return;
    failures++;
    puts(format);
    puts(expected);
    puts(text);
}

static void check_true(int condition, const char *what)
{
    if (!condition) {
        failures++;
        puts(what);
    }
}

/* Of nt/lint.c, which is not part of this. */
void lint_string(const char *routine, const void *caller);
void lint_string(const char *routine, const void *caller) { (void)routine, (void)caller; }

int main(void)
{
    struct { unsigned short length, maximum; const void *buffer; } wide = {6, 8, L"abcd"}, narrow = {2, 3, "xyz"}, none = {0};
    wchar_t buffer[32];
    wchar_t *end;
    char cut[4];

    check("1 -2 3", "%d %ld %lu", 1, -2, 3u);
    check("ffffffff", "%lx", 0xffffffffu);
    check("ffffffffffffffff 5", "%I64x %d", ~0ULL, 5);
    check("-1 -1 -7", "%I64d %Id %I32d", -1LL, -1LL, -7);
    check("FFFFF78000000000", "%p", (void *)0xfffff78000000000ULL);
    check("0000000000000000", "%p", (void *)0);
    check("abc|xy|(null)|(null)", "%wZ|%Z|%wZ|%wZ", &wide, &narrow, &none, (void *)0);
    check("w w w n", "%ws %ls %S %hs", L"w", L"w", L"w", "n");
    check("(null) (null)", "%s %ws", (char *)0, (wchar_t *)0);
    check("AbcD", "%c%wc%C%hc", 'A', L'b', L'c', 'D');
    check("  5|5  |005|+5| 5", "%3d|%-3d|%03d|%+d|% d", 5, 5, 5, 5, 5);
    check("0x1f 0X1F 037 0", "%#x %#X %#o %#x", 31, 31, 31, 0);
    check("0x0000001f", "0x%08x", 31);
    check("ab   |   ab|a", "%-5s|%5s|%.1s", "ab", "ab", "ab");
    check("ab|007", "%.*s|%.3d", 2, "abc", 7);
    check("100%", "%d%%", 100);
    check("ff fe", "%hhx %hhx", -1, -2);
    check("1.500 2.00 3", "%.3f %.2f %.0f", 1.5, 1.999, 3.0);
    check("\xc3\xa4", "%wc", L'\u00e4');

    check_true(irpfuzz_snprintf(cut, 4, "abcdef") == 6 && same(cut, "abc"), "cut");
    check_true(irpfuzz_old_snprintf(cut, 4, "abcd") == 4 && cut[3] == 'd', "exact fit");
    check_true(irpfuzz_old_snprintf(cut, 4, "abcde") == -1, "too long");
    check_true(irpfuzz_snwprintf(buffer, 32, L"%s %S %d", L"wide", "narrow", 7) == 13, "wide length");
    check_true(irpfuzz_wcscmp(buffer, L"wide narrow 7") == 0, "wide text");
    check_true(irpfuzz_format_is_wide("%d %wZ") && !irpfuzz_format_is_wide("%s %hS %%S"), "is wide");

    check_true(sizeof(wchar_t) == 2 && irpfuzz_wcslen(L"abc") == 3, "wcslen");
    check_true(irpfuzz_wcsicmp(L"ABC", L"abc") == 0 && irpfuzz_wcsicmp(L"ABC", L"abd") < 0, "wcsicmp");
    check_true(irpfuzz_wcsstr(L"hello", L"ll") != 0 && irpfuzz_wcsrchr(L"a\\b\\c", L'\\')[1] == 'c', "search");
    check_true(irpfuzz_wcstoll(L" -12x", &end, 10) == -12 && *end == 'x', "wcstoll");
    check_true(irpfuzz_wcstoull(L"0xFF", &end, 0) == 255 && *end == 0, "wcstoull");
    return failures;
}
