/*
 * What stands before every packaged kernel header: the compiler's intrinsics, annotations, wide characters and formatting.
 */
#ifndef IRPFUZZ_BASE_H
#define IRPFUZZ_BASE_H

#include <stdarg.h>
#include <stddef.h>
#include <sal.h>
#include <driverspecs.h>
#include <intrin.h>
#include <wchar.h>
#include <stdio.h>

/* These belong to the intrinsics' builtins; the packaged inline bodies that name them are hidden and never compiled in. */
#ifdef __cplusplus
extern "C" {
#endif
unsigned long long __readcr8(void);
void __writecr8(unsigned long long value);
unsigned long long __readgsqword(unsigned int offset);
unsigned short __readgsword(unsigned int offset);
void __inbytestring(unsigned short port, unsigned char *buffer, unsigned int count);
void __inwordstring(unsigned short port, unsigned short *buffer, unsigned int count);
void __indwordstring(unsigned short port, unsigned int *buffer, unsigned int count);
void __outbytestring(unsigned short port, unsigned char *buffer, unsigned int count);
void __outwordstring(unsigned short port, unsigned short *buffer, unsigned int count);
void __outdwordstring(unsigned short port, unsigned int *buffer, unsigned int count);
void __movsb(unsigned char *to, const unsigned char *from, size_t count);
void __movsw(unsigned short *to, const unsigned short *from, size_t count);
void __movsd(unsigned int *to, const unsigned int *from, size_t count);
#ifdef __cplusplus
}
#endif

/* ntdef.h and basetyps.h have them now; kbdmou.h counts on that. */
#ifndef WINAPI
#define WINAPI
#endif
#ifndef STDAPICALLTYPE
#define STDAPICALLTYPE
#endif

#endif
