/*
 * Numbers of all DDIs and callbacks, expanded from the tables. A line is
 *     DDI(name, highest IRQL, flags, "module", V-IRQ code or 0)
 * Number 0 is no DDI; 1..3 are the scheduler's own points, which inputs may name as well.
 */
#ifndef EMULATOR_DDI_H
#define EMULATOR_DDI_H

enum ddi_number {
    DDI_none,
    DDI_Block,      /* the running context has to wait */
    DDI_Release,    /* behind a DDI that releases something (DDI_RELEASES) */
    DDI_Memory,     /* a load or store of driver code, in builds that ask for it */
#define DDI(name, irql, flags, module, rule) DDI_##name,
#include "nt/ddi.def"
#include "hal/ddi.def"
#include "kmdf/ddi.def"
#include "win32/ddi.def"
#undef DDI
    DDI_COUNT
};

#endif
