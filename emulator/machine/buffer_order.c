/* See buffer_order.h. */
#include <string.h>

#include "buffer_order.h"
#include "machine.h"

#define BUFFERS 8     /* more than that under way at once are not looked at */
#define BYTES 512     /* nor is what lies behind in a larger one */

enum byte_state { BYTE_INPUT, BYTE_READ, BYTE_OUTPUT };

static struct {
    const char *buffer;
    size_t size;
    unsigned char state[BYTES];
} watched[BUFFERS];
static unsigned count;

void buffer_order_forget(void) { count = 0; }

void buffer_order_begin(const void *buffer, size_t size)
{
    if (!(machine_lints & LINT_BUFFER) || count == BUFFERS || !size)
        return;
    watched[count].buffer = buffer;
    watched[count].size = size < BYTES ? size : BYTES;
    memset(watched[count++].state, BYTE_INPUT, BYTES);
}

void buffer_order_end(const void *buffer)
{
    for (unsigned i = 0; i < count; i++)
        if (watched[i].buffer == buffer) {
            watched[i] = watched[--count];
            return;
        }
}

static void touch(unsigned i, size_t at, bool writes)
{
    unsigned char *state = &watched[i].state[at];
    if (*state == BYTE_OUTPUT && !writes)
        bugcheck(OWN_RULE, at, watched[i].size, 0, 0, "V-BUF-7",
                 "byte %u of a request's input is read after output was written over it: METHOD_BUFFERED has one buffer for both", (unsigned)at);
    if (*state == BYTE_INPUT)
        *state = writes ? BYTE_OUTPUT : BYTE_READ;
}

void buffer_order_access(const void *address, size_t size, bool writes)
{
    if (!(machine_lints & LINT_BUFFER) || !count)
        return;
    for (unsigned i = 0; i < count; i++)
        for (size_t k = 0; k < size; k++) {
            size_t at = (size_t)((const char *)address + k - watched[i].buffer);
            if (at < watched[i].size)
                touch(i, at, writes);
        }
}
