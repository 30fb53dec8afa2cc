/* See oracle_echo.h. Host world. */
#include "oracle_echo.h"

#include "machine/report.h"
#include "oracle.h"

#define LONGEST_WRITE 40960u
#define MS 10000ull

static unsigned parked_ends; /* requests that ended through a tick of the timer */

void echo_begin(void) { parked_ends = 0; }

static _Noreturn void wrong_length(const struct request *r, uint32_t expected)
{
    bugcheck(OWN_WRONG_LENGTH, r->step, r->bytes, expected, r->error, NULL, "step %u: a %s of %u bytes reports %u bytes, expected are %u", r->step,
             request_kind_name(r), r->length, r->bytes, expected);
}

/* May this request end with an error that the contract does not name? */
static bool excused(const struct request *r)
{
    if (r->disturbed & DISTURBED_REMOVE)
        return true;
    if (r->disturbed & DISTURBED_CLOSE && (r->error == WIN32_INVALID_HANDLE || r->error == WIN32_INVALID_PARAMETER))
        return true; /* the call found its handle closed, or its value given to a file of the other kind (overlapped or not) */
    if (r->error == WIN32_OPERATION_ABORTED)
        return r->disturbed & (DISTURBED_CANCEL | DISTURBED_CLOSE | DISTURBED_EXIT);
    return life_has_faults();
}

/* ---- What a read may return ---- */

/* A write that reached the driver's buffer, for certain. */
static bool surely_stored(const struct request *w) { return w->finished && !w->error && w->length > 0; }

/* A write that may have. */
static bool maybe_stored(const struct request *w)
{
    return w->kind == OP_WRITE && w->length > 0 && w->length <= LONGEST_WRITE;
}

static bool same_device(const struct request *a, const struct request *b)
{
    return a->device == b->device || (a->disturbed & DISTURBED_CLOSE) || (b->disturbed & DISTURBED_CLOSE);
}

/* w was certainly replaced before the read was sent: a later write had begun after w had ended, and had ended itself. */
static bool replaced_before(const struct request *w, const struct request *read)
{
    if (read->disturbed & DISTURBED_CLOSE)
        return false; /* its handle's value may name a newer device by now, which has stored nothing */
    for (unsigned i = 0; i < life_steps(); i++) {
        const struct request *later = life_request(i);
        if (!later || later == w || later->kind != OP_WRITE || !surely_stored(later) || later->device != read->device)
            continue;
        if (later->finished_at < read->issued_at && (!w || (w->finished && w->finished_at < later->issued_at)))
            return true;
    }
    return false;
}

static bool prefix_matches(const struct request *read, const struct request *w)
{
    uint8_t differs = 0;
    for (uint32_t i = 0; i < read->bytes; i++)
        differs |= read->data[i] ^ pattern_byte(w->fill, i);
    return !differs;
}

/* Nothing stored: at first, or when a write failed half-way (its old buffer is gone then) or may have. */
static bool may_be_empty(const struct request *read) { return life_has_faults() || !replaced_before(NULL, read); }

static uint32_t bytes_of(const struct request *read, const struct request *w) { return w->length < read->length ? w->length : read->length; }

static bool may_be_read(const struct request *read, const struct request *w)
{
    return maybe_stored(w) && same_device(w, read) && w->issued_at <= read->finished_at;
}

/* Whether a write was replaced takes a look at all others, so that is asked last. */
static bool is_explained(const struct request *read)
{
    for (unsigned i = 0; i < life_steps(); i++) {
        const struct request *w = life_request(i);
        if (w && may_be_read(read, w) && read->bytes == bytes_of(read, w) && prefix_matches(read, w) && !replaced_before(w, read))
            return true;
    }
    return read->bytes == 0 && may_be_empty(read);
}

static void check_read_data(const struct request *read)
{
    if (read->length == 0 || is_explained(read))
        return;
    bool length_fits = false;
    uint32_t likely = 0;
    for (unsigned i = 0; i < life_steps(); i++) {
        const struct request *w = life_request(i);
        if (!w || !may_be_read(read, w) || replaced_before(w, read))
            continue;
        likely = bytes_of(read, w);
        length_fits |= read->bytes == likely;
    }
    if (!length_fits)
        wrong_length(read, likely);
    bugcheck(OWN_WRONG_DATA, read->step, read->bytes, read->length, 0, NULL, "step %u: the %u bytes read are no write's that could be the last one",
             read->step, read->bytes);
}

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
        if (!excused(r))
            wrong_status(r, "expected is success");
        if (r->error == WIN32_OPERATION_ABORTED)
            check_no_bytes(r);
        return;
    }
    check_read_data(r);
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
        if (!excused(r))
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
    if (!r->error || (r->error != WIN32_INVALID_FUNCTION && !excused(r)))
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
            check_read_data(r);
    }
}
