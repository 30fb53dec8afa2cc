/*
 * A driver's DMA in tests: an adapter of the world's device, a buffer of nonpaged pool with its MDL, and what the device does with the addresses it is told.
 *
 *     begin_dma(); get_list(TRUE); device_reads(...); put_list(TRUE); end_dma();
 *
 * LANE_HARDWARE's answers are given by hardware(): the first is the adapter's, then one for each transfer. What follows the inclusion is driver code.
 */
#ifndef TESTS_UNIT_DMA_WORLD_H
#define TESTS_UNIT_DMA_WORLD_H

#include "hal/dma_adapter.h"
#include "kmdf_world.h"

#define BYTES 10000u            /* three pages, at BEFORE in the first one */
#define BEFORE 100u
#define LONGEST 16384u

#define HARDWARE(...) &(struct chance){.value_count[LANE_HARDWARE] = sizeof (uint8_t[]){__VA_ARGS__}, .value[LANE_HARDWARE] = {__VA_ARGS__}}

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static PDMA_ADAPTER adapter;
static ULONG registers;
static PUCHAR block, buffer;
static PMDL mdl;
static PSCATTER_GATHER_LIST list;
static KIRQL list_irql, before_dpc;
static int lists;

static DEVICE_DESCRIPTION description(BOOLEAN scatter_gather, BOOLEAN wide)
{
    DEVICE_DESCRIPTION d;
    RtlZeroMemory(&d, sizeof d);
    d.Version = DEVICE_DESCRIPTION_VERSION;
    d.Master = TRUE;
    d.ScatterGather = scatter_gather;
    d.Dma32BitAddresses = TRUE;
    d.Dma64BitAddresses = wide;
    d.InterfaceType = PCIBus;
    d.MaximumLength = LONGEST;
    return d;
}

static void get_adapter(BOOLEAN scatter_gather, BOOLEAN wide)
{
    DEVICE_DESCRIPTION d = description(scatter_gather, wide);
    adapter = IoGetDmaAdapter(node->pdo, &d, &registers);
    assert_true(adapter != NULL);
}

static void put_adapter(void) { adapter->DmaOperations->PutDmaAdapter(adapter); }

static void get_buffer(void)
{
    block = ExAllocatePoolWithTag(NonPagedPoolNx, BYTES + 4096, 'amdT');
    buffer = (PUCHAR)(((ULONG_PTR)block + 4095) & ~(ULONG_PTR)4095) + BEFORE;
    if (buffer + BYTES > block + BYTES + 4096)
        buffer -= 4096;
    assert_true(buffer >= block);
    RtlFillMemory(buffer, BYTES - BEFORE, 0x11);
    mdl = IoAllocateMdl(buffer, BYTES - BEFORE, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(mdl);
}

/* A life with an adapter of DEVICE_DESCRIPTION_VERSION3, whose addresses have so many bits. */
static inline void boot_version3(ULONG width)
{
    DEVICE_DESCRIPTION d;
    boot();
    d = description(TRUE, FALSE);
    d.Version = DEVICE_DESCRIPTION_VERSION3;
    d.DmaAddressWidth = width;
    adapter = IoGetDmaAdapter(node->pdo, &d, &registers);
    assert_true(adapter != NULL && adapter->DmaOperations->Size == sizeof(DMA_OPERATIONS));
    get_buffer();
}

static void free_buffer(void)
{
    IoFreeMdl(mdl);
    ExFreePoolWithTag(block, 'amdT');
}

static void begin_dma(void)
{
    boot();
    get_adapter(TRUE, FALSE);
    get_buffer();
}

static void end_dma(void)
{
    free_buffer();
    put_adapter();
    finish();
}

static VOID NTAPI on_list(PDEVICE_OBJECT d, PIRP irp, PSCATTER_GATHER_LIST l, PVOID context)
{
    list = l;
    list_irql = KeGetCurrentIrql();
    lists++;
    say(context ? context : "list");
}

static void raise(void) { KeRaiseIrql(DISPATCH_LEVEL, &before_dpc); }
static void lower(void) { KeLowerIrql(before_dpc); }

static NTSTATUS get_list_of(PVOID at, ULONG length, BOOLEAN write)
{
    raise();
    NTSTATUS status = adapter->DmaOperations->GetScatterGatherList(adapter, node->pdo, mdl, at, length, on_list, NULL, write);
    lower();
    return status;
}

static NTSTATUS get_list(BOOLEAN write) { return get_list_of(buffer, BYTES - BEFORE, write); }

static void put_list(BOOLEAN write)
{
    raise();
    adapter->DmaOperations->PutScatterGatherList(adapter, list, write);
    lower();
}

static ULONG64 address_of(unsigned element) { return (ULONG64)list->Elements[element].Address.QuadPart; }

static UCHAR device_reads(ULONG64 logical)
{
    UCHAR byte = 0;
    hal_dma_read(node->pdo, logical, &byte, 1);
    return byte;
}

static void device_writes(ULONG64 logical, UCHAR byte) { hal_dma_write(node->pdo, logical, &byte, 1); }

#endif
