/* The packaged ntifs.h with its macros and inline functions routed to the emulator, and what is newer than it. */
#ifndef IRPFUZZ_KM_NTIFS_H
#define IRPFUZZ_KM_NTIFS_H

#include "irpfuzz_base.h"
#include "irpfuzz_hide.h"
#include_next <ntifs.h>
#include "irpfuzz_after.h"

#endif
