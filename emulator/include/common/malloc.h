/* Allocation from the C runtime and from the stack. */
#ifndef IRPFUZZ_CRT_MALLOC_H
#define IRPFUZZ_CRT_MALLOC_H

#include <stdlib.h>

#define _alloca __builtin_alloca
#define alloca __builtin_alloca

#endif
