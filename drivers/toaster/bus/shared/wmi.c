#include "bus.h"

/* Of the instance, as the class has its data; the level is written and read by whoever comes. */
typedef struct _BUS_WMI_CONTEXT
{
    ULONG ErrorCount;
    volatile LONG DebugPrintLevel;
} BUS_WMI_CONTEXT, *PBUS_WMI_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(BUS_WMI_CONTEXT, BusWmiGetContext)

/* Items are numbered from 1 on, in the order of the class. */
#define BUS_WMI_DEBUG_PRINT_LEVEL_ITEM 2
#define BUS_WMI_DEBUG_PRINT_LEVEL_DEFAULT 3

static EVT_WDF_WMI_INSTANCE_QUERY_INSTANCE BusEvtWmiQueryInstance;
static EVT_WDF_WMI_INSTANCE_SET_INSTANCE BusEvtWmiSetInstance;
static EVT_WDF_WMI_INSTANCE_SET_ITEM BusEvtWmiSetItem;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, BusWmiRegister)
#pragma alloc_text(PAGE, BusEvtWmiQueryInstance)
#pragma alloc_text(PAGE, BusEvtWmiSetInstance)
#pragma alloc_text(PAGE, BusEvtWmiSetItem)
#endif

_Use_decl_annotations_
NTSTATUS
BusWmiRegister(WDFDEVICE Bus)
{
    DECLARE_CONST_UNICODE_STRING(MofResourceName, BUS_WMI_MOF_RESOURCE);
    WDF_WMI_PROVIDER_CONFIG ProviderConfig;
    WDF_WMI_INSTANCE_CONFIG Config;
    WDF_OBJECT_ATTRIBUTES Attributes;
    WDFWMIINSTANCE Instance;
    NTSTATUS Status;

    PAGED_CODE();

    Status = WdfDeviceAssignMofResourceName(Bus, &MofResourceName);
    if (!NT_SUCCESS(Status))
        return Status;

    /* No callback sees less than a whole instance, but for a single item. */
    WDF_WMI_PROVIDER_CONFIG_INIT(&ProviderConfig, &TOASTER_BUS_WMI_STD_DATA_GUID);
    ProviderConfig.MinInstanceBufferSize = sizeof(TOASTER_BUS_WMI_STD_DATA);

    WDF_WMI_INSTANCE_CONFIG_INIT_PROVIDER_CONFIG(&Config, &ProviderConfig);
    Config.EvtWmiInstanceQueryInstance = BusEvtWmiQueryInstance;
    Config.EvtWmiInstanceSetInstance = BusEvtWmiSetInstance;
    Config.EvtWmiInstanceSetItem = BusEvtWmiSetItem;

    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&Attributes, BUS_WMI_CONTEXT);
    Status = WdfWmiInstanceCreate(Bus, &Config, &Attributes, &Instance);
    if (!NT_SUCCESS(Status))
        return Status;

    /* WMI may ask from here on, so its data comes first. */
    BusWmiGetContext(Instance)->DebugPrintLevel = BUS_WMI_DEBUG_PRINT_LEVEL_DEFAULT;
    return WdfWmiInstanceRegister(Instance);
}

_Use_decl_annotations_
static NTSTATUS
BusEvtWmiQueryInstance(WDFWMIINSTANCE WmiInstance, ULONG OutBufferSize, PVOID OutBuffer, PULONG BufferUsed)
{
    PBUS_WMI_CONTEXT Context = BusWmiGetContext(WmiInstance);
    PTOASTER_BUS_WMI_STD_DATA Data = OutBuffer;

    UNREFERENCED_PARAMETER(OutBufferSize);

    PAGED_CODE();

    Data->ErrorCount = Context->ErrorCount;
    Data->DebugPrintLevel = (ULONG)InterlockedCompareExchange(&Context->DebugPrintLevel, 0, 0);

    *BufferUsed = sizeof(*Data);
    return STATUS_SUCCESS;
}

/* The rest of the instance cannot be written: what is said about it is passed over. */
_Use_decl_annotations_
static NTSTATUS
BusEvtWmiSetInstance(WDFWMIINSTANCE WmiInstance, ULONG InBufferSize, PVOID InBuffer)
{
    PBUS_WMI_CONTEXT Context = BusWmiGetContext(WmiInstance);
    PTOASTER_BUS_WMI_STD_DATA Data = InBuffer;

    UNREFERENCED_PARAMETER(InBufferSize);

    PAGED_CODE();

    InterlockedExchange(&Context->DebugPrintLevel, (LONG)Data->DebugPrintLevel);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
static NTSTATUS
BusEvtWmiSetItem(WDFWMIINSTANCE WmiInstance, ULONG DataItemId, ULONG InBufferSize, PVOID InBuffer)
{
    PBUS_WMI_CONTEXT Context = BusWmiGetContext(WmiInstance);

    PAGED_CODE();

    if (DataItemId != BUS_WMI_DEBUG_PRINT_LEVEL_ITEM)
        return STATUS_WMI_READ_ONLY;

    if (InBufferSize < sizeof(ULONG))
        return STATUS_BUFFER_TOO_SMALL;

    InterlockedExchange(&Context->DebugPrintLevel, *(PLONG)InBuffer);
    return STATUS_SUCCESS;
}
