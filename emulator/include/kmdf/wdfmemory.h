/*
 * Memory objects and lookaside lists, and the descriptor by which a caller hands a buffer to a synchronous send.
 */
#pragma once

WDF_EXTERN_C_START

typedef enum _WDF_MEMORY_DESCRIPTOR_TYPE {
    WdfMemoryDescriptorTypeInvalid = 0,
    WdfMemoryDescriptorTypeBuffer,
    WdfMemoryDescriptorTypeMdl,
    WdfMemoryDescriptorTypeHandle,
} WDF_MEMORY_DESCRIPTOR_TYPE, *PWDF_MEMORY_DESCRIPTOR_TYPE;

typedef struct _WDF_MEMORY_DESCRIPTOR {
    WDF_MEMORY_DESCRIPTOR_TYPE Type;
    union {
        struct {
            PVOID Buffer;
            ULONG Length;
        } BufferType;
        struct {
            PMDL Mdl;
            ULONG BufferLength;
        } MdlType;
        struct {
            WDFMEMORY Memory;
            PWDFMEMORY_OFFSET Offsets;
        } HandleType;
    } u;
} WDF_MEMORY_DESCRIPTOR, *PWDF_MEMORY_DESCRIPTOR;

WDF_INLINE VOID WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(_Out_ PWDF_MEMORY_DESCRIPTOR Descriptor,
                                                  _In_ PVOID Buffer, _In_ ULONG BufferLength)
{
    RtlZeroMemory(Descriptor, sizeof(*Descriptor));
    Descriptor->Type = WdfMemoryDescriptorTypeBuffer;
    Descriptor->u.BufferType.Buffer = Buffer;
    Descriptor->u.BufferType.Length = BufferLength;
}

WDF_INLINE VOID WDF_MEMORY_DESCRIPTOR_INIT_MDL(_Out_ PWDF_MEMORY_DESCRIPTOR Descriptor, _In_ PMDL Mdl,
                                               _In_ ULONG BufferLength)
{
    RtlZeroMemory(Descriptor, sizeof(*Descriptor));
    Descriptor->Type = WdfMemoryDescriptorTypeMdl;
    Descriptor->u.MdlType.Mdl = Mdl;
    Descriptor->u.MdlType.BufferLength = BufferLength;
}

WDF_INLINE VOID WDF_MEMORY_DESCRIPTOR_INIT_HANDLE(_Out_ PWDF_MEMORY_DESCRIPTOR Descriptor,
                                                  _In_ WDFMEMORY Memory,
                                                  _In_opt_ PWDFMEMORY_OFFSET Offsets)
{
    RtlZeroMemory(Descriptor, sizeof(*Descriptor));
    Descriptor->Type = WdfMemoryDescriptorTypeHandle;
    Descriptor->u.HandleType.Memory = Memory;
    Descriptor->u.HandleType.Offsets = Offsets;
}

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfMemoryCreate, PFN_WDFMEMORYCREATE,
        (_In_opt_ PWDF_OBJECT_ATTRIBUTES Attributes, _In_ POOL_TYPE PoolType,
         _In_opt_ ULONG PoolTag, _In_ size_t BufferSize, _Out_ WDFMEMORY *Memory,
         _Out_opt_ PVOID *Buffer),
        (Attributes, PoolType, PoolTag, BufferSize, Memory, Buffer))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfMemoryCreatePreallocated, PFN_WDFMEMORYCREATEPREALLOCATED,
        (_In_opt_ PWDF_OBJECT_ATTRIBUTES Attributes, _In_ PVOID Buffer, _In_ size_t BufferSize,
         _Out_ WDFMEMORY *Memory),
        (Attributes, Buffer, BufferSize, Memory))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(PVOID, WdfMemoryGetBuffer, PFN_WDFMEMORYGETBUFFER,
        (_In_ WDFMEMORY Memory, _Out_opt_ size_t *BufferSize),
        (Memory, BufferSize))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfMemoryAssignBuffer, PFN_WDFMEMORYASSIGNBUFFER,
        (_In_ WDFMEMORY Memory, _In_ PVOID Buffer, _In_ size_t BufferSize),
        (Memory, Buffer, BufferSize))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfMemoryCopyToBuffer, PFN_WDFMEMORYCOPYTOBUFFER,
        (_In_ WDFMEMORY SourceMemory, _In_ size_t SourceOffset, _Out_ PVOID Buffer,
         _In_ size_t NumBytesToCopyTo),
        (SourceMemory, SourceOffset, Buffer, NumBytesToCopyTo))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfMemoryCopyFromBuffer, PFN_WDFMEMORYCOPYFROMBUFFER,
        (_In_ WDFMEMORY DestinationMemory, _In_ size_t DestinationOffset, _In_ PVOID Buffer,
         _In_ size_t NumBytesToCopyFrom),
        (DestinationMemory, DestinationOffset, Buffer, NumBytesToCopyFrom))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfLookasideListCreate, PFN_WDFLOOKASIDELISTCREATE,
        (_In_opt_ PWDF_OBJECT_ATTRIBUTES LookasideAttributes, _In_ size_t BufferSize,
         _In_ POOL_TYPE PoolType, _In_opt_ PWDF_OBJECT_ATTRIBUTES MemoryAttributes,
         _In_opt_ ULONG PoolTag, _Out_ WDFLOOKASIDE *Lookaside),
        (LookasideAttributes, BufferSize, PoolType, MemoryAttributes, PoolTag, Lookaside))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfMemoryCreateFromLookaside, PFN_WDFMEMORYCREATEFROMLOOKASIDE,
        (_In_ WDFLOOKASIDE Lookaside, _Out_ WDFMEMORY *Memory),
        (Lookaside, Memory))

WDF_EXTERN_C_END
