/* A boot and a shutdown: every static of nt/ is reset here, through the boot function of its file. */
#include "image.h"
#include "cm/cm.h"
#include "../hal/hal.h"

void ob_boot(void);
void ke_begin(void);
struct nt_thread *ke_adopt_current_thread(void);
void report_irps(void);
void po_boot(void);
void ex_callback_boot(void);
void mm_contiguous_boot(void);
void wmi_boot(void);
void ps_boot(void);
void seh_begin(void);

static const void *image_of(const void *code) { return io_driver_of_code(code); }

void nt_boot(void)
{
    static const struct report_section section = {"history of the IRPs", report_irps};
    machine.on_hang = nt_watchdog;
    machine.image_of = image_of;
    report_add_section(&section);
    images_restore();
    ob_boot();
    ps_boot();
    ob_names_boot();
    irp_boot();
    io_driver_begin();
    io_interfaces_boot();
    io_workitems_boot();
    io_remove_locks_boot();
    io_named_events_boot();
    cm_boot();
    io_csq_boot();
    io_shutdown_boot();
    mm_locks_boot();
    mm_contiguous_boot();
    ke_bugcheck_callbacks_boot();
    ke_begin();
    hal_boot();
    seh_begin();
    ke_adopt_current_thread();
    io_cancel_boot();
    io_file_boot();
    pnp_boot();
    wmi_boot();
    po_boot();
    po_idle_boot();
    ex_callback_boot();
}

void nt_shutdown(void)
{
    ex_stop_workers();
    verifier_end_of_life();
}
