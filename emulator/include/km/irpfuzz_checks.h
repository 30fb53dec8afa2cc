/*
 * Assertions, debug output, PAGED_CODE and the memory helpers, after the packaged DDK headers.
 *
 * With DBG=0 assertions and KdPrint vanish (W-TYP-28). PAGED_CODE asks the emulator, which knows the function by name and can
 * tell what alloc_text said about it (W-IRQL-11, W-IRQL-12).
 */
#undef ASSERT
#undef ASSERTMSG
#undef NT_ASSERT
#undef NT_ASSERTMSG
#undef NT_ASSERTMSGW
#undef NT_VERIFY
#undef NT_VERIFYMSG
#undef NT_VERIFYMSGW
#undef PAGED_CODE
#undef PAGED_CODE_LOCKED
#undef UNREFERENCED_PARAMETER
#undef UNREFERENCED_LOCAL_VARIABLE
#undef DBG_UNREFERENCED_PARAMETER
#undef DBG_UNREFERENCED_LOCAL_VARIABLE
#undef RtlCopyMemory
#undef RtlMoveMemory
#undef RtlZeroMemory
#undef RtlFillMemory
#undef RtlEqualMemory
#undef KdPrintEx
#undef KD_DEBUGGER_ENABLED
#undef KD_DEBUGGER_NOT_PRESENT

#define UNREFERENCED_PARAMETER(parameter) ((void)(parameter))
#define UNREFERENCED_LOCAL_VARIABLE(variable) ((void)(variable))
#define DBG_UNREFERENCED_PARAMETER(parameter) ((void)(parameter))
#define DBG_UNREFERENCED_LOCAL_VARIABLE(variable) ((void)(variable))

#ifndef IRPFUZZ_CHECKS_H
#define IRPFUZZ_CHECKS_H

#ifdef __cplusplus
extern "C" {
#endif

/* Reports a pageable function entered above APC_LEVEL. Returns in every case. */
VOID irpfuzz_paged_code(const char *Function, const char *File, int Line);
BOOLEAN KdRefreshDebuggerNotPresent(VOID);
PVOID RtlSecureZeroMemory(PVOID Pointer, SIZE_T Size);
/* Reports a copy whose ranges overlap (V-MEM-21). */
VOID irpfuzz_copy_overlaps(const void *To, const void *From, SIZE_T Size);
/* The driver reads memory that may be an app's, which may change it (W-BUF-15). */
VOID irpfuzz_user_read(const void *Address, SIZE_T Size);
#define IRPFUZZ_USER_MEMORY 0x7e9000000000ull
#define IRPFUZZ_USER_MEMORY_SIZE 0x40000000ull

#ifdef __cplusplus
}
#endif

/* In the driver's own code, so that a sanitizer sees the driver's copy. Onto itself a copy changes nothing. */
static __inline__ __attribute__((__always_inline__, __unused__)) void irpfuzz_copy(void *To, const void *From, SIZE_T Size)
{
    SIZE_T ahead = (SIZE_T)((const char *)To - (const char *)From), behind = (SIZE_T)((const char *)From - (const char *)To);
    if (ahead && (ahead < Size || behind < Size))
        irpfuzz_copy_overlaps(To, From, Size);
    if ((SIZE_T)From - IRPFUZZ_USER_MEMORY < IRPFUZZ_USER_MEMORY_SIZE)
        irpfuzz_user_read(From, Size);
    memcpy(To, From, Size);
}

#endif

#if DBG
#define IRPFUZZ_ASSERT(text, condition, message) \
    ((condition) ? TRUE : (RtlAssert((PVOID)(text), (PVOID)__FILE__, __LINE__, (PSTR)(message)), FALSE))
#define ASSERT(condition) ((void)IRPFUZZ_ASSERT(#condition, condition, NULL))
#define ASSERTMSG(message, condition) ((void)IRPFUZZ_ASSERT(#condition, condition, message))
#define NT_ASSERT(condition) IRPFUZZ_ASSERT(#condition, condition, NULL)
#define NT_ASSERTMSG(message, condition) IRPFUZZ_ASSERT(#condition, condition, message)
#define NT_ASSERTMSGW(message, condition) IRPFUZZ_ASSERT(#condition, condition, NULL)
#define NT_VERIFY NT_ASSERT
#define NT_VERIFYMSG NT_ASSERTMSG
#define NT_VERIFYMSGW NT_ASSERTMSGW
#define PAGED_CODE() irpfuzz_paged_code(__func__, __FILE__, __LINE__)
#else
#define ASSERT(condition) ((void)0)
#define ASSERTMSG(message, condition) ((void)0)
#define NT_ASSERT(condition) ((void)0)
#define NT_ASSERTMSG(message, condition) ((void)0)
#define NT_ASSERTMSGW(message, condition) ((void)0)
#define NT_VERIFY(condition) ((condition) ? TRUE : FALSE)
#define NT_VERIFYMSG(message, condition) ((condition) ? TRUE : FALSE)
#define NT_VERIFYMSGW(message, condition) ((condition) ? TRUE : FALSE)
#define PAGED_CODE() ((void)0)
#endif
#define PAGED_CODE_LOCKED() ((void)0)

#if DBG
#define KdPrintEx(arguments) DbgPrintEx arguments
#else
#define KdPrintEx(arguments)
#endif
#define KD_DEBUGGER_ENABLED (FALSE)
#define KD_DEBUGGER_NOT_PRESENT (KdRefreshDebuggerNotPresent())

/* The driver's own instrumented copies, so that a bad range is reported where it was written. */
#define RtlCopyMemory(destination, source, length) irpfuzz_copy((destination), (source), (length))
#define RtlMoveMemory(destination, source, length) ((void)memmove((destination), (source), (length)))
#define RtlZeroMemory(destination, length) ((void)memset((destination), 0, (length)))
#define RtlFillMemory(destination, length, fill) ((void)memset((destination), (fill), (length)))
#define RtlEqualMemory(first, second, length) (memcmp((first), (second), (length)) == 0)
