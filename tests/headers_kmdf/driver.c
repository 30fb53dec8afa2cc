/*
 * A driver that touches each part of the interface once, in the ways that drivers do. It is only compiled, as C and
 * (through driver_cpp.cpp) as C++.
 */
#include <ntddk.h>
#include <wdf.h>

typedef struct _DEVICE_CONTEXT {
    WDFQUEUE PendingQueue;
    WDFTIMER Timer;
    WDFDPC Dpc;
    WDFWORKITEM WorkItem;
    WDFINTERRUPT Interrupt;
    WDFSPINLOCK Lock;
    WDFWAITLOCK WaitLock;
    WDFDMAENABLER DmaEnabler;
    WDFCOMMONBUFFER CommonBuffer;
    WDFDMATRANSACTION Transaction;
} DEVICE_CONTEXT, *PDEVICE_CONTEXT;

typedef struct _REQUEST_CONTEXT {
    ULONG Retries;
} REQUEST_CONTEXT;

typedef struct _CLASS_CONTEXT {
    ULONG Owner;
} CLASS_CONTEXT;

typedef struct _CHILD_ID {
    WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER Header;
    ULONG SerialNumber;
} CHILD_ID;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(DEVICE_CONTEXT, DeviceGetContext)
WDF_DECLARE_CONTEXT_TYPE(REQUEST_CONTEXT)
WDF_DECLARE_CUSTOM_TYPE(SPECIAL_REQUEST)

#ifdef __cplusplus
extern "C" {
#endif

PCWDF_OBJECT_CONTEXT_TYPE_INFO ClassContextType(VOID);

DRIVER_INITIALIZE DriverEntry;
EVT_WDF_DRIVER_DEVICE_ADD EvtDeviceAdd;
EVT_WDF_DRIVER_UNLOAD EvtUnload;
EVT_WDF_OBJECT_CONTEXT_CLEANUP EvtCleanup;
EVT_WDF_DEVICE_PREPARE_HARDWARE EvtPrepareHardware;
EVT_WDF_DEVICE_RELEASE_HARDWARE EvtReleaseHardware;
EVT_WDF_DEVICE_D0_ENTRY EvtD0Entry;
EVT_WDF_DEVICE_D0_EXIT EvtD0Exit;
EVT_WDF_DEVICE_ARM_WAKE_FROM_S0 EvtArmWake;
EVT_WDF_DEVICE_FILE_CREATE EvtFileCreate;
EVT_WDF_FILE_CLOSE EvtFileClose;
EVT_WDF_IO_QUEUE_IO_READ EvtRead;
EVT_WDF_IO_QUEUE_IO_WRITE EvtWrite;
EVT_WDF_IO_QUEUE_IO_DEVICE_CONTROL EvtControl;
EVT_WDF_IO_QUEUE_IO_STOP EvtStop;
EVT_WDF_REQUEST_CANCEL EvtCancel;
EVT_WDF_REQUEST_COMPLETION_ROUTINE EvtCompletion;
EVT_WDF_TIMER EvtTimer;
EVT_WDF_DPC EvtDpc;
EVT_WDF_WORKITEM EvtWorkItem;
EVT_WDF_INTERRUPT_ISR EvtIsr;
EVT_WDF_INTERRUPT_DPC EvtInterruptDpc;
EVT_WDF_INTERRUPT_ENABLE EvtInterruptEnable;
EVT_WDF_PROGRAM_DMA EvtProgramDma;
EVT_WDF_CHILD_LIST_CREATE_DEVICE EvtCreateChild;
EVT_WDF_WMI_INSTANCE_QUERY_INSTANCE EvtWmiQuery;

#ifdef __cplusplus
}
#endif

WDF_DECLARE_SHARED_CONTEXT_TYPE_WITH_NAME(CLASS_CONTEXT, ClassContextType, ClassGetContext)

static const GUID InterfaceGuid = {0x5f1d2c3b, 0x1234, 0x4321, {1, 2, 3, 4, 5, 6, 7, 8}};

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    WDF_DRIVER_CONFIG config;
    WDF_OBJECT_ATTRIBUTES attributes;
    NTSTATUS status;

    WDF_DRIVER_CONFIG_INIT(&config, EvtDeviceAdd);
    config.EvtDriverUnload = EvtUnload;
    config.DriverPoolTag = 'tseT';
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.EvtCleanupCallback = EvtCleanup;
    status = WdfDriverCreate(DriverObject, RegistryPath, &attributes, &config, WDF_NO_HANDLE);
    if (NT_SUCCESS(status) && WdfDriverWdmGetDriverObject(WdfGetDriver()) != DriverObject) {
        WdfVerifierDbgBreakPoint();
    }
    return status;
}

VOID EvtUnload(WDFDRIVER Driver)
{
    WDF_DRIVER_VERSION_AVAILABLE_PARAMS version;

    WDF_DRIVER_VERSION_AVAILABLE_PARAMS_INIT(&version, 1, 11);
    (void)WdfDriverIsVersionAvailable(Driver, &version);
}

VOID EvtCleanup(WDFOBJECT Object)
{
    if (ClassGetContext(Object) == NULL) {
        (void)WdfObjectContextGetObject(DeviceGetContext(Object));
    }
}

static NTSTATUS CreateQueues(WDFDEVICE Device, PDEVICE_CONTEXT Context)
{
    WDF_IO_QUEUE_CONFIG config;
    WDF_IO_QUEUE_FORWARD_PROGRESS_POLICY policy;
    WDFQUEUE queue;
    NTSTATUS status;

    WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE(&config, WdfIoQueueDispatchParallel);
    config.EvtIoRead = EvtRead;
    config.EvtIoWrite = EvtWrite;
    config.EvtIoDeviceControl = EvtControl;
    config.EvtIoStop = EvtStop;
    status = WdfIoQueueCreate(Device, &config, WDF_NO_OBJECT_ATTRIBUTES, &queue);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    WDF_IO_QUEUE_FORWARD_PROGRESS_POLICY_DEFAULT_INIT(&policy, 4);
    status = WdfIoQueueAssignForwardProgressPolicy(queue, &policy);
    if (!NT_SUCCESS(status)) {
        return status;
    }

    WDF_IO_QUEUE_CONFIG_INIT(&config, WdfIoQueueDispatchManual);
    config.PowerManaged = WdfFalse;
    status = WdfIoQueueCreate(Device, &config, WDF_NO_OBJECT_ATTRIBUTES, &Context->PendingQueue);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    return WdfDeviceConfigureRequestDispatching(Device, Context->PendingQueue, WdfRequestTypeWrite);
}

static NTSTATUS CreateHelpers(WDFDEVICE Device, PDEVICE_CONTEXT Context)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    WDF_TIMER_CONFIG timer;
    WDF_DPC_CONFIG dpc;
    WDF_WORKITEM_CONFIG workItem;
    WDF_INTERRUPT_CONFIG interrupt;
    WDF_DMA_ENABLER_CONFIG dma;
    NTSTATUS status;

    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = Device;
    WDF_TIMER_CONFIG_INIT_PERIODIC(&timer, EvtTimer, 100);
    WDF_DPC_CONFIG_INIT(&dpc, EvtDpc);
    WDF_WORKITEM_CONFIG_INIT(&workItem, EvtWorkItem);
    WDF_INTERRUPT_CONFIG_INIT(&interrupt, EvtIsr, EvtInterruptDpc);
    interrupt.EvtInterruptEnable = EvtInterruptEnable;
    WDF_DMA_ENABLER_CONFIG_INIT(&dma, WdfDmaProfileScatterGather64, 65536);

    if (!NT_SUCCESS(status = WdfTimerCreate(&timer, &attributes, &Context->Timer)) ||
        !NT_SUCCESS(status = WdfDpcCreate(&dpc, &attributes, &Context->Dpc)) ||
        !NT_SUCCESS(status = WdfWorkItemCreate(&workItem, &attributes, &Context->WorkItem)) ||
        !NT_SUCCESS(status = WdfInterruptCreate(Device, &interrupt, NULL, &Context->Interrupt)) ||
        !NT_SUCCESS(status = WdfSpinLockCreate(&attributes, &Context->Lock)) ||
        !NT_SUCCESS(status = WdfWaitLockCreate(&attributes, &Context->WaitLock)) ||
        !NT_SUCCESS(status = WdfDmaEnablerCreate(Device, &dma, NULL, &Context->DmaEnabler)) ||
        !NT_SUCCESS(status = WdfCommonBufferCreate(Context->DmaEnabler, 4096, NULL, &Context->CommonBuffer))) {
        return status;
    }
    return WdfDmaTransactionCreate(Context->DmaEnabler, NULL, &Context->Transaction);
}

static VOID AssignPower(WDFDEVICE Device)
{
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS idle;
    WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS wake;
    WDF_DEVICE_PNP_CAPABILITIES pnp;
    WDF_DEVICE_POWER_CAPABILITIES power;
    WDF_DEVICE_STATE state;

    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS_INIT(&idle, IdleCanWakeFromS0);
    idle.IdleTimeout = 10000;
    (void)WdfDeviceAssignS0IdleSettings(Device, &idle);
    WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS_INIT(&wake);
    (void)WdfDeviceAssignSxWakeSettings(Device, &wake);
    WDF_DEVICE_PNP_CAPABILITIES_INIT(&pnp);
    WdfDeviceSetPnpCapabilities(Device, &pnp);
    WDF_DEVICE_POWER_CAPABILITIES_INIT(&power);
    WdfDeviceSetPowerCapabilities(Device, &power);
    WDF_DEVICE_STATE_INIT(&state);
    WdfDeviceSetDeviceState(Device, &state);
    if (WdfDevStateIsNP(WdfDeviceGetDevicePowerState(Device))) {
        WdfDeviceSetFailed(Device, WdfDeviceFailedAttemptRestart);
    }
}

NTSTATUS EvtDeviceAdd(WDFDRIVER Driver, PWDFDEVICE_INIT DeviceInit)
{
    WDF_PNPPOWER_EVENT_CALLBACKS pnpPower;
    WDF_POWER_POLICY_EVENT_CALLBACKS policy;
    WDF_FILEOBJECT_CONFIG file;
    WDF_OBJECT_ATTRIBUTES attributes;
    WDF_CHILD_LIST_CONFIG children;
    WDFDEVICE device;
    PDEVICE_CONTEXT context;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(Driver);
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&pnpPower);
    pnpPower.EvtDevicePrepareHardware = EvtPrepareHardware;
    pnpPower.EvtDeviceReleaseHardware = EvtReleaseHardware;
    pnpPower.EvtDeviceD0Entry = EvtD0Entry;
    pnpPower.EvtDeviceD0Exit = EvtD0Exit;
    WdfDeviceInitSetPnpPowerEventCallbacks(DeviceInit, &pnpPower);
    WDF_POWER_POLICY_EVENT_CALLBACKS_INIT(&policy);
    policy.EvtDeviceArmWakeFromS0 = EvtArmWake;
    WdfDeviceInitSetPowerPolicyEventCallbacks(DeviceInit, &policy);
    WDF_FILEOBJECT_CONFIG_INIT(&file, EvtFileCreate, EvtFileClose, WDF_NO_EVENT_CALLBACK);
    WdfDeviceInitSetFileObjectConfig(DeviceInit, &file, WDF_NO_OBJECT_ATTRIBUTES);
    WdfDeviceInitSetIoType(DeviceInit, WdfDeviceIoDirect);
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, REQUEST_CONTEXT);
    WdfDeviceInitSetRequestAttributes(DeviceInit, &attributes);
    WDF_CHILD_LIST_CONFIG_INIT(&children, sizeof(CHILD_ID), EvtCreateChild);
    WdfFdoInitSetDefaultChildListConfig(DeviceInit, &children, WDF_NO_OBJECT_ATTRIBUTES);

    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, DEVICE_CONTEXT);
    attributes.SynchronizationScope = WdfSynchronizationScopeDevice;
    status = WdfDeviceCreate(&DeviceInit, &attributes, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    context = DeviceGetContext(device);
    AssignPower(device);
    status = WdfDeviceCreateDeviceInterface(device, &InterfaceGuid, NULL);
    if (NT_SUCCESS(status)) {
        status = CreateQueues(device, context);
    }
    if (NT_SUCCESS(status)) {
        status = CreateHelpers(device, context);
    }
    return status;
}

NTSTATUS EvtPrepareHardware(WDFDEVICE Device, WDFCMRESLIST ResourcesRaw, WDFCMRESLIST ResourcesTranslated)
{
    ULONG i;

    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(ResourcesRaw);
    for (i = 0; i < WdfCmResourceListGetCount(ResourcesTranslated); i++) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor = WdfCmResourceListGetDescriptor(ResourcesTranslated, i);

        if (descriptor->Type == CmResourceTypeMemory && descriptor->u.Memory.Length == 0) {
            return STATUS_DEVICE_CONFIGURATION_ERROR;
        }
    }
    return STATUS_SUCCESS;
}

NTSTATUS EvtReleaseHardware(WDFDEVICE Device, WDFCMRESLIST ResourcesTranslated)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(ResourcesTranslated);
    return STATUS_SUCCESS;
}

NTSTATUS EvtD0Entry(WDFDEVICE Device, WDF_POWER_DEVICE_STATE PreviousState)
{
    if (PreviousState == WdfPowerDeviceD3Final) {
        (void)WdfTimerStart(DeviceGetContext(Device)->Timer, WDF_REL_TIMEOUT_IN_MS(100));
    }
    return STATUS_SUCCESS;
}

NTSTATUS EvtD0Exit(WDFDEVICE Device, WDF_POWER_DEVICE_STATE TargetState)
{
    UNREFERENCED_PARAMETER(TargetState);
    (void)WdfTimerStop(DeviceGetContext(Device)->Timer, TRUE);
    return STATUS_SUCCESS;
}

NTSTATUS EvtArmWake(WDFDEVICE Device)
{
    NTSTATUS status = WdfDeviceStopIdle(Device, FALSE);

    if (NT_SUCCESS(status)) {
        WdfDeviceResumeIdle(Device);
    }
    return status;
}

VOID EvtFileCreate(WDFDEVICE Device, WDFREQUEST Request, WDFFILEOBJECT FileObject)
{
    WDF_REQUEST_PARAMETERS parameters;
    PUNICODE_STRING name = WdfFileObjectGetFileName(FileObject);

    UNREFERENCED_PARAMETER(Device);
    WDF_REQUEST_PARAMETERS_INIT(&parameters);
    WdfRequestGetParameters(Request, &parameters);
    WdfRequestComplete(Request, name != NULL && name->Length > 0 ? STATUS_NO_SUCH_FILE : STATUS_SUCCESS);
}

VOID EvtFileClose(WDFFILEOBJECT FileObject)
{
    (void)WdfFileObjectGetDevice(FileObject);
}

VOID EvtRead(WDFQUEUE Queue, WDFREQUEST Request, size_t Length)
{
    PDEVICE_CONTEXT context = DeviceGetContext(WdfIoQueueGetDevice(Queue));
    PVOID buffer;
    size_t size;
    NTSTATUS status;

    status = WdfRequestRetrieveOutputBuffer(Request, Length, &buffer, &size);
    if (!NT_SUCCESS(status)) {
        WdfRequestComplete(Request, status);
        return;
    }
    WdfObjectGet_REQUEST_CONTEXT(Request)->Retries = 0;
    (void)WdfObjectAddCustomType(Request, SPECIAL_REQUEST);
    WdfSpinLockAcquire(context->Lock);
    status = WdfRequestMarkCancelableEx(Request, EvtCancel);
    WdfSpinLockRelease(context->Lock);
    if (!NT_SUCCESS(status)) {
        WdfRequestCompleteWithInformation(Request, status, 0);
    }
}

VOID EvtWrite(WDFQUEUE Queue, WDFREQUEST Request, size_t Length)
{
    PDEVICE_CONTEXT context = DeviceGetContext(WdfIoQueueGetDevice(Queue));
    NTSTATUS status;

    UNREFERENCED_PARAMETER(Length);
    status = WdfDmaTransactionInitializeUsingRequest(context->Transaction, Request, EvtProgramDma,
                                                     WdfDmaDirectionWriteToDevice);
    if (NT_SUCCESS(status)) {
        status = WdfDmaTransactionExecute(context->Transaction, context);
    }
    if (!NT_SUCCESS(status)) {
        WdfRequestComplete(Request, status);
    }
}

VOID EvtControl(WDFQUEUE Queue, WDFREQUEST Request, size_t OutputBufferLength, size_t InputBufferLength,
                ULONG IoControlCode)
{
    WDFDEVICE device = WdfIoQueueGetDevice(Queue);
    WDF_REQUEST_SEND_OPTIONS options;

    UNREFERENCED_PARAMETER(OutputBufferLength);
    UNREFERENCED_PARAMETER(InputBufferLength);
    if (IoControlCode == 0) {
        if (!NT_SUCCESS(WdfRequestForwardToIoQueue(Request, DeviceGetContext(device)->PendingQueue))) {
            WdfRequestComplete(Request, STATUS_DEVICE_BUSY);
        }
        return;
    }
    WdfRequestFormatRequestUsingCurrentType(Request);
    WdfRequestSetCompletionRoutine(Request, EvtCompletion, WDF_NO_CONTEXT);
    WDF_REQUEST_SEND_OPTIONS_INIT(&options, WDF_REQUEST_SEND_OPTION_TIMEOUT);
    WDF_REQUEST_SEND_OPTIONS_SET_TIMEOUT(&options, WDF_REL_TIMEOUT_IN_SEC(2));
    if (!WdfRequestSend(Request, WdfDeviceGetIoTarget(device), &options)) {
        WdfRequestComplete(Request, WdfRequestGetStatus(Request));
    }
}

VOID EvtStop(WDFQUEUE Queue, WDFREQUEST Request, ULONG ActionFlags)
{
    UNREFERENCED_PARAMETER(Queue);
    if ((ActionFlags & WdfRequestStopRequestCancelable) == 0 ||
        WdfRequestUnmarkCancelable(Request) != STATUS_CANCELLED) {
        WdfRequestStopAcknowledge(Request, (ActionFlags & WdfRequestStopActionSuspend) != 0);
    }
}

VOID EvtCancel(WDFREQUEST Request)
{
    WdfRequestComplete(Request, WdfObjectIsCustomType(Request, SPECIAL_REQUEST) ? STATUS_CANCELLED
                                                                                : STATUS_INTERNAL_ERROR);
}

VOID EvtCompletion(WDFREQUEST Request, WDFIOTARGET Target, PWDF_REQUEST_COMPLETION_PARAMS Params, WDFCONTEXT Context)
{
    UNREFERENCED_PARAMETER(Target);
    UNREFERENCED_PARAMETER(Context);
    WdfRequestCompleteWithInformation(Request, Params->IoStatus.Status, Params->IoStatus.Information);
}

VOID EvtTimer(WDFTIMER Timer)
{
    WDFDEVICE device = (WDFDEVICE)WdfTimerGetParentObject(Timer);
    PDEVICE_CONTEXT context = DeviceGetContext(device);
    WDFREQUEST request;

    if (NT_SUCCESS(WdfIoQueueRetrieveNextRequest(context->PendingQueue, &request))) {
        WdfObjectReference(request);
        WdfRequestComplete(request, STATUS_SUCCESS);
        WdfObjectDereferenceWithTag(request, NULL);
    }
    (void)WdfDpcEnqueue(context->Dpc);
}

VOID EvtDpc(WDFDPC Dpc)
{
    WdfWorkItemEnqueue(DeviceGetContext(WdfDpcGetParentObject(Dpc))->WorkItem);
}

VOID EvtWorkItem(WDFWORKITEM WorkItem)
{
    PDEVICE_CONTEXT context = DeviceGetContext(WdfWorkItemGetParentObject(WorkItem));
    LONGLONG timeout = WDF_REL_TIMEOUT_IN_US(50);
    WDFSTRING string;
    WDFMEMORY memory;
    WDFCOLLECTION collection;
    PVOID buffer;

    if (WdfWaitLockAcquire(context->WaitLock, &timeout) == STATUS_TIMEOUT) {
        return;
    }
    if (NT_SUCCESS(WdfCollectionCreate(NULL, &collection))) {
        if (NT_SUCCESS(WdfStringCreate(NULL, NULL, &string))) {
            (void)WdfCollectionAdd(collection, string);
        }
        if (NT_SUCCESS(WdfMemoryCreate(NULL, NonPagedPoolNx, 0, 16, &memory, &buffer))) {
            WdfObjectDelete(memory);
        }
        WdfObjectDelete(collection);
    }
    WdfWaitLockRelease(context->WaitLock);
}

BOOLEAN EvtIsr(WDFINTERRUPT Interrupt, ULONG MessageID)
{
    return MessageID == 0 && WdfInterruptQueueDpcForIsr(Interrupt);
}

VOID EvtInterruptDpc(WDFINTERRUPT Interrupt, WDFOBJECT AssociatedObject)
{
    PDEVICE_CONTEXT context = DeviceGetContext(AssociatedObject);
    NTSTATUS status;

    WdfInterruptAcquireLock(Interrupt);
    WdfInterruptReleaseLock(Interrupt);
    if (WdfDmaTransactionDmaCompleted(context->Transaction, &status)) {
        WdfRequestComplete(WdfDmaTransactionGetRequest(context->Transaction), status);
    }
}

NTSTATUS EvtInterruptEnable(WDFINTERRUPT Interrupt, WDFDEVICE AssociatedDevice)
{
    return WdfInterruptGetDevice(Interrupt) == AssociatedDevice ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

BOOLEAN EvtProgramDma(WDFDMATRANSACTION Transaction, WDFDEVICE Device, WDFCONTEXT Context,
                      WDF_DMA_DIRECTION Direction, PSCATTER_GATHER_LIST SgList)
{
    UNREFERENCED_PARAMETER(Transaction);
    UNREFERENCED_PARAMETER(Context);
    (void)WdfCommonBufferGetAlignedLogicalAddress(DeviceGetContext(Device)->CommonBuffer);
    return Direction == WdfDmaDirectionWriteToDevice && SgList->NumberOfElements > 0;
}

NTSTATUS EvtCreateChild(WDFCHILDLIST ChildList, PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER IdentificationDescription,
                        PWDFDEVICE_INIT ChildInit)
{
    CHILD_ID id;
    WDFDEVICE child;
    NTSTATUS status;
    DECLARE_CONST_UNICODE_STRING(deviceId, L"TEST\\Child");

    UNREFERENCED_PARAMETER(IdentificationDescription);
    WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER_INIT(&id.Header, sizeof(id));
    id.SerialNumber = 7;
    (void)WdfChildListAddOrUpdateChildDescriptionAsPresent(ChildList, &id.Header, NULL);
    status = WdfPdoInitAssignDeviceID(ChildInit, &deviceId);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    return WdfDeviceCreate(&ChildInit, WDF_NO_OBJECT_ATTRIBUTES, &child);
}

NTSTATUS EvtWmiQuery(WDFWMIINSTANCE WmiInstance, ULONG OutBufferSize, PVOID OutBuffer, PULONG BufferUsed)
{
    DECLARE_CONST_UNICODE_STRING(name, L"name");

    (void)WdfWmiInstanceGetDevice(WmiInstance);
    return WDF_WMI_BUFFER_APPEND_STRING(OutBuffer, OutBufferSize, &name, BufferUsed);
}

// A function's address may be taken, under its ordinary name.
VOID (*const DriverCompleters[])(WDFREQUEST, NTSTATUS) = {WdfRequestComplete};
