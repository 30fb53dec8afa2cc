/*
 * Prints docs/ddi.md: every DDI and callback of the tables (ddi.h), grouped by module. Host world, a program of its own; the page is made of the same
 * lines as the gate's checks, so it cannot say anything else than what happens.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ddi.h"
#include "machine/gate.h"

static const char *irql_name(unsigned irql)
{
    switch (irql) {
    case 0: return "PASSIVE";
    case 1: return "APC";
    case 2: return "DISPATCH";
    default: return "any";
    }
}

static void print_rule(const struct ddi *d)
{
    if (d->irql_rule >= 0x20001 && d->irql_rule <= 0x200ff)
        printf("V-IRQ-%02X", d->irql_rule & 0xff);
    else if (d->irql_rule >> 24)
        printf("V-DMA-%02X", d->irql_rule & 0xff);
    else if (d->flags & DDI_WDF_IRQL)
        printf("V-WDF-35");
}

static void print_ddi(const struct ddi *d)
{
    printf("| %s | %s%s | %s | %s | ", d->name, d->flags & DDI_EXACT_IRQL ? "= " : "", irql_name(d->max_irql),
           d->flags & DDI_MAY_BLOCK ? "yes" : "", d->flags & DDI_CAN_FAIL ? "yes" : "");
    print_rule(d);
    printf(" |\n");
}

static int by_module_and_name(const void *a, const void *b)
{
    const struct ddi *x = *(const struct ddi *const *)a, *y = *(const struct ddi *const *)b;
    int module = strcmp(x->module, y->module);
    return module ? module : strcmp(x->name, y->name);
}

static void print_table(const struct ddi **list, unsigned count, const char *title, const char *text)
{
    const char *module = "";
    printf("\n## %s\n\n%s\n", title, text);
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(module, list[i]->module)) {
            module = list[i]->module;
            printf("\n### %s\n\n| name | highest IRQL | may block | can fail | rule |\n|---|---|---|---|---|\n", module);
        }
        print_ddi(list[i]);
    }
}

static unsigned select_ddis(const struct ddi **out, unsigned mask, unsigned value)
{
    unsigned n = 0;
    for (unsigned i = DDI_Memory + 1; i < ddi_count; i++)
        if ((ddi_table[i].flags & mask) == value)
            out[n++] = &ddi_table[i];
    qsort(out, n, sizeof *out, by_module_and_name);
    return n;
}

int main(void)
{
    static const struct ddi *list[DDI_COUNT];
    unsigned kernel = select_ddis(list, DDI_CALLBACK | DDI_USER, 0);
    printf("# DDIs\n\nWhat a driver or an app may call, and what is called of theirs: generated from the tables behind the gate\n"
           "(`emulator/{nt,kmdf,win32}/ddi.def`). *Can fail*: the call fails by choice when faults are injected. *Rule*: what a call\n"
           "above its highest IRQL is reported as (bug check 0xC4 with that number; without a rule 0xC4/0xE5).\n");
    print_table(list, kernel, "For drivers", "Called by a driver.");
    unsigned user = select_ddis(list, DDI_CALLBACK | DDI_USER, DDI_USER);
    print_table(list, user, "For apps", "The Win32 functions an app calls.");
    unsigned callbacks = select_ddis(list, DDI_CALLBACK, DDI_CALLBACK);
    print_table(list, callbacks, "Callbacks", "Routines of a driver or app that the emulator calls.");
    return 0;
}
