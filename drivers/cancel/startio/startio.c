#include "startio.h"

static DRIVER_UNLOAD StartIoUnload;
static _Dispatch_type_(IRP_MJ_CREATE) DRIVER_DISPATCH StartIoCreate;
static _Dispatch_type_(IRP_MJ_CLEANUP) DRIVER_DISPATCH StartIoCleanup;
static _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH StartIoClose;
static _Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH StartIoRead;
static KDEFERRED_ROUTINE StartIoPollingDpc;
static IO_CSQ_INSERT_IRP_EX StartIoInsertIrp;
static IO_CSQ_REMOVE_IRP StartIoRemoveIrp;
static IO_CSQ_PEEK_NEXT_IRP StartIoPeekNextIrp;
static IO_CSQ_ACQUIRE_LOCK StartIoAcquireLock;
static IO_CSQ_RELEASE_LOCK StartIoReleaseLock;
static IO_CSQ_COMPLETE_CANCELED_IRP StartIoCompleteCanceledIrp;

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
StartIoInitializeDevice(_Inout_ PDEVICE_EXTENSION Extension);

_IRQL_requires_max_(DISPATCH_LEVEL)
static NTSTATUS
StartIoCompleteIrp(_In_ PIRP Irp, _In_ NTSTATUS Status, _In_ ULONG_PTR Information);

_IRQL_requires_max_(DISPATCH_LEVEL)
static VOID
StartIoPrepareRead(_Inout_ PIRP Irp);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Must_inspect_result_
static NTSTATUS
StartIoPollDevice(_Inout_ PIRP Irp);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_not_held_(Extension->QueueLock)
static VOID
StartIoRunEngine(_Inout_ PDEVICE_EXTENSION Extension);

_IRQL_requires_max_(DISPATCH_LEVEL)
static VOID
StartIoSetTimer(_Inout_ PDEVICE_EXTENSION Extension, _In_ ULONG DelayInMs);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(INIT, StartIoInitializeDevice)
#pragma alloc_text(PAGE, StartIoUnload)
#pragma alloc_text(PAGE, StartIoCreate)
#pragma alloc_text(PAGE, StartIoCleanup)
#pragma alloc_text(PAGE, StartIoClose)
#endif

/* {5D006E1A-2631-466C-B8A0-32FD498E4424}: the class under which an administrator can override the device's security. */
static const GUID GUID_DEVCLASS_STARTIO_SAMPLE = {
    0x5d006e1a, 0x2631, 0x466c, { 0xb8, 0xa0, 0x32, 0xfd, 0x49, 0x8e, 0x44, 0x24 }
};

_Use_decl_annotations_
NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING DeviceName = RTL_CONSTANT_STRING(STARTIO_DEVICE_NAME);
    UNICODE_STRING LinkName = RTL_CONSTANT_STRING(STARTIO_LINK_NAME);
    PDEVICE_OBJECT DeviceObject;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);

    ExInitializeDriverRuntime(DrvRtPoolNxOptIn);

    Status = IoCreateDeviceSecure(DriverObject, sizeof(DEVICE_EXTENSION), &DeviceName, FILE_DEVICE_UNKNOWN,
        FILE_DEVICE_SECURE_OPEN, FALSE, &SDDL_DEVOBJ_SYS_ALL_ADM_ALL, &GUID_DEVCLASS_STARTIO_SAMPLE, &DeviceObject);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("startio: IoCreateDeviceSecure failed with 0x%x\n", Status));
        return Status;
    }
    DeviceObject->Flags |= DO_BUFFERED_IO;

    Status = IoCreateSymbolicLink(&LinkName, &DeviceName);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("startio: IoCreateSymbolicLink failed with 0x%x\n", Status));
        goto DeleteDevice;
    }

    Status = StartIoInitializeDevice(DeviceObject->DeviceExtension);
    if (!NT_SUCCESS(Status))
        goto DeleteLink;

    DriverObject->MajorFunction[IRP_MJ_CREATE] = StartIoCreate;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = StartIoCleanup;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = StartIoClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = StartIoRead;
    DriverObject->DriverUnload = StartIoUnload;
    return STATUS_SUCCESS;

DeleteLink:
    IoDeleteSymbolicLink(&LinkName);
DeleteDevice:
    IoDeleteDevice(DeviceObject);
    return Status;
}

_Use_decl_annotations_
static NTSTATUS
StartIoInitializeDevice(PDEVICE_EXTENSION Extension)
{
    NTSTATUS Status;

    InitializeListHead(&Extension->PendingIrps);
    Extension->CurrentIrp = NULL;
    KeInitializeSpinLock(&Extension->QueueLock);
    KeInitializeTimer(&Extension->PollingTimer);
    KeInitializeDpc(&Extension->PollingDpc, StartIoPollingDpc, Extension);

    Status = IoCsqInitializeEx(&Extension->CancelSafeQueue, StartIoInsertIrp, StartIoRemoveIrp, StartIoPeekNextIrp,
        StartIoAcquireLock, StartIoReleaseLock, StartIoCompleteCanceledIrp);
    if (!NT_SUCCESS(Status))
        KdPrint(("startio: IoCsqInitializeEx failed with 0x%x\n", Status));

    return Status;
}

/*
 * Every file is closed, so there are no IRPs and the timer is not set. But the DPC that completed the last read may still be
 * on its way out, with a look at the queue to come.
 */
_Use_decl_annotations_
static VOID
StartIoUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING LinkName = RTL_CONSTANT_STRING(STARTIO_LINK_NAME);
    PDEVICE_OBJECT DeviceObject = DriverObject->DeviceObject;
    PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;

    PAGED_CODE();

    KeCancelTimer(&Extension->PollingTimer);
    KeFlushQueuedDpcs();
    NT_ASSERT(Extension->CurrentIrp == NULL);
    NT_ASSERT(IsListEmpty(&Extension->PendingIrps));

    IoDeleteSymbolicLink(&LinkName);
    IoDeleteDevice(DeviceObject);
}

_Use_decl_annotations_
static NTSTATUS
StartIoCompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* ---- Files ---- */

_Use_decl_annotations_
static NTSTATUS
StartIoCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PFILE_CONTEXT FileContext;

    UNREFERENCED_PARAMETER(DeviceObject);

    PAGED_CODE();

    NT_ASSERT(Stack->FileObject != NULL);

    FileContext = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(FILE_CONTEXT), STARTIO_POOL_TAG);
    if (FileContext == NULL)
        return StartIoCompleteIrp(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);

    IoInitializeRemoveLock(&FileContext->RundownLock, STARTIO_POOL_TAG, 0, 0);
    Stack->FileObject->FsContext = FileContext;
    return StartIoCompleteIrp(Irp, STATUS_SUCCESS, 0);
}

/*
 * The file's last handle is closed: its reads are to end. Once the lock is shut, none can come any more; those that came
 * before it are in the queue, or one of them is the current read, which is left to finish in its own time.
 */
_Use_decl_annotations_
static NTSTATUS
StartIoCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
    PFILE_OBJECT FileObject = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PFILE_CONTEXT FileContext = FileObject->FsContext;
    PIRP PendingIrp;
    NTSTATUS Status;

    PAGED_CODE();

    /* A file is cleaned up once, so nobody has shut the lock before. */
    Status = IoAcquireRemoveLock(&FileContext->RundownLock, Irp);
    NT_ASSERT(NT_SUCCESS(Status));
    if (NT_SUCCESS(Status))
        IoReleaseRemoveLockAndWait(&FileContext->RundownLock, Irp);

    while ((PendingIrp = IoCsqRemoveNextIrp(&Extension->CancelSafeQueue, FileObject)) != NULL)
        StartIoCompleteIrp(PendingIrp, STATUS_CANCELLED, 0);

    return StartIoCompleteIrp(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_
static NTSTATUS
StartIoClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILE_OBJECT FileObject = IoGetCurrentIrpStackLocation(Irp)->FileObject;

    UNREFERENCED_PARAMETER(DeviceObject);

    PAGED_CODE();

    ExFreePoolWithTag(FileObject->FsContext, STARTIO_POOL_TAG);
    FileObject->FsContext = NULL;
    return StartIoCompleteIrp(Irp, STATUS_SUCCESS, 0);
}

/* ---- Reads ---- */

/*
 * The remove lock keeps FileContext until it is released, whatever becomes of the IRP; so it goes first where the IRP is
 * completed here. The IRP's address serves as tag even when the IRP is gone.
 */
_Use_decl_annotations_
static NTSTATUS
StartIoRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PFILE_CONTEXT FileContext = Stack->FileObject->FsContext;
    NTSTATUS Status;

    Status = IoAcquireRemoveLock(&FileContext->RundownLock, Irp);
    if (!NT_SUCCESS(Status))
        return StartIoCompleteIrp(Irp, Status, 0);

    if (Stack->Parameters.Read.Length < sizeof(INPUT_DATA))
    {
        IoReleaseRemoveLock(&FileContext->RundownLock, Irp);
        return StartIoCompleteIrp(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }

    StartIoPrepareRead(Irp);

    /*
     * A thread that is suspended while it runs the engine would leave everybody's reads behind. That the insertion fails
     * means that the read is the current one now, and that it is for this thread to start it.
     */
    KeEnterCriticalRegion();
    Status = IoCsqInsertIrpEx(&Extension->CancelSafeQueue, Irp, NULL, NULL);
    if (!NT_SUCCESS(Status))
    {
        IoMarkIrpPending(Irp);
        StartIoRunEngine(Extension);
    }
    KeLeaveCriticalRegion();

    IoReleaseRemoveLock(&FileContext->RundownLock, Irp);
    return STATUS_PENDING;
}

/* The pretend device settles when it likes: the time of day decides how often it will have to be asked again. */
_Use_decl_annotations_
static VOID
StartIoPrepareRead(PIRP Irp)
{
    PINPUT_DATA InputData = Irp->AssociatedIrp.SystemBuffer;
    LARGE_INTEGER Now;

    KeQuerySystemTime(&Now);
    IRP_RETRIES_LEFT(Irp) = (PVOID)(ULONG_PTR)(Now.LowPart / 13 % RETRIES_LIMIT);
    InputData->Data = 0;
}

/* STATUS_SUCCESS when the device answers, STATUS_PENDING if it has to be asked again. */
_Use_decl_annotations_
static NTSTATUS
StartIoPollDevice(PIRP Irp)
{
    PINPUT_DATA InputData = Irp->AssociatedIrp.SystemBuffer;
    ULONG_PTR RetriesLeft = (ULONG_PTR)IRP_RETRIES_LEFT(Irp);

    if (RetriesLeft == 0)
        return STATUS_SUCCESS;

    IRP_RETRIES_LEFT(Irp) = (PVOID)(RetriesLeft - 1);
    InputData->Data++;
    return STATUS_PENDING;
}

/*
 * Serves the current read and those that follow it. The caller owns the engine: it has filled the slot, or it is the DPC of
 * the timer that was set for the read in it. The engine is given up by finding the queue empty, or by setting the timer,
 * behind which another processor may run the engine, complete the read and let the driver be unloaded.
 */
_Use_decl_annotations_
static VOID
StartIoRunEngine(PDEVICE_EXTENSION Extension)
{
    PIRP Irp = Extension->CurrentIrp;
    ULONG Served = 0;

    while (Irp != NULL)
    {
        if (StartIoPollDevice(Irp) == STATUS_PENDING)
        {
            StartIoSetTimer(Extension, POLLING_INTERVAL_MS);
            return;
        }

        StartIoCompleteIrp(Irp, STATUS_SUCCESS, sizeof(INPUT_DATA));
        Irp = IoCsqRemoveNextIrp(&Extension->CancelSafeQueue, NULL);
        if (Irp != NULL && ++Served == READS_PER_RUN)
        {
            StartIoSetTimer(Extension, 0);
            return;
        }
    }
}

_Use_decl_annotations_
static VOID
StartIoSetTimer(PDEVICE_EXTENSION Extension, ULONG DelayInMs)
{
    LARGE_INTEGER DueTime;

    DueTime.QuadPart = -10000LL * DelayInMs;
    KeSetTimer(&Extension->PollingTimer, DueTime, &Extension->PollingDpc);
}

_Use_decl_annotations_
static VOID
StartIoPollingDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1, PVOID SystemArgument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);

    StartIoRunEngine(DeferredContext);
}

/* ---- The queue: called by the IoCsq library, those that touch the list with the lock held ---- */

/* Fails if Irp becomes the current read: then it is not in the queue, and the caller runs the engine. */
_Use_decl_annotations_
static NTSTATUS
StartIoInsertIrp(PIO_CSQ Csq, PIRP Irp, PVOID InsertContext)
{
    PDEVICE_EXTENSION Extension = CONTAINING_RECORD(Csq, DEVICE_EXTENSION, CancelSafeQueue);

    UNREFERENCED_PARAMETER(InsertContext);

    if (Extension->CurrentIrp == NULL)
    {
        Extension->CurrentIrp = Irp;
        return STATUS_UNSUCCESSFUL;
    }

    InsertTailList(&Extension->PendingIrps, &Irp->Tail.Overlay.ListEntry);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
static VOID
StartIoRemoveIrp(PIO_CSQ Csq, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);

    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
}

/*
 * The first read behind Irp, or of all if that is NULL; with a PeekContext only those of that file object count. Without one
 * it is the engine that asks, and what it gets is the current read from here on. Should that be cancelled at this moment, the
 * library asks again before it drops the lock.
 */
_Use_decl_annotations_
static PIRP
StartIoPeekNextIrp(PIO_CSQ Csq, PIRP Irp, PVOID PeekContext)
{
    PDEVICE_EXTENSION Extension = CONTAINING_RECORD(Csq, DEVICE_EXTENSION, CancelSafeQueue);
    PLIST_ENTRY Entry = Irp == NULL ? Extension->PendingIrps.Flink : Irp->Tail.Overlay.ListEntry.Flink;
    PIRP NextIrp = NULL;

    for (; Entry != &Extension->PendingIrps; Entry = Entry->Flink)
    {
        NextIrp = CONTAINING_RECORD(Entry, IRP, Tail.Overlay.ListEntry);
        if (PeekContext == NULL || IoGetCurrentIrpStackLocation(NextIrp)->FileObject == PeekContext)
            break;
        NextIrp = NULL;
    }

    if (PeekContext == NULL)
        Extension->CurrentIrp = NextIrp;

    return NextIrp;
}

_Use_decl_annotations_
static VOID
StartIoAcquireLock(PIO_CSQ Csq, PKIRQL Irql)
{
    KeAcquireSpinLock(&CONTAINING_RECORD(Csq, DEVICE_EXTENSION, CancelSafeQueue)->QueueLock, Irql);
}

_Use_decl_annotations_
static VOID
StartIoReleaseLock(PIO_CSQ Csq, KIRQL Irql)
{
    KeReleaseSpinLock(&CONTAINING_RECORD(Csq, DEVICE_EXTENSION, CancelSafeQueue)->QueueLock, Irql);
}

_Use_decl_annotations_
static VOID
StartIoCompleteCanceledIrp(PIO_CSQ Csq, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);

    StartIoCompleteIrp(Irp, STATUS_CANCELLED, 0);
}
