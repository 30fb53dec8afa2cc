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
