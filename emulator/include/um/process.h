/* Threads by the C runtime's name. */
#ifndef IRPFUZZ_UM_PROCESS_H
#define IRPFUZZ_UM_PROCESS_H

#include <stddef.h>
#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif
/* As CreateThread; the handle is the caller's to close, except _beginthread's. Zero or -1 when it fails. */
size_t _beginthreadex(void *security, unsigned int stack_size, unsigned int (*start)(void *), void *argument,
    unsigned int flags, unsigned int *thread_id);
void _endthreadex(unsigned int status);
size_t _beginthread(void (*start)(void *), unsigned int stack_size, void *argument);
void _endthread(void);
#ifdef __cplusplus
}
#endif

#endif
