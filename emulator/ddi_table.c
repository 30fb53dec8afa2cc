/* The facts of each DDI and callback, from the same lines as their numbers (ddi.h). */
#include "ddi.h"
#include "machine/machine.h"

#define PASSIVE IRQL_PASSIVE
#define APC IRQL_APC
#define DISPATCH IRQL_DISPATCH
#define ANY IRQL_HIGH
#define BLOCK DDI_MAY_BLOCK
#define FAIL DDI_CAN_FAIL
#define CALLBACK DDI_CALLBACK
#define QUIET DDI_NO_POINT
#define EXACT DDI_EXACT_IRQL
#define WDF DDI_WDF_IRQL
#define USER DDI_USER
#define RELEASES DDI_RELEASES

const struct ddi ddi_table[DDI_COUNT] = {
    {"none", ANY, 0, "machine", 0},
    {"Block", ANY, CALLBACK, "machine", 0},
    {"Release", ANY, CALLBACK, "machine", 0},
    {"Memory", ANY, CALLBACK, "machine", 0},
#define DDI(name, irql, flags, module, rule) {#name, irql, flags, module, rule},
#include "nt/ddi.def"
#include "hal/ddi.def"
#include "kmdf/ddi.def"
#include "win32/ddi.def"
#undef DDI
};
const unsigned ddi_count = DDI_COUNT;
