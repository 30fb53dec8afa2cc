/*
 * Push locks and rundown references (W-LCK-7). Both are one pointer wide, so a waiter has nothing to queue on: it waits for an event in a record on
 * its own stack, found through the list of waiters here.
 *
 * A push lock's word: bit 0 held, bit 1 exclusively; the readers' count above. A rundown reference: bit 0 rundown has begun, count above.
 */
#include "../ke/ke.h"

struct word_wait {
    const void *word;
    struct word_wait *next;
    KEVENT event;
};

static struct word_wait *waiters;

static void wait_for_change(const void *word, const char *why)
{
    struct word_wait w = {.word = word}, **last = &waiters;
    ke_initialize_event(&w.event, NotificationEvent, FALSE);
    while (*last)
        last = &(*last)->next;
    *last = &w;
    ke_wait_internal(&w.event, why);
}

static void word_changed(const void *word)
{
    for (struct word_wait **w = &waiters; *w;) {
        struct word_wait *found = *w;
        if (found->word != word) {
            w = &found->next;
            continue;
        }
        *w = found->next;
        ke_set_event(&found->event, 0, FALSE);
    }
}

void ex_pushlock_begin(void) { waiters = NULL; }

/* ---- Push locks ---- */

#define PUSH_HELD 1u
#define PUSH_EXCLUSIVE 2u
#define PUSH_READER 4u

static void require_apcs_disabled(uint32_t code, const char *ddi)
{
    if (current_ctx->irql < IRQL_APC && !ke_apcs_disabled())
        bugcheck(0xC4, code, 0, 0, 0, "V-LCK-15", "%s with APCs enabled", ddi);
}

static void push_acquire(uint16_t ddi, volatile ULONG_PTR *lock, bool exclusive)
{
    gate_enter(ddi, trace_object((const void *)lock), 0);
    memory_check((const void *)lock, sizeof *lock, "a push lock");
    require_apcs_disabled(0xEA, ddi_table[ddi].name);
    while (exclusive ? *lock : *lock & PUSH_EXCLUSIVE)
        wait_for_change((const void *)lock, "a push lock");
    *lock = exclusive ? PUSH_HELD | PUSH_EXCLUSIVE : (*lock | PUSH_HELD) + PUSH_READER;
    hb_acquire(lock);
    if (exclusive)
        hb_acquire((const char *)lock + 1);
    gate_leave(0);
}

static void push_release(uint16_t ddi, volatile ULONG_PTR *lock, bool exclusive)
{
    gate_enter(ddi, trace_object((const void *)lock), 0);
    memory_check((const void *)lock, sizeof *lock, "a push lock");
    require_apcs_disabled(0xEB, ddi_table[ddi].name);
    if (!(*lock & PUSH_HELD) || !(*lock & PUSH_EXCLUSIVE) == exclusive)
        bugcheck(0xC4, *lock & PUSH_HELD ? 0x1009 : 0x1007, 0, 0, 0, *lock & PUSH_HELD ? "V-LCK-22" : "V-LCK-5",
                 "%s: the push lock is not held that way", ddi_table[ddi].name);
    hb_release(exclusive ? (const char *)lock : (const char *)lock + 1);
    *lock = exclusive ? 0 : *lock - PUSH_READER;
    if (*lock < PUSH_READER) {
        *lock = 0;
        word_changed((const void *)lock);
    }
    gate_leave(0);
}

VOID ExInitializePushLock(ULONG_PTR *PushLock)
{
    gate_enter(DDI_ExInitializePushLock, trace_object(PushLock), 0);
    memory_check(PushLock, sizeof *PushLock, "ExInitializePushLock");
    *PushLock = 0;
    gate_leave(0);
}

VOID ExAcquirePushLockExclusiveEx(ULONG_PTR *PushLock, ULONG Flags) { push_acquire(DDI_ExAcquirePushLockExclusiveEx, PushLock, true); }
VOID ExAcquirePushLockSharedEx(ULONG_PTR *PushLock, ULONG Flags) { push_acquire(DDI_ExAcquirePushLockSharedEx, PushLock, false); }
VOID ExReleasePushLockExclusiveEx(ULONG_PTR *PushLock, ULONG Flags) { push_release(DDI_ExReleasePushLockExclusiveEx, PushLock, true); }
VOID ExReleasePushLockSharedEx(ULONG_PTR *PushLock, ULONG Flags) { push_release(DDI_ExReleasePushLockSharedEx, PushLock, false); }

/* ---- Rundown protection ---- */

#define RUNDOWN_ACTIVE 1u
#define RUNDOWN_ONE 2u

VOID ExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    gate_enter(DDI_ExInitializeRundownProtection, trace_object(RunRef), 0);
    memory_check(RunRef, sizeof *RunRef, "ExInitializeRundownProtection");
    RunRef->Count = 0;
    gate_leave(0);
}

VOID ExReInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    gate_enter(DDI_ExReInitializeRundownProtection, trace_object(RunRef), 0);
    if (RunRef->Count != RUNDOWN_ACTIVE)
        bugcheck(OWN_RULE, 0, 0, 0, 0, "W-LCK-7", "ExReInitializeRundownProtection before the rundown completed");
    RunRef->Count = 0;
    gate_leave(0);
}

BOOLEAN ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    gate_enter(DDI_ExAcquireRundownProtectionEx, trace_object(RunRef), Count);
    memory_check(RunRef, sizeof *RunRef, "ExAcquireRundownProtection");
    BOOLEAN taken = !(RunRef->Count & RUNDOWN_ACTIVE);
    if (taken)
        RunRef->Count += RUNDOWN_ONE * Count;
    gate_leave(taken);
    return taken;
}

BOOLEAN ExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    gate_enter(DDI_ExAcquireRundownProtection, trace_object(RunRef), 1);
    memory_check(RunRef, sizeof *RunRef, "ExAcquireRundownProtection");
    BOOLEAN taken = !(RunRef->Count & RUNDOWN_ACTIVE);
    if (taken)
        RunRef->Count += RUNDOWN_ONE;
    gate_leave(taken);
    return taken;
}

static void rundown_release(PEX_RUNDOWN_REF ref, ULONG count)
{
    memory_check(ref, sizeof *ref, "ExReleaseRundownProtection");
    if (ref->Count / RUNDOWN_ONE < count)
        bugcheck(OWN_RULE, ref->Count / RUNDOWN_ONE, count, 0, 0, "W-LCK-7", "rundown protection is released more often than acquired");
    hb_release(ref);
    ref->Count -= RUNDOWN_ONE * count;
    if (ref->Count == RUNDOWN_ACTIVE)
        word_changed(ref);
}

VOID ExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    gate_enter(DDI_ExReleaseRundownProtection, trace_object(RunRef), 1);
    rundown_release(RunRef, 1);
    gate_leave(0);
}

VOID ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    gate_enter(DDI_ExReleaseRundownProtectionEx, trace_object(RunRef), Count);
    rundown_release(RunRef, Count);
    gate_leave(0);
}

VOID ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef)
{
    gate_enter(DDI_ExWaitForRundownProtectionRelease, trace_object(RunRef), 0);
    memory_check(RunRef, sizeof *RunRef, "ExWaitForRundownProtectionRelease");
    RunRef->Count |= RUNDOWN_ACTIVE;
    while (RunRef->Count != RUNDOWN_ACTIVE)
        wait_for_change(RunRef, "rundown protection to be released");
    hb_acquire(RunRef);
    gate_leave(0);
}

VOID ExRundownCompleted(PEX_RUNDOWN_REF RunRef)
{
    gate_enter(DDI_ExRundownCompleted, trace_object(RunRef), 0);
    RunRef->Count = RUNDOWN_ACTIVE;
    gate_leave(0);
}
