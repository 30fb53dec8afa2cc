/*
 * Mappings of device memory (W-HAL-3, 4), and the register behind an address or a port.
 *
 * Design: a mapping has addresses of its own, where nothing is: only the register DDIs reach the device, and a plain load or store of a driver there
 * faults (reported as W-HAL-3). What is mapped has to be some device's: a model's window, or memory that a device was started with. A driver may also map nonpaged
 * memory by its physical address, which it then sees where that memory is.
 */
#include "hal.h"

#include "../nt/io/io.h"

#define PAGE 4096u

struct mapping {
    LIST_ENTRY entry;
    uint64_t physical, size;
    uint64_t va;
    bool memory;             /* of the machine, not of a device */
    const struct nt_driver *driver;
};

static struct {
    LIST_ENTRY list;         /* newest last */
    uint64_t next_va;
} mappings;

void hal_mappings_boot(void)
{
    InitializeListHead(&mappings.list);
    mappings.next_va = IO_SPACE_BASE;
}

static struct mapping *mapping_at(LIST_ENTRY *entry) { return CONTAINING_RECORD(entry, struct mapping, entry); }

static bool list_has(const CM_RESOURCE_LIST *list, uint64_t start, uint64_t size)
{
    for (ULONG i = 0; list && list->Count && i < list->List[0].PartialResourceList.Count; i++) {
        const CM_PARTIAL_RESOURCE_DESCRIPTOR *d = &list->List[0].PartialResourceList.PartialDescriptors[i];
        uint64_t from = (uint64_t)d->u.Memory.Start.QuadPart;
        if (d->Type == CmResourceTypeMemory && start >= from && size <= d->u.Memory.Length && start - from <= d->u.Memory.Length - size)
            return true;
    }
    return false;
}

static bool is_device_memory(uint64_t start, uint64_t size)
{
    unsigned window;
    uint32_t offset;
    if (device_model_at(start, size, false, &window, &offset))
        return true;
    for (struct devnode *node = pnp_first(); node; node = pnp_next(node))
        if (list_has(node->translated ? node->translated : node->raw ? node->raw : node->boot, start, size))
            return true;
    return false;
}

/* Where nonpaged memory is; NULL: it is none, or not all of it. */
static char *nonpaged_at(uint64_t physical, uint64_t size)
{
    uint64_t from = physical - mm_physical_of((const void *)KERNEL_ARENA_BASE);
    char *at = (char *)KERNEL_ARENA_BASE + from;
    struct block *b = from < ARENA_SIZE ? block_find(at) : NULL;
    if (!b || b->state != BLOCK_LIVE || b->pool_type || at < (char *)block_memory(b))
        return NULL;
    uint64_t left = b->size - (uint64_t)(at - (char *)block_memory(b));
    return left <= b->size && size <= left ? at : NULL;
}

static PVOID map(uint64_t physical, uint64_t size, const void *caller)
{
    char *memory = size ? nonpaged_at(physical, size) : NULL;
    if (!size || (!memory && !is_device_memory(physical, size)))
        bugcheck(0xC4, 0x83, physical, size, 0, "V-HAL-1", "MmMapIoSpace of %llu bytes at physical address 0x%llX, which is not all memory of one device",
                 (unsigned long long)size, (unsigned long long)physical);
    struct mapping *m = ex_system_alloc(sizeof *m);
    if (!m)
        return NULL;
    *m = (struct mapping){.physical = physical, .size = size, .va = memory ? (uint64_t)memory : mappings.next_va + physical % PAGE, .memory = memory != NULL,
                          .driver = io_driver_of_code(caller)};
    if (!memory)
        mappings.next_va += (physical % PAGE + size + 2 * PAGE - 1) / PAGE * PAGE; /* a page between two */
    InsertTailList(&mappings.list, &m->entry);
    return (PVOID)m->va;
}

PVOID MmMapIoSpace(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, MEMORY_CACHING_TYPE CacheType)
{
    (void)CacheType;
    gate_enter(DDI_MmMapIoSpace, (uint64_t)PhysicalAddress.QuadPart, NumberOfBytes);
    PVOID va = choose_fault(DDI_MmMapIoSpace) ? NULL : map((uint64_t)PhysicalAddress.QuadPart, NumberOfBytes, CALLER);
    gate_leave((uint64_t)va);
    return va;
}

#define EXECUTABLE (PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)

PVOID MmMapIoSpaceEx(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, ULONG Protect)
{
    gate_enter(DDI_MmMapIoSpaceEx, (uint64_t)PhysicalAddress.QuadPart, NumberOfBytes);
    if (Protect & EXECUTABLE)
        bugcheck(0xC4, 0x2001, Protect, 0, 0, "V-HAL-1", "MmMapIoSpaceEx maps device memory as executable (0x%X)", Protect);
    PVOID va = choose_fault(DDI_MmMapIoSpaceEx) ? NULL : map((uint64_t)PhysicalAddress.QuadPart, NumberOfBytes, CALLER);
    gate_leave((uint64_t)va);
    return va;
}

/* The newest one there, of that size if there is one: memory may be mapped more than once. */
static struct mapping *mapping_of(uint64_t va, uint64_t size)
{
    struct mapping *found = NULL;
    for (LIST_ENTRY *e = mappings.list.Flink; e != &mappings.list; e = e->Flink) {
        struct mapping *m = mapping_at(e);
        if (m->va == va && (!found || m->size == size))
            found = m;
    }
    return found;
}

static void unmap(uint64_t va, uint64_t size)
{
    struct mapping *m = mapping_of(va, size);
    if (!m)
        bugcheck(OWN_RULE, size, 0, 0, 0, "V-HAL-2", "MmUnmapIoSpace of an address that MmMapIoSpace did not return, or that was unmapped before");
    if (m->size != size)
        bugcheck(OWN_RULE, size, m->size, 0, 0, "V-HAL-2", "MmUnmapIoSpace of %llu bytes of a mapping of %llu bytes", (unsigned long long)size,
                 (unsigned long long)m->size);
    RemoveEntryList(&m->entry);
    ex_system_free(m);
}

VOID MmUnmapIoSpace(PVOID BaseAddress, SIZE_T NumberOfBytes)
{
    gate_enter(DDI_MmUnmapIoSpace, (uint64_t)BaseAddress, NumberOfBytes);
    unmap((uint64_t)BaseAddress, NumberOfBytes);
    gate_leave(0);
}

/* ---- What is left ---- */

static void left(const struct mapping *m, const char *when)
{
    bugcheck(OWN_RULE, m->physical, m->size, 0, 0, "V-HAL-2", "%llu bytes at physical address 0x%llX are still mapped %s", (unsigned long long)m->size,
             (unsigned long long)m->physical, when);
}

void hal_mappings_unloaded(const struct nt_driver *driver)
{
    for (LIST_ENTRY *e = mappings.list.Flink; e != &mappings.list; e = e->Flink)
        if (mapping_at(e)->driver == driver)
            left(mapping_at(e), "after the driver that mapped them was unloaded");
}

void hal_mappings_released(uint64_t start, uint64_t size)
{
    for (LIST_ENTRY *e = mappings.list.Flink; e != &mappings.list; e = e->Flink)
        if (mapping_at(e)->physical < start + size && start < mapping_at(e)->physical + mapping_at(e)->size)
            left(mapping_at(e), "after their device was stopped or removed");
}

/* ---- Registers ---- */

static void check_awake(const struct hal_register *r, const char *ddi)
{
    const struct device_model *m = r->model;
    bool undecoded = m->undecoded >> r->window & 1;
    if (m->absent || (!m->asleep && !undecoded))
        return;
    bugcheck(OWN_RULE, m->asleep, undecoded, 0, 0, "V-HAL-4", "%s reaches for %s, which %s", ddi, m->name, m->asleep ? "is not in D0" : "does not decode its addresses");
}

static void check_width(uint64_t address, unsigned width, const char *ddi)
{
    if (address % width)
        bugcheck(OWN_RULE, address % 8, width, 0, 0, "V-HAL-5", "%s of %u bytes at an address that is not a multiple of them", ddi, width);
}

struct hal_register hal_register_at(const volatile void *address, unsigned width, const char *ddi)
{
    struct hal_register r = {0};
    uint64_t va = (uint64_t)address;
    for (LIST_ENTRY *e = mappings.list.Flink; e != &mappings.list; e = e->Flink) {
        const struct mapping *m = mapping_at(e);
        if (va < m->va || width > m->size || va - m->va > m->size - width)
            continue;
        check_width(va, width, ddi);
        if (m->memory) {
            r.memory = (char *)va;
            return r;
        }
        r.model = device_model_at(m->physical + (va - m->va), width, false, &r.window, &r.offset);
        if (r.model)
            check_awake(&r, ddi);
        return r;
    }
    bool beyond = va >= IO_SPACE_BASE && va < mappings.next_va;
    bugcheck(OWN_RULE, width, beyond, 0, 0, beyond ? "V-HAL-3" : "V-HAL-5", "%s of an address that is %s", ddi,
             beyond ? "mapped no more, or lies outside of its mapping" : "no register: MmMapIoSpace did not return it");
}

struct hal_register hal_port_at(ULONG_PTR port, unsigned width, const char *ddi)
{
    struct hal_register r = {0};
    check_width(port, width, ddi);
    r.model = device_model_at(port, width, true, &r.window, &r.offset);
    if (!r.model)
        bugcheck(OWN_RULE, port, width, 0, 0, "V-HAL-5", "%s of port 0x%llX, which is no device's", ddi, (unsigned long long)port);
    check_awake(&r, ddi);
    return r;
}
