/*
 * What every object has: attributes, parent, contexts, references, the callback lock (chapter 1 of the KMDF
 * specification).
 *
 * A context type is one constant WDF_OBJECT_CONTEXT_TYPE_INFO per type name in the image; its identity is the address
 * in UniqueType (K-OBJ-40), hence the weak linkage: all translation units of a driver must agree on one.
 */
#pragma once

WDF_EXTERN_C_START

typedef _Function_class_(EVT_WDF_OBJECT_CONTEXT_CLEANUP)
_IRQL_requires_same_ _IRQL_requires_max_(DISPATCH_LEVEL)
VOID EVT_WDF_OBJECT_CONTEXT_CLEANUP(_In_ WDFOBJECT Object);
typedef EVT_WDF_OBJECT_CONTEXT_CLEANUP *PFN_WDF_OBJECT_CONTEXT_CLEANUP;

typedef _Function_class_(EVT_WDF_OBJECT_CONTEXT_DESTROY)
_IRQL_requires_same_ _IRQL_requires_max_(DISPATCH_LEVEL)
VOID EVT_WDF_OBJECT_CONTEXT_DESTROY(_In_ WDFOBJECT Object);
typedef EVT_WDF_OBJECT_CONTEXT_DESTROY *PFN_WDF_OBJECT_CONTEXT_DESTROY;

typedef struct _WDF_OBJECT_CONTEXT_TYPE_INFO WDF_OBJECT_CONTEXT_TYPE_INFO, *PWDF_OBJECT_CONTEXT_TYPE_INFO;
typedef const WDF_OBJECT_CONTEXT_TYPE_INFO *PCWDF_OBJECT_CONTEXT_TYPE_INFO;

typedef PCWDF_OBJECT_CONTEXT_TYPE_INFO (*PFN_GET_UNIQUE_CONTEXT_TYPE)(VOID);

struct _WDF_OBJECT_CONTEXT_TYPE_INFO {
    ULONG Size;
    PCHAR ContextName;
    size_t ContextSize;
    PCWDF_OBJECT_CONTEXT_TYPE_INFO UniqueType;
    PFN_GET_UNIQUE_CONTEXT_TYPE EvtDriverGetUniqueContextType;
};

typedef enum _WDF_EXECUTION_LEVEL {
    WdfExecutionLevelInvalid = 0x00,
    WdfExecutionLevelInheritFromParent,
    WdfExecutionLevelPassive,
    WdfExecutionLevelDispatch,
} WDF_EXECUTION_LEVEL;

typedef enum _WDF_SYNCHRONIZATION_SCOPE {
    WdfSynchronizationScopeInvalid = 0x00,
    WdfSynchronizationScopeInheritFromParent,
    WdfSynchronizationScopeDevice,
    WdfSynchronizationScopeQueue,
    WdfSynchronizationScopeNone,
} WDF_SYNCHRONIZATION_SCOPE;

struct _WDF_OBJECT_ATTRIBUTES {
    ULONG Size;
    PFN_WDF_OBJECT_CONTEXT_CLEANUP EvtCleanupCallback;
    PFN_WDF_OBJECT_CONTEXT_DESTROY EvtDestroyCallback;
    WDF_EXECUTION_LEVEL ExecutionLevel;
    WDF_SYNCHRONIZATION_SCOPE SynchronizationScope;
    WDFOBJECT ParentObject;
    size_t ContextSizeOverride;
    PCWDF_OBJECT_CONTEXT_TYPE_INFO ContextTypeInfo;
};

// A zeroed structure is not valid: level and scope 0 are the Invalid ones (K-OBJ-31).
WDF_INLINE VOID WDF_OBJECT_ATTRIBUTES_INIT(_Out_ PWDF_OBJECT_ATTRIBUTES Attributes)
{
    RtlZeroMemory(Attributes, sizeof(*Attributes));
    Attributes->Size = sizeof(*Attributes);
    Attributes->ExecutionLevel = WdfExecutionLevelInheritFromParent;
    Attributes->SynchronizationScope = WdfSynchronizationScopeInheritFromParent;
}

#define WDF_TYPE_NAME_TO_TYPE_INFO(ContextType) WDF_##ContextType##_TYPE_INFO

#define WDF_GET_CONTEXT_TYPE_INFO(ContextType) (WDF_TYPE_NAME_TO_TYPE_INFO(ContextType).UniqueType)

#define WDF_OBJECT_ATTRIBUTES_SET_CONTEXT_TYPE(Attributes, ContextType) \
    ((Attributes)->ContextTypeInfo = WDF_GET_CONTEXT_TYPE_INFO(ContextType))

#define WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(Attributes, ContextType) \
    (WDF_OBJECT_ATTRIBUTES_INIT(Attributes), WDF_OBJECT_ATTRIBUTES_SET_CONTEXT_TYPE(Attributes, ContextType))

#ifdef __cplusplus
#define WDF_EXTERN_DECLARATION extern "C"
#else
#define WDF_EXTERN_DECLARATION extern
#endif

#define WDF_DECLARE_TYPE_INFO(ContextType, Bytes, Unique, GetUnique)                            \
    WDF_EXTERN_DECLARATION const WDF_OBJECT_CONTEXT_TYPE_INFO WDF_##ContextType##_TYPE_INFO;     \
    __attribute__((weak)) const WDF_OBJECT_CONTEXT_TYPE_INFO WDF_##ContextType##_TYPE_INFO = {   \
        sizeof(WDF_OBJECT_CONTEXT_TYPE_INFO), (PCHAR)#ContextType, Bytes, Unique, GetUnique,     \
    };

#define WDF_DECLARE_CONTEXT_ACCESSOR(ContextType, Accessor)                                          \
    WDF_INLINE ContextType *Accessor(_In_ WDFOBJECT Handle)                                          \
    {                                                                                                \
        return (ContextType *)WdfObjectGetTypedContextWorker(Handle,                                 \
                                                             WDF_GET_CONTEXT_TYPE_INFO(ContextType)); \
    }

#define WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(ContextType, Accessor)                                        \
    WDF_DECLARE_TYPE_INFO(ContextType, sizeof(ContextType), &WDF_TYPE_NAME_TO_TYPE_INFO(ContextType), NULL) \
    WDF_DECLARE_CONTEXT_ACCESSOR(ContextType, Accessor)

#define WDF_DECLARE_CONTEXT_TYPE(ContextType) \
    WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(ContextType, WdfObjectGet_##ContextType)

// A type shared by several drivers: GetUniqueType supplies its identity before DriverEntry (K-OBJ-41), so
// UniqueType is written once at load and the record is not constant. The loader finds the records through the
// section wdf_shared_types, an array of pointers to them.
#define WDF_DECLARE_SHARED_CONTEXT_TYPE_WITH_NAME(ContextType, GetUniqueType, Accessor)          \
    WDF_EXTERN_DECLARATION WDF_OBJECT_CONTEXT_TYPE_INFO WDF_##ContextType##_TYPE_INFO;            \
    __attribute__((weak)) WDF_OBJECT_CONTEXT_TYPE_INFO WDF_##ContextType##_TYPE_INFO = {          \
        sizeof(WDF_OBJECT_CONTEXT_TYPE_INFO), (PCHAR)#ContextType, sizeof(ContextType), NULL, GetUniqueType, \
    };                                                                                           \
    static PWDF_OBJECT_CONTEXT_TYPE_INFO const WDF_##ContextType##_SHARED_TYPE                    \
        __attribute__((used, section("wdf_shared_types"))) = &WDF_##ContextType##_TYPE_INFO;      \
    WDF_DECLARE_CONTEXT_ACCESSOR(ContextType, Accessor)

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(PVOID, WdfObjectGetTypedContextWorker, PFN_WDFOBJECTGETTYPEDCONTEXTWORKER,
        (_In_ WDFOBJECT Handle, _In_ PCWDF_OBJECT_CONTEXT_TYPE_INFO TypeInfo),
        (Handle, TypeInfo))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfObjectAllocateContext, PFN_WDFOBJECTALLOCATECONTEXT,
        (_In_ WDFOBJECT Handle, _In_ PWDF_OBJECT_ATTRIBUTES ContextAttributes,
         _Out_opt_ PVOID *Context),
        (Handle, ContextAttributes, Context))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(WDFOBJECT, WdfObjectContextGetObject, PFN_WDFOBJECTCONTEXTGETOBJECT,
        (_In_ PVOID ContextPointer),
        (ContextPointer))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(VOID, WdfObjectReferenceActual, PFN_WDFOBJECTREFERENCEACTUAL,
        (_In_ WDFOBJECT Handle, _In_opt_ PVOID Tag, _In_ LONG Line, _In_ PCSTR File),
        (Handle, Tag, Line, File))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(VOID, WdfObjectDereferenceActual, PFN_WDFOBJECTDEREFERENCEACTUAL,
        (_In_ WDFOBJECT Handle, _In_opt_ PVOID Tag, _In_ LONG Line, _In_ PCSTR File),
        (Handle, Tag, Line, File))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfObjectCreate, PFN_WDFOBJECTCREATE,
        (_In_opt_ PWDF_OBJECT_ATTRIBUTES Attributes, _Out_ WDFOBJECT *Object),
        (Attributes, Object))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfObjectDelete, PFN_WDFOBJECTDELETE,
        (_In_ WDFOBJECT Object),
        (Object))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfObjectQuery, PFN_WDFOBJECTQUERY,
        (_In_ WDFOBJECT Object, _In_ const GUID *Guid, _In_ ULONG QueryBufferLength,
         _Out_ PVOID QueryBuffer),
        (Object, Guid, QueryBufferLength, QueryBuffer))

#define WdfObjectGetTypedContext(Handle, ContextType) \
    ((ContextType *)WdfObjectGetTypedContextWorker((WDFOBJECT)(Handle), WDF_GET_CONTEXT_TYPE_INFO(ContextType)))

#define WdfObjectReference(Handle) WdfObjectReferenceWithTag(Handle, NULL)
#define WdfObjectReferenceWithTag(Handle, Tag) WdfObjectReferenceActual(Handle, Tag, __LINE__, __FILE__)
#define WdfObjectDereference(Handle) WdfObjectDereferenceWithTag(Handle, NULL)
#define WdfObjectDereferenceWithTag(Handle, Tag) WdfObjectDereferenceActual(Handle, Tag, __LINE__, __FILE__)

// Custom types: a small context whose type is the tag (K-OBJ-47).
typedef struct _WDF_CUSTOM_TYPE_CONTEXT {
    ULONG Size;
    ULONG_PTR Data;
} WDF_CUSTOM_TYPE_CONTEXT, *PWDF_CUSTOM_TYPE_CONTEXT;

WDF_INLINE VOID WDF_CUSTOM_TYPE_CONTEXT_INIT(_Out_ PWDF_CUSTOM_TYPE_CONTEXT Context)
{
    Context->Size = sizeof(*Context);
    Context->Data = 0;
}

#define WDF_TYPE_NAME_TO_CUSTOM_TYPE(Type) WDF_CUSTOM_TYPE_##Type

#define WDF_DECLARE_CUSTOM_TYPE(Type)                              \
    typedef WDF_CUSTOM_TYPE_CONTEXT WDF_TYPE_NAME_TO_CUSTOM_TYPE(Type); \
    WDF_DECLARE_CONTEXT_TYPE(WDF_CUSTOM_TYPE_##Type)

WDF_INLINE NTSTATUS WdfObjectAddCustomTypeWorker(_In_ WDFOBJECT Handle,
                                                 _In_ PCWDF_OBJECT_CONTEXT_TYPE_INFO TypeInfo,
                                                 _In_ ULONG_PTR Data,
                                                 _In_opt_ PFN_WDF_OBJECT_CONTEXT_CLEANUP EvtCleanupCallback,
                                                 _In_opt_ PFN_WDF_OBJECT_CONTEXT_DESTROY EvtDestroyCallback)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    PVOID context = NULL;
    NTSTATUS status;

    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ContextTypeInfo = TypeInfo;
    attributes.EvtCleanupCallback = EvtCleanupCallback;
    attributes.EvtDestroyCallback = EvtDestroyCallback;
    status = WdfObjectAllocateContext(Handle, &attributes, &context);
    if (status == STATUS_SUCCESS) {
        WDF_CUSTOM_TYPE_CONTEXT_INIT((PWDF_CUSTOM_TYPE_CONTEXT)context);
        ((PWDF_CUSTOM_TYPE_CONTEXT)context)->Data = Data;
    }
    return status;
}

#define WdfObjectAddCustomTypeWithData(Handle, Type, Data, EvtCleanup, EvtDestroy)                       \
    WdfObjectAddCustomTypeWorker((WDFOBJECT)(Handle), WDF_GET_CONTEXT_TYPE_INFO(WDF_CUSTOM_TYPE_##Type), \
                                 (ULONG_PTR)(Data), EvtCleanup, EvtDestroy)

#define WdfObjectAddCustomType(Handle, Type) WdfObjectAddCustomTypeWithData(Handle, Type, 0, NULL, NULL)

#define WdfObjectIsCustomType(Handle, Type)                                    \
    (WdfObjectGetTypedContextWorker((WDFOBJECT)(Handle),                       \
                                    WDF_GET_CONTEXT_TYPE_INFO(WDF_CUSTOM_TYPE_##Type)) != NULL)

// Only for a handle that has the type.
#define WdfObjectGetCustomTypeData(Handle, Type) \
    (WdfObjectGetTypedContext(Handle, WDF_CUSTOM_TYPE_##Type)->Data)

WDF_EXTERN_C_END
