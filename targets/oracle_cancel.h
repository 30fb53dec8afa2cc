/*
 * The contract of the cancel drivers, for both of their targets: which requests are answered, what a read brings, and how long it may take.
 *
 * Principle of operation. The device serves one read at a time and has to be asked again 0 or 1 times, cancel_interval_ms apart; the read brings that
 * number. So a read that brings 1 has taken an interval, all ones together have taken an interval each, and a read that its app waits for inside the call
 * ends after an interval for itself and for each read that was out with it. Whatever is still pending at the life's end is the engine's to judge.
 */
#ifndef TARGETS_ORACLE_CANCEL_H
#define TARGETS_ORACLE_CANCEL_H

#include "engine/target.h"

#define cancel_interval_ms 500

void cancel_begin(void);
void cancel_finished(const struct request *request);
void cancel_ended(void);

#endif
