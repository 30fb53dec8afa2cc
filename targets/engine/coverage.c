/*
 * Feedback that edges of driver code cannot show: which event met which device state, how requests end, which operations follow on
 * each other while others are pending. libFuzzer reads and clears the counters; without it they are just an array.
 */
#include "life.h"

#define COUNTERS 2048

__attribute__((section("__libfuzzer_extra_counters"), used)) static uint8_t counters[COUNTERS];

void coverage_pair(unsigned space, uint32_t a, uint32_t b)
{
    uint32_t h = (space * 0x9e3779b1u ^ a) * 0x85ebca6bu ^ b;
    h = (h ^ h >> 15) * 0xc2b2ae35u;
    uint8_t *counter = &counters[(h ^ h >> 16) % COUNTERS];
    if (*counter < 255)
        ++*counter;
}
