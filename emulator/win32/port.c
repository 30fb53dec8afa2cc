/*
 * I/O completion ports (W-U-10). Packets are first in first out, waiting threads last in first out; a packet that finds a waiter goes straight to it.
 *
 * Internal design. A file keeps the port's core in its completion context. The core is memory of the life, not of the port object: IRPs
 * may end after the last handle to the port closed, and then find it closed instead of gone.
 */
#include "win32.h"

struct packet {
    struct packet *next;
    ULONG_PTR key, bytes;
    void *overlapped;
    NTSTATUS status;
};

struct port_waiter {
    struct port_waiter *below; /* who came earlier */
    KEVENT woken;
    struct packet *packet;
    bool abandoned;
};

struct port_core {
    struct packet *first, **last;
    struct port_waiter *waiters;
    bool closed;
};

struct port {
    struct port_core *core;
};

static void put(struct port_core *port, struct packet *packet)
{
    hb_release(packet);
    struct port_waiter *waiter = port->waiters;
    if (port->closed) {
        ex_system_free(packet);
    } else if (waiter) {
        port->waiters = waiter->below;
        waiter->packet = packet;
        ke_set_event(&waiter->woken, 0, FALSE);
    } else {
        packet->next = NULL;
        *port->last = packet;
        port->last = &packet->next;
    }
}

static struct packet *take(struct port_core *port)
{
    struct packet *packet = port->first;
    if (!packet)
        return NULL;
    port->first = packet->next;
    if (!port->first)
        port->last = &port->first;
    hb_acquire(packet);
    return packet;
}

static struct packet *make_packet(ULONG_PTR key, void *overlapped, ULONG_PTR bytes, NTSTATUS status)
{
    struct packet *packet = ex_system_alloc(sizeof *packet);
    if (packet)
        *packet = (struct packet){.key = key, .overlapped = overlapped, .bytes = bytes, .status = status};
    return packet;
}

/* ---- The I/O manager's side ---- */

static void request_ended(PFILE_OBJECT file, void *apc_context, PIO_STATUS_BLOCK iosb)
{
    PIO_COMPLETION_CONTEXT context = file->CompletionContext;
    if (!context || !apc_context)
        return;
    struct packet *packet = make_packet((ULONG_PTR)context->Key, apc_context, iosb->Information, iosb->Status);
    if (packet)
        put(context->Port, packet);
}

void port_begin(void) { io_port_hook = request_ended; }

/* ---- Ports ---- */

static void last_handle_closed(void *body, struct nt_process *process)
{
    (void)process;
    struct port_core *core = ((struct port *)body)->core;
    core->closed = true;
    for (struct packet *packet; (packet = take(core)) != NULL;)
        ex_system_free(packet);
    for (struct port_waiter *w; (w = core->waiters) != NULL;) {
        core->waiters = w->below;
        w->abandoned = true;
        ke_set_event(&w->woken, 0, FALSE);
    }
}

static HANDLE create_port(void)
{
    struct port *port = ob_create(OB_PORT, sizeof *port, BLOCK_SYSTEM, NULL);
    if (!port)
        return NULL;
    ob_header(port)->last_handle = last_handle_closed;
    port->core = ex_system_alloc(sizeof *port->core);
    port->core->last = &port->core->first;
    return handle_insert(process_current(), port, 0x1F0003);
}

static NTSTATUS bind(HANDLE file_handle, HANDLE port_handle, ULONG_PTR key)
{
    void *body, *port;
    NTSTATUS status = handle_lookup(file_handle, OB_FILE, &body, NULL);
    if (NT_SUCCESS(status))
        status = handle_lookup(port_handle, OB_PORT, &port, NULL);
    if (!NT_SUCCESS(status))
        return status;
    PFILE_OBJECT file = body;
    if (file->Flags & FO_SYNCHRONOUS_IO || file->CompletionContext)
        return STATUS_INVALID_PARAMETER;
    PIO_COMPLETION_CONTEXT context = ex_system_alloc(sizeof *context);
    if (!context)
        return STATUS_INSUFFICIENT_RESOURCES;
    context->Port = ((struct port *)port)->core;
    context->Key = (PVOID)key;
    file->CompletionContext = context;
    return STATUS_SUCCESS;
}

static HANDLE create_or_bind(HANDLE file, HANDLE port, ULONG_PTR key)
{
    if (file == INVALID_HANDLE && port)
        return error_fail(ERROR_INVALID_PARAMETER), NULL;
    HANDLE result = port ? port : create_port();
    if (!result)
        return error_fail(ERROR_NOT_ENOUGH_MEMORY), NULL;
    if (file == INVALID_HANDLE)
        return result;
    NTSTATUS status = bind(file, result, key);
    if (NT_SUCCESS(status))
        return result;
    if (!port)
        handle_close(process_current(), result);
    return error_from_status(status), NULL;
}

HANDLE CreateIoCompletionPort(HANDLE file, HANDLE port, ULONG_PTR key, DWORD threads)
{
    user_enter(DDI_CreateIoCompletionPort, (ULONG_PTR)file, (ULONG_PTR)port);
    (void)threads;
    HANDLE result = create_or_bind(file, port, key);
    user_leave((ULONG_PTR)result);
    return result;
}

static void remove_waiter(struct port_core *core, struct port_waiter *self)
{
    for (struct port_waiter **at = &core->waiters; *at; at = &(*at)->below)
        if (*at == self) {
            *at = self->below;
            return;
        }
}

/* One packet, or NULL with the status why not: STATUS_TIMEOUT, STATUS_USER_APC, STATUS_ABANDONED. */
static struct packet *wait_for_packet(struct port_core *core, DWORD milliseconds, bool alertable, NTSTATUS *status)
{
    struct packet *packet = take(core);
    *status = STATUS_SUCCESS;
    if (packet)
        return packet;
    if (core->closed) {
        *status = STATUS_ABANDONED;
        return NULL;
    }
    struct port_waiter *self = ex_system_alloc(sizeof *self);
    *self = (struct port_waiter){.below = core->waiters};
    ke_initialize_event(&self->woken, NotificationEvent, FALSE);
    core->waiters = self;
    LARGE_INTEGER storage;
    *status = user_wait_step(&self->woken, alertable, user_timeout(milliseconds, &storage));
    packet = self->packet;
    if (self->abandoned)
        *status = STATUS_ABANDONED;
    else if (!packet)
        remove_waiter(core, self);
    ex_system_free(self);
    if (*status == STATUS_THREAD_IS_TERMINATING) {
        if (packet)
            put(core, packet);
        thread_end(ke_current_thread()->exit_status);
    }
    if (*status == STATUS_USER_APC)
        ke_run_user_apcs();
    if (packet)
        hb_acquire(packet);
    return packet;
}

static BOOL get_status(HANDLE handle, DWORD *bytes, ULONG_PTR *key, OVERLAPPED **overlapped, DWORD milliseconds)
{
    void *port;
    *overlapped = NULL;
    msan_define(overlapped, sizeof *overlapped);
    NTSTATUS status = handle_lookup(handle, OB_PORT, &port, NULL);
    if (!NT_SUCCESS(status))
        return error_from_status(status);
    struct packet *packet = wait_for_packet(((struct port *)port)->core, milliseconds, false, &status);
    if (!packet)
        return status == STATUS_TIMEOUT ? error_fail(ERROR_WAIT_TIMEOUT) : error_from_status(status);
    *bytes = (DWORD)packet->bytes;
    *key = packet->key;
    *overlapped = packet->overlapped;
    msan_define(bytes, sizeof *bytes);
    msan_define(key, sizeof *key);
    status = packet->status;
    ex_system_free(packet);
    return result_of_status(status);
}

BOOL GetQueuedCompletionStatus(HANDLE port, DWORD *bytes, ULONG_PTR *key, OVERLAPPED **overlapped, DWORD milliseconds)
{
    user_enter(DDI_GetQueuedCompletionStatus, (ULONG_PTR)port, milliseconds);
    BOOL done = get_status(port, bytes, key, overlapped, milliseconds);
    user_leave((uint64_t)done);
    return done;
}

static BOOL get_statuses(HANDLE handle, OVERLAPPED_ENTRY *entries, ULONG count, ULONG *removed, DWORD milliseconds, bool alertable)
{
    void *port;
    NTSTATUS status = handle_lookup(handle, OB_PORT, &port, NULL);
    if (NT_SUCCESS(status) && !count)
        status = STATUS_INVALID_PARAMETER;
    if (!NT_SUCCESS(status))
        return error_from_status(status);
    struct port_core *core = ((struct port *)port)->core;
    struct packet *packet = wait_for_packet(core, milliseconds, alertable, &status);
    if (!packet && status == STATUS_USER_APC)
        return error_fail(WAIT_IO_COMPLETION);
    if (!packet)
        return status == STATUS_TIMEOUT ? error_fail(ERROR_WAIT_TIMEOUT) : error_from_status(status);
    ULONG n = 0;
    do {
        entries[n++] = (OVERLAPPED_ENTRY){.lpCompletionKey = packet->key, .lpOverlapped = packet->overlapped,
                                          .Internal = (ULONG)packet->status, .dwNumberOfBytesTransferred = (DWORD)packet->bytes};
        ex_system_free(packet);
    } while (n < count && (packet = take(core)) != NULL);
    *removed = n;
    msan_define(entries, n * sizeof *entries);
    msan_define(removed, sizeof *removed);
    return TRUE;
}

BOOL GetQueuedCompletionStatusEx(HANDLE port, OVERLAPPED_ENTRY *entries, ULONG count, ULONG *removed, DWORD milliseconds, BOOL alertable)
{
    user_enter(DDI_GetQueuedCompletionStatusEx, (ULONG_PTR)port, milliseconds);
    BOOL done = get_statuses(port, entries, count, removed, milliseconds, alertable != 0);
    user_leave((uint64_t)done);
    return done;
}

BOOL PostQueuedCompletionStatus(HANDLE handle, DWORD bytes, ULONG_PTR key, OVERLAPPED *overlapped)
{
    user_enter(DDI_PostQueuedCompletionStatus, (ULONG_PTR)handle, bytes);
    void *port;
    NTSTATUS status = handle_lookup(handle, OB_PORT, &port, NULL);
    struct packet *packet = NT_SUCCESS(status) ? make_packet(key, overlapped, bytes, STATUS_SUCCESS) : NULL;
    if (packet)
        put(((struct port *)port)->core, packet);
    else if (NT_SUCCESS(status))
        status = STATUS_INSUFFICIENT_RESOURCES;
    BOOL done = result_of_status(status);
    user_leave((uint64_t)done);
    return done;
}

BOOL SetFileCompletionNotificationModes(HANDLE handle, UCHAR flags)
{
    user_enter(DDI_SetFileCompletionNotificationModes, (ULONG_PTR)handle, flags);
    void *body;
    NTSTATUS status = handle_lookup(handle, OB_FILE, &body, NULL);
    if (NT_SUCCESS(status)) {
        PFILE_OBJECT file = body; /* modes can be added, never taken back */
        file->Flags |= (flags & 1 ? FO_SKIP_COMPLETION_PORT : 0u) | (flags & 2 ? FO_SKIP_SET_EVENT : 0u);
    }
    BOOL done = result_of_status(status);
    user_leave((uint64_t)done);
    return done;
}
