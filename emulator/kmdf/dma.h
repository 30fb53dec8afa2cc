/*
 * DMA of the framework: enablers, and below each as framework objects its transactions and common buffers.
 *
 * Principle of operation. An enabler stands on the HAL's adapter (hal/dma_adapter.h); one of a duplex profile on two, one for each direction. A transaction goes through
 * its buffer in transfers, as long as the adapter's map registers, the enabler's and its own limits let one be: a scatter/gather profile has a list made for each, a
 * packet profile holds the adapter's channel from the first to the last. EvtProgramDma is called for each transfer; the driver says when the device has done it.
 */
#ifndef KMDF_DMA_H
#define KMDF_DMA_H

#include "../hal/dma_adapter.h"
#include "device.h"
#include "queue.h"

struct fx_dma_enabler {
    struct fx_object object;
    struct fx_device *device;
    WDF_DMA_ENABLER_CONFIG config;
    struct fx_power_part part;
    struct dma_adapter *adapter[2]; /* by direction; one and the same without duplex, NULL of a system profile */
    size_t fragment_length[2];      /* what one transfer may have for the adapter's map registers */
    size_t maximum_length;       /* of one transfer */
    size_t maximum_elements;     /* of a scatter/gather list */
    bool scatter_gather, duplex, system, wide; /* of the profile; wide: 64 bits of address */
    bool configured;             /* a system profile's resources are known (WdfDmaEnablerConfigureSystemProfile) */
    bool used;                   /* has had a transaction: its limits stay as they are */
    bool fill_failed;            /* on the way up */
};

/* Those that a driver can tell apart: the third parameter of WDF_VIOLATION 0x8 (K-DMA-3). */
enum fx_dma_state { FX_DMA_CREATED = 1, FX_DMA_RESERVED, FX_DMA_INITIALIZED, FX_DMA_TRANSFER, FX_DMA_COMPLETED, FX_DMA_FAILED, FX_DMA_RELEASED, FX_DMA_DELETED };

struct fx_dma_transaction {
    struct fx_object object;
    struct fx_dma_enabler *enabler;
    enum fx_dma_state state;
    struct fx_request *request;     /* referenced while the transaction executes */
    bool referenced;
    PFN_WDF_PROGRAM_DMA program;
    WDFCONTEXT context;
    WDF_DMA_DIRECTION direction;
    struct dma_range rest;          /* what has not been transferred */
    size_t transferred;
    size_t maximum;                 /* of one transfer; 0: the enabler's */
    ULONG current;                  /* length of the transfer that is under way */
    bool single, immediate;
    PSCATTER_GATHER_LIST list;      /* of the transfer under way: the adapter's, or `one` */
    SCATTER_GATHER_LIST one;
    PVOID base;                     /* packet: its map registers; the channel is its own */
    ULONG base_count;
    bool reserved;                  /* the channel stays its own from one use to the next */
    PFN_WDF_RESERVE_DMA reserve;
    PVOID reserve_context;
};

/* ---- dma_transaction.c ---- */
struct fx_dma_transaction *fx_dma_transaction(WDFDMATRANSACTION handle);
/* WDF_VIOLATION 0x8 unless its state is one of these bits. */
void fx_dma_require(const struct fx_dma_transaction *t, unsigned states, const char *ddi);
struct dma_adapter *fx_dma_adapter(const struct fx_dma_transaction *t);

/* ---- dma_transfer.c ---- */
/* What one transfer may have. */
size_t fx_dma_longest(const struct fx_dma_transaction *t);
ULONG fx_dma_most_pages(const struct fx_dma_transaction *t);
/* The channel goes back, unless it is reserved. */
void fx_dma_release_channel(struct fx_dma_transaction *t, bool reserved_too);

/* ---- request_buffers.c ---- */
/* The MDL and the length of a request's buffer for this direction; STATUS_INVALID_DEVICE_REQUEST if it has none (K-DMA-4). */
NTSTATUS fx_request_dma_buffer(struct fx_request *request, bool write, uint16_t ddi, PMDL *mdl, SIZE_T *length);

#endif
