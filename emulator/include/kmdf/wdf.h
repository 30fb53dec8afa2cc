/*
 * wdf.h - the kernel mode driver framework's public interface, the one header a KMDF driver includes after
 * <ntddk.h> or <wdm.h>.
 *
 * How a function of the framework is reached: the driver calls WdfXxx(arguments), an always inlined function
 * that adds the image's WdfDriverGlobals as hidden first argument and calls wdf_WdfXxx. That function's linker
 * symbol is the public name, "WdfXxx", so a function which the framework does not implement is reported by the
 * linker under the name that the driver's author knows. The framework defines wdf_WdfXxx. See WDF_DDI in
 * wdfglobals.h.
 *
 * Version: 1.31 unless the driver's build says otherwise with KMDF_VERSION_MINOR. Names of 1.33 are declared
 * from KMDF_VERSION_MINOR 33 on.
 */
#pragma once

#ifndef KMDF_VERSION_MAJOR
#define KMDF_VERSION_MAJOR 1
#endif
#ifndef KMDF_VERSION_MINOR
#define KMDF_VERSION_MINOR 31
#endif

#ifdef __cplusplus
#define WDF_EXTERN_C extern "C"
#define WDF_EXTERN_C_START extern "C" {
#define WDF_EXTERN_C_END }
#else
#define WDF_EXTERN_C
#define WDF_EXTERN_C_START
#define WDF_EXTERN_C_END
#endif

#include "wdftypes.h"
#include "wdfglobals.h"
#include "wdffuncenum.h"
#include "wdfstatus.h"
#include "wdfassert.h"
#include "wdfverifier.h"
#include "wdfpool.h"
#include "wdfobject.h"
#include "wdfsync.h"
#include "wdfcore.h"
#include "wdfdriver.h"
#include "wdffileobject.h"
#include "wdfmemory.h"
#include "wdfrequest.h"
#include "wdfdevice.h"
#include "wdfcompaniontarget.h"
#include "wdfiotarget.h"
#include "wdfio.h"
#include "wdfcontrol.h"
#include "wdfcollection.h"
#include "wdfdpc.h"
#include "wdftimer.h"
#include "wdfworkitem.h"
#include "wdfinterrupt.h"
#include "wdfresource.h"
#include "wdfchildlist.h"
#include "wdfpdo.h"
#include "wdffdo.h"
#include "wdfstring.h"
#include "wdfregistry.h"
#include "wdfqueryinterface.h"
#include "wdfdmaenabler.h"
#include "wdfdmatransaction.h"
#include "wdfcommonbuffer.h"
#include "wdfwmi.h"
#include "wdfminiport.h"
#include "wdfbugcodes.h"
