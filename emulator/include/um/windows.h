/* The packaged windows.h with the interlocked operations routed to the emulator. */
#ifndef IRPFUZZ_UM_WINDOWS_H
#define IRPFUZZ_UM_WINDOWS_H

#include <stdarg.h>
#include <stddef.h>
#include <sal.h>
#include <driverspecs.h>
#include <intrin.h>
#include <string.h>
#define MICROSOFT_WINDOWS_WINBASE_H_DEFINE_INTERLOCKED_CPLUSPLUS_OVERLOADS 0
/* The packaged functions of this kind are declared without `inline` as well: in C each source of an app would hold a definition for all. */
#if !defined(FORCEINLINE) && !defined(__cplusplus)
#define FORCEINLINE extern __inline__ __attribute__((__always_inline__, __gnu_inline__))
#endif
#include_next <windows.h>
#include <irpfuzz_interlocked.h>

/* Newer than the packaged ones. */
#ifndef ERROR_NO_SUCH_DEVICE
#define ERROR_NO_SUCH_DEVICE 433
#endif

#undef UNREFERENCED_PARAMETER
#define UNREFERENCED_PARAMETER(parameter) ((void)(parameter))

/* The packaged ones compute with a null pointer, which is undefined and reported as such. */
#undef CONTAINING_RECORD
#define CONTAINING_RECORD(address, type, field) ((type *)((PCHAR)(address) - __builtin_offsetof(type, field)))
#undef FIELD_OFFSET
#define FIELD_OFFSET(type, field) ((LONG)__builtin_offsetof(type, field))

#endif
