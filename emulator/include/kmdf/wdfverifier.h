/*
 * Breaking and stopping on a driver's own behalf (K-TRC-2), and the triage data of a driver.
 */
#pragma once

WDF_EXTERN_C_START

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI_NO_ARGUMENTS(VOID, WdfVerifierDbgBreakPoint, PFN_WDFVERIFIERDBGBREAKPOINT)

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(VOID, WdfVerifierKeBugCheck, PFN_WDFVERIFIERKEBUGCHECK,
        (_In_ ULONG BugCheckCode, _In_ ULONG_PTR BugCheckParameter1,
         _In_ ULONG_PTR BugCheckParameter2, _In_ ULONG_PTR BugCheckParameter3,
         _In_ ULONG_PTR BugCheckParameter4),
        (BugCheckCode, BugCheckParameter1, BugCheckParameter2, BugCheckParameter3,
         BugCheckParameter4))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI_NO_ARGUMENTS(PVOID, WdfGetTriageInfo, PFN_WDFGETTRIAGEINFO)

WDF_EXTERN_C_END
