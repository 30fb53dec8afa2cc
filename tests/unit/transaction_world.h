/*
 * Transactions of the framework in tests: an enabler and a transaction of the world's device, and a device that copies what EvtProgramDma tells it.
 *
 *     begin(WdfDmaProfileScatterGather, 16384); initialize(transaction, WdfDmaDirectionWriteToDevice); execute(transaction); log_is("program(3,9900)"); ... end();
 */
#ifndef TESTS_UNIT_TRANSACTION_WORLD_H
#define TESTS_UNIT_TRANSACTION_WORLD_H

#include "copier.h"

static struct copier copier;

#include "dma_world.h"

#include <irpfuzz_format.h>

static WDFDMAENABLER enabler;
static WDFDMATRANSACTION transaction, second;
static WDFCOMMONBUFFER common;
static PUCHAR reg;
static KIRQL program_irql;
static ULONG elements, length;
static NTSTATUS last;
static BOOLEAN delete_inside, completes_inside, ended;
static size_t count, more;

static void make_enabler(WDF_DMA_PROFILE profile, size_t maximum)
{
    WDF_DMA_ENABLER_CONFIG config;
    WDF_DMA_ENABLER_CONFIG_INIT(&config, profile, maximum);
    assert_int_equal(WdfDmaEnablerCreate(device, &config, WDF_NO_OBJECT_ATTRIBUTES, &enabler), STATUS_SUCCESS);
}

static void make_transaction(WDFDMATRANSACTION *out)
{
    assert_int_equal(WdfDmaTransactionCreate(enabler, WDF_NO_OBJECT_ATTRIBUTES, out), STATUS_SUCCESS);
}

static void begin(WDF_DMA_PROFILE profile, size_t maximum)
{
    PHYSICAL_ADDRESS where = {.QuadPart = COPIER_MEMORY};
    boot();
    copier_plug(&copier, node->pdo);
    reg = MmMapIoSpace(where, COPIER_SIZE, MmNonCached);
    get_buffer();
    make_enabler(profile, maximum);
    make_transaction(&transaction);
}

static void end(void)
{
    MmUnmapIoSpace(reg, COPIER_SIZE);
    free_buffer();
    finish();
}

static void go(const SCATTER_GATHER_ELEMENT *e, ULONG what)
{
    WRITE_REGISTER_ULONG((PULONG)(reg + COPIER_ADDRESS), e->Address.LowPart);
    WRITE_REGISTER_ULONG((PULONG)(reg + COPIER_HIGH), (ULONG)e->Address.HighPart);
    WRITE_REGISTER_ULONG((PULONG)(reg + COPIER_LENGTH), e->Length);
    WRITE_REGISTER_ULONG((PULONG)(reg + COPIER_GO), what);
}

static BOOLEAN on_program(WDFDMATRANSACTION t, WDFDEVICE d, WDFCONTEXT context, WDF_DMA_DIRECTION direction, PSCATTER_GATHER_LIST l)
{
    char word[40];
    program_irql = KeGetCurrentIrql();
    elements = l->NumberOfElements;
    length = 0;
    for (ULONG i = 0; i < elements; i++) {
        length += l->Elements[i].Length;
        go(&l->Elements[i], direction == WdfDmaDirectionWriteToDevice ? 1 : 2);
    }
    irpfuzz_snprintf(word, sizeof word, "%s(%u,%u)", t == second ? "second" : "program", elements, length);
    say(word);
    assert_true(d == device && context == &last && WdfDmaTransactionGetDevice(t) == device);
    assert_int_equal(WdfDmaTransactionGetCurrentDmaTransferLength(t), length);
    BOOLEAN over = completes_inside && WdfDmaTransactionDmaCompleted(t, &last);
    ended |= over && last == STATUS_SUCCESS;
    if (delete_inside && over)
        WdfObjectDelete(t);
    return TRUE;
}

static void initialize(WDFDMATRANSACTION t, WDF_DMA_DIRECTION direction)
{
    assert_int_equal(WdfDmaTransactionInitialize(t, on_program, direction, mdl, buffer, BYTES - BEFORE), STATUS_SUCCESS);
}

static NTSTATUS execute(WDFDMATRANSACTION t) { return WdfDmaTransactionExecute(t, &last); }

static BOOLEAN completed(void) { return WdfDmaTransactionDmaCompleted(transaction, &last); }

static bool stored(void)
{
    for (ULONG i = 0; i < BYTES - BEFORE; i++)
        if (copier.store[i] != buffer[i])
            return false;
    return true;
}

#endif
