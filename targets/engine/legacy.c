/* See legacy.h. */
#include "win32/win32.h"
#include "nt/image.h"

#include "legacy.h"
#include "life.h"

static struct nt_driver *driver; /* referenced, so that it tells when it is gone; NULL: stopped */

static bool is_loaded(void) { return driver && !driver->unloaded; }

uint32_t legacy_state(void) { return !is_loaded() ? 0 : driver->unload_pending ? 2 : 1; }

/* Files that are open feel nothing of a stop, so only opens have to reckon with it: DISTURBED_STATE, and never DISTURBED_REMOVE. */
static void note_state(void)
{
    life.state = legacy_state() == 1 ? 0 : DISTURBED_STATE;
    if (life.state)
        life_disturb(DISTURBED_STATE, -1, -1, -1);
}

static void expect(void)
{
    life.state |= DISTURBED_STATE;
    life_disturb(DISTURBED_STATE, -1, -1, -1);
}

static void start(void)
{
    if (is_loaded())
        return;
    if (driver)
        ob_dereference(driver);
    NTSTATUS status = io_load_driver(image_find(target.driver), &driver);
    if (NT_SUCCESS(status)) {
        ob_reference(driver);
        life.device++;
    } else if (!life_has_faults()) {
        bugcheck(OWN_WRONG_STATUS, (uint32_t)status, 0, 0, 0, NULL, "loading the driver failed with status 0x%08X although nothing was made to fail",
                 (unsigned)status);
    }
}

/* A driver without an unload routine stays. */
static void stop(void)
{
    if (is_loaded())
        io_ask_driver_to_unload(driver);
}

void legacy_begin(void)
{
    driver = NULL;
    start();
    note_state();
}

void legacy_event(uint8_t kind)
{
    bool stops = kind == EV_REMOVE || kind == EV_SURPRISE_REMOVE || kind == EV_RELOAD;
    bool starts = kind == EV_READD || kind == EV_RELOAD;
    if (!stops && !starts)
        return;
    expect();
    if (stops)
        stop();
    if (starts)
        start();
    note_state();
}

void legacy_restore(void) { note_state(); }

void legacy_end(void)
{
    io_wait_for_closes(); /* the apps are gone, and with them every file, and a driver that waited for that */
    stop();
    if (driver)
        ob_dereference(driver);
}
