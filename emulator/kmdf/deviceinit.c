/*
 * WDFDEVICE_INIT and its setters (K-DRV-20, 30..35). An init belongs to the framework until WdfDeviceCreate takes it over; using it after that, or
 * after it was freed, is V-WDF-44.
 */
#include "device.h"

PWDFDEVICE_INIT fx_init_create(struct fx_driver *driver, enum fx_init_kind kind, PDEVICE_OBJECT pdo)
{
    PWDFDEVICE_INIT init = ex_system_alloc(sizeof *init);
    if (!init)
        return NULL;
    init->magic = FX_INIT_MAGIC;
    init->kind = kind;
    init->driver = driver;
    driver->live_inits++;
    init->pdo = pdo;
    init->io_type = WdfDeviceIoBuffered;
    init->device_type = FILE_DEVICE_UNKNOWN;
    init->characteristics = FILE_DEVICE_SECURE_OPEN;
    init->pageable = true;
    init->power_policy_owner = kind == FX_INIT_FDO;
    init->wants_name = kind == FX_INIT_CONTROL;
    return init;
}

void fx_init_free(PWDFDEVICE_INIT init)
{
    init->magic = 0;
    init->driver->live_inits--;
    if (init->name.Buffer)
        ex_system_free(init->name.Buffer);
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        if (init->preprocess[i].minors)
            ex_system_free(init->preprocess[i].minors);
    if (init->of_pdo)
        fx_pdo_init_free(init->of_pdo);
    fx_states_free(init);
    ex_system_free(init);
}

__attribute__((no_sanitize("address", "memory"))) static bool is_init(const struct WDFDEVICE_INIT *init)
{
    return memory_is_kernel(init) && init->magic == FX_INIT_MAGIC;
}

PWDFDEVICE_INIT fx_init_of(PWDFDEVICE_INIT init)
{
    fx_require(init, "DeviceInit");
    if (!is_init(init))
        fx_misuse("V-WDF-44", "%s is given a WDFDEVICE_INIT that was freed or consumed by WdfDeviceCreate", gate_where(ctx_current()));
    return init;
}

static _Noreturn void wrong(const char *what) { fx_misuse("K-DRV-30", "%s: %s", gate_where(ctx_current()), what); }

#define SETTER(ddi)                                      \
    gate_enter(DDI_##ddi, trace_object(DeviceInit), 0);  \
    PWDFDEVICE_INIT init = fx_init_of(DeviceInit)

VOID wdf_WdfDeviceInitFree(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit)
{
    SETTER(WdfDeviceInitFree);
    if (init->kind == FX_INIT_CONTROL || (init->of_pdo && !init->of_pdo->child)) /* K-DRV-34: the framework frees its own */
        fx_init_free(init);
    gate_leave(0);
}

VOID wdf_WdfDeviceInitSetPnpPowerEventCallbacks(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit,
                                                PWDF_PNPPOWER_EVENT_CALLBACKS PnpPowerEventCallbacks)
{
    SETTER(WdfDeviceInitSetPnpPowerEventCallbacks);
    fx_require(PnpPowerEventCallbacks, "PnpPowerEventCallbacks");
    if (PnpPowerEventCallbacks->Size != sizeof *PnpPowerEventCallbacks)
        wrong("WDF_PNPPOWER_EVENT_CALLBACKS.Size is wrong");
    if (PnpPowerEventCallbacks->EvtDeviceUsageNotification && PnpPowerEventCallbacks->EvtDeviceUsageNotificationEx)
        wrong("both usage notification callbacks are set");
    init->pnp = *PnpPowerEventCallbacks;
    gate_leave(0);
}

VOID wdf_WdfDeviceInitSetPowerPolicyEventCallbacks(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit,
                                                   PWDF_POWER_POLICY_EVENT_CALLBACKS PowerPolicyEventCallbacks)
{
    SETTER(WdfDeviceInitSetPowerPolicyEventCallbacks);
    fx_require(PowerPolicyEventCallbacks, "PowerPolicyEventCallbacks");
    if (PowerPolicyEventCallbacks->Size != sizeof *PowerPolicyEventCallbacks)
        wrong("WDF_POWER_POLICY_EVENT_CALLBACKS.Size is wrong");
    init->policy = *PowerPolicyEventCallbacks;
    gate_leave(0);
}

VOID wdf_WdfDeviceInitSetPowerPolicyOwnership(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, BOOLEAN IsPowerPolicyOwner)
{
    SETTER(WdfDeviceInitSetPowerPolicyOwnership);
    init->power_policy_owner = IsPowerPolicyOwner;
    gate_leave(0);
}

VOID wdf_WdfDeviceInitSetExclusive(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, BOOLEAN IsExclusive)
{
    SETTER(WdfDeviceInitSetExclusive);
    init->exclusive = IsExclusive;
    gate_leave(0);
}

VOID wdf_WdfDeviceInitSetIoType(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, WDF_DEVICE_IO_TYPE IoType)
{
    SETTER(WdfDeviceInitSetIoType);
    init->io_type = IoType;
    gate_leave(0);
}

VOID wdf_WdfDeviceInitSetIoTypeEx(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, PWDF_IO_TYPE_CONFIG IoTypeConfig)
{
    SETTER(WdfDeviceInitSetIoTypeEx);
    fx_require(IoTypeConfig, "IoTypeConfig");
    if (IoTypeConfig->Size != sizeof *IoTypeConfig)
        wrong("WDF_IO_TYPE_CONFIG.Size is wrong");
    if (IoTypeConfig->ReadWriteIoType == WdfDeviceIoUndefined || IoTypeConfig->ReadWriteIoType >= WdfDeviceIoMaximum)
        wrong("WDF_IO_TYPE_CONFIG.ReadWriteIoType is invalid");
    /* Without user-mode drivers "buffered or direct" means buffered. */
    init->io_type = IoTypeConfig->ReadWriteIoType == WdfDeviceIoBufferedOrDirect ? WdfDeviceIoBuffered : IoTypeConfig->ReadWriteIoType;
    gate_leave(0);
}

VOID wdf_WdfDeviceInitSetPowerNotPageable(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit)
{
    SETTER(WdfDeviceInitSetPowerNotPageable);
    init->pageable = false;
    gate_leave(0);
}

VOID wdf_WdfDeviceInitSetPowerPageable(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit)
{
    SETTER(WdfDeviceInitSetPowerPageable);
    init->pageable = true;
    init->inrush = false;
    gate_leave(0);
}

VOID wdf_WdfDeviceInitSetPowerInrush(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit)
{
    SETTER(WdfDeviceInitSetPowerInrush);
    init->inrush = true;
    init->pageable = false;
    gate_leave(0);
}

VOID wdf_WdfDeviceInitSetDeviceType(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, DEVICE_TYPE DeviceType)
{
    SETTER(WdfDeviceInitSetDeviceType);
    init->device_type = DeviceType;
    gate_leave(0);
}

static void drop_name(PWDFDEVICE_INIT init)
{
    if (init->name.Buffer)
        ex_system_free(init->name.Buffer);
    init->name = (UNICODE_STRING){0};
}

NTSTATUS wdf_WdfDeviceInitAssignName(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, PCUNICODE_STRING DeviceName)
{
    SETTER(WdfDeviceInitAssignName);
    NTSTATUS status = choose_fault(DDI_WdfDeviceInitAssignName) ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
    if (NT_SUCCESS(status)) {
        drop_name(init);
        if (DeviceName)
            status = fx_unicode_copy(&init->name, DeviceName);
        if (DeviceName && NT_SUCCESS(status))
            init->wants_name = false;
    }
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfDeviceInitAssignSDDLString(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, PCUNICODE_STRING SDDLString)
{
    SETTER(WdfDeviceInitAssignSDDLString);
    NTSTATUS status = choose_fault(DDI_WdfDeviceInitAssignSDDLString) ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
    if (NT_SUCCESS(status))
        init->has_sddl = SDDLString != NULL;
    gate_leave((ULONG)status);
    return status;
}

VOID wdf_WdfDeviceInitSetDeviceClass(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, const GUID *DeviceClassGuid)
{
    SETTER(WdfDeviceInitSetDeviceClass);
    fx_require(DeviceClassGuid, "DeviceClassGuid");
    init->has_class = true;
    gate_leave(0);
}

VOID wdf_WdfDeviceInitSetCharacteristics(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, ULONG DeviceCharacteristics,
                                         BOOLEAN OrInValues)
{
    SETTER(WdfDeviceInitSetCharacteristics);
    init->characteristics = (OrInValues ? init->characteristics : 0) | DeviceCharacteristics | FILE_DEVICE_SECURE_OPEN;
    if (init->characteristics & FILE_AUTOGENERATED_DEVICE_NAME) {
        drop_name(init);
        init->wants_name = true;
    }
    gate_leave(0);
}

static void check_file_config(const WDF_FILEOBJECT_CONFIG *config, PWDF_OBJECT_ATTRIBUTES attributes)
{
    if (config->Size != sizeof *config)
        wrong("WDF_FILEOBJECT_CONFIG.Size is wrong");
    if (!NT_SUCCESS(fx_validate_attributes(attributes, FX_PARENT_FORBIDDEN | FX_LEVEL_ALLOWED | FX_SCOPE_ALLOWED)))
        wrong("the file object attributes are invalid");
    if (config->AutoForwardCleanupClose > WdfUseDefault)
        wrong("WDF_FILEOBJECT_CONFIG.AutoForwardCleanupClose is invalid");
    ULONG class = (ULONG)config->FileObjectClass & ~(ULONG)WdfFileObjectCanBeOptional;
    bool optional = (ULONG)config->FileObjectClass & (ULONG)WdfFileObjectCanBeOptional;
    if (class < WdfFileObjectNotRequired || class > WdfFileObjectWdfCannotUseFsContexts || (optional && class == WdfFileObjectNotRequired))
        wrong("WDF_FILEOBJECT_CONFIG.FileObjectClass is invalid");
}

VOID wdf_WdfDeviceInitSetFileObjectConfig(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, PWDF_FILEOBJECT_CONFIG FileObjectConfig,
                                          PWDF_OBJECT_ATTRIBUTES FileObjectAttributes)
{
    SETTER(WdfDeviceInitSetFileObjectConfig);
    fx_require(FileObjectConfig, "FileObjectConfig");
    check_file_config(FileObjectConfig, FileObjectAttributes);
    init->has_file_config = true;
    init->file_config = *FileObjectConfig;
    if (FileObjectAttributes)
        init->file_attributes = *FileObjectAttributes;
    gate_leave(0);
}

VOID wdf_WdfDeviceInitSetRequestAttributes(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, PWDF_OBJECT_ATTRIBUTES RequestAttributes)
{
    SETTER(WdfDeviceInitSetRequestAttributes);
    fx_require(RequestAttributes, "RequestAttributes");
    if (!NT_SUCCESS(fx_validate_attributes(RequestAttributes, FX_PARENT_FORBIDDEN)))
        wrong("the request attributes are invalid");
    init->request_attributes = *RequestAttributes;
    gate_leave(0);
}

static NTSTATUS assign_preprocess(PWDFDEVICE_INIT init, PFN_WDFDEVICE_WDM_IRP_PREPROCESS routine, UCHAR major, const UCHAR *minors, ULONG count)
{
    if (major > IRP_MJ_MAXIMUM_FUNCTION)
        return STATUS_INVALID_PARAMETER;
    struct fx_preprocess *p = &init->preprocess[major];
    if (count && p->minor_count)
        return STATUS_INVALID_DEVICE_REQUEST; /* K-DRV-31 */
    if (count) {
        p->minors = ex_system_alloc(count);
        if (!p->minors)
            return STATUS_INSUFFICIENT_RESOURCES;
        memcpy(p->minors, minors, count);
        p->minor_count = count;
    }
    p->routine = routine;
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfDeviceInitAssignWdmIrpPreprocessCallback(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit,
                                                         PFN_WDFDEVICE_WDM_IRP_PREPROCESS EvtDeviceWdmIrpPreprocess, UCHAR MajorFunction,
                                                         PUCHAR MinorFunctions, ULONG NumMinorFunctions)
{
    SETTER(WdfDeviceInitAssignWdmIrpPreprocessCallback);
    fx_require(EvtDeviceWdmIrpPreprocess, "EvtDeviceWdmIrpPreprocess");
    if (NumMinorFunctions)
        fx_require(MinorFunctions, "MinorFunctions");
    NTSTATUS status = choose_fault(DDI_WdfDeviceInitAssignWdmIrpPreprocessCallback)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : assign_preprocess(init, EvtDeviceWdmIrpPreprocess, MajorFunction, MinorFunctions, NumMinorFunctions);
    gate_leave((ULONG)status);
    return status;
}

VOID wdf_WdfDeviceInitSetIoInCallerContextCallback(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit,
                                                   PFN_WDF_IO_IN_CALLER_CONTEXT EvtIoInCallerContext)
{
    SETTER(WdfDeviceInitSetIoInCallerContextCallback);
    init->in_caller_context = EvtIoInCallerContext;
    gate_leave(0);
}

VOID wdf_WdfDeviceInitSetRemoveLockOptions(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, PWDF_REMOVE_LOCK_OPTIONS Options)
{
    SETTER(WdfDeviceInitSetRemoveLockOptions);
    fx_require(Options, "Options");
    if (Options->Size != sizeof *Options || Options->Flags & ~(ULONG)WDF_REMOVE_LOCK_OPTION_ACQUIRE_FOR_IO)
        wrong("WDF_REMOVE_LOCK_OPTIONS is invalid");
    init->remove_lock_flags = Options->Flags;
    gate_leave(0);
}

VOID wdf_WdfDeviceInitSetReleaseHardwareOrderOnFailure(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit,
                                                       WDF_RELEASE_HARDWARE_ORDER_ON_FAILURE ReleaseHardwareOrderOnFailure)
{
    SETTER(WdfDeviceInitSetReleaseHardwareOrderOnFailure);
    if (init->kind == FX_INIT_CONTROL || ReleaseHardwareOrderOnFailure < WdfReleaseHardwareOrderOnFailureEarly ||
        ReleaseHardwareOrderOnFailure > WdfReleaseHardwareOrderOnFailureAfterDescendants)
        wrong("the order is invalid, or the device is a control device");
    gate_leave(0); /* without children both orders are the same */
}

/* ---- Function devices and filters ---- */

PDEVICE_OBJECT wdf_WdfFdoInitWdmGetPhysicalDevice(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit)
{
    SETTER(WdfFdoInitWdmGetPhysicalDevice);
    PDEVICE_OBJECT pdo = init->kind == FX_INIT_FDO ? init->pdo : NULL;
    gate_leave(trace_object(pdo));
    return pdo;
}

VOID wdf_WdfFdoInitSetEventCallbacks(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, PWDF_FDO_EVENT_CALLBACKS FdoEventCallbacks)
{
    SETTER(WdfFdoInitSetEventCallbacks);
    fx_require(FdoEventCallbacks, "FdoEventCallbacks");
    if (init->kind != FX_INIT_FDO || FdoEventCallbacks->Size != sizeof *FdoEventCallbacks)
        wrong("not a function device, or WDF_FDO_EVENT_CALLBACKS.Size is wrong");
    init->fdo = *FdoEventCallbacks;
    gate_leave(0);
}

VOID wdf_WdfFdoInitSetFilter(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit)
{
    SETTER(WdfFdoInitSetFilter);
    if (init->kind != FX_INIT_FDO)
        wrong("not a function device");
    init->filter = true;
    init->power_policy_owner = false;
    gate_leave(0);
}

/* ---- Control devices (2.7) ---- */

PWDFDEVICE_INIT wdf_WdfControlDeviceInitAllocate(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDRIVER Driver, const UNICODE_STRING *SDDLString)
{
    gate_enter(DDI_WdfControlDeviceInitAllocate, trace_object(Driver), 0);
    struct fx_driver *driver = fx_handle(Driver, FX_DRIVER);
    fx_require(SDDLString, "SDDLString");
    PWDFDEVICE_INIT init = choose_fault(DDI_WdfControlDeviceInitAllocate) ? NULL : fx_init_create(driver, FX_INIT_CONTROL, NULL);
    if (init)
        init->has_sddl = true;
    gate_leave(trace_object(init));
    return init;
}

VOID wdf_WdfControlDeviceInitSetShutdownNotification(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit,
                                                     PFN_WDF_DEVICE_SHUTDOWN_NOTIFICATION Notification, UCHAR Flags)
{
    SETTER(WdfControlDeviceInitSetShutdownNotification);
    fx_require(Notification, "Notification");
    if (init->kind != FX_INIT_CONTROL || !Flags || Flags & ~(UCHAR)(WdfDeviceShutdown | WdfDeviceLastChanceShutdown))
        wrong("not a control device, or invalid flags");
    init->shutdown = Notification;
    init->shutdown_flags = Flags;
    gate_leave(0);
}
