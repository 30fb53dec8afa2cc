/* Requests that wait for map registers, or for the adapter's channel: their turn comes in a DPC (W-DMA-4, 7). */
#include "dma_adapter.h"

#include "../machine/sanitizer.h"

void dma_check_key(const struct dma_adapter *a, const void *key, const char *ddi)
{
    for (const struct dma_request *r = a->waiting; r && key; r = r->next)
        if (r->key == key)
            bugcheck(OWN_RULE, a->number, 0, 0, 0, "W-DMA-4", "%s of adapter #%u while an earlier request of the same device object (or transfer context) still waits", ddi,
                     a->number);
}

static void unlink(struct dma_request *r)
{
    struct dma_request **at = &r->adapter->waiting;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
}

static VOID run_waiting(PKDPC dpc, PVOID context, PVOID a1, PVOID a2)
{
    (void)dpc, (void)a1, (void)a2;
    struct dma_request *r = context;
    unlink(r);
    hb_acquire(r);
    r->run(r);
}

static void call(struct dma_request *r)
{
    r->called = true;
    ke_insert_queue_dpc(&r->dpc, NULL, NULL);
}

void dma_wait(struct dma_request *r, bool now)
{
    struct dma_request **at = &r->adapter->waiting;
    while (*at)
        at = &(*at)->next;
    *at = r;
    r->next = NULL;
    hb_release(r); /* whoever frees the channel may be another one */
    ke_initialize_dpc(&r->dpc, run_waiting, r);
    if (now)
        call(r);
}

bool dma_anybody_waits(const struct dma_adapter *a, bool for_channel)
{
    for (const struct dma_request *r = a->waiting; r; r = r->next)
        if (r->for_channel == for_channel)
            return true;
    return false;
}

void dma_channel_is_free(struct dma_adapter *a)
{
    for (struct dma_request *r = a->waiting; r; r = r->next)
        if (r->for_channel) {
            if (!r->called)
                call(r);
            return;
        }
}

bool dma_cancel_waiting(struct dma_adapter *a, const void *key)
{
    struct dma_request *r = a->waiting;
    while (r && r->key != key)
        r = r->next;
    if (!r)
        return false;
    bool first = r->for_channel && r->called;
    ke_remove_queue_dpc(&r->dpc);
    unlink(r);
    ex_system_free(r);
    if (first)
        dma_channel_is_free(a);
    return true;
}
