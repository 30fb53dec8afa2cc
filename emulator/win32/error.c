/*
 * Last error and the translation of statuses (W-U-19, W-ERR). The table holds what drivers and this emulator return; what is not in it is
 * ERROR_MR_MID_NOT_FOUND, as on Windows for statuses without a translation.
 */
#include "win32.h"

struct translation {
    uint32_t status;
    uint16_t error;
};

/* Ascending by status. */
static const struct translation translations[] = {
    {0x00000080, 735},  {0x00000102, 1460}, {0x00000103, 997},  {0x80000002, 998},  {0x80000005, 234},  {0x80000006, 18},
    {0x8000000E, 28},   {0x8000000F, 21},   {0x80000010, 21},   {0x80000011, 170},  {0x8000001A, 259},  {0xC0000001, 31},   {0xC0000002, 1},    {0xC0000003, 87},   {0xC0000004, 24},
    {0xC0000005, 998},  {0xC0000008, 6},    {0xC000000D, 87},   {0xC000000E, 433},  {0xC000000F, 2},    {0xC0000010, 1},
    {0xC0000011, 38},   {0xC0000016, 234},  {0xC0000017, 8},    {0xC0000018, 487},  {0xC000001C, 1},    {0xC0000022, 5},
    {0xC0000023, 122},  {0xC0000024, 6},    {0xC0000033, 123},  {0xC0000034, 2},    {0xC0000035, 183},  {0xC0000039, 161},
    {0xC000003A, 3},    {0xC000003B, 161},  {0xC000003E, 23},   {0xC000003F, 23},   {0xC0000043, 32},   {0xC0000044, 1816},
    {0xC0000046, 288},  {0xC0000047, 298},  {0xC000004B, 5},    {0xC0000056, 5},    {0xC0000059, 1306}, {0xC0000061, 1314},
    {0xC000009A, 1450}, {0xC000009C, 23},   {0xC000009D, 1167}, {0xC000009E, 21},   {0xC00000A2, 19},   {0xC00000A3, 21},   {0xC00000AC, 231},
    {0xC00000AE, 231},  {0xC00000B5, 121},  {0xC00000BA, 5},    {0xC00000BB, 50},   {0xC00000C0, 55},   {0xC00000E5, 1359},
    {0xC00000E8, 1784}, {0xC00000E9, 1117}, {0xC00000EF, 87},   {0xC00000F0, 87},   {0xC00000F1, 87},   {0xC00000F2, 87},
    {0xC00000F3, 87},   {0xC00000F4, 87},   {0xC00000F5, 87},   {0xC00000F6, 87},   {0xC00000F7, 87},   {0xC00000F8, 87},
    {0xC00000F9, 87},   {0xC00000FA, 87},   {0xC0000120, 995},  {0xC0000128, 6},    {0xC000014B, 109},  {0xC0000182, 87},
    {0xC0000183, 1117}, {0xC0000184, 22},   {0xC0000185, 1117}, {0xC0000186, 1117}, {0xC0000189, 19},   {0xC0000206, 1784},
    {0xC0000225, 1168}, {0xC000022D, 1237}, {0xC00002B6, 1617}, {0xC0000483, 483},
};

DWORD error_of_status(NTSTATUS status)
{
    uint32_t code = (uint32_t)status;
    if (code == 0)
        return 0;
    if ((code & 0x0FFF0000) == 0x00070000 && code >> 30 == 3)
        return code & 0xFFFF;
    unsigned low = 0, high = RTL_NUMBER_OF(translations);
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (translations[middle].status < code)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < RTL_NUMBER_OF(translations) && translations[low].status == code)
        return translations[low].error;
    return ERROR_MR_MID_NOT_FOUND;
}

void error_set(DWORD error) { ke_current_thread()->last_error = error; }

BOOL error_fail(DWORD error)
{
    error_set(error);
    return FALSE;
}

BOOL error_from_status(NTSTATUS status) { return error_fail(error_of_status(status)); }

BOOL result_of_status(NTSTATUS status) { return NT_SUCCESS(status) ? TRUE : error_from_status(status); }

_Noreturn void app_error(const char *rule, const char *text, uint64_t a, uint64_t b)
{
    bugcheck(OWN_APP_ERROR, a, b, 0, 0, rule, text, (unsigned long long)a, (unsigned long long)b);
}

DWORD GetLastError(void)
{
    user_enter(DDI_GetLastError, 0, 0);
    DWORD error = ke_current_thread()->last_error;
    user_leave(error);
    return error;
}

void SetLastError(DWORD error)
{
    user_enter(DDI_SetLastError, error, 0);
    error_set(error);
    user_leave(0);
}

#define FORMAT_ALLOCATE 0x100
#define FORMAT_FROM_STRING 0x400
#define MESSAGE_MAX 32

/* The texts of Windows are not reproduced: a message is its number. */
static DWORD message_text(DWORD id, char text[MESSAGE_MAX])
{
    char digits[10];
    unsigned n = 0, length = 6;
    do
        digits[n++] = (char)('0' + id % 10);
    while (id /= 10);
    memcpy(text, "Error ", 6);
    while (n)
        text[length++] = digits[--n];
    memcpy(text + length, ".\r\n", 4);
    return length + 3;
}

/* buffer: of `size` characters of `width` bytes, or with ALLOCATE a pointer to one. */
static DWORD format_message(DWORD flags, DWORD id, void *buffer, DWORD size, size_t width)
{
    char text[MESSAGE_MAX];
    DWORD length = message_text(id, text);
    if (flags & FORMAT_FROM_STRING)
        return (DWORD)error_fail(ERROR_NOT_SUPPORTED);
    if (flags & FORMAT_ALLOCATE) {
        void *memory = user_alloc((size > length ? size : length + 1) * width, CALLER);
        if (!memory)
            return (DWORD)error_fail(ERROR_NOT_ENOUGH_MEMORY);
        *(void **)buffer = memory;
        buffer = memory;
    } else if (size <= length) {
        return (DWORD)error_fail(ERROR_INSUFFICIENT_BUFFER);
    }
    if (width == 1)
        memcpy(buffer, text, length + 1);
    else
        wide_from_ansi(buffer, length + 1, text);
    msan_define(buffer, (length + 1) * width);
    return length;
}

DWORD FormatMessageA(DWORD flags, const void *source, DWORD id, DWORD language, char *buffer, DWORD size, void *arguments)
{
    (void)source, (void)language, (void)arguments;
    user_enter(DDI_FormatMessageA, flags, id);
    DWORD length = format_message(flags, id, buffer, size, 1);
    user_leave(length);
    return length;
}

DWORD FormatMessageW(DWORD flags, const void *source, DWORD id, DWORD language, WCHAR *buffer, DWORD size, void *arguments)
{
    (void)source, (void)language, (void)arguments;
    user_enter(DDI_FormatMessageW, flags, id);
    DWORD length = format_message(flags, id, buffer, size, sizeof(WCHAR));
    user_leave(length);
    return length;
}
