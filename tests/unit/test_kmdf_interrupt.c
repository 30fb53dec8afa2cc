/* Interrupt objects: creation, resources, connecting in the power sequence, ISR, DPC and work item, locks, what the driver forces: K-INT, K-PNP-21. */
#include "card.h"
#include "pnp_world.h"

static struct card card;

static WDFINTERRUPT interrupts[4];
static unsigned count;          /* created in EvtDriverDeviceAdd */
static WDF_INTERRUPT_CONFIG config[4];
static KIRQL irql_seen[4];      /* ISR, DPC or work item, Enable, Synchronize */
static ULONG messages_seen, isrs, claimed, dpcs;
static ULONG promised;          /* how often a DPC or a work item was queued */
static BOOLEAN queued[2];
static NTSTATUS enable_status[4];
static void (*in_isr)(WDFINTERRUPT interrupt);

static unsigned index_of(WDFINTERRUPT interrupt)
{
    for (unsigned i = 0; i < 4; i++)
        if (interrupts[i] == interrupt)
            return i;
    return 9;
}

static void say_of(WDFINTERRUPT interrupt, const char *word)
{
    char text[24];
    irpfuzz_snprintf(text, sizeof text, "I%u.%s", index_of(interrupt), word);
    say(text);
}

static BOOLEAN on_isr(WDFINTERRUPT interrupt, ULONG message)
{
    irql_seen[0] = KeGetCurrentIrql();
    messages_seen |= 1u << message;
    isrs++;
    if (!(card.cause & card.enable))
        return FALSE;
    card.cause = 0;
    card_update(&card);
    claimed++;
    if (in_isr)
        in_isr(interrupt);
    say_of(interrupt, "isr");
    if (config[index_of(interrupt)].EvtInterruptDpc)
        queued[0] = WdfInterruptQueueDpcForIsr(interrupt), queued[1] = WdfInterruptQueueDpcForIsr(interrupt);
    if (config[index_of(interrupt)].EvtInterruptWorkItem)
        queued[0] = WdfInterruptQueueWorkItemForIsr(interrupt), queued[1] = WdfInterruptQueueWorkItemForIsr(interrupt);
    promised += queued[0] + queued[1];
    return TRUE;
}

static VOID on_interrupt_dpc(WDFINTERRUPT interrupt, WDFOBJECT associated)
{
    irql_seen[1] = KeGetCurrentIrql();
    dpcs++;
    assert_true(associated == device);
    say_of(interrupt, "dpc");
}

static VOID on_interrupt_work(WDFINTERRUPT interrupt, WDFOBJECT associated)
{
    irql_seen[1] = KeGetCurrentIrql();
    say_of(interrupt, "work");
}

static NTSTATUS on_enable(WDFINTERRUPT interrupt, WDFDEVICE d)
{
    irql_seen[2] = KeGetCurrentIrql();
    say_of(interrupt, "Enable");
    if (interrupt == interrupts[0]) /* the card's own; the others stand for lines without one */
        card.enable = 0xff, card_update(&card);
    return enable_status[index_of(interrupt)];
}

static NTSTATUS on_disable(WDFINTERRUPT interrupt, WDFDEVICE d)
{
    assert_int_equal(KeGetCurrentIrql(), irql_seen[2]);
    say_of(interrupt, "Disable");
    if (interrupt == interrupts[0])
        card.enable = 0, card_update(&card);
    return STATUS_SUCCESS;
}

static void configure(unsigned i)
{
    WDF_INTERRUPT_CONFIG_INIT(&config[i], on_isr, on_interrupt_dpc);
    config[i].EvtInterruptEnable = on_enable, config[i].EvtInterruptDisable = on_disable;
}

static NTSTATUS create(unsigned i) { return WdfInterruptCreate(device, &config[i], WDF_NO_OBJECT_ATTRIBUTES, &interrupts[i]); }

static void add(WDFDEVICE d)
{
    pnp_add(d);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(create(i), STATUS_SUCCESS);
}

static void reset(unsigned n)
{
    pnp_reset();
    memset(config, 0, sizeof config), memset(interrupts, 0, sizeof interrupts), memset(enable_status, 0, sizeof enable_status);
    messages_seen = isrs = claimed = dpcs = promised = 0;
    in_isr = NULL;
    for (unsigned i = 0; i < 4; i++)
        configure(i);
    count = n;
    plan.add = add;
    card_plug(&card);
}

static void go(unsigned lines, unsigned messages)
{
    boot();
    watch_bus();
    answers.quiet_bus = true;
    card_resources(node, lines, messages);
    card.messages = messages != 0;
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
}

static void begin(unsigned n)
{
    reset(n);
    go(n, 0);
}

static void ring(uint32_t bits)
{
    card_event(&card, bits);
    KeStallExecutionProcessor(1);
}

static void end(void)
{
    log_clear();
    finish();
}

/* RULE K-INT-4: EvtInterruptIsr runs at DIRQL between connect and disconnect, with the number of its message. */
/* RULE K-INT-5: EvtInterruptDpc runs at DISPATCH_LEVEL once it is queued; queueing it again before it ran returns FALSE. */
/* RULE K-INT-7: EvtInterruptEnable and Disable run at DIRQL at each D0 entry and exit. */
TEST(K_INT_4_5_7_line)
{
    begin(1);
    log_is("Prepare D0Entry(Final) I0.Enable Post(Final) Init");
    assert_int_equal(irql_seen[2], CARD_DIRQL);
    ring(1);
    log_is("I0.isr I0.dpc");
    assert_int_equal(irql_seen[0], CARD_DIRQL);
    assert_int_equal(irql_seen[1], DISPATCH_LEVEL);
    assert_true(queued[0] && !queued[1] && messages_seen == 1);
    pnp_query_stop(node), pnp_stop(node);
    log_is("QueryStop Suspend Pre(Final) I0.Disable D0Exit(Final) Release");
    isrs = 0;
    card.enable = 1, ring(1);
    assert_int_equal(isrs, 0);
    card.enable = 0, card.cause = 0, card_update(&card);
    end();
}

/* RULE K-INT-5: EvtInterruptWorkItem runs at PASSIVE_LEVEL; queueing it again before it ran returns FALSE. */
TEST(K_INT_5_work_item)
{
    reset(1);
    config[0].EvtInterruptDpc = NULL, config[0].EvtInterruptWorkItem = on_interrupt_work;
    go(1, 0);
    log_clear();
    ring(1);
    pass_ms(1);
    log_is("I0.isr I0.work");
    assert_int_equal(irql_seen[1], PASSIVE_LEVEL);
    assert_true(queued[0] && !queued[1]);
    end();
}

/* RULE K-INT-5: Queueing a DPC of an interrupt that has a work item is misuse. */
TEST(K_INT_5_wrong_dpc, MISUSE, .rule = "K-INT-5")
{
    reset(1);
    config[0].EvtInterruptDpc = NULL;
    go(1, 0);
    WdfInterruptQueueDpcForIsr(interrupts[0]);
}

/* RULE K-INT-5: Queueing a work item of an interrupt that has none is misuse. */
TEST(K_INT_5_wrong_work_item, MISUSE, .rule = "K-INT-5")
{
    begin(1);
    WdfInterruptQueueWorkItemForIsr(interrupts[0]);
}

/* ---- Creation ---- */

static NTSTATUS create_with(void (*change)(void))
{
    WDFINTERRUPT made;
    configure(3);
    change();
    return WdfInterruptCreate(device, &config[3], WDF_NO_OBJECT_ATTRIBUTES, &made);
}

static CM_PARTIAL_RESOURCE_DESCRIPTOR some;
static void wrong_size(void) { config[3].Size--; }
static void no_isr(void) { config[3].EvtInterruptIsr = NULL; }
static void with_raw(void) { config[3].InterruptRaw = &some; }
static void can_wake(void) { config[3].CanWakeDevice = TRUE, config[3].PassiveHandling = TRUE; }
static void both(void) { config[3].EvtInterruptWorkItem = on_interrupt_work; }
static WDFWAITLOCK wait_lock;
static WDFSPINLOCK spin_lock;
static void wait_lock_only(void) { config[3].WaitLock = wait_lock; }
static void passive_spin_lock(void) { config[3].PassiveHandling = TRUE, config[3].SpinLock = spin_lock; }
static void nothing(void) {}

static NTSTATUS create_below(WDFOBJECT parent, BOOLEAN serialised)
{
    WDF_OBJECT_ATTRIBUTES a;
    WDFINTERRUPT made;
    configure(3);
    config[3].AutomaticSerialization = serialised;
    WDF_OBJECT_ATTRIBUTES_INIT(&a);
    a.ParentObject = parent;
    return WdfInterruptCreate(device, &config[3], &a, &made);
}

static void add_wrong(WDFDEVICE d)
{
    add(d);
    WdfWaitLockCreate(WDF_NO_OBJECT_ATTRIBUTES, &wait_lock);
    WdfSpinLockCreate(WDF_NO_OBJECT_ATTRIBUTES, &spin_lock);
    assert_int_equal(create_with(wrong_size), STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(create_with(no_isr), STATUS_INVALID_PARAMETER);
    assert_int_equal(create_below(d, FALSE), STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED);
    assert_int_equal(create_with(with_raw), STATUS_INVALID_PARAMETER);
    assert_int_equal(create_with(can_wake), STATUS_INVALID_PARAMETER);
    assert_int_equal(create_with(both), STATUS_INVALID_PARAMETER);
    assert_int_equal(create_with(wait_lock_only), STATUS_INVALID_PARAMETER);
    assert_int_equal(create_with(passive_spin_lock), STATUS_INVALID_PARAMETER);
    assert_int_equal(create_below(d, TRUE), STATUS_SUCCESS);
}

/* RULE K-INT-1: WdfInterruptCreate refuses a wrong size, no ISR, a parent without serialisation, resources in EvtDriverDeviceAdd, two kinds of deferred work, and the lock of the other kind. */
/* RULE K-INT-1: After EvtDriverDeviceAdd and outside of EvtDevicePrepareHardware an interrupt cannot be created. */
TEST(K_INT_1_creation)
{
    reset(0);
    plan.add = add_wrong;
    go(0, 0);
    assert_int_equal(create_with(nothing), STATUS_INVALID_DEVICE_STATE);
    end();
}

static NTSTATUS prepare_creates(WDFDEVICE d, WDFCMRESLIST raw, WDFCMRESLIST translated)
{
    say("Prepare");
    configure(0);
    assert_int_equal(create(0), STATUS_INVALID_DEVICE_STATE); /* without resources */
    config[0].InterruptRaw = WdfCmResourceListGetDescriptor(raw, 2);
    config[0].InterruptTranslated = WdfCmResourceListGetDescriptor(translated, 2);
    config[0].ShareVector = WdfTrue;
    assert_int_equal(create(0), STATUS_INVALID_DEVICE_STATE);
    config[0].ShareVector = WdfUseDefault;
    assert_int_equal(create(0), STATUS_SUCCESS);
    config[1] = config[0];
    return card.messages ? create(1) : STATUS_SUCCESS;
}

static void preparing(PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS c;
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&c);
    c.EvtDevicePrepareHardware = prepare_creates;
    c.EvtDeviceReleaseHardware = on_release;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &c);
}

static unsigned live_interrupts(void)
{
    unsigned n = 0;
    LIST_ENTRY *head = &fx()->own->parts[FX_STAGE_INTERRUPT];
    for (LIST_ENTRY *e = head->Flink; e != head; e = e->Flink)
        n++;
    return n;
}

/* RULE K-INT-3: An interrupt that is created in EvtDevicePrepareHardware, from descriptors, goes after EvtDeviceReleaseHardware. */
/* RULE K-INT-1: In EvtDevicePrepareHardware an interrupt needs both descriptors and the default for ShareVector. */
TEST(K_INT_1_3_prepare_hardware)
{
    reset(0);
    plan.init = preparing;
    go(1, 2);
    log_is("Prepare I0.Enable I1.Enable");
    assert_int_equal(live_interrupts(), 2);
    ring(2);
    log_is("I1.isr I1.dpc");
    assert_int_equal(messages_seen, 2);
    pnp_query_stop(node), pnp_stop(node);
    log_is("I1.Disable I0.Disable Release");
    assert_int_equal(live_interrupts(), 0);
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    log_is("Prepare I0.Enable I1.Enable");
    end();
}

/* ---- Resources ---- */

static WDF_INTERRUPT_INFO info_of(unsigned i)
{
    WDF_INTERRUPT_INFO info;
    WDF_INTERRUPT_INFO_INIT(&info);
    WdfInterruptGetInfo(interrupts[i], &info);
    return info;
}

static WDF_INTERRUPT_INFO before;
static void add_and_look(WDFDEVICE d)
{
    add(d);
    before = info_of(0);
}

/* RULE K-INT-2: The n-th interrupt object gets the n-th interrupt resource, a message descriptor serves as many objects as it has messages, and who is left stays silent. */
/* RULE K-INT-2: WdfInterruptGetInfo tells vector, level, mode and message; zeros before the start. */
/* RULE K-PNP-21: An interrupt without a resource is skipped silently. */
TEST(K_INT_2_assignment)
{
    reset(4);
    plan.add = add_and_look;
    go(2, 2); /* a line, then two messages */
    log_is("Prepare D0Entry(Final) I0.Enable I1.Enable I2.Enable Post(Final) Init");
    assert_true(before.Vector == 0 && before.Irql == 0 && before.TargetProcessorSet == 0);
    WDF_INTERRUPT_INFO line = info_of(0), first = info_of(1), second = info_of(2), none = info_of(3);
    assert_true(line.Vector == CARD_VECTOR && line.Irql == CARD_DIRQL && line.Mode == LevelSensitive && !line.MessageSignaled);
    assert_true(line.ShareDisposition == CmResourceShareShared && line.TargetProcessorSet == 3);
    assert_true(first.MessageSignaled && first.MessageNumber == 0 && first.Vector == CARD_VECTOR + 1 && first.Mode == Latched);
    assert_true(second.MessageNumber == 1 && second.Vector == CARD_VECTOR + 2);
    assert_true(none.Vector == 0 && !WdfInterruptWdmGetInterrupt(interrupts[3]) && WdfInterruptWdmGetInterrupt(interrupts[0]));
    assert_true(WdfInterruptGetDevice(interrupts[2]) == device);
    card.cause = 1;
    interrupt_pulse(interrupt_line(second.Vector));
    KeStallExecutionProcessor(1);
    log_is("I2.isr I2.dpc");
    assert_int_equal(messages_seen, 2);
    end();
}

/* RULE K-INT-8: WdfInterruptSetPolicy and WdfInterruptSetExtendedPolicy are told by WdfInterruptGetInfo. */
TEST(K_INT_8_policy)
{
    WDF_INTERRUPT_EXTENDED_POLICY extended;
    begin(2);
    WdfInterruptSetPolicy(interrupts[0], WdfIrqPolicySpecifiedProcessors, WdfIrqPriorityHigh, 1);
    WDF_INTERRUPT_EXTENDED_POLICY_INIT(&extended);
    extended.Policy = WdfIrqPolicyOneCloseProcessor, extended.Priority = WdfIrqPriorityLow;
    WdfInterruptSetExtendedPolicy(interrupts[1], &extended);
    WDF_INTERRUPT_INFO first = info_of(0), second = info_of(1);
    assert_true(first.Policy == WdfIrqPolicySpecifiedProcessors && first.Priority == WdfIrqPriorityHigh);
    assert_true(second.Policy == WdfIrqPolicyOneCloseProcessor && second.Priority == WdfIrqPriorityLow);
    end();
}

/* ---- Locks ---- */

static BOOLEAN on_synchronize(WDFINTERRUPT interrupt, WDFCONTEXT context)
{
    irql_seen[3] = KeGetCurrentIrql();
    ULONG seen = isrs;
    card_event(&card, 1);
    KeStallExecutionProcessor(1);
    return context != NULL && isrs == seen;
}

/* RULE K-INT-6: WdfInterruptSynchronize and WdfInterruptAcquireLock raise to SynchronizeIrql and keep the ISR out. */
TEST(K_INT_6_locks)
{
    begin(1);
    log_clear();
    assert_true(WdfInterruptSynchronize(interrupts[0], on_synchronize, &card));
    KeStallExecutionProcessor(1);
    assert_int_equal(irql_seen[3], CARD_DIRQL);
    log_is("I0.isr I0.dpc");
    assert_false(WdfInterruptSynchronize(interrupts[0], on_synchronize, NULL));
    KeStallExecutionProcessor(1);
    log_clear();
    WdfInterruptAcquireLock(interrupts[0]);
    assert_int_equal(KeGetCurrentIrql(), CARD_DIRQL);
    ring(1);
    log_is("");
    WdfInterruptReleaseLock(interrupts[0]);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    log_is("I0.isr I0.dpc");
    end();
}

static void add_with_shared_lock(WDFDEVICE d)
{
    WdfSpinLockCreate(WDF_NO_OBJECT_ATTRIBUTES, &spin_lock);
    config[0].SpinLock = config[1].SpinLock = spin_lock;
    add(d);
}

static void start_sharing(void)
{
    static struct card_list raw, translated;
    reset(2);
    plan.add = add_with_shared_lock;
    boot();
    answers.quiet_bus = true;
    card_fill(&raw, 2, 0, true), card_fill(&translated, 2, 0, false);
    translated.list.List[0].PartialResourceList.PartialDescriptors[3].u.Interrupt.Level = 9;
    node->raw = &raw.list, node->translated = &translated.list;
    assert_int_equal(pnp_start(node), STATUS_SUCCESS);
    log_clear();
}

/* RULE K-INT-6: Interrupts that share a spin lock of the driver's run at the highest of their levels. */
TEST(K_INT_6_shared_lock)
{
    start_sharing();
    ring(1);
    assert_int_equal(irql_seen[0], 9);
    WdfInterruptAcquireLock(interrupts[0]);
    assert_int_equal(KeGetCurrentIrql(), 9);
    WdfInterruptReleaseLock(interrupts[0]);
    end();
}

/* RULE K-SYN-11: A spin lock that was given to an interrupt is not acquired with WdfSpinLockAcquire. */
TEST(K_SYN_11_of_interrupt, MISUSE, .rule = "K-SYN-11")
{
    start_sharing();
    WdfSpinLockAcquire(spin_lock);
}

static void add_and_lock(WDFDEVICE d)
{
    add(d);
    WdfInterruptAcquireLock(interrupts[0]);
}

/* RULE K-INT-6: The lock of an interrupt that is not connected yet is not acquired. */
TEST(K_INT_6_not_connected, MISUSE, .rule = "K-INT-6")
{
    reset(1);
    plan.add = add_and_lock;
    go(1, 0);
}

/* RULE K-INT-6: WdfInterruptTryToAcquireLock is for passive interrupts only. */
TEST(K_INT_6_try, MISUSE, .rule = "K-INT-6")
{
    begin(1);
    WdfInterruptTryToAcquireLock(interrupts[0]);
}

/* RULE V-WDF-37: The lock of an interrupt is released by who acquired it. */
TEST(V_WDF_37_release, MISUSE, .rule = "V-WDF-37")
{
    begin(1);
    WdfInterruptReleaseLock(interrupts[0]);
}

static void keep_lock(WDFREQUEST request) { WdfInterruptAcquireLock(interrupts[0]); }

/* RULE V-WDF-37: A callback that returns with the lock of an interrupt held is reported. */
TEST(V_WDF_37_kept, .code = 0xC4, .p1 = 0x4000A)
{
    reset(1);
    plan.queue = sequential, plan.handle = keep_lock;
    go(1, 0);
    send(IRP_MJ_READ, 4);
}

static void wait_then(void) { pass_ms(1); }

/* RULE K-INT-4: With passive handling EvtInterruptIsr, Enable and Disable run at PASSIVE_LEVEL under a wait lock. */
/* RULE K-INT-6: The lock of a passive interrupt is a wait lock, and can be tried. */
TEST(K_INT_4_6_passive)
{
    reset(1);
    config[0].PassiveHandling = TRUE;
    go(1, 0);
    log_clear();
    assert_int_equal(irql_seen[2], PASSIVE_LEVEL);
    ring(1), wait_then();
    log_is("I0.isr I0.dpc I0.dpc"); /* below DISPATCH_LEVEL a DPC runs at once */
    assert_int_equal(irql_seen[0], PASSIVE_LEVEL);
    WdfInterruptAcquireLock(interrupts[0]);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    ring(1), wait_then();
    log_is("");
    WdfInterruptReleaseLock(interrupts[0]);
    wait_then();
    log_is("I0.isr I0.dpc I0.dpc");
    assert_true(WdfInterruptTryToAcquireLock(interrupts[0]));
    WdfInterruptReleaseLock(interrupts[0]);
    end();
}

/* RULE V-WDF-35: The lock of a passive interrupt is not waited for above PASSIVE_LEVEL. */
TEST(V_WDF_35_passive, MISUSE, .rule = "V-WDF-35")
{
    reset(1);
    config[0].PassiveHandling = TRUE;
    go(1, 0);
    KeRaiseIrqlToDpcLevel();
    WdfInterruptAcquireLock(interrupts[0]);
}

/* ---- Forced by the driver, reported inactive ---- */

/* RULE K-INT-7: WdfInterruptDisable disables and disconnects, and the power machine leaves that interrupt alone until WdfInterruptEnable. */
TEST(K_INT_7_forced)
{
    begin(2);
    log_clear();
    WdfInterruptDisable(interrupts[0]);
    log_is("I0.Disable");
    isrs = 0, card.enable = 1, ring(1);
    assert_int_equal(isrs, 0);
    card.cause = card.enable = 0, card_update(&card);
    po_system_sleep(PowerSystemSleeping3, PowerActionSleep);
    log_is("Suspend Pre(D3) I1.Disable D0Exit(D3)");
    po_system_resume();
    pass_ms(1);
    log_is("D0Entry(D3) I1.Enable Post(D3) Restart");
    WdfInterruptEnable(interrupts[0]);
    log_is("I0.Enable");
    ring(1);
    log_is("I0.isr I0.dpc");
    end();
}

/* RULE K-INT-8: WdfInterruptReportInactive is for interrupts that were created so. */
TEST(K_INT_8_report, MISUSE, .rule = "K-INT-8")
{
    begin(1);
    WdfInterruptReportInactive(interrupts[0]);
}

/* RULE K-INT-8: A soft-disconnect interrupt that is reported inactive is not delivered until it is active again. */
/* RULE K-PNP-35: Such an interrupt stays connected while the device sleeps, reported inactive. */
TEST(K_INT_8_soft_disconnect)
{
    reset(1);
    config[0].ReportInactiveOnPowerDown = WdfTrue;
    go(1, 0);
    log_clear();
    WdfInterruptReportInactive(interrupts[0]);
    ring(1);
    log_is("");
    WdfInterruptReportActive(interrupts[0]);
    KeStallExecutionProcessor(1);
    log_is("I0.isr I0.dpc");
    po_system_sleep(PowerSystemSleeping3, PowerActionSleep);
    log_is("Suspend Pre(D3) I0.Disable D0Exit(D3)");
    assert_true(WdfInterruptWdmGetInterrupt(interrupts[0]) != NULL);
    card.enable = 1, ring(1);
    log_is("");
    card.enable = card.cause = 0, card_update(&card);
    po_system_resume();
    pass_ms(1);
    log_is("D0Entry(D3) I0.Enable Post(D3) Restart");
    end();
}

static void add_not_pageable(WDFDEVICE d)
{
    add(d);
    WdfDeviceSetSpecialFileSupport(d, WdfSpecialFilePaging, TRUE);
}

static void not_pageable(PWDFDEVICE_INIT init)
{
    pnp_callbacks(init);
    WdfDeviceInitSetPowerNotPageable(init);
}

/* RULE K-PNP-35: The interrupts of a device that is not power-pageable stay connected over a sleep, and are disconnected when it is stopped. */
TEST(K_PNP_35_not_pageable)
{
    reset(1);
    plan.init = not_pageable, plan.add = add_not_pageable;
    go(1, 0);
    log_clear();
    PKINTERRUPT connected = WdfInterruptWdmGetInterrupt(interrupts[0]);
    po_system_sleep(PowerSystemSleeping3, PowerActionSleep);
    log_is("Suspend Pre(D3) I0.Disable D0Exit(D3)");
    assert_true(connected && WdfInterruptWdmGetInterrupt(interrupts[0]) == connected);
    po_system_resume();
    pass_ms(1);
    pnp_query_stop(node), pnp_stop(node);
    assert_true(WdfInterruptWdmGetInterrupt(interrupts[0]) == NULL);
    end();
}

static bool connected_at_exit;
static NTSTATUS look_at_exit(WDFDEVICE d, WDF_POWER_DEVICE_STATE state)
{
    connected_at_exit = WdfInterruptWdmGetInterrupt(interrupts[2]) != NULL;
    return on_d0_exit(d, state);
}

static void looking_at_exit(PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS c;
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&c);
    c.EvtDeviceD0Exit = look_at_exit;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &c);
}

/* RULE K-PNP-21: When EvtInterruptEnable fails, only interrupts that were enabled before are disabled, in reverse order, and it is disconnected. */
TEST(K_PNP_21_enable_fails)
{
    reset(3);
    plan.init = looking_at_exit;
    boot();
    card_resources(node, 3, 0);
    answers.quiet_bus = true;
    watch_bus();
    enable_status[2] = STATUS_UNSUCCESSFUL;
    assert_int_equal(pnp_start(node), STATUS_DEVICE_POWER_FAILURE);
    log_is("I0.Enable I1.Enable I2.Enable I1.Disable I0.Disable D0Exit(Final)");
    assert_false(connected_at_exit);
    end();
}

static ULONG shared_with_isr;
static void count_in_isr(WDFINTERRUPT interrupt) { shared_with_isr++; }
static struct chance chance_now;

static void any_schedule(void)
{
    reset(1);
    in_isr = count_in_isr;
    shared_with_isr = 0;
    go(1, 0);
    for (int i = 0; i < 6; i++) {
        ring(1);
        WdfInterruptAcquireLock(interrupts[0]);
        shared_with_isr++;
        WdfInterruptReleaseLock(interrupts[0]);
    }
    po_system_sleep(PowerSystemSleeping3, PowerActionSleep);
    card_event(&card, 1);
    po_system_resume();
    pass_ms(1);
    assert_true(dpcs >= 1 && shared_with_isr == 6 + claimed && !card.cause);
    end();
}

static VOID slow_work(WDFINTERRUPT interrupt, WDFOBJECT d)
{
    dpcs++;
    for (int i = 0; i < 3; i++)
        KeStallExecutionProcessor(1); /* others may run */
}

static void any_schedule_of_work(void)
{
    reset(1);
    config[0].EvtInterruptDpc = NULL, config[0].EvtInterruptWorkItem = slow_work;
    go(1, 0);
    for (int i = 0; i < 12; i++)
        ring(1);
    po_system_sleep(PowerSystemSleeping3, PowerActionSleep);
    assert_int_equal(dpcs, promised);
    po_system_resume();
    pass_ms(1);
    ring(1);
    pass_ms(1);
    assert_int_equal(dpcs, promised);
    end();
}

/* RULE K-INT-5: Under any schedule the work item runs once for each time that it was queued, also when it is queued while it runs. */
static void K_INT_5_work_in_any_schedule(void **state)
{
    for (unsigned i = 0; i < 200; i++) {
        chance_now = (struct chance){.policy = i % 2 ? POLICY_PCT : POLICY_RANDOM, .seed = i + 1, .pct_depth = 3, .pct_length = 300, .cpus = 1 + i % 3};
        world_run(any_schedule_of_work, (struct outcome){.chance = &chance_now});
    }
}

/* RULE K-INT-5: Under any schedule an interrupt is answered, its DPC follows, and nothing is left at the removal. */
static void K_INT_5_any_schedule(void **state)
{
    for (unsigned i = 0; i < 60; i++) {
        chance_now = (struct chance){.policy = i % 2 ? POLICY_PCT : POLICY_RANDOM, .seed = i + 1, .pct_depth = 3, .pct_length = 300, .cpus = 1 + i % 3};
        world_run(any_schedule, (struct outcome){.chance = &chance_now});
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(K_INT_4_5_7_line), cmocka_unit_test(K_INT_5_work_item), cmocka_unit_test(K_INT_5_wrong_dpc),
        cmocka_unit_test(K_INT_5_wrong_work_item), cmocka_unit_test(K_INT_1_creation), cmocka_unit_test(K_INT_1_3_prepare_hardware),
        cmocka_unit_test(K_INT_2_assignment), cmocka_unit_test(K_INT_8_policy), cmocka_unit_test(K_INT_6_locks), cmocka_unit_test(K_INT_6_shared_lock),
        cmocka_unit_test(K_SYN_11_of_interrupt), cmocka_unit_test(K_INT_6_not_connected), cmocka_unit_test(K_INT_6_try),
        cmocka_unit_test(V_WDF_37_release), cmocka_unit_test(V_WDF_37_kept), cmocka_unit_test(K_INT_4_6_passive), cmocka_unit_test(V_WDF_35_passive),
        cmocka_unit_test(K_INT_7_forced), cmocka_unit_test(K_INT_8_report), cmocka_unit_test(K_INT_8_soft_disconnect),
        cmocka_unit_test(K_PNP_35_not_pageable), cmocka_unit_test(K_PNP_21_enable_fails), cmocka_unit_test(K_INT_5_any_schedule),
        cmocka_unit_test(K_INT_5_work_in_any_schedule),
    };
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
