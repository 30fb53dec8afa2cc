/* The packaged windows.h with the interlocked operations routed to the emulator. */
#ifndef IRPFUZZ_UM_WINDOWS_H
#define IRPFUZZ_UM_WINDOWS_H

#include <stdarg.h>
#include <stddef.h>
#include <sal.h>
#include <driverspecs.h>
#include <intrin.h>
#include <string.h>
#define MICROSOFT_WINDOWS_WINBASE_H_DEFINE_INTERLOCKED_CPLUSPLUS_OVERLOADS 0
#include_next <windows.h>
#include <irpfuzz_interlocked.h>

#undef UNREFERENCED_PARAMETER
#define UNREFERENCED_PARAMETER(parameter) ((void)(parameter))

#endif
