/*
 * A provider of WMI data blocks for tests: LOW of two_devices.h, by WmiLib. Two blocks: `data_guid` with two instances of eight bytes, and `event_guid`, an event
 * without data. What its routines do is in `provider`; reset by provider_begin(), which registers it and waits until it was asked what it has.
 */
#ifndef TESTS_UNIT_WMI_PROVIDER_H
#define TESTS_UNIT_WMI_PROVIDER_H

#include <irpfuzz_format.h>
#include "two_devices.h"
#include "nt/wmi/wmi.h"
#include <wmilib.h>

#define INSTANCES 2

struct data {
    ULONG level, count;
};

/* The test looks at the provider's variables without asking anybody, which ThreadSanitizer would rightly call a race. */
#pragma clang attribute push(__attribute__((no_sanitize("thread"))), apply_to = function)

static const GUID data_guid = {0x10203040, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}}, event_guid = {0x50607080, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
static const GUID no_guid = {0x90909090, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static struct {
    struct data data[INSTANCES];
    ULONG flags;                      /* of the registration, with WMIREG_FLAG_INSTANCE_BASENAME */
    bool pdo;                         /* WMIREG_FLAG_INSTANCE_PDO instead */
    bool completes_reginfo;
    bool pends;                       /* a query is answered later, by let_go() */
    ULONG used_too_many;
    ULONG events, collections;        /* enabled or disabled so many times */
    bool events_on, collection_on;
    UCHAR minors[64];                 /* of the IRPs that came, in order */
    unsigned irps;
    PVOID path;                       /* DataPath of the last REGINFO */
    SYSCTL_IRP_DISPOSITION disposition;
    PIRP pending;
    ULONG pending_used;
} provider;

static WMIGUIDREGINFO guids[] = {{&data_guid, INSTANCES, 0}, {&event_guid, 1, WMIREG_FLAG_EVENT_ONLY_GUID}};
static UNICODE_STRING registry_path;

static NTSTATUS query_reginfo(PDEVICE_OBJECT device, PULONG flags, PUNICODE_STRING name, PUNICODE_STRING *path, PUNICODE_STRING mof, PDEVICE_OBJECT *pdo)
{
    static const WCHAR base[] = L"Low";
    *path = &registry_path;
    RtlInitUnicodeString(mof, L"LowMof");
    if (provider.completes_reginfo)
        return WmiCompleteRequest(device, provider.pending, STATUS_SUCCESS, 0, IO_NO_INCREMENT);
    if (provider.pdo) {
        *flags = WMIREG_FLAG_INSTANCE_PDO | provider.flags;
        *pdo = low;
        return STATUS_SUCCESS;
    }
    *flags = WMIREG_FLAG_INSTANCE_BASENAME | provider.flags;
    name->Buffer = ExAllocatePool2(POOL_FLAG_PAGED, sizeof base, 'tseT');
    if (!name->Buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(name->Buffer, base, sizeof base);
    name->Length = sizeof base - 2;
    name->MaximumLength = sizeof base;
    return STATUS_SUCCESS;
}

static NTSTATUS query_block(PDEVICE_OBJECT device, PIRP irp, ULONG guid, ULONG instance, ULONG count, PULONG lengths, ULONG room, PUCHAR buffer)
{
    ULONG needed = count * (ULONG)sizeof(struct data);
    if (guid != 0)
        return WmiCompleteRequest(device, irp, STATUS_WMI_GUID_NOT_FOUND, 0, IO_NO_INCREMENT);
    if (room < needed)
        return WmiCompleteRequest(device, irp, STATUS_BUFFER_TOO_SMALL, needed, IO_NO_INCREMENT);
    for (ULONG i = 0; i < count; i++) {
        memcpy(buffer + i * sizeof(struct data), &provider.data[instance + i], sizeof(struct data));
        lengths[i] = sizeof(struct data);
    }
    if (provider.pends) {
        IoMarkIrpPending(irp);
        provider.pending = irp;
        provider.pending_used = needed;
        return STATUS_PENDING;
    }
    return WmiCompleteRequest(device, irp, STATUS_SUCCESS, needed + provider.used_too_many, IO_NO_INCREMENT);
}

static NTSTATUS set_block(PDEVICE_OBJECT device, PIRP irp, ULONG guid, ULONG instance, ULONG size, PUCHAR buffer)
{
    NTSTATUS status = size == sizeof(struct data) ? STATUS_SUCCESS : STATUS_WMI_SET_FAILURE;
    if (NT_SUCCESS(status))
        memcpy(&provider.data[instance], buffer, size);
    return WmiCompleteRequest(device, irp, status, 0, IO_NO_INCREMENT);
}

static NTSTATUS set_item_of(PDEVICE_OBJECT device, PIRP irp, ULONG guid, ULONG instance, ULONG item, ULONG size, PUCHAR buffer)
{
    NTSTATUS status = item != 1 ? STATUS_WMI_ITEMID_NOT_FOUND : size < sizeof(ULONG) ? STATUS_WMI_SET_FAILURE : STATUS_SUCCESS;
    if (NT_SUCCESS(status))
        memcpy(&provider.data[instance].level, buffer, sizeof(ULONG));
    return WmiCompleteRequest(device, irp, status, 0, IO_NO_INCREMENT);
}

/* Method 1: out = in + 1. */
static NTSTATUS run_method(PDEVICE_OBJECT device, PIRP irp, ULONG guid, ULONG instance, ULONG method, ULONG in, ULONG out, PUCHAR buffer)
{
    NTSTATUS status = method != 1 ? STATUS_WMI_ITEMID_NOT_FOUND : in < sizeof(ULONG) || out < sizeof(ULONG) ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
    if (NT_SUCCESS(status))
        ++*(ULONG *)buffer;
    return WmiCompleteRequest(device, irp, status, sizeof(ULONG), IO_NO_INCREMENT);
}

static NTSTATUS function_control(PDEVICE_OBJECT device, PIRP irp, ULONG guid, WMIENABLEDISABLECONTROL what, BOOLEAN enable)
{
    if (what == WmiEventControl) {
        provider.events++;
        provider.events_on = enable;
    } else {
        provider.collections++;
        provider.collection_on = enable;
    }
    return WmiCompleteRequest(device, irp, STATUS_SUCCESS, 0, IO_NO_INCREMENT);
}

static WMILIB_CONTEXT library;

static NTSTATUS provide(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    provider.minors[provider.irps++ % sizeof provider.minors] = stack->MinorFunction;
    if (stack->MinorFunction == IRP_MN_REGINFO_EX || stack->MinorFunction == IRP_MN_REGINFO) {
        provider.path = stack->Parameters.WMI.DataPath;
        if (provider.completes_reginfo)
            provider.pending = irp;
    }
    NTSTATUS status = WmiSystemControl(&library, device, irp, &provider.disposition);
    switch (provider.disposition) {
    case IrpProcessed: return status;
    case IrpNotCompleted: IoCompleteRequest(irp, IO_NO_INCREMENT); return status;
    default: return device == up ? pass(device, irp) : complete(irp, irp->IoStatus.Status, 0);
    }
}

/* Registered and not yet asked. */
static void provider_register(PDEVICE_OBJECT device)
{
    memset(&provider, 0, sizeof provider);
    provider.data[0] = (struct data){10, 11};
    provider.data[1] = (struct data){20, 21};
    library = (WMILIB_CONTEXT){2, guids, query_reginfo, query_block, set_block, set_item_of, run_method, function_control};
    RtlInitUnicodeString(&registry_path, L"\\REGISTRY\\MACHINE\\SYSTEM\\Low");
    (device == up ? upper : lower)[IRP_MJ_SYSTEM_CONTROL] = provide;
    assert_int_equal(IoWMIRegistrationControl(device, WMIREG_ACTION_REGISTER), STATUS_SUCCESS);
}

static void provider_begin(void)
{
    provider_register(low);
    Sleep(1);
}

static void provider_end(void) { assert_int_equal(IoWMIRegistrationControl(low, WMIREG_ACTION_DEREGISTER), STATUS_SUCCESS); }

#pragma clang section text = "" data = "" bss = ""

/* As an app asks, of LOW's stack. */
static NTSTATUS ask(unsigned operation, const GUID *guid, ULONG instance, ULONG id, const void *in, ULONG in_size, void *out, ULONG *out_size)
{
    struct wmi_call call = {.pdo = low, .guid = guid, .operation = operation, .instance = instance, .id = id, .in = in, .in_size = in_size, .out = out,
                            .out_size = out_size ? *out_size : 0};
    gate_enter(DDI_IoWMIOpenBlock, 0, 0);
    NTSTATUS status = wmi_call(&call);
    gate_leave(0);
    if (out_size)
        *out_size = call.returned;
    return status;
}

static NTSTATUS ask_query(ULONG instance, struct data *out, ULONG *size) { return ask(WMI_CALL_QUERY, &data_guid, instance, 0, NULL, 0, out, size); }

#endif
