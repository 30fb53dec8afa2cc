/* Several driver images in one program: each one's code, data and memory are its own. */
#include "unit.h"

#include "nt/image.h"

static struct nt_driver *load(const char *name)
{
    struct nt_driver *driver;
    const struct driver_image *image = image_find(name);
    assert_true(image != NULL);
    assert_true(image_is_placed(image));
    assert_int_equal(io_load_driver(image, &driver), STATUS_SUCCESS);
    return driver;
}

static void body(void)
{
    struct nt_driver *a = load("echo_autosync"), *b = load("echo_driversync");
    const struct driver_image *ia = a->image, *ib = b->image;
    for (unsigned i = 0; i < 3; i++) { /* drv_text, PAGE, INIT: DriverEntry is in the last */
        assert_true(io_driver_of_code(ia->code[i].begin) == a);
        assert_true(io_driver_of_code(ib->code[i].begin) == b);
        assert_true(is_driver_code(ia->code[i].begin) && is_pageable_code(ia->code[i].begin) == (i == 1));
    }
    assert_true(io_driver_of_code((const void *)ia->entry) == a);
    assert_true(io_driver_of_code((const void *)ib->entry) == b);
    assert_true(io_driver_of_code((const void *)body) == NULL);

    /* The globals pointer lies in each image's own data; loading again begins with the first value, and leaves the other alone. */
    void *globals = *ib->wdf_globals;
    assert_true(*ia->wdf_globals && globals);
    assert_true((const char *)ia->wdf_globals >= ia->bss.begin && (const char *)ia->wdf_globals < ia->bss.end);
    io_unload_driver(a);
    *ia->wdf_globals = &body;
    image_restore(ia);
    assert_true(*ia->wdf_globals == NULL);
    assert_true(*ib->wdf_globals == globals);
    a = load("echo_autosync");
    io_unload_driver(b);
    io_unload_driver(a);
}

/* RULE W-DRV-6: When a driver is unloaded, what it leaves behind is looked for, driver by driver. */
static void W_DRV_6_images_are_told_apart(void **state) { unit_life(body, NULL); }

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(W_DRV_6_images_are_told_apart)};
    return cmocka_run_group_tests(tests);
}
