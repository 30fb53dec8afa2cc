/*
 * One life: boot, load the driver, add and start the device, let the program's actors loose on it, bring everything down, check.
 *
 * Principle of operation. The life runs on the PnP thread, which also carries out the program's events. Whatever state the program leaves the
 * machine in, the end is the same and orderly: the device is brought back to work, apps wait for what is pending and go, the device is
 * removed, the driver unloaded, and the end-of-life checks look at what is left.
 *
 * Internal design. devices.c holds the device's side of the events, turns.c the order of steps, apps.c the app threads. Nothing here allocates but
 * from the machine's own arenas, and nothing asks the host.
 *
 * Kernel side; runs on the life's first context.
 */
#include "win32/win32.h"

#include "bare.h"
#include "devices.h"
#include "life.h"
#include "turns.h"

/* Longer than any step of an app takes: if it has not gone by then, it hangs. */
#define QUIET_SECONDS 300

struct life life;

static struct {
    struct nt_process *process[APP_PROCESSES];
    struct nt_thread *thread[APP_THREADS];
} apps;

/* ---- Services for apps.c ---- */

int life_next_step(unsigned actor) { return turns_next(actor); }
void life_actor_ended(unsigned actor) { turns_actor_ended(actor); }
void *life_user_memory(size_t size) { return user_alloc(size, CALLER); }

uint8_t life_interface_class(const struct record *open) { return (uint8_t)(open->a % (1 + target.also_count)); }

bool life_device_path(const struct record *open, uint16_t path[LIFE_PATH_CHARS], uint32_t *device)
{
    *device = life.device;
    unsigned class = life_interface_class(open);
    const char *fixed = class ? target.also[class - 1].path : target.path;
    if (fixed) {
        size_t i = 0;
        for (; fixed[i] && i + 1 < LIFE_PATH_CHARS; i++)
            path[i] = (uint8_t)fixed[i];
        path[i] = 0;
        return true;
    }
    const GUID *guid = (const GUID *)(class ? &target.also[class - 1].id : &target.interface_id);
    unsigned there = 0;
    const struct io_interface *i = NULL;
    while ((i = io_next_interface(guid, i)) != NULL)
        there++;
    if (!there)
        return false;
    for (unsigned left = open->b % there + 1; left; left--)
        i = io_next_interface(guid, i);
    PCUNICODE_STRING link = io_interface_user_link(i);
    if (link->Length / 2u >= LIFE_PATH_CHARS)
        return false;
    *device = devices_number(io_interface_pdo(i));
    memcpy(path, link->Buffer, link->Length);
    path[link->Length / 2u] = 0;
    return true;
}

uint8_t life_device_disturbance(uint32_t device) { return target.path ? (device == life.device ? 0 : DISTURBED_REMOVE) : devices_disturbance(device); }

void life_disturb(uint8_t disturbance, int process, int thread, int handle)
{
    for (uint64_t left = life.pending; left; left &= left - 1) {
        struct request *r = &life.request[__builtin_ctzll(left)];
        if ((process < 0 || r->process == process) && (thread < 0 || r->thread == thread) && (handle < 0 || r->handle == handle))
            r->disturbed |= disturbance;
    }
}

void life_disturb_device(uint8_t disturbance, uint32_t device)
{
    for (uint64_t left = life.pending; left; left &= left - 1) {
        struct request *r = &life.request[__builtin_ctzll(left)];
        if (r->device == device)
            r->disturbed |= disturbance;
    }
}

static struct request *last_success(uint8_t kind, uint8_t without)
{
    struct request *last = NULL;
    for (uint64_t left = life.requests; left; left &= left - 1) {
        struct request *r = &life.request[__builtin_ctzll(left)];
        if (r->kind == kind && r->finished && !r->error && !(r->disturbed & without) && (!last || r->finished_at > last->finished_at))
            last = r;
    }
    return last;
}

void life_disturb_last(uint8_t disturbance, uint8_t kind, unsigned count)
{
    for (struct request *r; count && (r = last_success(kind, disturbance)); count--)
        r->disturbed |= disturbance;
}

const struct request *life_request(unsigned step)
{
    return step < MAX_OPERATIONS && life.requests >> step & 1 ? &life.request[step] : NULL;
}

unsigned life_steps(void) { return life.program->operations; }
bool life_has_faults(void) { return life.program->chance.fault_count || life.program->chance.random_faults; }
bool life_has_strange_registry(void) { return life.program->chance.value_count[LANE_REGISTRY] || life.program->chance.random_faults; }
unsigned life_power_ups(void) { return life.starts + po_d0_requests(); }
uint64_t life_time(void) { return clock_now(); }
unsigned life_clocks(void) { return choose_clocks(); }

/* ---- Apps ---- */

static void start_apps(void)
{
    static const char *const names[APP_THREADS] = {"app0", "app1", "app2", "app3"};
    for (unsigned i = 0; i < APP_THREADS; i++) {
        if (!(life.program->app_threads_used >> i & 1))
            continue;
        struct nt_process **process = &apps.process[process_of_thread(i)];
        if (!*process)
            *process = process_create(process_of_thread(i) ? "app2" : "app0");
        apps.thread[i] = thread_create(*process, (uint8_t)(ROLE_APP0 + i), names[i], app_thread, (void *)(uintptr_t)i);
    }
}

static void exit_process(unsigned which)
{
    if (!apps.process[which])
        return;
    life_disturb(DISTURBED_EXIT | DISTURBED_CANCEL | DISTURBED_CLOSE, (int)which, -1, -1);
    for (unsigned i = 0; i < APP_THREADS; i++)
        if (process_of_thread(i) == which)
            turns_actor_ended(i);
    memset(life.handle[which], 0, sizeof life.handle[which]);
    process_terminate(apps.process[which], 1);
}

/* Which step each app carries out, in one number. */
static uint64_t where_apps_are(void)
{
    uint64_t where = 0;
    for (unsigned i = 0; i < APP_THREADS; i++)
        where = where << 16 | (uint16_t)turns_current(i);
    return where;
}

/*
 * An app that goes gives up what waits for ever. What is still out a while later belongs to one that does not get there: it sits in a call that only
 * somebody else could end, and nobody is left who would. Its process is ended.
 */
static void end_stuck(struct nt_thread *thread)
{
    uint64_t where = where_apps_are();
    for (unsigned quiet = 0; quiet < QUIET_SECONDS && !thread_wait(thread, CLOCK_SECOND); quiet++) {
        if (where_apps_are() != where) { /* they get on, if only from one sleep to the next */
            where = where_apps_are();
            quiet = 0;
        }
        for (unsigned i = 0; i < APP_PROCESSES; i++)
            if (life_somebody_waits(1u << i)) {
                exit_process(i);
                quiet = 0;
            }
    }
}

/* Apps finish on their own: they wait for what they have pending. Only where requests may wait for ever are they made to. */
static void end_apps(void)
{
    uint64_t patience = PROCESS_FOREVER;
    if (!target.completes_ms || !life.working)
        patience = CLOCK_SECOND;
    for (unsigned i = 0; i < APP_THREADS; i++) {
        if (!apps.thread[i])
            continue;
        if (target.waits && life.working)
            end_stuck(apps.thread[i]);
        if (!thread_wait(apps.thread[i], patience)) {
            exit_process(process_of_thread(i));
            thread_wait(apps.thread[i], PROCESS_FOREVER);
        }
        thread_release(apps.thread[i]);
        apps.thread[i] = NULL;
    }
    for (unsigned i = 0; i < APP_PROCESSES; i++) {
        if (!apps.process[i])
            continue;
        process_terminate(apps.process[i], 0);
        process_wait(apps.process[i], PROCESS_FOREVER, NULL);
        process_release(apps.process[i]);
        apps.process[i] = NULL;
    }
}

/* ---- Events ---- */

/*
 * What has a lot to do while time passes (a card that does not answer is reset every few seconds) loops no more for it: a life that has used up half of its
 * scheduling points has no more time to pass. Then the bound for all of them tells a loop.
 */
static bool has_time_left(void) { return machine.points < machine.max_points / 2; }

static void pass_time(uint32_t ms)
{
    LARGE_INTEGER interval = {.QuadPart = -(LONGLONG)(ms * CLOCK_MS)};
    if (ms && has_time_left())
        ke_delay_execution_thread(KernelMode, FALSE, &interval);
    turns_hold(false);
}

/* Others wait while time passes, as for EV_PASS_TIME; a device that does not idle makes this no step at all. */
static void let_idle(void)
{
    devices_event(EV_IDLE, 0);
    if (turns_are_held())
        turns_hold(false);
}

static void carry_out(const struct record *r)
{
    coverage_pair(COVER_EVENT, r->kind, devices_state());
    switch (r->kind) {
    case EV_PASS_TIME: pass_time(r->a); break;
    case EV_PROCESS_EXIT: exit_process(r->slot); break;
    case EV_IDLE: let_idle(); break;
    case EV_FRAME:
    case EV_CABLE:
    case EV_HARDWARE: devices_card_event(r); break;
    default: devices_event(r->kind, r->slot); break;
    }
}

static void run_program(void)
{
    for (int step; (step = turns_next(ACTOR_PNP)) >= 0;) {
        const struct record *r = &life.program->operation[step].record;
        trace(TRACE_OPERATION, r->kind, (uint64_t)step, ACTOR_PNP);
        carry_out(r);
    }
}

/* ---- The life ---- */

static void life_begin(void)
{
    life.sequence = 0;
    life.requests = life.pending = 0;
    life.device = 0;
    life.state = DISTURBED_REMOVE;
    life.starts = 0;
    life.working = false;
    memset(life.named, 0xff, sizeof life.named);
    memset(life.cancelling, 0, sizeof life.cancelling);
    memset(life.handle, 0, sizeof life.handle);
    memset(&apps, 0, sizeof apps); /* a life that was dropped leaves stale ones */
    if (target.begin)
        target.begin();
}

void life_main(void *argument);
void life_main(void *argument)
{
    (void)argument;
    if (target.bare) {
        bare_life();
        return;
    }
    nt_boot();
    win32_begin();
    life_begin();
    turns_begin(life.program);
    devices_begin();
    start_apps();
    run_program();
    life.working = devices_restore() && !life_has_strange_hardware();
    turns_close();
    end_apps();
    if (target.ended)
        target.ended();
    devices_end();
    nt_shutdown();
}
