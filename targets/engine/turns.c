/* See turns.h. Kernel side. */
#include "win32/win32.h"

#include "devices.h"
#include "turns.h"

#define ACTORS (APP_THREADS + 1)

struct actor {
    KEVENT turn;
    uint64_t put_off;    /* steps that became due while it was busy */
    int current;         /* step given to it, -1 none */
    bool waits;          /* for its turn */
    bool ended;
};

static struct {
    const struct program *program;
    struct actor actor[ACTORS];
    unsigned cursor;     /* first step that was neither given out nor put off */
    bool starting;       /* a step was given out and its actor has not taken it yet */
    bool held, closed;
} turns;

void turns_begin(const struct program *program)
{
    turns.program = program;
    turns.cursor = 0;
    turns.starting = turns.held = turns.closed = false;
    for (unsigned i = 0; i < ACTORS; i++) {
        turns.actor[i] = (struct actor){.current = -1};
        ke_initialize_event(&turns.actor[i].turn, SynchronizationEvent, FALSE);
    }
}

static void advance(void);

/* Nothing can run and a step is still due: its actor is blocked, so the step is put off. */
static void put_off_blocked(void)
{
    if (turns.starting || turns.held || turns.cursor == turns.program->operations)
        return;
    struct actor *a = &turns.actor[turns.program->operation[turns.cursor].actor];
    if (!a->waits && !a->ended)
        a->put_off |= 1ull << turns.cursor++;
    advance();
}

/* Gives out the step at the cursor if its actor waits for it. */
static void advance(void)
{
    while (!turns.starting && !turns.held && turns.cursor < turns.program->operations) {
        struct actor *a = &turns.actor[turns.program->operation[turns.cursor].actor];
        if (a->ended) {
            turns.cursor++;
            continue;
        }
        if (!a->waits) {
            machine.on_settled = put_off_blocked;
            return;
        }
        a->current = (int)turns.cursor++;
        a->waits = false;
        turns.starting = true;
        ke_set_event(&a->turn, 0, FALSE);
    }
    if (turns.cursor == turns.program->operations && turns.actor[ACTOR_PNP].waits)
        ke_set_event(&turns.actor[ACTOR_PNP].turn, 0, FALSE); /* the program is over: the PnP thread winds up */
}

static void wait_for_turn(struct actor *a, bool app)
{
    void *object = &a->turn;
    if (app)
        user_wait(1, &object, false, false, NULL);
    else
        ke_wait_internal(&a->turn, "its next step");
}

static bool over(unsigned actor)
{
    if (turns.cursor < turns.program->operations)
        return false;
    return actor == ACTOR_PNP || turns.closed;
}

int turns_next(unsigned actor)
{
    struct actor *a = &turns.actor[actor];
    a->current = -1;
    if (a->put_off) {
        a->current = __builtin_ctzll(a->put_off);
        a->put_off &= a->put_off - 1;
        return a->current;
    }
    a->waits = true;
    advance();
    while (a->current < 0 && !over(actor))
        wait_for_turn(a, actor != ACTOR_PNP);
    a->waits = false;
    if (a->current < 0)
        return -1;
    ke_reset_event(&a->turn);
    turns.starting = false;
    /* A step that lets time pass keeps the others waiting (turns_hold), so it must be known before the next is given out. */
    uint8_t kind = turns.program->operation[a->current].record.kind;
    if (kind == EV_PASS_TIME || (kind == EV_IDLE && devices_idle_ms()))
        turns.held = true;
    advance();
    return a->current;
}

void turns_actor_ended(unsigned actor)
{
    struct actor *a = &turns.actor[actor];
    if (a->ended)
        return;
    a->ended = true;
    if (turns.starting && a->current >= 0 && !a->waits)
        turns.starting = false;
    a->current = -1;
    a->waits = false;
    advance();
}

void turns_hold(bool hold)
{
    turns.held = hold;
    if (!hold)
        advance();
}

bool turns_are_held(void) { return turns.held; }

void turns_close(void)
{
    turns.closed = true;
    for (unsigned i = 0; i < APP_THREADS; i++)
        if (turns.actor[i].waits)
            ke_set_event(&turns.actor[i].turn, 0, FALSE);
}

int turns_current(unsigned actor) { return turns.actor[actor].current; }

void turns_alone(int step)
{
    for (unsigned i = 0; i < ACTORS; i++)
        turns.actor[i].current = i == ACTOR_PNP ? step : -1;
}
