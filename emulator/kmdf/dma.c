/* DMA enablers: creation, limits, and their part in the device's power sequence (K-DMA-1, 2). */
#include "dma.h"

/* ---- In the power sequence ---- */

static struct fx_dma_enabler *of_part(struct fx_power_part *part) { return CONTAINING_RECORD(part, struct fx_dma_enabler, part); }

static NTSTATUS call(struct fx_dma_enabler *enabler, uint16_t ddi, NTSTATUS (*routine)(WDFDMAENABLER))
{
    if (!routine)
        return STATUS_SUCCESS;
    struct callback_frame frame;
    callback_enter(&frame, ddi, routine, enabler);
    NTSTATUS status = routine((WDFDMAENABLER)enabler);
    callback_leave(&frame, (ULONG)status);
    return status;
}

/* A way up that failed in the middle goes down again like any other. */
static NTSTATUS power_up(struct fx_power_part *part)
{
    struct fx_dma_enabler *e = of_part(part);
    part->up = true;
    NTSTATUS status = call(e, DDI_EvtDmaEnablerFill, e->config.EvtDmaEnablerFill);
    e->fill_failed = !NT_SUCCESS(status);
    if (NT_SUCCESS(status))
        status = call(e, DDI_EvtDmaEnablerEnable, e->config.EvtDmaEnablerEnable);
    if (NT_SUCCESS(status))
        status = call(e, DDI_EvtDmaEnablerSelfManagedIoStart, e->config.EvtDmaEnablerSelfManagedIoStart);
    return status;
}

/* A failure stops nothing; the first one counts. */
static NTSTATUS power_down(struct fx_power_part *part)
{
    struct fx_dma_enabler *e = of_part(part);
    NTSTATUS stop = call(e, DDI_EvtDmaEnablerSelfManagedIoStop, e->config.EvtDmaEnablerSelfManagedIoStop);
    NTSTATUS disable = e->fill_failed ? STATUS_SUCCESS : call(e, DDI_EvtDmaEnablerDisable, e->config.EvtDmaEnablerDisable);
    NTSTATUS flush = call(e, DDI_EvtDmaEnablerFlush, e->config.EvtDmaEnablerFlush);
    return !NT_SUCCESS(stop) ? stop : !NT_SUCCESS(disable) ? disable : flush;
}

/* ---- Creation ---- */

static void put_adapters(struct fx_dma_enabler *e)
{
    struct dma_adapter *read = e->adapter[WdfDmaDirectionReadFromDevice], *write = e->adapter[WdfDmaDirectionWriteToDevice];
    e->adapter[0] = e->adapter[1] = NULL;
    if (read)
        dma_put_adapter(&read->adapter);
    if (write && write != read)
        dma_put_adapter(&write->adapter);
}

static void dispose(struct fx_object *object)
{
    struct fx_dma_enabler *e = (struct fx_dma_enabler *)object;
    if (e->part.power_up)
        fx_power_part_remove(&e->part);
    put_adapters(e);
}

static void set_profile(struct fx_dma_enabler *e, WDF_DMA_PROFILE profile)
{
    e->scatter_gather = profile != WdfDmaProfilePacket && profile != WdfDmaProfilePacket64 && profile < WdfDmaProfileSystem;
    e->duplex = profile == WdfDmaProfileScatterGatherDuplex || profile == WdfDmaProfileScatterGather64Duplex || profile == WdfDmaProfileSystemDuplex;
    e->system = profile >= WdfDmaProfileSystem;
    e->wide = profile == WdfDmaProfilePacket64 || profile == WdfDmaProfileScatterGather64 || profile == WdfDmaProfileScatterGather64Duplex;
}

/* Of each map register but one there is a whole page: the first one may begin anywhere in its own. */
static bool get_adapter(struct fx_dma_enabler *e, WDF_DMA_DIRECTION direction)
{
    ULONG registers;
    DEVICE_DESCRIPTION d = {.Version = DEVICE_DESCRIPTION_VERSION2, .Master = TRUE, .ScatterGather = e->scatter_gather, .Dma32BitAddresses = TRUE,
                            .Dma64BitAddresses = e->wide, .InterfaceType = PCIBus,
                            .MaximumLength = e->maximum_length > 0xffffffff ? 0xffffffff : (ULONG)e->maximum_length};
    PDMA_ADAPTER adapter = e->device->pdo ? dma_get_adapter(e->device->pdo, &d, &registers, NULL) : NULL;
    if (!adapter)
        return false;
    e->adapter[direction] = dma_adapter_of(adapter, "WdfDmaEnablerCreate");
    e->fragment_length[direction] = min(e->maximum_length, (size_t)(registers - 1) * DMA_PAGE);
    return true;
}

static NTSTATUS get_adapters(struct fx_dma_enabler *e)
{
    if (e->system)
        return STATUS_SUCCESS;
    if (!get_adapter(e, WdfDmaDirectionReadFromDevice))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (e->duplex)
        return get_adapter(e, WdfDmaDirectionWriteToDevice) ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    e->adapter[WdfDmaDirectionWriteToDevice] = e->adapter[WdfDmaDirectionReadFromDevice];
    e->fragment_length[WdfDmaDirectionWriteToDevice] = e->fragment_length[WdfDmaDirectionReadFromDevice];
    return STATUS_SUCCESS;
}

static bool is_below(WDFOBJECT parent, const struct fx_device *device) { return ((struct fx_object *)fx_handle(parent, 0))->device == device; }

static NTSTATUS enabler_create(struct fx_device *device, const WDF_DMA_ENABLER_CONFIG *config, PWDF_OBJECT_ATTRIBUTES attributes, void **out)
{
    WDF_OBJECT_ATTRIBUTES own;
    if (config->Size != sizeof *config && config->Size != FIELD_OFFSET(WDF_DMA_ENABLER_CONFIG, AddressWidthOverride))
        return STATUS_INFO_LENGTH_MISMATCH;
    if (config->Profile <= WdfDmaProfileInvalid || config->Profile > WdfDmaProfileSystemDuplex || !config->MaximumLength)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = fx_validate_attributes(attributes, 0);
    if (!NT_SUCCESS(status))
        return status;
    WDF_OBJECT_ATTRIBUTES_INIT(&own);
    if (attributes)
        own = *attributes;
    if (own.ParentObject && !is_below(own.ParentObject, device))
        return STATUS_WDF_OBJECT_ATTRIBUTES_INVALID;
    if (!own.ParentObject)
        own.ParentObject = (WDFOBJECT)device;
    status = fx_object_new_below_device(device->object.driver, FX_DMAENABLER, sizeof(struct fx_dma_enabler), &own, 0, out);
    if (!NT_SUCCESS(status))
        return status;
    struct fx_dma_enabler *e = *out;
    memcpy(&e->config, config, config->Size);
    e->device = device;
    e->maximum_length = config->MaximumLength;
    set_profile(e, config->Profile);
    e->maximum_elements = e->scatter_gather ? WDF_DMA_ENABLER_UNLIMITED_FRAGMENTS : 1;
    e->object.dispose = dispose;
    e->object.passive_dispose = true; /* the HAL takes the adapters back at PASSIVE_LEVEL */
    status = get_adapters(e);
    if (!NT_SUCCESS(status)) {
        fx_object_delete_failed(&e->object);
        return status;
    }
    e->part.power_up = power_up, e->part.power_down = power_down;
    fx_power_part_add(device, FX_STAGE_DMA, &e->part);
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfDmaEnablerCreate(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PWDF_DMA_ENABLER_CONFIG Config,
                                 PWDF_OBJECT_ATTRIBUTES Attributes, WDFDMAENABLER *DmaEnablerHandle)
{
    gate_enter(DDI_WdfDmaEnablerCreate, trace_object(Device), 0);
    struct fx_device *device = fx_handle(Device, FX_DEVICE);
    fx_require(Config, "Config");
    fx_require(DmaEnablerHandle, "DmaEnablerHandle");
    *DmaEnablerHandle = NULL;
    void *enabler = NULL;
    NTSTATUS status = choose_fault(DDI_WdfDmaEnablerCreate) ? STATUS_INSUFFICIENT_RESOURCES : enabler_create(device, Config, Attributes, &enabler);
    if (NT_SUCCESS(status))
        *DmaEnablerHandle = enabler;
    gate_leave((ULONG)status);
    return status;
}

/* ---- Limits ---- */

size_t wdf_WdfDmaEnablerGetMaximumLength(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMAENABLER DmaEnabler)
{
    gate_enter(DDI_WdfDmaEnablerGetMaximumLength, trace_object(DmaEnabler), 0);
    const struct fx_dma_enabler *e = fx_handle(DmaEnabler, FX_DMAENABLER);
    gate_leave(e->maximum_length);
    return e->maximum_length;
}

static unsigned checked(WDF_DMA_DIRECTION direction)
{
    if (direction != WdfDmaDirectionReadFromDevice && direction != WdfDmaDirectionWriteToDevice)
        fx_misuse("K-DMA-1", "%u is no WDF_DMA_DIRECTION", direction);
    return direction;
}

size_t wdf_WdfDmaEnablerGetFragmentLength(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMAENABLER DmaEnabler, WDF_DMA_DIRECTION DmaDirection)
{
    gate_enter(DDI_WdfDmaEnablerGetFragmentLength, trace_object(DmaEnabler), DmaDirection);
    const struct fx_dma_enabler *e = fx_handle(DmaEnabler, FX_DMAENABLER);
    size_t length = e->fragment_length[checked(DmaDirection)];
    gate_leave(length);
    return length;
}

PDMA_ADAPTER wdf_WdfDmaEnablerWdmGetDmaAdapter(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMAENABLER DmaEnabler, WDF_DMA_DIRECTION DmaDirection)
{
    gate_enter(DDI_WdfDmaEnablerWdmGetDmaAdapter, trace_object(DmaEnabler), DmaDirection);
    const struct fx_dma_enabler *e = fx_handle(DmaEnabler, FX_DMAENABLER);
    struct dma_adapter *a = e->adapter[checked(DmaDirection)];
    gate_leave(a != NULL);
    return a ? &a->adapter : NULL;
}

/* No system DMA controller is in this machine. */
NTSTATUS wdf_WdfDmaEnablerConfigureSystemProfile(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMAENABLER DmaEnabler, PWDF_DMA_SYSTEM_PROFILE_CONFIG ProfileConfig,
                                                 WDF_DMA_DIRECTION ConfigDirection)
{
    gate_enter(DDI_WdfDmaEnablerConfigureSystemProfile, trace_object(DmaEnabler), ConfigDirection);
    const struct fx_dma_enabler *e = fx_handle(DmaEnabler, FX_DMAENABLER);
    fx_require(ProfileConfig, "ProfileConfig");
    checked(ConfigDirection);
    NTSTATUS status = ProfileConfig->Size != sizeof *ProfileConfig ? STATUS_INFO_LENGTH_MISMATCH : e->system ? STATUS_NOT_SUPPORTED : STATUS_INVALID_DEVICE_REQUEST;
    gate_leave((ULONG)status);
    return status;
}

size_t wdf_WdfDmaEnablerGetMaximumScatterGatherElements(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMAENABLER DmaEnabler)
{
    gate_enter(DDI_WdfDmaEnablerGetMaximumScatterGatherElements, trace_object(DmaEnabler), 0);
    const struct fx_dma_enabler *e = fx_handle(DmaEnabler, FX_DMAENABLER);
    gate_leave(e->maximum_elements);
    return e->maximum_elements;
}

VOID wdf_WdfDmaEnablerSetMaximumScatterGatherElements(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMAENABLER DmaEnabler, size_t MaximumFragments)
{
    gate_enter(DDI_WdfDmaEnablerSetMaximumScatterGatherElements, trace_object(DmaEnabler), MaximumFragments);
    struct fx_dma_enabler *e = fx_handle(DmaEnabler, FX_DMAENABLER);
    if (!MaximumFragments || e->used)
        fx_misuse("K-DMA-1", "WdfDmaEnablerSetMaximumScatterGatherElements of DMA enabler #%u %s", e->object.number,
                  e->used ? "after its first transaction" : "with 0 elements");
    if (e->scatter_gather)
        e->maximum_elements = MaximumFragments;
    gate_leave(0);
}
