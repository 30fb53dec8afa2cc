/*
 * A driver of the card for tests of the HAL: maps its registers, connects an ISR that acknowledges and queues a DPC. Each says a word into the log.
 *
 *     begin_connected(); WRITE_REGISTER_ULONG(reg(CARD_BELL), 1); log_is("isr dpc"); end();
 *
 * What follows the inclusion is driver code.
 */
#ifndef TESTS_UNIT_HAL_WORLD_H
#define TESTS_UNIT_HAL_WORLD_H

#include <irpfuzz_format.h>

#include "card.h"
#include "kmdf_world.h"

static struct card card;

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static PKINTERRUPT interrupt;
static KDPC dpc;
static KIRQL isr_irql, dpc_irql, old;
static LONG volatile calls, dpcs;
static PUCHAR base;

static PULONG reg(ULONG offset) { return (PULONG)(base + offset); }

static VOID on_isr_dpc(PKDPC d, PVOID context, PVOID a, PVOID b)
{
    dpc_irql = KeGetCurrentIrql();
    InterlockedIncrement(&dpcs);
    say("dpc");
}

static BOOLEAN acknowledge(void)
{
    ULONG cause = READ_REGISTER_ULONG(reg(CARD_CAUSE)) & READ_REGISTER_ULONG(reg(CARD_ENABLE));
    if (cause)
        WRITE_REGISTER_ULONG(reg(CARD_CAUSE), cause);
    return cause != 0;
}

static BOOLEAN NTAPI on_isr(PKINTERRUPT i, PVOID context)
{
    isr_irql = KeGetCurrentIrql();
    InterlockedIncrement(&calls);
    say(context ? context : "isr");
    if (!acknowledge())
        return FALSE;
    KeInsertQueueDpc(&dpc, NULL, NULL);
    return TRUE;
}

static NTSTATUS connect_as(PKSERVICE_ROUTINE routine, const char *word, BOOLEAN shared, KIRQL synchronize_irql, PKINTERRUPT *out)
{
    return IoConnectInterrupt(out, routine, (PVOID)word, NULL, CARD_VECTOR, CARD_DIRQL, synchronize_irql, LevelSensitive, shared, 3, FALSE);
}

static void map(void)
{
    PHYSICAL_ADDRESS at = {.QuadPart = CARD_MEMORY};
    base = MmMapIoSpace(at, CARD_SIZE, MmNonCached);
    assert_true(base != NULL);
    KeInitializeDpc(&dpc, on_isr_dpc, NULL);
}

static void unmap(void) { MmUnmapIoSpace(base, CARD_SIZE); }

static void begin(void)
{
    card_plug(&card);
    boot();
    map();
}

static void begin_connected(void)
{
    begin();
    assert_int_equal(connect_as(on_isr, NULL, FALSE, CARD_DIRQL, &interrupt), STATUS_SUCCESS);
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 0xff);
}

static void end(void)
{
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 0);
    IoDisconnectInterrupt(interrupt);
    unmap();
    finish();
}

static void a_point(void) { KeStallExecutionProcessor(1); }

#endif
