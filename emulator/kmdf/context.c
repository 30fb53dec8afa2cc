/* Attributes and driver contexts of framework objects (K-OBJ-14, 30, 31, 40..47). */
#include "device.h"

_Static_assert(sizeof(struct image_shared_type) == sizeof(WDF_OBJECT_CONTEXT_TYPE_INFO) &&
               offsetof(struct image_shared_type, unique) == offsetof(WDF_OBJECT_CONTEXT_TYPE_INFO, UniqueType) &&
               offsetof(struct image_shared_type, get_unique) == offsetof(WDF_OBJECT_CONTEXT_TYPE_INFO, EvtDriverGetUniqueContextType),
               "the loader's view of a shared type is the framework's");

/* ---- Attributes ---- */

static NTSTATUS validate_type(const WDF_OBJECT_ATTRIBUTES *a)
{
    PCWDF_OBJECT_CONTEXT_TYPE_INFO type = a->ContextTypeInfo;
    if (type) {
        if (type->Size != sizeof *type)
            return STATUS_INFO_LENGTH_MISMATCH;
        if (type->ContextSize > 0 && !type->ContextName)
            return STATUS_WDF_OBJECT_ATTRIBUTES_INVALID;
    }
    if (a->ContextSizeOverride && (!type || a->ContextSizeOverride < type->ContextSize))
        return STATUS_WDF_OBJECT_ATTRIBUTES_INVALID;
    return STATUS_SUCCESS;
}

NTSTATUS fx_validate_attributes(PWDF_OBJECT_ATTRIBUTES a, unsigned flags)
{
    if (!a)
        return flags & FX_PARENT_REQUIRED ? STATUS_WDF_PARENT_NOT_SPECIFIED : STATUS_SUCCESS;
    if (a->Size != sizeof *a)
        return STATUS_INFO_LENGTH_MISMATCH;
    NTSTATUS status = validate_type(a);
    if (!NT_SUCCESS(status))
        return status;
    if (flags & FX_PARENT_FORBIDDEN && a->ParentObject)
        return STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED;
    if (flags & FX_PARENT_REQUIRED && !a->ParentObject)
        return STATUS_WDF_PARENT_NOT_SPECIFIED;
    if (a->ExecutionLevel == WdfExecutionLevelInvalid || a->ExecutionLevel > WdfExecutionLevelDispatch ||
        a->SynchronizationScope == WdfSynchronizationScopeInvalid || a->SynchronizationScope > WdfSynchronizationScopeNone)
        return STATUS_WDF_OBJECT_ATTRIBUTES_INVALID;
    if (!(flags & FX_SCOPE_ALLOWED) && a->SynchronizationScope != WdfSynchronizationScopeInheritFromParent &&
        a->SynchronizationScope != WdfSynchronizationScopeNone)
        return STATUS_WDF_SYNCHRONIZATION_SCOPE_INVALID;
    if (!(flags & FX_LEVEL_ALLOWED) && a->ExecutionLevel != WdfExecutionLevelInheritFromParent)
        return STATUS_WDF_EXECUTION_LEVEL_INVALID;
    return STATUS_SUCCESS;
}

/* ---- Contexts ---- */

/* Nonpaged and zeroed (K-OBJ-42). Not rounded up: the byte behind the driver's structure is nobody's. */
static struct fx_context *context_create(struct fx_object *o, const WDF_OBJECT_ATTRIBUTES *a)
{
    PCWDF_OBJECT_CONTEXT_TYPE_INFO type = a->ContextTypeInfo;
    SIZE_T size = a->ContextSizeOverride ? a->ContextSizeOverride : type ? type->ContextSize : 0;
    struct fx_context *c = block_alloc(ARENA_KERNEL, BLOCK_WDF, sizeof *c + size, o->driver->tag, CALLER);
    if (!c)
        return NULL;
    memset(c, 0, sizeof *c + size);
    c->type = type ? type->UniqueType : NULL;
    c->cleanup = a->EvtCleanupCallback;
    c->destroy = a->EvtDestroyCallback;
    c->object = o;
    c->size = size;
    return c;
}

static void append(struct fx_object *o, struct fx_context *c)
{
    struct fx_context **end = &o->contexts;
    while (*end)
        end = &(*end)->next;
    *end = c;
}

NTSTATUS fx_context_add_first(struct fx_object *o, PWDF_OBJECT_ATTRIBUTES a)
{
    if (!a->ContextTypeInfo && !a->EvtCleanupCallback && !a->EvtDestroyCallback)
        return STATUS_SUCCESS;
    struct fx_context *c = context_create(o, a);
    if (!c)
        return STATUS_INSUFFICIENT_RESOURCES;
    append(o, c);
    return STATUS_SUCCESS;
}

void *fx_object_context(struct fx_object *o, PCWDF_OBJECT_CONTEXT_TYPE_INFO type)
{
    for (struct fx_context *c = o->contexts; c; c = c->next)
        if (c->type && c->type == type->UniqueType)
            return c + 1;
    return NULL;
}

NTSTATUS fx_context_add(struct fx_object *o, PWDF_OBJECT_ATTRIBUTES a, void **memory)
{
    if (!a)
        return STATUS_WDF_PARENT_NOT_SPECIFIED;
    NTSTATUS status = fx_validate_attributes(a, FX_PARENT_FORBIDDEN);
    if (!NT_SUCCESS(status))
        return status;
    if (!a->ContextTypeInfo)
        return STATUS_OBJECT_NAME_INVALID;
    if (o->embedded)
        return STATUS_OBJECT_PATH_INVALID;
    void *existing = fx_object_context(o, a->ContextTypeInfo);
    if (existing) {
        *memory = existing;
        return STATUS_OBJECT_NAME_EXISTS; /* K-OBJ-44: a success code, the new callbacks are dropped */
    }
    if (o->state != FX_CREATED)
        return STATUS_DELETE_PENDING;
    struct fx_context *c = context_create(o, a);
    if (!c)
        return STATUS_INSUFFICIENT_RESOURCES;
    append(o, c);
    *memory = c + 1;
    return STATUS_SUCCESS;
}

static void call_cleanup(struct fx_object *o, struct fx_context *c)
{
    PFN_WDF_OBJECT_CONTEXT_CLEANUP routine = c->cleanup;
    if (!routine)
        return;
    c->cleanup = NULL; /* K-OBJ-13: once */
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtCleanupCallback, routine, o);
    routine((WDFOBJECT)o);
    callback_leave(&frame, 0);
}

void fx_context_cleanup_all(struct fx_object *o)
{
    for (struct fx_context *c = o->contexts; c; c = c->next)
        call_cleanup(o, c);
}

void fx_context_destroy_all(struct fx_object *o)
{
    for (struct fx_context *c = o->contexts; c; c = c->next) {
        call_cleanup(o, c);
        PFN_WDF_OBJECT_CONTEXT_DESTROY routine = c->destroy;
        if (!routine)
            continue;
        c->destroy = NULL;
        struct callback_frame frame;
        callback_enter(&frame, DDI_EvtDestroyCallback, routine, o);
        routine((WDFOBJECT)o);
        callback_leave(&frame, 0);
    }
}

void fx_context_free_all(struct fx_object *o)
{
    while (o->contexts) {
        struct fx_context *c = o->contexts;
        o->contexts = c->next;
        block_free(c, CALLER);
    }
}
