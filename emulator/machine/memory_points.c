/*
 * Scheduling points at the loads and stores of driver code, in builds that ask for them (IRPFUZZ_MEMORY_POINTS): clang calls these
 * before each access. Accesses to the context's own stack cannot be shared and are skipped.
 */
#include "buffer_order.h"
#include "machine.h"

static void point(const void *address)
{
    struct ctx *ctx = current_ctx;
    if (!ctx || ctx->in_gate || machine.engine != ENGINE_FIBER)
        return;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0), there = (uintptr_t)address;
    if (there - here < (256u << 10) || here - there < 4096)
        return;
    sched_point(WHERE_MEMORY);
    gate_set_paged();
}

static void note(const void *address, size_t size, bool writes)
{
    if (machine_lints & LINT_BUFFER && current_ctx && !current_ctx->in_gate)
        buffer_order_access(address, size, writes);
}

#define STORE(size) \
    void __sanitizer_cov_store##size(const void *address); \
    void __sanitizer_cov_store##size(const void *address) \
    { \
        point(address); \
        note(address, size, true); \
    }
#define LOAD(size) \
    void __sanitizer_cov_load##size(const void *address); \
    void __sanitizer_cov_load##size(const void *address) \
    { \
        point(address); \
        irpfuzz_user_read(address, size); \
        note(address, size, false); \
    }
LOAD(1)
LOAD(2)
LOAD(4)
LOAD(8)
LOAD(16)
STORE(1)
STORE(2)
STORE(4)
STORE(8)
STORE(16)
