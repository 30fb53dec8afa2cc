/* Objects: a reference-counted body behind a header (nt.h). Type, number and counts are the header's; memory is one block. */
#include "io/io.h"

#define HEADER_SIZE OB_HEADER_SIZE
_Static_assert(sizeof(struct ob_header) <= HEADER_SIZE, "");

static uint32_t numbers[OB_TYPE_COUNT];

void ob_boot(void) { memset(numbers, 0, sizeof numbers); }

void *ob_create(enum ob_type type, size_t size, enum block_use use, void (*destroy)(void *body))
{
    char *memory = block_alloc_zero(ARENA_KERNEL, use, HEADER_SIZE + size, 0, NULL);
    if (!memory)
        return NULL;
    struct ob_header *h = (struct ob_header *)memory;
    h->type = (uint16_t)type;
    h->number = ++numbers[type];
    h->pointers = 1;
    h->destroy = destroy;
    return memory + HEADER_SIZE;
}

struct ob_header *ob_header(const void *body) { return (struct ob_header *)((char *)(uintptr_t)body - HEADER_SIZE); }

/* Headers of blocks are poisoned for everybody else. */
__attribute__((no_sanitize("address", "memory"))) static bool block_is_live_at(const struct block *b)
{
    return b->magic == BLOCK_MAGIC && b->state == BLOCK_LIVE;
}

bool ob_is_live(const void *body)
{
    const char *p = body;
    if (!memory_is_kernel(p) || !memory_is_kernel(p - HEADER_SIZE - sizeof(struct block)) || ((uintptr_t)p & 15))
        return false;
    if (!block_is_live_at(block_of(p - HEADER_SIZE)))
        return false;
    const struct ob_header *h = ob_header(body);
    return h->type && h->type < OB_TYPE_COUNT;
}

static struct ob_header *require(const void *body, const char *what)
{
    if (!ob_is_live(body))
        bugcheck(0x18, 0, 0, 0, 0, "V-OBJ-1", "%s on something that is no object (or is one no more)", what);
    return ob_header(body);
}

/* References are counted: in which order is seen only by who drops the last one, or asks. */
NO_FOOTPRINT void ob_reference(void *body)
{
    struct ob_header *h = require(body, "a reference was taken");
    footprint_count(&h->pointers, false);
    h->pointers++;
}

NO_FOOTPRINT static int64_t drop(struct ob_header *h)
{
    footprint_count(&h->pointers, h->pointers <= 1 || h->pointers <= h->handles);
    return --h->pointers;
}

int64_t ob_dereference(void *body)
{
    struct ob_header *h = require(body, "a reference was dropped");
    hb_release(body);
    int64_t left = drop(h);
    if (left < h->handles)
        bugcheck(0x18, h->type, h->number, (uint64_t)h->handles, (uint64_t)left, "V-OBJ-3",
                 "object #%u of type %u was dereferenced more often than referenced: its handles keep it", h->number, h->type);
    if (left > 0)
        return left;
    if (left < 0 || h->deleted)
        bugcheck(0x18, h->type, h->number, 0, (uint64_t)left, "V-OBJ-1", "object #%u of type %u was dereferenced more often than referenced", h->number,
                 h->type);
    hb_acquire(body);
    h->deleted = 1;
    if (h->destroy)
        h->destroy(body);
    if (h->pointers > 0) { /* the destroy procedure handed it on (deferred close) */
        h->deleted = 0;
        return h->pointers;
    }
    block_free(h, NULL);
    return 0;
}

enum ob_type ob_type_of(const void *body) { return ob_is_live(body) ? (enum ob_type)ob_header(body)->type : (enum ob_type)0; }

LONG_PTR ObReferenceObject(PVOID Object)
{
    gate_enter(DDI_ObReferenceObject, trace_object(Object), 0);
    ob_reference(Object);
    footprint_count(&ob_header(Object)->pointers, true);
    LONG_PTR count = ob_header(Object)->pointers;
    gate_leave((uint64_t)count);
    return count;
}

LONG_PTR ObDereferenceObject(PVOID Object)
{
    gate_enter(DDI_ObDereferenceObject, trace_object(Object), 0);
    footprint_count(&ob_header(Object)->pointers, true);
    LONG_PTR left = ob_dereference(Object);
    gate_leave((uint64_t)left);
    return left;
}

LONG_PTR ObReferenceObjectWithTag(PVOID Object, ULONG Tag)
{
    (void)Tag;
    return ObReferenceObject(Object);
}

LONG_PTR ObDereferenceObjectWithTag(PVOID Object, ULONG Tag)
{
    (void)Tag;
    return ObDereferenceObject(Object);
}

VOID ObDereferenceObjectDeferDelete(PVOID Object) { ObDereferenceObject(Object); }

NTSTATUS ObReferenceObjectByPointer(PVOID Object, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode)
{
    (void)DesiredAccess, (void)ObjectType, (void)AccessMode;
    gate_enter(DDI_ObReferenceObjectByPointer, trace_object(Object), 0);
    ob_reference(Object);
    gate_leave(0);
    return STATUS_SUCCESS;
}
