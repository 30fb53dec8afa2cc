/* A driver whose DriverEntry fails unless its shared type was bound before it, once, and is one type in both sources. */
#include "shared_types.h"

static ULONG Asked;
static const WDF_OBJECT_CONTEXT_TYPE_INFO Unique = {sizeof(Unique), (PCHAR)"SHARED", sizeof(SHARED), &Unique, NULL};

PCWDF_OBJECT_CONTEXT_TYPE_INFO GetSharedType(VOID)
{
    Asked++;
    return &Unique;
}

DRIVER_INITIALIZE DriverEntry;
static EVT_WDF_DRIVER_DEVICE_ADD DeviceAdd;
static NTSTATUS DeviceAdd(WDFDRIVER Driver, PWDFDEVICE_INIT Init) { return STATUS_NOT_SUPPORTED; }

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    WDF_DRIVER_CONFIG config;
    WDF_OBJECT_ATTRIBUTES attributes;
    WDFOBJECT object;
    NTSTATUS status;

    if (Asked == 0 || WDF_GET_CONTEXT_TYPE_INFO(SHARED) != &Unique) {
        return STATUS_UNSUCCESSFUL;
    }
    WDF_DRIVER_CONFIG_INIT(&config, DeviceAdd);
    status = WdfDriverCreate(DriverObject, RegistryPath, WDF_NO_OBJECT_ATTRIBUTES, &config, WDF_NO_HANDLE);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, SHARED);
    status = WdfObjectCreate(&attributes, &object);
    if (NT_SUCCESS(status)) {
        SharedGetContext(object)->Value = 7;
        if (!OtherSees(object)) {
            status = STATUS_UNSUCCESSFUL;
        }
    }
    return status;
}
