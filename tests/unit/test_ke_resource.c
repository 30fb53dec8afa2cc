/* ERESOURCE, push locks, rundown protection: W-LCK-4..7 and their V- rules. */
#include "unit.h"

struct nt_thread *ps_create_system_thread(PKSTART_ROUTINE routine, PVOID context);

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

static ERESOURCE resource;
static EX_PUSH_LOCK push;
static EX_RUNDOWN_REF rundown;
static KEVENT go, done;
static LONG shared_count;

static VOID NTAPI want_resource_exclusively(PVOID context)
{
    (void)context;
    KeEnterCriticalRegion();
    KeSetEvent(&go, 0, FALSE);
    ExAcquireResourceExclusiveLite(&resource, TRUE);
    shared_count++;
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
}

static VOID NTAPI want_resource_shared(PVOID context)
{
    (void)context;
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&resource, TRUE);
    KeSetEvent(&go, 0, FALSE);
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
}

static VOID NTAPI release_resource(PVOID context)
{
    (void)context;
    KeEnterCriticalRegion();
    ExReleaseResourceLite(&resource);
}

static VOID NTAPI end_rundown_user(PVOID context)
{
    (void)context;
    KeWaitForSingleObject(&go, Executive, KernelMode, FALSE, NULL);
    shared_count = 7;
    ExReleaseRundownProtection(&rundown);
}

#pragma clang section text = "" data = "" bss = ""

static void begin(void)
{
    shared_count = 0;
    ExInitializePushLock(&push);
    ExInitializeRundownProtection(&rundown);
    KeInitializeEvent(&go, NotificationEvent, FALSE);
    KeInitializeEvent(&done, NotificationEvent, FALSE);
}

static struct nt_thread *start(PKSTART_ROUTINE routine, ULONG_PTR context) { return ps_create_system_thread(routine, (PVOID)context); }

static void join(struct nt_thread *thread)
{
    ke_wait_for_single_object(thread, Executive, KernelMode, FALSE, NULL);
    ob_dereference(thread);
}

static void wait_for(PKEVENT event) { KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL); }

#define TEST(name) static void name(void **state)
#define LIFE(body) ((void)state, unit_life(body, NULL))
#define BUGCHECK(body, code, p1) ((void)state, unit_expect_bugcheck(body, code, p1))

/* ---- ERESOURCE ---- */

static void resource_modes(void)
{
    begin();
    assert_int_equal(ExInitializeResourceLite(&resource), STATUS_SUCCESS);
    KeEnterCriticalRegion();
    assert_true(ExAcquireResourceExclusiveLite(&resource, FALSE));
    assert_true(ExAcquireResourceExclusiveLite(&resource, FALSE));
    assert_true(ExAcquireResourceSharedLite(&resource, FALSE));
    assert_true(ExIsResourceAcquiredExclusiveLite(&resource));
    assert_int_equal(ExIsResourceAcquiredSharedLite(&resource), 3);
    ExReleaseResourceLite(&resource);
    ExReleaseResourceLite(&resource);
    ExConvertExclusiveToSharedLite(&resource);
    assert_false(ExIsResourceAcquiredExclusiveLite(&resource));
    assert_int_equal(ExIsResourceAcquiredSharedLite(&resource), 1);
    ExSetResourceOwnerPointer(&resource, (PVOID)(ULONG_PTR)0x1003);
    ExReleaseResourceForThreadLite(&resource, 0x1003);
    assert_int_equal(ExIsResourceAcquiredSharedLite(&resource), 0);
    KeLeaveCriticalRegion();
    ExDeleteResourceLite(&resource);
}
/* RULE W-LCK-4: An ERESOURCE is recursive and belongs to a thread. */
/* RULE W-LCK-6: Converting an ERESOURCE keeps the hold as a shared one; an owner pointer lets another thread release it. */
TEST(W_LCK_4_6_resource_ownership) { LIFE(resource_modes); }

static void resource_grants(void)
{
    begin();
    ExInitializeResourceLite(&resource);
    struct nt_thread *sharer = start(want_resource_shared, 0);
    wait_for(&go);
    KeClearEvent(&go);
    KeEnterCriticalRegion();
    assert_false(ExAcquireResourceExclusiveLite(&resource, FALSE));
    assert_true(ExAcquireResourceSharedLite(&resource, FALSE)); /* nobody waits exclusively */
    struct nt_thread *wanter = start(want_resource_exclusively, 0);
    wait_for(&go);
    sched_settle();
    assert_int_equal(ExGetExclusiveWaiterCount(&resource), 1);
    assert_true(ExAcquireResourceSharedLite(&resource, FALSE));       /* it owns it already */
    assert_true(ExAcquireSharedStarveExclusive(&resource, FALSE));    /* ignores who waits */
    assert_false(ExAcquireSharedWaitForExclusive(&resource, FALSE));  /* lets the waiter go first */
    for (int i = 0; i < 3; i++)
        ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    KeSetEvent(&done, 0, FALSE);
    join(sharer);
    join(wanter);
    assert_int_equal(shared_count, 1);
    ExDeleteResourceLite(&resource);
}
/* RULE W-LCK-5: Each way to acquire an ERESOURCE succeeds at once or waits by who holds it and whether an exclusive waiter is there. */
TEST(W_LCK_5_resource_grant_rules) { LIFE(resource_grants); }

static void resource_upgrade(void)
{
    begin();
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&resource, TRUE);
    ExAcquireResourceExclusiveLite(&resource, TRUE);
}
/* RULE V-LCK-16: A shared owner that asks for the resource exclusively waits for itself, 0xC4/0x1000. */
TEST(V_LCK_16_shared_to_exclusive) { BUGCHECK(resource_upgrade, 0xC4, 0x1000); }

static void resource_apcs_acquire(void)
{
    begin();
    ExInitializeResourceLite(&resource);
    ExAcquireResourceSharedLite(&resource, TRUE);
}
static void resource_apcs_release(void)
{
    begin();
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&resource, TRUE);
    KeLeaveCriticalRegion();
    ExReleaseResourceLite(&resource);
}
/* RULE V-LCK-13: An ERESOURCE is acquired (else bug check 0xC4/0x37) and released (else 0xC4/0x38) with kernel APCs disabled. */
TEST(V_LCK_13_within_critical_region)
{
    BUGCHECK(resource_apcs_acquire, 0xC4, 0x37);
    BUGCHECK(resource_apcs_release, 0xC4, 0x38);
}

static void resource_not_owned(void)
{
    begin();
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&resource, TRUE);
    join(start(release_resource, 0));
}
/* RULE V-LCK-12: A release by a thread that does not own the resource is bug check 0xE3. */
TEST(V_LCK_12_resource_not_owned) { BUGCHECK(resource_not_owned, 0xE3, ~0ull); }

static void resource_twice(void)
{
    ExInitializeResourceLite(&resource);
    ExInitializeResourceLite(&resource);
}
static void resource_uninitialised(void) { ExDeleteResourceLite(&resource); }
static void resource_misaligned(void) { ExInitializeResourceLite((PERESOURCE)((char *)&resource + 4)); }
/* RULE V-MEM-20: An ERESOURCE initialised twice is bug check 0xC4/0xD0, one deleted without that 0xC4/0xD1, one not aligned to 8 bytes 0xC4/0x3D. */
TEST(V_MEM_20_resource_state)
{
    BUGCHECK(resource_twice, 0xC4, 0xD0);
    BUGCHECK(resource_uninitialised, 0xC4, 0xD1);
    BUGCHECK(resource_misaligned, 0xC4, 0x3D);
}

static void resource_freed(void)
{
    PERESOURCE r = ExAllocatePoolZero(NonPagedPool, sizeof *r, 'tseT');
    ExInitializeResourceLite(r);
    ExFreePoolWithTag(r, 'tseT');
}
/* RULE V-MEM-9: Pool with an ERESOURCE in it that was not deleted may not be freed: bug check 0xC4/0xD2. */
TEST(V_MEM_9_resource_in_freed_pool) { BUGCHECK(resource_freed, 0xC4, 0xD2); }

/* ---- Push locks, rundown ---- */

static void push_lock(void)
{
    begin();
    KeEnterCriticalRegion();
    ExAcquirePushLockShared(&push);
    ExAcquirePushLockShared(&push);
    ExReleasePushLockShared(&push);
    ExReleasePushLockShared(&push);
    ExAcquirePushLockExclusive(&push);
    ExReleasePushLockExclusive(&push);
    assert_int_equal(push, 0);
    KeLeaveCriticalRegion();
}
static void rundown_protection(void)
{
    begin();
    assert_true(ExAcquireRundownProtection(&rundown));
    struct nt_thread *t = start(end_rundown_user, 0);
    KeSetEvent(&go, 0, FALSE);
    ExWaitForRundownProtectionRelease(&rundown);
    assert_int_equal(shared_count, 7);
    assert_false(ExAcquireRundownProtection(&rundown));
    ExReInitializeRundownProtection(&rundown);
    assert_true(ExAcquireRundownProtection(&rundown));
    ExReleaseRundownProtection(&rundown);
    join(t);
}
/* RULE W-LCK-7: A push lock is shared or exclusive; rundown protection is refused once the rundown began and waits for its users. */
TEST(W_LCK_7_push_lock_and_rundown)
{
    LIFE(push_lock);
    LIFE(rundown_protection);
}

static void push_apcs(void)
{
    begin();
    ExAcquirePushLockExclusive(&push);
}
static void push_apcs_release(void)
{
    begin();
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&push);
    KeLeaveCriticalRegion();
    ExReleasePushLockExclusive(&push);
}
/* RULE V-LCK-15: A push lock is acquired (else bug check 0xC4/0xEA) and released (else 0xC4/0xEB) with APCs disabled. */
TEST(V_LCK_15_push_lock_apcs)
{
    BUGCHECK(push_apcs, 0xC4, 0xEA);
    BUGCHECK(push_apcs_release, 0xC4, 0xEB);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_LCK_4_6_resource_ownership),
        cmocka_unit_test(W_LCK_5_resource_grant_rules),
        cmocka_unit_test(V_LCK_16_shared_to_exclusive),
        cmocka_unit_test(V_LCK_13_within_critical_region),
        cmocka_unit_test(V_LCK_12_resource_not_owned),
        cmocka_unit_test(V_MEM_20_resource_state),
        cmocka_unit_test(V_MEM_9_resource_in_freed_pool),
        cmocka_unit_test(W_LCK_7_push_lock_and_rundown),
        cmocka_unit_test(V_LCK_15_push_lock_apcs),
    };
    return cmocka_run_group_tests(tests);
}
