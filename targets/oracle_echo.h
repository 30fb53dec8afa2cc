/*
 * The echo contract, for both echo targets: what a read returns, how many bytes are reported, with which status, and at what pace.
 *
 * What a read may bring is oracle_stored.c's to say. One request is parked at a time, so no more of them end than ticks of the timer have passed.
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
