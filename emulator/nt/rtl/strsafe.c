/*
 * Formatted text into a counted string (ntstrsafe.h). On Windows these are inline: no DDI and no gate of its own.
 *
 * What fits is kept, STATUS_BUFFER_OVERFLOW says that it is not all. A counted string needs no terminator, so one may fill its buffer.
 */
#include "../io/io.h"

#include <ntstrsafe.h>
#include <irpfuzz_format.h>

#include "machine/sanitizer.h"

NTSTATUS RtlUnicodeStringVPrintf(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszFormat, va_list argList)
{
    if (!DestinationString || !DestinationString->Buffer || DestinationString->MaximumLength % sizeof(WCHAR))
        return STATUS_INVALID_PARAMETER;
    int room = DestinationString->MaximumLength / (int)sizeof(WCHAR);
    int written = irpfuzz_old_vsnwprintf(DestinationString->Buffer, (size_t)room, pszFormat, argList);
    int length = written < 0 || written > room ? room : written;
    DestinationString->Length = (USHORT)(length * (int)sizeof(WCHAR));
    msan_define(DestinationString->Buffer, DestinationString->Length);
    return written < 0 || written > room ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS RtlUnicodeStringPrintf(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszFormat, ...)
{
    va_list arguments;
    va_start(arguments, pszFormat);
    NTSTATUS status = RtlUnicodeStringVPrintf(DestinationString, pszFormat, arguments);
    va_end(arguments);
    return status;
}
