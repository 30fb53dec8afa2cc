/* The packaged wdm.h with its macros and inline functions routed to the emulator, and what is newer than it. */
#ifndef IRPFUZZ_KM_WDM_H
#define IRPFUZZ_KM_WDM_H

#include "irpfuzz_base.h"
#include "irpfuzz_hide.h"
#include_next <wdm.h>
#include "irpfuzz_after.h"

#endif
