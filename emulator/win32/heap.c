/*
 * Memory of apps: heaps, VirtualAlloc and the C runtime's, all from the user arena. Freeing what a pending request still uses is an error of
 * the app (W-U-11), since Windows would write to memory that belongs to somebody else by then.
 */
#include "win32.h"

#define HEAP_ZERO 8u
#define PROCESS_HEAP ((HANDLE)0x10000ull)
#define PAGE 4096u

struct virtual_range {
    struct virtual_range *next;
    char *base;
    void *block;
    size_t size;
};
static struct virtual_range *ranges;
static unsigned heaps;

void heap_begin(void)
{
    ranges = NULL;
    heaps = 0;
}

/* Block headers are poisoned for everybody but the memory module; these two read what they must. */
__attribute__((no_sanitize("address", "memory"))) static size_t size_of(const void *memory) { return block_of(memory)->size; }

__attribute__((no_sanitize("address", "memory"))) static uint32_t number_of(const void *memory) { return block_of(memory)->number; }

__attribute__((no_sanitize("address", "memory"))) static bool is_live(const void *memory)
{
    return memory_is_user(memory) && !((uintptr_t)memory & 15) && block_of(memory)->use == BLOCK_USER && block_of(memory)->state == BLOCK_LIVE;
}

void *user_alloc(size_t size, const void *caller) { return block_alloc(ARENA_USER, BLOCK_USER, size, 0, caller); }
size_t user_size(const void *memory) { return size_of(memory); }

void user_free(void *memory, const void *caller)
{
    if (!is_live(memory))
        app_error("W-U-18", memory_is_user(memory) ? "memory is freed that was freed before, or is no allocation"
                                                   : "memory is freed that no heap gave",
                  memory_is_user(memory), 0);
    if (process_current())
        overlapped_check_free(memory, size_of(memory));
    trace(TRACE_NOTE, 0, number_of(memory), size_of(memory));
    block_free(memory, caller);
}

static void *allocate(size_t size, bool zero, const void *caller)
{
    void *memory = user_alloc(size, caller);
    if (memory && zero) {
        memset(memory, 0, size);
        msan_define(memory, size);
    }
    return memory;
}

static void *reallocate(void *memory, size_t size, bool zero, const void *caller)
{
    if (!is_live(memory))
        app_error("W-U-18", "memory is resized that no heap gave, or that was freed before", 0, 0);
    void *bigger = allocate(size, zero, caller);
    if (!bigger)
        return NULL;
    size_t old = size_of(memory);
    memcpy(bigger, memory, old < size ? old : size);
    user_free(memory, caller);
    return bigger;
}

/* ---- Heaps ---- */

HANDLE GetProcessHeap(void) { return PROCESS_HEAP; }

HANDLE HeapCreate(DWORD options, SIZE_T initial, SIZE_T maximum)
{
    (void)initial, (void)maximum;
    user_enter(DDI_HeapCreate, options, 0);
    HANDLE heap = (HANDLE)((ULONG_PTR)PROCESS_HEAP + ++heaps * 0x10000ull);
    user_leave((ULONG_PTR)heap);
    return heap;
}

BOOL HeapDestroy(HANDLE heap)
{
    user_enter(DDI_HeapDestroy, (ULONG_PTR)heap, 0);
    user_leave(TRUE);
    return TRUE;
}

void *HeapAlloc(HANDLE heap, DWORD flags, SIZE_T size)
{
    user_enter(DDI_HeapAlloc, (ULONG_PTR)heap, size);
    void *memory = choose_fault(DDI_HeapAlloc) ? NULL : allocate(size, flags & HEAP_ZERO, CALLER);
    user_leave(trace_object(memory));
    return memory;
}

void *HeapReAlloc(HANDLE heap, DWORD flags, void *memory, SIZE_T size)
{
    user_enter(DDI_HeapReAlloc, (ULONG_PTR)heap, size);
    void *bigger = choose_fault(DDI_HeapReAlloc) ? NULL : reallocate(memory, size, flags & HEAP_ZERO, CALLER);
    user_leave(trace_object(bigger));
    return bigger;
}

BOOL HeapFree(HANDLE heap, DWORD flags, void *memory)
{
    user_enter(DDI_HeapFree, (ULONG_PTR)heap, flags);
    if (memory)
        user_free(memory, CALLER);
    user_leave(TRUE);
    return TRUE;
}

SIZE_T HeapSize(HANDLE heap, DWORD flags, const void *memory)
{
    user_enter(DDI_HeapSize, (ULONG_PTR)heap, flags);
    SIZE_T size = is_live(memory) ? size_of(memory) : (SIZE_T)-1;
    user_leave(size);
    return size;
}

/* LocalAlloc and GlobalAlloc: fixed memory, the handle is the pointer. LMEM_ZEROINIT and GMEM_ZEROINIT are 0x40. */
void *LocalAlloc(DWORD flags, SIZE_T size)
{
    user_enter(DDI_LocalAlloc, flags, size);
    void *memory = choose_fault(DDI_LocalAlloc) ? NULL : allocate(size, flags & 0x40, CALLER);
    user_leave(trace_object(memory));
    return memory;
}

void *LocalFree(void *memory)
{
    user_enter(DDI_LocalFree, trace_object(memory), 0);
    if (memory)
        user_free(memory, CALLER);
    user_leave(0);
    return NULL;
}

void *GlobalAlloc(DWORD flags, SIZE_T size) { return LocalAlloc(flags, size); }
void *GlobalFree(void *memory) { return LocalFree(memory); }

/* ---- VirtualAlloc: whole pages ---- */

static void *virtual_alloc(size_t size)
{
    size = (size + PAGE - 1) & ~(size_t)(PAGE - 1);
    struct virtual_range *range = ex_system_alloc(sizeof *range);
    void *block = size ? user_alloc(size + PAGE, NULL) : NULL;
    if (!block || !range)
        return error_fail(block ? ERROR_NOT_ENOUGH_MEMORY : ERROR_INVALID_PARAMETER), NULL;
    char *base = (char *)(((uintptr_t)block + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
    *range = (struct virtual_range){.next = ranges, .base = base, .block = block, .size = size};
    ranges = range;
    memset(base, 0, size);
    msan_define(base, size);
    return base;
}

#define MEM_RELEASE_ 0x8000u

static BOOL virtual_free(void *base, DWORD type)
{
    for (struct virtual_range **at = &ranges; *at; at = &(*at)->next)
        if ((*at)->base == base) {
            struct virtual_range *gone = *at;
            if (!(type & MEM_RELEASE_))
                return TRUE;
            *at = gone->next;
            user_free(gone->block, NULL);
            ex_system_free(gone);
            return TRUE;
        }
    return error_fail(487);
}

void *VirtualAlloc(void *address, SIZE_T size, DWORD type, DWORD protection)
{
    (void)protection;
    user_enter(DDI_VirtualAlloc, type, size);
    void *base = address ? address : choose_fault(DDI_VirtualAlloc) ? NULL : virtual_alloc(size); /* an address: commits what is reserved */
    user_leave(trace_object(base));
    return base;
}

BOOL VirtualFree(void *address, SIZE_T size, DWORD type)
{
    user_enter(DDI_VirtualFree, trace_object(address), size);
    BOOL done = virtual_free(address, type);
    user_leave((uint64_t)done);
    return done;
}

/* ---- The C runtime's ---- */

void *irpfuzz_malloc(size_t size)
{
    user_enter(DDI_malloc, size, 0);
    void *memory = choose_fault(DDI_malloc) ? NULL : allocate(size, false, CALLER);
    user_leave(trace_object(memory));
    return memory;
}

void *irpfuzz_calloc(size_t count, size_t size)
{
    user_enter(DDI_calloc, count, size);
    size_t total;
    bool fits = !__builtin_mul_overflow(count, size, &total);
    void *memory = !fits || choose_fault(DDI_calloc) ? NULL : allocate(total, true, CALLER);
    user_leave(trace_object(memory));
    return memory;
}

void *irpfuzz_realloc(void *memory, size_t size)
{
    user_enter(DDI_realloc, trace_object(memory), size);
    void *bigger = NULL;
    if (!choose_fault(DDI_realloc))
        bigger = memory ? reallocate(memory, size, false, CALLER) : allocate(size, false, CALLER);
    user_leave(trace_object(bigger));
    return bigger;
}

void irpfuzz_free(void *memory)
{
    user_enter(DDI_free, trace_object(memory), 0);
    if (memory)
        user_free(memory, CALLER);
    user_leave(0);
}
