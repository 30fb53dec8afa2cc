/* What the oracles of targets say in the same words. Host world; called where an oracle is. */
#ifndef TARGETS_ORACLE_H
#define TARGETS_ORACLE_H

#include "engine/target.h"

/* "open", "read", "write" or "ioctl". */
const char *request_kind_name(const struct request *request);
/* Bug check WRONG_STATUS: the request ended with its error, although `expected`. */
_Noreturn void wrong_status(const struct request *request, const char *expected);
/* Bug check WRONG_LENGTH: the request reports another number of bytes. */
_Noreturn void wrong_length(const struct request *request, uint32_t expected);
/* May this request to a PnP device end with an error that the driver's contract does not name? */
bool is_excused(const struct request *request);

#endif
