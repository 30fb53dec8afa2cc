/*
 * Timer objects (7.1 of the KMDF specification). Periods are in milliseconds, due times in 100 ns.
 */
#pragma once

WDF_EXTERN_C_START

typedef _Function_class_(EVT_WDF_TIMER)
_IRQL_requires_same_ _IRQL_requires_max_(DISPATCH_LEVEL)
VOID EVT_WDF_TIMER(_In_ WDFTIMER Timer);
typedef EVT_WDF_TIMER *PFN_WDF_TIMER;

typedef struct _WDF_TIMER_CONFIG {
    ULONG Size;
    PFN_WDF_TIMER EvtTimerFunc;
    ULONG Period;               // 0: fires once
    BOOLEAN AutomaticSerialization;
    ULONG TolerableDelay;
    WDF_TRI_STATE UseHighResolutionTimer;
} WDF_TIMER_CONFIG, *PWDF_TIMER_CONFIG;

// Serialised with the parent's callbacks unless the driver says otherwise (K-SYN-8).
WDF_INLINE VOID WDF_TIMER_CONFIG_INIT(_Out_ PWDF_TIMER_CONFIG Config, _In_ PFN_WDF_TIMER EvtTimerFunc)
{
    RtlZeroMemory(Config, sizeof(*Config));
    Config->Size = sizeof(*Config);
    Config->EvtTimerFunc = EvtTimerFunc;
    Config->Period = 0;
    Config->AutomaticSerialization = TRUE;
    Config->TolerableDelay = 0;
    Config->UseHighResolutionTimer = WdfUseDefault;
}

WDF_INLINE VOID WDF_TIMER_CONFIG_INIT_PERIODIC(_Out_ PWDF_TIMER_CONFIG Config,
                                               _In_ PFN_WDF_TIMER EvtTimerFunc, _In_ LONG Period)
{
    WDF_TIMER_CONFIG_INIT(Config, EvtTimerFunc);
    Config->Period = (ULONG)Period;
}

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfTimerCreate, PFN_WDFTIMERCREATE,
        (_In_ PWDF_TIMER_CONFIG Config, _In_ PWDF_OBJECT_ATTRIBUTES Attributes,
         _Out_ WDFTIMER *Timer),
        (Config, Attributes, Timer))

// TRUE when the timer was already queued; its old due time is forgotten.
_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(BOOLEAN, WdfTimerStart, PFN_WDFTIMERSTART,
        (_In_ WDFTIMER Timer, _In_ LONGLONG DueTime),
        (Timer, DueTime))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(BOOLEAN, WdfTimerStop, PFN_WDFTIMERSTOP,
        (_In_ WDFTIMER Timer, _In_ BOOLEAN Wait),
        (Timer, Wait))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFOBJECT, WdfTimerGetParentObject, PFN_WDFTIMERGETPARENTOBJECT,
        (_In_ WDFTIMER Timer),
        (Timer))

WDF_EXTERN_C_END
