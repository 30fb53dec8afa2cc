/* Virtual time in seconds; the host's clock is never read (W-CON-7). */
#ifndef IRPFUZZ_UM_TIME_H
#define IRPFUZZ_UM_TIME_H

#include <crtdefs.h>

#ifdef __cplusplus
extern "C" {
#endif
time_t irpfuzz_time(time_t *to);
int irpfuzz_clock(void);
#ifdef __cplusplus
}
#endif

typedef int clock_t;
#define CLOCKS_PER_SEC 1000
#define time(to) irpfuzz_time(to)
#define clock() irpfuzz_clock()

#endif
