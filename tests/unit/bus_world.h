/*
 * A bus driver of the framework in the world of kmdf_world.h, with function drivers and filters above its children: each callback writes "who:Word"
 * into the log. "b" is the bus, "c1" the PDO of its child 1, "f1" the function device above it, "u1" a filter above that, "w1" a WDM function device.
 *
 *     bus_start(); plug(1); log_is("create(1) c1:Prepare ..."); unplug(1); ...
 */
#ifndef TESTS_UNIT_BUS_WORLD_H
#define TESTS_UNIT_BUS_WORLD_H

#include <irpfuzz_format.h>

#include "kmdf_world.h"
#include "nt/io/io.h"

typedef struct {
    WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER header;
    ULONG serial;
} CHILD_ID;

typedef struct {
    WDF_CHILD_ADDRESS_DESCRIPTION_HEADER header;
    ULONG slot;
} CHILD_ADDRESS;

/* What the drivers do; zero at the start of a test. */
static struct {
    const WCHAR *hardware_id;         /* of new children; NULL: TEST\child, which gets the function driver */
    void (*bus)(WDFDEVICE bus);       /* at the end of the bus's EvtDriverDeviceAdd */
    void (*child_init)(PWDFDEVICE_INIT init);
    void (*child)(WDFDEVICE child);   /* at the end of the child's creation */
    void (*function)(WDFDEVICE fdo);
    void (*scan)(WDFCHILDLIST list);
    void (*list)(WDF_CHILD_LIST_CONFIG *config);
    NTSTATUS create, create_after, eject, d0_entry, enable_wake;
    bool no_device;                   /* EvtChildListCreateDevice makes none */
    bool quiet;                       /* nothing is logged */
    bool no_default_list;
} bus_plan;

static WDFDEVICE child_of[80];        /* by serial number: the PDO, while it lives */
static WDFDEVICE function_of[80];

static struct devnode *node_of(ULONG serial) { return ((struct fx_device *)child_of[serial])->node; }

typedef struct {
    char name[8];
} WHO;
WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(WHO, who)

static void say_of(WDFDEVICE d, const char *word)
{
    char text[64];
    irpfuzz_snprintf(text, sizeof text, "%s:%s", who(d)->name, word);
    if (!bus_plan.quiet)
        say(text);
}

static void say_state_of(WDFDEVICE d, const char *word, WDF_POWER_DEVICE_STATE state)
{
    static const char *const names[] = {"?", "D0", "D1", "D2", "D3", "Final", "Hibernate"};
    char text[48];
    irpfuzz_snprintf(text, sizeof text, "%s(%s)", word, names[state]);
    say_of(d, text);
}

static NTSTATUS bw_prepare(WDFDEVICE d, WDFCMRESLIST r, WDFCMRESLIST t) { say_of(d, "Prepare"); return STATUS_SUCCESS; }
static NTSTATUS bw_release(WDFDEVICE d, WDFCMRESLIST t) { say_of(d, "Release"); return STATUS_SUCCESS; }
static NTSTATUS bw_d0_entry(WDFDEVICE d, WDF_POWER_DEVICE_STATE s)
{
    say_state_of(d, "D0Entry", s);
    return who(d)->name[0] == 'c' ? bus_plan.d0_entry : STATUS_SUCCESS;
}
static NTSTATUS bw_d0_exit(WDFDEVICE d, WDF_POWER_DEVICE_STATE s) { say_state_of(d, "D0Exit", s); return STATUS_SUCCESS; }
static NTSTATUS bw_init(WDFDEVICE d) { say_of(d, "Init"); return STATUS_SUCCESS; }
static NTSTATUS bw_suspend(WDFDEVICE d) { say_of(d, "Suspend"); return STATUS_SUCCESS; }
static NTSTATUS bw_restart(WDFDEVICE d) { say_of(d, "Restart"); return STATUS_SUCCESS; }
static VOID bw_flush(WDFDEVICE d) { say_of(d, "Flush"); }
static VOID bw_smio_cleanup(WDFDEVICE d) { say_of(d, "Cleanup"); }
static VOID bw_surprise(WDFDEVICE d) { say_of(d, "Surprise"); }
static NTSTATUS bw_query_remove(WDFDEVICE d) { say_of(d, "QueryRemove"); return STATUS_SUCCESS; }
static NTSTATUS bw_arm(WDFDEVICE d) { say_of(d, "Arm"); return STATUS_SUCCESS; }
static VOID bw_disarm(WDFDEVICE d) { say_of(d, "Disarm"); }
static VOID bw_triggered(WDFDEVICE d) { say_of(d, "Woken"); }
static VOID bw_cleanup(WDFOBJECT d)
{
    int serial = who(d)->name[1] ? who(d)->name[1] - '0' : 0;
    say_of(d, "~");
    if (who(d)->name[0] == 'c' && !who(d)->name[2])
        child_of[serial] = NULL;
}
static VOID bw_destroy(WDFOBJECT d) { say_of(d, "!"); }

static void bw_callbacks(PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS c;
    WDF_POWER_POLICY_EVENT_CALLBACKS p;
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&c);
    c.EvtDevicePrepareHardware = bw_prepare, c.EvtDeviceReleaseHardware = bw_release;
    c.EvtDeviceD0Entry = bw_d0_entry, c.EvtDeviceD0Exit = bw_d0_exit;
    c.EvtDeviceSelfManagedIoInit = bw_init, c.EvtDeviceSelfManagedIoSuspend = bw_suspend, c.EvtDeviceSelfManagedIoRestart = bw_restart;
    c.EvtDeviceSelfManagedIoFlush = bw_flush, c.EvtDeviceSelfManagedIoCleanup = bw_smio_cleanup;
    c.EvtDeviceSurpriseRemoval = bw_surprise, c.EvtDeviceQueryRemove = bw_query_remove;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &c);
    WDF_POWER_POLICY_EVENT_CALLBACKS_INIT(&p);
    p.EvtDeviceArmWakeFromS0 = p.EvtDeviceArmWakeFromSx = bw_arm;
    p.EvtDeviceDisarmWakeFromS0 = p.EvtDeviceDisarmWakeFromSx = bw_disarm;
    p.EvtDeviceWakeFromS0Triggered = p.EvtDeviceWakeFromSxTriggered = bw_triggered;
    WdfDeviceInitSetPowerPolicyEventCallbacks(init, &p);
}

static void bw_attributes(WDF_OBJECT_ATTRIBUTES *a)
{
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(a, WHO);
    a->EvtCleanupCallback = bw_cleanup;
    a->EvtDestroyCallback = bw_destroy;
}

static void bw_name(WDFDEVICE d, char letter, ULONG serial)
{
    if (serial)
        irpfuzz_snprintf(who(d)->name, sizeof who(d)->name, "%c%u", letter, serial);
    else
        irpfuzz_snprintf(who(d)->name, sizeof who(d)->name, "%c", letter);
}

/* ---- The PDOs ---- */

static NTSTATUS bw_eject(WDFDEVICE d) { say_of(d, "Eject"); return bus_plan.eject; }
static NTSTATUS bw_set_lock(WDFDEVICE d, BOOLEAN on) { say_of(d, on ? "Lock" : "Unlock"); return STATUS_SUCCESS; }
static NTSTATUS bw_enable_wake(WDFDEVICE d, SYSTEM_POWER_STATE s) { say_of(d, "EnableWake"); return bus_plan.enable_wake; }
static VOID bw_disable_wake(WDFDEVICE d) { say_of(d, "DisableWake"); }
static VOID bw_missing(WDFDEVICE d) { say_of(d, "Missing"); }

static NTSTATUS make_child(PWDFDEVICE_INIT init, ULONG serial)
{
    WDF_PDO_EVENT_CALLBACKS c;
    WDF_OBJECT_ATTRIBUTES a;
    WDFDEVICE d;
    WCHAR instance[4] = {(WCHAR)('0' + serial / 10), (WCHAR)('0' + serial % 10), 0};
    const WCHAR *id = bus_plan.hardware_id ? bus_plan.hardware_id : L"TEST\\child";
    UNICODE_STRING text = text_of(id), number = text_of(instance), name = text_of(L"Child"), place = text_of(L"Slot");
    bw_callbacks(init);
    WDF_PDO_EVENT_CALLBACKS_INIT(&c);
    c.EvtDeviceEject = bw_eject, c.EvtDeviceSetLock = bw_set_lock, c.EvtDeviceReportedMissing = bw_missing;
    c.EvtDeviceEnableWakeAtBus = bw_enable_wake, c.EvtDeviceDisableWakeAtBus = bw_disable_wake;
    WdfPdoInitSetEventCallbacks(init, &c);
    NTSTATUS status = WdfPdoInitAssignDeviceID(init, &text);
    if (NT_SUCCESS(status))
        status = WdfPdoInitAddHardwareID(init, &text);
    if (NT_SUCCESS(status))
        status = WdfPdoInitAssignInstanceID(init, &number);
    if (NT_SUCCESS(status))
        status = WdfPdoInitAddDeviceText(init, &name, &place, 0x409);
    WdfPdoInitSetDefaultLocale(init, 0x409);
    if (bus_plan.child_init)
        bus_plan.child_init(init);
    bw_attributes(&a);
    if (NT_SUCCESS(status))
        status = WdfDeviceCreate(&init, &a, &d);
    if (!NT_SUCCESS(status))
        return status;
    bw_name(d, 'c', serial);
    child_of[serial] = d;
    if (bus_plan.child)
        bus_plan.child(d);
    return STATUS_SUCCESS;
}

static NTSTATUS on_create_child(WDFCHILDLIST list, PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER id, PWDFDEVICE_INIT init)
{
    ULONG serial = ((CHILD_ID *)id)->serial;
    char text[24];
    irpfuzz_snprintf(text, sizeof text, "create(%u)", serial);
    if (!bus_plan.quiet)
        say(text);
    if (!NT_SUCCESS(bus_plan.create) || bus_plan.no_device)
        return bus_plan.create;
    NTSTATUS status = make_child(init, serial);
    return NT_SUCCESS(status) ? bus_plan.create_after : status;
}

static VOID on_scan(WDFCHILDLIST list)
{
    if (!bus_plan.quiet)
        say("scan");
    if (bus_plan.scan)
        bus_plan.scan(list);
}

/* ---- The bus ---- */

static void bus_init(PWDFDEVICE_INIT init)
{
    WDF_CHILD_LIST_CONFIG c;
    bw_callbacks(init);
    if (bus_plan.no_default_list)
        return;
    WDF_CHILD_LIST_CONFIG_INIT(&c, sizeof(CHILD_ID), on_create_child);
    c.EvtChildListScanForChildren = on_scan;
    c.AddressDescriptionSize = sizeof(CHILD_ADDRESS);
    if (bus_plan.list)
        bus_plan.list(&c);
    WdfFdoInitSetDefaultChildListConfig(init, &c, WDF_NO_OBJECT_ATTRIBUTES);
}

static void bus_add(WDFDEVICE d)
{
    bw_name(d, 'b', 0);
    if (bus_plan.bus)
        bus_plan.bus(d);
}

static WDFCHILDLIST the_list(void) { return WdfFdoGetDefaultChildList(device); }

static CHILD_ID id_of(ULONG serial)
{
    CHILD_ID id;
    WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER_INIT(&id.header, sizeof id);
    id.serial = serial;
    return id;
}

static NTSTATUS report(ULONG serial)
{
    CHILD_ID id = id_of(serial);
    return WdfChildListAddOrUpdateChildDescriptionAsPresent(the_list(), &id.header, NULL);
}

static NTSTATUS miss(ULONG serial)
{
    CHILD_ID id = id_of(serial);
    return WdfChildListUpdateChildDescriptionAsMissing(the_list(), &id.header);
}

/* And what the PnP manager does then. */
static void plug(ULONG serial) { assert_int_equal(report(serial), STATUS_SUCCESS), pnp_settle(); }
static void unplug(ULONG serial) { assert_int_equal(miss(serial), STATUS_SUCCESS), pnp_settle(); }

/* ---- Drivers above ---- */

static ULONG serial_below(PDEVICE_OBJECT pdo)
{
    const char *name = who((WDFDEVICE)fx_device_of(pdo))->name;
    return (ULONG)(name[1] - '0') * (name[2] ? 10u : 1u) + (name[2] ? (ULONG)(name[2] - '0') : 0);
}

static NTSTATUS add_above(PWDFDEVICE_INIT init, char letter)
{
    WDF_OBJECT_ATTRIBUTES a;
    WDFDEVICE d;
    ULONG serial = serial_below(WdfFdoInitWdmGetPhysicalDevice(init));
    bw_callbacks(init);
    if (letter == 'u')
        WdfFdoInitSetFilter(init);
    bw_attributes(&a);
    NTSTATUS status = WdfDeviceCreate(&init, &a, &d);
    if (!NT_SUCCESS(status))
        return status;
    bw_name(d, letter, serial);
    if (letter == 'f')
        function_of[serial] = d;
    if (letter == 'f' && bus_plan.function)
        bus_plan.function(d);
    return STATUS_SUCCESS;
}

static PWDF_DRIVER_GLOBALS function_globals, filter_globals;
static WDFDRIVER function_driver, filter_driver;
static NTSTATUS add_function(WDFDRIVER d, PWDFDEVICE_INIT init) { return add_above(init, 'f'); }
static NTSTATUS add_filter(WDFDRIVER d, PWDFDEVICE_INIT init) { return add_above(init, 'u'); }

static NTSTATUS function_entry(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    WDF_DRIVER_CONFIG config;
    WDF_DRIVER_CONFIG_INIT(&config, add_function);
    return WdfDriverCreate(object, path, WDF_NO_OBJECT_ATTRIBUTES, &config, &function_driver);
}

static NTSTATUS filter_entry(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    WDF_DRIVER_CONFIG config;
    WDF_DRIVER_CONFIG_INIT(&config, add_filter);
    return WdfDriverCreate(object, path, WDF_NO_OBJECT_ATTRIBUTES, &config, &filter_driver);
}

typedef int (*image_entry)(void *, void *);
static const struct driver_image function_image = {"function", (image_entry)(void *)function_entry, (void **)&function_globals, 31};
static const struct driver_image filter_image = {"filter", (image_entry)(void *)filter_entry, (void **)&filter_globals, 31};
__attribute__((section("drv_images"), used)) static const struct driver_image *const register_function = &function_image;
__attribute__((section("drv_images"), used)) static const struct driver_image *const register_filter = &filter_image;

/* ---- A WDM function driver: it passes everything on, and tells of what it got ---- */

static void say_wdm(PDEVICE_OBJECT d, const char *word)
{
    char text[40];
    irpfuzz_snprintf(text, sizeof text, "w%u:%s", *(ULONG *)d->DeviceExtension, word);
    if (!bus_plan.quiet)
        say(text);
}

static PDEVICE_OBJECT below_wdm(PDEVICE_OBJECT d) { return *(PDEVICE_OBJECT *)((char *)d->DeviceExtension + 8); }

static NTSTATUS NTAPI wdm_is_back(PDEVICE_OBJECT d, PIRP irp, PVOID event)
{
    KeSetEvent(event, 0, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS wdm_start(PDEVICE_OBJECT d, PIRP irp)
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, wdm_is_back, &event, TRUE, TRUE, TRUE);
    if (IoCallDriver(below_wdm(d), irp) == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    NTSTATUS status = irp->IoStatus.Status;
    say_wdm(d, NT_SUCCESS(status) ? "started" : "failed");
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI wdm_pnp(PDEVICE_OBJECT d, PIRP irp)
{
    UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
    if (minor == IRP_MN_START_DEVICE)
        return wdm_start(d, irp);
    if (minor == IRP_MN_SURPRISE_REMOVAL)
        say_wdm(d, "surprise");
    if (minor == IRP_MN_REMOVE_DEVICE)
        say_wdm(d, "remove");
    if (minor <= IRP_MN_CANCEL_STOP_DEVICE || minor == IRP_MN_SURPRISE_REMOVAL)
        irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(irp);
    PDEVICE_OBJECT below = below_wdm(d);
    NTSTATUS status = IoCallDriver(below, irp);
    if (minor == IRP_MN_REMOVE_DEVICE) {
        IoDetachDevice(below);
        IoDeleteDevice(d);
    }
    return status;
}

static VOID NTAPI wdm_asked(PDEVICE_OBJECT d, UCHAR minor, POWER_STATE state, PVOID event, PIO_STATUS_BLOCK iosb) { KeSetEvent(event, 0, FALSE); }

/* Down before the system's IRP goes down, up without waiting for it. */
static void wdm_ask(PDEVICE_OBJECT d, POWER_STATE state)
{
    KEVENT event;
    if (state.DeviceState == PowerDeviceD0) {
        PoRequestPowerIrp(d, IRP_MN_SET_POWER, state, NULL, NULL, NULL);
        return;
    }
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    if (PoRequestPowerIrp(d, IRP_MN_SET_POWER, state, wdm_asked, &event, NULL) == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

static NTSTATUS NTAPI wdm_power(PDEVICE_OBJECT d, PIRP irp)
{
    PIO_STACK_LOCATION s = IoGetCurrentIrpStackLocation(irp);
    bool sets = s->MinorFunction == IRP_MN_SET_POWER;
    POWER_STATE state = {.DeviceState = s->Parameters.Power.State.SystemState == PowerSystemWorking ? PowerDeviceD0 : PowerDeviceD3};
    if (sets && s->Parameters.Power.Type == SystemPowerState)
        wdm_ask(d, state);
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(below_wdm(d), irp);
}

static NTSTATUS NTAPI wdm_add(PDRIVER_OBJECT object, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT d;
    NTSTATUS status = IoCreateDevice(object, 16, NULL, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE, &d);
    if (!NT_SUCCESS(status))
        return status;
    *(ULONG *)d->DeviceExtension = serial_below(pdo);
    PDEVICE_OBJECT below = IoAttachDeviceToDeviceStack(d, pdo);
    *(PDEVICE_OBJECT *)((char *)d->DeviceExtension + 8) = below;
    if (!below) {
        IoDeleteDevice(d);
        return STATUS_NO_SUCH_DEVICE;
    }
    d->Flags |= below->Flags & (DO_BUFFERED_IO | DO_DIRECT_IO | DO_POWER_PAGABLE);
    d->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID NTAPI wdm_unload(PDRIVER_OBJECT object) {}

static NTSTATUS wdm_entry(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    object->DriverExtension->AddDevice = wdm_add;
    object->DriverUnload = wdm_unload;
    object->MajorFunction[IRP_MJ_PNP] = wdm_pnp;
    object->MajorFunction[IRP_MJ_POWER] = wdm_power;
    return STATUS_SUCCESS;
}

static const struct driver_image wdm_image = {"wdm", (image_entry)(void *)wdm_entry, NULL, 0};
__attribute__((section("drv_images"), used)) static const struct driver_image *const register_wdm = &wdm_image;

/* ---- The machine ---- */

static const struct pnp_install bus_installed[] = {
    {.id = "TEST\\wdm", .function = "wdm"},
    {.id = "TEST\\child", .function = "function"},
    {.id = "TEST\\filtered", .function = "function", .upper = {"filter"}},
};

static void bus_boot(void)
{
    memset(child_of, 0, sizeof child_of);
    memset(function_of, 0, sizeof function_of);
    plan.init = bus_init, plan.device = bw_attributes, plan.add = bus_add;
    pnp_set_installed(bus_installed, sizeof bus_installed / sizeof bus_installed[0]);
    boot();
}

/* Started, and the log is empty. */
static void bus_start(void)
{
    bus_boot();
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    pnp_settle();
    log_clear();
}

/* A test of kmdf_world.h, for which the bus's plan is empty as well. */
#undef TEST
#define TEST(name, ...)                                                                        \
    static void name##_body(void);                                                             \
    static void name##_in_bus(void)                                                            \
    {                                                                                          \
        memset(&bus_plan, 0, sizeof bus_plan);                                                 \
        name##_body();                                                                         \
    }                                                                                          \
    static void name(void **state) { world_run(name##_in_bus, (struct outcome){__VA_ARGS__}); } \
    static void name##_body(void)

#endif
