#include "cancel.h"

static DRIVER_UNLOAD CancelUnload;
static _Dispatch_type_(IRP_MJ_CREATE) DRIVER_DISPATCH CancelCreate;
static _Dispatch_type_(IRP_MJ_CLEANUP) DRIVER_DISPATCH CancelCleanup;
static _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH CancelClose;
static _Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH CancelRead;
static KSTART_ROUTINE CancelPollingThread;
static IO_CSQ_INSERT_IRP CancelInsertIrp;
static IO_CSQ_REMOVE_IRP CancelRemoveIrp;
static IO_CSQ_PEEK_NEXT_IRP CancelPeekNextIrp;
static IO_CSQ_ACQUIRE_LOCK CancelAcquireLock;
static IO_CSQ_RELEASE_LOCK CancelReleaseLock;
static IO_CSQ_COMPLETE_CANCELED_IRP CancelCompleteCanceledIrp;

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
CancelInitializeDevice(_Inout_ PDEVICE_EXTENSION Extension);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
CancelStartPolling(_Inout_ PDEVICE_EXTENSION Extension);

_IRQL_requires_max_(DISPATCH_LEVEL)
static VOID
CancelRequestStop(_Inout_ PDEVICE_EXTENSION Extension);

_IRQL_requires_max_(DISPATCH_LEVEL)
static NTSTATUS
CancelCompleteIrp(_In_ PIRP Irp, _In_ NTSTATUS Status, _In_ ULONG_PTR Information);

_IRQL_requires_max_(DISPATCH_LEVEL)
static VOID
CancelPrepareRead(_Inout_ PIRP Irp);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Must_inspect_result_
static NTSTATUS
CancelPollDevice(_Inout_ PIRP Irp);

_IRQL_requires_(PASSIVE_LEVEL)
static VOID
CancelServeIrp(_In_ PIRP Irp);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(INIT, CancelInitializeDevice)
#pragma alloc_text(INIT, CancelStartPolling)
#pragma alloc_text(PAGE, CancelUnload)
#pragma alloc_text(PAGE, CancelCreate)
#pragma alloc_text(PAGE, CancelCleanup)
#pragma alloc_text(PAGE, CancelClose)
#endif

/* {5D006E1A-2631-466C-B8A0-32FD498E4424}: the class under which an administrator can override the device's security. */
static const GUID GUID_DEVCLASS_CANCEL_SAMPLE = {
    0x5d006e1a, 0x2631, 0x466c, { 0xb8, 0xa0, 0x32, 0xfd, 0x49, 0x8e, 0x44, 0x24 }
};

_Use_decl_annotations_
NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING DeviceName = RTL_CONSTANT_STRING(CANCEL_DEVICE_NAME);
    UNICODE_STRING LinkName = RTL_CONSTANT_STRING(CANCEL_LINK_NAME);
    PDEVICE_OBJECT DeviceObject;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);

    ExInitializeDriverRuntime(DrvRtPoolNxOptIn);

    Status = IoCreateDeviceSecure(DriverObject, sizeof(DEVICE_EXTENSION), &DeviceName, FILE_DEVICE_UNKNOWN,
        FILE_DEVICE_SECURE_OPEN, FALSE, &SDDL_DEVOBJ_SYS_ALL_ADM_ALL, &GUID_DEVCLASS_CANCEL_SAMPLE, &DeviceObject);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("cancel: IoCreateDeviceSecure failed with 0x%x\n", Status));
        return Status;
    }
    DeviceObject->Flags |= DO_BUFFERED_IO;

    Status = IoCreateSymbolicLink(&LinkName, &DeviceName);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("cancel: IoCreateSymbolicLink failed with 0x%x\n", Status));
        goto DeleteDevice;
    }

    Status = CancelInitializeDevice(DeviceObject->DeviceExtension);
    if (!NT_SUCCESS(Status))
        goto DeleteLink;

    DriverObject->MajorFunction[IRP_MJ_CREATE] = CancelCreate;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = CancelCleanup;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = CancelClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = CancelRead;
    DriverObject->DriverUnload = CancelUnload;
    return STATUS_SUCCESS;

DeleteLink:
    IoDeleteSymbolicLink(&LinkName);
DeleteDevice:
    IoDeleteDevice(DeviceObject);
    return Status;
}

_Use_decl_annotations_
static NTSTATUS
CancelInitializeDevice(PDEVICE_EXTENSION Extension)
{
    NTSTATUS Status;

    InitializeListHead(&Extension->PendingIrps);
    KeInitializeSpinLock(&Extension->QueueLock);
    KeInitializeSemaphore(&Extension->QueuedIrps, 0, MAXLONG);

    Status = IoCsqInitialize(&Extension->CancelSafeQueue, CancelInsertIrp, CancelRemoveIrp, CancelPeekNextIrp,
        CancelAcquireLock, CancelReleaseLock, CancelCompleteCanceledIrp);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("cancel: IoCsqInitialize failed with 0x%x\n", Status));
        return Status;
    }

    return CancelStartPolling(Extension);
}

/* Either the thread runs and is referenced, or it is gone. */
_Use_decl_annotations_
static NTSTATUS
CancelStartPolling(PDEVICE_EXTENSION Extension)
{
    OBJECT_ATTRIBUTES Attributes;
    HANDLE Thread;
    NTSTATUS Status;

    InitializeObjectAttributes(&Attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    Status = PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, &Attributes, NULL, NULL, CancelPollingThread, Extension);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("cancel: PsCreateSystemThread failed with 0x%x\n", Status));
        return Status;
    }

    Status = ObReferenceObjectByHandle(Thread, THREAD_ALL_ACCESS, *PsThreadType, KernelMode,
        (PVOID *)&Extension->PollingThread, NULL);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("cancel: the polling thread cannot be referenced: 0x%x\n", Status));
        CancelRequestStop(Extension);
        ZwWaitForSingleObject(Thread, FALSE, NULL);
    }

    ZwClose(Thread);
    return Status;
}

/* The flag before the count: a thread that finds the count finds the flag. */
_Use_decl_annotations_
static VOID
CancelRequestStop(PDEVICE_EXTENSION Extension)
{
    InterlockedExchange(&Extension->StopRequested, TRUE);
    KeReleaseSemaphore(&Extension->QueuedIrps, 0, 1, FALSE);
}

/* Every file is closed, so there are no IRPs; the thread may still be on its way back from completing the last one. */
_Use_decl_annotations_
static VOID
CancelUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING LinkName = RTL_CONSTANT_STRING(CANCEL_LINK_NAME);
    PDEVICE_OBJECT DeviceObject = DriverObject->DeviceObject;
    PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;

    PAGED_CODE();

    CancelRequestStop(Extension);
    KeWaitForSingleObject(Extension->PollingThread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Extension->PollingThread);
    NT_ASSERT(IsListEmpty(&Extension->PendingIrps));

    IoDeleteSymbolicLink(&LinkName);
    IoDeleteDevice(DeviceObject);
}

_Use_decl_annotations_
static NTSTATUS
CancelCompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* ---- Files ---- */

_Use_decl_annotations_
static NTSTATUS
CancelCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PFILE_CONTEXT FileContext;

    UNREFERENCED_PARAMETER(DeviceObject);

    PAGED_CODE();

    NT_ASSERT(Stack->FileObject != NULL);

    FileContext = ExAllocatePoolQuotaZero(NonPagedPoolNx | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE, sizeof(FILE_CONTEXT),
        CANCEL_POOL_TAG);
    if (FileContext == NULL)
        return CancelCompleteIrp(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);

    IoInitializeRemoveLock(&FileContext->RundownLock, CANCEL_POOL_TAG, 0, 0);
    Stack->FileObject->FsContext = FileContext;
    return CancelCompleteIrp(Irp, STATUS_SUCCESS, 0);
}

/*
 * The file's last handle is closed: its reads are to end. Once the lock is shut, none can come any more; those that came
 * before it are in the queue, or already with the thread, which completes them in its own time.
 */
_Use_decl_annotations_
static NTSTATUS
CancelCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
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
        CancelCompleteIrp(PendingIrp, STATUS_CANCELLED, 0);

    return CancelCompleteIrp(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_
static NTSTATUS
CancelClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILE_OBJECT FileObject = IoGetCurrentIrpStackLocation(Irp)->FileObject;

    UNREFERENCED_PARAMETER(DeviceObject);

    PAGED_CODE();

    ExFreePoolWithTag(FileObject->FsContext, CANCEL_POOL_TAG);
    FileObject->FsContext = NULL;
    return CancelCompleteIrp(Irp, STATUS_SUCCESS, 0);
}

/* ---- Reads ---- */

/*
 * The remove lock keeps FileContext until it is released, whatever becomes of the IRP; so it goes first where the IRP is
 * completed here. The IRP's address serves as tag even when the IRP is gone.
 */
_Use_decl_annotations_
static NTSTATUS
CancelRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PFILE_CONTEXT FileContext = Stack->FileObject->FsContext;
    NTSTATUS Status;

    Status = IoAcquireRemoveLock(&FileContext->RundownLock, Irp);
    if (!NT_SUCCESS(Status))
        return CancelCompleteIrp(Irp, Status, 0);

    if (Stack->Parameters.Read.Length < sizeof(INPUT_DATA))
    {
        IoReleaseRemoveLock(&FileContext->RundownLock, Irp);
        return CancelCompleteIrp(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }

    CancelPrepareRead(Irp);

    /*
     * A thread that is suspended before the signal would leave behind a read that nobody hears of. A signal that is still
     * out is enough, for the thread looks at the queue after it has taken it; so the count stays small, however many reads
     * are cancelled while the thread is busy.
     */
    KeEnterCriticalRegion();
    IoCsqInsertIrp(&Extension->CancelSafeQueue, Irp, NULL);
    if (KeReadStateSemaphore(&Extension->QueuedIrps) == 0)
        KeReleaseSemaphore(&Extension->QueuedIrps, 0, 1, FALSE);
    KeLeaveCriticalRegion();

    IoReleaseRemoveLock(&FileContext->RundownLock, Irp);
    return STATUS_PENDING;
}

/* The pretend device settles when it likes: the time of day decides how often it will have to be asked again. */
_Use_decl_annotations_
static VOID
CancelPrepareRead(PIRP Irp)
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
CancelPollDevice(PIRP Irp)
{
    PINPUT_DATA InputData = Irp->AssociatedIrp.SystemBuffer;
    ULONG_PTR RetriesLeft = (ULONG_PTR)IRP_RETRIES_LEFT(Irp);

    if (RetriesLeft == 0)
        return STATUS_SUCCESS;

    IRP_RETRIES_LEFT(Irp) = (PVOID)(RetriesLeft - 1);
    InputData->Data++;
    return STATUS_PENDING;
}

/* Irp was taken out of the queue: nobody can cancel it, and it is the caller's. */
_Use_decl_annotations_
static VOID
CancelServeIrp(PIRP Irp)
{
    LARGE_INTEGER Interval;

    Interval.QuadPart = -10000LL * POLLING_INTERVAL_MS;
    while (CancelPollDevice(Irp) == STATUS_PENDING)
        KeDelayExecutionThread(KernelMode, FALSE, &Interval);

    CancelCompleteIrp(Irp, STATUS_SUCCESS, sizeof(INPUT_DATA));
}

_Use_decl_annotations_
static VOID
CancelPollingThread(PVOID StartContext)
{
    PDEVICE_EXTENSION Extension = StartContext;
    PIRP Irp;

    KeSetPriorityThread(KeGetCurrentThread(), LOW_REALTIME_PRIORITY);

    for (;;)
    {
        KeWaitForSingleObject(&Extension->QueuedIrps, Executive, KernelMode, FALSE, NULL);
        if (InterlockedCompareExchange(&Extension->StopRequested, 0, 0))
            break;

        /* None, if the signal was for a read that was cancelled since. */
        while ((Irp = IoCsqRemoveNextIrp(&Extension->CancelSafeQueue, NULL)) != NULL)
            CancelServeIrp(Irp);
    }

    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* ---- The queue: called by the IoCsq library, those that touch the list with the lock held ---- */

_Use_decl_annotations_
static VOID
CancelInsertIrp(PIO_CSQ Csq, PIRP Irp)
{
    PDEVICE_EXTENSION Extension = CONTAINING_RECORD(Csq, DEVICE_EXTENSION, CancelSafeQueue);

    InsertTailList(&Extension->PendingIrps, &Irp->Tail.Overlay.ListEntry);
}

_Use_decl_annotations_
static VOID
CancelRemoveIrp(PIO_CSQ Csq, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);

    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
}

/* The first read behind Irp, or of all if that is NULL; with a PeekContext only those of that file object count. */
_Use_decl_annotations_
static PIRP
CancelPeekNextIrp(PIO_CSQ Csq, PIRP Irp, PVOID PeekContext)
{
    PDEVICE_EXTENSION Extension = CONTAINING_RECORD(Csq, DEVICE_EXTENSION, CancelSafeQueue);
    PLIST_ENTRY Entry = Irp == NULL ? Extension->PendingIrps.Flink : Irp->Tail.Overlay.ListEntry.Flink;

    for (; Entry != &Extension->PendingIrps; Entry = Entry->Flink)
    {
        PIRP NextIrp = CONTAINING_RECORD(Entry, IRP, Tail.Overlay.ListEntry);

        if (PeekContext == NULL || IoGetCurrentIrpStackLocation(NextIrp)->FileObject == PeekContext)
            return NextIrp;
    }

    return NULL;
}

_Use_decl_annotations_
static VOID
CancelAcquireLock(PIO_CSQ Csq, PKIRQL Irql)
{
    KeAcquireSpinLock(&CONTAINING_RECORD(Csq, DEVICE_EXTENSION, CancelSafeQueue)->QueueLock, Irql);
}

_Use_decl_annotations_
static VOID
CancelReleaseLock(PIO_CSQ Csq, KIRQL Irql)
{
    KeReleaseSpinLock(&CONTAINING_RECORD(Csq, DEVICE_EXTENSION, CancelSafeQueue)->QueueLock, Irql);
}

_Use_decl_annotations_
static VOID
CancelCompleteCanceledIrp(PIO_CSQ Csq, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);

    CancelCompleteIrp(Irp, STATUS_CANCELLED, 0);
}
