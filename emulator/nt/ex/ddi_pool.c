/* The gate around pool: which DDI asks for what (W-MEM-1..5). */
#include "../io/io.h"
#include "../ke/ke.h"

#define QUOTA_FAIL 8      /* POOL_QUOTA_FAIL_INSTEAD_OF_RAISE */
#define RAISE_ON_FAIL 16  /* POOL_RAISE_IF_ALLOCATION_FAILURE */
#define MUST_SUCCEED 2

static enum pool_kind kind_of_type(POOL_TYPE type) { return (type & 1) ? POOL_PAGED : POOL_NONPAGED; }

/* The exceptions of W-MEM-3 leave the gate as any exception does. */
static void raise_if_failed(PVOID memory, bool raises)
{
    if (!memory && raises)
        seh_raise((ULONG)STATUS_INSUFFICIENT_RESOURCES);
}

/* Quota is charged to a process: not in a DPC, nor on an idle processor (V-MEM-18), which says more than that the level is wrong. */
/* A type that does not exist is 0xC4/0x16; on any Windows a tag of zero is 0xC2/0x9B (V-MEM-10, V-MEM-24). */
static void check_request(uint16_t ddi, POOL_TYPE type, SIZE_T size, ULONG tag)
{
    if ((ULONG)type & ~0x63fu)
        bugcheck(0xC4, 0x16, type, size, tag, "V-MEM-10", "%s is asked for a type of pool that does not exist (0x%X)", ddi_table[ddi].name, (ULONG)type);
    if (!tag)
        bugcheck(0xC2, 0x9B, type, size, 0, "V-MEM-24", "%s is given the tag 0", ddi_table[ddi].name);
}

/* What a driver of today should not ask for. */
static void check_lints(uint16_t ddi, POOL_TYPE type, ULONG tag)
{
    const char *name = ddi_table[ddi].name;
    io_lint_allocation(name);
    bool replaced = ddi == DDI_ExAllocatePool || ddi == DDI_ExAllocatePoolWithTag || ddi == DDI_ExAllocatePoolWithTagPriority ||
                    ddi == DDI_ExAllocatePoolWithQuota || ddi == DDI_ExAllocatePoolWithQuotaTag;
    if (machine_lints & LINT_POOL_CALL && replaced)
        bugcheck(OWN_RULE, ddi, 0, 0, 0, "V-MEM-23", "%s does not initialise what it returns: ExAllocatePool2 is meant", name);
    if (machine_lints & LINT_POOL_TAG && (tag == 'enoN' || tag == ' mdW' || tag == ' kdD'))
        bugcheck(OWN_RULE, ddi, tag, 0, 0, "V-MEM-24", "%s is given a tag that tells nobody whose memory it is", name);
    if (machine_lints & LINT_POOL_EXECUTABLE && !(type & (1 | NonPagedPoolNx)))
        bugcheck(0xC4, 0x2000, ddi, type, tag, "V-MEM-22", "%s is asked for executable pool", name);
}

static PVOID quota_ddi(uint16_t ddi, POOL_TYPE type, SIZE_T size, ULONG tag, const void *caller, bool zero)
{
    if (current_ctx->top || current_ctx->kind == CTX_IDLE)
        bugcheck(0xC4, current_ctx->top ? 0x10B : 0x10A, size, tag, 0, "V-MEM-18", "%s in a DPC: there is no process to charge", ddi_table[ddi].name);
    gate_enter(ddi, size, tag);
    check_request(ddi, type, size, tag);
    if (machine_lints)
        check_lints(ddi, type, tag);
    PVOID memory = choose_fault(ddi) ? NULL : ex_allocate(kind_of_type(type), size, tag, caller, zero);
    gate_leave(trace_object(memory));
    raise_if_failed(memory, !(type & QUOTA_FAIL));
    return memory;
}

static PVOID allocate_ddi(uint16_t ddi, POOL_TYPE type, SIZE_T size, ULONG tag, const void *caller, bool zero)
{
    gate_enter(ddi, size, tag);
    check_request(ddi, type, size, tag);
    if (machine_lints)
        check_lints(ddi, type, tag);
    if ((type & 7) == MUST_SUCCEED)
        bugcheck(0xC4, 0x03, type, size, tag, "V-MEM-3", "NonPagedPoolMustSucceed is asked for");
    PVOID memory = choose_fault(ddi) ? NULL : ex_allocate(kind_of_type(type), size, tag, caller, zero);
    gate_leave(trace_object(memory));
    raise_if_failed(memory, type & RAISE_ON_FAIL);
    return memory;
}

PVOID ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return allocate_ddi(DDI_ExAllocatePoolWithTag, PoolType, NumberOfBytes, Tag, CALLER, false);
}

PVOID ExAllocatePool(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    return allocate_ddi(DDI_ExAllocatePool, PoolType, NumberOfBytes, 'enoN', CALLER, false);
}

PVOID ExAllocatePoolWithTagPriority(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag, EX_POOL_PRIORITY Priority)
{
    (void)Priority;
    return allocate_ddi(DDI_ExAllocatePoolWithTagPriority, PoolType, NumberOfBytes, Tag, CALLER, false);
}

PVOID ExAllocatePoolZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return allocate_ddi(DDI_ExAllocatePoolZero, PoolType, NumberOfBytes, Tag, CALLER, true);
}

PVOID ExAllocatePoolUninitialized(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return allocate_ddi(DDI_ExAllocatePoolUninitialized, PoolType, NumberOfBytes, Tag, CALLER, false);
}

PVOID ExAllocatePoolPriorityZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag, EX_POOL_PRIORITY Priority)
{
    (void)Priority;
    return allocate_ddi(DDI_ExAllocatePoolPriorityZero, PoolType, NumberOfBytes, Tag, CALLER, true);
}

PVOID ExAllocatePoolPriorityUninitialized(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag, EX_POOL_PRIORITY Priority)
{
    (void)Priority;
    return allocate_ddi(DDI_ExAllocatePoolPriorityUninitialized, PoolType, NumberOfBytes, Tag, CALLER, false);
}

PVOID ExAllocatePoolWithQuotaTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return quota_ddi(DDI_ExAllocatePoolWithQuotaTag, PoolType, NumberOfBytes, Tag, CALLER, false);
}

PVOID ExAllocatePoolWithQuota(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    return quota_ddi(DDI_ExAllocatePoolWithQuota, PoolType, NumberOfBytes, 'enoN', CALLER, false);
}

PVOID ExAllocatePoolQuotaZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return quota_ddi(DDI_ExAllocatePoolQuotaZero, PoolType, NumberOfBytes, Tag, CALLER, true);
}

PVOID ExAllocatePoolQuotaUninitialized(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return quota_ddi(DDI_ExAllocatePoolQuotaUninitialized, PoolType, NumberOfBytes, Tag, CALLER, false);
}

/* W-MEM-2: exactly one kind of memory, a tag, a size; an unknown required flag refuses. */
static bool flags_are_valid(POOL_FLAGS flags)
{
    const POOL_FLAGS kinds = flags & (POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED);
    const POOL_FLAGS known = POOL_FLAG_USE_QUOTA | POOL_FLAG_UNINITIALIZED | POOL_FLAG_SESSION | POOL_FLAG_CACHE_ALIGNED | POOL_FLAG_RAISE_ON_FAILURE | kinds;
    return kinds && !(kinds & (kinds - 1)) && !((ULONG)flags & ~(ULONG)known);
}

static PVOID allocate2(uint16_t ddi, POOL_FLAGS flags, SIZE_T size, ULONG tag, const void *caller, bool valid)
{
    gate_enter(ddi, size, tag);
    PVOID memory = NULL;
    if (valid && tag && size && flags_are_valid(flags) && !choose_fault(ddi))
        memory = ex_allocate(flags & POOL_FLAG_PAGED ? POOL_PAGED : POOL_NONPAGED, size, tag, caller, !(flags & POOL_FLAG_UNINITIALIZED));
    gate_leave(trace_object(memory));
    raise_if_failed(memory, flags & POOL_FLAG_RAISE_ON_FAILURE);
    return memory;
}

PVOID ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag)
{
    return allocate2(DDI_ExAllocatePool2, Flags, NumberOfBytes, Tag, CALLER, true);
}

PVOID ExAllocatePool3(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag, PCPOOL_EXTENDED_PARAMETER ExtendedParameters, ULONG ExtendedParametersCount)
{
    bool valid = true;
    for (ULONG i = 0; i < ExtendedParametersCount; i++)
        if (ExtendedParameters[i].Type == PoolExtendedParameterInvalidType ||
            (ExtendedParameters[i].Type >= PoolExtendedParameterMax && !ExtendedParameters[i].Optional))
            valid = false;
    return allocate2(DDI_ExAllocatePool3, Flags, NumberOfBytes, Tag, CALLER, valid);
}

/* NonPagedPool means NonPagedPoolNx afterwards; the emulator tells them apart nowhere else (W-MEM-1). */
VOID ExInitializeDriverRuntime(ULONG RuntimeFlags)
{
    gate_enter(DDI_ExInitializeDriverRuntime, RuntimeFlags, 0);
    gate_leave(0);
}

VOID ExFreePool2(PVOID P, ULONG Tag, PCPOOL_EXTENDED_PARAMETER ExtendedParameters, ULONG ExtendedParametersCount)
{
    (void)ExtendedParameters, (void)ExtendedParametersCount;
    gate_enter(DDI_ExFreePool2, trace_object(P), Tag);
    ex_free_with_tag(P, Tag, CALLER);
    gate_leave(0);
}

VOID ExFreePoolWithTag(PVOID Pool, ULONG Tag)
{
    gate_enter(DDI_ExFreePoolWithTag, trace_object(Pool), Tag);
    ex_free_with_tag(Pool, Tag, CALLER);
    gate_leave(0);
}

VOID ExFreePool(PVOID Pool)
{
    gate_enter(DDI_ExFreePool, trace_object(Pool), 0);
    ex_free_with_tag(Pool, 0, CALLER);
    gate_leave(0);
}
