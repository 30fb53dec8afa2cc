/*
 * The general part of the C runtime. Conversions to `long` give 32 bits. rand, exit and time are the layer's that serves apps,
 * since the host's would bring chance or end the machine.
 */
#ifndef IRPFUZZ_CRT_STDLIB_H
#define IRPFUZZ_CRT_STDLIB_H

#include <stddef.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

long long irpfuzz_strtoll(const char *text, char **end, int base) __asm__("strtoll");
unsigned long long irpfuzz_strtoull(const char *text, char **end, int base) __asm__("strtoull");
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));
void *bsearch(
    const void *key, const void *base, size_t count, size_t size, int (*compare)(const void *, const void *));
int abs(int value);

#ifndef _KERNEL_MODE
void *irpfuzz_malloc(size_t size);
void *irpfuzz_calloc(size_t count, size_t size);
void *irpfuzz_realloc(void *memory, size_t size);
void irpfuzz_free(void *memory);
double strtod(const char *text, char **end);
double atof(const char *text);
__attribute__((__noreturn__)) void irpfuzz_app_exit(int status);
int irpfuzz_rand(void);
void irpfuzz_srand(unsigned int seed);
#endif

#ifdef __cplusplus
}
#endif

#ifndef _KERNEL_MODE /* an app's heap is the emulated process' */
#define malloc(size) irpfuzz_malloc(size)
#define calloc(count, size) irpfuzz_calloc((count), (size))
#define realloc(memory, size) irpfuzz_realloc((memory), (size))
#define free(memory) irpfuzz_free(memory)
#endif

#define atoi(text) irpfuzz_clamp_long(irpfuzz_strtoll((text), 0, 10))
#define atol(text) irpfuzz_clamp_long(irpfuzz_strtoll((text), 0, 10))
#define atoll(text) irpfuzz_strtoll((text), 0, 10)
#define _atoi64(text) irpfuzz_strtoll((text), 0, 10)
#define strtol(text, end, base) irpfuzz_clamp_long(irpfuzz_strtoll((text), (end), (base)))
#define strtoul(text, end, base) ((unsigned int)irpfuzz_strtoull((text), (end), (base)))
#define _strtoi64 irpfuzz_strtoll
#define _strtoui64 irpfuzz_strtoull
#define labs abs

#ifndef _KERNEL_MODE
#define exit(status) irpfuzz_app_exit(status)
#define _exit(status) irpfuzz_app_exit(status)
#define abort() irpfuzz_app_exit(3)
#define rand() irpfuzz_rand()
#define srand(seed) irpfuzz_srand(seed)
#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1
#define RAND_MAX 0x7fff
#define _countof(array) (sizeof(array) / sizeof((array)[0]))
#endif

#define _MAX_PATH 260

#ifndef NOMINMAX
#ifndef __cplusplus
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#endif
#endif

#endif
