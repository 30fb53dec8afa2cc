/* See oracle_echo.h. Host world. */
#include "oracle_echo.h"

#include "machine/report.h"
#include "oracle.h"
#include "oracle_stored.h"

#define LONGEST_WRITE 40960u
#define MS 10000ull

static unsigned parked_ends; /* requests that ended through a tick of the timer */

void echo_begin(void) { parked_ends = 0; }

/* ---- Each kind ---- */

/* One request at a time: a tick ends at most one parked request, and each power-up brings one early tick. */
static void count_parked(const struct request *r)
{
    parked_ends++;
    uint64_t ticks = life_power_ups() + r->finished_time / (echo_period_ms * MS);
    if (parked_ends > ticks)
        bugcheck(OWN_RULE, r->step, parked_ends, ticks, 0, NULL, "step %u: %u parked requests have ended after at most %u ticks of the timer: not one at a time",
                 r->step, parked_ends, (unsigned)ticks);
}

static void check_no_bytes(const struct request *r)
{
    if (r->bytes)
        wrong_length(r, 0);
}

static void check_read(const struct request *r)
{
    if (r->error) {
        if (!is_excused(r))
            wrong_status(r, "expected is success");
        if (r->error == WIN32_OPERATION_ABORTED)
            check_no_bytes(r);
        return;
    }
    check_stored_data(r, LONGEST_WRITE);
    if (r->bytes)
        count_parked(r);
}

static void check_write(const struct request *r)
{
    bool too_long = r->length > LONGEST_WRITE;
    if (too_long && r->error == WIN32_MORE_DATA) {
        check_no_bytes(r);
        return;
    }
    if (r->error) {
        if (!is_excused(r))
            wrong_status(r, too_long ? "expected is 234 (more data)" : "expected is success");
        if (r->error == WIN32_OPERATION_ABORTED)
            check_no_bytes(r);
        return;
    }
    if (too_long)
        wrong_status(r, "but it is longer than 40960 bytes: expected is 234 (more data)");
    if (r->bytes != r->length)
        wrong_length(r, r->length);
    if (r->bytes)
        count_parked(r);
}

static void check_ioctl(const struct request *r)
{
    if (!r->error || (r->error != WIN32_INVALID_FUNCTION && !is_excused(r)))
        wrong_status(r, "but the driver takes no control codes: expected is 1 (invalid function)");
    check_no_bytes(r);
}

static void check_open(const struct request *r)
{
    if (r->error && !(r->disturbed & (DISTURBED_REMOVE | DISTURBED_STATE)) && !life_has_faults())
        wrong_status(r, "but the device is there and works");
}

void echo_finished(const struct request *r)
{
    switch (r->kind) {
    case OP_OPEN: check_open(r); break;
    case OP_READ: check_read(r); break;
    case OP_WRITE: check_write(r); break;
    default: check_ioctl(r); break;
    }
}

/* A result that was seen must not change afterwards; the buffers are looked at once more. */
void echo_ended(void)
{
    for (unsigned i = 0; i < life_steps(); i++) {
        const struct request *r = life_request(i);
        if (r && r->kind == OP_READ && r->finished && !r->error)
            check_stored_data(r, LONGEST_WRITE);
    }
}
