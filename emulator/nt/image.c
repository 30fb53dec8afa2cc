/*
 * The images of this program (image.h) and their writable data.
 *
 * Design: the linker gathers pointers to the descriptors in section "drv_images", the drivers' writable data in "drv_data" and "drv_bss". The first
 * call keeps a copy of drv_data; each life begins with it put back. "wdf_shared_types" holds pointers to the records of types that drivers share. Bytes are moved by plain loops: between globals lie the red
 * zones of AddressSanitizer, which an intercepted memcpy would report.
 */
#include "image.h"

#include "../machine/machine.h"

extern const struct driver_image *const __start_drv_images[] __attribute__((weak));
extern const struct driver_image *const __stop_drv_images[] __attribute__((weak));
extern char __start_drv_data[] __attribute__((weak)), __stop_drv_data[] __attribute__((weak));
extern char __start_drv_bss[] __attribute__((weak)), __stop_drv_bss[] __attribute__((weak));

extern struct image_shared_type *const __start_wdf_shared_types[] __attribute__((weak));
extern struct image_shared_type *const __stop_wdf_shared_types[] __attribute__((weak));

static bool same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

const struct driver_image *image_next(const struct driver_image *after)
{
    const struct driver_image *const *at = __start_drv_images;
    if (!at)
        return NULL;
    if (after) {
        while (at < __stop_drv_images && *at != after)
            at++;
        at++;
    }
    while (at < __stop_drv_images && !*at)
        at++;
    return at < __stop_drv_images ? *at : NULL;
}

const struct driver_image *image_find(const char *name)
{
    const struct driver_image *image = NULL;
    while ((image = image_next(image)) != NULL)
        if (same(image->name, name))
            return image;
    return NULL;
}

__attribute__((no_sanitize("address", "memory", "thread"), no_builtin)) static void copy_bytes(volatile char *to, const volatile char *from, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = from[i];
}

__attribute__((no_sanitize("address", "memory", "thread"), no_builtin)) static void zero_bytes(volatile char *to, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = 0;
}

bool image_holds_code(const struct driver_image *image, const void *code)
{
    for (unsigned i = 0; i < 3; i++)
        if ((const char *)code >= image->code[i].begin && (const char *)code < image->code[i].end)
            return true;
    return false;
}

/* The records are writable data; those in no placed image are of the driver inside a test. */
static bool owns_shared_type(const struct driver_image *image, const struct image_shared_type *type)
{
    const char *at = (const char *)type;
    if (image_is_placed(image))
        return at >= image->data.begin && at < image->data.end;
    for (const struct driver_image *other = image_next(NULL); other; other = image_next(other))
        if (at >= other->data.begin && at < other->data.end)
            return false;
    return true;
}

__attribute__((no_sanitize("address"))) void image_bind_shared_types(const struct driver_image *image)
{
    for (struct image_shared_type *const *at = __start_wdf_shared_types; at < __stop_wdf_shared_types; at++)
        if (*at && (*at)->get_unique && owns_shared_type(image, *at))
            (*at)->unique = (*at)->get_unique();
}

static char *pristine; /* drv_data as the program was loaded */

void image_restore(const struct driver_image *image)
{
    size_t data = (size_t)(image->data.end - image->data.begin), bss = (size_t)(image->bss.end - image->bss.begin);
    char *to = __start_drv_data + (image->data.begin - __start_drv_data);
    copy_bytes(to, pristine + (image->data.begin - __start_drv_data), data);
    msan_define(to, data);
    to = __start_drv_bss + (image->bss.begin - __start_drv_bss);
    zero_bytes(to, bss);
    msan_define(to, bss);
}

void images_restore(void)
{
    size_t data = (size_t)(__stop_drv_data - __start_drv_data), bss = (size_t)(__stop_drv_bss - __start_drv_bss);
    if (__start_drv_data && data) {
        if (!pristine) {
            pristine = machine_keep(data);
            copy_bytes(pristine, __start_drv_data, data);
        } else {
            copy_bytes(__start_drv_data, pristine, data);
        }
        msan_define(__start_drv_data, data);
    }
    if (__start_drv_bss && bss) {
        zero_bytes(__start_drv_bss, bss);
        msan_define(__start_drv_bss, bss);
    }
}
