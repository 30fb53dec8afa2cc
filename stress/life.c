/*
 * One life of a stress program: boot, load the driver, add and start the device, run the app to its end, remove the device, unload the driver. The
 * end-of-life checks then say whether anything was left behind.
 *
 * Kernel side; runs on the life's first context.
 */
#include "nt/image.h"
#include "nt/nt.h"
#include "win32/process.h"

#include "runner.h"

int stress_has_driver(void) { return image_find(stress_app.driver) != NULL; }

static void check(const char *what, NTSTATUS status)
{
    if (!NT_SUCCESS(status))
        bugcheck(OWN_WRONG_STATUS, (uint32_t)status, 0, 0, 0, NULL, "%s failed with status 0x%08X", what, (unsigned)status);
}

static struct devnode *bring_up(struct nt_driver **driver)
{
    NTSTATUS status = io_load_driver(image_find(stress_app.driver), driver);
    check("loading the driver", status);
    struct devnode *node = pnp_create_root_device(*driver, stress_app.device_id, &status);
    check("adding the device", status);
    check("starting the device", pnp_start(node));
    return node;
}

static void bring_down(struct nt_driver *driver, struct devnode *node)
{
    io_wait_for_closes();
    check("asking the driver for the device's removal", pnp_query_remove(node));
    check("removing the device", pnp_remove(node));
    io_unload_driver(driver);
}

void stress_life(void *argument)
{
    struct stress_life *life = argument;
    struct nt_driver *driver;
    nt_boot();
    win32_begin();
    struct devnode *node = bring_up(&driver);
    struct nt_process *process = process_create(stress_app.name);
    struct nt_thread *thread = process_run(process, ROLE_APP0, stress_app_main, life->argc, life->argv);
    process_wait(process, PROCESS_FOREVER, &life->exit_code);
    thread_release(thread);
    process_release(process);
    bring_down(driver, node);
    nt_shutdown();
}
