/* The gate around interrupts: IoConnectInterrupt and its family, KeSynchronizeExecution. */
#include "hal.h"

/* ---- Connecting ---- */

NTSTATUS IoConnectInterrupt(PKINTERRUPT *InterruptObject, PKSERVICE_ROUTINE ServiceRoutine, PVOID ServiceContext, PKSPIN_LOCK SpinLock, ULONG Vector,
                            KIRQL Irql, KIRQL SynchronizeIrql, KINTERRUPT_MODE InterruptMode, BOOLEAN ShareVector, KAFFINITY ProcessorEnableMask,
                            BOOLEAN FloatingSave)
{
    (void)FloatingSave; /* x64 saves it anyhow (W-IRQL-14) */
    gate_enter(DDI_IoConnectInterrupt, Vector, Irql);
    struct hal_connection c = {.routine = ServiceRoutine, .context = ServiceContext, .lock = SpinLock, .vector = Vector, .irql = Irql,
                               .synchronize_irql = SynchronizeIrql, .latched = InterruptMode == Latched, .shared = ShareVector,
                               .processors = ProcessorEnableMask};
    NTSTATUS status = SynchronizeIrql < Irql                ? STATUS_INVALID_PARAMETER
                      : choose_fault(DDI_IoConnectInterrupt) ? STATUS_INSUFFICIENT_RESOURCES
                                                             : hal_connect(&c, CONNECT_FULLY_SPECIFIED, CALLER, InterruptObject);
    gate_leave((ULONG)status);
    return status;
}

static NTSTATUS connect_fully_specified(PIO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS p, ULONG version, const void *caller)
{
    struct hal_connection c = {.pdo = p->PhysicalDeviceObject, .routine = p->ServiceRoutine, .context = p->ServiceContext, .lock = p->SpinLock,
                               .vector = p->Vector, .irql = p->Irql, .synchronize_irql = p->SynchronizeIrql, .latched = p->InterruptMode == Latched,
                               .shared = p->ShareVector, .passive = p->SynchronizeIrql == PASSIVE_LEVEL, .processors = p->ProcessorEnableMask};
    if (!p->PhysicalDeviceObject)
        return STATUS_INVALID_PARAMETER;
    return hal_connect(&c, version, caller, p->InterruptObject);
}

static struct hal_connection connection_of(PDEVICE_OBJECT pdo, const CM_PARTIAL_RESOURCE_DESCRIPTOR *d)
{
    return (struct hal_connection){.pdo = pdo, .vector = d->u.Interrupt.Vector, .irql = (KIRQL)d->u.Interrupt.Level,
                                   .latched = (d->Flags & (CM_RESOURCE_INTERRUPT_LATCHED | CM_RESOURCE_INTERRUPT_MESSAGE)) != 0,
                                   .shared = d->ShareDisposition == CmResourceShareShared, .processors = d->u.Interrupt.Affinity};
}

static NTSTATUS connect_line(PDEVICE_OBJECT pdo, PKSERVICE_ROUTINE routine, PVOID context, PKSPIN_LOCK lock, KIRQL synchronize_irql, const void *caller,
                             PKINTERRUPT *interrupt)
{
    USHORT messages;
    const CM_PARTIAL_RESOURCE_DESCRIPTOR *d = hal_interrupt_of(pdo, &messages);
    if (!d || messages || !routine)
        return d && !messages ? STATUS_INVALID_PARAMETER : STATUS_NOT_FOUND;
    struct hal_connection c = connection_of(pdo, d);
    c.routine = routine, c.context = context, c.lock = lock, c.synchronize_irql = synchronize_irql;
    return hal_connect(&c, CONNECT_LINE_BASED, caller, interrupt);
}

/* ---- Messages ---- */

static void disconnect_messages(PIO_INTERRUPT_MESSAGE_INFO table)
{
    for (ULONG n = table->MessageCount; n-- > 0;)
        hal_disconnect(hal_interrupt(table->MessageInfo[n].InterruptObject, "IoDisconnectInterruptEx"));
    ex_system_free(table);
}

static NTSTATUS connect_message(PIO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS p, struct hal_connection c, ULONG n, const void *caller,
                                PIO_INTERRUPT_MESSAGE_INFO table)
{
    PIO_INTERRUPT_MESSAGE_INFO_ENTRY entry = &table->MessageInfo[n];
    c.message_routine = p->MessageServiceRoutine, c.message = n, c.context = p->ServiceContext, c.lock = p->SpinLock;
    c.synchronize_irql = p->SynchronizeIrql;
    c.vector += n;
    c.shared = false; /* a message is nobody else's (W-INT-3) */
    NTSTATUS status = hal_connect(&c, CONNECT_MESSAGE_BASED, caller, &entry->InterruptObject);
    if (!NT_SUCCESS(status))
        return status;
    entry->MessageAddress.QuadPart = 0xFEE00000;
    entry->MessageData = entry->Vector = c.vector;
    entry->TargetProcessorSet = c.processors;
    entry->Irql = c.irql;
    entry->Mode = Latched;
    entry->Polarity = InterruptActiveHigh;
    table->MessageCount = n + 1;
    return status;
}

static NTSTATUS connect_messages(PIO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS p, const CM_PARTIAL_RESOURCE_DESCRIPTOR *d, USHORT messages, const void *caller)
{
    PIO_INTERRUPT_MESSAGE_INFO table = ex_system_alloc(FIELD_OFFSET(IO_INTERRUPT_MESSAGE_INFO, MessageInfo) + messages * sizeof table->MessageInfo[0]);
    NTSTATUS status = STATUS_SUCCESS;
    if (!table)
        return STATUS_INSUFFICIENT_RESOURCES;
    *p->ConnectionContext.InterruptMessageTable = table; /* before the first message may come */
    struct hal_connection c = connection_of(p->PhysicalDeviceObject, d);
    table->UnifiedIrql = c.irql;
    for (ULONG n = 0; n < messages && NT_SUCCESS(status); n++)
        status = connect_message(p, c, n, caller, table);
    if (!NT_SUCCESS(status))
        disconnect_messages(table);
    return status;
}

/* W-INT-2: a device that has a line is connected to the fallback routine, and the version says so. */
static NTSTATUS connect_message_based(PIO_CONNECT_INTERRUPT_PARAMETERS parameters, const void *caller)
{
    PIO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS p = &parameters->MessageBased;
    USHORT messages;
    const CM_PARTIAL_RESOURCE_DESCRIPTOR *d = hal_interrupt_of(p->PhysicalDeviceObject, &messages);
    if (!d)
        return STATUS_NOT_FOUND;
    if (messages)
        return p->MessageServiceRoutine ? connect_messages(p, d, messages, caller) : STATUS_INVALID_PARAMETER;
    if (!p->FallBackServiceRoutine)
        return STATUS_NOT_FOUND;
    parameters->Version = CONNECT_LINE_BASED;
    return connect_line(p->PhysicalDeviceObject, p->FallBackServiceRoutine, p->ServiceContext, p->SpinLock, p->SynchronizeIrql, caller,
                        p->ConnectionContext.InterruptObject);
}

static NTSTATUS connect_ex(PIO_CONNECT_INTERRUPT_PARAMETERS p, const void *caller)
{
    switch (p->Version) {
    case CONNECT_FULLY_SPECIFIED:
    case CONNECT_FULLY_SPECIFIED_GROUP:
        return connect_fully_specified(&p->FullySpecified, p->Version, caller);
    case CONNECT_LINE_BASED:
        return connect_line(p->LineBased.PhysicalDeviceObject, p->LineBased.ServiceRoutine, p->LineBased.ServiceContext, p->LineBased.SpinLock,
                            p->LineBased.SynchronizeIrql, caller, p->LineBased.InterruptObject);
    case CONNECT_MESSAGE_BASED:
        return connect_message_based(p, caller);
    default:
        p->Version = CONNECT_CURRENT_VERSION;
        return STATUS_NOT_SUPPORTED;
    }
}

NTSTATUS IoConnectInterruptEx(PIO_CONNECT_INTERRUPT_PARAMETERS Parameters)
{
    gate_enter(DDI_IoConnectInterruptEx, Parameters->Version, 0);
    NTSTATUS status = choose_fault(DDI_IoConnectInterruptEx) ? STATUS_INSUFFICIENT_RESOURCES : connect_ex(Parameters, CALLER);
    gate_leave((ULONG)status);
    return status;
}

/* ---- Disconnecting ---- */

VOID IoDisconnectInterrupt(PKINTERRUPT InterruptObject)
{
    gate_enter(DDI_IoDisconnectInterrupt, trace_object(InterruptObject), 0);
    hal_disconnect(hal_interrupt(InterruptObject, "IoDisconnectInterrupt"));
    gate_leave(0);
}

static void check_version(ULONG version, ULONG connected)
{
    if (version != connected)
        bugcheck(0xCA, 9, version, connected, 0, "W-INT-2", "IoDisconnectInterruptEx is given version %u for an interrupt that was connected as version %u", version,
                 connected);
}

/* An interrupt object or a message table: which it is shows in what is connected. */
static void disconnect_ex(PIO_DISCONNECT_INTERRUPT_PARAMETERS p)
{
    PIO_INTERRUPT_MESSAGE_INFO table = p->ConnectionContext.InterruptMessageTable;
    PKINTERRUPT i = p->ConnectionContext.InterruptObject;
    if (!hal_is_interrupt(i)) {
        memory_check(table, sizeof *table, "IoDisconnectInterruptEx");
        i = hal_interrupt(table->MessageInfo[0].InterruptObject, "IoDisconnectInterruptEx");
    }
    check_version(p->Version, i->version);
    if (i->version == CONNECT_MESSAGE_BASED)
        disconnect_messages(table);
    else
        hal_disconnect(i);
}

VOID IoDisconnectInterruptEx(PIO_DISCONNECT_INTERRUPT_PARAMETERS Parameters)
{
    gate_enter(DDI_IoDisconnectInterruptEx, Parameters->Version, 0);
    disconnect_ex(Parameters);
    gate_leave(0);
}

static void report(PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS p, bool active, const char *ddi)
{
    if (p->Version != CONNECT_MESSAGE_BASED) {
        hal_report_active(hal_interrupt(p->ConnectionContext.InterruptObject, ddi), active);
        return;
    }
    for (ULONG n = 0; n < p->ConnectionContext.InterruptMessageTable->MessageCount; n++)
        hal_report_active(hal_interrupt(p->ConnectionContext.InterruptMessageTable->MessageInfo[n].InterruptObject, ddi), active);
}

VOID IoReportInterruptActive(PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS Parameters)
{
    gate_enter(DDI_IoReportInterruptActive, Parameters->Version, 0);
    report(Parameters, true, "IoReportInterruptActive");
    gate_leave(0);
}

VOID IoReportInterruptInactive(PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS Parameters)
{
    gate_enter(DDI_IoReportInterruptInactive, Parameters->Version, 0);
    report(Parameters, false, "IoReportInterruptInactive");
    gate_leave(0);
}

/* ---- Under its lock ---- */

BOOLEAN KeSynchronizeExecution(PKINTERRUPT Interrupt, PKSYNCHRONIZE_ROUTINE SynchronizeRoutine, PVOID SynchronizeContext)
{
    gate_enter(DDI_KeSynchronizeExecution, trace_object(Interrupt), 0);
    PKINTERRUPT i = hal_interrupt(Interrupt, "KeSynchronizeExecution");
    KIRQL old = hal_acquire_lock(i);
    struct callback_frame frame;
    callback_enter(&frame, DDI_SynchCritSection, (const void *)SynchronizeRoutine, i);
    BOOLEAN result = SynchronizeRoutine(SynchronizeContext);
    callback_leave(&frame, result);
    hal_release_lock(i, old);
    gate_leave(result);
    return result;
}

static PKINTERRUPT lockable(PKINTERRUPT interrupt, const char *ddi)
{
    PKINTERRUPT i = hal_interrupt(interrupt, ddi);
    if (i->c.passive)
        bugcheck(OWN_RULE, i->number, 0, 0, 0, "W-INT-4", "%s on interrupt #%u, which is handled at PASSIVE_LEVEL", ddi, i->number);
    return i;
}

KIRQL KeAcquireInterruptSpinLock(PKINTERRUPT Interrupt)
{
    gate_enter(DDI_KeAcquireInterruptSpinLock, trace_object(Interrupt), 0);
    KIRQL old = hal_acquire_lock(lockable(Interrupt, "KeAcquireInterruptSpinLock"));
    gate_leave(old);
    return old;
}

VOID KeReleaseInterruptSpinLock(PKINTERRUPT Interrupt, KIRQL OldIrql)
{
    gate_enter(DDI_KeReleaseInterruptSpinLock, trace_object(Interrupt), OldIrql);
    hal_release_lock(lockable(Interrupt, "KeReleaseInterruptSpinLock"), OldIrql);
    gate_leave(0);
}
