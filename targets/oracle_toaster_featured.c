/*
 * See oracle_toaster.h: what the featured toaster answers to WMI, class by class: its information, of which one word can be written; the event that it has come, which
 * nobody can ask for; its control, a word and three methods. A word that was written is four bytes of a pattern, so whatever else is read was never written. Host world.
 */
#include "oracle_toaster.h"

#include <string.h>

#include "engine/text.h"
#include "machine/report.h"

#define WORD 4u

/* ToasterDeviceInformation: five words and a counted string, its terminator included. */
#define FIXED_WORDS 5u
#define LEVEL_ITEM 5u
#define FIRST_LEVEL 3u
static const char model[] = "Model 900";
#define INFORMATION_SIZE (FIXED_WORDS * WORD + 2u + 2u * (uint32_t)sizeof model)

#define CONTROL_ITEM 1u
#define FIRST_CONTROL 25u
enum method { METHOD_INCREMENT = 1, METHOD_ADD, METHOD_INCREMENT_BOTH };

static _Noreturn void wrong(const struct wmi_request *r, const char *expected)
{
    bugcheck(OWN_WRONG_STATUS, r->step, r->status, r->returned, 0, NULL, "step %u: wmi %s of a toaster's class %u ended with 0x%08x and %u bytes, %s", r->step,
             text_wmi_verb(r->verb), r->class, r->status, r->returned, expected);
}

static _Noreturn void wrong_word(const struct wmi_request *r, unsigned i, uint32_t value)
{
    bugcheck(OWN_WRONG_DATA, r->step, i, value, 0, NULL, "step %u: wmi %s of a toaster's class %u: word %u is 0x%08x", r->step, text_wmi_verb(r->verb), r->class, i,
             value);
}

static uint32_t word(const uint8_t *data, unsigned i)
{
    uint32_t value;
    memcpy(&value, data + i * WORD, sizeof value);
    return value;
}

/* pattern_byte() of four places in a row. */
static bool is_written(uint32_t value)
{
    uint8_t first = (uint8_t)value;
    return value == ((uint32_t)first | (uint32_t)(uint8_t)(first + 1) << 8 | (uint32_t)(uint8_t)(first + 2) << 16 | (uint32_t)(uint8_t)(first + 3) << 24);
}

static void check_word(const struct wmi_request *r, unsigned i, uint32_t first)
{
    if (word(r->out, i) != first && !is_written(word(r->out, i)))
        wrong_word(r, i, word(r->out, i));
}

static bool asks(const struct wmi_request *r) { return r->verb == WMI_QUERY || r->verb == WMI_QUERY_ALL; }

static void expect(const struct wmi_request *r, uint32_t status)
{
    if (r->status != status)
        wrong(r, "the class promises another status");
}

static uint32_t of_item(const struct wmi_request *r, uint32_t writable)
{
    return r->id != writable ? WMI_READ_ONLY : r->in_length < WORD ? WMI_SET_FAILED : WMI_SUCCESS;
}

static void expect_data(const struct wmi_request *r, uint32_t size)
{
    expect(r, r->out_length < size ? WMI_BUFFER_TOO_SMALL : WMI_SUCCESS);
    if (r->returned != size)
        wrong(r, "another number of bytes is promised");
}

/* ---- The classes ---- */

static void check_model(const struct wmi_request *r)
{
    const uint8_t *text = r->out + FIXED_WORDS * WORD;
    bool same = text[0] == 2 * sizeof model && text[1] == 0;
    for (unsigned i = 0; i < sizeof model; i++)
        same &= text[2 + 2 * i] == (uint8_t)model[i] && text[3 + 2 * i] == 0;
    if (!same)
        bugcheck(OWN_WRONG_DATA, r->step, 0, 0, 0, NULL, "step %u: the name of the model that a toaster tells WMI is not \"%s\"", r->step, model);
}

static void information(const struct wmi_request *r)
{
    static const uint32_t constant[FIXED_WORDS - 1] = {3, 2000, 0, 5};
    switch (r->verb) {
    case WMI_SET: expect(r, r->in_length < FIXED_WORDS * WORD ? WMI_SET_FAILED : WMI_SUCCESS); break;
    case WMI_SET_ITEM: expect(r, of_item(r, LEVEL_ITEM)); break;
    case WMI_METHOD: expect(r, WMI_INVALID_REQUEST); break;
    default: break;
    }
    if (!asks(r))
        return;
    expect_data(r, INFORMATION_SIZE);
    if (r->status)
        return;
    for (unsigned i = 0; i < FIXED_WORDS - 1; i++)
        if (word(r->out, i) != constant[i])
            wrong_word(r, i, word(r->out, i));
    check_word(r, FIXED_WORDS - 1, FIRST_LEVEL);
    check_model(r);
}

static void arrival(const struct wmi_request *r)
{
    if (r->verb <= WMI_METHOD && r->status == WMI_SUCCESS)
        wrong(r, "but there is nothing to ask or tell of an event");
}

/* Input and output have one buffer, as long as the longer of them. */
static void control_method(const struct wmi_request *r)
{
    uint32_t in = r->id == METHOD_INCREMENT ? WORD : 2 * WORD, out = r->id == METHOD_INCREMENT_BOTH ? 2 * WORD : WORD;
    uint32_t room = r->in_length > r->out_length ? r->in_length : r->out_length;
    if (r->id < METHOD_INCREMENT || r->id > METHOD_INCREMENT_BOTH) {
        expect(r, WMI_NO_SUCH_ITEM);
        return;
    }
    if (r->in_length < in) {
        expect(r, WMI_INVALID_PARAMETER_MIX);
        return;
    }
    if (r->status == WMI_BUFFER_TOO_SMALL && r->out_length < out)
        return;
    expect(r, WMI_SUCCESS);
    if (r->returned != out || room < out)
        wrong(r, "another number of bytes is promised");
    if (r->out_length < out)
        return;
    uint32_t first = r->id == METHOD_ADD ? word(r->in, 0) + word(r->in, 1) : word(r->in, 0) + 1;
    if (word(r->out, 0) != first)
        wrong_word(r, 0, word(r->out, 0));
    if (r->id == METHOD_INCREMENT_BOTH && word(r->out, 1) != word(r->in, 1) + 1)
        wrong_word(r, 1, word(r->out, 1));
}

static void control(const struct wmi_request *r)
{
    switch (r->verb) {
    case WMI_SET: expect(r, r->in_length < WORD ? WMI_BUFFER_TOO_SMALL : WMI_SUCCESS); break;
    case WMI_SET_ITEM: expect(r, of_item(r, CONTROL_ITEM)); break;
    case WMI_METHOD: control_method(r); break;
    default: break;
    }
    if (!asks(r))
        return;
    expect_data(r, WORD);
    if (!r->status)
        check_word(r, 0, FIRST_CONTROL);
}

void toaster_featured_wmi_answered(const struct wmi_request *r)
{
    static void (*const judge[])(const struct wmi_request *) = {information, arrival, control};
    unsigned class = r->class - TOASTER_FEATURED_FIRST_CLASS;
    if (!wmi_was_answered(r) || life_has_faults())
        return;
    if (wmi_has_instance(r->verb) && r->instance) {
        if (r->status != WMI_NO_SUCH_INSTANCE)
            wrong(r, "there is one instance");
        return;
    }
    if (!wmi_has_instance(r->verb) && r->verb != WMI_QUERY_ALL)
        expect(r, WMI_SUCCESS); /* events and collection are switched by anybody */
    judge[class](r);
}
