/* Kinds of characters in the C locale, without the host's tables. Arguments are unsigned char values or -1. */
#ifndef IRPFUZZ_CRT_CTYPE_H
#define IRPFUZZ_CRT_CTYPE_H

#include <wchar.h>

#define IRPFUZZ_CTYPE static __inline__ __attribute__((__unused__)) int

IRPFUZZ_CTYPE irpfuzz_isupper(int c) { return c >= 'A' && c <= 'Z'; }
IRPFUZZ_CTYPE irpfuzz_islower(int c) { return c >= 'a' && c <= 'z'; }
IRPFUZZ_CTYPE irpfuzz_isdigit(int c) { return c >= '0' && c <= '9'; }
IRPFUZZ_CTYPE irpfuzz_isspace(int c) { return c == ' ' || (c >= 9 && c <= 13); }
IRPFUZZ_CTYPE irpfuzz_isprint(int c) { return c >= 32 && c <= 126; }
IRPFUZZ_CTYPE irpfuzz_isalpha(int c) { return irpfuzz_isupper(c) || irpfuzz_islower(c); }
IRPFUZZ_CTYPE irpfuzz_isalnum(int c) { return irpfuzz_isalpha(c) || irpfuzz_isdigit(c); }
IRPFUZZ_CTYPE irpfuzz_isxdigit(int c) { return irpfuzz_isdigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
IRPFUZZ_CTYPE irpfuzz_ispunct(int c) { return irpfuzz_isprint(c) && c != ' ' && !irpfuzz_isalnum(c); }
IRPFUZZ_CTYPE irpfuzz_iscntrl(int c) { return (c >= 0 && c < 32) || c == 127; }
IRPFUZZ_CTYPE irpfuzz_toupper(int c) { return irpfuzz_islower(c) ? c - 32 : c; }
IRPFUZZ_CTYPE irpfuzz_tolower(int c) { return irpfuzz_isupper(c) ? c + 32 : c; }

#undef IRPFUZZ_CTYPE

#define isupper irpfuzz_isupper
#define islower irpfuzz_islower
#define isdigit irpfuzz_isdigit
#define isspace irpfuzz_isspace
#define isprint irpfuzz_isprint
#define isalpha irpfuzz_isalpha
#define isalnum irpfuzz_isalnum
#define isxdigit irpfuzz_isxdigit
#define ispunct irpfuzz_ispunct
#define iscntrl irpfuzz_iscntrl
#define toupper irpfuzz_toupper
#define tolower irpfuzz_tolower

#endif
