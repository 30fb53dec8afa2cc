/*
 * Interrupts (7.3).
 */
#pragma once

WDF_EXTERN_C_START

typedef enum _WDF_INTERRUPT_POLICY {
    WdfIrqPolicyMachineDefault = 0,
    WdfIrqPolicyAllCloseProcessors,
    WdfIrqPolicyOneCloseProcessor,
    WdfIrqPolicyAllProcessorsInMachine,
    WdfIrqPolicySpecifiedProcessors,
    WdfIrqPolicySpreadMessagesAcrossAllProcessors,
    WdfIrqPolicyAllProcessorsInMachineWhenSteered,
} WDF_INTERRUPT_POLICY, *PWDF_INTERRUPT_POLICY;

typedef enum _WDF_INTERRUPT_PRIORITY {
    WdfIrqPriorityUndefined = 0,
    WdfIrqPriorityLow,
    WdfIrqPriorityNormal,
    WdfIrqPriorityHigh,
} WDF_INTERRUPT_PRIORITY, *PWDF_INTERRUPT_PRIORITY;

// The ISR runs at the interrupt's level (PASSIVE_LEVEL for passive handling), the synchronise routine under its lock.
typedef _Function_class_(EVT_WDF_INTERRUPT_ISR)
_IRQL_requires_same_
BOOLEAN EVT_WDF_INTERRUPT_ISR(_In_ WDFINTERRUPT Interrupt, _In_ ULONG MessageID);
typedef EVT_WDF_INTERRUPT_ISR *PFN_WDF_INTERRUPT_ISR;

typedef _Function_class_(EVT_WDF_INTERRUPT_SYNCHRONIZE)
_IRQL_requires_same_
BOOLEAN EVT_WDF_INTERRUPT_SYNCHRONIZE(_In_ WDFINTERRUPT Interrupt, _In_ WDFCONTEXT Context);
typedef EVT_WDF_INTERRUPT_SYNCHRONIZE *PFN_WDF_INTERRUPT_SYNCHRONIZE;

typedef _Function_class_(EVT_WDF_INTERRUPT_DPC)
_IRQL_requires_same_ _IRQL_requires_max_(DISPATCH_LEVEL)
VOID EVT_WDF_INTERRUPT_DPC(_In_ WDFINTERRUPT Interrupt, _In_ WDFOBJECT AssociatedObject);
typedef EVT_WDF_INTERRUPT_DPC *PFN_WDF_INTERRUPT_DPC;

typedef _Function_class_(EVT_WDF_INTERRUPT_WORKITEM)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
VOID EVT_WDF_INTERRUPT_WORKITEM(_In_ WDFINTERRUPT Interrupt, _In_ WDFOBJECT AssociatedObject);
typedef EVT_WDF_INTERRUPT_WORKITEM *PFN_WDF_INTERRUPT_WORKITEM;

typedef _Function_class_(EVT_WDF_INTERRUPT_ENABLE)
_IRQL_requires_same_
NTSTATUS EVT_WDF_INTERRUPT_ENABLE(_In_ WDFINTERRUPT Interrupt, _In_ WDFDEVICE AssociatedDevice);
typedef EVT_WDF_INTERRUPT_ENABLE *PFN_WDF_INTERRUPT_ENABLE;

typedef _Function_class_(EVT_WDF_INTERRUPT_DISABLE)
_IRQL_requires_same_
NTSTATUS EVT_WDF_INTERRUPT_DISABLE(_In_ WDFINTERRUPT Interrupt, _In_ WDFDEVICE AssociatedDevice);
typedef EVT_WDF_INTERRUPT_DISABLE *PFN_WDF_INTERRUPT_DISABLE;

typedef struct _WDF_INTERRUPT_CONFIG {
    ULONG Size;
    WDFSPINLOCK SpinLock;
    WDF_TRI_STATE ShareVector;
    BOOLEAN FloatingSave;
    BOOLEAN AutomaticSerialization;
    PFN_WDF_INTERRUPT_ISR EvtInterruptIsr;
    PFN_WDF_INTERRUPT_DPC EvtInterruptDpc;
    PFN_WDF_INTERRUPT_ENABLE EvtInterruptEnable;
    PFN_WDF_INTERRUPT_DISABLE EvtInterruptDisable;
    PFN_WDF_INTERRUPT_WORKITEM EvtInterruptWorkItem;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR InterruptRaw;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR InterruptTranslated;
    WDFWAITLOCK WaitLock;
    BOOLEAN PassiveHandling;
    WDF_TRI_STATE ReportInactiveOnPowerDown;
    BOOLEAN CanWakeDevice;
} WDF_INTERRUPT_CONFIG, *PWDF_INTERRUPT_CONFIG;

WDF_INLINE VOID WDF_INTERRUPT_CONFIG_INIT(_Out_ PWDF_INTERRUPT_CONFIG Configuration,
                                          _In_ PFN_WDF_INTERRUPT_ISR EvtInterruptIsr,
                                          _In_opt_ PFN_WDF_INTERRUPT_DPC EvtInterruptDpc)
{
    RtlZeroMemory(Configuration, sizeof(*Configuration));
    Configuration->Size = sizeof(*Configuration);
    Configuration->ShareVector = WdfUseDefault;
    Configuration->EvtInterruptIsr = EvtInterruptIsr;
    Configuration->EvtInterruptDpc = EvtInterruptDpc;
    Configuration->ReportInactiveOnPowerDown = WdfUseDefault;
}

typedef struct _WDF_INTERRUPT_INFO {
    ULONG Size;
    ULONG64 Reserved1;
    KAFFINITY TargetProcessorSet;
    ULONG Reserved2;
    ULONG MessageNumber;
    ULONG Vector;
    KIRQL Irql;
    KINTERRUPT_MODE Mode;
    WDF_INTERRUPT_POLICY Policy;
    WDF_INTERRUPT_PRIORITY Priority;
    BOOLEAN MessageSignaled;
    UCHAR ShareDisposition;
    DECLSPEC_ALIGN(8) USHORT Group;
} WDF_INTERRUPT_INFO, *PWDF_INTERRUPT_INFO;

WDF_INLINE VOID WDF_INTERRUPT_INFO_INIT(_Out_ PWDF_INTERRUPT_INFO Info)
{
    RtlZeroMemory(Info, sizeof(*Info));
    Info->Size = sizeof(*Info);
}

typedef struct _WDF_INTERRUPT_EXTENDED_POLICY {
    ULONG Size;
    WDF_INTERRUPT_POLICY Policy;
    WDF_INTERRUPT_PRIORITY Priority;
    GROUP_AFFINITY TargetProcessorSetAndGroup;
} WDF_INTERRUPT_EXTENDED_POLICY, *PWDF_INTERRUPT_EXTENDED_POLICY;

WDF_INLINE VOID WDF_INTERRUPT_EXTENDED_POLICY_INIT(_Out_ PWDF_INTERRUPT_EXTENDED_POLICY ExtendedPolicy)
{
    RtlZeroMemory(ExtendedPolicy, sizeof(*ExtendedPolicy));
    ExtendedPolicy->Size = sizeof(*ExtendedPolicy);
    ExtendedPolicy->Policy = WdfIrqPolicyMachineDefault;
    ExtendedPolicy->Priority = WdfIrqPriorityUndefined;
}

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfInterruptCreate, PFN_WDFINTERRUPTCREATE,
        (_In_ WDFDEVICE Device, _In_ PWDF_INTERRUPT_CONFIG Configuration,
         _In_opt_ PWDF_OBJECT_ATTRIBUTES Attributes, _Out_ WDFINTERRUPT *Interrupt),
        (Device, Configuration, Attributes, Interrupt))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(BOOLEAN, WdfInterruptQueueDpcForIsr, PFN_WDFINTERRUPTQUEUEDPCFORISR,
        (_In_ WDFINTERRUPT Interrupt),
        (Interrupt))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(BOOLEAN, WdfInterruptQueueWorkItemForIsr, PFN_WDFINTERRUPTQUEUEWORKITEMFORISR,
        (_In_ WDFINTERRUPT Interrupt),
        (Interrupt))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(BOOLEAN, WdfInterruptSynchronize, PFN_WDFINTERRUPTSYNCHRONIZE,
        (_In_ WDFINTERRUPT Interrupt, _In_ PFN_WDF_INTERRUPT_SYNCHRONIZE Callback,
         _In_ WDFCONTEXT Context),
        (Interrupt, Callback, Context))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(VOID, WdfInterruptAcquireLock, PFN_WDFINTERRUPTACQUIRELOCK,
        (_In_ WDFINTERRUPT Interrupt),
        (Interrupt))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(VOID, WdfInterruptReleaseLock, PFN_WDFINTERRUPTRELEASELOCK,
        (_In_ WDFINTERRUPT Interrupt),
        (Interrupt))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(BOOLEAN, WdfInterruptTryToAcquireLock, PFN_WDFINTERRUPTTRYTOACQUIRELOCK,
        (_In_ WDFINTERRUPT Interrupt),
        (Interrupt))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfInterruptEnable, PFN_WDFINTERRUPTENABLE,
        (_In_ WDFINTERRUPT Interrupt),
        (Interrupt))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfInterruptDisable, PFN_WDFINTERRUPTDISABLE,
        (_In_ WDFINTERRUPT Interrupt),
        (Interrupt))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(PKINTERRUPT, WdfInterruptWdmGetInterrupt, PFN_WDFINTERRUPTWDMGETINTERRUPT,
        (_In_ WDFINTERRUPT Interrupt),
        (Interrupt))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(VOID, WdfInterruptGetInfo, PFN_WDFINTERRUPTGETINFO,
        (_In_ WDFINTERRUPT Interrupt, _Inout_ PWDF_INTERRUPT_INFO Info),
        (Interrupt, Info))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfInterruptSetPolicy, PFN_WDFINTERRUPTSETPOLICY,
        (_In_ WDFINTERRUPT Interrupt, _In_ WDF_INTERRUPT_POLICY Policy,
         _In_ WDF_INTERRUPT_PRIORITY Priority, _In_ KAFFINITY TargetProcessorSet),
        (Interrupt, Policy, Priority, TargetProcessorSet))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfInterruptSetExtendedPolicy, PFN_WDFINTERRUPTSETEXTENDEDPOLICY,
        (_In_ WDFINTERRUPT Interrupt, _In_ PWDF_INTERRUPT_EXTENDED_POLICY PolicyAndGroup),
        (Interrupt, PolicyAndGroup))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(WDFDEVICE, WdfInterruptGetDevice, PFN_WDFINTERRUPTGETDEVICE,
        (_In_ WDFINTERRUPT Interrupt),
        (Interrupt))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfInterruptReportActive, PFN_WDFINTERRUPTREPORTACTIVE,
        (_In_ WDFINTERRUPT Interrupt),
        (Interrupt))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfInterruptReportInactive, PFN_WDFINTERRUPTREPORTINACTIVE,
        (_In_ WDFINTERRUPT Interrupt),
        (Interrupt))

WDF_EXTERN_C_END
