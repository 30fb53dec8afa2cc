/*
 * Kernel handles and the object types they are checked against (W-OBJ-1, W-OBJ-2). One table, since a kernel handle is valid in every process;
 * values have the high bit set as on Windows. A slot keeps the object referenced until ZwClose.
 */
#include "ke.h"

#define MAX_HANDLES 256
#define HANDLE_BASE 0xffffffff80000000ull

static struct {
    void *body[MAX_HANDLES];
    unsigned used; /* slots ever used in this life */
} table;

void ke_handles_begin(void)
{
    memset(table.body, 0, table.used * sizeof table.body[0]);
    table.used = 0;
}

/* A POBJECT_TYPE of ours is the address of one of these. */
static const enum ob_type types[OB_TYPE_COUNT] = {0, OB_DEVICE, OB_DRIVER, OB_FILE, OB_THREAD, OB_PROCESS, OB_EVENT, OB_SYMLINK, OB_PORT,
                                                  OB_SEMAPHORE, OB_MUTANT, OB_TIMER, OB_KEY, OB_WMI};
#define TYPE_OBJECT(name, type) \
    static POBJECT_TYPE name##_value = (POBJECT_TYPE)&types[type]; \
    POBJECT_TYPE *name = &name##_value;
TYPE_OBJECT(PsThreadType, OB_THREAD)
TYPE_OBJECT(PsProcessType, OB_PROCESS)
TYPE_OBJECT(IoFileObjectType, OB_FILE)
TYPE_OBJECT(ExEventObjectType, OB_EVENT)
TYPE_OBJECT(ExSemaphoreObjectType, OB_SEMAPHORE)
TYPE_OBJECT(CmKeyObjectType, OB_KEY)

bool ob_type_matches(const void *body, POBJECT_TYPE type) { return !type || *(const enum ob_type *)type == ob_type_of(body); }

HANDLE ob_open_kernel_handle(void *body)
{
    unsigned i = 0;
    while (i < table.used && table.body[i])
        i++;
    if (i == MAX_HANDLES)
        bugcheck(OWN_OUT_OF_RESOURCES, MAX_HANDLES, 0, 0, 0, NULL, "more than %d kernel handles are open", MAX_HANDLES);
    if (i == table.used)
        table.used++;
    table.body[i] = body;
    ob_reference(body);
    ob_header(body)->handles++;
    return (HANDLE)(HANDLE_BASE + (i + 1) * 4ull);
}

void *(*ob_user_handle_hook)(struct nt_process *process, void *handle);

static void **slot_of(HANDLE handle)
{
    ULONG64 i = ((ULONG64)handle - HANDLE_BASE) / 4 - 1;
    return (ULONG64)handle > HANDLE_BASE && i < table.used && table.body[i] ? &table.body[i] : NULL;
}

void *ob_body_of_handle(HANDLE handle)
{
    void **slot = slot_of(handle);
    return slot ? *slot : NULL;
}

static bool is_kernel_handle(HANDLE handle) { return (ULONG64)handle >= HANDLE_BASE && handle != NtCurrentProcess() && handle != NtCurrentThread(); }

NTSTATUS ob_close_kernel_handle(HANDLE handle)
{
    void **slot = slot_of(handle);
    if (!slot && is_kernel_handle(handle))
        bugcheck(0x93, 0, 0, 0, 0, "V-OBJ-2", "a kernel handle is closed that is not open");
    if (!slot)
        return STATUS_INVALID_HANDLE;
    void *body = *slot;
    *slot = NULL;
    struct ob_header *header = ob_header(body);
    if (--header->handles == 0 && header->last_handle)
        header->last_handle(body, NULL);
    ob_dereference(body);
    return STATUS_SUCCESS;
}

unsigned ob_open_kernel_handles(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < table.used; i++)
        n += table.body[i] != NULL;
    return n;
}

NTSTATUS ob_reference_object_by_handle(HANDLE handle, POBJECT_TYPE type, KPROCESSOR_MODE mode, PVOID *object)
{
    *object = NULL;
    if (!handle)
        bugcheck(0xC4, 0xF5, 0, 0, 0, "V-OBJ-1", "ObReferenceObjectByHandle with a NULL handle");
    if (!type && mode == UserMode)
        bugcheck(OWN_RULE, 0, 0, 0, 0, "V-OBJ-7", "ObReferenceObjectByHandle of an app's handle without an object type: it may be a handle of anything");
    struct nt_process *process = ke_current_thread()->process;
    void *body = handle == NtCurrentThread() ? ke_current_thread() : ob_body_of_handle(handle);
    if (body && mode == UserMode && !process && handle != NtCurrentThread())
        bugcheck(0xC4, 0xF7, 0, 0, 0, "V-OBJ-5", "ObReferenceObjectByHandle of a kernel handle as UserMode in the system process");
    if (!body && process && !is_kernel_handle(handle) && ob_user_handle_hook)
        body = ob_user_handle_hook(process, handle);
    if (body && mode == KernelMode && !is_kernel_handle(handle) && handle != NtCurrentThread())
        bugcheck(0xC4, 0xF6, 0, 0, 0, "V-OBJ-5", "ObReferenceObjectByHandle of an app's handle as KernelMode: the app may have closed it, or made it");
    if (!body && mode == KernelMode)
        bugcheck(0xC4, 0x3C, 0, 0, 0, "V-OBJ-1", "ObReferenceObjectByHandle with a handle that is not open");
    if (!body || (mode == UserMode && is_kernel_handle(handle)))
        return STATUS_INVALID_HANDLE;
    if (!ob_type_matches(body, type))
        return STATUS_OBJECT_TYPE_MISMATCH;
    ob_reference(body);
    *object = body;
    return STATUS_SUCCESS;
}

NTSTATUS ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode, PVOID *Object,
                                   POBJECT_HANDLE_INFORMATION HandleInformation)
{
    gate_enter(DDI_ObReferenceObjectByHandle, (ULONG64)Handle - HANDLE_BASE, 0);
    NTSTATUS status = ob_reference_object_by_handle(Handle, ObjectType, AccessMode, Object);
    if (NT_SUCCESS(status) && HandleInformation)
        *HandleInformation = (OBJECT_HANDLE_INFORMATION){.GrantedAccess = DesiredAccess};
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS ZwClose(HANDLE Handle)
{
    gate_enter(DDI_ZwClose, (ULONG64)Handle - HANDLE_BASE, 0);
    if (current_ctx->special_apc_disable)
        bugcheck(0xC4, 0xE5, 0, 0, 0, "V-IRQ-34", "ZwClose with special kernel APCs disabled");
    NTSTATUS status = ob_close_kernel_handle(Handle);
    gate_leave((ULONG)status);
    return status;
}

static PVOID waitable(void *body)
{
    switch (body ? ob_type_of(body) : 0) {
    case OB_FILE: return &((PFILE_OBJECT)body)->Event;
    case OB_THREAD: case OB_PROCESS: case OB_EVENT: case OB_SEMAPHORE: case OB_MUTANT: case OB_TIMER: return body;
    default: return NULL;
    }
}

NTSTATUS ZwWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    gate_enter(DDI_ZwWaitForSingleObject, (ULONG64)Handle - HANDLE_BASE, 0);
    void *body = ob_body_of_handle(Handle);
    PVOID object = waitable(body);
    NTSTATUS status = body ? STATUS_OBJECT_TYPE_MISMATCH : STATUS_INVALID_HANDLE;
    if (object) {
        ob_reference(body); /* another thread may close the handle */
        status = ke_wait_for_single_object(object, Executive, KernelMode, Alertable, Timeout);
        ob_dereference(body);
    }
    gate_leave((ULONG)status);
    return status;
}
