#include <initguid.h>

#include "toaster.h"
#include "../inc/wmi.h"

#include <ntstrsafe.h>
#include <wmistr.h>

#define TOASTER_CAPACITY 2000
#define TOASTER_CONTROLS 5
#define TOASTER_CONTROL_VALUE 25

/* Values that WMI may set while it asks for them: each is changed and read in one piece. */
typedef struct _INFORMATION_CONTEXT
{
    volatile LONG DebugPrintLevel;
} INFORMATION_CONTEXT, *PINFORMATION_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(INFORMATION_CONTEXT, ToasterGetInformation)

typedef struct _CONTROL_CONTEXT
{
    volatile LONG ControlValue;
} CONTROL_CONTEXT, *PCONTROL_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(CONTROL_CONTEXT, ToasterGetControl)

static EVT_WDF_WMI_INSTANCE_QUERY_INSTANCE ToasterEvtInformationQuery;
static EVT_WDF_WMI_INSTANCE_SET_INSTANCE ToasterEvtInformationSet;
static EVT_WDF_WMI_INSTANCE_SET_ITEM ToasterEvtInformationSetItem;
static EVT_WDF_WMI_INSTANCE_QUERY_INSTANCE ToasterEvtControlQuery;
static EVT_WDF_WMI_INSTANCE_SET_INSTANCE ToasterEvtControlSet;
static EVT_WDF_WMI_INSTANCE_SET_ITEM ToasterEvtControlSetItem;
static EVT_WDF_WMI_INSTANCE_EXECUTE_METHOD ToasterEvtControlExecute;

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
ToasterInformationCreate(_In_ WDFDEVICE Device);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
ToasterArrivalCreate(_In_ WDFDEVICE Device);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
ToasterControlCreate(_In_ WDFDEVICE Device);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
ToasterQueryName(_In_ WDFDEVICE Device, _Out_ WDFMEMORY *Memory, _Out_ PUNICODE_STRING Name);

_IRQL_requires_(PASSIVE_LEVEL)
_Must_inspect_result_
static NTSTATUS
ToasterWriteArrival(_In_ WDFDEVICE Device, _In_ PCUNICODE_STRING Name);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, ToasterWmiInitialize)
#pragma alloc_text(PAGE, ToasterInformationCreate)
#pragma alloc_text(PAGE, ToasterArrivalCreate)
#pragma alloc_text(PAGE, ToasterControlCreate)
#pragma alloc_text(PAGE, ToasterEvtInformationQuery)
#pragma alloc_text(PAGE, ToasterEvtInformationSet)
#pragma alloc_text(PAGE, ToasterEvtInformationSetItem)
#pragma alloc_text(PAGE, ToasterEvtControlQuery)
#pragma alloc_text(PAGE, ToasterEvtControlSet)
#pragma alloc_text(PAGE, ToasterEvtControlSetItem)
#pragma alloc_text(PAGE, ToasterEvtControlExecute)
#pragma alloc_text(PAGE, ToasterFireArrival)
#pragma alloc_text(PAGE, ToasterQueryName)
#pragma alloc_text(PAGE, ToasterWriteArrival)
#endif

/* The terminator is part of the string, as far as WMI is concerned. */
static const WCHAR ToasterModel[] = L"Model 900";
static const UNICODE_STRING ToasterModelName = {sizeof(ToasterModel), sizeof(ToasterModel), (PWSTR)ToasterModel};

/* The latest that anybody has set for any toaster: what the next one begins with. */
static volatile LONG ToasterDebugPrintLevel = 3;

/* ---- Registration ---- */

_Use_decl_annotations_
NTSTATUS
ToasterWmiInitialize(WDFDEVICE Device)
{
    DECLARE_CONST_UNICODE_STRING(MofResourceName, L"ToasterWMI");
    NTSTATUS Status;

    PAGED_CODE();

    Status = WdfDeviceAssignMofResourceName(Device, &MofResourceName);
    if (!NT_SUCCESS(Status))
        return Status;

    Status = ToasterInformationCreate(Device);
    if (!NT_SUCCESS(Status))
        return Status;

    Status = ToasterArrivalCreate(Device);
    if (!NT_SUCCESS(Status))
        return Status;

    return ToasterControlCreate(Device);
}

_Use_decl_annotations_
static NTSTATUS
ToasterInformationCreate(WDFDEVICE Device)
{
    WDF_WMI_PROVIDER_CONFIG Provider;
    WDF_WMI_INSTANCE_CONFIG Config;
    WDF_OBJECT_ATTRIBUTES Attributes;
    WDFWMIINSTANCE Instance;
    NTSTATUS Status;

    PAGED_CODE();

    /* Its name makes an instance longer than its fixed part, so lengths are looked at here. */
    WDF_WMI_PROVIDER_CONFIG_INIT(&Provider, &TOASTER_WMI_STD_DATA_GUID);
    Provider.MinInstanceBufferSize = 0;

    WDF_WMI_INSTANCE_CONFIG_INIT_PROVIDER_CONFIG(&Config, &Provider);
    Config.Register = TRUE;
    Config.EvtWmiInstanceQueryInstance = ToasterEvtInformationQuery;
    Config.EvtWmiInstanceSetInstance = ToasterEvtInformationSet;
    Config.EvtWmiInstanceSetItem = ToasterEvtInformationSetItem;

    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&Attributes, INFORMATION_CONTEXT);
    Status = WdfWmiInstanceCreate(Device, &Config, &Attributes, &Instance);
    if (NT_SUCCESS(Status))
        ToasterGetInformation(Instance)->DebugPrintLevel = InterlockedOr(&ToasterDebugPrintLevel, 0);

    return Status;
}

/* What fires the event builds it by itself, for it gives the instance another name than the framework would. */
_Use_decl_annotations_
static NTSTATUS
ToasterArrivalCreate(WDFDEVICE Device)
{
    WDF_WMI_PROVIDER_CONFIG Provider;
    WDF_WMI_INSTANCE_CONFIG Config;

    PAGED_CODE();

    WDF_WMI_PROVIDER_CONFIG_INIT(&Provider, &TOASTER_NOTIFY_DEVICE_ARRIVAL_EVENT);
    Provider.Flags = WdfWmiProviderEventOnly;

    WDF_WMI_INSTANCE_CONFIG_INIT_PROVIDER_CONFIG(&Config, &Provider);
    Config.Register = TRUE;

    return WdfWmiInstanceCreate(Device, &Config, WDF_NO_OBJECT_ATTRIBUTES, NULL);
}

_Use_decl_annotations_
static NTSTATUS
ToasterControlCreate(WDFDEVICE Device)
{
    WDF_WMI_PROVIDER_CONFIG Provider;
    WDF_WMI_INSTANCE_CONFIG Config;
    WDF_OBJECT_ATTRIBUTES Attributes;
    WDFWMIINSTANCE Instance;
    NTSTATUS Status;

    PAGED_CODE();

    /* The framework looks at lengths of instances, not at those of items and methods. */
    WDF_WMI_PROVIDER_CONFIG_INIT(&Provider, &TOASTER_CONTROL_GUID);
    Provider.MinInstanceBufferSize = sizeof(TOASTER_CONTROL);

    WDF_WMI_INSTANCE_CONFIG_INIT_PROVIDER_CONFIG(&Config, &Provider);
    Config.Register = TRUE;
    Config.EvtWmiInstanceQueryInstance = ToasterEvtControlQuery;
    Config.EvtWmiInstanceSetInstance = ToasterEvtControlSet;
    Config.EvtWmiInstanceSetItem = ToasterEvtControlSetItem;
    Config.EvtWmiInstanceExecuteMethod = ToasterEvtControlExecute;

    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&Attributes, CONTROL_CONTEXT);
    Status = WdfWmiInstanceCreate(Device, &Config, &Attributes, &Instance);
    if (NT_SUCCESS(Status))
        ToasterGetControl(Instance)->ControlValue = TOASTER_CONTROL_VALUE;

    return Status;
}

/* ---- ToasterDeviceInformation ---- */

_Use_decl_annotations_
static NTSTATUS
ToasterEvtInformationQuery(WDFWMIINSTANCE WmiInstance, ULONG OutBufferSize, PVOID OutBuffer, PULONG BufferUsed)
{
    PTOASTER_DEVICE_INFORMATION Information = OutBuffer;
    ULONG NameSize;

    PAGED_CODE();

    *BufferUsed = sizeof(*Information) + sizeof(USHORT) + ToasterModelName.Length;
    if (OutBufferSize < *BufferUsed)
        return STATUS_BUFFER_TOO_SMALL;

    Information->ConnectorType = ToasterConnectorUsb;
    Information->Capacity = TOASTER_CAPACITY;
    Information->ErrorCount = 0;
    Information->Controls = TOASTER_CONTROLS;
    Information->DebugPrintLevel = (ULONG)InterlockedOr(&ToasterGetInformation(WmiInstance)->DebugPrintLevel, 0);

    return WDF_WMI_BUFFER_APPEND_STRING(
        WDF_WMI_BUFFER_ADVANCE(OutBuffer, sizeof(*Information)), OutBufferSize - sizeof(*Information), &ToasterModelName, &NameSize);
}

_Use_decl_annotations_
static NTSTATUS
ToasterEvtInformationSet(WDFWMIINSTANCE WmiInstance, ULONG InBufferSize, PVOID InBuffer)
{
    PTOASTER_DEVICE_INFORMATION Information = InBuffer;

    PAGED_CODE();

    if (InBufferSize < sizeof(*Information))
        return STATUS_BUFFER_TOO_SMALL;

    /* The rest of it cannot be changed, and is not. */
    InterlockedExchange(&ToasterGetInformation(WmiInstance)->DebugPrintLevel, (LONG)Information->DebugPrintLevel);
    InterlockedExchange(&ToasterDebugPrintLevel, (LONG)Information->DebugPrintLevel);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
static NTSTATUS
ToasterEvtInformationSetItem(WDFWMIINSTANCE WmiInstance, ULONG DataItemId, ULONG InBufferSize, PVOID InBuffer)
{
    ULONG Level;

    PAGED_CODE();

    if (DataItemId != TOASTER_DEBUG_PRINT_LEVEL_ITEM)
        return STATUS_WMI_READ_ONLY;

    if (InBufferSize < sizeof(Level))
        return STATUS_BUFFER_TOO_SMALL;

    RtlCopyMemory(&Level, InBuffer, sizeof(Level));
    InterlockedExchange(&ToasterGetInformation(WmiInstance)->DebugPrintLevel, (LONG)Level);
    InterlockedExchange(&ToasterDebugPrintLevel, (LONG)Level);
    return STATUS_SUCCESS;
}

/* ---- ToasterControl ---- */

_Use_decl_annotations_
static NTSTATUS
ToasterEvtControlQuery(WDFWMIINSTANCE WmiInstance, ULONG OutBufferSize, PVOID OutBuffer, PULONG BufferUsed)
{
    UNREFERENCED_PARAMETER(OutBufferSize);

    PAGED_CODE();

    ((PTOASTER_CONTROL)OutBuffer)->ControlValue = (ULONG)InterlockedOr(&ToasterGetControl(WmiInstance)->ControlValue, 0);
    *BufferUsed = sizeof(TOASTER_CONTROL);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
static NTSTATUS
ToasterEvtControlSet(WDFWMIINSTANCE WmiInstance, ULONG InBufferSize, PVOID InBuffer)
{
    UNREFERENCED_PARAMETER(InBufferSize);

    PAGED_CODE();

    InterlockedExchange(&ToasterGetControl(WmiInstance)->ControlValue, (LONG)((PTOASTER_CONTROL)InBuffer)->ControlValue);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
static NTSTATUS
ToasterEvtControlSetItem(WDFWMIINSTANCE WmiInstance, ULONG DataItemId, ULONG InBufferSize, PVOID InBuffer)
{
    ULONG Value;

    PAGED_CODE();

    if (DataItemId != TOASTER_CONTROL_VALUE_ITEM)
        return STATUS_WMI_READ_ONLY;

    if (InBufferSize < sizeof(Value))
        return STATUS_BUFFER_TOO_SMALL;

    RtlCopyMemory(&Value, InBuffer, sizeof(Value));
    InterlockedExchange(&ToasterGetControl(WmiInstance)->ControlValue, (LONG)Value);
    return STATUS_SUCCESS;
}

/* Input and output share the buffer: all of the input is read before any output is written. */
_Use_decl_annotations_
static NTSTATUS
ToasterEvtControlExecute(
    WDFWMIINSTANCE WmiInstance,
    ULONG MethodId,
    ULONG InBufferSize,
    ULONG OutBufferSize,
    PVOID Buffer,
    PULONG BufferUsed)
{
    ULONG In[2] = {0, 0};
    ULONG Out[2] = {0, 0};
    ULONG InSize = MethodId == TOASTER_CONTROL_METHOD_INCREMENT ? sizeof(ULONG) : sizeof(In);
    ULONG OutSize = MethodId == TOASTER_CONTROL_METHOD_INCREMENT_BOTH ? sizeof(Out) : sizeof(ULONG);

    UNREFERENCED_PARAMETER(WmiInstance);

    PAGED_CODE();

    *BufferUsed = 0;

    if (MethodId < TOASTER_CONTROL_METHOD_INCREMENT || MethodId > TOASTER_CONTROL_METHOD_INCREMENT_BOTH)
        return STATUS_WMI_ITEMID_NOT_FOUND;

    if (InBufferSize < InSize)
        return STATUS_INVALID_PARAMETER_MIX;

    *BufferUsed = OutSize;
    if (OutBufferSize < OutSize)
        return STATUS_BUFFER_TOO_SMALL;

    RtlCopyMemory(In, Buffer, InSize);
    Out[0] = MethodId == TOASTER_CONTROL_METHOD_ADD ? In[0] + In[1] : In[0] + 1;
    Out[1] = In[1] + 1;
    RtlCopyMemory(Buffer, Out, OutSize);
    return STATUS_SUCCESS;
}

/* ---- The arrival event ---- */

_Use_decl_annotations_
VOID
ToasterFireArrival(WDFDEVICE Device)
{
    UNICODE_STRING Name;
    WDFMEMORY Memory;
    NTSTATUS Status;

    PAGED_CODE();

    Status = ToasterQueryName(Device, &Memory, &Name);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("toaster: the device has no name, 0x%x\n", Status));
        return;
    }

    Status = ToasterWriteArrival(Device, &Name);
    if (!NT_SUCCESS(Status))
        KdPrint(("toaster: the arrival of %wZ is not told, 0x%x\n", &Name, Status));

    WdfObjectDelete(Memory);
}

/* The name that the user knows the device by, if it has one. The caller deletes the memory it stands in. */
_Use_decl_annotations_
static NTSTATUS
ToasterQueryName(WDFDEVICE Device, WDFMEMORY *Memory, PUNICODE_STRING Name)
{
    WDF_OBJECT_ATTRIBUTES Attributes;
    NTSTATUS Status;

    PAGED_CODE();

    WDF_OBJECT_ATTRIBUTES_INIT(&Attributes);
    Attributes.ParentObject = Device;

    Status = WdfDeviceAllocAndQueryProperty(Device, DevicePropertyFriendlyName, NonPagedPoolNx, &Attributes, Memory);
    if (!NT_SUCCESS(Status) && Status != STATUS_INSUFFICIENT_RESOURCES)
        Status = WdfDeviceAllocAndQueryProperty(Device, DevicePropertyDeviceDescription, NonPagedPoolNx, &Attributes, Memory);
    if (!NT_SUCCESS(Status))
        return Status;

    RtlInitUnicodeString(Name, WdfMemoryGetBuffer(*Memory, NULL));
    return STATUS_SUCCESS;
}

/* A name that the instance has from us, so it stands in the event as a string, in front of the data. */
_Use_decl_annotations_
static NTSTATUS
ToasterWriteArrival(WDFDEVICE Device, PCUNICODE_STRING Name)
{
    ULONG NameOffset = FIELD_OFFSET(WNODE_SINGLE_INSTANCE, VariableData);
    ULONG DataOffset = NameOffset + sizeof(USHORT) + Name->Length;
    ULONG DataSize = sizeof(USHORT) + ToasterModelName.Length;
    PWNODE_SINGLE_INSTANCE Node;
    ULONG Used;
    NTSTATUS Status;

    PAGED_CODE();

    Node = ExAllocatePool2(POOL_FLAG_NON_PAGED, DataOffset + DataSize, TOASTER_POOL_TAG);
    if (Node == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;

    Node->WnodeHeader.BufferSize = DataOffset + DataSize;
    Node->WnodeHeader.ProviderId = IoWMIDeviceObjectToProviderId(WdfDeviceWdmGetDeviceObject(Device));
    Node->WnodeHeader.Version = 1;
    KeQuerySystemTime(&Node->WnodeHeader.TimeStamp);
    Node->WnodeHeader.Guid = TOASTER_NOTIFY_DEVICE_ARRIVAL_EVENT;
    Node->WnodeHeader.Flags = WNODE_FLAG_EVENT_ITEM | WNODE_FLAG_SINGLE_INSTANCE;
    Node->OffsetInstanceName = NameOffset;
    Node->DataBlockOffset = DataOffset;
    Node->SizeDataBlock = DataSize;
    (VOID)WDF_WMI_BUFFER_APPEND_STRING(WDF_WMI_BUFFER_ADVANCE(Node, NameOffset), sizeof(USHORT) + Name->Length, Name, &Used);
    (VOID)WDF_WMI_BUFFER_APPEND_STRING(WDF_WMI_BUFFER_ADVANCE(Node, DataOffset), DataSize, &ToasterModelName, &Used);

    /* What is told belongs to WMI, what is not is still ours. */
    Status = IoWMIWriteEvent(Node);
    if (!NT_SUCCESS(Status))
        ExFreePoolWithTag(Node, TOASTER_POOL_TAG);

    return Status;
}
