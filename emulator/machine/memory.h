/*
 * The two address ranges of the emulated machine: kernel and user memory, each an arena at a fixed address, so that every address
 * a driver can see is the same in every build and run.
 *
 * Principle of operation. Blocks come from size classes, are followed by a red zone, and are not reused before QUARANTINE
 * bytes of later frees. A freed block and every red zone are poisoned for AddressSanitizer; other builds keep a pattern that is
 * checked at free (write after the end) and at reuse (write after free).
 *
 * Internal design. A header of 64 bytes in front of each block holds who allocated and freed it, for the reports. A life starts
 * with both arenas empty; starting costs only what the last life used. Live blocks form a list, so that the checks at the end of a life cost
 * what is left over, not what was ever allocated. Callable inside the gate, any IRQL.
 */
#ifndef MACHINE_MEMORY_H
#define MACHINE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KERNEL_ARENA_BASE 0x7ea000000000ull
#define USER_ARENA_BASE 0x7e9000000000ull
#define ARENA_SIZE (1ull << 30)
/* Mappings of device memory: addresses where nothing is, so that only the register DDIs reach a device (W-HAL-3). */
#define IO_SPACE_BASE 0x7eb000000000ull
#define BLOCK_MAGIC 0x4b4c4249u /* struct block.magic */

enum arena { ARENA_KERNEL, ARENA_USER, ARENA_COUNT };

enum block_state { BLOCK_LIVE = 0x11, BLOCK_FREE = 0x22 };

/* What the emulator uses a block for; decides which leaks are whose. */
enum block_use {
    BLOCK_POOL = 1,   /* a driver's own allocation */
    BLOCK_IRP, BLOCK_MDL, BLOCK_DEVICE, BLOCK_DRIVER, BLOCK_FILE, BLOCK_WORKITEM, BLOCK_STRING, BLOCK_THREAD, BLOCK_WDF,
    BLOCK_SYSTEM,     /* the emulator's own, freed with the life */
    BLOCK_USER,       /* user memory */
    BLOCK_ERRORLOG
};

struct block {
    uint32_t magic;
    uint8_t state, use, arena, pool_type; /* pool_type: nt's, 0 nonpaged 1 paged */
    uint32_t tag;
    uint32_t number;          /* 1, 2, ... in order of allocation within the life: the stable name */
    uint64_t size;            /* as asked for */
    void *owner;              /* the DRIVER_OBJECT it is charged to, or NULL */
    struct block *next;       /* live: the next younger one; freed: the next in the quarantine */
    const void *allocated_at; /* return addresses in driver code */
    union {
        struct block *older;  /* while live */
        const void *freed_at; /* afterwards */
    };
    uint8_t allocated_by, freed_by;      /* contexts */
    uint8_t size_class;
    uint32_t room;            /* bytes from the block's start to the end of its red zone */
};
_Static_assert(sizeof(struct block) == 64, "memory_block() counts on it");

/* Uninitialised memory, 16-byte aligned. NULL only when the arena is exhausted. */
void *block_alloc(enum arena arena, enum block_use use, size_t size, uint32_t tag, const void *caller);
/* The same, all bytes 0. */
void *block_alloc_zero(enum arena arena, enum block_use use, size_t size, uint32_t tag, const void *caller);
/* The same, holding anything: for memory of the emulator's own that it fills itself. */
void *block_alloc_bare(enum arena arena, enum block_use use, size_t size, uint32_t tag, const void *caller);
void block_free(void *memory, const void *caller);
/* For who frees it next: what a report may still say of it afterwards. */
void block_retag(void *memory, uint32_t tag);
static inline struct block *block_of(const void *memory) { return (struct block *)((char *)(uintptr_t)memory - sizeof(struct block)); }

uint32_t block_number(const void *memory);

/* The block that contains address (or whose red zone does), live or freed; NULL if none. Linear: for reports only. */
struct block *block_find(const void *address);
/* Walks live blocks in order of allocation; start with NULL. */
struct block *block_next_live(const struct block *block);
void *block_memory(struct block *block);
/* Is it the header of a block (live or freed)? */
static inline bool block_is(const struct block *block) { return block->magic == 0x4b4c4249u; }
/* The emulator is about to touch memory a driver named: freed or red-zone bytes end in bug check 0xD5 or 0xD6 (builds that
 * poison; others find the damage later). `what` names the use. */
void memory_check(const void *address, size_t size, const char *what);
/* In every build, for a check that has found an object there not to be one: if the memory was freed, that is what is wrong (0xD5). Linear. */
void memory_tell_freed(const void *address, const char *ddi, const char *object);
static inline bool memory_is_kernel(const void *address) { return (uint64_t)(uintptr_t)address - KERNEL_ARENA_BASE < ARENA_SIZE; }
static inline bool memory_is_io_space(const void *address) { return (uint64_t)(uintptr_t)address - IO_SPACE_BASE < ARENA_SIZE; }
static inline bool memory_is_user(const void *address) { return (uint64_t)(uintptr_t)address - USER_ARENA_BASE < ARENA_SIZE; }

/*
 * Paged pool (W-IRQL-10). A block is marked after its allocation. Hidden means that driver code may not touch it: the gate hides it whenever it lets
 * code above APC_LEVEL run, in builds that can poison memory.
 */
void block_set_paged(void *memory);
/* In a live block of paged pool? */
bool memory_is_paged(const void *address);
extern unsigned memory_paged_blocks;
extern bool memory_paged_hidden;
void memory_hide_paged(bool hide);

/* A driver is about to read these bytes, which may be an app's: they may change first (user_memory.c). Outside the gate. */
void irpfuzz_user_read(const void *address, size_t size);

void memory_begin(void);
/* Host memory for the life of the process (pristine driver data). */
void *machine_keep(size_t size);

#endif
