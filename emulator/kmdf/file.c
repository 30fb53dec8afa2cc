/*
 * File objects: create, cleanup, close (K-Q-70..77, K-FILE-1, 2).
 *
 * own->open_files counts opens that succeeded or are under way; a WDFFILEOBJECT exists from before the create callback until a failed create or
 * the close.
 */
#include "device.h"

static bool needs_file(const struct fx_device *device)
{
    const struct WDFDEVICE_INIT *init = device->own->init;
    return init->has_file_config && init->file_config.FileObjectClass != WdfFileObjectNotRequired;
}

static ULONG file_class(const struct fx_device *device)
{
    return (ULONG)device->own->init->file_config.FileObjectClass & ~(ULONG)WdfFileObjectCanBeOptional;
}

static bool auto_forward(const struct fx_device *device)
{
    const struct WDFDEVICE_INIT *init = device->own->init;
    WDF_TRI_STATE choice = init->has_file_config ? init->file_config.AutoForwardCleanupClose : WdfUseDefault;
    return device->attached && (choice == WdfUseDefault ? device->filter : choice == WdfTrue);
}

NTSTATUS fx_file_check_constraints(const struct WDFDEVICE_INIT *init, const struct fx_device *device)
{
    const WDF_OBJECT_ATTRIBUTES *a = &init->file_attributes;
    if (!init->has_file_config || !a->Size)
        return STATUS_SUCCESS;
    if (a->SynchronizationScope == WdfSynchronizationScopeQueue)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (a->SynchronizationScope == WdfSynchronizationScopeDevice && device->level != WdfExecutionLevelPassive)
        return STATUS_INVALID_DEVICE_REQUEST;
    return STATUS_SUCCESS;
}

/* The lock the three callbacks are serialised with (K-SYN-3); NULL: none. */
static struct fx_lock *callback_lock(struct fx_device *device)
{
    const WDF_OBJECT_ATTRIBUTES *a = &device->own->init->file_attributes;
    bool inherits = !a->Size || a->SynchronizationScope == WdfSynchronizationScopeInheritFromParent;
    WDF_SYNCHRONIZATION_SCOPE scope = inherits ? device->scope : a->SynchronizationScope;
    return scope == WdfSynchronizationScopeDevice && device->level == WdfExecutionLevelPassive ? &device->lock : NULL;
}

/* ---- Objects ---- */

struct fx_file *fx_file_of(struct fx_device *device, PFILE_OBJECT wdm)
{
    if (!wdm || !device->own->init || !needs_file(device))
        return NULL;
    LIST_ENTRY *head = &device->own->files;
    for (LIST_ENTRY *e = head->Flink; e != head; e = e->Flink) {
        struct fx_file *file = CONTAINING_RECORD(e, struct fx_file, entry);
        if (file->wdm == wdm)
            return file;
    }
    return NULL;
}

static void store(struct fx_device *device, struct fx_file *file)
{
    ULONG class = file_class(device);
    if (class == WdfFileObjectWdfCanUseFsContext)
        file->wdm->FsContext = file;
    else if (class == WdfFileObjectWdfCanUseFsContext2)
        file->wdm->FsContext2 = file;
    InsertTailList(&device->own->files, &file->entry);
}

static NTSTATUS file_object_create(struct fx_device *device, PFILE_OBJECT wdm, struct fx_file **out)
{
    const struct WDFDEVICE_INIT *init = device->own->init;
    *out = NULL;
    if (!needs_file(device))
        return STATUS_SUCCESS;
    bool optional = (ULONG)init->file_config.FileObjectClass & (ULONG)WdfFileObjectCanBeOptional;
    if (!wdm)
        return optional ? STATUS_SUCCESS : STATUS_DEVICE_CONFIGURATION_ERROR;
    void *memory;
    PWDF_OBJECT_ATTRIBUTES attributes = init->file_attributes.Size ? (PWDF_OBJECT_ATTRIBUTES)&init->file_attributes : NULL;
    NTSTATUS status = fx_object_create(device->object.driver, FX_FILE, sizeof(struct fx_file), attributes, &memory);
    if (!NT_SUCCESS(status))
        return status;
    struct fx_file *file = memory;
    file->wdm = wdm;
    file->object.no_delete = true;
    status = fx_object_commit(&file->object, &device->object);
    if (!NT_SUCCESS(status)) {
        fx_object_free_unused(&file->object);
        return status;
    }
    fx_object_reference(&file->object); /* of the open: a control device may be deleted before the close (K-DRV-72) */
    store(device, file);
    *out = file;
    return STATUS_SUCCESS;
}

static void file_object_delete(struct fx_file *file)
{
    RemoveEntryList(&file->entry);
    fx_object_delete(&file->object);
    fx_object_dereference(&file->object);
}

/* ---- Create ---- */

static void one_less_open(struct fx_device *device)
{
    if (--device->own->open_files == 0 && device->own->closing)
        fx_object_dereference(&device->object); /* K-DRV-72 */
}

void fx_file_create_completed(void *context, NTSTATUS status)
{
    struct fx_object *o = context;
    if (NT_SUCCESS(status))
        return;
    struct fx_device *device = o->device;
    if (o->type == FX_FILE)
        file_object_delete((struct fx_file *)o); /* K-Q-74 */
    one_less_open(device);
}

static NTSTATUS call_create(struct fx_device *device, PIRP irp, struct fx_file *file)
{
    PFN_WDF_DEVICE_FILE_CREATE routine = device->own->init->file_config.EvtDeviceFileCreate;
    void *created = file ? (void *)file : device;
    struct fx_request *request;
    NTSTATUS status = fx_request_create(device, NULL, irp, &request);
    if (!NT_SUCCESS(status)) {
        fx_complete(irp, status);
        fx_file_create_completed(created, status);
        return status;
    }
    request->file = file;
    fx_request_on_completed(request, fx_file_create_completed, created);
    io_mark_irp_pending(irp);
    struct fx_lock *lock = callback_lock(device);
    if (lock)
        fx_lock_acquire(lock);
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtDeviceFileCreate, routine, request);
    routine((WDFDEVICE)device, (WDFREQUEST)request, (WDFFILEOBJECT)file);
    callback_leave(&frame, 0);
    if (lock)
        fx_lock_release(lock);
    return STATUS_PENDING;
}

/* The lower device may still refuse. */
static NTSTATUS forward_create(struct fx_device *device, PIRP irp, struct fx_file *file)
{
    NTSTATUS status = fx_forward_and_wait(device, irp);
    fx_complete(irp, status);
    fx_file_create_completed(file ? (void *)file : device, status);
    return status;
}

NTSTATUS fx_file_create(struct fx_device *device, PIRP irp)
{
    struct fx_device_private *own = device->own;
    hb_acquire(&own->interfaces);
    if (!own->accepts_creates)
        return fx_complete(irp, STATUS_NO_SUCH_DEVICE);
    if (device->exclusive && own->open_files > 0)
        return fx_complete(irp, STATUS_ACCESS_DENIED); /* K-Q-70 */
    struct fx_file *file;
    NTSTATUS status = file_object_create(device, io_get_current_irp_stack_location(irp)->FileObject, &file);
    if (!NT_SUCCESS(status))
        return fx_complete(irp, status);
    own->open_files++;
    status = fx_queue_create_request(device, irp, file);
    if (status != STATUS_NOT_FOUND)
        return status;
    if (own->init->file_config.EvtDeviceFileCreate)
        return call_create(device, irp, file);
    if (auto_forward(device))
        return forward_create(device, irp, file);
    irp->IoStatus.Information = FILE_OPENED;
    return fx_complete(irp, STATUS_SUCCESS); /* K-Q-73 */
}

/* ---- Cleanup and close ---- */

static void call_file(struct fx_device *device, struct fx_file *file, uint16_t ddi, VOID (*routine)(WDFFILEOBJECT))
{
    if (!file || !routine)
        return;
    struct fx_lock *lock = callback_lock(device);
    if (lock)
        fx_lock_acquire(lock);
    struct callback_frame frame;
    callback_enter(&frame, ddi, routine, file);
    routine((WDFFILEOBJECT)file);
    callback_leave(&frame, 0);
    if (lock)
        fx_lock_release(lock);
}

static NTSTATUS pass_on(struct fx_device *device, PIRP irp)
{
    return auto_forward(device) ? fx_forward(device, irp) : fx_complete(irp, STATUS_SUCCESS);
}

NTSTATUS fx_file_cleanup(struct fx_device *device, PIRP irp)
{
    PFILE_OBJECT wdm = io_get_current_irp_stack_location(irp)->FileObject;
    call_file(device, fx_file_of(device, wdm), DDI_EvtFileCleanup, device->own->init->file_config.EvtFileCleanup);
    fx_queues_flush_file(device, wdm);
    return pass_on(device, irp);
}

NTSTATUS fx_file_close(struct fx_device *device, PIRP irp)
{
    PFILE_OBJECT wdm = io_get_current_irp_stack_location(irp)->FileObject;
    struct fx_file *file = fx_file_of(device, wdm);
    call_file(device, file, DDI_EvtFileClose, device->own->init->file_config.EvtFileClose);
    if (file)
        file_object_delete(file);
    hb_release(&device->own->files); /* the I/O manager's counts order closes before removal */
    fx_object_reference(&device->object); /* the last close of a deleted control device ends it */
    one_less_open(device);
    NTSTATUS status = pass_on(device, irp);
    fx_object_dereference(&device->object);
    return status;
}

/* ---- Getters ---- */

#define GETTER(ddi)                                       \
    gate_enter(DDI_##ddi, trace_object(FileObject), 0);   \
    struct fx_file *file = fx_handle(FileObject, FX_FILE)

PUNICODE_STRING wdf_WdfFileObjectGetFileName(PWDF_DRIVER_GLOBALS DriverGlobals, WDFFILEOBJECT FileObject)
{
    GETTER(WdfFileObjectGetFileName);
    PUNICODE_STRING name = file->wdm ? &file->wdm->FileName : NULL;
    gate_leave(0);
    return name;
}

ULONG wdf_WdfFileObjectGetFlags(PWDF_DRIVER_GLOBALS DriverGlobals, WDFFILEOBJECT FileObject)
{
    GETTER(WdfFileObjectGetFlags);
    ULONG flags = file->wdm ? file->wdm->Flags : 0;
    gate_leave(flags);
    return flags;
}

WDFDEVICE wdf_WdfFileObjectGetDevice(PWDF_DRIVER_GLOBALS DriverGlobals, WDFFILEOBJECT FileObject)
{
    GETTER(WdfFileObjectGetDevice);
    gate_leave(trace_object(file->object.device));
    return (WDFDEVICE)file->object.device;
}

PFILE_OBJECT wdf_WdfFileObjectWdmGetFileObject(PWDF_DRIVER_GLOBALS DriverGlobals, WDFFILEOBJECT FileObject)
{
    GETTER(WdfFileObjectWdmGetFileObject);
    gate_leave(trace_object(file->wdm));
    return file->wdm;
}

WDFFILEOBJECT wdf_WdfDeviceGetFileObject(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PFILE_OBJECT FileObject)
{
    gate_enter(DDI_WdfDeviceGetFileObject, trace_object(Device), trace_object(FileObject));
    struct fx_file *file = fx_file_of(fx_handle(Device, FX_DEVICE), FileObject);
    gate_leave(trace_object(file));
    return (WDFFILEOBJECT)file;
}
