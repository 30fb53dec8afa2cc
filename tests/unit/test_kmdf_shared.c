/* Types of context that several drivers share (K-OBJ-41), and the records of an image that the loader binds. */
#include "kmdf_world.h"

#include "nt/image.h"

typedef struct { int value; } CLASS_ONE, CLASS_TWO, CLASS_THREE;

static PCWDF_OBJECT_CONTEXT_TYPE_INFO class_type(VOID);
static PCWDF_OBJECT_CONTEXT_TYPE_INFO other_type(VOID);
WDF_DECLARE_SHARED_CONTEXT_TYPE_WITH_NAME(CLASS_ONE, class_type, class_one)
WDF_DECLARE_SHARED_CONTEXT_TYPE_WITH_NAME(CLASS_TWO, class_type, class_two)
WDF_DECLARE_SHARED_CONTEXT_TYPE_WITH_NAME(CLASS_THREE, other_type, class_three)

static int asked;
static const WDF_OBJECT_CONTEXT_TYPE_INFO the_class = {sizeof the_class, "CLASS", sizeof(CLASS_ONE), &the_class, NULL};
static const WDF_OBJECT_CONTEXT_TYPE_INFO the_other = {sizeof the_other, "OTHER", sizeof(CLASS_THREE), &the_other, NULL};
static PCWDF_OBJECT_CONTEXT_TYPE_INFO class_type(VOID) { asked++; return &the_class; }
static PCWDF_OBJECT_CONTEXT_TYPE_INFO other_type(VOID) { asked++; return &the_other; }

static bool bound_in_entry;
static void look(WDF_DRIVER_CONFIG *config, WDF_OBJECT_ATTRIBUTES *a)
{
    bound_in_entry = asked == 3 && WDF_GET_CONTEXT_TYPE_INFO(CLASS_ONE) == &the_class && WDF_GET_CONTEXT_TYPE_INFO(CLASS_THREE) == &the_other;
}

/* RULE K-OBJ-41: Shared context types get their identity from EvtDriverGetUniqueContextType before DriverEntry; equal identities are one type. */
TEST(K_OBJ_41_shared_types)
{
    WDF_OBJECT_ATTRIBUTES a;
    WDFOBJECT o;
    plan.config = look, asked = 0, bound_in_entry = false;
    boot();
    assert_true(bound_in_entry);
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&a, CLASS_ONE);
    a.ParentObject = device;
    assert_int_equal(WdfObjectCreate(&a, &o), STATUS_SUCCESS);
    class_one(o)->value = 7;
    assert_true((void *)class_two(o) == (void *)class_one(o) && class_two(o)->value == 7);
    assert_true(class_three(o) == NULL);
    finish();
}

/* A driver of two sources, loaded twice: see drivers/shared_types.c. */
static void in_images(void)
{
    for (int i = 0; i < 2; i++) {
        struct nt_driver *d;
        assert_int_equal(io_load_driver(image_find("shared_types"), &d), STATUS_SUCCESS);
        io_unload_driver(d);
    }
}
/* RULE K-OBJ-41: Each record of a shared context type is bound at every load of the driver's image, whichever source declares it. */
static void K_OBJ_41_in_an_image(void **state) { unit_life(in_images, NULL); }

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(K_OBJ_41_shared_types), cmocka_unit_test(K_OBJ_41_in_an_image)};
    return cmocka_run_group_tests(tests);
}

#pragma clang attribute pop
