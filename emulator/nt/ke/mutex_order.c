/* Which mutexes each thread owns, for the lock order and the order of release (W-LCK-30, W-LCK-31), and for frees of owned ones. */
#include "ke.h"

static struct {
    struct held_lock held[MAX_CONTEXTS][MAX_HELD_LOCKS];
    unsigned count[MAX_CONTEXTS];
} owned;

void mutex_order_begin(void) { memset(owned.count, 0, sizeof owned.count); }

unsigned mutex_order_count(void) { return owned.count[current_ctx->id]; }

void mutex_order_intend(const void *mutex)
{
    unsigned id = current_ctx->id;
    if (owned.count[id])
        lock_order_check(owned.held[id], owned.count[id], mutex);
}

void mutex_order_acquired(struct ctx *owner, const void *mutex)
{
    if (owned.count[owner->id] < MAX_HELD_LOCKS)
        owned.held[owner->id][owned.count[owner->id]++] = (struct held_lock){mutex, 0};
}

void mutex_order_released(const void *mutex, const char *ddi)
{
    unsigned id = current_ctx->id, n = owned.count[id];
    if (!n || (n == MAX_HELD_LOCKS && owned.held[id][n - 1].lock != mutex))
        return;
    if (owned.held[id][n - 1].lock != mutex)
        bugcheck(0xC4, 0x1003, n, 0, 0, "V-LCK-19", "%s: a mutex is released although one that was acquired later is still owned", ddi);
    owned.count[id] = n - 1;
}

void ke_mutex_check_free(const char *memory, size_t size)
{
    for (unsigned c = 0; c < machine.ctx_count; c++)
        for (unsigned i = 0; i < owned.count[c]; i++)
            if ((uintptr_t)owned.held[c][i].lock - (uintptr_t)memory < size)
                bugcheck(0xC4, 0x100B, 0, 0, 0, "V-LCK-23", "memory with a mutex in it is freed while %s owns the mutex", machine.ctx[c]->name);
}
