/*
 * Toaster, sideband filter: passes everything on, as the generic filter does, and can be talked to by applications all the same.
 *
 * A request for the filter itself would go through the stack, past whatever filters stand above and only while the device takes requests.
 * So there is one control device beside the stacks, \\.\ToasterFilter, for all toasters that have this filter: it comes with the first of them and
 * goes with the last. Any control code makes it print the toasters' numbers.
 */

#pragma once

#include <ntddk.h>
#include <wdf.h>
#include <wdmsec.h>

#include "control.h"

DRIVER_INITIALIZE DriverEntry;

typedef struct _FILTER_CONTEXT
{
    /* The number by which the user knows the toaster; 0 if its bus has told none. */
    ULONG SerialNo;

    /* Stands in the collection; the creation of a device may fail before. */
    BOOLEAN Listed;
} FILTER_CONTEXT, *PFILTER_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(FILTER_CONTEXT, FilterGetContext)
