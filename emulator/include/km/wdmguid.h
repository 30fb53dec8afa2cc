/* The packaged wdmguid.h holds nothing but GUIDs behind one guard: opened once more when initguid.h came since, so that they are defined too. */
#if defined(INITGUID) && !defined(IRPFUZZ_WDMGUID_DEFINED)
#define IRPFUZZ_WDMGUID_DEFINED
#undef __WDMGUID_H
#endif
#include_next <wdmguid.h>
