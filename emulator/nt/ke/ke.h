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
void ke_wait_check_free(const char *memory, size_t size);
void ke_mutex_check_free(const char *memory, size_t size);
void ex_resource_check_free(const char *memory, size_t size);
void ex_lookaside_check_free(const char *memory, size_t size);
void ex_work_check_free(const char *memory, size_t size);

void ex_timer_begin(void);
/* An EX_TIMER whose callback is the driver's is not deleted (V-UNL-8). */
bool ex_timer_of_driver(const struct nt_driver *driver);

/* ---- Lock order (lock_order.c, mutex_order.c) ---- */

#define MAX_HELD_LOCKS 12
struct held_lock {
    const void *lock;
    UCHAR kind;
};
void lock_order_begin(void);
/* `lock` is about to be acquired by somebody who holds `held`: records the edges, reports a cycle (V-LCK-17). */
void lock_order_check(const struct held_lock *held, unsigned count, const void *lock);
/* The nodes in this memory are no more. */
void lock_order_forget(const void *memory, size_t size);

/* Mutexes a thread owns: KMUTEX, FAST_MUTEX, KGUARDED_MUTEX. A release out of order is V-LCK-19. */
void mutex_order_begin(void);
unsigned mutex_order_count(void);
void mutex_order_intend(const void *mutex);
void mutex_order_acquired(struct ctx *owner, const void *mutex);
void mutex_order_released(const void *mutex, const char *ddi);

/* ---- The parts of ke/ that ex/ stands on ---- */

/* Spins until the lock's word may have changed. */
void ke_spin_for(const void *lock, struct ctx *owner);
bool ke_try_acquire_spin_lock_at_dpc_level(PKSPIN_LOCK lock);
void ke_acquire_in_stack_queued_spin_lock(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle);
void ke_release_in_stack_queued_spin_lock(PKLOCK_QUEUE_HANDLE handle);
void ke_acquire_in_stack_queued_spin_lock_at_dpc_level(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle);
void ke_release_in_stack_queued_spin_lock_from_dpc_level(PKLOCK_QUEUE_HANDLE handle);
KIRQL ex_acquire_spin_lock(PEX_SPIN_LOCK lock, bool shared);
void ex_release_spin_lock(PEX_SPIN_LOCK lock, bool shared, KIRQL irql);
void ex_acquire_spin_lock_at_dpc_level(PEX_SPIN_LOCK lock, bool shared);
void ex_release_spin_lock_from_dpc_level(PEX_SPIN_LOCK lock, bool shared);
bool ex_try_convert_shared_spin_lock(PEX_SPIN_LOCK lock);
void ke_enter_guarded_region(void);
void ke_leave_guarded_region(void);
bool ke_apcs_disabled(void);
bool ke_all_apcs_disabled(void);
BOOLEAN ke_queue_dpc_on(PKDPC dpc, PVOID a1, PVOID a2, unsigned cpu);
/* A DPC began or ended on this processor: the watchdog's clock (W-DPC-6). */
void ke_watchdog_dpc(unsigned cpu, bool begins);
void ke_time_begin(void);
void ke_wait_begin(void);
void ke_handles_begin(void);
/* What a timer's DPC gets as its system arguments: nothing that a driver could use (W-DPC-7). */
#define KE_TIMER_ARGUMENT ((PVOID)(ULONG_PTR)0xdead71e7dead71e7ull)
/* An object that code at DISPATCH_LEVEL touches is initialised in paged pool: V-LCK-27. `what`: "an event". */
void ke_check_nonpaged(const void *object, const char *what);
/* A dispatcher object is initialised that somebody waits for: V-OBJ-11. */
void ke_check_initialise(const void *object, const char *ddi);
/* After a release with Wait = TRUE: the level stays raised until the wait that must follow (W-KE-6). */
void ke_wait_pair(BOOLEAN wait_is_next, const char *ddi);

/* ---- Device queues (device_queue.c). key NULL: none; ddi names the caller in reports ---- */

void ke_initialize_device_queue(PKDEVICE_QUEUE queue);
/* False: the queue was not busy; the entry is not queued, and the queue is busy now. */
bool ke_insert_device_queue(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry, const ULONG *key, const char *ddi);
PKDEVICE_QUEUE_ENTRY ke_remove_device_queue(PKDEVICE_QUEUE queue, const ULONG *key, const char *ddi);
bool ke_remove_entry_device_queue(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry, const char *ddi);

/* Exceptions (rtl/seh.c): is there a __try around the caller, and the raise, which does not return. */
bool seh_guarded(void);
__attribute__((__noreturn__)) void seh_raise(ULONG code);

/* ---- Kernel handles (handles.c) ---- */

void *ob_body_of_handle(HANDLE handle);
unsigned ob_open_kernel_handles(void);
bool ob_type_matches(const void *body, POBJECT_TYPE type);

/* ex/work.c: a driver's own work item, which has been checked, to a worker. Any IRQL up to DISPATCH_LEVEL. */
void ex_queue_driver_item(PWORK_QUEUE_ITEM item);

struct nt_thread *ps_create_system_thread(PKSTART_ROUTINE routine, PVOID context);

#endif
