/*
 * Routines that run over memory a driver names without entering the kernel. Sanitizers are built into this file and rtl_wchar.c wherever they are built into drivers, and
 * so see these loops as they see the driver's own: a text that has no end is reported at the first byte behind its block, whatever stands there.
 */
#include "../io/io.h"

VOID RtlInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    size_t n = SourceString ? wcslen(SourceString) : 0;
    if (n > 32766)
        n = 32766;
    DestinationString->Length = (USHORT)(n * 2);
    DestinationString->MaximumLength = SourceString ? (USHORT)(n * 2 + 2) : 0;
    DestinationString->Buffer = (PWSTR)(uintptr_t)SourceString;
}

VOID RtlInitAnsiString(PANSI_STRING DestinationString, PCSZ SourceString)
{
    size_t n = SourceString ? strlen(SourceString) : 0;
    DestinationString->Length = (USHORT)n;
    DestinationString->MaximumLength = SourceString ? (USHORT)(n + 1) : 0;
    DestinationString->Buffer = (PCHAR)(uintptr_t)SourceString;
}

VOID RtlInitString(PSTRING DestinationString, PCSZ SourceString) { RtlInitAnsiString(DestinationString, SourceString); }

SIZE_T RtlCompareMemory(const VOID *Source1, const VOID *Source2, SIZE_T Length)
{
    const UCHAR *a = Source1, *b = Source2;
    SIZE_T i = 0;
    while (i < Length && a[i] == b[i])
        i++;
    return i;
}
