/*
 * Scatter/gather lists: GetScatterGatherList, BuildScatterGatherList and what belongs to them (W-DMA-4, 5, 6, V-DMA-03).
 *
 * Design: a record for each list that is out, found by the list's address: the list itself is the driver's to read, and for BuildScatterGatherList stands in
 * memory of the driver's own.
 */
#include "dma_adapter.h"

struct dma_list {
    struct dma_list *next;
    PSCATTER_GATHER_LIST list;
    PMDL mdl;                 /* of bounce pages (BuildMdlFromScatterGatherList), or NULL */
    bool own_memory;          /* the list's is the adapter's */
    bool write;
    unsigned count;
    struct dma_piece piece[];
};

struct list_waiting {
    struct dma_request request;
    struct dma_list_request list;
    unsigned flags;
};

static size_t size_for(unsigned elements) { return FIELD_OFFSET(SCATTER_GATHER_LIST, Elements) + elements * sizeof(SCATTER_GATHER_ELEMENT); }

/* ---- Making one ---- */

static void fill(const struct dma_list *l)
{
    SCATTER_GATHER_ELEMENT *element = l->list->Elements;
    l->list->NumberOfElements = l->count;
    l->list->Reserved = 0;
    for (unsigned i = 0; i < l->count; i++) {
        element[i].Address.QuadPart = (LONGLONG)l->piece[i].mapping->logical;
        element[i].Length = l->piece[i].size;
        element[i].Reserved = 0;
    }
}

static struct dma_list *make(struct dma_adapter *a, const struct dma_list_request *r, unsigned flags)
{
    unsigned pages = dma_pages_of(&r->range);
    struct dma_list *l = ex_system_alloc(sizeof *l + pages * sizeof *l->piece);
    l->count = dma_map_pieces(a, &r->range, flags, r->write, "PutScatterGatherList", l->piece, pages);
    if (!l->count)
        bugcheck(OWN_OUT_OF_RESOURCES, a->number, pages, 0, 0, NULL, "the logical addresses of DMA adapter #%u are used up", a->number);
    l->write = r->write;
    l->own_memory = !r->buffer;
    l->list = r->buffer ? r->buffer : ex_system_alloc(size_for(l->count));
    fill(l);
    l->next = a->lists;
    a->lists = l;
    return l;
}

static void call(const struct dma_list_request *r, PSCATTER_GATHER_LIST list)
{
    PIRP irp = r->device ? r->device->CurrentIrp : NULL;
    if (!is_driver_code((const void *)r->routine)) {
        r->routine(r->device, irp, list, r->context);
        return;
    }
    struct callback_frame frame;
    callback_enter(&frame, DDI_AdapterListControl, (const void *)r->routine, irp);
    r->routine(r->device, irp, list, r->context);
    callback_leave(&frame, 0);
}

static void run(struct dma_adapter *a, const struct dma_list_request *r, unsigned flags)
{
    PSCATTER_GATHER_LIST list = make(a, r, flags)->list;
    if (r->out)
        *r->out = list;
    if (!r->routine)
        return;
    KIRQL irql = ke_get_current_irql();
    if (irql < DISPATCH_LEVEL)
        ke_raise_irql(DISPATCH_LEVEL);
    call(r, list);
    if (irql < DISPATCH_LEVEL)
        ke_lower_irql(irql);
}

static void run_waiting(struct dma_request *request)
{
    struct list_waiting w = *(struct list_waiting *)request;
    ex_system_free(request);
    run(w.request.adapter, &w.list, w.flags);
}

static void wait(struct dma_adapter *a, const struct dma_list_request *r, unsigned flags)
{
    struct list_waiting *w = ex_system_alloc(sizeof *w);
    w->request.adapter = a;
    w->request.key = r->key;
    w->request.run = run_waiting;
    w->list = *r;
    w->flags = flags;
    dma_wait(&w->request, true);
}

static struct dma_list **find(struct dma_adapter *a, const SCATTER_GATHER_LIST *list)
{
    struct dma_list **at = &a->lists;
    while (*at && (*at)->list != list)
        at = &(*at)->next;
    return at;
}

static void check_buffer(struct dma_adapter *a, const struct dma_list_request *r, const char *ddi)
{
    memory_check(r->buffer, r->buffer_size, "the memory for a scatter/gather list");
    if (*find(a, r->buffer))
        bugcheck(OWN_RULE, a->number, 0, 0, 0, "W-DMA-6", "%s into memory that holds a list of adapter #%u that was not put yet", ddi, a->number);
}

NTSTATUS dma_get_list(struct dma_adapter *a, const struct dma_list_request *r, const char *ddi)
{
    dma_check_range(&r->range, ddi);
    dma_check_key(a, r->key, ddi);
    unsigned pages = dma_pages_of(&r->range);
    if (pages > a->registers)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (r->buffer && r->buffer_size < size_for(pages))
        return STATUS_BUFFER_TOO_SMALL;
    if (r->buffer)
        check_buffer(a, r, ddi);
    unsigned flags = dma_choose_transfer(a);
    bool later = flags & DMA_WAITS || dma_anybody_waits(a, false);
    if (!later)
        run(a, r, flags);
    else if (r->immediate || !r->routine)
        return STATUS_INSUFFICIENT_RESOURCES;
    else
        wait(a, r, flags);
    return STATUS_SUCCESS;
}

NTSTATUS dma_list_size(struct dma_adapter *a, const struct dma_range *range, PULONG size, PULONG registers)
{
    ULONG pages = range->mdl ? dma_pages_of(range) : (ULONG)((range->offset % DMA_PAGE + range->length + DMA_PAGE - 1) / DMA_PAGE);
    if (pages > a->registers)
        return STATUS_INSUFFICIENT_RESOURCES;
    *size = (ULONG)size_for(pages);
    if (registers)
        *registers = pages;
    return STATUS_SUCCESS;
}

/* ---- Its end ---- */

static void free_mdls(PMDL mdl)
{
    while (mdl) {
        PMDL next = mdl->Next;
        io_free_mdl(mdl);
        mdl = next;
    }
}

void dma_put_list(struct dma_adapter *a, PSCATTER_GATHER_LIST list, BOOLEAN write, const char *ddi)
{
    struct dma_list **at = find(a, list), *l = *at;
    if (!l)
        bugcheck(0xE6, 0x06, a->number, 0, 0, "V-DMA-03", "%s of adapter #%u with a list that is not one of it, or was put before", ddi, a->number);
    if (l->write != (write != FALSE))
        bugcheck(OWN_RULE, a->number, write, 0, 0, "W-DMA-5", "%s of adapter #%u with WriteToDevice %s, mapped was the list for %s the device", ddi, a->number,
                 write ? "TRUE" : "FALSE", l->write ? "writing to" : "reading from");
    *at = l->next;
    for (unsigned i = 0; i < l->count; i++)
        dma_unmap_piece(a, &l->piece[i]);
    free_mdls(l->mdl);
    if (l->own_memory)
        ex_system_free(l->list);
    ex_system_free(l);
}

/* ---- An MDL for the processor's own view of what the device sees ---- */

static PMDL mdl_of(const struct dma_piece *piece)
{
    PMDL mdl = io_allocate_mdl(piece->mapping->memory, piece->size, FALSE, FALSE, NULL);
    if (!mdl)
        bugcheck(OWN_OUT_OF_RESOURCES, piece->size, 0, 0, 0, NULL, "the emulated kernel memory is used up");
    mm_build(mdl, MDL_SOURCE_IS_NONPAGED_POOL);
    mdl->MappedSystemVa = piece->mapping->memory;
    return mdl;
}

NTSTATUS dma_mdl_from_list(struct dma_adapter *a, PSCATTER_GATHER_LIST list, PMDL original, PMDL *target)
{
    struct dma_list *l = *find(a, list);
    if (!l)
        return STATUS_INVALID_PARAMETER;
    *target = original;
    if (!l->piece[0].bounced)
        return STATUS_SUCCESS;
    PMDL first = l->mdl;
    for (unsigned i = l->mdl ? 0 : l->count; i-- > 0;) {
        PMDL mdl = mdl_of(&l->piece[i]);
        mdl->Next = first;
        first = mdl;
    }
    *target = l->mdl = first;
    return STATUS_SUCCESS;
}
