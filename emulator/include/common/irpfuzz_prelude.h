/*
 * The compiler's part of the Windows world: what MSVC knows without any header. Every driver and app is compiled with
 * -include of this file (cmake/WindowsWorld.cmake), so it must stay tiny and declare no function.
 *
 * It owns the keywords (__try and its family live in irpfuzz_seh.h, which follows from here), the meaning of `inline` in C
 * (MSVC emits a definition wherever one is needed; C11 would leave the linker without one) and _MSC_VER (W-TYP-16).
 */
#ifndef IRPFUZZ_PRELUDE_H
#define IRPFUZZ_PRELUDE_H

#define _MSC_VER 1929
#define _MSC_FULL_VER 192930133
#define _INTEGRAL_MAX_BITS 64

#ifndef __cplusplus
#define __inline static __inline__ __attribute__((__unused__))
#define _inline static __inline__ __attribute__((__unused__))
#define inline static __inline__ __attribute__((__unused__))
#else
#define __inline inline
#define _inline inline
#endif

#ifdef __cplusplus
#define IRPFUZZ_FORCEINLINE inline __attribute__((__always_inline__, __unused__))
#else
#define IRPFUZZ_FORCEINLINE static __inline__ __attribute__((__always_inline__, __unused__))
#endif
#define __forceinline IRPFUZZ_FORCEINLINE

/* One calling convention exists on x64 (W-TYP-12). */
#define __stdcall
#define _stdcall
#define __cdecl
#define _cdecl
#define __fastcall
#define _fastcall
#define __thiscall
#define __vectorcall
#define __pascal
#define __unaligned
#define __ptr32
#define __ptr64
#define __sptr
#define __uptr
#define __w64

#define __noop(...) ((void)0)
#define __assume(condition) __builtin_assume(condition)
#define __pragma(tokens)
#define __identifier(name) name

#include "irpfuzz_seh.h"

#endif
