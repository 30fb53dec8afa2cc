/*
 * The adapter's channel, map registers, MapTransfer and FlushAdapterBuffers (W-DMA-7, 8, V-DMA-00, 03, 0B, 0D, 10, 16, 1D).
 *
 * Design: MapRegisterBase is the address of a record that holds what is mapped with these registers. A piece of a transfer takes as many of them as it touches pages. The
 * channel of a bus master is its own; it is held while the routine runs, and after that if the routine says so.
 */
#include "dma_adapter.h"

struct dma_registers {
    struct dma_registers *next;
    ULONG count, used;
    bool write;
    unsigned pieces;
    struct dma_piece piece[];
};

struct channel_waiting {
    struct dma_request request;
    struct dma_channel_request channel;
};

static struct dma_registers **find(struct dma_adapter *a, const void *base)
{
    struct dma_registers **at = &a->allocated;
    while (*at && *at != base)
        at = &(*at)->next;
    return at;
}

static struct dma_registers *take(struct dma_adapter *a, ULONG count)
{
    struct dma_registers *r = ex_system_alloc(sizeof *r + count * sizeof *r->piece);
    r->count = count;
    r->next = a->allocated;
    a->allocated = r;
    return r;
}

static void release(struct dma_adapter *a, struct dma_registers *r)
{
    *find(a, r) = r->next;
    ex_system_free(r);
}

/* ---- The channel ---- */

static void give_up(struct dma_adapter *a, bool registers, const char *ddi)
{
    struct dma_registers *r = *find(a, a->of_channel);
    if (registers && r && r->pieces)
        bugcheck(0xE6, 0x0D, a->number, 0, 0, "V-DMA-0D", "%s of adapter #%u: what was mapped was never flushed", ddi, a->number);
    if (registers && r)
        release(a, r);
    a->of_channel = NULL;
    a->channel = false;
    dma_channel_is_free(a);
}

static IO_ALLOCATION_ACTION call(const struct dma_channel_request *c, PVOID base)
{
    PIRP irp = c->device ? c->device->CurrentIrp : NULL;
    if (!is_driver_code((const void *)c->routine))
        return c->routine(c->device, irp, base, c->context);
    struct callback_frame frame;
    callback_enter(&frame, DDI_AdapterControl, (const void *)c->routine, irp);
    IO_ALLOCATION_ACTION action = c->routine(c->device, irp, base, c->context);
    callback_leave(&frame, action);
    return action;
}

static void run(struct dma_adapter *a, const struct dma_channel_request *c)
{
    a->channel = true;
    a->of_channel = take(a, c->registers);
    if (c->out)
        *c->out = a->of_channel;
    if (!c->routine)
        return;
    KIRQL irql = ke_get_current_irql();
    if (irql < DISPATCH_LEVEL)
        ke_raise_irql(DISPATCH_LEVEL);
    IO_ALLOCATION_ACTION action = call(c, a->of_channel);
    if (irql < DISPATCH_LEVEL)
        ke_lower_irql(irql);
    if (action < KeepObject || action > DeallocateObjectKeepRegisters)
        bugcheck(OWN_RULE, action, a->number, 0, 0, "W-DMA-7", "the routine of AllocateAdapterChannel returned %u, which is no IO_ALLOCATION_ACTION", action);
    if (action != KeepObject)
        give_up(a, action == DeallocateObject, "AllocateAdapterChannel");
}

static void run_waiting(struct dma_request *request)
{
    struct channel_waiting w = *(struct channel_waiting *)request;
    ex_system_free(request);
    run(w.request.adapter, &w.channel);
}

static void wait(struct dma_adapter *a, const struct dma_channel_request *c, bool now)
{
    struct channel_waiting *w = ex_system_alloc(sizeof *w);
    w->request.adapter = a;
    w->request.key = c->key;
    w->request.for_channel = true;
    w->request.run = run_waiting;
    w->channel = *c;
    dma_wait(&w->request, now);
}

NTSTATUS dma_allocate_channel(struct dma_adapter *a, const struct dma_channel_request *c, const char *ddi)
{
    dma_check_key(a, c->key, ddi);
    if (c->registers > a->registers)
        bugcheck(0xE6, 0x0C, a->number, c->registers, a->registers, "V-DMA-0B", "%s of adapter #%u asks for %u map registers, at most %u may be had at once", ddi, a->number,
                 c->registers, a->registers);
    bool busy = a->channel || dma_anybody_waits(a, true), later = busy || dma_choose_transfer(a) & DMA_WAITS;
    if (later && (c->immediate || !c->routine))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (later)
        wait(a, c, !busy);
    else
        run(a, c);
    return STATUS_SUCCESS;
}

void dma_free_channel(struct dma_adapter *a, const char *ddi)
{
    if (!a->channel)
        bugcheck(0xE6, 0x04, a->number, 0, 0, "V-DMA-03", "%s of adapter #%u, whose channel nobody has", ddi, a->number);
    give_up(a, true, ddi);
}

void dma_free_object(struct dma_adapter *a, IO_ALLOCATION_ACTION action, const char *ddi)
{
    if (action != DeallocateObject && action != DeallocateObjectKeepRegisters)
        bugcheck(OWN_RULE, action, a->number, 0, 0, "W-DMA-7", "%s of adapter #%u with action %u", ddi, a->number, action);
    if (action == DeallocateObject)
        dma_free_channel(a, ddi);
    else if (!a->channel)
        bugcheck(0xE6, 0x04, a->number, 0, 0, "V-DMA-03", "%s of adapter #%u, whose channel nobody has", ddi, a->number);
    else
        give_up(a, false, ddi);
}

void dma_free_registers(struct dma_adapter *a, PVOID base, ULONG count, const char *ddi)
{
    struct dma_registers *r = *find(a, base);
    if (!r || count > r->count)
        bugcheck(0xE6, 0x05, a->number, count, r ? r->count : 0, "V-DMA-03", "%s of %u map registers of adapter #%u, where %u were allocated or are left", ddi, count,
                 a->number, r ? r->count : 0);
    if (count < r->count)
        bugcheck(OWN_RULE, count, r->count, 0, 0, "W-DMA-8", "%s of %u map registers of adapter #%u, allocated were %u", ddi, count, a->number, r->count);
    if (r->pieces)
        bugcheck(0xE6, 0x10, a->number, r->used, 0, "V-DMA-10", "%s of adapter #%u: %u of the map registers are still mapped: FlushAdapterBuffers comes first", ddi,
                 a->number, r->used);
    release(a, r);
}

/* ---- Transfers ---- */

static ULONG pages_of(const struct dma_piece *p) { return (ULONG)(((uint64_t)p->memory % DMA_PAGE + p->size + DMA_PAGE - 1) / DMA_PAGE); }

static void check_free(const struct dma_adapter *a, const struct dma_registers *r, const struct dma_piece *p, const char *ddi)
{
    for (unsigned i = 0; i < r->pieces; i++)
        if (p->memory < r->piece[i].memory + r->piece[i].size && r->piece[i].memory < p->memory + p->size)
            bugcheck(0xE6, 0x1D, a->number, 0, 0, "V-DMA-1D", "%s of adapter #%u maps bytes that these map registers map already", ddi, a->number);
}

static ULONG registers_left(const struct dma_adapter *a, const struct dma_registers *r, const struct dma_range *range, const char *ddi)
{
    const struct dma_range one = {range->mdl, range->offset, 1};
    ULONG left = r ? r->count - r->used : 0;
    if (left < dma_pages_of(&one))
        bugcheck(0xE6, 0x15, a->number, range->length, r ? r->count : 0, "V-DMA-0B", "%s of adapter #%u needs more map registers than the %u that were allocated", ddi, a->number,
                 r ? r->count : 0);
    return left;
}

PHYSICAL_ADDRESS dma_map_transfer(struct dma_adapter *a, const struct dma_range *range, PVOID base, PULONG length, BOOLEAN write, const char *ddi)
{
    struct dma_registers *r = *find(a, base);
    struct dma_range rest = *range, part = *range;
    dma_check_range(range, ddi);
    ULONG left = registers_left(a, r, range, ddi);
    uint64_t size;
    char *at = dma_take_run(&rest, &size);
    if (size > left * (uint64_t)DMA_PAGE - (uint64_t)at % DMA_PAGE)
        registers_left(a, NULL, range, ddi);
    part.length = (ULONG)size;
    struct dma_piece *piece = &r->piece[r->pieces];
    if (!dma_map_pieces(a, &part, dma_choose_transfer(a), write != FALSE, "FlushAdapterBuffers", piece, 1))
        bugcheck(OWN_OUT_OF_RESOURCES, a->number, size, 0, 0, NULL, "the logical addresses of DMA adapter #%u are used up", a->number);
    check_free(a, r, piece, ddi);
    r->pieces++;
    r->used += pages_of(piece);
    r->write = write != FALSE;
    *length = piece->size;
    return (PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)piece->mapping->logical};
}

/* How many bytes of that run were mapped; they are no more. */
static uint64_t flush_run(struct dma_adapter *a, struct dma_registers *r, const char *at, uint64_t size, const char *ddi)
{
    uint64_t flushed = 0;
    for (unsigned i = r->pieces; i-- > 0;) {
        struct dma_piece *p = &r->piece[i];
        if (p->memory + p->size <= at || p->memory >= at + size)
            continue;
        if (p->memory < at || p->memory + p->size > at + size)
            bugcheck(0xE6, 0x0D, a->number, size, p->size, "V-DMA-0D", "%s of adapter #%u flushes a part of what one MapTransfer has mapped", ddi, a->number);
        r->used -= pages_of(p);
        flushed += p->size;
        dma_unmap_piece(a, p);
        *p = r->piece[--r->pieces];
    }
    return flushed;
}

void dma_flush(struct dma_adapter *a, const struct dma_range *range, PVOID base, BOOLEAN write, const char *ddi)
{
    struct dma_registers *r = *find(a, base);
    struct dma_range rest = *range;
    uint64_t flushed = 0, size;
    if (!r || !r->pieces)
        bugcheck(0xE6, r ? 0x16 : 0x20, a->number, 0, 0, "V-DMA-16", "%s of adapter #%u with map registers that %s", ddi, a->number, r ? "map nothing" : "are not allocated");
    dma_check_range(range, ddi);
    if (dma_pages_of(range) > r->count)
        bugcheck(0xE6, 0x00, a->number, dma_pages_of(range), r->count, "V-DMA-00", "%s of adapter #%u flushes %u pages with %u map registers", ddi, a->number,
                 dma_pages_of(range), r->count);
    if (r->write != (write != FALSE))
        bugcheck(OWN_RULE, a->number, write, 0, 0, "W-DMA-8", "%s of adapter #%u with WriteToDevice %s, mapped was for the other direction", ddi, a->number,
                 write ? "TRUE" : "FALSE");
    while (rest.length) {
        const char *at = dma_take_run(&rest, &size);
        flushed += flush_run(a, r, at, size, ddi);
    }
    if (flushed != range->length)
        bugcheck(0xE6, 0x20, a->number, range->length, flushed, "V-DMA-16", "%s of adapter #%u flushes %u bytes, of which %llu are mapped", ddi, a->number, range->length,
                 (unsigned long long)flushed);
}
