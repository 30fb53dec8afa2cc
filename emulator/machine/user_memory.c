/*
 * A hostile app's memory (W-BUF-15): another thread of it may write to a buffer between two reads of the driver.
 *
 * Each time a driver is about to read memory of an app (RtlCopyMemory says so, and every load in builds with memory points) lane USER_MEMORY is asked whether a
 * byte of it has changed: 0 is no; n is the nth byte, and the next answer says by how much.
 */
#include "machine.h"

void irpfuzz_user_read(const void *address, size_t size)
{
    const struct ctx *ctx = current_ctx;
    if (!machine.in_life || !ctx || ctx->in_gate || !ctx->gate_depth || !size || !memory_is_user(address) || machine.engine != ENGINE_FIBER)
        return;
    uint32_t which = choose(LANE_USER_MEMORY, 256);
    if (which)
        ((unsigned char *)(uintptr_t)address)[(which - 1) % size] += (unsigned char)(1 + choose(LANE_USER_MEMORY, 255));
}
