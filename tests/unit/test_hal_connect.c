/* Connecting interrupts of every kind, what is refused, and what becomes of the line's other interrupts: W-INT-1..4, 7. */
#include "hal_world.h"

static PKINTERRUPT second, third;
static IO_CONNECT_INTERRUPT_PARAMETERS ex;
static PIO_INTERRUPT_MESSAGE_INFO table;

static BOOLEAN NTAPI on_message(PKINTERRUPT i, PVOID context, ULONG message)
{
    static char word[8];
    irpfuzz_snprintf(word, sizeof word, "m%u", message);
    say(word);
    card.cause = 0;
    return TRUE;
}

static NTSTATUS connect_ex(ULONG version)
{
    ex.Version = version;
    return IoConnectInterruptEx(&ex);
}

static void disconnect_ex(ULONG version, PVOID context)
{
    IO_DISCONNECT_INTERRUPT_PARAMETERS p = {.Version = version, .ConnectionContext.Generic = context};
    IoDisconnectInterruptEx(&p);
}

static void ex_messages(PKMESSAGE_SERVICE_ROUTINE routine, PKSERVICE_ROUTINE fallback)
{
    RtlZeroMemory(&ex, sizeof ex);
    ex.MessageBased.PhysicalDeviceObject = node->pdo;
    ex.MessageBased.ConnectionContext.InterruptMessageTable = &table;
    ex.MessageBased.MessageServiceRoutine = routine;
    ex.MessageBased.FallBackServiceRoutine = fallback;
}

static void ex_line(PKSERVICE_ROUTINE routine)
{
    RtlZeroMemory(&ex, sizeof ex);
    ex.LineBased.PhysicalDeviceObject = node->pdo;
    ex.LineBased.InterruptObject = &interrupt;
    ex.LineBased.ServiceRoutine = routine;
}

static void ex_full(KIRQL synchronize_irql)
{
    RtlZeroMemory(&ex, sizeof ex);
    ex.FullySpecified = (IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS){
        .PhysicalDeviceObject = node->pdo, .InterruptObject = &interrupt, .ServiceRoutine = on_isr, .Vector = CARD_VECTOR, .Irql = CARD_DIRQL,
        .SynchronizeIrql = synchronize_irql, .InterruptMode = LevelSensitive, .ProcessorEnableMask = 3};
}

static void quiet_end(void)
{
    unmap();
    finish();
}

/* ---- What is refused ---- */

static NTSTATUS connect_at(KIRQL irql, KIRQL synchronize_irql, KINTERRUPT_MODE mode, BOOLEAN shared, PKINTERRUPT *out)
{
    return IoConnectInterrupt(out, on_isr, NULL, NULL, CARD_VECTOR, irql, synchronize_irql, mode, shared, 3, FALSE);
}

/* RULE W-INT-1: SynchronizeIrql is not below Irql, and neither is above the highest DIRQL. */
TEST(W_INT_1_levels)
{
    begin();
    assert_int_equal(connect_at(CARD_DIRQL, 0, LevelSensitive, FALSE, &interrupt), STATUS_INVALID_PARAMETER);
    assert_int_equal(connect_at(CARD_DIRQL, CARD_DIRQL - 1, LevelSensitive, FALSE, &interrupt), STATUS_INVALID_PARAMETER);
    assert_int_equal(connect_at(HIGH_LEVEL, HIGH_LEVEL, LevelSensitive, FALSE, &interrupt), STATUS_INVALID_PARAMETER);
    assert_int_equal(connect_at(CARD_DIRQL, HIGH_LEVEL, LevelSensitive, FALSE, &interrupt), STATUS_INVALID_PARAMETER);
    assert_int_equal(IoConnectInterrupt(&interrupt, NULL, NULL, NULL, CARD_VECTOR, CARD_DIRQL, CARD_DIRQL, LevelSensitive, FALSE, 3, FALSE), STATUS_INVALID_PARAMETER);
    quiet_end();
}

/* RULE W-INT-1: Who shares a vector does it with the same mode and level, and at the same kind of level: passive or not. */
TEST(W_INT_1_sharing)
{
    begin();
    assert_int_equal(connect_at(CARD_DIRQL, CARD_DIRQL, LevelSensitive, TRUE, &interrupt), STATUS_SUCCESS);
    assert_int_equal(connect_at(CARD_DIRQL, CARD_DIRQL, Latched, TRUE, &second), STATUS_INVALID_PARAMETER);
    assert_int_equal(connect_at(CARD_DIRQL + 1, CARD_DIRQL + 1, LevelSensitive, TRUE, &second), STATUS_INVALID_PARAMETER);
    assert_int_equal(connect_at(CARD_DIRQL, CARD_DIRQL, LevelSensitive, FALSE, &second), STATUS_INVALID_PARAMETER);
    ex_full(PASSIVE_LEVEL);
    ex.FullySpecified.ShareVector = TRUE;
    assert_int_equal(connect_ex(CONNECT_FULLY_SPECIFIED), STATUS_INVALID_PARAMETER);
    assert_int_equal(connect_at(CARD_DIRQL, CARD_DIRQL + 1, LevelSensitive, TRUE, &second), STATUS_SUCCESS);
    IoDisconnectInterrupt(second);
    end();
}

/* RULE W-INT-2: Without a device, or a routine for what the device has, nothing is connected. */
TEST(W_INT_2_refused)
{
    begin();
    ex_full(CARD_DIRQL);
    ex.FullySpecified.PhysicalDeviceObject = NULL;
    assert_int_equal(connect_ex(CONNECT_FULLY_SPECIFIED), STATUS_INVALID_PARAMETER);
    card_resources(node, 1, 0);
    ex_line(NULL);
    assert_int_equal(connect_ex(CONNECT_LINE_BASED), STATUS_INVALID_PARAMETER);
    ex_messages(on_message, NULL);
    assert_int_equal(connect_ex(CONNECT_MESSAGE_BASED), STATUS_NOT_FOUND);
    card.messages = true;
    card_resources(node, 1, 2);
    ex_line(on_isr);
    assert_int_equal(connect_ex(CONNECT_LINE_BASED), STATUS_NOT_FOUND);
    ex_messages(NULL, on_isr);
    assert_int_equal(connect_ex(CONNECT_MESSAGE_BASED), STATUS_INVALID_PARAMETER);
    assert_int_equal(connect_ex(9), STATUS_NOT_SUPPORTED);
    assert_int_equal(ex.Version, CONNECT_CURRENT_VERSION);
    quiet_end();
}

/* RULE W-INT-2: A fully specified connection of a processor group is disconnected as one of that version. */
TEST(W_INT_2_group)
{
    begin();
    ex_full(CARD_DIRQL);
    assert_int_equal(connect_ex(CONNECT_FULLY_SPECIFIED_GROUP), STATUS_SUCCESS);
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 1);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    log_is("isr dpc");
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 0);
    disconnect_ex(CONNECT_FULLY_SPECIFIED_GROUP, interrupt);
    quiet_end();
}
TEST(W_INT_2_group_as_other, .code = 0xCA, .p1 = 9)
{
    begin();
    ex_full(CARD_DIRQL);
    connect_ex(CONNECT_FULLY_SPECIFIED_GROUP);
    disconnect_ex(CONNECT_FULLY_SPECIFIED, interrupt);
}

/* ---- Messages ---- */

static void begin_messages(void)
{
    begin();
    card.messages = true;
    card_resources(node, 1, 3);
    ex_messages(on_message, NULL);
    assert_int_equal(connect_ex(CONNECT_MESSAGE_BASED), STATUS_SUCCESS);
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 0xff);
}

static void end_messages(void)
{
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 0);
    disconnect_ex(CONNECT_MESSAGE_BASED, table);
    quiet_end();
}

/* RULE W-INT-2: The table of messages has for each its vector, level and mode. */
/* RULE W-INT-3: A message is an edge, and nobody else's: no other interrupt is connected to its vector. */
TEST(W_INT_3_message)
{
    begin_messages();
    for (ULONG n = 0; n < 3; n++)
        assert_true(table->MessageInfo[n].Vector == CARD_VECTOR + n && table->MessageInfo[n].Irql == CARD_DIRQL && table->MessageInfo[n].Mode == Latched);
    assert_int_equal(connect_at(CARD_DIRQL, CARD_DIRQL, Latched, TRUE, &second), STATUS_INVALID_PARAMETER);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 2);
    log_is("m1");
    end_messages();
}

/* RULE W-INT-7: All messages of a table are reported inactive at once, and active. */
TEST(W_INT_7_messages)
{
    begin_messages();
    IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS p = {.Version = CONNECT_MESSAGE_BASED, .ConnectionContext.InterruptMessageTable = table};
    IoReportInterruptInactive(&p);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 4);
    pass_ms(1);
    log_is("");
    IoReportInterruptActive(&p);
    pass_ms(1);
    log_is("m0 m2");
    end_messages();
}

/* ---- The others on a line ---- */

/* RULE W-INT-7: An interrupt that is disconnected, or inactive, leaves its line to the others. */
TEST(W_INT_7_others)
{
    begin();
    assert_int_equal(connect_as(on_isr, "first", TRUE, CARD_DIRQL, &second), STATUS_SUCCESS);
    assert_int_equal(connect_as(on_isr, "second", TRUE, CARD_DIRQL, &interrupt), STATUS_SUCCESS);
    assert_int_equal(connect_as(on_isr, "third", TRUE, CARD_DIRQL, &third), STATUS_SUCCESS);
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 1);
    IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS p = {.Version = CONNECT_FULLY_SPECIFIED, .ConnectionContext.InterruptObject = second};
    IoReportInterruptInactive(&p);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    log_is("second dpc");
    IoReportInterruptActive(&p);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    log_is("first dpc");
    IoDisconnectInterrupt(second);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    log_is("second dpc");
    p.ConnectionContext.InterruptObject = interrupt;
    IoReportInterruptInactive(&p);
    IoDisconnectInterrupt(third); /* the one that is left is inactive: nobody is there */
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    pass_ms(1);
    log_is("");
    IoReportInterruptActive(&p);
    a_point();
    log_is("second dpc");
    end();
}

static VOID disconnects(PVOID context)
{
    IoDisconnectInterrupt(interrupt);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static BOOLEAN NTAPI slow(PKINTERRUPT i, PVOID context)
{
    for (int n = 0; n < 5; n++)
        a_point();
    return acknowledge();
}

/* RULE V-HAL-3: An interrupt object is disconnected once, also by two threads that wait for its ISR to end. */
static void disconnected_by_two(void)
{
    HANDLE thread;
    begin();
    card.model.ops = &(const struct device_ops){card_read, card_write, NULL};
    assert_int_equal(connect_as(slow, NULL, FALSE, CARD_DIRQL, &interrupt), STATUS_SUCCESS);
    ex_full(CARD_DIRQL);
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 1);
    PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, disconnects, NULL);
    ZwClose(thread);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    IoDisconnectInterrupt(interrupt);
    pass_ms(1);
}

static struct chance chance_now;

static void V_HAL_3_disconnected_by_two(void **state)
{
    for (unsigned i = 0; i < 30; i++) {
        chance_now = (struct chance){.policy = POLICY_RANDOM, .seed = i + 1, .cpus = 2};
        world_run(disconnected_by_two, (struct outcome){.chance = &chance_now, .code = OWN_RULE, .p1 = ANY, .rule = "V-HAL-3"});
    }
}

/* ---- Passive ---- */

static BOOLEAN NTAPI rings(PVOID context)
{
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    pass_ms(1);
    log_is("");
    return FALSE;
}

static void begin_passive(void)
{
    begin();
    ex_full(PASSIVE_LEVEL);
    assert_int_equal(connect_ex(CONNECT_FULLY_SPECIFIED), STATUS_SUCCESS);
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 1);
}

/* RULE W-INT-4: While KeSynchronizeExecution of a passive interrupt runs its routine, the ISR waits. */
TEST(W_INT_4_passive_waits)
{
    begin_passive();
    assert_false(KeSynchronizeExecution(interrupt, rings, NULL));
    pass_ms(1);
    log_is("isr dpc");
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 0);
    disconnect_ex(CONNECT_FULLY_SPECIFIED, interrupt);
    quiet_end();
}

/* RULE W-INT-4: The event of a passive interrupt is not waited for above APC_LEVEL. */
TEST(W_INT_4_passive_raised, .code = OWN_RULE, .p1 = ANY, .rule = "W-INT-4")
{
    begin_passive();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeSynchronizeExecution(interrupt, rings, NULL);
}

/* RULE V-HAL-7: A passive interrupt whose line stays asserted is a storm like any other. */
static BOOLEAN NTAPI never(PKINTERRUPT i, PVOID context) { return FALSE; }
TEST(V_HAL_7_passive_storm, .code = OWN_INTERRUPT_STORM, .p1 = CARD_VECTOR)
{
    begin();
    ex_full(PASSIVE_LEVEL);
    ex.FullySpecified.ServiceRoutine = never;
    assert_int_equal(connect_ex(CONNECT_FULLY_SPECIFIED), STATUS_SUCCESS);
    WRITE_REGISTER_ULONG(reg(CARD_ENABLE), 1);
    WRITE_REGISTER_ULONG(reg(CARD_BELL), 1);
    pass_ms(10);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_INT_1_levels), cmocka_unit_test(W_INT_1_sharing), cmocka_unit_test(W_INT_2_refused), cmocka_unit_test(W_INT_2_group),
        cmocka_unit_test(W_INT_2_group_as_other), cmocka_unit_test(W_INT_3_message), cmocka_unit_test(W_INT_7_messages), cmocka_unit_test(W_INT_7_others),
        cmocka_unit_test(V_HAL_3_disconnected_by_two), cmocka_unit_test(W_INT_4_passive_waits), cmocka_unit_test(W_INT_4_passive_raised),
        cmocka_unit_test(V_HAL_7_passive_storm),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
