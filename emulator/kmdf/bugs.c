/* Handle and parameter checks, KMDF verifier breaks, and the DDIs a driver stops itself with (chapter 8, K-OBJ-50). */
#include "device.h"

#include <irpfuzz_format.h>

static const char *const type_names[FX_TYPE_COUNT] = {
    "none", "object", "driver", "device", "queue", "request", "file object", "memory", "timer", "DPC", "work item", "spin lock", "wait lock",
    "string", "collection", "registry key", "lookaside list", "I/O target", "interrupt", "CM resource list", "requirements list", "I/O resource list",
    "child list", "WMI provider", "WMI instance", "DMA enabler", "DMA transaction", "common buffer"};

const char *fx_name(const struct fx_object *object, char *out, size_t size)
{
    const char *type = object->type < FX_TYPE_COUNT ? type_names[object->type] : "object";
    irpfuzz_snprintf(out, size, "%s #%u", type, object->number);
    return out;
}

void fx_misuse(const char *rule, const char *format, ...)
{
    char text[240];
    va_list list;
    va_start(list, format);
    irpfuzz_vsnprintf(text, sizeof text, format, list);
    va_end(list);
    bugcheck(OWN_WDF_MISUSE, 0, 0, 0, 0, rule, "%s", text);
}

uint16_t fx_callback(void)
{
    const struct ctx *ctx = ctx_current();
    for (unsigned i = ctx->gate_depth; i-- > 0;)
        if (ddi_table[ctx->gate[i]].flags & DDI_CALLBACK)
            return ctx->gate[i];
    return 0;
}

/* Freed memory may be poisoned; its magic is cleared before it is freed, so the read itself is meaningful. */
__attribute__((no_sanitize("address", "memory"))) static bool is_live(const struct fx_object *o)
{
    return memory_is_kernel(o) && !((ULONG_PTR)o & 7) && o->magic == FX_MAGIC;
}

/* Of an object whose memory was given to nobody since. */
static bool name_of_freed(const struct fx_object *o, char *out, size_t size)
{
    struct block *b = memory_is_kernel(o) ? block_find(o) : NULL;
    if (!b || block_memory(b) != o || b->state != BLOCK_FREE || b->use != BLOCK_WDF || b->tag >> 24 >= FX_TYPE_COUNT)
        return false;
    irpfuzz_snprintf(out, size, "%s #%u", type_names[b->tag >> 24], (unsigned)(b->tag & 0xFFFFFF));
    return true;
}

static _Noreturn void wrong_handle(const struct fx_object *o, enum fx_type type)
{
    const char *where = gate_where(ctx_current());
    if (!o)
        bugcheck(0x10D, 5, 0, type, 0, "K-OBJ-50", "%s was given a NULL handle, expected a %s", where, type_names[type]);
    char name[40];
    if (!is_live(o) && name_of_freed(o, name, sizeof name))
        bugcheck(0x10D, 5, 1, type, 0, "K-OBJ-50", "%s was given the handle of %s, which is deleted", where, name);
    if (!is_live(o))
        bugcheck(0x10D, 5, 1, type, 0, "K-OBJ-50", "%s was given a handle that is not, or no longer, a framework object", where);
    bugcheck(0x10D, 5, o->number, type, 0, "K-OBJ-50", "%s was given the handle of %s, expected a %s", where, fx_name(o, name, sizeof name),
             type_names[type]);
}

void *fx_handle(const void *handle, enum fx_type type)
{
    struct fx_object *o = (struct fx_object *)handle;
    if (!o || !is_live(o) || (type && o->type != type))
        wrong_handle(o, type);
    return o;
}

void fx_require(const void *parameter, const char *name)
{
    if (!parameter)
        bugcheck(0x10D, 4, 0, 0, 0, "K-OBJ-50", "%s: the parameter %s is NULL", gate_where(ctx_current()), name);
}

/* ---- DDIs ---- */

VOID wdf_WdfVerifierDbgBreakPoint(PWDF_DRIVER_GLOBALS DriverGlobals)
{
    gate_enter(DDI_WdfVerifierDbgBreakPoint, 0, 0);
    bugcheck(OWN_DRIVER_ASSERTION, 0, 0, 0, 0, "K-TRC-2", "the driver called WdfVerifierDbgBreakPoint");
}

VOID wdf_WdfVerifierKeBugCheck(PWDF_DRIVER_GLOBALS DriverGlobals, ULONG BugCheckCode, ULONG_PTR BugCheckParameter1,
                               ULONG_PTR BugCheckParameter2, ULONG_PTR BugCheckParameter3, ULONG_PTR BugCheckParameter4)
{
    gate_enter(DDI_WdfVerifierKeBugCheck, BugCheckCode, BugCheckParameter1);
    bugcheck(BugCheckCode, BugCheckParameter1, BugCheckParameter2, BugCheckParameter3, BugCheckParameter4, "K-TRC-2",
             "the driver called WdfVerifierKeBugCheck");
}
