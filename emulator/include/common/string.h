/*
 * Narrow strings and memory are the host's (their sanitizer interceptors are wanted); wide ones are ours. The Windows names that
 * the host lacks map to its equivalents in the C locale.
 */
#ifndef IRPFUZZ_CRT_STRING_H
#define IRPFUZZ_CRT_STRING_H

#include <stddef.h>
#include <irpfuzz_wchar.h>

#ifdef __cplusplus
extern "C" {
#endif

void *memcpy(void *__restrict to, const void *__restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *first, const void *second, size_t size);
void *memchr(const void *memory, int value, size_t size);
size_t strlen(const char *text);
size_t strnlen(const char *text, size_t limit);
char *strcpy(char *to, const char *from);
char *strncpy(char *to, const char *from, size_t count);
char *strcat(char *to, const char *from);
char *strncat(char *to, const char *from, size_t count);
int strcmp(const char *first, const char *second);
int strncmp(const char *first, const char *second, size_t count);
int strcasecmp(const char *first, const char *second);
int strncasecmp(const char *first, const char *second, size_t count);
char *strchr(const char *text, int character);
char *strrchr(const char *text, int character);
char *strstr(const char *text, const char *part);
size_t strspn(const char *text, const char *set);
size_t strcspn(const char *text, const char *set);
char *strpbrk(const char *text, const char *set);
char *strtok(char *text, const char *separators);
char *strtok_r(char *text, const char *separators, char **state);
char *strerror(int number);

#ifdef __cplusplus
}
#endif

#define _stricmp strcasecmp
#define stricmp strcasecmp
#define _strcmpi strcasecmp
#define _strnicmp strncasecmp
#define strnicmp strncasecmp
#define strtok_s strtok_r
#define _memicmp(first, second, size) strncasecmp((const char *)(first), (const char *)(second), (size))

#ifndef _KERNEL_MODE
typedef int errno_t;
typedef size_t rsize_t;

/* 0, or EINVAL (22), or ERANGE (34) with an empty result. */
static __inline__ __attribute__((__unused__)) errno_t strcpy_s(char *to, rsize_t size, const char *from)
{
    if (to == 0 || size == 0)
        return 22;
    if (from == 0 || strlen(from) >= size) {
        to[0] = 0;
        return from == 0 ? 22 : 34;
    }
    strcpy(to, from);
    return 0;
}

static __inline__ __attribute__((__unused__)) errno_t strcat_s(char *to, rsize_t size, const char *from)
{
    size_t used = to == 0 ? size : strnlen(to, size);
    return used >= size ? 22 : strcpy_s(to + used, size - used, from);
}

static __inline__ __attribute__((__unused__)) errno_t wcscpy_s(wchar_t *to, rsize_t size, const wchar_t *from)
{
    if (to == 0 || size == 0)
        return 22;
    if (from == 0 || wcslen(from) >= size) {
        to[0] = 0;
        return from == 0 ? 22 : 34;
    }
    wcscpy(to, from);
    return 0;
}

static __inline__ __attribute__((__unused__)) errno_t wcscat_s(wchar_t *to, rsize_t size, const wchar_t *from)
{
    size_t used = to == 0 ? size : wcsnlen(to, size);
    return used >= size ? 22 : wcscpy_s(to + used, size - used, from);
}

static __inline__ __attribute__((__unused__)) errno_t memcpy_s(void *to, rsize_t size, const void *from, rsize_t count)
{
    if (count > size)
        return 34;
    memcpy(to, from, count);
    return 0;
}

#ifdef __cplusplus
extern "C"
#endif
void *malloc(size_t size);

static __inline__ __attribute__((__unused__)) char *_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = (char *)malloc(size);
    return copy == 0 ? 0 : (char *)memcpy(copy, text, size);
}

static __inline__ __attribute__((__unused__)) wchar_t *_wcsdup(const wchar_t *text)
{
    size_t size = (wcslen(text) + 1) * sizeof(wchar_t);
    wchar_t *copy = (wchar_t *)malloc(size);
    return copy == 0 ? 0 : (wchar_t *)memcpy(copy, text, size);
}
#endif

#endif
