/* WdfObject*: the DDIs on objects of any type (K-OBJ-4, 6, 33, 34, 40..47, 53). */
#include "device.h"

static void check_parent(enum fx_type type, PWDF_OBJECT_ATTRIBUTES attributes)
{
    bool lasting = type == FX_MEMORY || type == FX_SPINLOCK || type == FX_WAITLOCK;
    if (machine_lints & LINT_PARENT && lasting && !(attributes && attributes->ParentObject) && fx_callback() != DDI_DriverEntry)
        fx_misuse("V-WDF-49", "%s without ParentObject: the object lives until the driver is unloaded", gate_where(ctx_current()));
}

NTSTATUS fx_object_new(struct fx_driver *driver, enum fx_type type, SIZE_T size, PWDF_OBJECT_ATTRIBUTES attributes, unsigned flags, void **object)
{
    NTSTATUS status = fx_validate_attributes(attributes, flags);
    if (!NT_SUCCESS(status))
        return status;
    check_parent(type, attributes);
    struct fx_object *parent = attributes && attributes->ParentObject ? fx_handle(attributes->ParentObject, 0) : &driver->object;
    status = fx_object_create(driver, type, size, attributes, object);
    if (!NT_SUCCESS(status))
        return status;
    status = fx_object_commit(*object, parent);
    if (!NT_SUCCESS(status)) {
        fx_object_free_unused(*object);
        *object = NULL;
    }
    return status;
}

NTSTATUS fx_object_new_below_device(struct fx_driver *driver, enum fx_type type, SIZE_T size, PWDF_OBJECT_ATTRIBUTES attributes, unsigned flags,
                                    void **object)
{
    NTSTATUS status = fx_validate_attributes(attributes, flags | FX_PARENT_REQUIRED);
    if (!NT_SUCCESS(status))
        return status;
    struct fx_object *parent = fx_handle(attributes->ParentObject, 0);
    if (!parent->device)
        return STATUS_INVALID_DEVICE_REQUEST;
    return fx_object_new(driver, type, size, attributes, flags | FX_PARENT_REQUIRED, object);
}

PVOID wdf_WdfObjectGetTypedContextWorker(PWDF_DRIVER_GLOBALS DriverGlobals, WDFOBJECT Handle, PCWDF_OBJECT_CONTEXT_TYPE_INFO TypeInfo)
{
    gate_enter(DDI_WdfObjectGetTypedContextWorker, trace_object(Handle), 0);
    struct fx_object *o = fx_handle(Handle, 0);
    fx_require(TypeInfo, "TypeInfo");
    void *memory = fx_object_context(o, TypeInfo);
    gate_leave(trace_object(memory));
    return memory;
}

NTSTATUS wdf_WdfObjectAllocateContext(PWDF_DRIVER_GLOBALS DriverGlobals, WDFOBJECT Handle, PWDF_OBJECT_ATTRIBUTES ContextAttributes, PVOID *Context)
{
    gate_enter(DDI_WdfObjectAllocateContext, trace_object(Handle), 0);
    struct fx_object *o = fx_handle(Handle, 0);
    void *memory = NULL;
    NTSTATUS status = choose_fault(DDI_WdfObjectAllocateContext) ? STATUS_INSUFFICIENT_RESOURCES
                                                                 : fx_context_add(o, ContextAttributes, &memory);
    if (Context)
        *Context = memory;
    gate_leave((ULONG)status);
    return status;
}

WDFOBJECT wdf_WdfObjectContextGetObject(PWDF_DRIVER_GLOBALS DriverGlobals, PVOID ContextPointer)
{
    gate_enter(DDI_WdfObjectContextGetObject, trace_object(ContextPointer), 0);
    fx_require(ContextPointer, "ContextPointer");
    struct fx_object *o = fx_handle(((struct fx_context *)ContextPointer - 1)->object, 0);
    gate_leave(trace_object(o));
    return (WDFOBJECT)o;
}

VOID wdf_WdfObjectReferenceActual(PWDF_DRIVER_GLOBALS DriverGlobals, WDFOBJECT Handle, PVOID Tag, LONG Line, PCSTR File)
{
    gate_enter(DDI_WdfObjectReferenceActual, trace_object(Handle), 0);
    fx_object_reference(fx_handle(Handle, 0));
    gate_leave(0);
}

VOID wdf_WdfObjectDereferenceActual(PWDF_DRIVER_GLOBALS DriverGlobals, WDFOBJECT Handle, PVOID Tag, LONG Line, PCSTR File)
{
    gate_enter(DDI_WdfObjectDereferenceActual, trace_object(Handle), 0);
    fx_object_dereference(fx_handle(Handle, 0));
    gate_leave(0);
}

NTSTATUS wdf_WdfObjectCreate(PWDF_DRIVER_GLOBALS DriverGlobals, PWDF_OBJECT_ATTRIBUTES Attributes, WDFOBJECT *Object)
{
    gate_enter(DDI_WdfObjectCreate, 0, 0);
    fx_require(Object, "Object");
    *Object = NULL;
    void *o = NULL;
    NTSTATUS status = choose_fault(DDI_WdfObjectCreate) ? STATUS_INSUFFICIENT_RESOURCES
                                                        : fx_object_new(fx_driver_of(DriverGlobals), FX_OBJECT, sizeof(struct fx_object), Attributes,
                                                                        FX_LEVEL_ALLOWED, &o);
    if (NT_SUCCESS(status))
        *Object = o;
    gate_leave((ULONG)status);
    return status;
}

VOID wdf_WdfObjectDelete(PWDF_DRIVER_GLOBALS DriverGlobals, WDFOBJECT Object)
{
    gate_enter(DDI_WdfObjectDelete, trace_object(Object), 0);
    struct fx_object *o = fx_handle(Object, 0);
    char name[40];
    if (o->no_delete)
        fx_misuse("K-OBJ-34", "WdfObjectDelete: %s may not be deleted by the driver", fx_name(o, name, sizeof name));
    if (o->delete_noted)
        fx_misuse("K-OBJ-6", "WdfObjectDelete: %s is deleted twice", fx_name(o, name, sizeof name));
    if (o->type == FX_REQUEST)
        fx_request_check_delete((struct fx_request *)o);
    o->delete_noted = true;
    fx_object_delete(o);
    gate_leave(0);
}

NTSTATUS wdf_WdfObjectQuery(PWDF_DRIVER_GLOBALS DriverGlobals, WDFOBJECT Object, const GUID *Guid, ULONG QueryBufferLength, PVOID QueryBuffer)
{
    gate_enter(DDI_WdfObjectQuery, trace_object(Object), 0);
    fx_handle(Object, 0);
    gate_leave((ULONG)STATUS_NOT_FOUND);
    return STATUS_NOT_FOUND;
}
