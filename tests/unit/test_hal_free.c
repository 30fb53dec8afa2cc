/* Interrupts on the free-running engine: threads of the host ring a card whose ISR and DPC share a counter with them. */
#include "card.h"
#include "nt/ke/ke.h"

static struct card card;
static KEVENT over;

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

#define THREADS 3
#define RINGS 200

static PKINTERRUPT interrupt;
static PUCHAR base;
static KDPC dpc;
static KSEMAPHORE ended;
static ULONG answered, rung;     /* under the interrupt's lock */
static LONG volatile dpcs;

static PULONG reg(ULONG offset) { return (PULONG)(base + offset); }

static VOID NTAPI on_dpc(PKDPC d, PVOID context, PVOID a, PVOID b) { InterlockedIncrement(&dpcs); }

static BOOLEAN NTAPI on_isr(PKINTERRUPT i, PVOID context)
{
    ULONG cause = READ_REGISTER_ULONG(reg(CARD_CAUSE));
    if (!cause)
        return FALSE;
    WRITE_REGISTER_ULONG(reg(CARD_CAUSE), cause);
    answered++;
    KeInsertQueueDpc(&dpc, NULL, NULL);
    return TRUE;
}

static VOID NTAPI ring(PVOID context)
{
    for (int n = 0; n < RINGS; n++) {
        KIRQL irql = KeAcquireInterruptSpinLock(interrupt);
        rung++;
        KeReleaseInterruptSpinLock(interrupt, irql);
        WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    }
    KeReleaseSemaphore(&ended, 0, 1, FALSE);
}

static VOID NTAPI conduct(PVOID context)
{
    PHYSICAL_ADDRESS at = {.QuadPart = CARD_MEMORY};
    HANDLE thread;
    base = MmMapIoSpace(at, CARD_SIZE, MmNonCached);
    KeInitializeDpc(&dpc, on_dpc, NULL);
    KeInitializeSemaphore(&ended, 0, THREADS);
    IoConnectInterrupt(&interrupt, on_isr, NULL, NULL, CARD_VECTOR, CARD_DIRQL, CARD_DIRQL, LevelSensitive, FALSE, 3, FALSE);
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 1);
    for (int i = 0; i < THREADS; i++) {
        PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, ring, NULL);
        ZwClose(thread);
    }
    for (int i = 0; i < THREADS; i++)
        KeWaitForSingleObject(&ended, Executive, KernelMode, FALSE, NULL);
    KeLowerIrql(KeRaiseIrqlToDpcLevel()); /* the last one's */
    KeFlushQueuedDpcs();
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 0);
    IoDisconnectInterrupt(interrupt);
    MmUnmapIoSpace(base, CARD_SIZE);
    KeSetEvent(&over, 0, FALSE);
}

#pragma clang section text = "" data = "" bss = ""
#pragma clang attribute push(__attribute__((no_sanitize("thread"))), apply_to = function)

static void life(void *argument)
{
    nt_boot();
    card_plug(&card);
    ke_initialize_event(&over, NotificationEvent, FALSE);
    struct nt_thread *thread = ps_create_system_thread(conduct, NULL);
    ke_wait_internal(&over, "the conductor");
    ob_dereference(thread);
    nt_shutdown();
}

static void found(const struct bugcheck *bug)
{
    report_write(bug);
    __builtin_trap();
}

#include "unit.h"

/* RULE W-INT-4: Threads that run freely share what an ISR writes, under the lock of the interrupt. */
static void W_INT_4_free_running(void **state)
{
    static const struct chance benign;
    bugcheck_set_hook(found);
    machine_init(ENGINE_THREAD);
    for (unsigned i = 0; i < 5; i++) {
        assert_true(machine_run(&benign, life, NULL));
        assert_true(rung == THREADS * RINGS && answered >= 1 && answered <= rung && dpcs >= 1 && (ULONG)dpcs <= answered);
        assert_int_equal(card.cause, 0);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(W_INT_4_free_running)};
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
