/* Safe strings for apps: as the kernel's, with HRESULTs. */
#ifndef IRPFUZZ_UM_STRSAFE_H
#define IRPFUZZ_UM_STRSAFE_H

#include <windows.h>
#include <stdio.h>

#define STRSAFE_MAX_CCH 2147483647
#define STRSAFE_E_INSUFFICIENT_BUFFER ((HRESULT)0x8007007A)
#define STRSAFE_E_INVALID_PARAMETER ((HRESULT)0x80070057)

static __inline__ __attribute__((__unused__)) HRESULT irpfuzz_fits(int length, size_t size)
{
    if (size == 0 || size > STRSAFE_MAX_CCH)
        return STRSAFE_E_INVALID_PARAMETER;
    return (size_t)length < size ? S_OK : STRSAFE_E_INSUFFICIENT_BUFFER;
}

#define StringCchPrintfA(to, size, ...) irpfuzz_fits(irpfuzz_snprintf((to), (size), __VA_ARGS__), (size))
#define StringCbPrintfA(to, size, ...) irpfuzz_fits(irpfuzz_snprintf((to), (size), __VA_ARGS__), (size))
#define StringCchPrintfW(to, size, ...) irpfuzz_fits(irpfuzz_snwprintf((to), (size), __VA_ARGS__), (size))
#define StringCbPrintfW(to, size, ...) irpfuzz_fits(irpfuzz_snwprintf((to), (size) / 2, __VA_ARGS__), (size) / 2)
#define StringCchCopyA(to, size, from) StringCchPrintfA((to), (size), "%hs", (from))
#define StringCbCopyA(to, size, from) StringCbPrintfA((to), (size), "%hs", (from))
#define StringCchCopyW(to, size, from) StringCchPrintfW((to), (size), L"%ws", (from))
#define StringCbCopyW(to, size, from) StringCbPrintfW((to), (size), L"%ws", (from))
#define StringCchCatA(to, size, from) \
    StringCchCopyA((to) + strnlen((to), (size)), (size) - strnlen((to), (size)), (from))
#define StringCchCatW(to, size, from) \
    StringCchCopyW((to) + wcsnlen((to), (size)), (size) - wcsnlen((to), (size)), (from))
#ifdef UNICODE
#define StringCchPrintf StringCchPrintfW
#define StringCbPrintf StringCbPrintfW
#define StringCchCopy StringCchCopyW
#define StringCbCopy StringCbCopyW
#define StringCchCat StringCchCatW
#else
#define StringCchPrintf StringCchPrintfA
#define StringCbPrintf StringCbPrintfA
#define StringCchCopy StringCchCopyA
#define StringCbCopy StringCbCopyA
#define StringCchCat StringCchCatA
#endif

#endif
