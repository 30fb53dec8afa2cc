/*
 * WDM drivers in a tree, for tests of the PnP manager: a bus driver (its FDO is B, its PDOs are P), a function driver (F), two filters below it (L and over it K)
 * and two above (U and over it V). A device of the tree has a number: 0 is the root-enumerated bus; child[n] says what number n is and whether it is there.
 * TEST\DEVICE gets all five drivers, TEST\PLAIN the function driver alone, TEST\HUB the bus driver, anything else none.
 *
 * The drivers write what they see into a log of words: which requests is said by show(), how much of a request by `tell`. With TELL_NAMES a request is one word,
 * its name and the number of the device ("start1"); with TELL_DOWN the devices that saw it follow ("start V1 U1 F1 K1 L1 P1"), with TELL_BOTH also the way up
 * ("... P1 -L1 -K1 ...").
 *
 * A body runs on the pnp context, inside the gate, and calls the PnP manager. in_tree(body) is a life that must end well.
 */
#ifndef TESTS_UNIT_PNP_TREE_H
#define TESTS_UNIT_PNP_TREE_H

#include "unit.h"

#include "nt/image.h"
#include "nt/io/io.h"

#define TREE_DEVICES 10

/* ---- What the test says: plain data, which no life resets ---- */

enum { TELL_NAMES, TELL_DOWN, TELL_BOTH };

struct child {
    unsigned parent;
    bool present;
    const WCHAR *device_id, *instance, *hardware, *compatible; /* the lists: MULTI_SZ */
    bool unique;                  /* capabilities: UniqueID */
    bool stays_when_ejected;
    ULONG port;                   /* not 0: it uses this I/O port and needs one from there on */
    bool tells_bus;               /* answers to QUERY_BUS_INFORMATION */
    PDEVICE_OBJECT pdo;           /* of this life */
};

/* A device answers a request of its own accord, with this. */
struct answer {
    char letter;
    unsigned number;
    UCHAR major, minor;
    NTSTATUS status;
    ULONG_PTR information;
};

/* What F does with the resource requirements. */
enum filtering { FILTERS_NOT, FILTERS_IN_PLACE, FILTERS_BY_ANOTHER, FILTERS_AND_LEAKS };

struct extension;
enum mischief { REPORTS_WELL, REPORTS_TWICE, REPORTS_NULL, REPORTS_DELETED, REPORTS_FDO, REPORTS_UNREFERENCED, REPORTS_FOREIGN, TARGET_UNREFERENCED };

static struct {
    struct child child[TREE_DEVICES];
    struct answer answer[4];
    unsigned answers;
    char add_fails;               /* the letter of the driver whose AddDevice fails, for the device of this number */
    unsigned add_fails_for;
    enum mischief mischief;
    bool logs_drivers;            /* "load:F", "add:F1", "unload:F" */
    int tell;
    uint64_t pnp, power;          /* minors that are logged */
    ULONG_PTR device_state;       /* what F answers to QUERY_PNP_DEVICE_STATE */
    enum filtering filtering;
    ULONG raw, translated;        /* the ports that F was started with */
    void (*at)(char letter, unsigned number, UCHAR major, UCHAR minor); /* driver code, called before the request is handled */
    bool (*instead)(struct extension *x, PIRP irp, PIO_STACK_LOCATION s, NTSTATUS *status); /* driver code that handles the request, or leaves it (false) */
    void (*added)(struct extension *x); /* driver code at the end of AddDevice */
    PDEVICE_OBJECT (*attach)(struct extension *x); /* driver code, in place of IoAttachDeviceToDeviceStack */
    char log[4096];
    size_t logged;
} tree;

#define QUIET_LOG __attribute__((no_sanitize("thread")))

QUIET_LOG __attribute__((unused)) static void tree_reset(void)
{
    memset(&tree, 0, sizeof tree);
}

/* Number `n` is a child of `parent`. */
QUIET_LOG __attribute__((unused)) static void plant(unsigned n, unsigned parent, const WCHAR *device_id, const WCHAR *hardware)
{
    static const WCHAR *const instances[TREE_DEVICES] = {L"0", L"1", L"2", L"3", L"4", L"5", L"6", L"7", L"8", L"9"};
    tree.child[n] = (struct child){.parent = parent, .present = true, .device_id = device_id, .instance = instances[n], .hardware = hardware, .unique = true};
}
#define DEVICE_IDS L"TEST\\DEVICE", L"TEST\\DEVICE\0"
#define PLAIN_IDS L"TEST\\PLAIN", L"TEST\\PLAIN\0"
#define HUB_IDS L"TEST\\HUB", L"TEST\\HUB\0"
#define RAW_IDS L"TEST\\RAW", L"TEST\\RAW\0"

__attribute__((unused)) static void answers(char letter, unsigned number, UCHAR major, UCHAR minor, NTSTATUS status)
{
    tree.answer[tree.answers++] = (struct answer){letter, number, major, minor, status, 0};
}

#define BIT(minor) (1ull << (minor))
#define ALL_MINORS (~0ull)
__attribute__((unused)) static void show(int tell, uint64_t pnp, uint64_t power)
{
    tree.tell = tell, tree.pnp = pnp, tree.power = power;
}

QUIET_LOG static void say(const char *word)
{
    size_t length = strlen(word);
    if (tree.logged + length + 2 > sizeof tree.log)
        return;
    if (tree.logged)
        tree.log[tree.logged++] = ' ';
    for (size_t i = 0; i <= length; i++)
        tree.log[tree.logged + i] = word[i];
    tree.logged += length;
}

/* The log so far is this; it begins anew. */
QUIET_LOG static void log_is_at(const char *expected, int line)
{
    bool same = !strcmp(tree.log, expected);
    if (!same)
        report_line("line %d: the log is\n  %s\nand not\n  %s", line, tree.log, expected);
    tree.logged = 0;
    tree.log[0] = 0;
    unit_assert(same, 1, "the log", __FILE__, line);
}
#define log_is(expected) log_is_at(expected, __LINE__)

/* ---- The drivers ---- */

#pragma clang section text = "drv_text" data = "drv_data" bss = "drv_bss"

struct extension {
    char letter;                  /* 'P': a PDO of the bus driver's */
    unsigned number;
    PDEVICE_OBJECT self, lower, pdo;
    bool reported;                /* in the last answer */
    PIRP wait_wake;
    IO_REMOVE_LOCK lock, other_lock;
};

QUIET_LOG static void say_parts(const char *a, char letter, unsigned number)
{
    char word[48];
    if (letter)
        irpfuzz_snprintf(word, sizeof word, "%s%c%u", a, letter, number);
    else
        irpfuzz_snprintf(word, sizeof word, "%s%u", a, number);
    say(word);
}

static const char *name_of(PIO_STACK_LOCATION s, char *text, size_t size)
{
    static const char *const pnp[] = {"start", "query-remove", "remove", "cancel-remove", "stop", "query-stop", "cancel-stop", "relations", "interface",
                                      "capabilities", "resources", "requirements", "text", "filter", "0e", "read-config", "write-config", "eject", "lock", "id",
                                      "state", "bus-information", "usage", "surprise", "legacy-bus"};
    static const char *const ids[] = {"device", "hardware", "compatible", "instance", "serial", "container"};
    static const char *const relations[] = {"bus", "ejection", "power", "removal", "target", "single"};
    const char *what = "", *name = s->MinorFunction < sizeof pnp / sizeof pnp[0] ? pnp[s->MinorFunction] : "other";
    if (s->MajorFunction == IRP_MJ_POWER) {
        bool system = s->Parameters.Power.Type == SystemPowerState;
        if (s->MinorFunction == IRP_MN_WAIT_WAKE)
            return "wait-wake";
        irpfuzz_snprintf(text, size, "%s%c%d.", s->MinorFunction == IRP_MN_QUERY_POWER ? "query-" : "", system ? 'S' : 'D',
                         system ? (int)s->Parameters.Power.State.SystemState - 1 : (int)s->Parameters.Power.State.DeviceState - 1);
        return text;
    }
    if (s->MinorFunction == IRP_MN_QUERY_ID)
        what = ids[s->Parameters.QueryId.IdType];
    else if (s->MinorFunction == IRP_MN_QUERY_DEVICE_RELATIONS)
        what = relations[s->Parameters.QueryDeviceRelations.Type];
    else if (s->MinorFunction == IRP_MN_QUERY_DEVICE_TEXT)
        what = s->Parameters.QueryDeviceText.DeviceTextType == DeviceTextDescription ? "description" : "location";
    irpfuzz_snprintf(text, size, *what ? "%s.%s" : "%s%s", name, what);
    return text;
}

QUIET_LOG static bool is_shown(PIO_STACK_LOCATION s)
{
    uint64_t minors = s->MajorFunction == IRP_MJ_PNP ? tree.pnp : s->MajorFunction == IRP_MJ_POWER ? tree.power : 0;
    return s->MinorFunction < 64 && minors >> s->MinorFunction & 1;
}

QUIET_LOG static void note_down(struct extension *x, PIO_STACK_LOCATION s)
{
    char text[48];
    if (!is_shown(s))
        return;
    if (!x->self->AttachedDevice) {
        const char *name = name_of(s, text, sizeof text);
        if (tree.tell == TELL_NAMES)
            say_parts(name, 0, x->number);
        else
            say(name);
    }
    if (tree.tell != TELL_NAMES)
        say_parts("", x->letter, x->number);
}

QUIET_LOG static void note_up(struct extension *x, PIO_STACK_LOCATION s)
{
    if (is_shown(s) && tree.tell == TELL_BOTH)
        say_parts("-", x->letter, x->number);
}

static NTSTATUS finish(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS completed_below(PDEVICE_OBJECT device, PIRP irp, PVOID event)
{
    if (irp->PendingReturned)
        KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS forward_and_wait(struct extension *x, PIRP irp)
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, completed_below, &event, TRUE, TRUE, TRUE);
    if (IoCallDriver(x->lower, irp) == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    return irp->IoStatus.Status;
}

static NTSTATUS forward(struct extension *x, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(x->lower, irp);
}

/* ---- The bus: children ---- */

static PDRIVER_OBJECT bus_driver;

static void make_child(unsigned n)
{
    PDEVICE_OBJECT pdo;
    if (!NT_SUCCESS(IoCreateDevice(bus_driver, sizeof(struct extension), NULL, FILE_DEVICE_BUS_EXTENDER, FILE_AUTOGENERATED_DEVICE_NAME, FALSE, &pdo)))
        return;
    struct extension *x = pdo->DeviceExtension;
    *x = (struct extension){.letter = 'P', .number = n, .self = pdo, .pdo = pdo};
    pdo->Flags |= DO_POWER_PAGABLE;
    pdo->Flags &= ~DO_DEVICE_INITIALIZING;
    tree.child[n].pdo = pdo;
}

static bool is_child(unsigned n, unsigned parent) { return n && tree.child[n].device_id && tree.child[n].parent == parent; }

static void delete_child(unsigned n)
{
    PDEVICE_OBJECT pdo = tree.child[n].pdo;
    tree.child[n].pdo = NULL;
    if (pdo)
        IoDeleteDevice(pdo);
}

static ULONG mischief(struct extension *x, DEVICE_RELATIONS *r)
{
    switch (tree.mischief) {
    case REPORTS_TWICE:
        r->Objects[r->Count] = r->Objects[0];
        ObReferenceObject(r->Objects[0]);
        return 1;
    case REPORTS_NULL: r->Objects[r->Count] = NULL; return 1;
    case REPORTS_DELETED: IoDeleteDevice(r->Objects[0]); return 0;
    case REPORTS_FDO:
        r->Objects[r->Count] = x->self;
        ObReferenceObject(x->self);
        return 1;
    case REPORTS_FOREIGN:
        r->Objects[r->Count] = x->pdo;
        ObReferenceObject(x->pdo);
        return 1;
    case REPORTS_UNREFERENCED: ObDereferenceObject(r->Objects[0]); return 0;
    default: return 0;
    }
}

static NTSTATUS report_children(struct extension *x, PIRP irp)
{
    DEVICE_RELATIONS *r = ExAllocatePoolWithTag(PagedPool, sizeof *r + (TREE_DEVICES + 1) * sizeof(PDEVICE_OBJECT), 'sReT');
    if (!r)
        return finish(irp, STATUS_INSUFFICIENT_RESOURCES);
    r->Count = 0;
    for (unsigned n = 1; n < TREE_DEVICES; n++) {
        if (!is_child(n, x->number))
            continue;
        if (tree.child[n].present && !tree.child[n].pdo)
            make_child(n);
        PDEVICE_OBJECT pdo = tree.child[n].pdo;
        if (!pdo)
            continue;
        ((struct extension *)pdo->DeviceExtension)->reported = tree.child[n].present;
        if (tree.child[n].present) {
            ObReferenceObject(pdo);
            r->Objects[r->Count++] = pdo;
        }
    }
    r->Count += mischief(x, r);
    irp->IoStatus.Information = (ULONG_PTR)r;
    irp->IoStatus.Status = STATUS_SUCCESS;
    return STATUS_SUCCESS;
}

/* ---- The bus: what a PDO answers ---- */

static ULONG_PTR multi(const WCHAR *text, bool is_multi)
{
    size_t n = 0;
    while (text[n] || (is_multi && text[n + 1]))
        n++;
    n += is_multi ? 2 : 1;
    WCHAR *copy = ExAllocatePoolWithTag(PagedPool, n * sizeof(WCHAR), 'dIeT');
    if (copy)
        RtlCopyMemory(copy, text, n * sizeof(WCHAR));
    return (ULONG_PTR)copy;
}

static NTSTATUS answer_id(struct extension *x, PIRP irp, BUS_QUERY_ID_TYPE type)
{
    const struct child *c = &tree.child[x->number];
    const WCHAR *text = type == BusQueryDeviceID       ? c->device_id
                        : type == BusQueryInstanceID   ? c->instance
                        : type == BusQueryHardwareIDs  ? c->hardware
                        : type == BusQueryCompatibleIDs ? c->compatible
                                                       : NULL;
    if (!text)
        return finish(irp, irp->IoStatus.Status);
    irp->IoStatus.Information = multi(text, type == BusQueryHardwareIDs || type == BusQueryCompatibleIDs);
    return finish(irp, irp->IoStatus.Information ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES);
}

static NTSTATUS answer_target(struct extension *x, PIRP irp)
{
    DEVICE_RELATIONS *r = ExAllocatePoolWithTag(PagedPool, sizeof *r, 'sReT');
    if (!r)
        return finish(irp, STATUS_INSUFFICIENT_RESOURCES);
    r->Count = 1;
    r->Objects[0] = x->self;
    if (tree.mischief != TARGET_UNREFERENCED)
        ObReferenceObject(x->self);
    irp->IoStatus.Information = (ULONG_PTR)r;
    return finish(irp, STATUS_SUCCESS);
}

static void fill_capabilities(struct extension *x, PDEVICE_CAPABILITIES c)
{
    for (unsigned i = PowerSystemSleeping1; i < PowerSystemMaximum; i++)
        c->DeviceState[i] = PowerDeviceD3;
    c->DeviceState[PowerSystemWorking] = PowerDeviceD0;
    c->SystemWake = PowerSystemSleeping3;
    c->DeviceWake = PowerDeviceD3;
    c->SurpriseRemovalOK = c->Removable = c->EjectSupported = 1;
    c->UniqueID = tree.child[x->number].unique;
    c->Address = c->UINumber = x->number;
}

/* ---- The bus: resources ---- */

static NTSTATUS answer_resources(struct extension *x, PIRP irp)
{
    ULONG port = tree.child[x->number].port;
    CM_RESOURCE_LIST *list = port ? ExAllocatePoolWithTag(PagedPool, sizeof *list, 'sReT') : NULL;
    if (!list)
        return finish(irp, irp->IoStatus.Status);
    RtlZeroMemory(list, sizeof *list);
    list->Count = 1;
    list->List[0].PartialResourceList.Version = list->List[0].PartialResourceList.Revision = list->List[0].PartialResourceList.Count = 1;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR d = list->List[0].PartialResourceList.PartialDescriptors;
    d->Type = CmResourceTypePort;
    d->u.Port.Start.QuadPart = port;
    d->u.Port.Length = 8;
    irp->IoStatus.Information = (ULONG_PTR)list;
    return finish(irp, STATUS_SUCCESS);
}

static NTSTATUS answer_requirements(struct extension *x, PIRP irp)
{
    ULONG port = tree.child[x->number].port;
    IO_RESOURCE_REQUIREMENTS_LIST *list = port ? ExAllocatePoolWithTag(PagedPool, sizeof *list, 'sReT') : NULL;
    if (!list)
        return finish(irp, irp->IoStatus.Status);
    RtlZeroMemory(list, sizeof *list);
    list->ListSize = sizeof *list;
    list->AlternativeLists = 1;
    list->List[0].Version = list->List[0].Revision = 1;
    list->List[0].Count = 1;
    list->List[0].Descriptors[0].Type = CmResourceTypePort;
    list->List[0].Descriptors[0].u.Port.MinimumAddress.QuadPart = port;
    irp->IoStatus.Information = (ULONG_PTR)list;
    return finish(irp, STATUS_SUCCESS);
}

static NTSTATUS answer_bus(struct extension *x, PIRP irp)
{
    static const GUID guid = {0x77778888, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
    PNP_BUS_INFORMATION *bus = tree.child[x->number].tells_bus ? ExAllocatePoolWithTag(PagedPool, sizeof *bus, 'sReT') : NULL;
    if (!bus)
        return finish(irp, irp->IoStatus.Status);
    *bus = (PNP_BUS_INFORMATION){guid, PNPBus, 5};
    irp->IoStatus.Information = (ULONG_PTR)bus;
    return finish(irp, STATUS_SUCCESS);
}

/* F, on the way up. */
static void filter_requirements(PIRP irp)
{
    IO_RESOURCE_REQUIREMENTS_LIST *list = (IO_RESOURCE_REQUIREMENTS_LIST *)irp->IoStatus.Information, *other = list;
    if (!list || tree.filtering == FILTERS_NOT)
        return;
    if (tree.filtering != FILTERS_IN_PLACE) {
        other = ExAllocatePoolWithTag(PagedPool, list->ListSize, 'sReT');
        if (!other)
            return;
        RtlCopyMemory(other, list, list->ListSize);
        if (tree.filtering != FILTERS_AND_LEAKS)
            ExFreePool(list);
    }
    other->List[0].Descriptors[0].u.Port.MinimumAddress.QuadPart += 0x1000;
    irp->IoStatus.Information = (ULONG_PTR)other;
    irp->IoStatus.Status = STATUS_SUCCESS;
}

static ULONG port_of(const CM_RESOURCE_LIST *list)
{
    return list ? list->List[0].PartialResourceList.PartialDescriptors[0].u.Port.Start.LowPart : 0;
}

static NTSTATUS pdo_pnp(struct extension *x, PIRP irp, PIO_STACK_LOCATION s)
{
    switch (s->MinorFunction) {
    case IRP_MN_QUERY_ID: return answer_id(x, irp, s->Parameters.QueryId.IdType);
    case IRP_MN_QUERY_DEVICE_TEXT:
        irp->IoStatus.Information = multi(s->Parameters.QueryDeviceText.DeviceTextType == DeviceTextDescription ? L"a device" : L"a place", false);
        return finish(irp, irp->IoStatus.Information ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES);
    case IRP_MN_QUERY_RESOURCES: return answer_resources(x, irp);
    case IRP_MN_QUERY_RESOURCE_REQUIREMENTS: return answer_requirements(x, irp);
    case IRP_MN_QUERY_BUS_INFORMATION: return answer_bus(x, irp);
    case IRP_MN_QUERY_CAPABILITIES: fill_capabilities(x, s->Parameters.DeviceCapabilities.Capabilities); return finish(irp, STATUS_SUCCESS);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        return s->Parameters.QueryDeviceRelations.Type == TargetDeviceRelation ? answer_target(x, irp) : finish(irp, irp->IoStatus.Status);
    case IRP_MN_EJECT:
        tree.child[x->number].present = tree.child[x->number].stays_when_ejected;
        return finish(irp, STATUS_SUCCESS);
    case IRP_MN_REMOVE_DEVICE: {
        bool gone = !x->reported;
        unsigned n = x->number;
        finish(irp, STATUS_SUCCESS);
        if (gone)
            delete_child(n);
        return STATUS_SUCCESS;
    }
    case IRP_MN_START_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
    case IRP_MN_DEVICE_USAGE_NOTIFICATION: return finish(irp, STATUS_SUCCESS);
    default: return finish(irp, irp->IoStatus.Status);
    }
}

/* ---- FDOs and filters ---- */

static NTSTATUS remove_self(struct extension *x, PIRP irp, PIO_STACK_LOCATION s)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    NTSTATUS status = forward(x, irp);
    for (unsigned n = 1; x->letter == 'B' && n < TREE_DEVICES; n++)
        if (is_child(n, x->number))
            delete_child(n);
    IoDetachDevice(x->lower);
    IoDeleteDevice(x->self);
    return status;
}

static bool says_yes(UCHAR minor)
{
    return minor == IRP_MN_START_DEVICE || minor == IRP_MN_QUERY_STOP_DEVICE || minor == IRP_MN_CANCEL_STOP_DEVICE || minor == IRP_MN_STOP_DEVICE ||
           minor == IRP_MN_QUERY_REMOVE_DEVICE || minor == IRP_MN_CANCEL_REMOVE_DEVICE || minor == IRP_MN_SURPRISE_REMOVAL ||
           minor == IRP_MN_DEVICE_USAGE_NOTIFICATION;
}

static NTSTATUS upper_pnp(struct extension *x, PIRP irp, PIO_STACK_LOCATION s)
{
    if (s->MinorFunction == IRP_MN_REMOVE_DEVICE)
        return remove_self(x, irp, s);
    if (x->letter == 'B' && s->MinorFunction == IRP_MN_QUERY_DEVICE_RELATIONS && s->Parameters.QueryDeviceRelations.Type == BusRelations) {
        NTSTATUS status = report_children(x, irp);
        if (!NT_SUCCESS(status))
            return status;
    }
    if (x->letter == 'F' && s->MinorFunction == IRP_MN_QUERY_PNP_DEVICE_STATE && tree.device_state) {
        irp->IoStatus.Information |= tree.device_state;
        irp->IoStatus.Status = STATUS_SUCCESS;
    }
    if (x->letter == 'F' && s->MinorFunction == IRP_MN_START_DEVICE) {
        tree.raw = port_of(s->Parameters.StartDevice.AllocatedResources);
        tree.translated = port_of(s->Parameters.StartDevice.AllocatedResourcesTranslated);
    }
    if (says_yes(s->MinorFunction))
        irp->IoStatus.Status = STATUS_SUCCESS;
    NTSTATUS status = forward_and_wait(x, irp);
    note_up(x, s);
    if (x->letter == 'F' && s->MinorFunction == IRP_MN_FILTER_RESOURCE_REQUIREMENTS) {
        filter_requirements(irp);
        status = irp->IoStatus.Status;
    }
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

/* ---- Power ---- */

QUIET_LOG static VOID cancel_wait_wake(PDEVICE_OBJECT device, PIRP irp)
{
    ((struct extension *)device->DeviceExtension)->wait_wake = NULL;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    finish(irp, STATUS_CANCELLED);
}

QUIET_LOG static NTSTATUS hold_wait_wake(struct extension *x, PIRP irp)
{
    if (x->wait_wake)
        return finish(irp, STATUS_DEVICE_BUSY);
    IoMarkIrpPending(irp);
    x->wait_wake = irp;
    IoSetCancelRoutine(irp, cancel_wait_wake);
    if (irp->Cancel && IoSetCancelRoutine(irp, NULL)) { /* cancelled on its way */
        x->wait_wake = NULL;
        finish(irp, STATUS_CANCELLED);
    }
    return STATUS_PENDING;
}

static NTSTATUS power(struct extension *x, PIRP irp, PIO_STACK_LOCATION s)
{
    PoStartNextPowerIrp(irp);
    if (x->letter != 'P') {
        IoSkipCurrentIrpStackLocation(irp);
        return PoCallDriver(x->lower, irp);
    }
    if (s->MinorFunction == IRP_MN_WAIT_WAKE)
        return hold_wait_wake(x, irp);
    return finish(irp, s->MinorFunction == IRP_MN_SET_POWER || s->MinorFunction == IRP_MN_QUERY_POWER ? STATUS_SUCCESS : irp->IoStatus.Status);
}

/* ---- All of them ---- */

QUIET_LOG static const struct answer *told_to_answer(struct extension *x, PIO_STACK_LOCATION s)
{
    for (unsigned i = 0; i < tree.answers; i++) {
        const struct answer *a = &tree.answer[i];
        if (a->letter == x->letter && a->number == x->number && a->major == s->MajorFunction && a->minor == s->MinorFunction)
            return a;
    }
    return NULL;
}

static NTSTATUS tree_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *x = device->DeviceExtension;
    PIO_STACK_LOCATION s = IoGetCurrentIrpStackLocation(irp);
    note_down(x, s);
    if (tree.at)
        tree.at(x->letter, x->number, s->MajorFunction, s->MinorFunction);
    NTSTATUS status;
    if (tree.instead && tree.instead(x, irp, s, &status))
        return status;
    const struct answer *a = told_to_answer(x, s);
    if (a)
        return finish(irp, a->status);
    switch (s->MajorFunction) {
    case IRP_MJ_PNP: return x->letter == 'P' ? pdo_pnp(x, irp, s) : upper_pnp(x, irp, s);
    case IRP_MJ_POWER: return power(x, irp, s);
    case IRP_MJ_SYSTEM_CONTROL: return x->letter == 'P' ? finish(irp, irp->IoStatus.Status) : forward(x, irp);
    case IRP_MJ_CREATE:
    case IRP_MJ_CLEANUP:
    case IRP_MJ_CLOSE:
    case IRP_MJ_READ: return x->letter == 'F' || x->letter == 'P' || x->letter == 'B' ? finish(irp, STATUS_SUCCESS) : forward(x, irp);
    default: return finish(irp, STATUS_INVALID_DEVICE_REQUEST);
    }
}

static NTSTATUS tree_add(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo, char letter)
{
    PDEVICE_OBJECT device;
    unsigned number = pdo->DriverObject == bus_driver ? ((struct extension *)pdo->DeviceExtension)->number : 0;
    if (tree.logs_drivers)
        say_parts("add:", letter, number);
    if (tree.add_fails == letter && tree.add_fails_for == number)
        return STATUS_UNSUCCESSFUL;
    NTSTATUS status = IoCreateDevice(driver, sizeof(struct extension), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    struct extension *x = device->DeviceExtension;
    *x = (struct extension){.letter = letter, .number = number, .self = device, .pdo = pdo};
    x->lower = tree.attach ? tree.attach(x) : IoAttachDeviceToDeviceStack(device, pdo);
    if (!x->lower) {
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    device->Flags |= DO_POWER_PAGABLE;
    if (tree.added)
        tree.added(x);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static char letter_of(PDRIVER_OBJECT driver);

static VOID tree_unload(PDRIVER_OBJECT driver)
{
    char word[] = "unload:?";
    word[7] = letter_of(driver);
    if (tree.logs_drivers)
        say(word);
}

static int tree_entry(PDRIVER_OBJECT driver, char letter, PDRIVER_ADD_DEVICE add)
{
    char word[] = "load:?";
    word[5] = letter;
    if (tree.logs_drivers)
        say(word);
    if (letter == 'B')
        bus_driver = driver;
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->MajorFunction[i] = tree_dispatch;
    driver->DriverExtension->AddDevice = add;
    driver->DriverUnload = tree_unload;
    return STATUS_SUCCESS;
}

#define TREE_DRIVER(letter, name)                                                                                               \
    static NTSTATUS add_##name(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo) { return tree_add(driver, pdo, letter); }             \
    static int entry_##name(void *driver, void *path) { return tree_entry(driver, letter, add_##name); }
TREE_DRIVER('B', bus)
TREE_DRIVER('F', function)
TREE_DRIVER('L', lower)
TREE_DRIVER('K', lower2)
TREE_DRIVER('U', upper)
TREE_DRIVER('V', upper2)

static char letter_of(PDRIVER_OBJECT driver)
{
    PDRIVER_ADD_DEVICE add = driver->DriverExtension->AddDevice;
    return add == add_bus ? 'B' : add == add_function ? 'F' : add == add_lower ? 'L' : add == add_lower2 ? 'K' : add == add_upper ? 'U' : 'V';
}

#pragma clang section text = "" data = "" bss = ""

#define TREE_IMAGE(image)                                                                                        \
    static const struct driver_image image_##image = {.name = #image, .entry = entry_##image};                   \
    __attribute__((section("drv_images"), used)) static const struct driver_image *const registered_##image = &image_##image;
TREE_IMAGE(bus)
TREE_IMAGE(function)
TREE_IMAGE(lower)
TREE_IMAGE(lower2)
TREE_IMAGE(upper)
TREE_IMAGE(upper2)

/* ---- Lives ---- */

static const struct pnp_install tree_installed[] = {
    {"TEST\\DEVICE", {"lower", "lower2"}, "function", {"upper", "upper2"}},
    {"TEST\\PLAIN", {NULL}, "function", {NULL}},
    {"TEST\\HUB", {NULL}, "bus", {NULL}},
    {"Root\\BUS", {NULL}, "bus", {NULL}},
};

static struct devnode *root;
static void (*tree_body)(void);
static const struct chance *tree_chance;

/* The devnode of device `n`. */
__attribute__((unused)) static struct devnode *node_of(unsigned n)
{
    return n == 0 ? root : tree.child[n].pdo ? pnp_devnode_of(tree.child[n].pdo) : NULL;
}
__attribute__((unused)) static enum devnode_state state_of(unsigned n)
{
    struct devnode *node = node_of(n);
    return node ? node->state : DEVNODE_REMOVED;
}

/* The bus and what is planted on it. */
__attribute__((unused)) static NTSTATUS grow(void)
{
    NTSTATUS status;
    pnp_set_installed(tree_installed, sizeof tree_installed / sizeof tree_installed[0]);
    root = pnp_create_root_device(NULL, "Root\\BUS", &status);
    assert_int_equal(status, STATUS_SUCCESS);
    status = pnp_start(root);
    pnp_settle();
    return status;
}

/* The bus looks again. */
__attribute__((unused)) static void look_again(unsigned bus)
{
    pnp_invalidate_relations(node_of(bus));
    pnp_settle();
}

__attribute__((unused)) static void fell(void)
{
    pnp_settle();
    if (root->state != DEVNODE_REMOVED)
        assert_int_equal(pnp_remove(root), STATUS_SUCCESS);
    pnp_settle();
}

static void tree_life(void)
{
    for (unsigned n = 0; n < TREE_DEVICES; n++)
        tree.child[n].pdo = NULL;
    tree.logged = 0;
    tree.log[0] = 0;
    tree_body();
}

static void in_tree(void (*body)(void))
{
    tree_body = body;
    unit_life(tree_life, tree_chance);
}

__attribute__((unused)) static void tree_reported(void (*body)(void), const char *rule, uint32_t code, uint64_t p1)
{
    tree_body = body;
    unit_expected_rule = rule;
    unit_expect_bugcheck_by(tree_life, tree_chance, code, p1);
}

/* A file of device `n`, opened as a driver would. */
__attribute__((unused)) static PFILE_OBJECT open_device(unsigned n)
{
    PFILE_OBJECT file;
    assert_int_equal(io_create_file_for_kernel(io_device_name(tree.child[n].pdo), FILE_READ_DATA, &file), STATUS_SUCCESS);
    io_handle_opened(file);
    return file;
}
__attribute__((unused)) static void close_device(PFILE_OBJECT file)
{
    io_handle_closed(file);
    ob_dereference(file);
}

#endif
