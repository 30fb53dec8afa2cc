/* See oracle_toaster.h. Host world. */
#include "oracle_toaster.h"

#include <string.h>

#include "machine/report.h"
#include "oracle.h"

#define WIN32_FILE_NOT_FOUND 2

#define FIXED_PART 8u             /* Size and SerialNo of a plug */
#define MOST_CONFIGURED 10u
#define LEAST_PLUG (FIXED_PART + 4)
#define SELECTION 16u             /* an unplug or eject */
#define LONGEST_ID 199u

static void check_bytes(const struct request *r, uint32_t expected)
{
    if (r->bytes != expected)
        bugcheck(OWN_WRONG_LENGTH, r->step, r->bytes, expected, r->error, NULL, "step %u: a %s of %u bytes reports %u bytes, expected are %u", r->step,
                 request_kind_name(r), r->length, r->bytes, expected);
}

/* May this request end with an error that the contract does not name? */
static bool excused(const struct request *r)
{
    if (r->disturbed & DISTURBED_REMOVE || life_has_faults())
        return true;
    if (r->disturbed & DISTURBED_CLOSE && (r->error == WIN32_INVALID_HANDLE || r->error == WIN32_INVALID_PARAMETER))
        return true; /* the call found its handle closed, or its value given to a file of the other kind (overlapped or not) */
    return r->error == WIN32_OPERATION_ABORTED && r->disturbed & (DISTURBED_CANCEL | DISTURBED_CLOSE | DISTURBED_EXIT);
}

/* Its handle was closed under it: the value may name a file of another device, which answers otherwise. */
static bool is_anyones(const struct request *r) { return r->disturbed & DISTURBED_CLOSE; }

static void expect_error(const struct request *r, uint32_t error, const char *expected)
{
    if (r->error != error && !excused(r))
        wrong_status(r, expected);
    if (r->error)
        check_bytes(r, 0);
}

static void check_open(const struct request *r)
{
    if (r->error && !(r->disturbed & (DISTURBED_REMOVE | DISTURBED_STATE)) && !life_has_faults())
        wrong_status(r, "but the device is there and works");
}

/* ---- A toaster ---- */

static void check_toaster_code(const struct request *r, bool hides)
{
    if (hides && r->code == TOASTER_HIDE) {
        expect_error(r, WIN32_SUCCESS, "but this toaster can be hidden: expected is success");
        check_bytes(r, 0);
        return;
    }
    if (!r->error)
        wrong_status(r, "but a toaster knows no such control code: expected is 1 (invalid function)");
    expect_error(r, WIN32_INVALID_FUNCTION, "expected is 1 (invalid function)");
}

static void toaster(const struct request *r, bool hides)
{
    if (r->kind == OP_OPEN) {
        check_open(r);
        return;
    }
    if (is_anyones(r))
        return;
    if (r->kind == OP_IOCTL) {
        check_toaster_code(r, hides);
        return;
    }
    expect_error(r, WIN32_SUCCESS, "expected is success");
    if (!r->error)
        check_bytes(r, r->kind == OP_WRITE ? r->length : 0);
}

void toaster_finished(const struct request *r) { toaster(r, false); }
void toaster_featured_finished(const struct request *r) { toaster(r, true); }

/* ---- The sideband filter's control device ---- */

/* A handle to an earlier one keeps the name, so that the next filter device has to do without. */
static bool name_may_be_taken(const struct request *open)
{
    for (unsigned i = 0; i < life_steps(); i++) {
        const struct request *earlier = life_request(i);
        if (earlier && earlier->kind == OP_OPEN && earlier->class == open->class && earlier->device != open->device)
            return true;
    }
    return false;
}

void toaster_control_finished(const struct request *r)
{
    if (r->kind == OP_OPEN) {
        if (r->error != WIN32_FILE_NOT_FOUND || !name_may_be_taken(r))
            check_open(r);
        return;
    }
    if (is_anyones(r))
        return;
    if (r->kind == OP_IOCTL)
        expect_error(r, WIN32_SUCCESS, "but every control code is served: expected is success");
    else if (r->length || r->error)
        expect_error(r, WIN32_INVALID_FUNCTION, "but the control device is neither read nor written: expected is 1 (invalid function)");
    check_bytes(r, 0);
}

/* ---- The bus: what a request says ---- */

static uint32_t word(const struct request *r, unsigned i)
{
    uint32_t value;
    memcpy(&value, r->data + i * 4, sizeof value);
    return value;
}

static uint32_t character(const struct request *r, uint32_t i)
{
    return r->data[FIXED_PART + 2 * i] | (uint32_t)r->data[FIXED_PART + 2 * i + 1] << 8;
}

/* ENUMERATOR\DEVICE as the PnP manager wants it; it ends in the buffer, which was looked at before. */
static bool is_device_id(const struct request *r)
{
    uint32_t n = 0, separators = 0, separator = 0;
    for (uint32_t c; (c = character(r, n)); n++) {
        if (c < '!' || c > '~' || c == ',')
            return false;
        if (c == '\\')
            separators++, separator = n;
    }
    return n <= LONGEST_ID && separators == 1 && separator > 0 && separator < n - 1;
}

/* The error that a plug gets whatever is plugged in, 0 if that decides. */
static uint32_t plug_error(const struct request *r)
{
    if (r->length < LEAST_PLUG)
        return WIN32_INSUFFICIENT_BUFFER;
    uint32_t count = (r->length - FIXED_PART) / 2;
    bool good = word(r, 0) == FIXED_PART && word(r, 1) != 0 && !character(r, count - 1) && !character(r, count - 2) && is_device_id(r);
    return good ? 0 : WIN32_INVALID_PARAMETER;
}

static uint32_t selection_error(const struct request *r)
{
    if (r->length < SELECTION)
        return WIN32_INSUFFICIENT_BUFFER;
    return word(r, 0) == r->length ? 0 : WIN32_INVALID_PARAMETER;
}

/* Or may be: the number of a handle that was closed in the middle may have been the bus's by then. */
static bool is(const struct request *r, uint32_t code) { return r && r->kind == OP_IOCTL && (r->class == 0 || is_anyones(r)) && r->code == code; }

/* ---- What is plugged in ---- */

static bool same_bus(const struct request *a, const struct request *b) { return a->device == b->device || is_anyones(a) || is_anyones(b); }

/* A plug of this number that has worked, or may have. */
static bool is_plug(const struct request *r, uint32_t serial, const struct request *of)
{
    return is(r, BUS_PLUG) && r != of && same_bus(r, of) && !plug_error(r) && word(r, 1) == serial && !(r->finished && r->error == WIN32_INVALID_PARAMETER);
}

/* An unplug or eject that may hit the number. */
static bool may_remove(const struct request *r, uint32_t serial, const struct request *of)
{
    return (is(r, BUS_UNPLUG) || is(r, BUS_EJECT)) && r != of && same_bus(r, of) && !selection_error(r) && (word(r, 1) == serial || word(r, 1) == 0);
}

/* Sent before `end`, and not over before `begin`: but an ejection never is. */
static bool is_removed_between(uint32_t serial, uint64_t begin, uint64_t end, const struct request *of)
{
    for (unsigned i = 0; i < life_steps(); i++) {
        const struct request *r = life_request(i);
        if (r && may_remove(r, serial, of) && r->issued_at < end && (is(r, BUS_EJECT) || !r->finished || r->finished_at > begin))
            return true;
    }
    return false;
}

/* A plug whose toaster was surely taken out before a request was sent: the number is free again, whether the drivers have gone or not. */
static bool is_undone(const struct request *plug, uint32_t serial, const struct request *before)
{
    for (unsigned i = 0; plug->finished && i < life_steps(); i++) {
        const struct request *r = life_request(i);
        if (is(r, BUS_UNPLUG) && may_remove(r, serial, before) && r->device == plug->device && !is_anyones(r) && r->finished && !r->error &&
            r->issued_at > plug->finished_at && r->finished_at < before->issued_at)
            return true;
    }
    return false;
}

/* Those that the bus's registry key asks for are there from the start. */
static bool may_be_configured(uint32_t serial) { return serial <= MOST_CONFIGURED && life_has_strange_registry(); }

static bool may_be_there(const struct request *now, uint32_t serial)
{
    if (may_be_configured(serial))
        return true;
    for (unsigned i = 0; i < life_steps(); i++) {
        const struct request *r = life_request(i);
        if (is_plug(r, serial, now) && r->issued_at < now->finished_at && !is_undone(r, serial, now))
            return true;
    }
    return false;
}

/* A plug that ended well, between which and the end of `now` nothing could have taken the toaster out again; NULL: there is none. */
static const struct request *plugged_in_by(const struct request *now, uint32_t serial)
{
    for (unsigned i = 0; i < life_steps(); i++) {
        const struct request *r = life_request(i);
        if (is_plug(r, serial, now) && r->finished && !r->error && r->device == now->device && !is_anyones(r) &&
            !is_removed_between(serial, r->issued_at < now->issued_at ? r->issued_at : now->issued_at, now->finished_at, now))
            return r;
    }
    return NULL;
}

/* ---- The bus's answers ---- */

static void check_plug(const struct request *r)
{
    uint32_t serial = word(r, 1);
    const struct request *other;
    /* A bus that goes by surprise loses its toasters, and one whose PDO cannot be made leaves the list. */
    if (!r->error && !(r->disturbed & DISTURBED_REMOVE) && !life_has_faults() && (other = plugged_in_by(r, serial)))
        bugcheck(OWN_WRONG_STATUS, r->step, other->step, serial, 0, NULL, "step %u plugged in toaster %u although step %u had done so, and nothing took it out between them",
                 r->step, serial, other->step);
    if (r->error && !(r->error == WIN32_INVALID_PARAMETER && may_be_there(r, serial)))
        expect_error(r, WIN32_SUCCESS, "but no toaster with that serial number can be there: expected is success");
}

static void check_selection(const struct request *r)
{
    uint32_t serial = word(r, 1);
    if (!r->error && serial && !may_be_there(r, serial))
        wrong_status(r, "but no toaster with that serial number can be there: expected is 87 (invalid parameter)");
    const struct request *plug = serial ? plugged_in_by(r, serial) : NULL;
    if (r->error == WIN32_INVALID_PARAMETER && serial && (r->code == BUS_EJECT || !plug || plug->finished_at > r->issued_at))
        return; /* an eject finds a toaster only once PnP has asked the bus for its device */
    expect_error(r, WIN32_SUCCESS, "although that toaster is there: expected is success");
}

static void check_bus_code(const struct request *r)
{
    bool plug = r->code == BUS_PLUG, known = plug || r->code == BUS_UNPLUG || r->code == BUS_EJECT;
    uint32_t error = !known ? WIN32_INVALID_PARAMETER : plug ? plug_error(r) : selection_error(r);
    if (!error && plug)
        check_plug(r);
    else if (!error)
        check_selection(r);
    else if (!r->error)
        wrong_status(r, error == WIN32_INSUFFICIENT_BUFFER ? "but its input is too short: expected is 122 (insufficient buffer)"
                                                          : "but its input is wrong, or its code unknown: expected is 87 (invalid parameter)");
    else
        expect_error(r, error, error == WIN32_INSUFFICIENT_BUFFER ? "expected is 122 (insufficient buffer)" : "expected is 87 (invalid parameter)");
    check_bytes(r, 0);
}

/* The bus is opened by one at a time. */
static void check_bus_open(const struct request *r)
{
    if (r->error != WIN32_ACCESS_DENIED)
        check_open(r);
}

void toaster_bus_finished(const struct request *r)
{
    if (r->kind == OP_OPEN)
        check_bus_open(r);
    else if (is_anyones(r))
        return;
    else if (r->kind == OP_IOCTL)
        check_bus_code(r);
    else if (r->length || r->error)
        expect_error(r, WIN32_INVALID_FUNCTION, "but the bus is neither read nor written: expected is 1 (invalid function)");
}

/* ---- What apps send to the bus ---- */

static void put_text(uint8_t *to, uint32_t room, const char *text)
{
    for (uint32_t i = 0; text[i] && i < room; i++)
        to[2 * i] = (uint8_t)text[i], to[2 * i + 1] = 0;
}

/*
 * `fill` selects. Bits 0 and 1: the serial number, 0 meaning all; bit 7 makes it a large one. Bits 2 to 4, of a plug but for the first two: nothing is wrong (0, 1), Size is (2),
 * the last terminator is missing (3), the identifier has no enumerator (4), the toaster is known by its compatible identifier only (5), it has two identifiers (6), the
 * identifier fills the buffer (7).
 */
bool toaster_bus_input(uint32_t code, uint8_t fill, uint8_t *in, uint32_t length)
{
    static const char *const ids[8] = {[4] = "MsToaster", [5] = "{B85B7C50-6A01-11d2-B841-00C04FAD5171}\\Other",
                                       [7] = "{B85B7C50-6A01-11d2-B841-00C04FAD5171}\\"};
    unsigned shape = fill >> 2 & 7;
    uint32_t serial = fill & 3, size = code == BUS_PLUG ? FIXED_PART : length, room = length > FIXED_PART ? (length - FIXED_PART) / 2 : 0;
    if (code != BUS_PLUG && code != BUS_UNPLUG && code != BUS_EJECT)
        return false;
    memset(in, 0, length);
    if (serial && fill & 0x80)
        serial |= 0xFFFFFFF0;
    if (shape == 2)
        size += 1 + (fill >> 5 & 3);
    memcpy(in, &size, length < 4 ? length : 4);
    if (length >= FIXED_PART)
        memcpy(in + 4, &serial, 4);
    if (code != BUS_PLUG || room < 2)
        return true;
    uint8_t *text = in + FIXED_PART;
    if (shape == 7)
        for (uint32_t i = 0; i + 2 < room; i++)
            text[2 * i] = 'A';
    put_text(text, room - 2, ids[shape] ? ids[shape] : "{B85B7C50-6A01-11d2-B841-00C04FAD5171}\\MsToaster");
    if (shape == 6 && room > 60)
        put_text(text + 2 * 49, room - 51, "X\\Second");
    if (shape == 3)
        text[2 * (room - 1)] = 'A';
    return true;
}
