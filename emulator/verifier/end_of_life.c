/*
 * What must be gone: when a driver was unloaded (V-UNL-1..11) and at the end of a life.
 *
 * One walk over the live blocks answers for pool, IRPs, MDLs, work items, strings; names and devices have lists of their own.
 */
#include "../hal/hal.h"
#include "../machine/stack.h"
#include "../nt/cm/cm.h"
#include "../nt/image.h"
#include "../nt/ke/ke.h"
#include "../nt/io/io.h"

/* Headers of blocks are poisoned for ordinary loads; block_next_live() opens those it passes. */
static bool drivers_own(const struct block *b)
{
    return b->use == BLOCK_POOL || b->use == BLOCK_MDL || b->use == BLOCK_WORKITEM || b->use == BLOCK_STRING || b->use == BLOCK_ERRORLOG;
}

static const char *what_is(const struct block *b)
{
    switch (b->use) {
    case BLOCK_MDL: return "MDL";
    case BLOCK_WORKITEM: return "work item";
    case BLOCK_STRING: return "string";
    case BLOCK_ERRORLOG: return "error log entry";
    default: return b->pool_type ? "paged pool" : "nonpaged pool";
    }
}

static void tag_text(uint32_t tag, char out[5])
{
    for (unsigned i = 0; i < 4; i++) {
        char c = (char)(tag >> (8 * i));
        out[i] = c >= 32 && c < 127 ? c : '.';
    }
    out[4] = 0;
}

static void check_devices(struct nt_driver *driver)
{
    PDEVICE_OBJECT device = driver->object.DeviceObject;
    char name[80];
    if (device)
        bugcheck(0x36, device_number(device), 0, 0, 0, "V-UNL-6", "%s was unloaded and left device #%u",
                 rtl_to_ascii(&driver->object.DriverName, name, sizeof name), device_number(device));
}

static void check_blocks(struct nt_driver *driver, bool all)
{
    char tag[5], name[80];
    unsigned count = 0;
    uint64_t bytes = 0;
    struct block *first = NULL;
    for (struct block *b = block_next_live(NULL); b; b = block_next_live(b))
        if (drivers_own(b) && b->allocated_at && is_driver_code(b->allocated_at) && (all || b->owner == driver)) {
            first = first ? first : b;
            count++;
            bytes += b->size;
        }
    if (!first)
        return;
    struct stack_frame where = {0};
    stack_name(first->allocated_at, &where);
    tag_text(first->tag, tag);
    bugcheck(0xC4, 0x62, first->number, count, bytes, "V-UNL-1", "%s left %u allocation%s: block #%u (%s, tag %s, %llu bytes) was allocated by %s %s",
             driver ? rtl_to_ascii(&driver->object.DriverName, name, sizeof name) : "a driver", count, count == 1 ? "" : "s", first->number, what_is(first),
             tag, (unsigned long long)first->size, where.function[0] ? where.function : "?", where.place);
}

static void check_irps(struct nt_driver *driver)
{
    char name[64];
    for (struct irp_record *r = irp_first_record(); r; r = r->next) {
        if (r->raw)
            continue;
        if (r->info.built_by == 0) {
            if (driver ? io_driver_of_code(r->allocated_at) == driver : is_driver_code(r->allocated_at))
                bugcheck(0xC4, 0x62, r->info.number, 0, 0, "V-UNL-1", "%s, which a driver made with IoAllocateIrp, was never freed",
                         irp_record_name(r, name, sizeof name));
            continue;
        }
        if (!driver && !r->info.finished)
            bugcheck(OWN_LOST_IRP, r->info.number, r->major, r->minor, 0, "W-CAN-9", "%s was never completed", irp_record_name(r, name, sizeof name));
    }
}

extern const char __start_drv_data[] __attribute__((weak)), __stop_drv_data[] __attribute__((weak));
extern const char __start_drv_bss[] __attribute__((weak)), __stop_drv_bss[] __attribute__((weak));

static void check_data(const char *begin, const char *end)
{
    if (begin == end)
        return;
    size_t size = (size_t)(end - begin);
    ke_timer_check_free(begin, size);
    ke_dpc_check_free(begin, size);
    ke_lock_check_free(begin, size);
    ex_resource_check_free(begin, size);
    ex_lookaside_check_free(begin, size);
    ex_work_check_free(begin, size);
}

/* V-UNL-2..4: timers, DPCs, held locks, ERESOURCEs, lookaside lists and work items in the image's own data. */
static void check_image_data(const struct driver_image *image)
{
    bool placed = image_is_placed(image);
    check_data(placed ? image->data.begin : __start_drv_data, placed ? image->data.end : __stop_drv_data);
    check_data(placed ? image->bss.begin : __start_drv_bss, placed ? image->bss.end : __stop_drv_bss);
}

static const char *function_at(const void *code, struct stack_frame *frame)
{
    return stack_name(code, frame) && frame->function[0] ? frame->function : "?";
}

/* What it is doing, in words: "waits for a semaphore in KeWaitForSingleObject". */
static const char *what_it_does(const struct ctx *ctx, char *out, size_t size)
{
    const char *end = out + size, *reason = ctx->wait_reason ? ctx->wait_reason : "?";
    bool waits = ctx->state == CTX_BLOCKED, spins = ctx->state == CTX_SPINNING;
    char *p = text_put(out, end, waits ? "waits for " : spins ? "spins on " : "is about to go on");
    if (waits || spins)
        p = text_put(p, end, reason);
    if (ctx->gate_depth)
        text_put(text_put(p, end, " in "), end, gate_where(ctx));
    return out;
}

/* V-UNL-5: whoever runs in the image runs in nothing once it is gone. */
static void check_threads(struct nt_driver *driver)
{
    char name[48], doing[80];
    for (unsigned i = 0; i < machine.ctx_count; i++) {
        const struct ctx *ctx = machine.ctx[i];
        const struct nt_thread *thread = ctx->state != CTX_FREE ? ctx->thread : NULL;
        if (!thread || !thread->system || thread->ended || io_driver_of_code(thread->routine) != driver)
            continue;
        struct stack_frame routine = {0}, maker = {0};
        bugcheck(0xCE, thread->number, 0, 0, 0, "V-UNL-5",
                 "%s was unloaded while its system thread #%u (%s) still runs: it %s; made by %s in thread %s (%s)",
                 rtl_to_ascii(&driver->object.DriverName, name, sizeof name), thread->number, function_at(thread->routine, &routine),
                 what_it_does(ctx, doing, sizeof doing), function_at(thread->created_at, &maker), thread->created_by ? thread->created_by : "?",
                 maker.place);
    }
}

static bool is_code_of(const void *routine, const struct nt_driver *driver) { return routine && io_driver_of_code(routine) == driver; }

/* V-UNL-10: an IRP under way would come back into nothing. */
static void check_routines(struct nt_driver *driver)
{
    char name[64];
    for (struct irp_record *r = irp_first_record(); r; r = r->next) {
        if (r->raw || r->info.finished)
            continue;
        const IRP *irp = r->irp;
        bool cancel = is_code_of((const void *)irp->CancelRoutine, driver), completion = false;
        const IO_STACK_LOCATION *location = irp->Tail.Overlay.CurrentStackLocation;
        for (CHAR i = irp->CurrentLocation; i >= 1 && i <= irp->StackCount; i++, location++)
            completion |= location->Control & (SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL) &&
                          is_code_of((const void *)location->CompletionRoutine, driver);
        if (cancel || completion)
            bugcheck(0xCE, r->info.number, 0, 0, 0, "V-UNL-10", "a driver was unloaded while %s, which is under way, has a %s routine in it",
                     irp_record_name(r, name, sizeof name), cancel ? "cancel" : "completion");
    }
}

static void check_ex_timers(struct nt_driver *driver)
{
    char name[80];
    if (ex_timer_of_driver(driver))
        bugcheck(OWN_RULE, 8, 0, 0, 0, "V-UNL-8", "%s was unloaded and left an EX_TIMER", rtl_to_ascii(&driver->object.DriverName, name, sizeof name));
}

/* V-OBJ-6 */
static void check_keys(const struct nt_driver *driver)
{
    char key[200];
    struct stack_frame where = {0};
    const struct cm_open *open = cm_left_open(driver);
    if (open)
        bugcheck(OWN_RULE, 1, 0, 0, 0, "V-OBJ-6", "the handle of a registry key was never closed: %s, opened by %s %s", cm_path(open->key, key, sizeof key),
                 function_at(open->caller, &where), where.place);
}

void verifier_driver_unloaded(struct nt_driver *driver)
{
    wmi_check_unloaded(driver);
    check_devices(driver);
    pnp_check_unregistered(driver);
    if (!io_driver_of_code(driver->image ? (const void *)driver->image->entry : NULL))
        return; /* several drivers are loaded: their code cannot be told apart, the end of the life asks for all */
    check_threads(driver);
    check_image_data(driver->image);
    check_ex_timers(driver);
    hal_driver_unloaded(driver);
    ex_callback_check_unregistered(driver);
    ke_bugcheck_callbacks_check_unloaded(driver);
    check_routines(driver);
    check_keys(driver);
    check_irps(driver);
    check_blocks(driver, false);
}

static void check_names(void)
{
    char name[160];
    for (struct ob_name *n = ob_name_first(); n; n = n->next)
        if (!n->device)
            bugcheck(OWN_RULE, 6, 0, 0, 0, "V-UNL-6", "the symbolic link %s was never deleted", rtl_to_ascii(&n->name, name, sizeof name));
}

static void check_drivers(void)
{
    char name[80];
    for (struct nt_driver *d = io_driver_first(); d; d = io_driver_next(d))
        for (PDEVICE_OBJECT o = d->object.DeviceObject; d->unloaded && o; o = o->NextDevice)
            bugcheck(0x36, device_number(o), 0, 0, 0, "V-UNL-6", "%s left device #%u", rtl_to_ascii(&d->object.DriverName, name, sizeof name),
                     device_number(o));
}

/* A device that was deleted and still lives, or a file object that is not closed: a reference is left (V-OBJ-4). */
static void check_references(void)
{
    for (struct block *b = block_next_live(NULL); b; b = block_next_live(b)) {
        if (b->use != BLOCK_DEVICE && b->use != BLOCK_FILE)
            continue;
        void *body = (char *)block_memory(b) + OB_HEADER_SIZE;
        struct ob_header *h = ob_header(body);
        if (b->use == BLOCK_DEVICE && device_of(body)->deleted)
            bugcheck(OWN_RULE, h->number, (uint64_t)h->pointers, 0, 0, "V-OBJ-4", "device #%u was deleted but %lld reference(s) to it are left", h->number,
                     (long long)h->pointers);
        if (b->use == BLOCK_FILE && h->handles == 0)
            bugcheck(OWN_RULE, h->number, (uint64_t)h->pointers, 0, 0, "V-OBJ-4", "file object #%u has no handle but %lld reference(s) are left", h->number,
                     (long long)h->pointers);
    }
}

void verifier_end_of_life(void)
{
    bool loaded = false;
    for (struct nt_driver *d = io_driver_first(); d; d = io_driver_next(d))
        loaded |= d->image != NULL;
    check_irps(NULL);
    check_drivers();
    check_references();
    if (loaded)
        return; /* what a loaded driver holds is its own */
    check_names();
    wmi_check_closed_by_all();
    check_keys(NULL);
    if (ob_open_kernel_handles())
        bugcheck(OWN_RULE, ob_open_kernel_handles(), 0, 0, 0, "V-OBJ-6", "%u kernel handle(s) were never closed", ob_open_kernel_handles());
    check_blocks(NULL, true);
}
