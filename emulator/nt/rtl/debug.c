/* Debug output, assertions, bug checks and versions as drivers ask for them (W-DBG-1..5, W-IRQL-11). */
#include "irpfuzz_format.h"

#include "../nt.h"

#define PRINT_MAX 512 /* W-DBG-1 */

static void print(const char *prefix, const char *format, va_list arguments)
{
    char text[PRINT_MAX + 1];
    size_t at = 0;
    if (current_ctx->irql > IRQL_PASSIVE && irpfuzz_format_is_wide(format))
        bugcheck(OWN_RULE, 30, current_ctx->irql, 0, 0, "V-IRQ-30", "DbgPrint with a Unicode conversion at IRQL %u", current_ctx->irql);
    while (prefix && prefix[at] && at < PRINT_MAX) {
        text[at] = prefix[at];
        at++;
    }
    int n = irpfuzz_vsnprintf(text + at, sizeof text - at, format, arguments);
    size_t length = n < 0 ? at : at + (size_t)n;
    trace_text(text, length > PRINT_MAX ? PRINT_MAX : length);
}

ULONG DbgPrint(PCSTR Format, ...)
{
    va_list arguments;
    gate_enter(DDI_DbgPrint, 0, 0);
    va_start(arguments, Format);
    print(NULL, Format, arguments);
    va_end(arguments);
    gate_leave(0);
    return STATUS_SUCCESS;
}

ULONG vDbgPrintExWithPrefix(PCCH Prefix, ULONG ComponentId, ULONG Level, PCCH Format, va_list arglist)
{
    gate_enter(DDI_DbgPrint, ComponentId, Level);
    print(Prefix, Format, arglist);
    gate_leave(0);
    return STATUS_SUCCESS;
}

ULONG vDbgPrintEx(ULONG ComponentId, ULONG Level, PCCH Format, va_list arglist)
{
    return vDbgPrintExWithPrefix(NULL, ComponentId, Level, Format, arglist);
}

ULONG DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...)
{
    va_list arguments;
    va_start(arguments, Format);
    ULONG status = vDbgPrintExWithPrefix(NULL, ComponentId, Level, Format, arguments);
    va_end(arguments);
    return status;
}

VOID RtlAssert(PVOID FailedAssertion, PVOID FileName, ULONG LineNumber, PSTR Message)
{
    const char *file = FileName, *base = file;
    for (; file && *file; file++)
        if (*file == '/' || *file == '\\')
            base = file + 1;
    bugcheck(OWN_DRIVER_ASSERTION, LineNumber, 0, 0, 0, NULL, "assertion failed: %s%s%s (%s:%u)", (const char *)FailedAssertion, Message ? ": " : "",
             Message ? Message : "", base ? base : "?", LineNumber);
}

VOID irpfuzz_paged_code(const char *Function, const char *File, int Line)
{
    (void)File;
    ke_check_discarded(CALLER, Function);
    if (current_ctx->irql > IRQL_APC)
        bugcheck(0xA, 0, current_ctx->irql, 8, (uint64_t)Line, "V-IRQ-40", "the pageable function %s was entered at IRQL %u", Function, current_ctx->irql);
}

VOID irpfuzz_copy_overlaps(const void *To, const void *From, SIZE_T Size)
{
    bugcheck(0xC4, 0xF0, 0, Size, 0, "V-MEM-21", "RtlCopyMemory of %llu bytes %s by %llu: RtlMoveMemory is meant", (unsigned long long)Size,
             To > From ? "up" : "down", (unsigned long long)(To > From ? (const char *)To - (const char *)From : (const char *)From - (const char *)To));
}

DECLSPEC_NORETURN VOID RtlFailFast(ULONG Code)
{
    bugcheck(0x139, Code, 0, 0, 0, Code == 3 ? "W-TYP-25" : NULL, "fast fail %u%s", Code, Code == 3 ? ": a list entry's neighbours do not point to it" : "");
}

VOID irpfuzz_remove_from_empty_list(PLIST_ENTRY ListHead)
{
    (void)ListHead;
    bugcheck(0x139, 3, 0, 0, 0, "W-TYP-25", "an entry was removed from an empty list");
}

#undef DbgBreakPoint
VOID DbgBreakPoint(VOID) { bugcheck(0x7E, 0x80000003, 0, 0, 0, "W-DBG-5", "a breakpoint was hit and no debugger is there"); }
VOID DbgBreakPointWithStatus(ULONG Status) { bugcheck(0x7E, 0x80000003, Status, 0, 0, "W-DBG-5", "a breakpoint was hit and no debugger is there"); }
BOOLEAN KdRefreshDebuggerNotPresent(VOID) { return TRUE; }

DECLSPEC_NORETURN VOID KeBugCheckEx(ULONG BugCheckCode, ULONG_PTR P1, ULONG_PTR P2, ULONG_PTR P3, ULONG_PTR P4)
{
    gate_enter(DDI_KeBugCheckEx, BugCheckCode, 0);
    ke_bugcheck_callbacks_run();
    bugcheck(BugCheckCode, trace_object((void *)P1) ? trace_object((void *)P1) : P1, trace_object((void *)P2) ? trace_object((void *)P2) : P2,
             trace_object((void *)P3) ? trace_object((void *)P3) : P3, trace_object((void *)P4) ? trace_object((void *)P4) : P4, NULL,
             "the driver called KeBugCheckEx");
}

DECLSPEC_NORETURN VOID KeBugCheck(ULONG BugCheckCode)
{
    gate_enter(DDI_KeBugCheckEx, BugCheckCode, 0);
    ke_bugcheck_callbacks_run();
    bugcheck(BugCheckCode, 0, 0, 0, 0, NULL, "the driver called KeBugCheck");
}

PVOID MmGetSystemRoutineAddress(PUNICODE_STRING SystemRoutineName)
{
    (void)SystemRoutineName;
    return NULL;
}

BOOLEAN PsGetVersion(PULONG MajorVersion, PULONG MinorVersion, PULONG BuildNumber, PUNICODE_STRING CSDVersion)
{
    if (MajorVersion)
        *MajorVersion = 10;
    if (MinorVersion)
        *MinorVersion = 0;
    if (BuildNumber)
        *BuildNumber = 19045;
    if (CSDVersion)
        *CSDVersion = (UNICODE_STRING){0, 0, NULL};
    return FALSE;
}

NTSTATUS RtlGetVersion(PRTL_OSVERSIONINFOW VersionInformation)
{
    VersionInformation->dwMajorVersion = 10;
    VersionInformation->dwMinorVersion = 0;
    VersionInformation->dwBuildNumber = 19045;
    VersionInformation->dwPlatformId = 2;
    VersionInformation->szCSDVersion[0] = 0;
    return STATUS_SUCCESS;
}

BOOLEAN IoIsWdmVersionAvailable(UCHAR MajorVersion, UCHAR MinorVersion) { return MajorVersion < 6 || (MajorVersion == 6 && MinorVersion == 0); }
BOOLEAN RtlIsNtDdiVersionAvailable(ULONG Version) { return Version <= 0x0A000006; }
