/*
 * The engine's events on a legacy driver: a service that is stopped and started, while files are open or not, and whose DriverEntry may fail.
 */
#include "unit.h"

#include "engine/devices.h"
#include "engine/life.h"
#include "nt/image.h"

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static unsigned entries, unloads;
static bool fail_entry;

static NTSTATUS succeed(PDEVICE_OBJECT device, PIRP irp)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static VOID lone_unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\LONE");
    unloads++;
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(driver->DeviceObject);
}

static int lone_entry(void *object, void *path)
{
    PDRIVER_OBJECT driver = object;
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\LONE"), link = RTL_CONSTANT_STRING(L"\\DosDevices\\LONE");
    PDEVICE_OBJECT device;
    entries++;
    if (fail_entry)
        return STATUS_INSUFFICIENT_RESOURCES;
    driver->MajorFunction[IRP_MJ_CREATE] = driver->MajorFunction[IRP_MJ_CLEANUP] = driver->MajorFunction[IRP_MJ_CLOSE] = succeed;
    driver->DriverUnload = lone_unload;
    NTSTATUS status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    return NT_SUCCESS(status) ? IoCreateSymbolicLink(&link, &name) : status;
}

#pragma clang section text = "" data = "" bss = ""

/* What the engine's other files would give. */
static const struct driver_image lone_image = {.name = "lone", .entry = lone_entry};
__attribute__((section("drv_images"), used)) static const struct driver_image *const registration = &lone_image;
const struct target target = {.driver = "lone", .path = "\\\\.\\LONE"};
struct life life;
static uint8_t disturbed; /* what requests that are out were told */
static bool faults;
void life_disturb(uint8_t disturbance, int process, int thread, int handle) { disturbed |= disturbance; }
void life_disturb_device(uint8_t disturbance, uint32_t device) {}
void life_disturb_last(uint8_t disturbance, uint8_t kind, unsigned count) {}
bool life_has_faults(void) { return faults; }

static void begin(void)
{
    entries = unloads = 0;
    disturbed = 0;
    memset(&life, 0, sizeof life);
    devices_begin();
}

static void event(uint8_t kind) { devices_event(kind, 0); }

static PFILE_OBJECT open_lone(NTSTATUS expected)
{
    UNICODE_STRING path = RTL_CONSTANT_STRING(L"\\??\\LONE");
    PFILE_OBJECT file;
    assert_int_equal(io_create_file(&path, FILE_READ_DATA, 0, FILE_OPEN, 0, &file, NULL), expected);
    if (file)
        io_handle_opened(file);
    return file;
}

static void close_lone(PFILE_OBJECT file)
{
    io_handle_closed(file);
    ob_dereference(file);
    io_wait_for_closes();
}

static void unused_body(void)
{
    begin();
    assert_true(life.state == 0 && life.device == 1 && entries == 1);
    uint32_t running = devices_state();
    event(EV_REMOVE);
    assert_true(life.state == DISTURBED_STATE && disturbed == DISTURBED_STATE && unloads == 1 && devices_state() != running);
    open_lone(STATUS_OBJECT_NAME_NOT_FOUND);
    event(EV_SURPRISE_REMOVE);
    assert_true(unloads == 1);
    event(EV_READD);
    event(EV_READD);
    assert_true(life.state == 0 && life.device == 2 && entries == 2 && devices_state() == running);
    event(EV_RELOAD);
    assert_true(life.state == 0 && life.device == 3 && entries == 3 && unloads == 2);
    assert_true(devices_restore());
    devices_end();
    assert_true(unloads == 3);
}

static void open_body(void)
{
    begin();
    PFILE_OBJECT first = open_lone(STATUS_SUCCESS), second = open_lone(STATUS_SUCCESS);
    event(EV_SURPRISE_REMOVE);
    event(EV_RELOAD); /* still there: it can be neither unloaded nor started */
    assert_true(unloads == 0 && entries == 1 && life.state == DISTURBED_STATE);
    open_lone(STATUS_NO_SUCH_DEVICE);
    close_lone(first);
    assert_true(unloads == 0);
    close_lone(second);
    assert_true(unloads == 1 && life.device == 1);
    event(EV_READD);
    assert_true(life.state == 0 && life.device == 2);
    first = open_lone(STATUS_SUCCESS);
    event(EV_REMOVE);
    io_handle_closed(first);
    ob_dereference(first);
    devices_end(); /* waits for the unload */
    assert_true(unloads == 2);
}

/* Neither PnP nor power knows the device: nothing happens, and no time passes. */
static void indifferent_body(void)
{
    static const uint8_t kinds[] = {EV_QUERY_STOP, EV_STOP,   EV_CANCEL_STOP, EV_REBALANCE, EV_QUERY_REMOVE, EV_CANCEL_REMOVE,
                                    EV_SLEEP,      EV_RESUME, EV_IDLE,        EV_WAKE};
    begin();
    for (unsigned i = 0; i < sizeof kinds; i++)
        event(kinds[i]);
    assert_true(entries == 1 && unloads == 0 && life.state == 0 && disturbed == 0 && clock_now() == 0 && devices_idle_ms() == 0);
    devices_end();
}

static void failing_body(void)
{
    faults = fail_entry = true;
    begin();
    assert_true(entries == 1 && life.device == 0 && life.state == DISTURBED_STATE);
    event(EV_REMOVE);
    fail_entry = false;
    event(EV_READD);
    assert_true(entries == 2 && life.device == 1 && life.state == 0);
    fail_entry = true;
    event(EV_RELOAD);
    assert_true(entries == 3 && unloads == 1 && life.state == DISTURBED_STATE && devices_restore());
    devices_end();
    assert_true(unloads == 1);
    faults = fail_entry = false;
}

static void no_reason_body(void)
{
    fail_entry = true;
    begin();
}

static void removal_stops_the_service(void **state) { unit_life(unused_body, NULL); }
static void a_service_in_use_stays(void **state) { unit_life(open_body, NULL); }
/* RULE W-PNP-74: The device of a driver without AddDevice has no part in PnP and power: none of their events reaches it. */
static void other_events_do_nothing(void **state) { unit_life(indifferent_body, NULL); }
static void a_failed_entry_is_survived(void **state) { unit_life(failing_body, NULL); }

static void a_failed_entry_needs_a_reason(void **state)
{
    unit_expect_bugcheck(no_reason_body, OWN_WRONG_STATUS, ~0ull);
    fail_entry = false;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(removal_stops_the_service),  cmocka_unit_test(a_service_in_use_stays),        cmocka_unit_test(other_events_do_nothing),
        cmocka_unit_test(a_failed_entry_is_survived), cmocka_unit_test(a_failed_entry_needs_a_reason),
    };
    return cmocka_run_group_tests(tests);
}
