/*
 * A driver image: what add_kernel_driver() links together. The descriptor is generated per driver and registers itself in a link-time
 * table; the loader finds it by name. Plain C: both worlds may include it.
 */
#ifndef NT_IMAGE_H
#define NT_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

struct driver_image_range {
    const char *begin, *end;
};

struct driver_image {
    const char *name;                 /* echo_autosync: also the service name */
    int (*entry)(void *driver_object, void *registry_path); /* DriverEntry */
    void **wdf_globals;               /* &WdfDriverGlobals of this image, NULL for WDM */
    unsigned minor_version;           /* KMDF minor the driver was built for, 31 */
    struct driver_image_range code[3], data, bss; /* drv_text, PAGE, INIT; all empty: not known (a driver inside a test) */
};

/* Is the place of the image's parts known, and is this address in its code? */
static inline bool image_is_placed(const struct driver_image *image) { return image->code[0].begin != image->code[0].end; }
bool image_holds_code(const struct driver_image *image, const void *code);
/* The image's writable data back to its first value: it is loaded again. */
void image_restore(const struct driver_image *image);

/* A type of context that several drivers share: what WDF_DECLARE_SHARED_CONTEXT_TYPE_WITH_NAME makes of it (WDF_OBJECT_CONTEXT_TYPE_INFO). */
struct image_shared_type {
    unsigned size;
    char *name;
    size_t bytes;
    const void *unique;                      /* its identity, which binding fills in */
    const void *(*get_unique)(void);
};
/* Asks the image's shared types for their identities, as the stub in front of DriverEntry does on Windows (K-OBJ-41). Calls the driver. */
void image_bind_shared_types(const struct driver_image *image);

/* All images of this program, and the one with this name (NULL: none). Sources: link-time section "drv_images". */
const struct driver_image *image_find(const char *name);
const struct driver_image *image_next(const struct driver_image *after);
/* Writable data of all images back to its first value (called at the start of a life; cost only what a driver has). */
void images_restore(void);

#endif
