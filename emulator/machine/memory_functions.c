/*
 * memcpy and friends under names that no sanitizer intercepts. In ThreadSanitizer builds the emulator's calls are redirected here
 * (own_memory_functions.txt, cmake/own_memory_functions.sh): its copies are the kernel's, not the driver's, and must neither race nor order anything.
 */
#include <stddef.h>
#include <stdint.h>

void *irpfuzz_memcpy(void *to, const void *from, size_t size)
{
    void *result = to;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
    return result;
}

void *irpfuzz_memmove(void *to, const void *from, size_t size)
{
    if ((uintptr_t)to - (uintptr_t)from >= size)
        return irpfuzz_memcpy(to, from, size);
    char *d = (char *)to + size;
    const char *s = (const char *)from + size;
    while (d != (char *)to) {
        *--d = *--s;
        __asm__ volatile("" : : : "memory"); /* stay a loop */
    }
    return to;
}

void *irpfuzz_memset(void *to, int value, size_t size)
{
    void *result = to;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
    return result;
}

int irpfuzz_memcmp(const void *left, const void *right, size_t size)
{
    const uint8_t *a = left, *b = right;
    for (; size; size--, a++, b++)
        if (*a != *b)
            return *a - *b;
    return 0;
}

size_t irpfuzz_strlen(const char *text)
{
    const char *end = text;
    while (*end)
        end++;
    return (size_t)(end - text);
}

int irpfuzz_strncmp(const char *left, const char *right, size_t size)
{
    for (; size; size--, left++, right++)
        if (*left != *right || !*left)
            return (unsigned char)*left - (unsigned char)*right;
    return 0;
}

int irpfuzz_strcmp(const char *left, const char *right) { return irpfuzz_strncmp(left, right, SIZE_MAX); }

char *irpfuzz_strncpy(char *to, const char *from, size_t size)
{
    size_t length = 0;
    while (length < size && from[length])
        length++;
    irpfuzz_memcpy(to, from, length);
    irpfuzz_memset(to + length, 0, size - length);
    return to;
}
