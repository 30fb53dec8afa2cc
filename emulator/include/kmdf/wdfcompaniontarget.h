/*
 * Companion targets: tasks sent to the device's user mode companion.
 */
#pragma once

WDF_EXTERN_C_START

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfCompanionTargetSendTaskSynchronously, PFN_WDFCOMPANIONTARGETSENDTASKSYNCHRONOUSLY,
        (_In_ WDFCOMPANIONTARGET CompanionTarget, _In_ USHORT TaskQueueIdentifier,
         _In_ ULONG TaskOperationCode, _In_opt_ PWDF_MEMORY_DESCRIPTOR InputBuffer,
         _In_opt_ PWDF_MEMORY_DESCRIPTOR OutputBuffer,
         _In_opt_ PWDF_REQUEST_SEND_OPTIONS TaskOptions, _Out_ PULONG_PTR BytesReturned),
        (CompanionTarget, TaskQueueIdentifier, TaskOperationCode, InputBuffer, OutputBuffer,
         TaskOptions, BytesReturned))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(PEPROCESS, WdfCompanionTargetWdmGetCompanionProcess, PFN_WDFCOMPANIONTARGETWDMGETCOMPANIONPROCESS,
        (_In_ WDFCOMPANIONTARGET CompanionTarget),
        (CompanionTarget))

WDF_EXTERN_C_END
