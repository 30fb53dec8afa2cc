/* The HAL: connecting interrupts, delivery, chains, locks: W-INT, V-HAL-7, 8. */
#include "card.h"

static struct card other;
static struct chance chance_now;
static uint64_t latency_hash;
static unsigned met;

#include "hal_world.h"

static PKINTERRUPT second;
static LONG volatile sync_calls;

/* RULE W-INT-1: An interrupt that was connected calls its ISR at DIRQL; impossible levels, sharing and processors are STATUS_INVALID_PARAMETER. */
TEST(W_INT_1_connected)
{
    begin();
    assert_int_equal(IoConnectInterrupt(&interrupt, on_isr, NULL, NULL, CARD_VECTOR, 2, 2, LevelSensitive, FALSE, 3, FALSE), STATUS_INVALID_PARAMETER);
    assert_int_equal(IoConnectInterrupt(&interrupt, on_isr, NULL, NULL, CARD_VECTOR, 6, 5, LevelSensitive, FALSE, 3, FALSE), STATUS_INVALID_PARAMETER);
    assert_int_equal(IoConnectInterrupt(&interrupt, on_isr, NULL, NULL, CARD_VECTOR, 5, 5, LevelSensitive, FALSE, 0, FALSE), STATUS_INVALID_PARAMETER);
    assert_int_equal(connect_as(on_isr, NULL, FALSE, CARD_DIRQL, &interrupt), STATUS_SUCCESS);
    assert_int_equal(connect_as(on_isr, NULL, TRUE, CARD_DIRQL, &second), STATUS_INVALID_PARAMETER);
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 1);
    log_is("");
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    log_is("isr dpc");
    assert_int_equal(isr_irql, CARD_DIRQL);
    assert_int_equal(dpc_irql, DISPATCH_LEVEL);
    assert_int_equal(card.cause, 0);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 2);
    log_is(""); /* not enabled */
    end();
}

/* RULE W-INT-1: An interrupt that its device asserts already comes while it is being connected. */
TEST(W_INT_1_asserted_before)
{
    begin();
    card.model.ops = &(const struct device_ops){card_read, card_write, NULL};
    card.enable = card.cause = 1;
    card_update(&card);
    assert_int_equal(connect_as(on_isr, NULL, FALSE, CARD_DIRQL, &interrupt), STATUS_SUCCESS);
    KeLowerIrql(KeRaiseIrqlToDpcLevel());
    log_is("isr dpc");
    end();
}

/* RULE W-INT-6: An interrupt waits while its processor's IRQL is not below DIRQL, and comes over a DPC and over a raised thread. */
/* RULE W-IRQL-4: A lowered IRQL lets interrupts in first, then DPCs, before the call returns. */
TEST(W_INT_6_irql)
{
    begin_connected();
    KeRaiseIrql(CARD_DIRQL, &old);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    KeStallExecutionProcessor(1);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    log_is("");
    KeLowerIrql(DISPATCH_LEVEL);
    log_is("isr");
    KeLowerIrql(old);
    log_is("dpc");
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    log_is("isr");
    KeLowerIrql(old);
    log_is("dpc");
    KeRaiseIrql(CARD_DIRQL, &old);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeLowerIrql(old);
    log_is("isr dpc"); /* one DPC: the interrupt came first, and found it queued */
    end();
}

static BOOLEAN NTAPI raise_in_isr(PKINTERRUPT i, PVOID context)
{
    KIRQL ignored;
    acknowledge();
    KeRaiseIrql(HIGH_LEVEL, &ignored);
    return TRUE;
}

static void ring_once(PKSERVICE_ROUTINE routine)
{
    begin();
    connect_as(routine, NULL, FALSE, CARD_DIRQL, &interrupt);
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 1);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    end();
}

/* RULE V-IRQ-35: An ISR that returns at another IRQL is reported. */
/* RULE W-INT-5: An ISR has to return at the IRQL at which it was called. */
TEST(V_IRQ_35_isr_irql, .code = 0xC4, .p1 = 0x111) { ring_once(raise_in_isr); }

static KEVENT event;
static BOOLEAN NTAPI event_in_isr(PKINTERRUPT i, PVOID context)
{
    KeSetEvent(&event, 0, FALSE);
    return acknowledge();
}

/* RULE W-INT-5: What a DDI's own limit forbids at DIRQL is reported in an ISR. */
TEST(W_INT_5_ddi_in_isr, .code = 0xC4, .p1 = 0x20016)
{
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    ring_once(event_in_isr);
}

static BOOLEAN NTAPI on_second(PKINTERRUPT i, PVOID context)
{
    say(context);
    ULONG cause = other.cause & other.enable;
    if (!cause)
        return FALSE;
    other.cause = 0;
    device_lower(&other.model);
    return TRUE;
}

static void begin_shared(void)
{
    begin();
    card_plug_at(&other, "the other card", CARD_MEMORY + 0x1000, CARD_PORTS + 0x1000, CARD_VECTOR);
    assert_int_equal(connect_as(on_isr, "first", TRUE, CARD_DIRQL, &interrupt), STATUS_SUCCESS);
    assert_int_equal(connect_as(on_second, "second", TRUE, CARD_DIRQL, &second), STATUS_SUCCESS);
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 0xff);
    other.enable = 1;
}

/* RULE W-INT-3: The ISRs of a shared level line are called in order of connection until one claims. */
TEST(W_INT_3_shared_level)
{
    begin_shared();
    card_event(&other, 1);
    a_point();
    log_is("first second");
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    log_is("first dpc");
    other.enable = 0;
    IoDisconnectInterrupt(second);
    end();
}

static LONG rounds;
static BOOLEAN NTAPI on_edge(PKINTERRUPT i, PVOID context)
{
    say(context);
    return *(const char *)context == 'a' && rounds-- > 0;
}

/* RULE W-INT-3: All ISRs of a shared latched line are called, and again while any claims. */
TEST(W_INT_3_shared_latched)
{
    begin();
    IoConnectInterrupt(&interrupt, on_edge, "a", NULL, 0x60, 6, 6, Latched, TRUE, 3, FALSE);
    IoConnectInterrupt(&second, on_edge, "b", NULL, 0x60, 6, 6, Latched, TRUE, 3, FALSE);
    rounds = 2;
    interrupt_pulse(interrupt_line(0x60));
    a_point();
    log_is("a b a b a b");
    a_point();
    log_is(""); /* an edge is served once */
    IoDisconnectInterrupt(second);
    end();
}

static BOOLEAN NTAPI never(PKINTERRUPT i, PVOID context) { return FALSE; }
static BOOLEAN NTAPI always(PKINTERRUPT i, PVOID context) { return TRUE; }

/* RULE V-HAL-7: A level line that stays asserted and that no ISR claims is an interrupt storm. */
TEST(V_HAL_7_storm, .code = OWN_INTERRUPT_STORM, .p1 = CARD_VECTOR)
{
    begin();
    connect_as(never, NULL, FALSE, CARD_DIRQL, &interrupt);
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 1);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    pass_ms(1);
}

/* RULE V-HAL-7: A level line that is claimed for ever while its device asserts it is an interrupt storm. */
TEST(V_HAL_7_storm_claimed, .code = OWN_INTERRUPT_STORM, .p1 = CARD_VECTOR)
{
    begin();
    connect_as(always, NULL, FALSE, CARD_DIRQL, &interrupt);
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 1);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    pass_ms(1);
}

/* RULE V-HAL-7: An ISR that claims an interrupt of a shared line which no device asserts is reported. */
TEST(V_HAL_7_claims_all, .code = OWN_RULE, .p1 = ANY, .rule = "V-HAL-7")
{
    begin();
    connect_as(always, NULL, TRUE, CARD_DIRQL, &interrupt);
    interrupt_spurious(interrupt_line(CARD_VECTOR));
    a_point();
}

/* RULE W-INT-6: A spurious interrupt calls the ISR although no device asserts its line; nothing is wrong with an ISR that does not claim it. */
TEST(W_INT_6_spurious)
{
    begin_connected();
    for (int i = 0; i < 300; i++) {
        interrupt_spurious(interrupt_line(CARD_VECTOR));
        a_point();
    }
    assert_int_equal(calls, 300);
    assert_int_equal(dpcs, 0);
    log_clear();
    end();
    calls = 0;
    interrupt_spurious(interrupt_line(CARD_VECTOR));
    assert_int_equal(calls, 0);
}

static unsigned glitches;
static BOOLEAN NTAPI counts_all(PKINTERRUPT i, PVOID context)
{
    glitches++;
    return TRUE;
}

/* RULE V-HAL-7: An interrupt that a device asks for so shortly that it does no more when it is served may be claimed. */
TEST(V_HAL_7_glitch)
{
    begin();
    glitches = 0;
    connect_as(counts_all, NULL, TRUE, CARD_DIRQL, &interrupt);
    interrupt_glitch(interrupt_line(CARD_VECTOR));
    a_point();
    interrupt_glitch(interrupt_line(CARD_VECTOR));
    a_point();
    assert_int_equal(glitches, 2);
    end();
}

static BOOLEAN NTAPI stalling_isr(PKINTERRUPT i, PVOID context)
{
    KeStallExecutionProcessor(50);
    return on_isr(i, context);
}

/* RULE V-LCK-31: An ISR that stalls long after the last DPC has run is no DPC that runs for long. */
TEST(V_LCK_31_isr)
{
    begin();
    connect_as(stalling_isr, NULL, FALSE, CARD_DIRQL, &interrupt);
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 1);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    log_is("isr dpc");
    pass_ms(30000);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    log_is("isr dpc");
    end();
}

static bool recurse;
static BOOLEAN NTAPI synchronized(PVOID context)
{
    sync_calls++;
    assert_int_equal(KeGetCurrentIrql(), 7);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    assert_int_equal(calls, 0); /* the ISR waits */
    if (recurse)
        KeSynchronizeExecution(interrupt, synchronized, context);
    return context != NULL;
}

/* RULE W-INT-4: An ISR runs at SynchronizeIrql; KeSynchronizeExecution and KeAcquireInterruptSpinLock keep it out at that level. */
TEST(W_INT_4_synchronize)
{
    begin();
    connect_as(on_isr, NULL, FALSE, 7, &interrupt);
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 1);
    assert_true(KeSynchronizeExecution(interrupt, synchronized, &card));
    log_is("isr dpc");
    assert_int_equal(isr_irql, 7);
    calls = 0;
    assert_false(KeSynchronizeExecution(interrupt, synchronized, NULL));
    log_is("isr dpc");
    KIRQL before = KeAcquireInterruptSpinLock(interrupt);
    assert_true(before == PASSIVE_LEVEL && KeGetCurrentIrql() == 7);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    log_is("");
    KeReleaseInterruptSpinLock(interrupt, before);
    log_is("isr dpc");
    end();
}

/* RULE W-INT-4: The lock of an interrupt is not recursive. */
TEST(W_INT_4_recursive, .code = 0x0F, .p1 = ANY)
{
    begin();
    connect_as(on_isr, NULL, FALSE, 7, &interrupt);
    recurse = true;
    KeSynchronizeExecution(interrupt, synchronized, NULL);
}

/* RULE W-INT-4: The lock of an interrupt is not acquired above its SynchronizeIrql. */
TEST(W_INT_4_too_high, .code = 0x09, .p1 = 8)
{
    begin_connected();
    KeRaiseIrql(8, &old);
    KeAcquireInterruptSpinLock(interrupt);
}

/* ---- IoConnectInterruptEx ---- */

static IO_CONNECT_INTERRUPT_PARAMETERS ex;
static PIO_INTERRUPT_MESSAGE_INFO table;

static BOOLEAN NTAPI on_message(PKINTERRUPT i, PVOID context, ULONG message)
{
    irpfuzz_snprintf(context, 8, "m%u", message);
    say(context);
    card.cause = 0;
    isr_irql = KeGetCurrentIrql();
    return TRUE;
}

static char word[8];

static void ex_message_based(void)
{
    ex = (IO_CONNECT_INTERRUPT_PARAMETERS){.Version = CONNECT_MESSAGE_BASED};
    ex.MessageBased.PhysicalDeviceObject = node->pdo;
    ex.MessageBased.ConnectionContext.InterruptMessageTable = &table;
    ex.MessageBased.MessageServiceRoutine = on_message;
    ex.MessageBased.ServiceContext = word;
    ex.MessageBased.FallBackServiceRoutine = on_isr;
}

static void disconnect_ex(ULONG version, PVOID context)
{
    IO_DISCONNECT_INTERRUPT_PARAMETERS p = {.Version = version, .ConnectionContext.Generic = context};
    IoDisconnectInterruptEx(&p);
}

static void begin_messages(void)
{
    begin();
    card.messages = true;
    card_resources(node, 1, 3);
    ex_message_based();
    assert_int_equal(IoConnectInterruptEx(&ex), STATUS_SUCCESS);
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 0xff);
}

/* RULE W-INT-2: Messages are connected one by one, in a table; their ISR gets the number of the message. */
TEST(W_INT_2_messages)
{
    begin_messages();
    assert_true(ex.Version == CONNECT_MESSAGE_BASED && table->MessageCount == 3 && table->UnifiedIrql == CARD_DIRQL);
    assert_int_equal(table->MessageInfo[2].Vector, CARD_VECTOR + 2);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 4);
    log_is("m2");
    KeRaiseIrql(CARD_DIRQL, &old);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    KeLowerIrql(old);
    log_is("m0"); /* an edge that is not served yet hides the next */
    assert_int_equal(isr_irql, CARD_DIRQL);
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 0);
    disconnect_ex(CONNECT_MESSAGE_BASED, table);
    unmap();
    finish();
}

/* RULE W-INT-2: Asking for messages on a device with a line connects the fallback routine and returns the version that says so. */
TEST(W_INT_2_fallback)
{
    begin();
    card_resources(node, 1, 0);
    ex_message_based();
    ex.MessageBased.ServiceContext = NULL;
    assert_int_equal(IoConnectInterruptEx(&ex), STATUS_SUCCESS);
    assert_int_equal(ex.Version, CONNECT_LINE_BASED);
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 1);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    log_is("isr dpc");
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 0);
    disconnect_ex(ex.Version, table);
    unmap();
    finish();
}

/* RULE W-INT-2: An interrupt that is disconnected as another version than it was connected as is bug check 0xCA with 9. */
TEST(W_INT_2_wrong_version, .code = 0xCA, .p1 = 9)
{
    begin_messages();
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 0);
    disconnect_ex(CONNECT_LINE_BASED, table);
}

static void ex_line_based(void)
{
    ex = (IO_CONNECT_INTERRUPT_PARAMETERS){.Version = CONNECT_LINE_BASED};
    ex.LineBased.PhysicalDeviceObject = node->pdo;
    ex.LineBased.InterruptObject = &interrupt;
    ex.LineBased.ServiceRoutine = on_isr;
}

/* RULE W-INT-2: A line-based connection takes vector and level from the device's resources; without any it fails, and an unknown version is STATUS_NOT_SUPPORTED. */
TEST(W_INT_2_line_based)
{
    begin();
    ex_line_based();
    assert_false(NT_SUCCESS(IoConnectInterruptEx(&ex)));
    card_resources(node, 1, 0);
    assert_int_equal(IoConnectInterruptEx(&ex), STATUS_SUCCESS);
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 1);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    log_is("isr dpc");
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 0);
    disconnect_ex(CONNECT_LINE_BASED, interrupt);
    ex.Version = 9;
    assert_int_equal(IoConnectInterruptEx(&ex), STATUS_NOT_SUPPORTED);
    unmap();
    finish();
}

static void ex_passive(void)
{
    ex = (IO_CONNECT_INTERRUPT_PARAMETERS){.Version = CONNECT_FULLY_SPECIFIED};
    ex.FullySpecified = (IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS){
        .PhysicalDeviceObject = node->pdo, .InterruptObject = &interrupt, .ServiceRoutine = on_isr, .Vector = CARD_VECTOR, .Irql = CARD_DIRQL,
        .SynchronizeIrql = PASSIVE_LEVEL, .InterruptMode = LevelSensitive, .ProcessorEnableMask = 3};
    assert_int_equal(IoConnectInterruptEx(&ex), STATUS_SUCCESS);
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 1);
}

static BOOLEAN NTAPI at_passive(PVOID context)
{
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    return TRUE;
}

/* RULE W-INT-4: A passive ISR runs at PASSIVE_LEVEL, and KeSynchronizeExecution keeps it out with an event. */
TEST(W_INT_4_passive)
{
    begin();
    ex_passive();
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    pass_ms(1);
    log_is("isr dpc");
    assert_int_equal(isr_irql, PASSIVE_LEVEL);
    assert_true(KeSynchronizeExecution(interrupt, at_passive, NULL));
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 0);
    disconnect_ex(CONNECT_FULLY_SPECIFIED, interrupt);
    unmap();
    finish();
}

/* RULE W-INT-4: KeAcquireInterruptSpinLock on a passive interrupt is reported. */
TEST(W_INT_4_passive_spin_lock, .code = OWN_RULE, .p1 = ANY, .rule = "W-INT-4")
{
    begin();
    ex_passive();
    KeAcquireInterruptSpinLock(interrupt);
}

/* RULE W-INT-7: An interrupt that is reported inactive is not delivered, and what is asserted meanwhile comes when it is active again. */
TEST(W_INT_7_inactive)
{
    begin_connected();
    IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS p = {.Version = CONNECT_FULLY_SPECIFIED, .ConnectionContext.InterruptObject = interrupt};
    IoReportInterruptInactive(&p);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    pass_ms(1);
    log_is("");
    IoReportInterruptActive(&p);
    a_point();
    log_is("isr dpc");
    end();
}

static LONG volatile in_isr;
static BOOLEAN NTAPI slow_isr(PKINTERRUPT i, PVOID context)
{
    InterlockedIncrement(&in_isr);
    for (int n = 0; n < 20; n++)
        a_point();
    InterlockedIncrement(&calls);
    BOOLEAN claimed = acknowledge();
    InterlockedDecrement(&in_isr);
    return claimed;
}

static void disconnect_meets_isr(void)
{
    begin();
    card.model.ops = &(const struct device_ops){card_read, card_write, NULL};
    connect_as(slow_isr, NULL, FALSE, CARD_DIRQL, &interrupt);
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 1);
    KeRaiseIrql(CARD_DIRQL, &old); /* only the other processor can take it */
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    for (int n = 0; n < 10 && !in_isr; n++)
        a_point();
    met += in_isr;
    interrupt_mask(interrupt_line(CARD_VECTOR), true);
    KeLowerIrql(old);
    IoDisconnectInterrupt(interrupt);
    assert_int_equal(in_isr, 0);
    LONG before = calls;
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    a_point();
    assert_int_equal(calls, before);
    unmap();
    finish();
}

/* RULE W-INT-7: No ISR runs when IoDisconnectInterrupt has returned: one that runs on another processor is waited for. */
static void W_INT_7_disconnect_waits(void **state)
{
    met = 0;
    for (unsigned i = 0; i < 30; i++) {
        chance_now = (struct chance){.policy = POLICY_RANDOM, .seed = i + 1};
        world_run(disconnect_meets_isr, (struct outcome){.chance = &chance_now});
    }
    assert_true(met > 3);
}

static KSPIN_LOCK contended;

static VOID contend(PKDPC d, PVOID context, PVOID a, PVOID b)
{
    KIRQL irql;
    KeAcquireSpinLock(&contended, &irql);
    InterlockedIncrement(&dpcs);
    KeReleaseSpinLock(&contended, irql);
}

static void ring_over_spinner(void)
{
    begin_connected();
    KeInitializeSpinLock(&contended);
    KeInitializeDpc(&dpc, contend, NULL);
    for (int n = 0; n < 20; n++) {
        KeAcquireSpinLock(&contended, &old);
        WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
        a_point();
        WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
        KeReleaseSpinLock(&contended, old);
    }
    pass_ms(1);
    assert_true(dpcs > 1);
    log_clear();
    end();
}

/* RULE V-IRQ-15: The level that an acquire saved is the one before it, whatever an interrupt locks on top of a processor that waits for the lock. */
static void V_IRQ_15_interrupt_over_spinner(void **state)
{
    for (unsigned i = 0; i < 30; i++) {
        chance_now = (struct chance){.policy = POLICY_RANDOM, .seed = i + 1};
        world_run(ring_over_spinner, (struct outcome){.chance = &chance_now});
    }
}

/* RULE V-HAL-3: An interrupt object that was disconnected is used no more. */
TEST(V_HAL_3_interrupt, .code = OWN_RULE, .p1 = ANY, .rule = "V-HAL-3")
{
    begin_connected();
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 0);
    IoDisconnectInterrupt(interrupt);
    KeSynchronizeExecution(interrupt, at_passive, NULL);
}

/* RULE V-HAL-8: A device whose interrupt is enabled before its ISR is connected is reported. */
TEST(V_HAL_8_before, .code = OWN_RULE, .p1 = CARD_VECTOR, .rule = "V-HAL-8")
{
    begin();
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 1);
    connect_as(on_isr, NULL, FALSE, CARD_DIRQL, &interrupt);
}

/* RULE V-HAL-8: A device whose interrupt is left enabled when its ISR is disconnected is reported. */
TEST(V_HAL_8_after, .code = OWN_RULE, .p1 = CARD_VECTOR, .rule = "V-HAL-8")
{
    begin_connected();
    IoDisconnectInterrupt(interrupt);
}

static VOID NTAPI forgets(PDRIVER_OBJECT object) {}

static NTSTATUS NTAPI connects(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    object->DriverUnload = forgets;
    return connect_as(on_isr, NULL, FALSE, CARD_DIRQL, &interrupt);
}

static NTSTATUS NTAPI maps(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    object->DriverUnload = forgets;
    map();
    return STATUS_SUCCESS;
}

static void load_and_unload(NTSTATUS(NTAPI *entry)(PDRIVER_OBJECT, PUNICODE_STRING))
{
    struct driver_image image = {.name = "forgets", .entry = (int (*)(void *, void *))(void *)entry};
    struct nt_driver *loaded;
    card_plug(&card);
    assert_int_equal(io_load_driver(&image, &loaded), STATUS_SUCCESS);
    io_unload_driver(loaded);
}

/* RULE V-HAL-8: On a shared line an enabled device is no report: it may be another driver's. */
TEST(V_HAL_8_shared)
{
    begin_shared();
    IoDisconnectInterrupt(second);
    assert_int_equal(connect_as(on_second, "second", TRUE, CARD_DIRQL, &second), STATUS_SUCCESS);
    IoDisconnectInterrupt(second);
    other.enable = 0;
    end();
}

/* RULE V-UNL-8: A driver that is unloaded with a connected interrupt is reported. */
TEST(V_UNL_8_interrupt, .code = OWN_RULE, .p1 = ANY, .rule = "V-UNL-8") { load_and_unload(connects); }

/* RULE V-HAL-2: A mapping that is left when its driver is unloaded is reported. */
TEST(V_HAL_2_unload, .code = OWN_RULE, .p1 = CARD_MEMORY, .rule = "V-HAL-2") { load_and_unload(maps); }

/* RULE W-INT-1: An interrupt that is still connected after its device was removed is reported. */
TEST(W_INT_1_left, .code = OWN_RULE, .p1 = ANY, .rule = "W-INT-1")
{
    begin();
    card_resources(node, 1, 0);
    ex_line_based();
    IoConnectInterruptEx(&ex);
    unmap();
    finish();
}

static void under_schedule(void)
{
    begin_connected();
    for (int i = 0; i < 8; i++) {
        KIRQL irql = KeAcquireInterruptSpinLock(interrupt);
        WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
        KeReleaseInterruptSpinLock(interrupt, irql);
    }
    pass_ms(1);
    assert_true(calls >= 1 && card.cause == 0);
    log_clear();
    latency_hash = trace_hash();
    end();
}

/* RULE W-INT-6: When an interrupt comes is chosen: a schedule may hold it off, and the same choices bring it at the same point. */
static void W_INT_6_chosen(void **state)
{
    uint64_t first[12];
    unsigned different = 0;
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < 12; i++) {
            chance_now = (struct chance){.policy = i % 2 ? POLICY_PCT : POLICY_RANDOM, .seed = i / 2 + 1, .pct_depth = 3, .pct_length = 60};
            world_run(under_schedule, (struct outcome){.chance = &chance_now});
            if (round)
                assert_int_equal(latency_hash, first[i]);
            first[i] = latency_hash;
            different += i && first[i] != first[i - 1];
        }
    assert_true(different > 10);
}

#if defined(IRPFUZZ_TSAN)
#pragma clang attribute pop /* these are looked at by ThreadSanitizer */
static ULONG shared_with_isr;
static BOOLEAN NTAPI counting_isr(PKINTERRUPT i, PVOID context)
{
    shared_with_isr++;
    return acknowledge();
}

static void count_beside_isr(bool locked)
{
    begin();
    connect_as(counting_isr, NULL, FALSE, CARD_DIRQL, &interrupt);
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 1);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    KIRQL irql = locked ? KeAcquireInterruptSpinLock(interrupt) : PASSIVE_LEVEL;
    shared_with_isr++;
    if (locked)
        KeReleaseInterruptSpinLock(interrupt, irql);
    end();
}
#pragma clang attribute push(__attribute__((no_sanitize("thread"))), apply_to = function)

/* RULE V-HAL-9: Data that an ISR shares is accessed under its lock: an access without it is a data race, also where the ISR interrupted the same thread. */
TEST(V_HAL_9_race, .code = OWN_DATA_RACE, .p1 = ANY) { count_beside_isr(false); }
/* RULE V-HAL-9: An access under KeAcquireInterruptSpinLock is none. */
TEST(V_HAL_9_locked) { count_beside_isr(true); }
#endif

#pragma clang section text = "" data = "" bss = ""

int main(void)
{
    static const struct CMUnitTest tests[] = {
#if defined(IRPFUZZ_TSAN)
        cmocka_unit_test(V_HAL_9_race), cmocka_unit_test(V_HAL_9_locked),
#endif
        cmocka_unit_test(W_INT_1_connected), cmocka_unit_test(W_INT_1_asserted_before), cmocka_unit_test(W_INT_6_irql),
        cmocka_unit_test(V_IRQ_35_isr_irql), cmocka_unit_test(W_INT_5_ddi_in_isr), cmocka_unit_test(W_INT_3_shared_level),
        cmocka_unit_test(W_INT_3_shared_latched), cmocka_unit_test(V_HAL_7_storm), cmocka_unit_test(V_HAL_7_storm_claimed),
        cmocka_unit_test(V_HAL_7_claims_all), cmocka_unit_test(W_INT_6_spurious), cmocka_unit_test(W_INT_4_synchronize),
        cmocka_unit_test(W_INT_4_recursive), cmocka_unit_test(W_INT_4_too_high), cmocka_unit_test(W_INT_2_messages),
        cmocka_unit_test(W_INT_2_fallback), cmocka_unit_test(W_INT_2_wrong_version), cmocka_unit_test(W_INT_2_line_based),
        cmocka_unit_test(W_INT_4_passive), cmocka_unit_test(W_INT_4_passive_spin_lock), cmocka_unit_test(W_INT_7_inactive),
        cmocka_unit_test(V_HAL_3_interrupt), cmocka_unit_test(V_HAL_8_before), cmocka_unit_test(V_HAL_8_after),
        cmocka_unit_test(V_HAL_8_shared), cmocka_unit_test(V_UNL_8_interrupt),
        cmocka_unit_test(V_HAL_2_unload), cmocka_unit_test(W_INT_1_left), cmocka_unit_test(W_INT_7_disconnect_waits),
        cmocka_unit_test(V_IRQ_15_interrupt_over_spinner), cmocka_unit_test(W_INT_6_chosen), cmocka_unit_test(V_HAL_7_glitch),
        cmocka_unit_test(V_LCK_31_isr),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
