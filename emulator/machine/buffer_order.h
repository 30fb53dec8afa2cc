/*
 * V-BUF-7, a lint: METHOD_BUFFERED has one buffer for input and output, and a driver that writes output first reads its own bytes back where it meant the
 * caller's. Input that was written over before anybody had read it, and is read then, is reported.
 *
 * The order of loads and stores is known only in builds that follow them (memory_points.c); a driver may have meant what it wrote, so this is a lint.
 */
#ifndef MACHINE_BUFFER_ORDER_H
#define MACHINE_BUFFER_ORDER_H

#include <stdbool.h>
#include <stddef.h>

/* A life begins. */
void buffer_order_forget(void);
/* The buffer of a request, with `size` bytes of input in front, and its end. They do nothing where the lint was not asked for. */
void buffer_order_begin(const void *buffer, size_t size);
void buffer_order_end(const void *buffer);
/* A driver is about to load or store there. */
void buffer_order_access(const void *address, size_t size, bool writes);

#endif
