#include "pcidrv.h"

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_held_(Adapter->ScbLock)
_Must_inspect_result_
static NTSTATUS
NicScbWait(_Inout_ PADAPTER Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
NicPortWait(_Inout_ PADAPTER Adapter);

_IRQL_requires_(PASSIVE_LEVEL)
_Requires_lock_held_(Adapter->ControlLock)
_Must_inspect_result_
static NTSTATUS
NicMdi(_Inout_ PADAPTER Adapter, _In_ ULONG Command, _Out_ PUSHORT Value);

/* What a reset takes before the chip may be touched again, and how long it may take in all. */
#define NIC_RESET_US 20
#define NIC_RESET_POLLS 200

#define NIC_SELF_TEST_MS 10

_Use_decl_annotations_
VOID
NicSleep(ULONG Milliseconds)
{
    LARGE_INTEGER Interval;

    Interval.QuadPart = -10000LL * Milliseconds;
    (VOID)KeDelayExecutionThread(KernelMode, FALSE, &Interval);
}

/* ---- Commands ---- */

/* The pointer is read when the command is taken, so neither may be written before the last one was. */
_Use_decl_annotations_
static NTSTATUS
NicScbWait(PADAPTER Adapter)
{
    UCHAR Command;
    ULONG Poll;

    if (!Adapter->Powered)
        return STATUS_DEVICE_NOT_READY;

    for (Poll = 0; Poll < NIC_POLLS; Poll++)
    {
        Command = READ_REGISTER_UCHAR(&Adapter->Csr->ScbCommand);
        if (Command == 0)
            return STATUS_SUCCESS;
        if (Command == (UCHAR)NIC_GONE_16)
            break;
        KeStallExecutionProcessor(NIC_POLL_US);
    }

    NicSetFlag(Adapter, NIC_HARDWARE_ERROR);
    return Poll < NIC_POLLS ? STATUS_DEVICE_NOT_CONNECTED : STATUS_DEVICE_DATA_ERROR;
}

_Use_decl_annotations_
NTSTATUS
NicScbCommand(PADAPTER Adapter, UCHAR Command, ULONG Pointer)
{
    NTSTATUS Status;

    WdfSpinLockAcquire(Adapter->ScbLock);
    Status = NicScbWait(Adapter);
    if (NT_SUCCESS(Status))
    {
        KeMemoryBarrier();
        WRITE_REGISTER_ULONG(&Adapter->Csr->ScbPointer, Pointer);
        WRITE_REGISTER_UCHAR(&Adapter->Csr->ScbCommand, Command);
    }
    WdfSpinLockRelease(Adapter->ScbLock);

    return Status;
}

/* Once it may go on it does, wherever that leads: so not before it is certain that it is told to. */
_Use_decl_annotations_
NTSTATUS
NicScbResume(PADAPTER Adapter, PNIC_TCB Previous)
{
    NTSTATUS Status;

    WdfSpinLockAcquire(Adapter->ScbLock);
    Status = NicScbWait(Adapter);
    if (NT_SUCCESS(Status))
    {
        KeMemoryBarrier();
        NicWrite16(&Previous->Header.Command, CB_COMMAND_FLEXIBLE | CB_COMMAND_TRANSMIT);
        KeMemoryBarrier();
        WRITE_REGISTER_UCHAR(&Adapter->Csr->ScbCommand, SCB_CU_RESUME);
    }
    WdfSpinLockRelease(Adapter->ScbLock);

    return Status;
}

/* While a command waits to be taken a unit still shows what it was: who judged by that would start it twice. */
_Use_decl_annotations_
USHORT
NicScbStatus(PADAPTER Adapter)
{
    USHORT Status = NIC_GONE_16;

    WdfSpinLockAcquire(Adapter->ScbLock);
    if (Adapter->Powered)
    {
        (VOID)NicScbWait(Adapter);
        Status = READ_REGISTER_USHORT(&Adapter->Csr->ScbStatus);
    }
    WdfSpinLockRelease(Adapter->ScbLock);

    return Status;
}

/* ---- Resets ---- */

_Use_decl_annotations_
static NTSTATUS
NicPortWait(PADAPTER Adapter)
{
    ULONG Port;
    ULONG Poll;

    for (Poll = 0; Poll < NIC_RESET_POLLS; Poll++)
    {
        KeStallExecutionProcessor(NIC_RESET_US);
        Port = READ_REGISTER_ULONG(&Adapter->Csr->Port);
        if (Port == 0)
            return STATUS_SUCCESS;
        if (Port == NIC_GONE_32)
            return STATUS_DEVICE_NOT_CONNECTED;
    }

    return STATUS_DEVICE_DATA_ERROR;
}

/* A reset lets interrupts through; there is no cause yet. */
_Use_decl_annotations_
NTSTATUS
NicPortReset(PADAPTER Adapter, ULONG Function)
{
    NTSTATUS Status;

    WRITE_REGISTER_ULONG(&Adapter->Csr->Port, Function);
    Status = NicPortWait(Adapter);
    WRITE_REGISTER_UCHAR(&Adapter->Csr->InterruptMask, SCB_MASK_ALL);

    return Status;
}

_Use_decl_annotations_
NTSTATUS
NicSelfTest(PADAPTER Adapter)
{
    PNIC_SELF_TEST Test = &Adapter->Shared->SelfTest;
    ULONG Physical = Adapter->SharedPhysical + FIELD_OFFSET(NIC_SHARED, SelfTest);
    ULONG Signature = 0;
    ULONG Wait;
    NTSTATUS Status;

    Status = NicPortReset(Adapter, PORT_SOFTWARE_RESET);
    if (!NT_SUCCESS(Status))
        return Status;

    NicWrite32(&Test->Signature, 0);
    NicWrite32(&Test->Result, 0xFFFFFFFF);
    KeMemoryBarrier();
    WRITE_REGISTER_ULONG(&Adapter->Csr->Port, Physical | PORT_SELF_TEST);

    for (Wait = 0; Wait < NIC_SELF_TEST_MS && Signature == 0; Wait++)
    {
        NicSleep(1);
        Signature = NicRead32(&Test->Signature);
    }
    KeMemoryBarrier();

    if (Signature == 0 || NicRead32(&Test->Result) != 0)
    {
        KdPrint(("pcidrv: the card fails its self-test\n"));
        (VOID)NicPortReset(Adapter, PORT_SOFTWARE_RESET);
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }

    /* The results came first, the reset behind them may still run. */
    Status = NicPortWait(Adapter);
    WRITE_REGISTER_UCHAR(&Adapter->Csr->InterruptMask, SCB_MASK_ALL);
    return Status;
}

/* ---- MDI ---- */

_Use_decl_annotations_
static NTSTATUS
NicMdi(PADAPTER Adapter, ULONG Command, PUSHORT Value)
{
    ULONG Poll;
    ULONG Mdi;

    *Value = 0;
    WRITE_REGISTER_ULONG(&Adapter->Csr->Mdi, Command);

    for (Poll = 0; Poll < NIC_POLLS; Poll++)
    {
        KeStallExecutionProcessor(NIC_POLL_US);
        Mdi = READ_REGISTER_ULONG(&Adapter->Csr->Mdi);
        if (Mdi == NIC_GONE_32)
            return STATUS_DEVICE_NOT_CONNECTED;
        if (Mdi & MDI_READY)
        {
            *Value = (USHORT)Mdi;
            return STATUS_SUCCESS;
        }
    }

    NicSetFlag(Adapter, NIC_HARDWARE_ERROR);
    return STATUS_DEVICE_DATA_ERROR;
}

_Use_decl_annotations_
NTSTATUS
NicMdiRead(PADAPTER Adapter, ULONG Phy, ULONG Register, PUSHORT Value)
{
    return NicMdi(Adapter, MDI_READ | Phy << MDI_PHY_SHIFT | Register << MDI_REGISTER_SHIFT, Value);
}

_Use_decl_annotations_
NTSTATUS
NicMdiWrite(PADAPTER Adapter, ULONG Phy, ULONG Register, USHORT Value)
{
    USHORT Ignored;

    return NicMdi(Adapter, MDI_WRITE | Phy << MDI_PHY_SHIFT | Register << MDI_REGISTER_SHIFT | Value, &Ignored);
}
