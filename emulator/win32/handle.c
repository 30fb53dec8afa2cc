/*
 * Handle tables. A handle is (index + 1) * 4; its two low bits are ignored, as an app may set them (W-U-5). A handle owns one reference
 * of its object; files are told of each handle that opens or closes (W-FIL-6).
 */
#include "win32.h"

#define FIRST_TABLE 32
#define MAX_HANDLES (1u << 16)

static bool grow(struct nt_process *process)
{
    uint32_t size = process->handle_count ? process->handle_count * 2 : FIRST_TABLE;
    if (size > MAX_HANDLES)
        return false;
    struct handle_entry *table = ex_system_alloc(size * sizeof *table);
    if (!table)
        return false;
    if (process->handle_count) {
        memcpy(table, process->handle, process->handle_count * sizeof *table);
        ex_system_free(process->handle);
    }
    for (uint32_t i = size; i-- > process->handle_count;) {
        table[i].next_free = process->first_free;
        process->first_free = i + 1;
    }
    process->handle = table;
    process->handle_count = size;
    return true;
}

HANDLE handle_insert(struct nt_process *process, void *body, ACCESS_MASK access)
{
    if (!process->first_free && !grow(process)) {
        object_handle_opened(body); /* so that what follows the last handle happens */
        object_handle_closed(process, body);
        return NULL;
    }
    uint32_t number = process->first_free;
    struct handle_entry *entry = &process->handle[number - 1];
    process->first_free = entry->next_free;
    *entry = (struct handle_entry){.body = body, .access = access};
    object_handle_opened(body);
    return (HANDLE)(ULONG_PTR)(number * 4);
}

static struct handle_entry *entry_of(struct nt_process *process, HANDLE handle)
{
    ULONG_PTR number = (ULONG_PTR)handle >> 2;
    if (!process || number == 0 || number > process->handle_count || !process->handle[number - 1].body)
        return NULL;
    return &process->handle[number - 1];
}

NTSTATUS handle_lookup(HANDLE handle, unsigned type, void **body, ACCESS_MASK *access)
{
    ACCESS_MASK granted = ~0u;
    if (handle == THREAD_PSEUDO_HANDLE) {
        *body = ke_current_thread();
    } else if (handle == PROCESS_PSEUDO_HANDLE && type != OB_FILE) {
        *body = process_current();
    } else {
        struct handle_entry *entry = entry_of(process_current(), handle);
        if (!entry)
            return STATUS_INVALID_HANDLE;
        *body = entry->body;
        granted = entry->access;
    }
    if (type && ob_type_of(*body) != type)
        return STATUS_OBJECT_TYPE_MISMATCH;
    if (access)
        *access = granted;
    return STATUS_SUCCESS;
}

void *process_handle_object(struct nt_process *process, void *handle)
{
    struct handle_entry *entry = entry_of(process, handle);
    return entry ? entry->body : NULL;
}

static void close_entry(struct nt_process *process, struct handle_entry *entry)
{
    void *body = entry->body;
    *entry = (struct handle_entry){.next_free = process->first_free};
    process->first_free = (uint32_t)(entry - process->handle) + 1;
    object_handle_closed(process, body);
}

NTSTATUS handle_close(struct nt_process *process, HANDLE handle)
{
    struct handle_entry *entry = entry_of(process, handle);
    if (!entry)
        return STATUS_INVALID_HANDLE;
    close_entry(process, entry);
    return STATUS_SUCCESS;
}

void handle_close_all(struct nt_process *process)
{
    for (uint32_t i = 0; i < process->handle_count; i++)
        if (process->handle[i].body)
            close_entry(process, &process->handle[i]);
}

void object_handle_opened(void *body)
{
    if (ob_type_of(body) == OB_FILE)
        io_handle_opened(body);
    else
        ob_header(body)->handles++;
}

void object_handle_closed(struct nt_process *process, void *body)
{
    if (ob_type_of(body) == OB_FILE) {
        io_handle_closed(body);
    } else {
        struct ob_header *header = ob_header(body);
        if (--header->handles == 0 && header->last_handle)
            header->last_handle(body, process);
    }
    ob_dereference(body);
}

void *handle_waitable(void *body)
{
    switch (ob_type_of(body)) {
    case OB_FILE: return &((PFILE_OBJECT)body)->Event;
    case OB_THREAD: case OB_PROCESS: case OB_EVENT: case OB_SEMAPHORE: case OB_MUTANT: case OB_TIMER: return body;
    default: return NULL;
    }
}

BOOL CloseHandle(HANDLE handle)
{
    user_enter(DDI_CloseHandle, (ULONG_PTR)handle, 0);
    BOOL closed = TRUE;
    if (handle != PROCESS_PSEUDO_HANDLE && handle != THREAD_PSEUDO_HANDLE)
        closed = result_of_status(handle_close(process_current(), handle));
    user_leave((uint64_t)closed);
    return closed;
}

#define DUPLICATE_CLOSE 1
#define DUPLICATE_SAME 2

/* W-FIL-8: one handle more to the same object. Both processes are named by handles of the caller. */
static NTSTATUS duplicate(HANDLE from_process, HANDLE handle, HANDLE to_process, HANDLE *copy, ACCESS_MASK access, DWORD options)
{
    void *from, *to, *body;
    NTSTATUS status = handle_lookup(from_process, OB_PROCESS, &from, NULL);
    if (!NT_SUCCESS(status))
        return status;
    ACCESS_MASK granted = ~0u;
    if (handle == THREAD_PSEUDO_HANDLE) {
        body = ke_current_thread();
    } else if (handle == PROCESS_PSEUDO_HANDLE) {
        body = from;
    } else {
        struct handle_entry *entry = entry_of(from, handle);
        if (!entry)
            return STATUS_INVALID_HANDLE;
        body = entry->body;
        granted = entry->access;
    }
    status = copy ? handle_lookup(to_process, OB_PROCESS, &to, NULL) : STATUS_SUCCESS;
    if (NT_SUCCESS(status) && copy) {
        ob_reference(body);
        *copy = handle_insert(to, body, options & DUPLICATE_SAME ? granted : access);
        msan_define(copy, sizeof *copy);
        if (!*copy)
            status = STATUS_INSUFFICIENT_RESOURCES;
    }
    if (options & DUPLICATE_CLOSE)
        handle_close(from, handle);
    return status;
}

BOOL DuplicateHandle(HANDLE from_process, HANDLE handle, HANDLE to_process, HANDLE *copy, DWORD access, BOOL inherit, DWORD options)
{
    (void)inherit;
    user_enter(DDI_DuplicateHandle, (ULONG_PTR)handle, options);
    BOOL done = result_of_status(duplicate(from_process, handle, to_process, copy, access, options));
    user_leave((uint64_t)done);
    return done;
}
