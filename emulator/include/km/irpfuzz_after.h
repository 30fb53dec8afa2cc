/*
 * The overlay after a packaged kernel header. A source may include wdm.h and ntddk.h in turn, so this may come twice: the macros
 * are taken back each time, the declarations are made once.
 */
#include "irpfuzz_interlocked.h"
#include "irpfuzz_routed.h"
#include "irpfuzz_checks.h"
#include "irpfuzz_lists.h"
#include "irpfuzz_newer.h"

/* The packaged ones compute with a null pointer, which is undefined and reported as such. */
#undef CONTAINING_RECORD
#define CONTAINING_RECORD(address, type, field) ((type *)((PCHAR)(address) - __builtin_offsetof(type, field)))
#undef FIELD_OFFSET
#define FIELD_OFFSET(type, field) ((LONG)__builtin_offsetof(type, field))
