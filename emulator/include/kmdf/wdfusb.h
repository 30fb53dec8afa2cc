/*
 * USB devices, interfaces and pipes as I/O targets (7.12). A driver includes this header itself, after <usb.h>,
 * <usbdlib.h> and <wdf.h>.
 */
#pragma once

WDF_EXTERN_C_START

typedef enum _WDF_USB_REQUEST_TYPE {
    WdfUsbRequestTypeInvalid = 0,
    WdfUsbRequestTypeNoFormat,
    WdfUsbRequestTypeDeviceString,
    WdfUsbRequestTypeDeviceControlTransfer,
    WdfUsbRequestTypeDeviceUrb,
    WdfUsbRequestTypePipeWrite,
    WdfUsbRequestTypePipeRead,
    WdfUsbRequestTypePipeAbort,
    WdfUsbRequestTypePipeReset,
    WdfUsbRequestTypePipeUrb,
} WDF_USB_REQUEST_TYPE;

typedef enum _WDF_USB_BMREQUEST_DIRECTION {
    BmRequestHostToDevice = 0,
    BmRequestDeviceToHost = 1,
} WDF_USB_BMREQUEST_DIRECTION;

typedef enum _WDF_USB_BMREQUEST_TYPE {
    BmRequestStandard = 0,
    BmRequestClass = 1,
    BmRequestVendor = 2,
} WDF_USB_BMREQUEST_TYPE;

typedef enum _WDF_USB_BMREQUEST_RECIPIENT {
    BmRequestToDevice = 0,
    BmRequestToInterface = 1,
    BmRequestToEndpoint = 2,
    BmRequestToOther = 3,
} WDF_USB_BMREQUEST_RECIPIENT;

typedef enum _WDF_USB_DEVICE_TRAITS {
    WDF_USB_DEVICE_TRAIT_SELF_POWERED = 0x00000001,
    WDF_USB_DEVICE_TRAIT_REMOTE_WAKE_CAPABLE = 0x00000002,
    WDF_USB_DEVICE_TRAIT_AT_HIGH_SPEED = 0x00000004,
} WDF_USB_DEVICE_TRAITS;

typedef enum _WdfUsbTargetDeviceSelectConfigType {
    WdfUsbTargetDeviceSelectConfigTypeInvalid = 0,
    WdfUsbTargetDeviceSelectConfigTypeDeconfig = 1,
    WdfUsbTargetDeviceSelectConfigTypeSingleInterface = 2,
    WdfUsbTargetDeviceSelectConfigTypeMultiInterface = 3,
    WdfUsbTargetDeviceSelectConfigTypeInterfacesPairs = 4,
    WdfUsbTargetDeviceSelectConfigTypeInterfacesDescriptor = 5,
    WdfUsbTargetDeviceSelectConfigTypeUrb = 6,
} WdfUsbTargetDeviceSelectConfigType;

typedef enum _WdfUsbTargetDeviceSelectSettingType {
    WdfUsbInterfaceSelectSettingTypeDescriptor = 0x10,
    WdfUsbInterfaceSelectSettingTypeSetting = 0x11,
    WdfUsbInterfaceSelectSettingTypeUrb = 0x12,
} WdfUsbTargetDeviceSelectSettingType;

typedef enum _WDF_USB_PIPE_TYPE {
    WdfUsbPipeTypeInvalid = 0,
    WdfUsbPipeTypeControl = 1,
    WdfUsbPipeTypeIsochronous = 2,
    WdfUsbPipeTypeBulk = 3,
    WdfUsbPipeTypeInterrupt = 4,
} WDF_USB_PIPE_TYPE, *PWDF_USB_PIPE_TYPE;

typedef union _WDF_USB_CONTROL_SETUP_PACKET {
    struct {
        union {
            struct {
                UCHAR Recipient : 2;
                UCHAR Reserved : 3;
                UCHAR Type : 2;
                UCHAR Dir : 1;
            } Request;
            UCHAR Byte;
        } bm;
        UCHAR bRequest;
        union {
            struct {
                UCHAR LowByte;
                UCHAR HiByte;
            } Bytes;
            USHORT Value;
        } wValue;
        union {
            struct {
                UCHAR LowByte;
                UCHAR HiByte;
            } Bytes;
            USHORT Value;
        } wIndex;
        USHORT wLength;     // the framework's to fill in
    } Packet;
    struct {
        UCHAR Bytes[8];
    } Generic;
} WDF_USB_CONTROL_SETUP_PACKET, *PWDF_USB_CONTROL_SETUP_PACKET;

WDF_INLINE VOID WdfUsbSetupPacketInitialize(_Out_ PWDF_USB_CONTROL_SETUP_PACKET Packet,
                                            _In_ WDF_USB_BMREQUEST_DIRECTION Direction,
                                            _In_ WDF_USB_BMREQUEST_TYPE Type,
                                            _In_ WDF_USB_BMREQUEST_RECIPIENT Recipient, _In_ UCHAR Request,
                                            _In_ USHORT Value, _In_ USHORT Index)
{
    RtlZeroMemory(Packet, sizeof(*Packet));
    Packet->Packet.bm.Request.Dir = (UCHAR)Direction;
    Packet->Packet.bm.Request.Type = (UCHAR)Type;
    Packet->Packet.bm.Request.Recipient = (UCHAR)Recipient;
    Packet->Packet.bRequest = Request;
    Packet->Packet.wValue.Value = Value;
    Packet->Packet.wIndex.Value = Index;
}

WDF_INLINE VOID WDF_USB_CONTROL_SETUP_PACKET_INIT(_Out_ PWDF_USB_CONTROL_SETUP_PACKET Packet,
                                                  _In_ WDF_USB_BMREQUEST_DIRECTION Direction,
                                                  _In_ WDF_USB_BMREQUEST_RECIPIENT Recipient,
                                                  _In_ UCHAR Request, _In_ USHORT Value, _In_ USHORT Index)
{
    WdfUsbSetupPacketInitialize(Packet, Direction, BmRequestStandard, Recipient, Request, Value, Index);
}

WDF_INLINE VOID WDF_USB_CONTROL_SETUP_PACKET_INIT_CLASS(_Out_ PWDF_USB_CONTROL_SETUP_PACKET Packet,
                                                        _In_ WDF_USB_BMREQUEST_DIRECTION Direction,
                                                        _In_ WDF_USB_BMREQUEST_RECIPIENT Recipient,
                                                        _In_ UCHAR Request, _In_ USHORT Value, _In_ USHORT Index)
{
    WdfUsbSetupPacketInitialize(Packet, Direction, BmRequestClass, Recipient, Request, Value, Index);
}

WDF_INLINE VOID WDF_USB_CONTROL_SETUP_PACKET_INIT_VENDOR(_Out_ PWDF_USB_CONTROL_SETUP_PACKET Packet,
                                                         _In_ WDF_USB_BMREQUEST_DIRECTION Direction,
                                                         _In_ WDF_USB_BMREQUEST_RECIPIENT Recipient,
                                                         _In_ UCHAR Request, _In_ USHORT Value, _In_ USHORT Index)
{
    WdfUsbSetupPacketInitialize(Packet, Direction, BmRequestVendor, Recipient, Request, Value, Index);
}

WDF_INLINE VOID WDF_USB_CONTROL_SETUP_PACKET_INIT_FEATURE(_Out_ PWDF_USB_CONTROL_SETUP_PACKET Packet,
                                                          _In_ WDF_USB_BMREQUEST_RECIPIENT BmRequestRecipient,
                                                          _In_ USHORT FeatureSelector, _In_ USHORT Index,
                                                          _In_ BOOLEAN SetFeature)
{
    UCHAR request = SetFeature ? USB_REQUEST_SET_FEATURE : USB_REQUEST_CLEAR_FEATURE;

    WdfUsbSetupPacketInitialize(Packet, BmRequestHostToDevice, BmRequestStandard, BmRequestRecipient, request,
                                FeatureSelector, Index);
}

WDF_INLINE VOID WDF_USB_CONTROL_SETUP_PACKET_INIT_GET_STATUS(_Out_ PWDF_USB_CONTROL_SETUP_PACKET Packet,
                                                             _In_ WDF_USB_BMREQUEST_RECIPIENT BmRequestRecipient,
                                                             _In_ USHORT Index)
{
    WdfUsbSetupPacketInitialize(Packet, BmRequestDeviceToHost, BmRequestStandard, BmRequestRecipient,
                                USB_REQUEST_GET_STATUS, 0, Index);
}

// What a completion routine finds in Params->Parameters.Usb.Completion.
typedef struct _WDF_USB_REQUEST_COMPLETION_PARAMS {
    USBD_STATUS UsbdStatus;
    WDF_USB_REQUEST_TYPE Type;
    union {
        struct {
            WDFMEMORY Buffer;
            USHORT LangID;
            UCHAR StringIndex;
            UCHAR RequiredSize;
        } DeviceString;
        struct {
            WDFMEMORY Buffer;
            WDF_USB_CONTROL_SETUP_PACKET SetupPacket;
            ULONG Length;
        } DeviceControlTransfer;
        struct {
            WDFMEMORY Buffer;
        } DeviceUrb;
        struct {
            WDFMEMORY Buffer;
            size_t Length;
            size_t Offset;
        } PipeWrite;
        struct {
            WDFMEMORY Buffer;
            size_t Length;
            size_t Offset;
        } PipeRead;
        struct {
            WDFMEMORY Buffer;
        } PipeUrb;
    } Parameters;
} WDF_USB_REQUEST_COMPLETION_PARAMS;

typedef struct _WDF_USB_DEVICE_CREATE_CONFIG {
    ULONG Size;
    ULONG USBDClientContractVersion;
} WDF_USB_DEVICE_CREATE_CONFIG, *PWDF_USB_DEVICE_CREATE_CONFIG;

WDF_INLINE VOID WDF_USB_DEVICE_CREATE_CONFIG_INIT(_Out_ PWDF_USB_DEVICE_CREATE_CONFIG Config,
                                                  _In_ ULONG USBDClientContractVersion)
{
    RtlZeroMemory(Config, sizeof(*Config));
    Config->Size = sizeof(*Config);
    Config->USBDClientContractVersion = USBDClientContractVersion;
}

typedef struct _WDF_USB_DEVICE_INFORMATION {
    ULONG Size;
    USBD_VERSION_INFORMATION UsbdVersionInformation;
    ULONG HcdPortCapabilities;
    ULONG Traits;
} WDF_USB_DEVICE_INFORMATION, *PWDF_USB_DEVICE_INFORMATION;

WDF_INLINE VOID WDF_USB_DEVICE_INFORMATION_INIT(_Out_ PWDF_USB_DEVICE_INFORMATION Info)
{
    RtlZeroMemory(Info, sizeof(*Info));
    Info->Size = sizeof(*Info);
}

typedef struct _WDF_USB_INTERFACE_SETTING_PAIR {
    WDFUSBINTERFACE UsbInterface;
    UCHAR SettingIndex;
} WDF_USB_INTERFACE_SETTING_PAIR, *PWDF_USB_INTERFACE_SETTING_PAIR;

typedef struct _WDF_USB_DEVICE_SELECT_CONFIG_PARAMS {
    ULONG Size;
    WdfUsbTargetDeviceSelectConfigType Type;
    union {
        struct {
            PUSB_CONFIGURATION_DESCRIPTOR ConfigurationDescriptor;
            PUSB_INTERFACE_DESCRIPTOR *InterfaceDescriptors;
            ULONG NumInterfaceDescriptors;
        } Descriptor;
        struct {
            PURB Urb;
        } Urb;
        struct {
            UCHAR NumberConfiguredPipes;
            WDFUSBINTERFACE ConfiguredUsbInterface;
        } SingleInterface;
        struct {
            UCHAR NumberInterfaces;
            PWDF_USB_INTERFACE_SETTING_PAIR Pairs;
            UCHAR NumberOfConfiguredInterfaces;
        } MultiInterface;
    } Types;
} WDF_USB_DEVICE_SELECT_CONFIG_PARAMS, *PWDF_USB_DEVICE_SELECT_CONFIG_PARAMS;

WDF_INLINE VOID WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_DECONFIG(_Out_ PWDF_USB_DEVICE_SELECT_CONFIG_PARAMS Params)
{
    RtlZeroMemory(Params, sizeof(*Params));
    Params->Size = sizeof(*Params);
    Params->Type = WdfUsbTargetDeviceSelectConfigTypeDeconfig;
}

WDF_INLINE VOID WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_SINGLE_INTERFACE(
    _Out_ PWDF_USB_DEVICE_SELECT_CONFIG_PARAMS Params)
{
    RtlZeroMemory(Params, sizeof(*Params));
    Params->Size = sizeof(*Params);
    Params->Type = WdfUsbTargetDeviceSelectConfigTypeSingleInterface;
}

// Without pairs every interface gets its setting 0.
WDF_INLINE VOID WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_MULTIPLE_INTERFACES(
    _Out_ PWDF_USB_DEVICE_SELECT_CONFIG_PARAMS Params, _In_ UCHAR NumberInterfaces,
    _In_opt_ PWDF_USB_INTERFACE_SETTING_PAIR SettingPairs)
{
    RtlZeroMemory(Params, sizeof(*Params));
    Params->Size = sizeof(*Params);
    if (SettingPairs != NULL && NumberInterfaces != 0) {
        Params->Type = WdfUsbTargetDeviceSelectConfigTypeInterfacesPairs;
        Params->Types.MultiInterface.NumberInterfaces = NumberInterfaces;
        Params->Types.MultiInterface.Pairs = SettingPairs;
        return;
    }
    Params->Type = WdfUsbTargetDeviceSelectConfigTypeMultiInterface;
}

WDF_INLINE VOID WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_INTERFACES_DESCRIPTORS(
    _Out_ PWDF_USB_DEVICE_SELECT_CONFIG_PARAMS Params, _In_ PUSB_CONFIGURATION_DESCRIPTOR ConfigurationDescriptor,
    _In_ PUSB_INTERFACE_DESCRIPTOR *InterfaceDescriptors, _In_ ULONG NumInterfaces)
{
    RtlZeroMemory(Params, sizeof(*Params));
    Params->Size = sizeof(*Params);
    Params->Type = WdfUsbTargetDeviceSelectConfigTypeInterfacesDescriptor;
    Params->Types.Descriptor.ConfigurationDescriptor = ConfigurationDescriptor;
    Params->Types.Descriptor.InterfaceDescriptors = InterfaceDescriptors;
    Params->Types.Descriptor.NumInterfaceDescriptors = NumInterfaces;
}

WDF_INLINE VOID WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_URB(_Out_ PWDF_USB_DEVICE_SELECT_CONFIG_PARAMS Params,
                                                             _In_ PURB Urb)
{
    RtlZeroMemory(Params, sizeof(*Params));
    Params->Size = sizeof(*Params);
    Params->Type = WdfUsbTargetDeviceSelectConfigTypeUrb;
    Params->Types.Urb.Urb = Urb;
}

typedef struct _WDF_USB_INTERFACE_SELECT_SETTING_PARAMS {
    ULONG Size;
    WdfUsbTargetDeviceSelectSettingType Type;
    union {
        struct {
            PUSB_INTERFACE_DESCRIPTOR InterfaceDescriptor;
        } Descriptor;
        struct {
            UCHAR SettingIndex;
        } Interface;
        struct {
            PURB Urb;
        } Urb;
    } Types;
} WDF_USB_INTERFACE_SELECT_SETTING_PARAMS, *PWDF_USB_INTERFACE_SELECT_SETTING_PARAMS;

WDF_INLINE VOID WDF_USB_INTERFACE_SELECT_SETTING_PARAMS_INIT_DESCRIPTOR(
    _Out_ PWDF_USB_INTERFACE_SELECT_SETTING_PARAMS Params, _In_ PUSB_INTERFACE_DESCRIPTOR InterfaceDescriptor)
{
    RtlZeroMemory(Params, sizeof(*Params));
    Params->Size = sizeof(*Params);
    Params->Type = WdfUsbInterfaceSelectSettingTypeDescriptor;
    Params->Types.Descriptor.InterfaceDescriptor = InterfaceDescriptor;
}

WDF_INLINE VOID WDF_USB_INTERFACE_SELECT_SETTING_PARAMS_INIT_SETTING(
    _Out_ PWDF_USB_INTERFACE_SELECT_SETTING_PARAMS Params, _In_ UCHAR SettingIndex)
{
    RtlZeroMemory(Params, sizeof(*Params));
    Params->Size = sizeof(*Params);
    Params->Type = WdfUsbInterfaceSelectSettingTypeSetting;
    Params->Types.Interface.SettingIndex = SettingIndex;
}

WDF_INLINE VOID WDF_USB_INTERFACE_SELECT_SETTING_PARAMS_INIT_URB(
    _Out_ PWDF_USB_INTERFACE_SELECT_SETTING_PARAMS Params, _In_ PURB Urb)
{
    RtlZeroMemory(Params, sizeof(*Params));
    Params->Size = sizeof(*Params);
    Params->Type = WdfUsbInterfaceSelectSettingTypeUrb;
    Params->Types.Urb.Urb = Urb;
}

typedef struct _WDF_USB_PIPE_INFORMATION {
    ULONG Size;
    ULONG MaximumPacketSize;
    UCHAR EndpointAddress;
    UCHAR Interval;
    UCHAR SettingIndex;
    WDF_USB_PIPE_TYPE PipeType;
    ULONG MaximumTransferSize;
} WDF_USB_PIPE_INFORMATION, *PWDF_USB_PIPE_INFORMATION;

WDF_INLINE VOID WDF_USB_PIPE_INFORMATION_INIT(_Out_ PWDF_USB_PIPE_INFORMATION Info)
{
    RtlZeroMemory(Info, sizeof(*Info));
    Info->Size = sizeof(*Info);
}

typedef _Function_class_(EVT_WDF_USB_READER_COMPLETION_ROUTINE)
_IRQL_requires_same_ _IRQL_requires_max_(DISPATCH_LEVEL)
VOID EVT_WDF_USB_READER_COMPLETION_ROUTINE(_In_ WDFUSBPIPE Pipe, _In_ WDFMEMORY Buffer,
    _In_ size_t NumBytesTransferred, _In_ WDFCONTEXT Context);
typedef EVT_WDF_USB_READER_COMPLETION_ROUTINE *PFN_WDF_USB_READER_COMPLETION_ROUTINE;

typedef _Function_class_(EVT_WDF_USB_READERS_FAILED)
_IRQL_requires_same_ _IRQL_requires_max_(PASSIVE_LEVEL)
BOOLEAN EVT_WDF_USB_READERS_FAILED(_In_ WDFUSBPIPE Pipe, _In_ NTSTATUS Status,
    _In_ USBD_STATUS UsbdStatus);
typedef EVT_WDF_USB_READERS_FAILED *PFN_WDF_USB_READERS_FAILED;

typedef struct _WDF_USB_CONTINUOUS_READER_CONFIG {
    ULONG Size;
    size_t TransferLength;
    size_t HeaderLength;
    size_t TrailerLength;
    UCHAR NumPendingReads;      // 0: the framework's default, 2 (K-USB-2)
    PWDF_OBJECT_ATTRIBUTES BufferAttributes;
    PFN_WDF_USB_READER_COMPLETION_ROUTINE EvtUsbTargetPipeReadComplete;
    WDFCONTEXT EvtUsbTargetPipeReadCompleteContext;
    PFN_WDF_USB_READERS_FAILED EvtUsbTargetPipeReadersFailed;
} WDF_USB_CONTINUOUS_READER_CONFIG, *PWDF_USB_CONTINUOUS_READER_CONFIG;

WDF_INLINE VOID WDF_USB_CONTINUOUS_READER_CONFIG_INIT(
    _Out_ PWDF_USB_CONTINUOUS_READER_CONFIG Config,
    _In_ PFN_WDF_USB_READER_COMPLETION_ROUTINE EvtUsbTargetPipeReadComplete,
    _In_ WDFCONTEXT EvtUsbTargetPipeReadCompleteContext, _In_ size_t TransferLength)
{
    RtlZeroMemory(Config, sizeof(*Config));
    Config->Size = sizeof(*Config);
    Config->EvtUsbTargetPipeReadComplete = EvtUsbTargetPipeReadComplete;
    Config->EvtUsbTargetPipeReadCompleteContext = EvtUsbTargetPipeReadCompleteContext;
    Config->TransferLength = TransferLength;
}

// A USB device or pipe handle is an I/O target's handle too.
WDF_INLINE WDFIOTARGET WdfUsbTargetDeviceGetIoTarget(_In_ WDFUSBDEVICE UsbDevice)
{
    return (WDFIOTARGET)UsbDevice;
}

WDF_INLINE WDFIOTARGET WdfUsbTargetPipeGetIoTarget(_In_ WDFUSBPIPE Pipe)
{
    return (WDFIOTARGET)Pipe;
}

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetDeviceCreate, PFN_WDFUSBTARGETDEVICECREATE,
        (_In_ WDFDEVICE Device, _In_opt_ PWDF_OBJECT_ATTRIBUTES Attributes,
         _Out_ WDFUSBDEVICE *UsbDevice),
        (Device, Attributes, UsbDevice))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetDeviceCreateWithParameters, PFN_WDFUSBTARGETDEVICECREATEWITHPARAMETERS,
        (_In_ WDFDEVICE Device, _In_ PWDF_USB_DEVICE_CREATE_CONFIG Config,
         _In_opt_ PWDF_OBJECT_ATTRIBUTES Attributes, _Out_ WDFUSBDEVICE *UsbDevice),
        (Device, Config, Attributes, UsbDevice))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetDeviceRetrieveInformation, PFN_WDFUSBTARGETDEVICERETRIEVEINFORMATION,
        (_In_ WDFUSBDEVICE UsbDevice, _Out_ PWDF_USB_DEVICE_INFORMATION Information),
        (UsbDevice, Information))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfUsbTargetDeviceGetDeviceDescriptor, PFN_WDFUSBTARGETDEVICEGETDEVICEDESCRIPTOR,
        (_In_ WDFUSBDEVICE UsbDevice, _Out_ PUSB_DEVICE_DESCRIPTOR UsbDeviceDescriptor),
        (UsbDevice, UsbDeviceDescriptor))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetDeviceRetrieveConfigDescriptor, PFN_WDFUSBTARGETDEVICERETRIEVECONFIGDESCRIPTOR,
        (_In_ WDFUSBDEVICE UsbDevice, _Out_opt_ PVOID ConfigDescriptor,
         _Inout_ PUSHORT ConfigDescriptorLength),
        (UsbDevice, ConfigDescriptor, ConfigDescriptorLength))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetDeviceQueryString, PFN_WDFUSBTARGETDEVICEQUERYSTRING,
        (_In_ WDFUSBDEVICE UsbDevice, _In_opt_ WDFREQUEST Request,
         _In_opt_ PWDF_REQUEST_SEND_OPTIONS RequestOptions, _Out_opt_ PUSHORT String,
         _Inout_ PUSHORT NumCharacters, _In_ UCHAR StringIndex, _In_opt_ USHORT LangID),
        (UsbDevice, Request, RequestOptions, String, NumCharacters, StringIndex, LangID))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetDeviceAllocAndQueryString, PFN_WDFUSBTARGETDEVICEALLOCANDQUERYSTRING,
        (_In_ WDFUSBDEVICE UsbDevice, _In_opt_ PWDF_OBJECT_ATTRIBUTES StringMemoryAttributes,
         _Out_ WDFMEMORY *StringMemory, _Out_opt_ PUSHORT NumCharacters, _In_ UCHAR StringIndex,
         _In_opt_ USHORT LangID),
        (UsbDevice, StringMemoryAttributes, StringMemory, NumCharacters, StringIndex, LangID))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetDeviceFormatRequestForString, PFN_WDFUSBTARGETDEVICEFORMATREQUESTFORSTRING,
        (_In_ WDFUSBDEVICE UsbDevice, _In_ WDFREQUEST Request, _In_ WDFMEMORY Memory,
         _In_opt_ PWDFMEMORY_OFFSET Offset, _In_ UCHAR StringIndex, _In_opt_ USHORT LangID),
        (UsbDevice, Request, Memory, Offset, StringIndex, LangID))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(UCHAR, WdfUsbTargetDeviceGetNumInterfaces, PFN_WDFUSBTARGETDEVICEGETNUMINTERFACES,
        (_In_ WDFUSBDEVICE UsbDevice),
        (UsbDevice))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetDeviceSelectConfig, PFN_WDFUSBTARGETDEVICESELECTCONFIG,
        (_In_ WDFUSBDEVICE UsbDevice, _In_opt_ PWDF_OBJECT_ATTRIBUTES PipeAttributes,
         _Inout_ PWDF_USB_DEVICE_SELECT_CONFIG_PARAMS Params),
        (UsbDevice, PipeAttributes, Params))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(USBD_CONFIGURATION_HANDLE, WdfUsbTargetDeviceWdmGetConfigurationHandle,
        PFN_WDFUSBTARGETDEVICEWDMGETCONFIGURATIONHANDLE,
        (_In_ WDFUSBDEVICE UsbDevice),
        (UsbDevice))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetDeviceRetrieveCurrentFrameNumber, PFN_WDFUSBTARGETDEVICERETRIEVECURRENTFRAMENUMBER,
        (_In_ WDFUSBDEVICE UsbDevice, _Out_ PULONG CurrentFrameNumber),
        (UsbDevice, CurrentFrameNumber))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetDeviceSendControlTransferSynchronously,
        PFN_WDFUSBTARGETDEVICESENDCONTROLTRANSFERSYNCHRONOUSLY,
        (_In_ WDFUSBDEVICE UsbDevice, _In_opt_ WDFREQUEST Request,
         _In_opt_ PWDF_REQUEST_SEND_OPTIONS RequestOptions,
         _In_ PWDF_USB_CONTROL_SETUP_PACKET SetupPacket,
         _In_opt_ PWDF_MEMORY_DESCRIPTOR MemoryDescriptor, _Out_opt_ PULONG BytesTransferred),
        (UsbDevice, Request, RequestOptions, SetupPacket, MemoryDescriptor, BytesTransferred))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetDeviceFormatRequestForControlTransfer,
        PFN_WDFUSBTARGETDEVICEFORMATREQUESTFORCONTROLTRANSFER,
        (_In_ WDFUSBDEVICE UsbDevice, _In_ WDFREQUEST Request,
         _In_ PWDF_USB_CONTROL_SETUP_PACKET SetupPacket, _In_opt_ WDFMEMORY TransferMemory,
         _In_opt_ PWDFMEMORY_OFFSET TransferOffset),
        (UsbDevice, Request, SetupPacket, TransferMemory, TransferOffset))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetDeviceIsConnectedSynchronous, PFN_WDFUSBTARGETDEVICEISCONNECTEDSYNCHRONOUS,
        (_In_ WDFUSBDEVICE UsbDevice),
        (UsbDevice))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetDeviceResetPortSynchronously, PFN_WDFUSBTARGETDEVICERESETPORTSYNCHRONOUSLY,
        (_In_ WDFUSBDEVICE UsbDevice),
        (UsbDevice))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetDeviceCyclePortSynchronously, PFN_WDFUSBTARGETDEVICECYCLEPORTSYNCHRONOUSLY,
        (_In_ WDFUSBDEVICE UsbDevice),
        (UsbDevice))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetDeviceFormatRequestForCyclePort, PFN_WDFUSBTARGETDEVICEFORMATREQUESTFORCYCLEPORT,
        (_In_ WDFUSBDEVICE UsbDevice, _In_ WDFREQUEST Request),
        (UsbDevice, Request))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetDeviceSendUrbSynchronously, PFN_WDFUSBTARGETDEVICESENDURBSYNCHRONOUSLY,
        (_In_ WDFUSBDEVICE UsbDevice, _In_opt_ WDFREQUEST Request,
         _In_opt_ PWDF_REQUEST_SEND_OPTIONS RequestOptions, _In_ PURB Urb),
        (UsbDevice, Request, RequestOptions, Urb))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetDeviceFormatRequestForUrb, PFN_WDFUSBTARGETDEVICEFORMATREQUESTFORURB,
        (_In_ WDFUSBDEVICE UsbDevice, _In_ WDFREQUEST Request, _In_ WDFMEMORY UrbMemory,
         _In_opt_ PWDFMEMORY_OFFSET UrbMemoryOffset),
        (UsbDevice, Request, UrbMemory, UrbMemoryOffset))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetDeviceQueryUsbCapability, PFN_WDFUSBTARGETDEVICEQUERYUSBCAPABILITY,
        (_In_ WDFUSBDEVICE UsbDevice, _In_ const GUID *CapabilityType,
         _In_ ULONG CapabilityBufferLength, _Out_opt_ PVOID CapabilityBuffer,
         _Out_opt_ PULONG ResultLength),
        (UsbDevice, CapabilityType, CapabilityBufferLength, CapabilityBuffer, ResultLength))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetDeviceCreateUrb, PFN_WDFUSBTARGETDEVICECREATEURB,
        (_In_ WDFUSBDEVICE UsbDevice, _In_opt_ PWDF_OBJECT_ATTRIBUTES Attributes,
         _Out_ WDFMEMORY *UrbMemory, _Out_opt_ PURB *Urb),
        (UsbDevice, Attributes, UrbMemory, Urb))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetDeviceCreateIsochUrb, PFN_WDFUSBTARGETDEVICECREATEISOCHURB,
        (_In_ WDFUSBDEVICE UsbDevice, _In_opt_ PWDF_OBJECT_ATTRIBUTES Attributes,
         _In_ ULONG NumberOfIsochPackets, _Out_ WDFMEMORY *UrbMemory, _Out_opt_ PURB *Urb),
        (UsbDevice, Attributes, NumberOfIsochPackets, UrbMemory, Urb))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFUSBINTERFACE, WdfUsbTargetDeviceGetInterface, PFN_WDFUSBTARGETDEVICEGETINTERFACE,
        (_In_ WDFUSBDEVICE UsbDevice, _In_ UCHAR InterfaceIndex),
        (UsbDevice, InterfaceIndex))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfUsbTargetPipeGetInformation, PFN_WDFUSBTARGETPIPEGETINFORMATION,
        (_In_ WDFUSBPIPE Pipe, _Out_ PWDF_USB_PIPE_INFORMATION PipeInformation),
        (Pipe, PipeInformation))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(BOOLEAN, WdfUsbTargetPipeIsInEndpoint, PFN_WDFUSBTARGETPIPEISINENDPOINT,
        (_In_ WDFUSBPIPE Pipe),
        (Pipe))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(BOOLEAN, WdfUsbTargetPipeIsOutEndpoint, PFN_WDFUSBTARGETPIPEISOUTENDPOINT,
        (_In_ WDFUSBPIPE Pipe),
        (Pipe))

_IRQL_requires_max_(HIGH_LEVEL)
WDF_DDI(WDF_USB_PIPE_TYPE, WdfUsbTargetPipeGetType, PFN_WDFUSBTARGETPIPEGETTYPE,
        (_In_ WDFUSBPIPE Pipe),
        (Pipe))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfUsbTargetPipeSetNoMaximumPacketSizeCheck, PFN_WDFUSBTARGETPIPESETNOMAXIMUMPACKETSIZECHECK,
        (_In_ WDFUSBPIPE Pipe),
        (Pipe))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetPipeWriteSynchronously, PFN_WDFUSBTARGETPIPEWRITESYNCHRONOUSLY,
        (_In_ WDFUSBPIPE Pipe, _In_opt_ WDFREQUEST Request,
         _In_opt_ PWDF_REQUEST_SEND_OPTIONS RequestOptions,
         _In_opt_ PWDF_MEMORY_DESCRIPTOR MemoryDescriptor, _Out_opt_ PULONG BytesWritten),
        (Pipe, Request, RequestOptions, MemoryDescriptor, BytesWritten))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetPipeFormatRequestForWrite, PFN_WDFUSBTARGETPIPEFORMATREQUESTFORWRITE,
        (_In_ WDFUSBPIPE Pipe, _In_ WDFREQUEST Request, _In_opt_ WDFMEMORY WriteMemory,
         _In_opt_ PWDFMEMORY_OFFSET WriteOffset),
        (Pipe, Request, WriteMemory, WriteOffset))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetPipeReadSynchronously, PFN_WDFUSBTARGETPIPEREADSYNCHRONOUSLY,
        (_In_ WDFUSBPIPE Pipe, _In_opt_ WDFREQUEST Request,
         _In_opt_ PWDF_REQUEST_SEND_OPTIONS RequestOptions,
         _In_opt_ PWDF_MEMORY_DESCRIPTOR MemoryDescriptor, _Out_opt_ PULONG BytesRead),
        (Pipe, Request, RequestOptions, MemoryDescriptor, BytesRead))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetPipeFormatRequestForRead, PFN_WDFUSBTARGETPIPEFORMATREQUESTFORREAD,
        (_In_ WDFUSBPIPE Pipe, _In_ WDFREQUEST Request, _In_opt_ WDFMEMORY ReadMemory,
         _In_opt_ PWDFMEMORY_OFFSET ReadOffset),
        (Pipe, Request, ReadMemory, ReadOffset))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetPipeConfigContinuousReader, PFN_WDFUSBTARGETPIPECONFIGCONTINUOUSREADER,
        (_In_ WDFUSBPIPE Pipe, _In_ PWDF_USB_CONTINUOUS_READER_CONFIG Config),
        (Pipe, Config))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetPipeAbortSynchronously, PFN_WDFUSBTARGETPIPEABORTSYNCHRONOUSLY,
        (_In_ WDFUSBPIPE Pipe, _In_opt_ WDFREQUEST Request,
         _In_opt_ PWDF_REQUEST_SEND_OPTIONS RequestOptions),
        (Pipe, Request, RequestOptions))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetPipeFormatRequestForAbort, PFN_WDFUSBTARGETPIPEFORMATREQUESTFORABORT,
        (_In_ WDFUSBPIPE Pipe, _In_ WDFREQUEST Request),
        (Pipe, Request))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetPipeResetSynchronously, PFN_WDFUSBTARGETPIPERESETSYNCHRONOUSLY,
        (_In_ WDFUSBPIPE Pipe, _In_opt_ WDFREQUEST Request,
         _In_opt_ PWDF_REQUEST_SEND_OPTIONS RequestOptions),
        (Pipe, Request, RequestOptions))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetPipeFormatRequestForReset, PFN_WDFUSBTARGETPIPEFORMATREQUESTFORRESET,
        (_In_ WDFUSBPIPE Pipe, _In_ WDFREQUEST Request),
        (Pipe, Request))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetPipeSendUrbSynchronously, PFN_WDFUSBTARGETPIPESENDURBSYNCHRONOUSLY,
        (_In_ WDFUSBPIPE Pipe, _In_opt_ WDFREQUEST Request,
         _In_opt_ PWDF_REQUEST_SEND_OPTIONS RequestOptions, _In_ PURB Urb),
        (Pipe, Request, RequestOptions, Urb))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbTargetPipeFormatRequestForUrb, PFN_WDFUSBTARGETPIPEFORMATREQUESTFORURB,
        (_In_ WDFUSBPIPE Pipe, _In_ WDFREQUEST Request, _In_ WDFMEMORY UrbMemory,
         _In_opt_ PWDFMEMORY_OFFSET UrbMemoryOffset),
        (Pipe, Request, UrbMemory, UrbMemoryOffset))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(USBD_PIPE_HANDLE, WdfUsbTargetPipeWdmGetPipeHandle, PFN_WDFUSBTARGETPIPEWDMGETPIPEHANDLE,
        (_In_ WDFUSBPIPE UsbPipe),
        (UsbPipe))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(UCHAR, WdfUsbInterfaceGetInterfaceNumber, PFN_WDFUSBINTERFACEGETINTERFACENUMBER,
        (_In_ WDFUSBINTERFACE UsbInterface),
        (UsbInterface))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(UCHAR, WdfUsbInterfaceGetNumEndpoints, PFN_WDFUSBINTERFACEGETNUMENDPOINTS,
        (_In_ WDFUSBINTERFACE UsbInterface, _In_ UCHAR SettingIndex),
        (UsbInterface, SettingIndex))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(UCHAR, WdfUsbInterfaceGetNumSettings, PFN_WDFUSBINTERFACEGETNUMSETTINGS,
        (_In_ WDFUSBINTERFACE Interface),
        (Interface))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfUsbInterfaceGetDescriptor, PFN_WDFUSBINTERFACEGETDESCRIPTOR,
        (_In_ WDFUSBINTERFACE UsbInterface, _In_ UCHAR SettingIndex,
         _Out_ PUSB_INTERFACE_DESCRIPTOR InterfaceDescriptor),
        (UsbInterface, SettingIndex, InterfaceDescriptor))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfUsbInterfaceSelectSetting, PFN_WDFUSBINTERFACESELECTSETTING,
        (_In_ WDFUSBINTERFACE UsbInterface, _In_opt_ PWDF_OBJECT_ATTRIBUTES PipesAttributes,
         _In_ PWDF_USB_INTERFACE_SELECT_SETTING_PARAMS Params),
        (UsbInterface, PipesAttributes, Params))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(VOID, WdfUsbInterfaceGetEndpointInformation, PFN_WDFUSBINTERFACEGETENDPOINTINFORMATION,
        (_In_ WDFUSBINTERFACE UsbInterface, _In_ UCHAR SettingIndex, _In_ UCHAR EndpointIndex,
         _Inout_ PWDF_USB_PIPE_INFORMATION EndpointInfo),
        (UsbInterface, SettingIndex, EndpointIndex, EndpointInfo))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(UCHAR, WdfUsbInterfaceGetConfiguredSettingIndex, PFN_WDFUSBINTERFACEGETCONFIGUREDSETTINGINDEX,
        (_In_ WDFUSBINTERFACE Interface),
        (Interface))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(UCHAR, WdfUsbInterfaceGetNumConfiguredPipes, PFN_WDFUSBINTERFACEGETNUMCONFIGUREDPIPES,
        (_In_ WDFUSBINTERFACE UsbInterface),
        (UsbInterface))

_IRQL_requires_max_(DISPATCH_LEVEL)
WDF_DDI(WDFUSBPIPE, WdfUsbInterfaceGetConfiguredPipe, PFN_WDFUSBINTERFACEGETCONFIGUREDPIPE,
        (_In_ WDFUSBINTERFACE UsbInterface, _In_ UCHAR PipeIndex,
         _Out_opt_ PWDF_USB_PIPE_INFORMATION PipeInfo),
        (UsbInterface, PipeIndex, PipeInfo))

WDF_EXTERN_C_END
