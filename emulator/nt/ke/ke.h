/* What the parts of ke/ share. Everyone else uses nt.h. */
#ifndef NT_KE_KE_H
#define NT_KE_KE_H

#include "../nt.h"

/* DISPATCHER_HEADER.Type, as on Windows. */
enum dispatcher_type {
    TYPE_NOTIFICATION_EVENT = 0, TYPE_SYNCHRONIZATION_EVENT = 1, TYPE_MUTANT = 2, TYPE_PROCESS = 3, TYPE_SEMAPHORE = 5, TYPE_THREAD = 6,
    TYPE_NOTIFICATION_TIMER = 8, TYPE_SYNCHRONIZATION_TIMER = 9
};
/* In DISPATCHER_HEADER.DebugActive: the object was initialised (W-KE-11). */
#define DISPATCHER_MAGIC 0x5a

void ke_dispatcher_init(DISPATCHER_HEADER *header, enum dispatcher_type type, LONG state);
/* The header of an object that a DDI was given; uninitialised or freed is a bug check. */
DISPATCHER_HEADER *ke_dispatcher(PVOID object, const char *ddi);
/* The object became signalled: releases waiters, first come first served (W-KE-6). */
void ke_signal(DISPATCHER_HEADER *header);


/* A context that belongs to a wait was asked to look again (APC, exit). */
void ke_interrupt_wait(struct nt_thread *thread);

void ke_timer_begin(void);
void ke_dpc_begin(void);
void ke_lock_begin(void);
void ke_thread_begin(void);

/* Memory about to be freed must not hold live kernel objects (W-MEM-6). */
void ke_timer_check_free(const char *memory, size_t size);
void ke_dpc_check_free(const char *memory, size_t size);
void ke_lock_check_free(const char *memory, size_t size);

#endif
