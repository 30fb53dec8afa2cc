/*
 * Arithmetic and conversions that report an overflow instead of wrapping: STATUS_INTEGER_OVERFLOW (or S_OK's opposite for apps) and a
 * result of all ones. Any IRQL.
 */
#ifndef IRPFUZZ_NTINTSAFE_H
#define IRPFUZZ_NTINTSAFE_H

#ifdef _KERNEL_MODE
#include <wdm.h>
#else
#include <windows.h>
#endif

#define IRPFUZZ_OVERFLOW ((NTSTATUS)0xC0000095)
#define IRPFUZZ_CHECKED(name, type, operation)                                                                         \
    FORCEINLINE NTSTATUS name(type First, type Second, type *Result)                                                   \
    {                                                                                                                  \
        if (!__builtin_##operation##_overflow(First, Second, Result))                                                  \
            return 0;                                                                                                  \
        *Result = (type)-1;                                                                                            \
        return IRPFUZZ_OVERFLOW;                                                                                       \
    }
#define IRPFUZZ_FAMILY(name, type)                                                                                     \
    IRPFUZZ_CHECKED(Rtl##name##Add, type, add)                                                                         \
    IRPFUZZ_CHECKED(Rtl##name##Sub, type, sub)                                                                         \
    IRPFUZZ_CHECKED(Rtl##name##Mult, type, mul)
/* The addition of zero is what checks the range. */
#define IRPFUZZ_CONVERT(name, from, to)                                                                                \
    FORCEINLINE NTSTATUS name(from Operand, to *Result)                                                                \
    {                                                                                                                  \
        if (!__builtin_add_overflow(Operand, (from)0, Result))                                                         \
            return 0;                                                                                                  \
        *Result = (to)-1;                                                                                              \
        return IRPFUZZ_OVERFLOW;                                                                                       \
    }

IRPFUZZ_FAMILY(UInt8, UCHAR)
IRPFUZZ_FAMILY(UShort, USHORT)
IRPFUZZ_FAMILY(UInt, unsigned int)
IRPFUZZ_FAMILY(ULong, ULONG)
IRPFUZZ_FAMILY(ULongLong, ULONGLONG)
IRPFUZZ_FAMILY(ULongPtr, ULONG_PTR)
IRPFUZZ_FAMILY(SizeT, SIZE_T)
IRPFUZZ_FAMILY(Long, LONG)
IRPFUZZ_FAMILY(LongLong, LONGLONG)
IRPFUZZ_CONVERT(RtlULongToUShort, ULONG, USHORT)
IRPFUZZ_CONVERT(RtlULongToUChar, ULONG, UCHAR)
IRPFUZZ_CONVERT(RtlULongToLong, ULONG, LONG)
IRPFUZZ_CONVERT(RtlLongToULong, LONG, ULONG)
IRPFUZZ_CONVERT(RtlSizeTToULong, SIZE_T, ULONG)
IRPFUZZ_CONVERT(RtlSizeTToUShort, SIZE_T, USHORT)
IRPFUZZ_CONVERT(RtlULongLongToULong, ULONGLONG, ULONG)
IRPFUZZ_CONVERT(RtlULongPtrToULong, ULONG_PTR, ULONG)
IRPFUZZ_CONVERT(RtlLongLongToULong, LONGLONG, ULONG)
IRPFUZZ_CONVERT(RtlUShortToUChar, USHORT, UCHAR)

#undef IRPFUZZ_CHECKED
#undef IRPFUZZ_FAMILY
#undef IRPFUZZ_CONVERT

#endif
