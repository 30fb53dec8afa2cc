/*
 * DMA adapters from inside: what the adapter's functions, the framework's enablers and a bus driver stand on.
 *
 * Principle of operation. An adapter belongs to a device, and so does the space of logical addresses behind it (dma_space.c): two adapters of one device
 * share it. What a device is given stands there as mappings: a common buffer is one; a transfer of an MDL is one for each page, or for several pages that
 * are neighbours. dma_buffer.c, dma_list.c and dma_channel.c make and take back mappings for the three kinds of DMA; dma_ddi*.c are the gate.
 *
 * Chance. LANE_HARDWARE is asked once for an adapter and once for a transfer, and answers with a set of bits; none of them is a plain machine.
 *
 *     an adapter    DMA_FEW_REGISTERS   half of the map registers that the description asks for, two at least
 *     a transfer    DMA_BOUNCES         through pages of its own: what the driver writes after the map, and what the device writes before the flush, the
 *                                       other side does not see
 *                   DMA_MERGES          neighbouring pages are one element of the list
 *                   DMA_WAITS           there are no map registers just now: the driver's routine is called later, in a DPC
 *
 * A bounce page holds what the buffer held when it was mapped, in both directions; so bytes that the device does not write stay as they were.
 */
#ifndef HAL_DMA_ADAPTER_H
#define HAL_DMA_ADAPTER_H

#include "dma.h"

#define DMA_PAGE 4096u
#define DMA_FEW_REGISTERS 1u
#define DMA_BOUNCES 1u
#define DMA_MERGES 2u
#define DMA_WAITS 4u

/* ---- The logical addresses of a device (dma_space.c) ---- */

enum dma_width { DMA_24_BITS, DMA_32_BITS, DMA_64_BITS, DMA_WIDTHS };

struct dma_mapping {
    uint64_t logical;         /* of the first byte */
    uint64_t size;            /* what the device may touch */
    uint64_t pad;             /* behind that to the end of the page: the buffer's tag */
    bool readable, writable;  /* by the device */
    char *memory;             /* what it reaches: the buffer itself, or bounce pages */
    const MDL *mdl;           /* of a transfer, or of the common buffer that is made of it */
    const char *ends;         /* what takes it back */
};

struct dma_space;
struct dma_space *dma_space_of(PDEVICE_OBJECT pdo);
/* Logical addresses from the first to the last one of these. */
struct dma_bounds {
    uint64_t lowest, highest;
};
#define DMA_ANYWHERE ((struct dma_bounds){0, ~0ull})
/* NULL: no such range of addresses is free. `m` has everything but the address, which gets that offset in its page. */
struct dma_mapping *dma_map(struct dma_space *space, enum dma_width width, struct dma_mapping m, uint32_t offset);
/* Within bounds: where a device of that width has its addresses, or below. */
struct dma_mapping *dma_map_within(struct dma_space *space, enum dma_width width, struct dma_mapping m, uint32_t offset, struct dma_bounds bounds);
void dma_unmap(struct dma_space *space, struct dma_mapping *mapping);

/* ---- Adapters (dma_adapter.c) ---- */

struct dma_buffer;
struct dma_vector;
struct dma_list;
struct dma_registers;
struct dma_request;

struct dma_adapter {
    DMA_ADAPTER adapter;      /* the driver's view */
    struct dma_adapter *next;
    uint32_t number;
    bool released;
    PDEVICE_OBJECT pdo;
    struct dma_space *space;
    DEVICE_DESCRIPTION description;
    enum dma_width width;
    ULONG registers;          /* that one request may take */
    const struct nt_driver *driver; /* who got it; NULL: not a driver's own code */
    /* What is out. */
    struct dma_buffer *buffers;
    struct dma_vector *vectors;
    struct dma_list *lists;
    struct dma_registers *allocated; /* map registers */
    struct dma_request *waiting;     /* in order of coming */
    bool channel;             /* somebody has it */
    struct dma_registers *of_channel; /* those that go with it */
};

void dma_adapters_boot(void);
/* NULL: none can be had. PASSIVE_LEVEL. A description of a version that nobody knows is a bug check (V-DMA-21). */
PDMA_ADAPTER dma_get_adapter(PDEVICE_OBJECT pdo, const DEVICE_DESCRIPTION *description, PULONG registers, const void *caller);
void dma_put_adapter(PDMA_ADAPTER adapter);
/* The adapter that a function is given; one that was put, or NULL, is a bug check (V-DMA-18). */
struct dma_adapter *dma_adapter_of(PDMA_ADAPTER adapter, const char *ddi);

/* ---- Common buffers (dma_buffer.c) ---- */

PVOID dma_allocate_common_buffer(struct dma_adapter *a, ULONG length, struct dma_bounds bounds, PPHYSICAL_ADDRESS logical, BOOLEAN cached);
void dma_free_common_buffer(struct dma_adapter *a, ULONG length, PHYSICAL_ADDRESS logical, PVOID memory, BOOLEAN cached);

/* A part of an MDL as a common buffer; the memory stays the driver's, who takes the buffer back with FreeCommonBuffer and its logical address (W-DMA-10). */
struct dma_part {
    PMDL mdl;
    uint64_t offset;
    ULONG length;
    struct dma_bounds bounds;
    bool readable, writable;  /* by the device */
};
NTSTATUS dma_common_buffer_of(struct dma_adapter *a, const struct dma_part *part, PPHYSICAL_ADDRESS logical);

/* ---- Many common buffers of one size (dma_vector.c) ---- */

NTSTATUS dma_allocate_vector(struct dma_adapter *a, struct dma_bounds bounds, BOOLEAN cached, ULONG count, uint64_t size, PDMA_COMMON_BUFFER_VECTOR *out);
PVOID dma_in_vector(struct dma_adapter *a, PDMA_COMMON_BUFFER_VECTOR vector, ULONG index, PPHYSICAL_ADDRESS logical);
void dma_free_in_vector(struct dma_adapter *a, PDMA_COMMON_BUFFER_VECTOR vector, ULONG index);
void dma_free_vector(struct dma_adapter *a, PDMA_COMMON_BUFFER_VECTOR vector);

/* ---- Transfers of an MDL (dma_transfer.c) ---- */

/* Some bytes of a transfer as the device sees them. */
struct dma_piece {
    struct dma_mapping *mapping;
    char *memory;             /* the driver's */
    ULONG size;
    bool bounced;
};
/* `length` bytes of a chain of MDLs from an offset in it. The whole of it has to be there, locked (V-DMA-0E, 1B, 21). */
struct dma_range {
    PMDL mdl;
    uint64_t offset;
    ULONG length;
};
struct dma_range dma_range_of(PMDL mdl, const void *va, ULONG length, const char *ddi);
void dma_check_range(const struct dma_range *range, const char *ddi);
ULONG dma_pages_of(const struct dma_range *range);
/* The bytes that the first of its MDLs holds; the range is what is left behind them. */
char *dma_take_run(struct dma_range *range, uint64_t *size);
/* How many bytes from its beginning touch no more pages than that. */
ULONG dma_clip(const struct dma_range *range, ULONG pages);
/* Maps from the beginning of the range, as far as `room` pieces reach; how many they are. 0: no addresses. */
unsigned dma_map_pieces(struct dma_adapter *a, const struct dma_range *range, unsigned flags, bool write, const char *ends, struct dma_piece *piece, unsigned room);
/* The transfer is over: what came goes to the driver's memory. */
void dma_unmap_piece(struct dma_adapter *a, struct dma_piece *piece);
unsigned dma_choose_transfer(const struct dma_adapter *a);

/* ---- Waiting for map registers or the channel (dma_wait.c) ---- */

/* At the beginning of a request of each kind, in system memory. */
struct dma_request {
    struct dma_request *next;
    struct dma_adapter *adapter;
    const void *key;          /* one at a time has the same; NULL: it does not matter */
    bool for_channel, called; /* called: its DPC is queued */
    void (*run)(struct dma_request *request); /* at DISPATCH_LEVEL; the memory is its own again */
    KDPC dpc;
};
/* Does one wait already with this key, as no second may (W-DMA-4)? */
void dma_check_key(const struct dma_adapter *a, const void *key, const char *ddi);
/* Its turn comes in a DPC, now or (for the channel) when dma_channel_is_free() is told. */
void dma_wait(struct dma_request *request, bool now);
bool dma_anybody_waits(const struct dma_adapter *a, bool for_channel);
void dma_channel_is_free(struct dma_adapter *a);
/* The one that waits with this key never happens. False: there is none. */
bool dma_cancel_waiting(struct dma_adapter *a, const void *key);

/* ---- Scatter/gather lists (dma_list.c) ---- */

/* What a driver's routine is called with; an emulator's own is called directly. */
struct dma_list_request {
    struct dma_range range;
    PDEVICE_OBJECT device;
    PDRIVER_LIST_CONTROL routine;
    PVOID context;
    bool write;
    bool immediate;           /* never later: STATUS_INSUFFICIENT_RESOURCES instead */
    const void *key;          /* as in struct dma_request */
    PVOID buffer;             /* for the list; NULL: the adapter finds memory */
    ULONG buffer_size;
    PSCATTER_GATHER_LIST *out; /* instead of a routine, or NULL */
};
NTSTATUS dma_get_list(struct dma_adapter *a, const struct dma_list_request *request, const char *ddi);
void dma_put_list(struct dma_adapter *a, PSCATTER_GATHER_LIST list, BOOLEAN write, const char *ddi);
NTSTATUS dma_list_size(struct dma_adapter *a, const struct dma_range *range, PULONG size, PULONG registers);
NTSTATUS dma_mdl_from_list(struct dma_adapter *a, PSCATTER_GATHER_LIST list, PMDL original, PMDL *target);

/* ---- The channel and its map registers (dma_channel.c) ---- */

struct dma_channel_request {
    PDEVICE_OBJECT device;
    ULONG registers;
    PDRIVER_CONTROL routine;
    PVOID context;
    bool immediate;           /* never later: STATUS_INSUFFICIENT_RESOURCES instead */
    const void *key;
    PVOID *out;               /* instead of a routine: the registers; the channel is the caller's */
};
NTSTATUS dma_allocate_channel(struct dma_adapter *a, const struct dma_channel_request *request, const char *ddi);
void dma_free_channel(struct dma_adapter *a, const char *ddi);
/* The channel of one that asked without a routine: as what a routine returns. */
void dma_free_object(struct dma_adapter *a, IO_ALLOCATION_ACTION action, const char *ddi);
void dma_free_registers(struct dma_adapter *a, PVOID base, ULONG count, const char *ddi);
/* One piece from the beginning of the range; its length into *length. */
PHYSICAL_ADDRESS dma_map_transfer(struct dma_adapter *a, const struct dma_range *range, PVOID base, PULONG length, BOOLEAN write, const char *ddi);
void dma_flush(struct dma_adapter *a, const struct dma_range *range, PVOID base, BOOLEAN write, const char *ddi);

#endif
