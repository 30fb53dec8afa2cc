/*
 * DMA enablers. What a transaction or a common buffer needs of its enabler (profile, limits, the device, whether it has begun to be used) stands in
 * the struct: they hang below it as framework objects.
 */
#ifndef KMDF_DMA_H
#define KMDF_DMA_H

#include "device.h"

struct fx_dma_enabler {
    struct fx_object object;
    struct fx_device *device;
    WDF_DMA_ENABLER_CONFIG config;
    struct fx_power_part part;
    size_t maximum_length;       /* of one transfer */
    size_t maximum_elements;     /* of a scatter/gather list */
    bool scatter_gather, duplex, system, wide; /* of the profile; wide: 64 bits of address */
    bool configured;             /* a system profile's resources are known (WdfDmaEnablerConfigureSystemProfile) */
    bool used;                   /* has had a transaction: its limits stay as they are */
    bool fill_failed;            /* on the way up */
};

#endif
