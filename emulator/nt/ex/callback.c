/*
 * Callback objects (W-OBJ-4): who registers a routine is called, at the notifier's IRQL, by each ExNotifyCallback.
 *
 * Design: the objects that have a name are a list. A registration that is being called when it ends is waited for; until then it stays on its object's list,
 * so that whoever walks along it finds the next one.
 */
#include "../io/io.h"
#include "../ke/ke.h"

struct registration {
    struct registration *next;
    struct callback *callback;
    PCALLBACK_FUNCTION function;
    PVOID context;
    unsigned running;
    bool ended;
    KEVENT idle; /* nobody runs it any more */
};

struct callback {
    struct callback *next;
    UNICODE_STRING name;
    bool multiple;
    struct registration *first;
};
static struct callback *named;

void ex_callback_boot(void) { named = NULL; }

static void destroy(void *body)
{
    struct callback *c = body, **at = &named;
    while (*at && *at != c)
        at = &(*at)->next;
    if (*at)
        *at = c->next;
    if (c->name.Buffer)
        ex_system_free(c->name.Buffer);
}

static struct callback *find(PCUNICODE_STRING name)
{
    struct callback *c = named;
    while (c && !rtl_equal_unicode(&c->name, name, true))
        c = c->next;
    return c;
}

static NTSTATUS create(struct callback **out, const OBJECT_ATTRIBUTES *a, bool create_new, bool multiple)
{
    PCUNICODE_STRING name = a ? a->ObjectName : NULL;
    *out = name ? find(name) : NULL;
    if (*out) {
        ob_reference(*out);
        return STATUS_SUCCESS;
    }
    if (!create_new)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    struct callback *c = ob_create(OB_CALLBACK, sizeof *c, BLOCK_SYSTEM, destroy);
    if (!c)
        return STATUS_INSUFFICIENT_RESOURCES;
    c->multiple = multiple;
    if (name) {
        c->name = rtl_copy_of(name);
        c->next = named;
        named = c;
    }
    *out = c;
    return STATUS_SUCCESS;
}

static struct callback *require(const void *object, const char *ddi)
{
    if (!object || !ob_is_live(object) || ob_type_of(object) != OB_CALLBACK)
        bugcheck(OWN_RULE, 0, 0, 0, 0, "W-OBJ-4", "%s on something that is no callback object", ddi);
    return (struct callback *)(uintptr_t)object;
}

/* Returns the next registration: as soon as nobody runs `r`, who waits to end it frees it. */
static struct registration *call(struct registration *r, PVOID argument1, PVOID argument2)
{
    r->running++;
    hb_acquire(r);
    if (is_driver_code(r->function)) {
        struct callback_frame frame;
        callback_enter(&frame, DDI_CallbackRoutine, (const void *)r->function, r);
        r->function(r->context, argument1, argument2);
        callback_leave(&frame, 0);
    } else {
        r->function(r->context, argument1, argument2);
    }
    hb_release(r);
    struct registration *next = r->next; /* while it was called others may have come and gone */
    if (!--r->running && r->ended)
        ke_set_event(&r->idle, 0, FALSE);
    return next;
}

static void end(struct registration *r)
{
    r->ended = true;
    if (r->running)
        ke_wait_internal(&r->idle, "a callback routine to return");
    struct registration **at = &r->callback->first;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    hb_acquire(r);
    ob_dereference(r->callback);
    ex_system_free(r);
}

void ex_callback_check_unregistered(const struct nt_driver *driver)
{
    for (const struct callback *c = named; c; c = c->next)
        for (const struct registration *r = c->first; r; r = r->next)
            if (io_driver_of_code((const void *)r->function) == driver)
                bugcheck(OWN_RULE, 9, 0, 0, 0, "W-OBJ-4", "a driver is unloaded while its routine is registered with a callback object");
}

/* ---- DDIs ---- */

NTSTATUS ExCreateCallback(PCALLBACK_OBJECT *CallbackObject, POBJECT_ATTRIBUTES ObjectAttributes, BOOLEAN Create, BOOLEAN AllowMultipleCallbacks)
{
    gate_enter(DDI_ExCreateCallback, Create, AllowMultipleCallbacks);
    struct callback *c = NULL;
    NTSTATUS status = choose_fault(DDI_ExCreateCallback) ? STATUS_INSUFFICIENT_RESOURCES : create(&c, ObjectAttributes, Create, AllowMultipleCallbacks);
    *CallbackObject = (PCALLBACK_OBJECT)c;
    gate_leave((ULONG)status);
    return status;
}

PVOID ExRegisterCallback(PCALLBACK_OBJECT CallbackObject, PCALLBACK_FUNCTION CallbackFunction, PVOID CallbackContext)
{
    gate_enter(DDI_ExRegisterCallback, trace_object(CallbackObject), 0);
    struct callback *c = require(CallbackObject, "ExRegisterCallback");
    struct registration *r = NULL;
    if ((c->multiple || !c->first) && !choose_fault(DDI_ExRegisterCallback)) {
        r = ex_system_alloc(sizeof *r);
        *r = (struct registration){.callback = c, .function = CallbackFunction, .context = CallbackContext};
        ke_initialize_event(&r->idle, NotificationEvent, FALSE);
        struct registration **at = &c->first;
        while (*at)
            at = &(*at)->next;
        *at = r;
        ob_reference(c);
        hb_release(r);
    }
    gate_leave(r != NULL);
    return r;
}

VOID ExUnregisterCallback(PVOID CbRegistration)
{
    gate_enter(DDI_ExUnregisterCallback, 0, 0);
    end(CbRegistration);
    gate_leave(0);
}

VOID ExNotifyCallback(PCALLBACK_OBJECT CallbackObject, PVOID Argument1, PVOID Argument2)
{
    gate_enter(DDI_ExNotifyCallback, trace_object(CallbackObject), 0);
    struct callback *c = require(CallbackObject, "ExNotifyCallback");
    ob_reference(c);
    struct registration *r = c->first;
    while (r)
        r = r->ended ? r->next : call(r, Argument1, Argument2);
    ob_dereference(c);
    gate_leave(0);
}
