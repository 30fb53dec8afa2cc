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

/* A registry value as the driver's INF has it: text is UTF-16, numbers are little-endian bytes. */
struct image_inf_value {
    const char *subkey;               /* below the key that its section is for, "" that key itself; absolute with a leading backslash */
    const char *name;
    unsigned type, size, flags;
    const unsigned char *data;
};
enum image_inf_flags { INF_NO_CLOBBER = 1, INF_DELETES = 2, INF_KEY_ONLY = 4 };

struct image_inf_list {
    const struct image_inf_value *value;
    unsigned count;
};

/* A device that the INF installs: its hardware ID, then the compatible ones. */
struct image_inf_model {
    const char *description, *manufacturer;
    const char *const *id;
    unsigned id_count;
    struct image_inf_list device, driver; /* for the hardware key (.HW) and the software key (DDInstall) */
};

/* What the INF beside a driver's source says that a kernel sees: made by inf_reader when the driver is built. */
struct image_inf {
    const char *class_name, *class_guid, *provider, *service_name;
    unsigned kmdf_minor;              /* of KmdfLibraryVersion; 0: it says nothing */
    struct image_inf_list service, class_values;
    const struct image_inf_model *model;
    unsigned model_count;
};

struct driver_image {
    const char *name;                 /* echo_autosync: also the service name */
    int (*entry)(void *driver_object, void *registry_path); /* DriverEntry */
    void **wdf_globals;               /* &WdfDriverGlobals of this image, NULL for WDM */
    unsigned minor_version;           /* KMDF minor the driver was built for, 31 */
    struct driver_image_range code[3], data, bss; /* drv_text, PAGE, INIT; all empty: not known (a driver inside a test) */
    const struct image_inf *inf;      /* NULL: there is none */
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
/* Asks the image's shared types for their identities, as the code that the WDK links in front of DriverEntry does on Windows (K-OBJ-41). Calls the driver. */
void image_bind_shared_types(const struct driver_image *image);

/* All images of this program, and the one with this name (NULL: none). Sources: link-time section "drv_images". */
const struct driver_image *image_find(const char *name);
const struct driver_image *image_next(const struct driver_image *after);
/* Writable data of all images back to its first value (called at the start of a life; cost only what a driver has). */
void images_restore(void);

#endif
