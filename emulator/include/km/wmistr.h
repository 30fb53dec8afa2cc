/*
 * <wmistr.h> as drivers see it: the packaged header shows the access rights of data blocks (WMIGUID_*) only where WINNT is defined, as every kernel
 * build of the WDK does.
 */
#ifndef IRPFUZZ_KM_WMISTR_H
#define IRPFUZZ_KM_WMISTR_H
#ifndef WINNT
#define WINNT 1
#include_next <wmistr.h>
#undef WINNT
#else
#include_next <wmistr.h>
#endif
#endif
