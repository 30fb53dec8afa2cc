/* See oracle_nothing.h. Host world. */
#include "oracle_nothing.h"

#include <string.h>

#include "machine/report.h"
#include "oracle.h"
#include "oracle_stored.h"

#define LONGEST_WRITE 4096u
#define IN_PROGRESS 2u
#define TICK (NOTHING_TICK_MS * 10000ull)
#define WIN32_INVALID_USER_BUFFER 1784u

/* Ends a request that the driver has, or would have had. */
#define DISTURBED_END (DISTURBED_CANCEL | DISTURBED_CLOSE | DISTURBED_EXIT | DISTURBED_REMOVE)

struct statistics {
    uint32_t presented, completed, cancelled, high_water;
};

static struct {
    unsigned parked_ends;                       /* reads and writes whose end was seen */
    uint64_t holds_before[MAX_OPERATIONS];      /* by step, a bit mask over steps: HOLDs that had reached the device when it was sent ... */
    uint64_t holds_passed[MAX_OPERATIONS];      /* ... and that nothing had ended when its end was seen */
    struct statistics brought[MAX_OPERATIONS];  /* by the command of that step */
} seen;

void nothing_begin(void) { memset(&seen, 0, sizeof seen); }

static bool is_command(const struct request *r, uint32_t code) { return r->kind == OP_IOCTL && r->code == code; }

bool nothing_waits(const struct request *r) { return is_command(r, NOTHING_HOLD) || is_command(r, NOTHING_FORWARD); }

/* The driver gets to see it: a read or write of no bytes ends before. */
static bool is_presented(const struct request *r) { return r->kind == OP_IOCTL || (r->kind != OP_OPEN && r->length); }

/* Closed handles are given to new files, and devices to new numbers: these two may be of different devices. */
static bool surely_same_device(const struct request *a, const struct request *b)
{
    return a->device == b->device && !((a->disturbed | b->disturbed) & DISTURBED_CLOSE);
}

static bool maybe_same_device(const struct request *a, const struct request *b)
{
    return a->device == b->device || (a->disturbed | b->disturbed) & DISTURBED_CLOSE;
}

/* ---- Nothing passes two HOLDs ---- */

void nothing_issued(const struct request *r)
{
    for (unsigned i = 0; i < life_steps(); i++) {
        const struct request *hold = life_request(i);
        if (hold && is_command(hold, NOTHING_HOLD) && hold->issued && !hold->finished && hold->device == r->device && hold != r)
            seen.holds_before[r->step] |= 1ull << i;
    }
}

/* Called when its end is seen. It is too early to tell whether the HOLDs had ended: that may be unseen. */
static void note_holds_passed(const struct request *r)
{
    if (!is_presented(r) || r->error || r->disturbed & (DISTURBED_CLOSE | DISTURBED_REMOVE))
        return;
    for (uint64_t left = seen.holds_before[r->step]; left; left &= left - 1) {
        const struct request *hold = life_request((unsigned)__builtin_ctzll(left));
        if (!hold->finished && !(hold->disturbed & DISTURBED_END))
            seen.holds_passed[r->step] |= 1ull << hold->step;
    }
}

static void check_holds_passed(const struct request *r)
{
    unsigned passed = 0;
    for (uint64_t left = seen.holds_passed[r->step]; left; left &= left - 1) {
        const struct request *hold = life_request((unsigned)__builtin_ctzll(left));
        passed += hold->finished && hold->error == WIN32_OPERATION_ABORTED;
    }
    if (passed >= IN_PROGRESS)
        bugcheck(OWN_RULE, r->step, passed, IN_PROGRESS, 0, NULL, "step %u: a %s was served behind %u HOLDs that were in progress: not two at a time", r->step,
                 request_kind_name(r), passed);
}

/* ---- Pace ---- */

static void count_parked(const struct request *r)
{
    seen.parked_ends++;
    uint64_t ticks = life_power_ups() + r->finished_time / TICK;
    if (seen.parked_ends > ticks)
        bugcheck(OWN_RULE, r->step, seen.parked_ends, ticks, 0, NULL,
                 "step %u: %u reads and writes have ended after at most %u ticks of the timer: not two at a time, a tick each", r->step, seen.parked_ends,
                 (unsigned)ticks);
}

static bool overlap(const struct request *a, const struct request *b)
{
    return b->issued_at <= a->finished_at && !(b->finished && b->finished_at < a->issued_at);
}

/* A file that was opened for synchronous I/O lets in one request at a time: who comes behind one that waits for another app's command waits as long. */
static bool queues_behind(const struct request *r, const struct request *other)
{
    return !r->overlapped_file && other->process == r->process && other->handle == r->handle && nothing_waits(other);
}

/* What an app waited for inside the call is served in its turn: two reads or writes at a time, two ticks each, and nothing else takes time. */
static void check_pace(const struct request *r)
{
    if (r->mode != IO_SYNC || life_clocks() || r->disturbed || nothing_waits(r))
        return;
    unsigned parked = 0;
    for (unsigned i = 0; i < life_steps(); i++) {
        const struct request *other = life_request(i);
        if (!other || !overlap(r, other))
            continue;
        if (is_command(other, NOTHING_HOLD) || queues_behind(r, other))
            return;
        parked += is_presented(other) && other->kind != OP_IOCTL;
    }
    uint64_t took = r->finished_time - r->issued_time, limit = (parked + IN_PROGRESS) * 2 * TICK;
    if (took > limit)
        bugcheck(OWN_RULE, r->step, took, limit, 0, NULL, "step %u: a %s has taken %llu ms, those before it cannot have needed more than %llu ms", r->step,
                 request_kind_name(r), (unsigned long long)(took / 10000), (unsigned long long)(limit / 10000));
}

/* ---- STATS ---- */

/* What a request that was sent or had ended means for the numbers. */
struct bounds {
    struct statistics least, most;
    uint32_t served; /* before it was sent */
};

static void bound_by_request(struct bounds *b, const struct request *stats, const struct request *r)
{
    if (!is_presented(r))
        return;
    if (maybe_same_device(r, stats) && r->issued_at < stats->finished_at) {
        b->most.presented++;
        b->most.cancelled += (r->disturbed & DISTURBED_END) != 0;
    }
    if (surely_same_device(r, stats) && r->finished && r->finished_at < stats->issued_at && !r->error)
        b->served++;
}

static uint32_t greater(uint32_t a, uint32_t b) { return a > b ? a : b; }

static void bound_by_stats(struct bounds *b, const struct request *stats, const struct request *before)
{
    if (!is_command(before, NOTHING_STATS) || !surely_same_device(before, stats) || !before->finished || before->error ||
        before->finished_at > stats->issued_at)
        return;
    const struct statistics *s = &seen.brought[before->step];
    b->least.presented = greater(b->least.presented, s->presented + 1);
    b->least.completed = greater(b->least.completed, s->completed + 1);
    b->least.cancelled = greater(b->least.cancelled, s->cancelled);
    b->least.high_water = greater(b->least.high_water, s->high_water);
}

static void check_number(const struct request *r, const char *name, uint32_t value, uint32_t least, uint32_t most)
{
    if (value < least || value > most)
        bugcheck(OWN_WRONG_DATA, r->step, value, least, most, NULL, "step %u: STATS says %u %s, expected are %u to %u", r->step, value, name, least, most);
}

static void check_statistics(const struct request *r)
{
    const struct statistics *s = &seen.brought[r->step];
    struct bounds b = {.least = {.presented = 1, .high_water = 1}, .most = {.high_water = IN_PROGRESS}};
    for (unsigned i = 0; i < life_steps(); i++) {
        const struct request *other = life_request(i);
        if (!other)
            continue;
        if (other != r)
            bound_by_stats(&b, r, other);
        bound_by_request(&b, r, other);
    }
    uint32_t presented = greater(b.least.presented, greater(b.served, s->completed + s->cancelled) + 1);
    check_number(r, "presented", s->presented, presented, b.most.presented);
    check_number(r, "completed", s->completed, greater(b.least.completed, b.served), b.most.presented - 1);
    check_number(r, "cancelled", s->cancelled, b.least.cancelled, b.most.cancelled);
    check_number(r, "at once", s->high_water, b.least.high_water, b.most.high_water);
}

/* ---- RELEASE and DRAIN say how many they ended ---- */

struct tally {
    unsigned said, unseen_askers; /* by those who end others */
    unsigned ended, unseen;       /* of those who wait */
};

static struct tally count_ends(uint32_t asker, uint32_t waiter)
{
    struct tally t = {0};
    for (unsigned i = 0; i < life_steps(); i++) {
        const struct request *r = life_request(i);
        if (!r)
            continue;
        if (is_command(r, asker)) {
            t.said += r->finished && !r->error ? seen.brought[i].presented : 0;
            t.unseen_askers += !r->finished;
        } else if (is_command(r, waiter)) {
            t.ended += r->finished && !r->error;
            t.unseen += !r->finished;
        }
    }
    return t;
}

static void check_ends(const char *asker, const char *waiter, struct tally t)
{
    if (t.ended > t.said && !t.unseen_askers)
        bugcheck(OWN_WRONG_DATA, t.ended, t.said, 0, 0, NULL, "%u %s requests have succeeded, but all %s together say %u", t.ended, waiter, asker, t.said);
    if (t.said > t.ended + t.unseen)
        bugcheck(OWN_WRONG_DATA, t.ended, t.said, t.unseen, 0, NULL, "%s say that they ended %u requests, but %u %s have succeeded, and %u ended unseen", asker,
                 t.said, t.ended, waiter, t.unseen);
}

/* ---- Each kind ---- */

static void check_bytes(const struct request *r, uint32_t expected)
{
    if (r->bytes != expected)
        wrong_length(r, expected);
}

/* `as_told` if the driver's contract says that it ends with this error. */
static void check_error(const struct request *r, bool as_told, const char *expected)
{
    if (!as_told && !is_excused(r))
        wrong_status(r, expected);
    check_bytes(r, 0);
}

static void check_read(const struct request *r)
{
    if (r->error) {
        check_error(r, false, "expected is success");
        return;
    }
    check_stored_data(r, LONGEST_WRITE);
    if (r->length)
        count_parked(r);
}

static void check_write(const struct request *r)
{
    bool too_long = r->length > LONGEST_WRITE;
    const char *expected = too_long ? "expected is 1784 (invalid user buffer)" : "expected is success";
    if (r->error) {
        check_error(r, too_long && r->error == WIN32_INVALID_USER_BUFFER, expected);
        return;
    }
    if (too_long)
        wrong_status(r, expected);
    check_bytes(r, r->length);
    if (r->length)
        count_parked(r);
}

static uint32_t answer_size(uint32_t code)
{
    switch (code) {
    case NOTHING_RELEASE:
    case NOTHING_DRAIN: return 4;
    case NOTHING_STATS: return sizeof(struct statistics);
    default: return 0;
    }
}

static bool is_known(uint32_t code) { return answer_size(code) || code == NOTHING_HOLD || code == NOTHING_FORWARD; }

static void check_answer(const struct request *r)
{
    uint32_t size = answer_size(r->code);
    check_bytes(r, size);
    if (size)
        memcpy(&seen.brought[r->step], r->out, size);
    if (r->code == NOTHING_STATS)
        check_statistics(r);
    if (r->code == NOTHING_RELEASE && seen.brought[r->step].presented >= IN_PROGRESS)
        bugcheck(OWN_RULE, r->step, seen.brought[r->step].presented, 0, 0, NULL,
                 "step %u: a RELEASE has ended %u HOLDs, but it was in progress itself: not two at a time", r->step, seen.brought[r->step].presented);
}

static void check_command(const struct request *r)
{
    bool known = is_known(r->code), too_small = known && r->out_length < answer_size(r->code);
    const char *expected = !known      ? "but the driver does not know the control code: expected is 1 (invalid function)"
                           : too_small ? "expected is 122 (insufficient buffer)"
                                       : "expected is success";
    if (r->error)
        check_error(r, (!known && r->error == WIN32_INVALID_FUNCTION) || (too_small && r->error == WIN32_INSUFFICIENT_BUFFER), expected);
    else if (!known || too_small)
        wrong_status(r, expected);
    else
        check_answer(r);
}

static void check_open(const struct request *r)
{
    if (r->error && !(r->disturbed & (DISTURBED_REMOVE | DISTURBED_STATE)) && !life_has_faults())
        wrong_status(r, "but the device is there and works");
}

void nothing_finished(const struct request *r)
{
    switch (r->kind) {
    case OP_OPEN: check_open(r); return;
    case OP_READ: check_read(r); break;
    case OP_WRITE: check_write(r); break;
    default: check_command(r); break;
    }
    check_pace(r);
    note_holds_passed(r);
}

/* A result that was seen must not change afterwards. */
static void check_unchanged(const struct request *r)
{
    if (r->kind == OP_READ)
        check_stored_data(r, LONGEST_WRITE);
    else if (r->kind == OP_IOCTL && answer_size(r->code) && memcmp(&seen.brought[r->step], r->out, answer_size(r->code)))
        bugcheck(OWN_WRONG_DATA, r->step, 0, 0, 0, NULL, "step %u: what the ioctl brought has changed after its end", r->step);
}

void nothing_ended(void)
{
    for (unsigned i = 0; i < life_steps(); i++) {
        const struct request *r = life_request(i);
        if (!r || !r->finished || r->error)
            continue;
        check_unchanged(r);
        check_holds_passed(r);
    }
    check_ends("RELEASE", "HOLD", count_ends(NOTHING_RELEASE, NOTHING_HOLD));
    check_ends("DRAIN", "FORWARD", count_ends(NOTHING_DRAIN, NOTHING_FORWARD));
}
