/*
 * One life of a stress program: boot, load the driver, add and start the device, run the app's instances to their end, remove the device, unload the
 * driver. A legacy driver is the app's own business: it loads and unloads it. The end-of-life checks then say whether anything was left behind.
 *
 * Kernel side; runs on the life's first context.
 */
#include "nt/image.h"
#include "nt/nt.h"
#include "win32/process.h"

#include "cards.h"
#include "runner.h"

int stress_has_driver(void) { return image_find(stress_app.driver) != NULL; }

static void check(const char *what, NTSTATUS status)
{
    if (!NT_SUCCESS(status))
        bugcheck(OWN_WRONG_STATUS, (uint32_t)status, 0, 0, 0, NULL, "%s failed with status 0x%08X", what, (unsigned)status);
}

static struct devnode *bring_up_device(const char *id)
{
    NTSTATUS status;
    struct devnode *node = pnp_create_root_device(NULL, id, &status);
    check("loading the driver and adding the device", status);
    check("starting the device", pnp_start(node));
    return node;
}

static void bring_down_device(struct devnode *node)
{
    check("asking the driver for the device's removal", pnp_query_remove(node));
    check("removing the device", pnp_remove(node));
}

/* Drivers are loaded with the first device each has, and unloaded with the last. */
static void bring_up(struct devnode **node, struct devnode **beside)
{
    static struct pnp_install alone;
    alone = (struct pnp_install){.id = stress_app.device_id, .function = stress_app.driver};
    if (stress_app.stacks)
        pnp_set_installed(stress_app.stacks->install, stress_app.stacks->count);
    else
        pnp_set_installed(&alone, 1);
    pnp_lock();
    if (stress_app.cards)
        cards_bring_up();
    else
        *node = bring_up_device(stress_app.device_id);
    *beside = *stress_app.beside ? bring_up_device(stress_app.beside) : NULL;
    pnp_unlock();
}

static void bring_down(struct devnode *node, struct devnode *beside)
{
    io_wait_for_closes();
    pnp_settle();
    pnp_lock();
    if (node)
        bring_down_device(node);
    cards_bring_down();
    if (beside)
        bring_down_device(beside);
    pnp_unload_idle_drivers();
    pnp_unlock();
}

/* The app has loaded the driver itself, and has it stopped when it ends well. */
static void bring_down_legacy(bool ended_well)
{
    io_wait_for_closes();
    struct nt_driver *driver = io_driver_of_code((const void *)image_find(stress_app.driver)->entry);
    const char *service = service_left();
    if (ended_well && service)
        bugcheck(OWN_APP_ERROR, 0, 0, 0, 0, NULL, "the app has ended and left the service %s behind", service);
    if (!driver)
        return;
    if (ended_well)
        bugcheck(OWN_APP_ERROR, 0, 0, 0, 0, NULL, "the app has ended and left its driver loaded");
    io_ask_driver_to_unload(driver);
}

/* ---- Instances of the app, and what is typed to them ---- */

static struct instance {
    struct nt_process *process;
    uint64_t key_due;
    int key;
    bool typed;
} instances[STRESS_MAX_INSTANCES];

#define KEY_STEP (10 * CLOCK_MS)
#define START_STEP (5 * CLOCK_MS)

/* The answer of win32_input_hook: nothing until the key is due, then the key, then the end. */
static int type_key(bool take)
{
    struct instance *i = instances;
    while (i->process != ke_current_thread()->process)
        i++;
    if (i->typed)
        return WIN32_INPUT_END;
    if (clock_now() < i->key_due)
        return WIN32_INPUT_NONE_YET;
    i->typed = take;
    return i->key;
}

static void choose_key(struct instance *i)
{
    uint32_t count = 0;
    while (stress_app.keys[count])
        count++;
    i->typed = !count;
    if (!count)
        return;
    i->key = stress_app.keys[choose(LANE_DATA, count)];
    i->key_due = clock_now() + choose(LANE_DATA, 256) * KEY_STEP;
}

/* Each begins a little later than the one before it, or at the same time. */
static void start_instances(const struct stress_life *life)
{
    for (unsigned k = 0; k < life->instances; k++) {
        struct instance *i = &instances[k];
        LARGE_INTEGER pause = {.QuadPart = -(LONGLONG)(k ? choose(LANE_DATA, 256) * START_STEP : 0)};
        if (pause.QuadPart)
            ke_delay_execution_thread(KernelMode, FALSE, &pause);
        i->process = process_create(stress_app.name);
        choose_key(i);
        thread_release(process_run(i->process, ROLE_APP0, stress_app_main, life->argc, life->argv));
    }
}

static void await_instances(struct stress_life *life)
{
    for (unsigned k = 0; k < life->instances; k++) {
        uint32_t exit_code;
        process_wait(instances[k].process, PROCESS_FOREVER, &exit_code);
        life->exit_code = life->exit_code ? life->exit_code : exit_code;
    }
    for (unsigned k = 0; k < life->instances; k++) /* not earlier: type_key() looks for them */
        process_release(instances[k].process);
}

void (*stress_meanwhile)(void);

void stress_live(struct stress_life *life)
{
    bool legacy = !*stress_app.device_id;
    struct devnode *node = NULL, *beside = NULL;
    win32_begin();
    win32_input_hook = *stress_app.keys ? type_key : NULL;
    if (!legacy)
        bring_up(&node, &beside);
    start_instances(life);
    if (stress_app.pulls)
        cards_pull();
    if (stress_meanwhile)
        stress_meanwhile();
    await_instances(life);
    if (legacy)
        bring_down_legacy(!life->exit_code);
    else
        bring_down(node, beside);
}

void stress_life(void *argument)
{
    nt_boot();
    stress_live(argument);
    nt_shutdown();
}
