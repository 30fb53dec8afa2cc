/* Interrupt objects, as interrupt.c and interrupt_ddi.c share them. */
#ifndef KMDF_INTERRUPT_H
#define KMDF_INTERRUPT_H

#include "../hal/hal.h"
#include "device.h"

struct fx_interrupt {
    struct fx_object object;
    struct fx_device *device;
    WDF_INTERRUPT_CONFIG config;
    struct fx_power_part part;
    struct fx_lock *lock;        /* of its DPC or work item; NULL: none */
    bool of_prepare;             /* made in EvtDevicePrepareHardware: goes with this start */
    bool soft_disconnect;        /* is reported inactive while the device rests */
    bool assigned, enabled;
    bool forced_off;             /* WdfInterruptDisable: the power machine leaves it alone */

    /* What it was assigned (K-INT-2). */
    CM_PARTIAL_RESOURCE_DESCRIPTOR translated;
    bool message_signaled;
    ULONG message;
    KIRQL synchronize_irql;
    WDF_INTERRUPT_POLICY policy;
    WDF_INTERRUPT_PRIORITY priority;
    KAFFINITY policy_processors;
    bool has_policy;

    PKINTERRUPT interrupt;       /* NULL: not connected */
    KIRQL old_irql;              /* under WdfInterruptAcquireLock */
    struct ctx *lock_owner;

    KDPC dpc;                    /* of the driver's routine, or the one that queues its work item */
    struct ex_work work;
    bool work_queued, work_runs;
    KEVENT work_done;            /* notification: neither */
};

NTSTATUS fx_interrupt_create(struct fx_device *device, const WDF_INTERRUPT_CONFIG *config, PWDF_OBJECT_ATTRIBUTES attributes, void **interrupt);
/* False: queued already. */
bool fx_interrupt_queue_dpc(struct fx_interrupt *interrupt);
bool fx_interrupt_queue_work(struct fx_interrupt *interrupt);
/* Connect and EvtInterruptEnable; EvtInterruptDisable and disconnect. PASSIVE_LEVEL. */
NTSTATUS fx_interrupt_up(struct fx_interrupt *interrupt);
NTSTATUS fx_interrupt_down(struct fx_interrupt *interrupt, bool stays_connected);

#endif
