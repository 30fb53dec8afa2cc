/* See oracle_stored.h. Host world. */
#include "oracle_stored.h"

#include "machine/report.h"
#include "oracle.h"

static uint32_t longest; /* write that the driver takes */

/* A write that reached the driver's buffer, for certain. */
static bool surely_stored(const struct request *w) { return w->finished && !w->error && w->length > 0; }

/* A write that may have. */
static bool maybe_stored(const struct request *w) { return w->kind == OP_WRITE && w->length > 0 && w->length <= longest; }

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

void check_stored_data(const struct request *read, uint32_t longest_write)
{
    longest = longest_write;
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
