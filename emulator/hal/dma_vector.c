/* Many common buffers of one size in one call: each may be freed by itself, and the vector frees those that are left (W-DMA-10, V-DMA-03). */
#include "dma_adapter.h"

struct dma_vector {
    struct dma_vector *next;
    ULONG count, size;
    BOOLEAN cached;
    struct { PVOID memory; PHYSICAL_ADDRESS logical; } buffer[]; /* memory: NULL when it was freed */
};

static struct dma_vector **find(struct dma_adapter *a, const void *vector)
{
    struct dma_vector **at = &a->vectors;
    while (*at && *at != vector)
        at = &(*at)->next;
    return at;
}

static void free_left(struct dma_adapter *a, struct dma_vector *v)
{
    for (ULONG i = 0; i < v->count; i++)
        if (v->buffer[i].memory)
            dma_free_common_buffer(a, v->size, v->buffer[i].logical, v->buffer[i].memory, v->cached);
    ex_system_free(v);
}

NTSTATUS dma_allocate_vector(struct dma_adapter *a, struct dma_bounds bounds, BOOLEAN cached, ULONG count, uint64_t size, PDMA_COMMON_BUFFER_VECTOR *out)
{
    if (!count || !size || size > 0xffffffff)
        return STATUS_INVALID_PARAMETER;
    if (size > ARENA_SIZE / 2 / count)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct dma_vector *v = ex_system_alloc(sizeof *v + count * sizeof v->buffer[0]);
    v->size = (ULONG)size;
    v->cached = cached;
    for (; v->count < count; v->count++) {
        PVOID memory = dma_allocate_common_buffer(a, v->size, bounds, &v->buffer[v->count].logical, cached);
        if (!memory) {
            free_left(a, v);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        v->buffer[v->count].memory = memory;
    }
    v->next = a->vectors;
    a->vectors = v;
    *out = (PDMA_COMMON_BUFFER_VECTOR)v;
    return STATUS_SUCCESS;
}

static struct dma_vector *checked(struct dma_adapter *a, const void *vector, const char *ddi)
{
    struct dma_vector *v = *find(a, vector);
    if (!v)
        bugcheck(0xE6, 0x03, a->number, 0, 0, "V-DMA-03", "%s of adapter #%u with a vector of common buffers that is not one of it, or was freed before", ddi, a->number);
    return v;
}

static struct dma_vector *checked_at(struct dma_adapter *a, const void *vector, ULONG index, const char *ddi)
{
    struct dma_vector *v = checked(a, vector, ddi);
    if (index >= v->count || !v->buffer[index].memory)
        bugcheck(0xE6, 0x03, a->number, index, v->count, "V-DMA-03", "%s of adapter #%u with common buffer %u of a vector of %u, which %s", ddi, a->number, index, v->count,
                 index < v->count ? "was freed before" : "it has not got");
    return v;
}

PVOID dma_in_vector(struct dma_adapter *a, PDMA_COMMON_BUFFER_VECTOR vector, ULONG index, PPHYSICAL_ADDRESS logical)
{
    struct dma_vector *v = checked_at(a, vector, index, "GetCommonBufferFromVectorByIndex");
    *logical = v->buffer[index].logical;
    return v->buffer[index].memory;
}

void dma_free_in_vector(struct dma_adapter *a, PDMA_COMMON_BUFFER_VECTOR vector, ULONG index)
{
    struct dma_vector *v = checked_at(a, vector, index, "FreeCommonBufferFromVector");
    dma_free_common_buffer(a, v->size, v->buffer[index].logical, v->buffer[index].memory, v->cached);
    v->buffer[index].memory = NULL;
}

void dma_free_vector(struct dma_adapter *a, PDMA_COMMON_BUFFER_VECTOR vector)
{
    struct dma_vector *v = checked(a, vector, "FreeCommonBufferVector");
    *find(a, v) = v->next;
    free_left(a, v);
}
