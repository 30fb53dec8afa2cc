/* 16-bit wide characters for Windows sources. */
#ifndef IRPFUZZ_CRT_WCHAR_H
#define IRPFUZZ_CRT_WCHAR_H

#include <irpfuzz_wchar.h>
#include <stdio.h>

#ifndef WEOF
#define WEOF ((wint_t)0xffff)
#endif
#ifndef WCHAR_MIN
#define WCHAR_MIN 0
#define WCHAR_MAX 0xffff
#endif
typedef unsigned short wint_t;
typedef unsigned short wctype_t;

#endif
