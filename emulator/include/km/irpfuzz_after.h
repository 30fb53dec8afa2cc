/*
 * The overlay after a packaged kernel header. wdm.h, ntddk.h and ntifs.h nest, so this is included several times: the macros
 * are taken back each time, the declarations are made once.
 */
#include "irpfuzz_interlocked.h"
#include "irpfuzz_routed.h"
#include "irpfuzz_checks.h"
#include "irpfuzz_lists.h"
#include "irpfuzz_newer.h"
