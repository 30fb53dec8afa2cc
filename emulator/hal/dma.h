/*
 * DMA: the addresses that a device uses, and who lets it use them.
 *
 * Principle of operation. A device never sees a pointer of the host. It names memory by logical addresses, of a range of their own that is neither physical nor virtual
 * memory (W-DMA-2), and each device has a space of its own: it holds what its driver gives it at this moment, and nothing else. A driver fills it through a DMA adapter
 * (IoGetDmaAdapter): common buffers, from AllocateCommonBuffer to FreeCommonBuffer; transfers of an MDL, from MapTransfer or the list's routine to
 * FlushAdapterBuffers or PutScatterGatherList. A common buffer is one memory for both sides; a transfer may go through bounce pages, so what one side writes the other sees
 * only at map and at flush (LANE_HARDWARE chooses). A device that touches what it was not given, or not in this direction, or not any more, is reported as an I/O memory
 * management unit would: DRIVER_VERIFIER_DMA_VIOLATION 0x26 (V-DMA-26).
 *
 *     hal_dma_read(pdo, logical, bytes, size)     in a device model's read of memory
 *     hal_dma_reaches(pdo, logical, size, true)   would it be let?
 *
 * What LANE_HARDWARE may answer for an adapter and for a transfer (bounce pages, merged pages, a list that comes later, few map registers) stands in
 * dma_adapter.h; 0 is a plain machine each time: no bounce, an element for each page, at once.
 *
 * Drivers call the adapter's functions; the framework's enablers, transactions and common buffers are built on the same adapter.
 *
 * Called from inside the gate, any IRQL.
 */
#ifndef HAL_DMA_H
#define HAL_DMA_H

#include "hal.h"

void hal_dma_boot(void);

/* One access of the device of this PDO. False: it was not let, nothing was moved; reported, since it is a mistake of who told the device that address. */
bool hal_dma_read(PDEVICE_OBJECT pdo, uint64_t logical, void *to, uint32_t size);
bool hal_dma_write(PDEVICE_OBJECT pdo, uint64_t logical, const void *from, uint32_t size);
/* Would it be? For what a hostile device does of itself: an I/O memory management unit stops that, and no driver is to blame. */
bool hal_dma_reaches(PDEVICE_OBJECT pdo, uint64_t logical, uint32_t size, bool write);

/* Its pages are about to be unlocked: nothing of them is mapped for a device (V-DMA-0E). */
void hal_dma_check_unlocked(const MDL *mdl);

/* What a device or a driver has left behind: an adapter, buffers, lists (V-DMA-07). */
void hal_dma_released(PDEVICE_OBJECT pdo);
void hal_dma_unloaded(const struct nt_driver *driver);

#endif
