#include "pcidrv.h"

static EVT_WDF_INTERRUPT_ISR NicEvtInterruptIsr;
static EVT_WDF_INTERRUPT_DPC NicEvtInterruptDpc;
static EVT_WDF_INTERRUPT_ENABLE NicEvtInterruptEnable;
static EVT_WDF_INTERRUPT_DISABLE NicEvtInterruptDisable;
static EVT_WDF_INTERRUPT_SYNCHRONIZE NicSyncHold;
static EVT_WDF_INTERRUPT_SYNCHRONIZE NicSyncRelease;
static EVT_WDF_INTERRUPT_SYNCHRONIZE NicSyncUnmask;

/* Its cause outlives being acknowledged so many times in a row: the card is broken, and stays masked until it was reset. */
#define NIC_STUCK_INTERRUPTS 100

_Use_decl_annotations_
NTSTATUS
NicInterruptInitialize(PADAPTER Adapter)
{
    WDF_INTERRUPT_CONFIG Config;

    WDF_INTERRUPT_CONFIG_INIT(&Config, NicEvtInterruptIsr, NicEvtInterruptDpc);
    Config.EvtInterruptEnable = NicEvtInterruptEnable;
    Config.EvtInterruptDisable = NicEvtInterruptDisable;

    return WdfInterruptCreate(Adapter->Device, &Config, WDF_NO_OBJECT_ATTRIBUTES, &Adapter->Interrupt);
}

/* ---- At device level ---- */

/*
 * Masked first, acknowledged then: a cause that comes in between is not lost, for the line is at its level again when the DPC unmasks. All causes are acknowledged, also
 * those that nobody asked for, or they would never end. What they mean is in the descriptors.
 */
_Use_decl_annotations_
static BOOLEAN
NicEvtInterruptIsr(WDFINTERRUPT Interrupt, ULONG MessageID)
{
    PADAPTER Adapter = NicGetAdapter(WdfInterruptGetDevice(Interrupt));
    USHORT Status;
    USHORT Causes;

    UNREFERENCED_PARAMETER(MessageID);

    if (!Adapter->InterruptEnabled)
        return FALSE;

    Status = READ_REGISTER_USHORT(&Adapter->Csr->ScbStatus);
    Causes = Status & SCB_STATUS_CAUSES;
    if (Status == NIC_GONE_16 || Causes == 0)
        return FALSE;

    WRITE_REGISTER_UCHAR(&Adapter->Csr->InterruptMask, SCB_MASK_ALL);
    InterlockedExchange(&Adapter->IsrMasked, TRUE);
    WRITE_REGISTER_USHORT(&Adapter->Csr->ScbStatus, Causes);
    Adapter->StuckInterrupts = READ_REGISTER_USHORT(&Adapter->Csr->ScbStatus) & Causes ? Adapter->StuckInterrupts + 1 : 0;
    (VOID)WdfInterruptQueueDpcForIsr(Interrupt);

    return TRUE;
}

_Use_decl_annotations_
static NTSTATUS
NicEvtInterruptEnable(WDFINTERRUPT Interrupt, WDFDEVICE AssociatedDevice)
{
    PADAPTER Adapter = NicGetAdapter(AssociatedDevice);

    UNREFERENCED_PARAMETER(Interrupt);

    Adapter->InterruptEnabled = TRUE;
    Adapter->InterruptHeld = FALSE;
    Adapter->StuckInterrupts = 0;
    InterlockedExchange(&Adapter->IsrMasked, FALSE);
    WRITE_REGISTER_UCHAR(&Adapter->Csr->InterruptMask, 0);

    return STATUS_SUCCESS;
}

_Use_decl_annotations_
static NTSTATUS
NicEvtInterruptDisable(WDFINTERRUPT Interrupt, WDFDEVICE AssociatedDevice)
{
    PADAPTER Adapter = NicGetAdapter(AssociatedDevice);

    UNREFERENCED_PARAMETER(Interrupt);

    Adapter->InterruptEnabled = FALSE;
    WRITE_REGISTER_UCHAR(&Adapter->Csr->InterruptMask, SCB_MASK_ALL);

    return STATUS_SUCCESS;
}

_Use_decl_annotations_
static BOOLEAN
NicSyncHold(WDFINTERRUPT Interrupt, WDFCONTEXT Context)
{
    PADAPTER Adapter = Context;

    UNREFERENCED_PARAMETER(Interrupt);

    Adapter->InterruptHeld = TRUE;
    WRITE_REGISTER_UCHAR(&Adapter->Csr->InterruptMask, SCB_MASK_ALL);
    return TRUE;
}

_Use_decl_annotations_
static BOOLEAN
NicSyncRelease(WDFINTERRUPT Interrupt, WDFCONTEXT Context)
{
    PADAPTER Adapter = Context;

    UNREFERENCED_PARAMETER(Interrupt);

    Adapter->InterruptHeld = FALSE;
    Adapter->StuckInterrupts = 0;
    if (Adapter->InterruptEnabled)
        WRITE_REGISTER_UCHAR(&Adapter->Csr->InterruptMask, 0);
    return TRUE;
}

/* FALSE: that would be of no use. Whoever holds interrupts back unmasks later. */
_Use_decl_annotations_
static BOOLEAN
NicSyncUnmask(WDFINTERRUPT Interrupt, WDFCONTEXT Context)
{
    PADAPTER Adapter = Context;

    UNREFERENCED_PARAMETER(Interrupt);

    if (!Adapter->InterruptEnabled || Adapter->InterruptHeld)
        return TRUE;
    if (Adapter->StuckInterrupts > NIC_STUCK_INTERRUPTS)
        return FALSE;

    WRITE_REGISTER_UCHAR(&Adapter->Csr->InterruptMask, 0);
    return TRUE;
}

/* ---- Below ---- */

_Use_decl_annotations_
VOID
NicHoldInterrupts(PADAPTER Adapter)
{
    (VOID)WdfInterruptSynchronize(Adapter->Interrupt, NicSyncHold, Adapter);
}

_Use_decl_annotations_
VOID
NicReleaseInterrupts(PADAPTER Adapter)
{
    (VOID)WdfInterruptSynchronize(Adapter->Interrupt, NicSyncRelease, Adapter);
}

_Use_decl_annotations_
static VOID
NicEvtInterruptDpc(WDFINTERRUPT Interrupt, WDFOBJECT AssociatedObject)
{
    PADAPTER Adapter = NicGetAdapter(AssociatedObject);

    NicReceive(Adapter);
    NicCompleteSends(Adapter);
    NicDrainSends(Adapter);

    /*
     * Who took frames and left some has queued this, too, and masked nothing. Its interrupt may be gone by now: before it is disconnected the framework waits for what
     * an ISR has queued, and no ISR queues anything once it is disabled.
     */
    if (!InterlockedExchange(&Adapter->IsrMasked, FALSE))
        return;

    if (!WdfInterruptSynchronize(Interrupt, NicSyncUnmask, Adapter))
    {
        KdPrint(("pcidrv: the card interrupts without end\n"));
        NicSetFlag(Adapter, NIC_HARDWARE_ERROR);
    }
}
