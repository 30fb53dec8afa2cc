/*
 * Events, semaphores and mutexes of apps (W-U-15): kernel dispatcher objects behind handles. Named objects are looked up among those of
 * this list, since apps of one system share them.
 */
#include "win32.h"

#define ALL_ACCESS 0x1F0003u

struct user_mutant {
    KMUTANT mutant;
    struct user_mutant *next;
    struct nt_process *process;
};

struct named {
    struct named *next;
    void *body;
    WCHAR name[1];
};
static struct named *names;

void sync_begin(void) { names = NULL; }

static void forget_name(void *body)
{
    for (struct named **at = &names; *at; at = &(*at)->next)
        if ((*at)->body == body) {
            struct named *gone = *at;
            *at = gone->next;
            ex_system_free(gone);
            return;
        }
}

static bool same_name(const WCHAR *a, const WCHAR *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

static void *find_name(const WCHAR *name)
{
    for (struct named *n = names; n; n = n->next)
        if (same_name(n->name, name))
            return n->body;
    return NULL;
}

static void add_name(const WCHAR *name, void *body)
{
    size_t size = (wide_length(name) + 1) * sizeof(WCHAR);
    struct named *n = ex_system_alloc(sizeof *n + size);
    memcpy(n->name, name, size);
    n->body = body;
    n->next = names;
    names = n;
}

/* An object of the type with this name exists: a handle to it. True if the name settled the matter (handle may be NULL then). */
static bool open_existing(const WCHAR *name, unsigned type, HANDLE *handle)
{
    void *body = name ? find_name(name) : NULL;
    *handle = NULL;
    if (!body) {
        error_set(0);
        return false;
    }
    if (ob_type_of(body) != type)
        return error_set(ERROR_INVALID_HANDLE), true;
    ob_reference(body);
    *handle = handle_insert(process_current(), body, ALL_ACCESS);
    error_set(*handle ? ERROR_ALREADY_EXISTS : ERROR_NOT_ENOUGH_MEMORY);
    return true;
}

static HANDLE finish_create(void *body, const WCHAR *name)
{
    if (name)
        add_name(name, body);
    HANDLE handle = handle_insert(process_current(), body, ALL_ACCESS);
    if (!handle)
        error_set(ERROR_NOT_ENOUGH_MEMORY);
    return handle;
}

static HANDLE create_event(bool manual, bool state, const WCHAR *name)
{
    HANDLE handle;
    if (open_existing(name, OB_EVENT, &handle))
        return handle;
    KEVENT *event = ob_create(OB_EVENT, sizeof *event, BLOCK_SYSTEM, forget_name);
    if (!event)
        return error_fail(ERROR_NOT_ENOUGH_MEMORY), NULL;
    ke_initialize_event(event, manual ? NotificationEvent : SynchronizationEvent, state);
    return finish_create(event, name);
}

static HANDLE create_semaphore(LONG count, LONG limit, const WCHAR *name)
{
    HANDLE handle;
    if (count < 0 || limit <= 0 || count > limit)
        return error_fail(ERROR_INVALID_PARAMETER), NULL;
    if (open_existing(name, OB_SEMAPHORE, &handle))
        return handle;
    KSEMAPHORE *semaphore = ob_create(OB_SEMAPHORE, sizeof *semaphore, BLOCK_SYSTEM, forget_name);
    if (!semaphore)
        return error_fail(ERROR_NOT_ENOUGH_MEMORY), NULL;
    ke_initialize_semaphore(semaphore, count, limit);
    return finish_create(semaphore, name);
}

static void destroy_mutant(void *body)
{
    struct user_mutant *mutant = body;
    for (struct user_mutant **at = &mutant->process->mutants; *at; at = &(*at)->next)
        if (*at == mutant) {
            *at = mutant->next;
            break;
        }
    forget_name(body);
}

static HANDLE create_mutex(bool owned, const WCHAR *name)
{
    HANDLE handle;
    if (open_existing(name, OB_MUTANT, &handle))
        return handle;
    struct user_mutant *mutant = ob_create(OB_MUTANT, sizeof *mutant, BLOCK_SYSTEM, destroy_mutant);
    if (!mutant)
        return error_fail(ERROR_NOT_ENOUGH_MEMORY), NULL;
    ke_initialize_mutant(&mutant->mutant, false);
    mutant->process = process_current();
    mutant->next = mutant->process->mutants;
    mutant->process->mutants = mutant;
    LARGE_INTEGER now = {.QuadPart = 0};
    if (owned)
        ke_wait_for_single_object(mutant, UserRequest, KernelMode, FALSE, &now);
    return finish_create(mutant, name);
}

void mutants_abandon(struct nt_process *process, struct nt_thread *thread)
{
    for (struct user_mutant *m = process->mutants; m; m = m->next) {
        if (m->mutant.OwnerThread != (void *)thread)
            continue;
        NTSTATUS status;
        m->mutant.Abandoned = TRUE;
        m->mutant.Header.SignalState = 0; /* however often it was entered, this release is the last */
        hb_release(m);
        ke_release_mutant(&m->mutant, &status);
    }
}

/* ANSI names go through one buffer; longer ones are refused as on Windows. */
static const WCHAR *name_from_ansi(const char *name, WCHAR buffer[260])
{
    if (!name)
        return NULL;
    wide_from_ansi(buffer, 260, name);
    return buffer;
}

HANDLE CreateEventW(void *security, BOOL manual, BOOL state, const WCHAR *name)
{
    (void)security;
    user_enter(DDI_CreateEventW, (uint64_t)manual, (uint64_t)state);
    HANDLE handle = create_event(manual != 0, state != 0, name);
    user_leave((ULONG_PTR)handle);
    return handle;
}

HANDLE CreateEventA(void *security, BOOL manual, BOOL state, const char *name)
{
    (void)security;
    WCHAR wide[260];
    user_enter(DDI_CreateEventA, (uint64_t)manual, (uint64_t)state);
    HANDLE handle = create_event(manual != 0, state != 0, name_from_ansi(name, wide));
    user_leave((ULONG_PTR)handle);
    return handle;
}

HANDLE CreateSemaphoreW(void *security, LONG count, LONG limit, const WCHAR *name)
{
    (void)security;
    user_enter(DDI_CreateSemaphoreW, (ULONG)count, (ULONG)limit);
    HANDLE handle = create_semaphore(count, limit, name);
    user_leave((ULONG_PTR)handle);
    return handle;
}

HANDLE CreateSemaphoreA(void *security, LONG count, LONG limit, const char *name)
{
    (void)security;
    WCHAR wide[260];
    user_enter(DDI_CreateSemaphoreA, (ULONG)count, (ULONG)limit);
    HANDLE handle = create_semaphore(count, limit, name_from_ansi(name, wide));
    user_leave((ULONG_PTR)handle);
    return handle;
}

HANDLE CreateMutexW(void *security, BOOL owned, const WCHAR *name)
{
    (void)security;
    user_enter(DDI_CreateMutexW, (uint64_t)owned, 0);
    HANDLE handle = create_mutex(owned != 0, name);
    user_leave((ULONG_PTR)handle);
    return handle;
}

HANDLE CreateMutexA(void *security, BOOL owned, const char *name)
{
    (void)security;
    WCHAR wide[260];
    user_enter(DDI_CreateMutexA, (uint64_t)owned, 0);
    HANDLE handle = create_mutex(owned != 0, name_from_ansi(name, wide));
    user_leave((ULONG_PTR)handle);
    return handle;
}

enum event_action { EVENT_SET, EVENT_RESET, EVENT_PULSE };

static BOOL change_event(HANDLE handle, enum event_action action)
{
    void *event;
    NTSTATUS status = handle_lookup(handle, OB_EVENT, &event, NULL);
    if (!NT_SUCCESS(status))
        return error_from_status(status);
    hb_release(event);
    if (action != EVENT_RESET)
        ke_set_event(event, 0, FALSE);
    if (action != EVENT_SET)
        ke_reset_event(event);
    return TRUE;
}

BOOL SetEvent(HANDLE event)
{
    user_enter(DDI_SetEvent, (ULONG_PTR)event, 0);
    BOOL done = change_event(event, EVENT_SET);
    user_leave((uint64_t)done);
    return done;
}

BOOL ResetEvent(HANDLE event)
{
    user_enter(DDI_ResetEvent, (ULONG_PTR)event, 0);
    BOOL done = change_event(event, EVENT_RESET);
    user_leave((uint64_t)done);
    return done;
}

BOOL PulseEvent(HANDLE event)
{
    user_enter(DDI_PulseEvent, (ULONG_PTR)event, 0);
    BOOL done = change_event(event, EVENT_PULSE);
    user_leave((uint64_t)done);
    return done;
}

BOOL ReleaseSemaphore(HANDLE handle, LONG count, LONG *previous)
{
    user_enter(DDI_ReleaseSemaphore, (ULONG_PTR)handle, (ULONG)count);
    void *semaphore;
    NTSTATUS status = handle_lookup(handle, OB_SEMAPHORE, &semaphore, NULL);
    if (NT_SUCCESS(status) && count <= 0)
        status = STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(status)) {
        hb_release(semaphore);
        LONG before = ke_release_semaphore(semaphore, count, &status);
        if (previous && NT_SUCCESS(status)) {
            *previous = before;
            msan_define(previous, sizeof *previous);
        }
    }
    BOOL done = result_of_status(status);
    user_leave((uint64_t)done);
    return done;
}

BOOL ReleaseMutex(HANDLE handle)
{
    user_enter(DDI_ReleaseMutex, (ULONG_PTR)handle, 0);
    void *mutant;
    NTSTATUS status = handle_lookup(handle, OB_MUTANT, &mutant, NULL);
    if (NT_SUCCESS(status)) {
        hb_release(mutant);
        ke_release_mutant(mutant, &status);
    }
    BOOL done = result_of_status(status);
    user_leave((uint64_t)done);
    return done;
}
