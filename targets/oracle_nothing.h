/*
 * The contract of the nothing driver: how its queue counts, what each command brings, what a read returns, and at what pace.
 *
 * Principle of operation. The device works on two requests at a time, and takes them in the order in which they were sent. Apps see that from outside:
 *   - nothing passes two HOLDs. When a request was served that had been sent behind two HOLDs, one of them had ended; if both end as cancelled later on,
 *     three were in progress.
 *   - a RELEASE is in progress itself, so it finds one HOLD at most.
 *   - a read or write stays for a whole tick, so no more of them end than ticks have passed.
 *   - a command takes no time; it waits for reads and writes before it, never for a FORWARD.
 *   - HOLDs that succeed are as many as the RELEASEs say, FORWARDs as many as the DRAINs say.
 *   - STATS says no more than was sent, no less than had ended, and never less than before.
 * That nobody is starved, and that a cancelled request ends, is the engine's to judge: see `waits` in engine/target.h.
 *
 * Internal design. All requests of the life are at hand (life_request); kept are only which HOLDs stood before a request, and what the commands brought.
 */
#ifndef TARGETS_ORACLE_NOTHING_H
#define TARGETS_ORACLE_NOTHING_H

#include "engine/target.h"

enum {
    NOTHING_HOLD = 0x222000, NOTHING_RELEASE = 0x222004, NOTHING_FORWARD = 0x222008, NOTHING_DRAIN = 0x22200C, NOTHING_STATS = 0x222010
};
#define NOTHING_TICK_MS 50u

bool nothing_waits(const struct request *request);
void nothing_begin(void);
void nothing_issued(const struct request *request);
void nothing_finished(const struct request *request);
void nothing_ended(void);

#endif
