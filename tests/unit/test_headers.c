/* What a driver may include, and GUIDs in both modes: W-TYP-18, W-TYP-20, W-TYP-21. This source stands for a driver's: headers are spelled as drivers do. */
#include <ntddk.h>
#include <wdm.h>
#include <ntifs.h>
#include <NtStrSafe.h>
#include <ntintsafe.h>
#include <wdmsec.h>
#include <wmistr.h>
#include <wmilib.h>
#include <wmidata.h>
#include <devioctl.h>
#include <ntddser.h>
#include <ntdddisk.h>
#include <ntddstor.h>
#include <ntddvol.h>
#include <ntddscsi.h>
#include <mountdev.h>
#include <mountmgr.h>
#include <ntddkbd.h>
#include <ntddmou.h>
#include <kbdmou.h>
#include <usb.h>
#include <usbdi.h>
#include <usbdlib.h>
#include <usbioctl.h>
#include <usbspec.h>
#include <hidusage.h>
#include <hidclass.h>
#include <poclass.h>
#include <acpiioct.h>
#include <aux_klib.h>
#include <bcrypt.h>
#include <evntrace.h>
#include <evntprov.h>
#include <TraceLoggingProvider.h>
#include <wpprecorder.h>
#include <dontuse.h>
#include <DriverSpecs.h>
#include <specstrings.h>
#include <sal.h>
#include <excpt.h>
#include <ntdef.h>
#include <ntstatus.h>
#include <bugcodes.h>
#include <csq.h>
#include <wdf.h>
#include <wdfusb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <limits.h>
#include <wdm.h> /* once more, as a driver's own headers do */
#include <ntddk.h>
#include <ntverp.h>
#include "test_headers.tmh"

#include "unit.h"

#define TEST(name) static void name(void **state)

/* Without initguid.h a declaration, with it a definition; the header that has them may come in both modes. */
DEFINE_GUID(GUID_OF_TEST, 0xcdc35b6e, 0x0be4, 0x4936, 0xbf, 0x5f, 0x55, 0x37, 0x38, 0x0a, 0x7c, 0x1a);
#include <wdmguid.h>
#include <initguid.h>
#include <wdmguid.h>
DEFINE_GUID(GUID_OF_TEST, 0xcdc35b6e, 0x0be4, 0x4936, 0xbf, 0x5f, 0x55, 0x37, 0x38, 0x0a, 0x7c, 0x1a);

/* RULE W-TYP-18: Each source has its .tmh header, whose tracing evaluates nothing; ntverp.h is there too. */
TEST(W_TYP_18_generated_headers)
{
    int evaluated = 0;
    (void)state;
    WPP_INIT_TRACING(NULL, NULL);
    TraceEvents(evaluated++, 0, "%!FUNC! %d", evaluated++);
    DoTraceMessage(0, "%!STATUS!", evaluated++);
    WPP_CLEANUP(NULL);
    assert_int_equal(evaluated, 0);
#ifndef VER_PRODUCTBUILD
#error "ntverp.h says nothing"
#endif
}

/* RULE W-TYP-20: wdm.h, ntddk.h and ntifs.h nest in any order, with the headers of buses, classes, tracing and the framework beside them. */
TEST(W_TYP_20_headers)
{
    size_t sum;
    (void)state;
    assert_true(NT_SUCCESS(RtlSizeTAdd(1, 2, &sum)) && sum == 3);
    assert_int_equal(IOCTL_SERIAL_SET_BAUD_RATE, CTL_CODE(FILE_DEVICE_SERIAL_PORT, 1, METHOD_BUFFERED, FILE_ANY_ACCESS));
    assert_int_equal(IOCTL_DISK_GET_DRIVE_GEOMETRY, CTL_CODE(IOCTL_DISK_BASE, 0, METHOD_BUFFERED, FILE_ANY_ACCESS));
    assert_int_equal(sizeof(USB_DEVICE_DESCRIPTOR), 18);
    assert_int_equal(sizeof(KEYBOARD_INPUT_DATA), 12);
    assert_int_equal(IRQL_NOT_LESS_OR_EQUAL, 0xA);
    assert_int_equal((ULONG)STATUS_ACCESS_DENIED, 0xC0000022u);
    assert_true(sizeof(WNODE_HEADER) == 48 && sizeof(WDF_OBJECT_ATTRIBUTES) > 0 && INT_MAX == MAXLONG);
}

/* RULE W-TYP-21: initguid.h turns DEFINE_GUID into a definition, headers may be included in both modes, comparison is by the 16 bytes. */
TEST(W_TYP_21_guids)
{
    (void)state;
    static const UCHAR bytes[16] = {0x6e, 0x5b, 0xc3, 0xcd, 0xe4, 0x0b, 0x36, 0x49, 0xbf, 0x5f, 0x55, 0x37, 0x38, 0x0a, 0x7c, 0x1a};
    GUID copy = GUID_OF_TEST;
    assert_int_equal(sizeof(GUID), 16);
    assert_true(RtlEqualMemory(&GUID_OF_TEST, bytes, 16));
    assert_true(IsEqualGUID(&copy, &GUID_OF_TEST) && IsEqualIID(&copy, &GUID_OF_TEST));
    copy.Data4[7]++;
    assert_false(IsEqualGUID(&copy, &GUID_OF_TEST));
    assert_true(IsEqualGUID(&GUID_BUS_TYPE_PCI, &GUID_BUS_TYPE_PCI) && GUID_BUS_TYPE_PCI.Data1 == 0xc8ebdfb0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(W_TYP_18_generated_headers), cmocka_unit_test(W_TYP_20_headers), cmocka_unit_test(W_TYP_21_guids),
    };
    return cmocka_run_group_tests(tests);
}
