/* See oracle_cancel.h. Host world. */
#include "oracle_cancel.h"

#include <string.h>

#include "machine/report.h"
#include "oracle.h"

#define READ_SIZE 4u
#define MOST_RETRIES 1u
#define INTERVAL (cancel_interval_ms * 10000ull)

static unsigned retries;                       /* of all reads whose end was seen */
static uint32_t brought[MAX_OPERATIONS];       /* by the read of that step */

void cancel_begin(void) { retries = 0; }

static void check_bytes(const struct request *r, uint32_t expected)
{
    if (r->bytes != expected)
        bugcheck(OWN_WRONG_LENGTH, r->step, r->bytes, expected, r->error, NULL, "step %u: a %s of %u bytes reports %u bytes, expected are %u", r->step,
                 request_kind_name(r), r->length, r->bytes, expected);
}

/* May this request end with an error that the contract does not name? A stop is no excuse: files that are open feel nothing of it. */
static bool excused(const struct request *r)
{
    if (life_has_faults())
        return true;
    if (r->error == WIN32_OPERATION_ABORTED)
        return r->disturbed & (DISTURBED_CANCEL | DISTURBED_CLOSE | DISTURBED_EXIT);
    if (!(r->disturbed & DISTURBED_CLOSE))
        return false;
    /* It found its handle closed, its value given to a file of the other kind (overlapped or not), or its file being cleaned up. */
    return r->error == WIN32_INVALID_HANDLE || r->error == WIN32_INVALID_PARAMETER || r->error == WIN32_ACCESS_DENIED;
}

/* ---- Reads ---- */

static bool is_served(const struct request *r) { return r->kind == OP_READ && r->length >= READ_SIZE; }

/* How many reads the device may have served between the read's beginning and its end, itself included. */
static unsigned served_with(const struct request *read)
{
    unsigned n = 0;
    for (unsigned i = 0; i < life_steps(); i++) {
        const struct request *r = life_request(i);
        n += r && is_served(r) && r->issued_at <= read->finished_at && !(r->finished && r->finished_at < read->issued_at);
    }
    return n;
}

static void check_pace(const struct request *r, uint32_t value)
{
    uint64_t took = r->finished_time - r->issued_time;
    if (took < value * INTERVAL)
        bugcheck(OWN_RULE, r->step, took, value * INTERVAL, 0, NULL, "step %u: a read whose device had to be asked again has taken %llu ms", r->step,
                 (unsigned long long)(took / 10000));
    retries += value;
    if (retries * INTERVAL > r->finished_time)
        bugcheck(OWN_RULE, r->step, retries, r->finished_time / INTERVAL, 0, NULL,
                 "step %u: the device was asked again %u times in %llu ms: not one read at a time", r->step, retries,
                 (unsigned long long)(r->finished_time / 10000));
    if (r->mode != IO_SYNC || life_clocks())
        return; /* its end may have been seen late */
    uint64_t limit = served_with(r) * INTERVAL;
    if (took > limit)
        bugcheck(OWN_RULE, r->step, took, limit, 0, NULL, "step %u: a read has taken %llu ms, the device cannot have needed more than %llu ms", r->step,
                 (unsigned long long)(took / 10000), (unsigned long long)(limit / 10000));
}

static uint32_t value_of(const struct request *r)
{
    uint32_t value;
    memcpy(&value, r->data, sizeof value);
    return value;
}

static void check_value(const struct request *r)
{
    uint32_t value = value_of(r);
    check_bytes(r, READ_SIZE);
    if (value > MOST_RETRIES)
        bugcheck(OWN_WRONG_DATA, r->step, value, MOST_RETRIES, 0, NULL, "step %u: a read brings %u, the device is asked again at most once", r->step, value);
    brought[r->step] = value;
    check_pace(r, value);
}

static void check_read(const struct request *r)
{
    if (!r->error) {
        if (!is_served(r))
            wrong_status(r, "expected is 122 (insufficient buffer)");
        check_value(r);
        return;
    }
    check_bytes(r, 0);
    if (r->error == WIN32_INSUFFICIENT_BUFFER && !is_served(r))
        return;
    if (!excused(r))
        wrong_status(r, is_served(r) ? "expected is success" : "expected is 122 (insufficient buffer)");
}

/* ---- The others ---- */

static void check_unknown(const struct request *r)
{
    if (r->error != WIN32_INVALID_FUNCTION && (!r->error || !excused(r)))
        wrong_status(r, "but the driver reads and does nothing else: expected is 1 (invalid function)");
    check_bytes(r, 0);
}

static void check_open(const struct request *r)
{
    if (r->error && !(r->disturbed & DISTURBED_STATE) && !life_has_faults())
        wrong_status(r, "but the device is there and works");
}

void cancel_finished(const struct request *r)
{
    switch (r->kind) {
    case OP_OPEN: check_open(r); break;
    case OP_READ: check_read(r); break;
    default: check_unknown(r); break;
    }
}

/* A result that was seen must not change afterwards. */
void cancel_ended(void)
{
    for (unsigned i = 0; i < life_steps(); i++) {
        const struct request *r = life_request(i);
        if (r && r->kind == OP_READ && r->finished && !r->error && value_of(r) != brought[i])
            bugcheck(OWN_WRONG_DATA, r->step, value_of(r), brought[i], 0, NULL, "step %u: what the read brought has changed from %u to %u after its end",
                     r->step, brought[i], value_of(r));
    }
}
