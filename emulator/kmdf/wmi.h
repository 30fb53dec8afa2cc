/*
 * WMI providers and their instances (K-WMI-1, K-WMI-2). Private to the framework's WMI files: wmi.c objects and registration, wmi_irp.c the IRPs.
 *
 * A provider is a data block that a device offers, an instance one set of its data; WMI knows them by position in the two lists. They are registered with WMI at
 * the end of the device's start and until it is cleaned up for removal (K-PNP-41); what is added or taken back meanwhile is told at once.
 */
#ifndef KMDF_WMI_H
#define KMDF_WMI_H

#include "device.h"
#include <wmistr.h>

struct fx_wmi_provider {
    struct fx_object object;
    LIST_ENTRY entry;            /* of the device's, while `listed` */
    bool listed;                 /* no other provider of the device has the same GUID */
    WDF_WMI_PROVIDER_CONFIG config;
    bool enabled[2];             /* events, instance data */
    ULONGLONG tracing_handle;
    LIST_ENTRY instances;
    ULONG count;
};

struct fx_wmi_instance {
    struct fx_object object;
    LIST_ENTRY entry;            /* of the provider's, while `registered` */
    bool registered;
    struct fx_wmi_provider *provider;
    WDF_WMI_INSTANCE_CONFIG config;
};

struct fx_wmi_provider *fx_wmi_find(struct fx_device *device, const GUID *guid);
struct fx_wmi_instance *fx_wmi_instance_at(struct fx_wmi_provider *provider, ULONG index);
/* Where an instance stands in its provider's list. */
ULONG fx_wmi_index(const struct fx_wmi_instance *instance);

#endif
