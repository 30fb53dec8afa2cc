/* See oracle.h. */
#include "oracle.h"

#include "machine/report.h"

const char *request_kind_name(const struct request *r)
{
    switch (r->kind) {
    case OP_OPEN: return "open";
    case OP_READ: return "read";
    case OP_WRITE: return "write";
    default: return "ioctl";
    }
}

_Noreturn void wrong_status(const struct request *r, const char *expected)
{
    bugcheck(OWN_WRONG_STATUS, r->step, r->error, r->length, r->disturbed, NULL, "step %u: a %s of %u bytes ended with error %u, %s", r->step,
             request_kind_name(r), r->length, r->error, expected);
}

_Noreturn void wrong_length(const struct request *r, uint32_t expected)
{
    uint32_t length = r->kind == OP_IOCTL ? r->out_length : r->length;
    bugcheck(OWN_WRONG_LENGTH, r->step, r->bytes, expected, r->error, NULL, "step %u: a %s of %u bytes reports %u bytes, expected are %u", r->step,
             request_kind_name(r), length, r->bytes, expected);
}

bool is_excused(const struct request *r)
{
    if (r->disturbed & (DISTURBED_REMOVE | DISTURBED_HARDWARE))
        return true;
    if (r->disturbed & DISTURBED_CLOSE && (r->error == WIN32_INVALID_HANDLE || r->error == WIN32_INVALID_PARAMETER))
        return true; /* the call found its handle closed, or its value given to a file of the other kind (overlapped or not) */
    if (r->error != WIN32_OPERATION_ABORTED)
        return life_has_faults();
    if (r->disturbed & (DISTURBED_CANCEL | DISTURBED_CLOSE | DISTURBED_EXIT))
        return true;
    return (r->disturbed & DISTURBED_STATE) && life_has_faults(); /* a device that cannot come back cancels what it has, before anybody knows that it is lost */
}
