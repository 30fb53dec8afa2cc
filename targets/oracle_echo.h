/*
 * The echo contract, for both echo targets: what a read returns, how many bytes are reported, with which status, and at what pace.
 *
 * Principle of operation. The oracle sees each request when it is sent and when its end is seen, nothing in between. So a write takes effect at some
 * time between the two, and a read returns a prefix of one of the writes that could be the last one then: those sent before the read's end was seen and not
 * certainly replaced before the read was sent. A cancelled write may have replaced the data or not.
 *
 * Internal design. All requests of the life are at hand (life_request), so nothing is kept but counts.
 */
#ifndef TARGETS_ORACLE_ECHO_H
#define TARGETS_ORACLE_ECHO_H

#include "engine/target.h"

/* Period of the target's timer: at most one parked request ends per tick. */
extern const unsigned echo_period_ms;

void echo_begin(void);
void echo_finished(const struct request *request);
void echo_ended(void);

#endif
