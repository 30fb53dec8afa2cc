/*
 * What a read brings from a device that keeps the bytes of its last write, for every client to read.
 *
 * Principle of operation. The oracle sees each request when it is sent and when its end is seen, nothing in between. So a write takes effect at some
 * time between the two, and a read returns a prefix of one of the writes that could be the last one then: those sent before the read's end was seen and not
 * certainly replaced before the read was sent. A cancelled write may have replaced the data or not.
 *
 * Internal design. All requests of the life are at hand (life_request), so nothing is kept.
 */
#ifndef TARGETS_ORACLE_STORED_H
#define TARGETS_ORACLE_STORED_H

#include "engine/target.h"

/* Of a read that succeeded: WRONG_LENGTH or WRONG_DATA if no write explains it. A longer write than that is not stored. */
void check_stored_data(const struct request *read, uint32_t longest_write);

#endif
