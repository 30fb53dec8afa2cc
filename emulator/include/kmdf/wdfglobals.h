/*
 * The driver image's globals, and how a function of the framework is declared.
 *
 * WdfDriverGlobals is one variable per driver image; the image's descriptor defines it and the framework fills in
 * what it points to before DriverEntry.
 *
 * WDF_DDI(Result, Name, Pfn, (parameters), (their names)) declares one function of the framework:
 *   wdf_Name   the implementation, exported under the linker symbol "Name"; first parameter DriverGlobals
 *   Name       what drivers call: passes WdfDriverGlobals and the arguments on
 *   Pfn        the type of a pointer to the implementation
 * The inline function has a linker symbol of its own, for a copy whose address is taken must not shadow the
 * implementation's symbol.
 */
#pragma once

WDF_EXTERN_C_START

#define WDF_DRIVER_GLOBALS_NAME_LEN 32

typedef struct _WDF_DRIVER_GLOBALS {
    WDFDRIVER Driver;           // valid from within WdfDriverCreate on (K-DRV-3)
    ULONG DriverFlags;
    ULONG DriverTag;            // pool tag of allocations that name none (K-DRV-6)
    CHAR DriverName[WDF_DRIVER_GLOBALS_NAME_LEN];
    BOOLEAN DisplaceDriverUnload;
} WDF_DRIVER_GLOBALS, *PWDF_DRIVER_GLOBALS;

extern PWDF_DRIVER_GLOBALS WdfDriverGlobals;

#define WDF_LIST(...) __VA_ARGS__

#define WDF_DDI(Result, Name, Pfn, Parameters, Arguments)                                          \
    typedef Result (*Pfn)(_In_ PWDF_DRIVER_GLOBALS DriverGlobals, WDF_LIST Parameters);            \
    Result wdf_##Name(_In_ PWDF_DRIVER_GLOBALS DriverGlobals, WDF_LIST Parameters) __asm__(#Name); \
    WDF_INLINE Result Name(WDF_LIST Parameters) __asm__(#Name "$inline");                          \
    WDF_INLINE Result Name(WDF_LIST Parameters)                                                    \
    {                                                                                              \
        return wdf_##Name(WdfDriverGlobals, WDF_LIST Arguments);                                   \
    }

#define WDF_DDI_NO_ARGUMENTS(Result, Name, Pfn)                                  \
    typedef Result (*Pfn)(_In_ PWDF_DRIVER_GLOBALS DriverGlobals);               \
    Result wdf_##Name(_In_ PWDF_DRIVER_GLOBALS DriverGlobals) __asm__(#Name);    \
    WDF_INLINE Result Name(VOID) __asm__(#Name "$inline");                       \
    WDF_INLINE Result Name(VOID)                                                 \
    {                                                                            \
        return wdf_##Name(WdfDriverGlobals);                                     \
    }

WDF_INLINE WDFDRIVER WdfGetDriver(VOID)
{
    return WdfDriverGlobals->Driver;
}

// The emulator binds every function at link time, and a structure has the layout that these headers give it:
// what compiles is available.
#define WDF_IS_FUNCTION_AVAILABLE(Name) ((ULONG)Name##TableIndex < (ULONG)WdfFunctionTableNumEntries)
#define WDF_IS_STRUCTURE_AVAILABLE(Name) (sizeof(Name) != 0)
#define WDF_IS_FIELD_AVAILABLE(Structure, Field) \
    (sizeof(((Structure *)0)->Field) != 0)
#define WDF_STRUCTURE_SIZE(Structure) (sizeof(Structure))

WDF_EXTERN_C_END
