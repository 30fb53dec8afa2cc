/*
 * See oracle_toaster.h: what the bus answers to WMI. Two words, the number of errors, which nobody can write and nothing raises, and how much is printed. Host world.
 */
#include "oracle_toaster.h"

#include <string.h>

#include "engine/text.h"
#include "machine/report.h"

#define DATA_SIZE 8u
#define LEVEL_ITEM 2u
#define WORD 4u

static void wrong(const struct wmi_request *r, const char *expected)
{
    bugcheck(OWN_WRONG_STATUS, r->step, r->status, r->returned, 0, NULL, "step %u: wmi %s of the bus ended with 0x%08x and %u bytes, %s", r->step,
             text_wmi_verb(r->verb), r->status, r->returned, expected);
}

/* What the class promises, for an instance that there is. */
static uint32_t promised(const struct wmi_request *r)
{
    switch (r->verb) {
    case WMI_QUERY_ALL:
    case WMI_QUERY: return r->out_length < DATA_SIZE ? WMI_BUFFER_TOO_SMALL : WMI_SUCCESS;
    case WMI_SET: return r->in_length < DATA_SIZE ? WMI_BUFFER_TOO_SMALL : WMI_SUCCESS;
    case WMI_SET_ITEM: return r->id != LEVEL_ITEM ? WMI_READ_ONLY : r->in_length < WORD ? WMI_SET_FAILED : WMI_SUCCESS;
    case WMI_METHOD: return WMI_INVALID_REQUEST;
    default: return WMI_SUCCESS;
    }
}

static void check_data(const struct wmi_request *r)
{
    uint32_t errors;
    if (r->returned != DATA_SIZE)
        wrong(r, "an instance has 8 bytes");
    memcpy(&errors, r->out, sizeof errors);
    if (errors)
        bugcheck(OWN_WRONG_DATA, r->step, errors, 0, 0, NULL, "step %u: the bus tells of %u errors: there is none, and the number cannot be written", r->step,
                 errors);
}

void toaster_bus_wmi_answered(const struct wmi_request *r)
{
    if (!wmi_was_answered(r) || life_has_faults())
        return;
    if (wmi_has_instance(r->verb) && r->instance) {
        if (r->status != WMI_NO_SUCH_INSTANCE)
            wrong(r, "there is one instance");
        return;
    }
    if (r->status != promised(r))
        wrong(r, "the class promises another status");
    if (r->status == WMI_SUCCESS && (r->verb == WMI_QUERY || r->verb == WMI_QUERY_ALL))
        check_data(r);
    if (r->status == WMI_BUFFER_TOO_SMALL && wmi_has_out(r->verb) && r->returned != DATA_SIZE)
        wrong(r, "8 bytes are needed");
}
