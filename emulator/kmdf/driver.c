/*
 * The driver object: WdfDriverCreate, AddDevice, unload (K-DRV-1..10, 20..23, K-OBJ-62, 63).
 *
 * The framework owns AddDevice, DriverUnload and the dispatch table of the DRIVER_OBJECT; they are called by the kernel inside the gate.
 */
#include "device.h"

#include "../machine/stack.h"
#include "../nt/cm/cm.h"

struct fx_driver *fx_driver_of(PWDF_DRIVER_GLOBALS globals)
{
    if (!globals)
        fx_misuse("V-WDF-42", "%s is called before WdfDriverCreate succeeded", gate_where(ctx_current()));
    return CONTAINING_RECORD(globals, struct fx_driver, globals);
}

/* K-DRV-6: the first four characters of the service name, without a leading "WDF". */
static ULONG derive_tag(const char *name)
{
    size_t length = strlen(name);
    if (length > 3 && (name[0] | 32) == 'w' && (name[1] | 32) == 'd' && (name[2] | 32) == 'f')
        name += 3, length -= 3;
    if (length <= 2)
        return FX_TAG;
    ULONG tag = 0;
    for (size_t i = 0; i < 4; i++)
        tag |= (ULONG)(UCHAR)(i < length ? name[i] : ' ') << (8 * i);
    return tag;
}

static NTSTATUS check_config(struct nt_driver *nt, PCUNICODE_STRING path, PWDF_OBJECT_ATTRIBUTES attributes, const WDF_DRIVER_CONFIG *config)
{
    const ULONG known = WdfDriverInitNonPnpDriver | WdfDriverInitNoDispatchOverride | WdfVerifyOn | WdfVerifierOn | WdfDriverInitCompanion;
    if (config->Size != sizeof *config && config->Size != FIELD_OFFSET(WDF_DRIVER_CONFIG, DriverPoolTag))
        return STATUS_INFO_LENGTH_MISMATCH;
    if (config->DriverInitFlags & ~known)
        return STATUS_INVALID_PARAMETER;
    if (path->Length > path->MaximumLength || path->Length & 1 || (path->Length && !path->Buffer))
        return STATUS_INVALID_PARAMETER;
    if (nt->framework)
        return STATUS_DRIVER_INTERNAL_ERROR;
    ULONG flags = config->DriverInitFlags & (WdfDriverInitNonPnpDriver | WdfDriverInitNoDispatchOverride);
    if (flags == WdfDriverInitNonPnpDriver && config->EvtDriverDeviceAdd)
        return STATUS_INVALID_PARAMETER;
    return fx_validate_attributes(attributes, FX_PARENT_FORBIDDEN | FX_LEVEL_ALLOWED | FX_SCOPE_ALLOWED);
}

/* K-DRV-4: these are the devices' defaults. */
static void resolve(struct fx_driver *driver)
{
    bool level_inherits = driver->object.level == WdfExecutionLevelInheritFromParent;
    bool scope_inherits = driver->object.scope == WdfSynchronizationScopeInheritFromParent;
    driver->level = level_inherits ? WdfExecutionLevelDispatch : (WDF_EXECUTION_LEVEL)driver->object.level;
    driver->scope = scope_inherits ? WdfSynchronizationScopeNone : (WDF_SYNCHRONIZATION_SCOPE)driver->object.scope;
}

static void destroy_driver(struct fx_object *object)
{
    struct fx_driver *driver = (struct fx_driver *)object;
    driver->nt->framework = NULL;
    if (driver->registry_path.Buffer)
        ex_system_free(driver->registry_path.Buffer);
}

/* K-DRV-2 */
static void take_over(struct fx_driver *driver)
{
    PDRIVER_OBJECT object = &driver->nt->object;
    bool non_pnp = driver->config.DriverInitFlags & (WdfDriverInitNonPnpDriver | WdfDriverInitNoDispatchOverride);
    if (!(driver->config.DriverInitFlags & WdfDriverInitNoDispatchOverride))
        for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
            object->MajorFunction[i] = fx_dispatch;
    object->DriverExtension->AddDevice = non_pnp ? NULL : fx_driver_add_device;
    if (!non_pnp || driver->config.EvtDriverUnload)
        object->DriverUnload = fx_driver_unload;
}

static void fill_globals(struct fx_driver *driver, const WDF_DRIVER_CONFIG *config)
{
    const struct driver_image *image = driver->nt->image;
    driver->tag = config->DriverPoolTag && config->DriverPoolTag != ' kdD' ? config->DriverPoolTag : derive_tag(image->name);
    driver->globals.Driver = (WDFDRIVER)driver;
    driver->globals.DriverTag = driver->tag;
    driver->globals.DriverFlags = config->DriverInitFlags;
    for (unsigned i = 0; i < WDF_DRIVER_GLOBALS_NAME_LEN - 1 && image->name[i]; i++)
        driver->globals.DriverName[i] = image->name[i];
}

/* K-BUG-1: what Parameters\Wdf of the service says. The other values choose what a debugger sees, or the rules, which are all on here. */
static void read_settings(struct fx_driver *driver)
{
    if (cm_service_number(driver->nt, "Parameters\\Wdf", "VerifierOn", 1))
        driver->fails_from = cm_service_number(driver->nt, "Parameters\\Wdf", "VerifierAllocateFailCount", 0);
}

static NTSTATUS driver_create(struct nt_driver *nt, PCUNICODE_STRING path, PWDF_OBJECT_ATTRIBUTES attributes, const WDF_DRIVER_CONFIG *config,
                              struct fx_driver **out)
{
    NTSTATUS status = check_config(nt, path, attributes, config);
    if (!NT_SUCCESS(status))
        return status;
    void *memory;
    status = fx_object_create(NULL, FX_DRIVER, sizeof(struct fx_driver), attributes, &memory);
    if (!NT_SUCCESS(status))
        return status;
    struct fx_driver *driver = memory;
    driver->nt = nt;
    memcpy(&driver->config, config, config->Size);
    driver->object.no_delete = true;
    driver->object.destroy = destroy_driver;
    fx_dispose_list_init(&driver->dispose);
    fx_lock_init(&driver->lock, true);
    resolve(driver);
    fill_globals(driver, &driver->config);
    read_settings(driver);
    status = fx_unicode_copy(&driver->registry_path, path);
    if (!NT_SUCCESS(status)) {
        fx_object_free_unused(&driver->object);
        return status;
    }
    nt->framework = driver;
    nt->entry_failed = fx_driver_entry_failed;
    take_over(driver);
    *out = driver;
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfDriverCreate(PWDF_DRIVER_GLOBALS DriverGlobals, PDRIVER_OBJECT DriverObject, PCUNICODE_STRING RegistryPath,
                             PWDF_OBJECT_ATTRIBUTES DriverAttributes, PWDF_DRIVER_CONFIG DriverConfig, WDFDRIVER *Driver)
{
    gate_enter(DDI_WdfDriverCreate, trace_object(DriverObject), 0);
    fx_require(DriverObject, "DriverObject");
    fx_require(RegistryPath, "RegistryPath");
    fx_require(DriverConfig, "DriverConfig");
    struct nt_driver *nt = (struct nt_driver *)DriverObject;
    struct fx_driver *driver = NULL;
    NTSTATUS status = choose_fault(DDI_WdfDriverCreate) ? STATUS_INSUFFICIENT_RESOURCES
                                                        : driver_create(nt, RegistryPath, DriverAttributes, DriverConfig, &driver);
    if (NT_SUCCESS(status)) {
        *nt->image->wdf_globals = &driver->globals;
        if (Driver)
            *Driver = (WDFDRIVER)driver;
    }
    gate_leave((ULONG)status);
    return status;
}

/* ---- AddDevice ---- */

static NTSTATUS call_device_add(struct fx_driver *driver, PWDFDEVICE_INIT init)
{
    bool locked = driver->scope == WdfSynchronizationScopeDevice || driver->scope == WdfSynchronizationScopeQueue; /* K-DRV-5 */
    if (locked)
        fx_lock_acquire(&driver->lock);
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtDriverDeviceAdd, driver->config.EvtDriverDeviceAdd, driver);
    NTSTATUS status = driver->config.EvtDriverDeviceAdd((WDFDRIVER)driver, init);
    callback_leave(&frame, (ULONG)status);
    if (locked)
        fx_lock_release(&driver->lock);
    return status;
}

NTSTATUS fx_driver_add_device(PDRIVER_OBJECT object, PDEVICE_OBJECT pdo)
{
    struct fx_driver *driver = ((struct nt_driver *)object)->framework;
    if (!driver->config.EvtDriverDeviceAdd)
        return STATUS_SUCCESS;
    PWDFDEVICE_INIT init = fx_init_create(driver, FX_INIT_FDO, pdo);
    if (!init)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = call_device_add(driver, init);
    struct fx_device *device = init->device;
    bool filter = init->filter;
    if (!device)
        fx_init_free(init); /* K-DRV-20: it lives only during the callback */
    else if (NT_SUCCESS(status)) {
        device->wdm->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
        hb_release(device);
    } else
        fx_device_delete_from_failed_add(device);
    return filter && !NT_SUCCESS(status) ? STATUS_SUCCESS : status; /* K-DRV-21 */
}

/* ---- Unload ---- */

static const char *made_by(const struct block *b, struct stack_frame *frame)
{
    return stack_name(b->allocated_at, frame) && frame->function[0] ? frame->function : "the framework";
}

static _Noreturn void report_leak(struct fx_driver *driver)
{
    struct stack_frame maker;
    for (struct block *b = block_next_live(NULL); b; b = block_next_live(b)) {
        struct fx_object *o = block_memory(b);
        if (b->use != BLOCK_WDF || b->size < sizeof *o || o->magic != FX_MAGIC || o->driver != driver)
            continue;
        if (o->type == FX_DRIVER && driver->live_objects > 1)
            continue;
        char name[40];
        bugcheck(OWN_OBJECT_LEAK, o->number, o->type, (uint64_t)o->references, driver->live_objects - 1, "K-OBJ-64",
                 "%s unloads but %s, made by %s, still has %d references (%u framework objects are left)", driver->globals.DriverName,
                 fx_name(o, name, sizeof name), made_by(b, &maker), (int)o->references, driver->live_objects - 1);
    }
    bugcheck(OWN_OBJECT_LEAK, 0, 0, 0, driver->live_objects - 1, "K-OBJ-64", "%s unloads but %u framework objects are left", driver->globals.DriverName,
             driver->live_objects - 1);
}

/* The tree first, then everything whose end was deferred, then the driver's own EvtDestroy. */
static void delete_driver(struct fx_driver *driver)
{
    fx_object_reference(&driver->object);
    fx_object_delete(&driver->object);
    fx_dispose_wait(&driver->dispose);
    if (driver->live_objects > 1 || driver->object.references > 1)
        report_leak(driver);
    if (driver->live_inits)
        bugcheck(OWN_OBJECT_LEAK, 0, 0, 0, driver->live_inits, "K-DRV-34",
                 "the driver unloads but %u WDFDEVICE_INIT that it allocated was neither freed nor made a device", driver->live_inits);
    fx_object_dereference(&driver->object);
}

/* K-DRV-74: the I/O manager does not call a PnP driver's unload while a device object of its is left, so this driver would never go. */
static void check_devices_gone(const struct fx_driver *driver)
{
    PDRIVER_OBJECT object = &driver->nt->object;
    PDEVICE_OBJECT left = object->DeviceObject;
    if (object->DriverExtension->AddDevice && left)
        fx_misuse("V-WDF-45", "%s cannot be unloaded: device #%u is left (a PnP driver deletes its control devices with its last device)",
                  driver->nt->image->name, ob_header(left)->number);
}

void fx_driver_unload(PDRIVER_OBJECT object)
{
    struct fx_driver *driver = ((struct nt_driver *)object)->framework;
    check_devices_gone(driver);
    if (driver->config.EvtDriverUnload) {
        struct callback_frame frame;
        callback_enter(&frame, DDI_EvtDriverUnload, driver->config.EvtDriverUnload, driver);
        driver->config.EvtDriverUnload((WDFDRIVER)driver);
        callback_leave(&frame, 0);
    }
    delete_driver(driver);
}

void fx_driver_entry_failed(struct nt_driver *nt)
{
    if (nt->framework)
        delete_driver(nt->framework);
}

/* ---- Getters ---- */

PWSTR wdf_WdfDriverGetRegistryPath(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDRIVER Driver)
{
    gate_enter(DDI_WdfDriverGetRegistryPath, trace_object(Driver), 0);
    struct fx_driver *driver = fx_handle(Driver, FX_DRIVER);
    gate_leave(0);
    return driver->registry_path.Buffer;
}

PDRIVER_OBJECT wdf_WdfDriverWdmGetDriverObject(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDRIVER Driver)
{
    gate_enter(DDI_WdfDriverWdmGetDriverObject, trace_object(Driver), 0);
    struct fx_driver *driver = fx_handle(Driver, FX_DRIVER);
    gate_leave(trace_object(driver->nt));
    return &driver->nt->object;
}

WDFDRIVER wdf_WdfWdmDriverGetWdfDriverHandle(PWDF_DRIVER_GLOBALS DriverGlobals, PDRIVER_OBJECT DriverObject)
{
    gate_enter(DDI_WdfWdmDriverGetWdfDriverHandle, trace_object(DriverObject), 0);
    fx_require(DriverObject, "DriverObject");
    struct fx_driver *driver = ((struct nt_driver *)DriverObject)->framework;
    gate_leave(trace_object(driver));
    return (WDFDRIVER)driver;
}

NTSTATUS wdf_WdfDriverRegisterTraceInfo(PWDF_DRIVER_GLOBALS DriverGlobals, PDRIVER_OBJECT DriverObject, PFN_WDF_TRACE_CALLBACK EvtTraceCallback,
                                        PVOID ControlBlock)
{
    gate_enter(DDI_WdfDriverRegisterTraceInfo, 0, 0);
    gate_leave((ULONG)STATUS_NOT_SUPPORTED);
    return STATUS_NOT_SUPPORTED; /* K-DRV-10 */
}

/* The driver, or the code generated in front of it, found a function that this framework does not have (V-WDF-53). */
NTSTATUS wdf_WdfDriverErrorReportApiMissing(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDRIVER Driver, PCWSTR FrameworkExtensionName, ULONG ApiIndex,
                                            BOOLEAN DoesApiReturnNtstatus)
{
    gate_enter(DDI_WdfDriverErrorReportApiMissing, trace_object(Driver), ApiIndex);
    struct fx_driver *driver = fx_handle(Driver, FX_DRIVER);
    if (!DoesApiReturnNtstatus) /* there is no other way to tell the caller */
        bugcheck(0x10D, 0x10, driver->object.number, FrameworkExtensionName != NULL, ApiIndex, "V-WDF-53",
                 "function %u of the framework%s is not available to driver %s", (unsigned)ApiIndex, FrameworkExtensionName ? " extension" : "",
                 driver->nt->image->name);
    gate_leave((ULONG)STATUS_NOT_SUPPORTED);
    return STATUS_NOT_SUPPORTED;
}

NTSTATUS wdf_WdfDriverRetrieveVersionString(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDRIVER Driver, WDFSTRING String)
{
    static const WCHAR text[] = L"Kernel Mode Driver Framework version 1.33";
    gate_enter(DDI_WdfDriverRetrieveVersionString, trace_object(Driver), trace_object(String));
    fx_handle(Driver, FX_DRIVER);
    struct fx_string *string = fx_handle(String, FX_STRING);
    UNICODE_STRING unicode = {sizeof text - sizeof(WCHAR), sizeof text, (PWCH)text};
    NTSTATUS status = fx_string_assign(string, &unicode);
    gate_leave((ULONG)status);
    return status;
}

BOOLEAN wdf_WdfDriverIsVersionAvailable(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDRIVER Driver, PWDF_DRIVER_VERSION_AVAILABLE_PARAMS VersionAvailableParams)
{
    gate_enter(DDI_WdfDriverIsVersionAvailable, trace_object(Driver), 0);
    fx_handle(Driver, FX_DRIVER);
    fx_require(VersionAvailableParams, "VersionAvailableParams");
    BOOLEAN available = VersionAvailableParams->Size == sizeof *VersionAvailableParams && VersionAvailableParams->MajorVersion == 1 &&
                        VersionAvailableParams->MinorVersion <= 33;
    gate_leave(available);
    return available;
}
