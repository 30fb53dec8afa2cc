/*
 * The packaged wdm.h with its macros and inline functions routed to the emulator, and what is newer than it. These headers
 * nest: names stay moved aside until the outermost one is done, since each may define some of them again.
 */
#ifndef IRPFUZZ_KM_WDM_H
#define IRPFUZZ_KM_WDM_H

#include "irpfuzz_base.h"
#include "irpfuzz_hide.h"
#ifdef IRPFUZZ_KM_NESTED
#include_next <wdm.h>
#else
#define IRPFUZZ_KM_NESTED
#include_next <wdm.h>
#undef IRPFUZZ_KM_NESTED
#include "irpfuzz_after.h"
#endif

#endif
