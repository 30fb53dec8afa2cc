/*
 * The order in which locks are taken (W-LCK-30). An edge A->B says that B was acquired while A was held; a cycle is a deadlock in waiting, reported
 * before it happens (V-LCK-17).
 *
 * Spin locks and mutexes have graphs of their own: a mutex is never acquired under a spin lock (that would be a wait at DISPATCH_LEVEL), so
 * no cycle has members of both. A node dies with its memory or when the lock is initialised again (W-LCK-31). Only nested acquisitions
 * make nodes: a lock that is always alone costs nothing.
 *
 * A cycle is found whichever of its edges is added last, so the graph orders no steps (NO_FOOTPRINT).
 */
#include "ke.h"

#define MAX_NODES 64

static struct {
    const void *node[MAX_NODES];
    ULONG64 after[MAX_NODES]; /* bit j: node j was taken while this one was held */
    unsigned nodes;
} graph;

void lock_order_begin(void) { graph.nodes = 0; }

NO_FOOTPRINT static unsigned find_node(const void *lock)
{
    for (unsigned i = 0; i < graph.nodes; i++)
        if (graph.node[i] == lock)
            return i;
    return MAX_NODES;
}

/* MAX_NODES when the table is full: such a lock is not checked. */
NO_FOOTPRINT static unsigned node_of(const void *lock)
{
    unsigned i = find_node(lock);
    if (i < MAX_NODES)
        return i;
    i = find_node(NULL); /* a dead one */
    if (i == MAX_NODES && graph.nodes < MAX_NODES)
        i = graph.nodes++;
    if (i == MAX_NODES)
        return i;
    graph.node[i] = lock;
    graph.after[i] = 0;
    return i;
}

NO_FOOTPRINT static bool reaches(unsigned from, unsigned to, ULONG64 *seen)
{
    if (graph.after[from] >> to & 1)
        return true;
    *seen |= 1ull << from;
    for (unsigned i = 0; i < graph.nodes; i++)
        if (graph.after[from] >> i & 1 && !(*seen >> i & 1) && reaches(i, to, seen))
            return true;
    return false;
}

NO_FOOTPRINT void lock_order_check(const struct held_lock *held, unsigned count, const void *lock)
{
    unsigned to = node_of(lock);
    for (unsigned i = 0; i < count && to < MAX_NODES; i++) {
        unsigned from = node_of(held[i].lock);
        ULONG64 seen = 0;
        if (from == MAX_NODES || from == to || graph.after[from] >> to & 1)
            continue;
        if (reaches(to, from, &seen))
            bugcheck(0xC4, 0x1001, to, from, 0, "V-LCK-17",
                     "lock %u is taken while lock %u is held; elsewhere they are taken the other way round: a deadlock in waiting", to, from);
        graph.after[from] |= 1ull << to;
    }
}

NO_FOOTPRINT static void forget_node(unsigned i)
{
    graph.node[i] = NULL;
    graph.after[i] = 0;
    for (unsigned j = 0; j < graph.nodes; j++)
        graph.after[j] &= ~(1ull << i);
}

NO_FOOTPRINT void lock_order_forget(const void *memory, size_t size)
{
    for (unsigned i = 0; i < graph.nodes; i++)
        if ((uintptr_t)graph.node[i] - (uintptr_t)memory < size)
            forget_node(i);
}
