/* Time for apps: the machine's virtual clock, never the host's (W-CON-7). */
#include "win32.h"

#define COUNTER_FREQUENCY 10000000

ULONGLONG GetTickCount64(void)
{
    user_enter(DDI_GetTickCount64, 0, 0);
    ULONGLONG ticks = clock_now() / CLOCK_MS;
    user_leave(ticks);
    return ticks;
}

DWORD GetTickCount(void)
{
    user_enter(DDI_GetTickCount, 0, 0);
    DWORD ticks = (DWORD)(clock_now() / CLOCK_MS);
    user_leave(ticks);
    return ticks;
}

static BOOL store(LARGE_INTEGER *to, uint64_t value)
{
    to->QuadPart = (LONGLONG)value;
    msan_define(to, sizeof *to);
    return TRUE;
}

BOOL QueryPerformanceCounter(LARGE_INTEGER *counter)
{
    user_enter(DDI_QueryPerformanceCounter, 0, 0);
    BOOL done = store(counter, clock_now());
    user_leave((uint64_t)done);
    return done;
}

BOOL QueryPerformanceFrequency(LARGE_INTEGER *frequency)
{
    user_enter(DDI_QueryPerformanceFrequency, 0, 0);
    BOOL done = store(frequency, COUNTER_FREQUENCY);
    user_leave((uint64_t)done);
    return done;
}

void GetSystemTimeAsFileTime(LARGE_INTEGER *time)
{
    user_enter(DDI_GetSystemTimeAsFileTime, 0, 0);
    store(time, CLOCK_SYSTEM_TIME_AT_START + clock_now());
    user_leave(0);
}

/* Seconds since 1970, as the C runtime counts. */
#define SECONDS_1601_TO_1970 11644473600ull

long long irpfuzz_time(long long *to)
{
    user_enter(DDI_time, 0, 0);
    long long seconds = (long long)((CLOCK_SYSTEM_TIME_AT_START + clock_now()) / CLOCK_SECOND - SECONDS_1601_TO_1970);
    if (to) {
        *to = seconds;
        msan_define(to, sizeof *to);
    }
    user_leave((uint64_t)seconds);
    return seconds;
}

int irpfuzz_clock(void) { return (int)GetTickCount(); }
