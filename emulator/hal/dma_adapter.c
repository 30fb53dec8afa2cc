/*
 * DMA adapters: who has one, what it may take, what is left of it (W-DMA-1, V-DMA-07, 11, 18, 21).
 *
 * Design: a list of the adapters that are held. One that was put stays in memory to the end of the life, so that its later use is recognised for what it is.
 * The machine has no DMA controller of its own: a description that is no bus master's gets no adapter.
 */
#include "dma_adapter.h"

#include "../nt/io/io.h"

#define MOST_REGISTERS 4096u
#define MOST_LOW_REGISTERS 512u /* of a device that reaches 16 MB */

static struct {
    struct dma_adapter *list;   /* newest first */
    uint32_t numbers;
} adapters;

extern const DMA_OPERATIONS dma_operations, dma_operations_extended; /* dma_ddi.c */

void dma_adapters_boot(void)
{
    adapters.list = NULL;
    adapters.numbers = 0;
}

static void check_device(PDEVICE_OBJECT pdo)
{
    if (!pdo || !ob_is_live(pdo) || !device_of(pdo)->devnode)
        bugcheck(0xCA, 2, pdo && ob_is_live(pdo) ? device_number(pdo) : 0, 0, 0, "W-PNP-51",
                 "IoGetDmaAdapter on a device that is no PDO, or not one that its bus has reported");
}

static enum dma_width width_of(const DEVICE_DESCRIPTION *d)
{
    if (d->Version >= DEVICE_DESCRIPTION_VERSION3 && d->DmaAddressWidth)
        return d->DmaAddressWidth > 32 ? DMA_64_BITS : d->DmaAddressWidth == 32 ? DMA_32_BITS : DMA_24_BITS;
    return d->Dma64BitAddresses ? DMA_64_BITS : d->Dma32BitAddresses ? DMA_32_BITS : DMA_24_BITS;
}

/* As many as the longest transfer touches pages, when it begins at the end of one. */
static ULONG registers_for(const struct dma_adapter *a)
{
    ULONG most = a->width == DMA_24_BITS ? MOST_LOW_REGISTERS : MOST_REGISTERS, asked = a->description.MaximumLength / DMA_PAGE + 2;
    if (a->description.MaximumLength % DMA_PAGE < 2)
        asked--;
    if (asked > most)
        asked = most;
    if (choose(LANE_HARDWARE, 2) & DMA_FEW_REGISTERS && asked > 3)
        asked /= 2;
    return asked;
}

PDMA_ADAPTER dma_get_adapter(PDEVICE_OBJECT pdo, const DEVICE_DESCRIPTION *description, PULONG registers, const void *caller)
{
    check_device(pdo);
    if (description->Version > 3)
        bugcheck(0xE6, 0x25, description->Version, 0, 0, "V-DMA-21", "IoGetDmaAdapter with a DEVICE_DESCRIPTION of version %u, which nobody knows",
                 description->Version);
    if (!description->Master)
        return NULL;
    struct dma_adapter *a = ex_system_alloc(sizeof *a);
    a->number = ++adapters.numbers;
    a->pdo = pdo;
    a->space = dma_space_of(pdo);
    memcpy(&a->description, description, description->Version >= DEVICE_DESCRIPTION_VERSION3 ? sizeof a->description : FIELD_OFFSET(DEVICE_DESCRIPTION, DmaAddressWidth));
    a->width = width_of(description);
    a->registers = registers_for(a);
    a->driver = io_driver_of_code(caller);
    bool extended = description->Version >= DEVICE_DESCRIPTION_VERSION3;
    a->adapter.Version = extended ? 3 : 1;
    a->adapter.Size = sizeof a->adapter;
    a->adapter.DmaOperations = (struct _DMA_OPERATIONS *)(uintptr_t)(extended ? &dma_operations_extended : &dma_operations);
    a->next = adapters.list;
    adapters.list = a;
    *registers = a->registers;
    return &a->adapter;
}

struct dma_adapter *dma_adapter_of(PDMA_ADAPTER adapter, const char *ddi)
{
    if (!adapter)
        bugcheck(0xE6, 0x19, 0, 0, 0, "V-DMA-18", "%s is given no DMA adapter", ddi);
    for (struct dma_adapter *a = adapters.list; a; a = a->next)
        if (&a->adapter == adapter)
            return a;
    bugcheck(0xE6, 0x18, 0, 0, 0, "V-DMA-18", "%s is given a DMA adapter that was put, or never was one", ddi);
}

/* ---- The end ---- */

static const char *what_is_out(const struct dma_adapter *a, uint32_t *code)
{
    *code = a->buffers || a->vectors ? 0x07 : a->channel ? 0x08 : a->allocated ? 0x09 : 0x0A;
    return a->buffers || a->vectors ? "common buffers" : a->channel ? "a channel" : a->allocated ? "map registers" : a->lists ? "scatter/gather lists" : "a request that waits";
}

void dma_put_adapter(PDMA_ADAPTER adapter)
{
    struct dma_adapter *a = dma_adapter_of(adapter, "PutDmaAdapter"), **at = &adapters.list;
    uint32_t code;
    const char *out = what_is_out(a, &code);
    if (code != 0x0A || a->lists || a->waiting)
        bugcheck(0xE6, code, a->number, 0, 0, "V-DMA-07", "PutDmaAdapter of adapter #%u, which still has %s", a->number, out);
    while (*at != a)
        at = &(*at)->next;
    *at = a->next;
    a->released = true;
}

static _Noreturn void left(const struct dma_adapter *a, const char *when)
{
    bugcheck(0xE6, 0x11, a->number, device_number(a->pdo), 0, "V-DMA-11", "DMA adapter #%u of device #%u was never put: %s", a->number, device_number(a->pdo), when);
}

void hal_dma_released(PDEVICE_OBJECT pdo)
{
    for (const struct dma_adapter *a = adapters.list; a; a = a->next)
        if (a->pdo == pdo)
            left(a, "its device was removed");
}

void hal_dma_unloaded(const struct nt_driver *driver)
{
    for (const struct dma_adapter *a = adapters.list; a; a = a->next)
        if (a->driver == driver)
            left(a, "its driver was unloaded");
}
