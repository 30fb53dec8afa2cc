/* Common buffers (K-DMA-9): memory of the enabler's adapter, freed with the object. */
#include "dma.h"

struct fx_common_buffer {
    struct fx_object object;
    struct dma_adapter *adapter;
    PVOID memory, aligned;
    PHYSICAL_ADDRESS logical, aligned_logical;
    ULONG whole;              /* what the adapter has given */
    size_t length;
};

static void dispose(struct fx_object *object)
{
    struct fx_common_buffer *b = (struct fx_common_buffer *)object;
    if (b->memory)
        dma_free_common_buffer(b->adapter, b->whole, b->logical, b->memory, TRUE);
    b->memory = NULL;
}

/* The adapter's buffers begin on a page; a stricter alignment takes room. */
static bool allocate(struct fx_common_buffer *b, size_t length, ULONG alignment)
{
    size_t whole = length + (alignment >= DMA_PAGE ? alignment : 0);
    if (whole > 0xffffffff)
        return false;
    b->whole = (ULONG)whole;
    b->memory = dma_allocate_common_buffer(b->adapter, b->whole, DMA_ANYWHERE, &b->logical, TRUE);
    uint64_t logical = ((uint64_t)b->logical.QuadPart + alignment) & ~(uint64_t)alignment;
    b->aligned_logical.QuadPart = (LONGLONG)logical;
    b->aligned = (char *)b->memory + (logical - (uint64_t)b->logical.QuadPart);
    b->length = length;
    return b->memory != NULL;
}

static NTSTATUS create(struct fx_dma_enabler *enabler, size_t length, ULONG alignment, PWDF_OBJECT_ATTRIBUTES attributes, void **out)
{
    if (!length || (alignment & (alignment + 1)))
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = fx_validate_attributes(attributes, FX_PARENT_FORBIDDEN);
    if (!NT_SUCCESS(status))
        return status;
    if (!enabler->adapter[WdfDmaDirectionWriteToDevice])
        return STATUS_INVALID_DEVICE_REQUEST;
    status = fx_object_create(enabler->object.driver, FX_COMMONBUFFER, sizeof(struct fx_common_buffer), attributes, out);
    if (!NT_SUCCESS(status))
        return status;
    struct fx_common_buffer *b = *out;
    b->adapter = enabler->adapter[WdfDmaDirectionWriteToDevice];
    b->object.dispose = dispose;
    b->object.passive_dispose = true; /* the HAL takes it back at PASSIVE_LEVEL */
    status = allocate(b, length, alignment) ? fx_object_commit(&b->object, &enabler->object) : STATUS_INSUFFICIENT_RESOURCES;
    if (!NT_SUCCESS(status))
        fx_object_delete_failed(&b->object);
    return status;
}

static NTSTATUS create_by(uint16_t ddi, WDFDMAENABLER handle, size_t length, const WDF_COMMON_BUFFER_CONFIG *config, PWDF_OBJECT_ATTRIBUTES attributes,
                          WDFCOMMONBUFFER *out)
{
    struct fx_dma_enabler *enabler = fx_handle(handle, FX_DMAENABLER);
    void *buffer = NULL;
    fx_require(out, "CommonBuffer");
    *out = NULL;
    if (config && config->Size != sizeof *config)
        return STATUS_INFO_LENGTH_MISMATCH;
    NTSTATUS status = choose_fault(ddi) ? STATUS_INSUFFICIENT_RESOURCES
                                        : create(enabler, length, config ? config->AlignmentRequirement : enabler->device->wdm->AlignmentRequirement, attributes, &buffer);
    if (NT_SUCCESS(status))
        *out = buffer;
    return status;
}

NTSTATUS wdf_WdfCommonBufferCreate(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMAENABLER DmaEnabler, size_t Length, PWDF_OBJECT_ATTRIBUTES Attributes,
                                   WDFCOMMONBUFFER *CommonBuffer)
{
    gate_enter(DDI_WdfCommonBufferCreate, trace_object(DmaEnabler), Length);
    NTSTATUS status = create_by(DDI_WdfCommonBufferCreate, DmaEnabler, Length, NULL, Attributes, CommonBuffer);
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfCommonBufferCreateWithConfig(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMAENABLER DmaEnabler, size_t Length, PWDF_COMMON_BUFFER_CONFIG Config,
                                             PWDF_OBJECT_ATTRIBUTES Attributes, WDFCOMMONBUFFER *CommonBuffer)
{
    gate_enter(DDI_WdfCommonBufferCreateWithConfig, trace_object(DmaEnabler), Length);
    fx_require(Config, "Config");
    NTSTATUS status = create_by(DDI_WdfCommonBufferCreateWithConfig, DmaEnabler, Length, Config, Attributes, CommonBuffer);
    gate_leave((ULONG)status);
    return status;
}

PVOID wdf_WdfCommonBufferGetAlignedVirtualAddress(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCOMMONBUFFER CommonBuffer)
{
    gate_enter(DDI_WdfCommonBufferGetAlignedVirtualAddress, trace_object(CommonBuffer), 0);
    const struct fx_common_buffer *b = fx_handle(CommonBuffer, FX_COMMONBUFFER);
    gate_leave(trace_object(b->aligned));
    return b->aligned;
}

PHYSICAL_ADDRESS wdf_WdfCommonBufferGetAlignedLogicalAddress(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCOMMONBUFFER CommonBuffer)
{
    gate_enter(DDI_WdfCommonBufferGetAlignedLogicalAddress, trace_object(CommonBuffer), 0);
    const struct fx_common_buffer *b = fx_handle(CommonBuffer, FX_COMMONBUFFER);
    gate_leave((uint64_t)b->aligned_logical.QuadPart);
    return b->aligned_logical;
}

size_t wdf_WdfCommonBufferGetLength(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCOMMONBUFFER CommonBuffer)
{
    gate_enter(DDI_WdfCommonBufferGetLength, trace_object(CommonBuffer), 0);
    const struct fx_common_buffer *b = fx_handle(CommonBuffer, FX_COMMONBUFFER);
    gate_leave(b->length);
    return b->length;
}
