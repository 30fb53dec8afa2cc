#include "driver.h"

static EVT_WDF_DRIVER_DEVICE_ADD EchoEvtDeviceAdd;

#if DBG
_IRQL_requires_(PASSIVE_LEVEL)
static VOID
EchoPrintDriverVersion(VOID);
#endif

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#if DBG
#pragma alloc_text(INIT, EchoPrintDriverVersion)
#endif
#pragma alloc_text(PAGE, EchoEvtDeviceAdd)
#endif

_Use_decl_annotations_
NTSTATUS
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    WDF_DRIVER_CONFIG Config;
    NTSTATUS Status;

    WDF_DRIVER_CONFIG_INIT(&Config, EchoEvtDeviceAdd);

    Status = WdfDriverCreate(DriverObject, RegistryPath, WDF_NO_OBJECT_ATTRIBUTES, &Config, WDF_NO_HANDLE);
    if (!NT_SUCCESS(Status))
    {
        KdPrint(("echo_2: WdfDriverCreate failed with 0x%x\n", Status));
        return Status;
    }

#if DBG
    EchoPrintDriverVersion();
#endif

    return Status;
}

_Use_decl_annotations_
static NTSTATUS
EchoEvtDeviceAdd(WDFDRIVER Driver, PWDFDEVICE_INIT DeviceInit)
{
    UNREFERENCED_PARAMETER(Driver);

    PAGED_CODE();

    return EchoDeviceCreate(DeviceInit);
}

#if DBG
/* A failure here costs a line of debug output and nothing else. */
_Use_decl_annotations_
static VOID
EchoPrintDriverVersion(VOID)
{
    WDF_DRIVER_VERSION_AVAILABLE_PARAMS Version;
    UNICODE_STRING Text;
    WDFSTRING String;

    if (!NT_SUCCESS(WdfStringCreate(NULL, WDF_NO_OBJECT_ATTRIBUTES, &String)))
        return;

    if (NT_SUCCESS(WdfDriverRetrieveVersionString(WdfGetDriver(), String)))
    {
        WdfStringGetUnicodeString(String, &Text);
        KdPrint(("echo_2: %wZ\n", &Text));
    }
    WdfObjectDelete(String);

    WDF_DRIVER_VERSION_AVAILABLE_PARAMS_INIT(&Version, 1, 0);
    if (WdfDriverIsVersionAvailable(WdfGetDriver(), &Version))
        KdPrint(("echo_2: the framework serves version 1.0 too\n"));
}
#endif
