/*
 * The overlay after a packaged kernel header. A source may include wdm.h and ntddk.h in turn, so this may come twice: the macros
 * are taken back each time, the declarations are made once.
 */
#include "irpfuzz_interlocked.h"
#include "irpfuzz_routed.h"
#include "irpfuzz_checks.h"
#include "irpfuzz_lists.h"
#include "irpfuzz_newer.h"
