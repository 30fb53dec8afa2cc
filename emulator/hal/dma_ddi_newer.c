/*
 * The gate around what an adapter of DEVICE_DESCRIPTION_VERSION3 has gained since: common buffers within bounds, in vectors, and of a driver's own memory; domains.
 *
 * Design: a domain is a space of logical addresses that devices share. Each device has one of its own here (dma_space.c), which none may join, as on a machine whose
 * firmware describes no domains: a driver has to get along with STATUS_NOT_SUPPORTED.
 */
#include "dma_extended.h"

/* ---- Common buffers ---- */

static struct dma_bounds bounds_of(const PHYSICAL_ADDRESS *lowest, const PHYSICAL_ADDRESS *highest)
{
    return (struct dma_bounds){lowest ? (uint64_t)lowest->QuadPart : 0, highest ? (uint64_t)highest->QuadPart : ~0ull};
}

PVOID NTAPI AllocateCommonBufferWithBounds(PDMA_ADAPTER DmaAdapter, PPHYSICAL_ADDRESS MinimumAddress, PPHYSICAL_ADDRESS MaximumAddress, ULONG Length, ULONG Flags,
                                           MEMORY_CACHING_TYPE *CacheType, NODE_REQUIREMENT PreferredNode, PPHYSICAL_ADDRESS LogicalAddress)
{
    (void)Flags, (void)PreferredNode; /* FreeCommonBuffer tells the caching again; without a type it is the cached one */
    gate_enter(DDI_AllocateCommonBufferWithBounds, trace_object(DmaAdapter), Length);
    struct dma_adapter *a = dma_adapter_of(DmaAdapter, "AllocateCommonBufferWithBounds");
    BOOLEAN cached = !CacheType || *CacheType == MmCached;
    PVOID memory = choose_fault(DDI_AllocateCommonBufferWithBounds)
                       ? NULL
                       : dma_allocate_common_buffer(a, Length, bounds_of(MinimumAddress, MaximumAddress), LogicalAddress, cached);
    gate_leave(trace_object(memory));
    return memory;
}

NTSTATUS NTAPI AllocateCommonBufferVector(PDMA_ADAPTER DmaAdapter, PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress, MEMORY_CACHING_TYPE CacheType,
                                          ULONG IdealNode, ULONG Flags, ULONG NumberOfElements, ULONGLONG SizeOfElements, PDMA_COMMON_BUFFER_VECTOR *VectorOut)
{
    (void)IdealNode, (void)Flags;
    gate_enter(DDI_AllocateCommonBufferVector, NumberOfElements, SizeOfElements);
    struct dma_adapter *a = dma_adapter_of(DmaAdapter, "AllocateCommonBufferVector");
    NTSTATUS status = choose_fault(DDI_AllocateCommonBufferVector) ? STATUS_INSUFFICIENT_RESOURCES
                                                                   : dma_allocate_vector(a, bounds_of(&LowAddress, &HighAddress), CacheType == MmCached, NumberOfElements,
                                                                                         SizeOfElements, VectorOut);
    gate_leave((ULONG)status);
    return status;
}

VOID NTAPI GetCommonBufferFromVectorByIndex(PDMA_ADAPTER DmaAdapter, PDMA_COMMON_BUFFER_VECTOR Vector, ULONG Index, PVOID *VirtualAddressOut,
                                            PPHYSICAL_ADDRESS LogicalAddressOut)
{
    gate_enter(DDI_GetCommonBufferFromVectorByIndex, trace_object(DmaAdapter), Index);
    *VirtualAddressOut = dma_in_vector(dma_adapter_of(DmaAdapter, "GetCommonBufferFromVectorByIndex"), Vector, Index, LogicalAddressOut);
    gate_leave(0);
}

VOID NTAPI FreeCommonBufferFromVector(PDMA_ADAPTER DmaAdapter, PDMA_COMMON_BUFFER_VECTOR Vector, ULONG Index)
{
    gate_enter(DDI_FreeCommonBufferFromVector, trace_object(DmaAdapter), Index);
    dma_free_in_vector(dma_adapter_of(DmaAdapter, "FreeCommonBufferFromVector"), Vector, Index);
    gate_leave(0);
}

VOID NTAPI FreeCommonBufferVector(PDMA_ADAPTER DmaAdapter, PDMA_COMMON_BUFFER_VECTOR Vector)
{
    gate_enter(DDI_FreeCommonBufferVector, trace_object(DmaAdapter), 0);
    dma_free_vector(dma_adapter_of(DmaAdapter, "FreeCommonBufferVector"), Vector);
    gate_leave(0);
}

/* ---- Of a driver's own memory ---- */

static bool apply(struct dma_part *part, const DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION *c)
{
    switch (c->ConfigType) {
    case CommonBufferConfigTypeLogicalAddressLimits:
        part->bounds = bounds_of(&c->LogicalAddressLimits.MinimumAddress, &c->LogicalAddressLimits.MaximumAddress);
        return part->bounds.lowest <= part->bounds.highest;
    case CommonBufferConfigTypeSubSection:
        part->offset = c->SubSection.Offset, part->length = c->SubSection.Length;
        return true;
    case CommonBufferConfigTypeHardwareAccessPermissions:
        part->readable = c->HardwareAccessType != CommonBufferHardwareAccessWriteOnly;
        part->writable = c->HardwareAccessType != CommonBufferHardwareAccessReadOnly;
        return c->HardwareAccessType < CommonBufferHardwareAccessMax;
    default:
        return false;
    }
}

static NTSTATUS create_from_mdl(struct dma_adapter *a, PMDL mdl, const DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION *configs, ULONG count, PPHYSICAL_ADDRESS logical)
{
    memory_check(mdl, sizeof *mdl, "the MDL of a common buffer");
    struct dma_part part = {.mdl = mdl, .length = mdl->ByteCount, .bounds = DMA_ANYWHERE, .readable = true, .writable = true};
    if (count)
        memory_check(configs, count * sizeof *configs, "the configurations of a common buffer");
    for (ULONG i = 0; i < count; i++)
        if (!apply(&part, &configs[i]))
            return STATUS_INVALID_PARAMETER;
    if (!part.length || part.offset >= mdl->ByteCount || part.length > mdl->ByteCount - part.offset)
        return STATUS_INVALID_PARAMETER;
    const struct dma_range range = {part.mdl, part.offset, part.length};
    dma_check_range(&range, "CreateCommonBufferFromMdl");
    return dma_common_buffer_of(a, &part, logical);
}

NTSTATUS NTAPI CreateCommonBufferFromMdl(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION ExtendedConfigs, ULONG ExtendedConfigsCount,
                                         PPHYSICAL_ADDRESS LogicalAddress)
{
    gate_enter(DDI_CreateCommonBufferFromMdl, trace_object(Mdl), ExtendedConfigsCount);
    struct dma_adapter *a = dma_adapter_of(DmaAdapter, "CreateCommonBufferFromMdl");
    NTSTATUS status = choose_fault(DDI_CreateCommonBufferFromMdl) ? STATUS_INSUFFICIENT_RESOURCES
                                                                  : create_from_mdl(a, Mdl, ExtendedConfigs, ExtendedConfigsCount, LogicalAddress);
    gate_leave((ULONG)status);
    return status;
}

/* Caches see what devices do: nothing is left in them. */
NTSTATUS NTAPI FlushDmaBuffer(PDMA_ADAPTER DmaAdapter, PMDL Mdl, BOOLEAN ReadOperation)
{
    gate_enter(DDI_FlushDmaBuffer, trace_object(Mdl), ReadOperation);
    dma_adapter_of(DmaAdapter, "FlushDmaBuffer");
    memory_check(Mdl, sizeof *Mdl, "the MDL of a DMA buffer");
    gate_leave(STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

/* ---- Domains ---- */

static NTSTATUS no_domains(PDMA_ADAPTER adapter, uint16_t ddi)
{
    gate_enter(ddi, trace_object(adapter), 0);
    dma_adapter_of(adapter, ddi_table[ddi].name);
    gate_leave((ULONG)STATUS_NOT_SUPPORTED);
    return STATUS_NOT_SUPPORTED;
}

NTSTATUS NTAPI AllocateDomainCommonBuffer(PDMA_ADAPTER DmaAdapter, HANDLE DomainHandle, PPHYSICAL_ADDRESS MaximumAddress, ULONG Length, ULONG Flags,
                                          MEMORY_CACHING_TYPE *CacheType, NODE_REQUIREMENT PreferredNode, PPHYSICAL_ADDRESS LogicalAddress, PVOID *VirtualAddress)
{
    (void)DomainHandle, (void)MaximumAddress, (void)Length, (void)Flags, (void)CacheType, (void)PreferredNode, (void)LogicalAddress, (void)VirtualAddress;
    return no_domains(DmaAdapter, DDI_AllocateDomainCommonBuffer);
}

NTSTATUS NTAPI JoinDmaDomain(PDMA_ADAPTER DmaAdapter, HANDLE DomainHandle)
{
    (void)DomainHandle;
    return no_domains(DmaAdapter, DDI_JoinDmaDomain);
}

NTSTATUS NTAPI LeaveDmaDomain(PDMA_ADAPTER DmaAdapter) { return no_domains(DmaAdapter, DDI_LeaveDmaDomain); }

HANDLE NTAPI GetDmaDomain(PDMA_ADAPTER DmaAdapter)
{
    gate_enter(DDI_GetDmaDomain, trace_object(DmaAdapter), 0);
    dma_adapter_of(DmaAdapter, "GetDmaDomain");
    gate_leave(0);
    return NULL;
}
