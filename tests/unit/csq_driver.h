/*
 * Routines of a cancel-safe queue as drivers write them: a list under a spin lock. For tests of the library, each of which changes what it is about.
 */
#ifndef TESTS_UNIT_CSQ_DRIVER_H
#define TESTS_UNIT_CSQ_DRIVER_H

#include "two_devices.h"

#include <csq.h>

static IO_CSQ csq;
static LIST_ENTRY csq_list;
static KSPIN_LOCK csq_lock;
static PIRP csq_current;                                     /* of the Ex form: what insert took for itself */
static unsigned inserts, removes, peeks;                      /* under the lock */
static LONG volatile cancel_count;                           /* not */
#define cancels ((unsigned)InterlockedCompareExchange(&cancel_count, 0, 0))
static PVOID insert_context;

static VOID csq_insert(PIO_CSQ queue, PIRP irp)
{
    inserts++;
    InsertTailList(&csq_list, &irp->Tail.Overlay.ListEntry);
}

/* The first IRP becomes the current one, which is not queued. */
__attribute__((unused)) static NTSTATUS csq_insert_ex(PIO_CSQ queue, PIRP irp, PVOID context)
{
    insert_context = context;
    if (!csq_current) {
        csq_current = irp;
        return STATUS_UNSUCCESSFUL;
    }
    csq_insert(queue, irp);
    return STATUS_SUCCESS;
}

static VOID csq_remove(PIO_CSQ queue, PIRP irp)
{
    removes++;
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

static PIRP csq_peek(PIO_CSQ queue, PIRP irp, PVOID context)
{
    peeks++;
    for (PLIST_ENTRY next = irp ? irp->Tail.Overlay.ListEntry.Flink : csq_list.Flink; next != &csq_list; next = next->Flink) {
        PIRP found = CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
        if (!context || IoGetCurrentIrpStackLocation(found)->FileObject == context)
            return found;
    }
    return NULL;
}

static VOID csq_acquire(PIO_CSQ queue, PKIRQL irql) { KeAcquireSpinLock(&csq_lock, irql); }
static VOID csq_release(PIO_CSQ queue, KIRQL irql) { KeReleaseSpinLock(&csq_lock, irql); }

static VOID csq_cancelled(PIO_CSQ queue, PIRP irp)
{
    InterlockedIncrement(&cancel_count);
    complete(irp, STATUS_CANCELLED, 0);
}

static void csq_reset(void)
{
    InitializeListHead(&csq_list);
    KeInitializeSpinLock(&csq_lock);
    csq_current = NULL;
    inserts = removes = peeks = 0;
    cancel_count = 0;
}

__attribute__((unused)) static void csq_start(void)
{
    csq_reset();
    IoCsqInitialize(&csq, csq_insert, csq_remove, csq_peek, csq_acquire, csq_release, csq_cancelled);
}

__attribute__((unused)) static void csq_start_ex(void)
{
    csq_reset();
    IoCsqInitializeEx(&csq, csq_insert_ex, csq_remove, csq_peek, csq_acquire, csq_release, csq_cancelled);
}

#endif
