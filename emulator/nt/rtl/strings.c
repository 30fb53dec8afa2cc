/* Counted strings (W-RTL-1): UNICODE_STRING, ANSI_STRING, numbers, GUIDs. Pool they hand out is the caller's to free. */
#include "../io/io.h"

VOID RtlCopyUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString)
{
    gate_enter(DDI_RtlCopyUnicodeString, 0, 0);
    USHORT n = SourceString ? SourceString->Length : 0;
    if (n > DestinationString->MaximumLength)
        n = DestinationString->MaximumLength;
    if (n)
        memmove(DestinationString->Buffer, SourceString->Buffer, n);
    DestinationString->Length = n;
    if ((size_t)n + 2 <= DestinationString->MaximumLength)
        DestinationString->Buffer[n / 2] = 0;
    gate_leave(0);
}

static NTSTATUS append(PUNICODE_STRING to, const WCHAR *text, size_t bytes)
{
    if (to->Length + bytes > to->MaximumLength)
        return STATUS_BUFFER_TOO_SMALL;
    memmove((char *)to->Buffer + to->Length, text, bytes);
    to->Length = (USHORT)(to->Length + bytes);
    if (to->Length + 2u <= to->MaximumLength)
        to->Buffer[to->Length / 2] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS RtlAppendUnicodeStringToString(PUNICODE_STRING Destination, PCUNICODE_STRING Source)
{
    gate_enter(DDI_RtlAppendUnicodeStringToString, 0, 0);
    NTSTATUS status = append(Destination, Source->Buffer, Source->Length);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source)
{
    UNICODE_STRING source;
    RtlInitUnicodeString(&source, Source);
    return RtlAppendUnicodeStringToString(Destination, &source);
}

LONG RtlCompareUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    gate_enter(DDI_RtlCompareUnicodeString, 0, 0);
    memory_check(String1->Buffer, String1->Length, "the first string of RtlCompareUnicodeString");
    memory_check(String2->Buffer, String2->Length, "the second string of RtlCompareUnicodeString");
    size_t n = (String1->Length < String2->Length ? String1->Length : String2->Length) / 2;
    LONG difference = 0;
    for (size_t i = 0; i < n && !difference; i++) {
        WCHAR a = String1->Buffer[i], b = String2->Buffer[i];
        difference = CaseInSensitive ? rtl_upcase_char(a) - rtl_upcase_char(b) : a - b;
    }
    if (!difference)
        difference = String1->Length - String2->Length;
    gate_leave((ULONG)difference);
    return difference;
}

BOOLEAN RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    return RtlCompareUnicodeString(String1, String2, CaseInSensitive) == 0;
}

BOOLEAN RtlPrefixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    UNICODE_STRING head = *String2;
    if (String1->Length > String2->Length)
        return FALSE;
    head.Length = String1->Length;
    return RtlEqualUnicodeString(String1, &head, CaseInSensitive);
}

WCHAR RtlUpcaseUnicodeChar(WCHAR SourceCharacter) { return rtl_upcase_char(SourceCharacter); }

WCHAR RtlDowncaseUnicodeChar(WCHAR c) { return c >= 'A' && c <= 'Z' ? (WCHAR)(c + 32) : c; }

/* A destination of `bytes`, allocated or given. */
static NTSTATUS destination(uint16_t ddi, void **buffer, USHORT *maximum, size_t bytes, BOOLEAN allocate, const void *caller)
{
    if (allocate) {
        *buffer = choose_fault(ddi) || bytes > 0xffff ? NULL : ex_allocate(POOL_PAGED, bytes, 'grtS', caller, true);
        *maximum = (USHORT)bytes;
        return *buffer ? STATUS_SUCCESS : STATUS_NO_MEMORY;
    }
    return bytes > *maximum ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS RtlUpcaseUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString, BOOLEAN AllocateDestinationString)
{
    gate_enter(DDI_RtlUpcaseUnicodeString, 0, 0);
    memory_check(SourceString->Buffer, SourceString->Length, "the source of RtlUpcaseUnicodeString");
    NTSTATUS status = destination(DDI_RtlUpcaseUnicodeString, (void **)&DestinationString->Buffer, &DestinationString->MaximumLength,
                                  SourceString->Length ? SourceString->Length : 2, AllocateDestinationString, CALLER);
    if (NT_SUCCESS(status)) {
        DestinationString->Length = SourceString->Length;
        for (size_t i = 0; i < SourceString->Length / 2u; i++)
            DestinationString->Buffer[i] = rtl_upcase_char(SourceString->Buffer[i]);
    }
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS RtlUnicodeStringToAnsiString(PANSI_STRING DestinationString, PCUNICODE_STRING SourceString, BOOLEAN AllocateDestinationString)
{
    gate_enter(DDI_RtlUnicodeStringToAnsiString, 0, 0);
    memory_check(SourceString->Buffer, SourceString->Length, "the source of RtlUnicodeStringToAnsiString");
    size_t n = SourceString->Length / 2;
    NTSTATUS status = destination(DDI_RtlUnicodeStringToAnsiString, (void **)&DestinationString->Buffer, &DestinationString->MaximumLength, n + 1,
                                  AllocateDestinationString, CALLER);
    if (status != STATUS_NO_MEMORY && DestinationString->MaximumLength) {
        size_t room = DestinationString->MaximumLength - 1u, k = n < room ? n : room;
        for (size_t i = 0; i < k; i++)
            DestinationString->Buffer[i] = SourceString->Buffer[i] < 256 ? (char)SourceString->Buffer[i] : '?';
        DestinationString->Buffer[k] = 0;
        DestinationString->Length = (USHORT)k;
    }
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS RtlAnsiStringToUnicodeString(PUNICODE_STRING DestinationString, PCANSI_STRING SourceString, BOOLEAN AllocateDestinationString)
{
    gate_enter(DDI_RtlAnsiStringToUnicodeString, 0, 0);
    size_t n = SourceString->Length;
    NTSTATUS status = destination(DDI_RtlAnsiStringToUnicodeString, (void **)&DestinationString->Buffer, &DestinationString->MaximumLength, n * 2 + 2,
                                  AllocateDestinationString, CALLER);
    if (NT_SUCCESS(status)) {
        for (size_t i = 0; i < n; i++)
            DestinationString->Buffer[i] = (UCHAR)SourceString->Buffer[i];
        DestinationString->Buffer[n] = 0;
        DestinationString->Length = (USHORT)(n * 2);
    }
    gate_leave((ULONG)status);
    return status;
}

VOID RtlFreeUnicodeString(PUNICODE_STRING UnicodeString)
{
    gate_enter(DDI_RtlFreeUnicodeString, 0, 0);
    if (UnicodeString->Buffer)
        ex_free_with_tag(UnicodeString->Buffer, 0, CALLER);
    *UnicodeString = (UNICODE_STRING){0, 0, NULL};
    gate_leave(0);
}

VOID RtlFreeAnsiString(PANSI_STRING AnsiString)
{
    gate_enter(DDI_RtlFreeUnicodeString, 0, 0);
    if (AnsiString->Buffer)
        ex_free_with_tag(AnsiString->Buffer, 0, CALLER);
    *AnsiString = (ANSI_STRING){0, 0, NULL};
    gate_leave(0);
}

NTSTATUS RtlIntegerToUnicodeString(ULONG Value, ULONG Base, PUNICODE_STRING String)
{
    gate_enter(DDI_RtlIntegerToUnicodeString, Value, Base);
    NTSTATUS status = STATUS_INVALID_PARAMETER;
    char text[40];
    if (Base == 0 || Base == 2 || Base == 8 || Base == 10 || Base == 16) {
        text_number(text, text + sizeof text, Value, Base ? Base : 10, 0);
        size_t n = strlen(text);
        status = n * 2 + 2 > String->MaximumLength ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
        for (size_t i = 0; NT_SUCCESS(status) && i <= n; i++)
            String->Buffer[i] = (UCHAR)text[i];
        if (NT_SUCCESS(status))
            String->Length = (USHORT)(n * 2);
    }
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS RtlUnicodeStringToInteger(PCUNICODE_STRING String, ULONG Base, PULONG Value)
{
    const WCHAR *p = String->Buffer, *end = p + String->Length / 2;
    bool minus = false;
    ULONG value = 0;
    while (p < end && *p <= ' ')
        p++;
    if (p < end && (*p == '-' || *p == '+'))
        minus = *p++ == '-';
    if (!Base) {
        Base = 10;
        if (p + 1 < end && *p == '0' && (p[1] == 'x' || p[1] == 'o' || p[1] == 'b')) {
            Base = p[1] == 'x' ? 16 : p[1] == 'o' ? 8 : 2;
            p += 2;
        }
    } else if (Base != 2 && Base != 8 && Base != 10 && Base != 16) {
        return STATUS_INVALID_PARAMETER;
    }
    for (; p < end; p++) {
        ULONG digit = *p >= '0' && *p <= '9' ? *p - '0' : rtl_upcase_char(*p) >= 'A' && rtl_upcase_char(*p) <= 'F' ? rtl_upcase_char(*p) - 'A' + 10 : 99;
        if (digit >= Base)
            break;
        value = value * Base + digit;
    }
    *Value = minus ? 0 - value : value;
    return STATUS_SUCCESS;
}

NTSTATUS RtlStringFromGUID(REFGUID Guid, PUNICODE_STRING GuidString)
{
    gate_enter(DDI_RtlStringFromGUID, 0, 0);
    char text[48];
    const char *end = text + sizeof text;
    char *p = text_number(text_put(text, end, "{"), end, Guid->Data1, 16, 8);
    p = text_number(text_put(p, end, "-"), end, Guid->Data2, 16, 4);
    p = text_number(text_put(p, end, "-"), end, Guid->Data3, 16, 4);
    for (unsigned i = 0; i < 8; i++) {
        if (i == 0 || i == 2)
            p = text_put(p, end, "-");
        p = text_number(p, end, Guid->Data4[i], 16, 2);
    }
    text_put(p, end, "}");
    NTSTATUS status = destination(DDI_RtlStringFromGUID, (void **)&GuidString->Buffer, &GuidString->MaximumLength, 39 * 2, TRUE, CALLER);
    for (size_t i = 0; NT_SUCCESS(status) && i < 39; i++)
        GuidString->Buffer[i] = (UCHAR)text[i];
    GuidString->Length = NT_SUCCESS(status) ? 38 * 2 : 0;
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS RtlGUIDFromString(PUNICODE_STRING GuidString, GUID *Guid)
{
    static const char form[] = "{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}";
    UCHAR nibble[32];
    unsigned n = 0;
    if (GuidString->Length < 38 * 2)
        return STATUS_INVALID_PARAMETER;
    for (unsigned i = 0; i < 38; i++) {
        WCHAR c = rtl_upcase_char(GuidString->Buffer[i]);
        if (form[i] != 'X') {
            if (c != (UCHAR)form[i])
                return STATUS_INVALID_PARAMETER;
        } else if (c >= '0' && c <= '9') {
            nibble[n++] = (UCHAR)(c - '0');
        } else if (c >= 'A' && c <= 'F') {
            nibble[n++] = (UCHAR)(c - 'A' + 10);
        } else {
            return STATUS_INVALID_PARAMETER;
        }
    }
    memset(Guid, 0, sizeof *Guid);
    for (unsigned i = 0; i < 8; i++)
        Guid->Data1 = Guid->Data1 << 4 | nibble[i];
    for (unsigned i = 8; i < 12; i++)
        Guid->Data2 = (USHORT)(Guid->Data2 << 4 | nibble[i]);
    for (unsigned i = 12; i < 16; i++)
        Guid->Data3 = (USHORT)(Guid->Data3 << 4 | nibble[i]);
    for (unsigned i = 0; i < 8; i++)
        Guid->Data4[i] = (UCHAR)(nibble[16 + 2 * i] << 4 | nibble[17 + 2 * i]);
    return STATUS_SUCCESS;
}

PVOID RtlSecureZeroMemory(PVOID Pointer, SIZE_T Size) { return memset(Pointer, 0, Size); }
