/*
 * Feedback that edges of driver code cannot show: which event met which device state, how requests end, which operations follow on
 * each other while others are pending, which two places of the kernel met when the schedule switched between contexts: a race that takes
 * two switches is found in two steps. libFuzzer reads and clears the counters; without it they are just an array.
 */
#include "life.h"

#define COUNTERS 8192

__attribute__((section("__libfuzzer_extra_counters"), used)) static uint8_t counters[COUNTERS];

static uint8_t *counter_of(unsigned space, uint32_t a, uint32_t b)
{
    uint32_t h = (space * 0x9e3779b1u ^ a) * 0x85ebca6bu ^ b;
    h = (h ^ h >> 15) * 0xc2b2ae35u;
    return &counters[(h ^ h >> 16) % COUNTERS];
}

void coverage_pair(unsigned space, uint32_t a, uint32_t b)
{
    uint8_t *counter = counter_of(space, a, b);
    if (*counter < 255)
        ++*counter;
}

/* How often is not told: a random schedule switches all the time. */
void coverage_switch(uint16_t from, uint16_t to) { *counter_of(COVER_SWITCH, from, to) = 1; }
