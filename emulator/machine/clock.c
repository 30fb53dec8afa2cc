/* See clock.h. Alarms stand in one list ordered by (due, sequence): lives have a handful. */
#include <stddef.h>

#include "machine.h"

#define NEAR (11 * CLOCK_SECOND)

uint64_t clock_time;

static struct {
    uint64_t sequence;
    struct alarm *first;
} virtual_clock;

void clock_begin(void)
{
    clock_time = 0;
    virtual_clock.sequence = 0;
    virtual_clock.first = NULL;
}

static void unlink_alarm(struct alarm *a)
{
    if (a->prev)
        a->prev->next = a->next;
    else
        virtual_clock.first = a->next;
    if (a->next)
        a->next->prev = a->prev;
    a->next = a->prev = NULL;
    a->set = false;
}

bool alarm_cancel(struct alarm *a)
{
    if (!a->set)
        return false;
    footprint_touch(&virtual_clock, false);
    footprint_touch(a, true);
    footprint_meet(); /* whether the clock may come */
    unlink_alarm(a);
    return true;
}

void alarm_set(struct alarm *a, uint64_t due, void (*fire)(struct alarm *))
{
    alarm_cancel(a);
    a->due = due < clock_time ? clock_time : due;
    footprint_touch(&virtual_clock, false);
    footprint_touch(a, true);
    footprint_meet();
    footprint_moment(a->due); /* of two that are due at once the first set goes first */
    a->sequence = ++virtual_clock.sequence;
    a->fire = fire;
    a->set = true;
    struct alarm *before = NULL, *at = virtual_clock.first;
    while (at && at->due <= a->due) {
        before = at;
        at = at->next;
    }
    a->prev = before;
    a->next = at;
    if (before)
        before->next = a;
    else
        virtual_clock.first = a;
    if (at)
        at->prev = a;
}

bool clock_next_due(uint64_t *due)
{
    if (!virtual_clock.first)
        return false;
    *due = virtual_clock.first->due;
    return true;
}

bool clock_may_come(void)
{
    uint64_t due;
    return clock_next_due(&due) && due - clock_time <= NEAR;
}

static void advance(uint64_t to)
{
    if (to <= clock_time)
        return;
    footprint_touch(&clock_time, true);
    clock_time = to;
    trace(TRACE_TIME, 0, to, 0);
}

static void fire_first(void)
{
    struct alarm *a = virtual_clock.first;
    footprint_touch(&virtual_clock, true);
    footprint_touch(a, true);
    advance(a->due);
    unlink_alarm(a);
    a->fire(a);
}

void clock_pass(uint64_t interval)
{
    uint64_t end = clock_time + interval;
    while (virtual_clock.first && virtual_clock.first->due <= end)
        fire_first();
    advance(end);
}

bool clock_jump(void)
{
    if (!virtual_clock.first)
        return false;
    fire_first();
    return true;
}
