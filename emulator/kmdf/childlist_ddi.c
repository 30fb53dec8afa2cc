/* The DDIs of child lists (K-CHD-1..6). */
#include "childlist.h"

#define LIST(ddi)                                       \
    gate_enter(DDI_##ddi, trace_object(ChildList), 0);  \
    struct fx_child_list *list = fx_child_list_of(ChildList)

static bool is_wanted(const struct fx_child *child) { return child->wanted; }
/* Said to be missing during a scan or an iteration that is still under way. */
static bool is_condemned(const struct fx_child *child) { return !child->wanted && child->state == FX_CHILD_PRESENT; }

NTSTATUS wdf_WdfChildListCreate(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device, PWDF_CHILD_LIST_CONFIG Config,
                                PWDF_OBJECT_ATTRIBUTES DeviceListAttributes, WDFCHILDLIST *DeviceList)
{
    gate_enter(DDI_WdfChildListCreate, trace_object(Device), 0);
    struct fx_device *bus = fx_handle(Device, FX_DEVICE);
    fx_require(Config, "Config");
    fx_require(DeviceList, "DeviceList");
    struct fx_child_list *list = NULL;
    NTSTATUS status = bus->control || bus->own->as_pdo                ? STATUS_INVALID_DEVICE_REQUEST
                      : choose_fault(DDI_WdfChildListCreate) ? STATUS_INSUFFICIENT_RESOURCES
                                                             : fx_child_list_create(bus, Config, DeviceListAttributes, &list);
    *DeviceList = (WDFCHILDLIST)list;
    gate_leave((ULONG)status);
    return status;
}

WDFDEVICE wdf_WdfChildListGetDevice(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCHILDLIST ChildList)
{
    LIST(WdfChildListGetDevice);
    gate_leave(trace_object(list->set.bus));
    return (WDFDEVICE)list->set.bus;
}

/* ---- Reports ---- */

static bool sizes_are_right(const struct fx_child_list *list, PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER id,
                            PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER address)
{
    return id->IdentificationDescriptionSize == list->config.IdentificationDescriptionSize &&
           (!address || (list->config.AddressDescriptionSize && address->AddressDescriptionSize == list->config.AddressDescriptionSize));
}

static NTSTATUS seen_again(struct fx_child *child, PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER address, NTSTATUS success)
{
    child->wanted = true;
    child->tentative = false;
    NTSTATUS status = address ? fx_child_update_address(child, address) : STATUS_SUCCESS;
    return NT_SUCCESS(status) ? success : status;
}

/* K-CHD-6: the driver says whether the new one may come before the old one has gone. */
static void ask_about_clone(struct fx_child_list *list, struct fx_child *child)
{
    PFN_WDF_CHILD_LIST_DEVICE_REENUMERATED routine = list->config.EvtChildListDeviceReenumerated;
    struct fx_child *old = routine ? fx_child_list_find(list, child->id, fx_child_is_dying, NULL) : NULL;
    if (!old)
        return;
    struct callback_frame frame;
    callback_enter(&frame, DDI_EvtChildListDeviceReenumerated, routine, list);
    child->clone = routine((WDFCHILDLIST)list, (WDFDEVICE)old->device, old->address, child->address);
    callback_leave(&frame, child->clone);
}

static NTSTATUS add_or_update(struct fx_child_list *list, PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER id, PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER address)
{
    NTSTATUS status;
    struct fx_child *child = fx_child_list_find(list, id, is_wanted, NULL);
    if (child)
        return seen_again(child, address, STATUS_OBJECT_NAME_EXISTS);
    child = fx_child_list_find(list, id, is_condemned, NULL);
    if (child)
        return seen_again(child, address, STATUS_SUCCESS);
    child = fx_child_list_add(list, id, address, &status);
    if (!child)
        return status;
    ask_about_clone(list, child);
    fx_child_apply(child);
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfChildListAddOrUpdateChildDescriptionAsPresent(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCHILDLIST ChildList,
                                                              PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER IdentificationDescription,
                                                              PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER AddressDescription)
{
    LIST(WdfChildListAddOrUpdateChildDescriptionAsPresent);
    fx_require(IdentificationDescription, "IdentificationDescription");
    NTSTATUS status = STATUS_INVALID_DEVICE_REQUEST;
    if (sizes_are_right(list, IdentificationDescription, AddressDescription))
        status = choose_fault(DDI_WdfChildListAddOrUpdateChildDescriptionAsPresent) ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
    if (NT_SUCCESS(status)) {
        fx_lock_acquire(&list->set.lock);
        status = add_or_update(list, IdentificationDescription, AddressDescription);
        fx_lock_release(&list->set.lock);
    }
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS wdf_WdfChildListUpdateChildDescriptionAsMissing(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCHILDLIST ChildList,
                                                         PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER IdentificationDescription)
{
    LIST(WdfChildListUpdateChildDescriptionAsMissing);
    fx_require(IdentificationDescription, "IdentificationDescription");
    NTSTATUS status = STATUS_INVALID_DEVICE_REQUEST;
    if (sizes_are_right(list, IdentificationDescription, NULL)) {
        fx_lock_acquire(&list->set.lock);
        struct fx_child *child = fx_child_list_find(list, IdentificationDescription, is_wanted, NULL);
        status = child ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;
        if (child)
            fx_child_mark_missing(child);
        fx_lock_release(&list->set.lock);
    }
    gate_leave((ULONG)status);
    return status;
}

/* Undoes what no report to the PnP manager has told yet. */
VOID wdf_WdfChildListUpdateAllChildDescriptionsAsPresent(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCHILDLIST ChildList)
{
    LIST(WdfChildListUpdateAllChildDescriptionsAsPresent);
    fx_lock_acquire(&list->set.lock);
    for (struct fx_child *child = fx_children_first(&list->set); child; child = fx_children_next(child)) {
        if (child->left_out)
            continue;
        child->wanted = true;
        child->tentative = false;
        if (child->state == FX_CHILD_MISSING)
            child->state = FX_CHILD_PRESENT;
    }
    fx_children_apply(&list->set);
    fx_lock_release(&list->set.lock);
    gate_leave(0);
}

VOID wdf_WdfChildListBeginScan(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCHILDLIST ChildList)
{
    LIST(WdfChildListBeginScan);
    fx_lock_acquire(&list->set.lock);
    fx_children_begin_scan(&list->set);
    fx_lock_release(&list->set.lock);
    gate_leave(0);
}

VOID wdf_WdfChildListEndScan(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCHILDLIST ChildList)
{
    LIST(WdfChildListEndScan);
    fx_lock_acquire(&list->set.lock);
    fx_children_end_scan(&list->set);
    fx_lock_release(&list->set.lock);
    gate_leave(0);
}

/* ---- Iteration ---- */

/* The iterator keeps the list and the number of the child it gave last, since that child may go. */
enum { AT_LIST, AT_NUMBER };

VOID wdf_WdfChildListBeginIteration(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCHILDLIST ChildList, PWDF_CHILD_LIST_ITERATOR Iterator)
{
    LIST(WdfChildListBeginIteration);
    fx_require(Iterator, "Iterator");
    if (Iterator->Size != sizeof *Iterator)
        fx_misuse("K-CHD-5", "WdfChildListBeginIteration: WDF_CHILD_LIST_ITERATOR.Size is wrong");
    fx_lock_acquire(&list->set.lock);
    fx_children_begin_iteration(&list->set);
    Iterator->Reserved[AT_LIST] = list;
    Iterator->Reserved[AT_NUMBER] = NULL;
    fx_lock_release(&list->set.lock);
    gate_leave(0);
}

VOID wdf_WdfChildListEndIteration(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCHILDLIST ChildList, PWDF_CHILD_LIST_ITERATOR Iterator)
{
    LIST(WdfChildListEndIteration);
    fx_require(Iterator, "Iterator");
    if (Iterator->Reserved[AT_LIST] != list)
        fx_misuse("K-CHD-5", "WdfChildListEndIteration: this iterator has not begun");
    fx_lock_acquire(&list->set.lock);
    Iterator->Reserved[AT_LIST] = NULL;
    fx_children_end_iteration(&list->set);
    fx_lock_release(&list->set.lock);
    gate_leave(0);
}

static WDF_CHILD_LIST_RETRIEVE_DEVICE_STATUS status_of(const struct fx_child *child)
{
    return child->device ? WdfChildListRetrieveDeviceSuccess : WdfChildListRetrieveDeviceNotYetCreated;
}

static void fill(struct fx_child *child, WDF_CHILD_RETRIEVE_INFO *info)
{
    info->Status = status_of(child);
    if (info->IdentificationDescription)
        fx_child_retrieve_id(child, info->IdentificationDescription);
    if (info->AddressDescription)
        fx_child_retrieve_address(child, info->AddressDescription);
}

static struct fx_child *next_matching(struct fx_child_list *list, PWDF_CHILD_LIST_ITERATOR iterator)
{
    struct fx_child *child = fx_children_after(&list->set, (uint32_t)(ULONG_PTR)iterator->Reserved[AT_NUMBER]);
    while (child && !fx_child_matches(child, iterator->Flags))
        child = fx_children_next(child);
    return child;
}

static NTSTATUS retrieve_next(struct fx_child_list *list, PWDF_CHILD_LIST_ITERATOR iterator, WDFDEVICE *device, PWDF_CHILD_RETRIEVE_INFO info)
{
    if (iterator->Size != sizeof *iterator || (info && info->Size != sizeof *info))
        return STATUS_INFO_LENGTH_MISMATCH;
    if (!iterator->Flags || iterator->Flags & ~(ULONG)WdfRetrieveAllChildren)
        return STATUS_INVALID_PARAMETER;
    if (info && info->IdentificationDescription && !sizes_are_right(list, info->IdentificationDescription, NULL))
        return STATUS_INVALID_PARAMETER;
    if (info && info->AddressDescription && info->AddressDescription->AddressDescriptionSize != list->config.AddressDescriptionSize)
        return STATUS_INVALID_PARAMETER;
    if (iterator->Reserved[AT_LIST] != list)
        return STATUS_INVALID_DEVICE_STATE;
    struct fx_child *child = next_matching(list, iterator);
    if (!child)
        return STATUS_NO_MORE_ENTRIES;
    iterator->Reserved[AT_NUMBER] = (PVOID)(ULONG_PTR)child->number;
    *device = (WDFDEVICE)child->device;
    if (info)
        fill(child, info);
    return STATUS_SUCCESS;
}

NTSTATUS wdf_WdfChildListRetrieveNextDevice(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCHILDLIST ChildList, PWDF_CHILD_LIST_ITERATOR Iterator,
                                            WDFDEVICE *Device, PWDF_CHILD_RETRIEVE_INFO Info)
{
    LIST(WdfChildListRetrieveNextDevice);
    fx_require(Iterator, "Iterator");
    fx_require(Device, "Device");
    *Device = NULL;
    fx_lock_acquire(&list->set.lock);
    NTSTATUS status = retrieve_next(list, Iterator, Device, Info);
    fx_lock_release(&list->set.lock);
    gate_leave((ULONG)status);
    return status;
}

/* ---- By description ---- */

WDFDEVICE wdf_WdfChildListRetrievePdo(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCHILDLIST ChildList, PWDF_CHILD_RETRIEVE_INFO RetrieveInfo)
{
    LIST(WdfChildListRetrievePdo);
    fx_require(RetrieveInfo, "RetrieveInfo");
    fx_require(RetrieveInfo->IdentificationDescription, "RetrieveInfo->IdentificationDescription");
    if (RetrieveInfo->Size != sizeof *RetrieveInfo || !sizes_are_right(list, RetrieveInfo->IdentificationDescription, RetrieveInfo->AddressDescription))
        fx_misuse("K-CHD-5", "WdfChildListRetrievePdo: a size in WDF_CHILD_RETRIEVE_INFO is wrong");
    fx_lock_acquire(&list->set.lock);
    struct fx_child *child = fx_child_list_find(list, RetrieveInfo->IdentificationDescription, is_wanted,
                                                RetrieveInfo->EvtChildListIdentificationDescriptionCompare);
    WDFDEVICE device = child ? (WDFDEVICE)child->device : NULL;
    RetrieveInfo->Status = child ? status_of(child) : WdfChildListRetrieveDeviceNoSuchDevice;
    if (child && RetrieveInfo->AddressDescription) /* the identification is the caller's own */
        fx_child_retrieve_address(child, RetrieveInfo->AddressDescription);
    fx_lock_release(&list->set.lock);
    gate_leave(trace_object(device));
    return device;
}

NTSTATUS wdf_WdfChildListRetrieveAddressDescription(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCHILDLIST ChildList,
                                                    PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER IdentificationDescription,
                                                    PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER AddressDescription)
{
    LIST(WdfChildListRetrieveAddressDescription);
    fx_require(IdentificationDescription, "IdentificationDescription");
    fx_require(AddressDescription, "AddressDescription");
    NTSTATUS status = STATUS_INVALID_DEVICE_REQUEST;
    if (sizes_are_right(list, IdentificationDescription, AddressDescription)) {
        fx_lock_acquire(&list->set.lock);
        struct fx_child *child = fx_child_list_find(list, IdentificationDescription, is_wanted, NULL);
        status = child ? fx_child_retrieve_address(child, AddressDescription) : STATUS_NO_SUCH_DEVICE;
        fx_lock_release(&list->set.lock);
    }
    gate_leave((ULONG)status);
    return status;
}

BOOLEAN wdf_WdfChildListRequestChildEject(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCHILDLIST ChildList,
                                          PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER IdentificationDescription)
{
    LIST(WdfChildListRequestChildEject);
    fx_require(IdentificationDescription, "IdentificationDescription");
    BOOLEAN can = FALSE;
    if (sizes_are_right(list, IdentificationDescription, NULL)) {
        fx_lock_acquire(&list->set.lock);
        struct fx_child *child = fx_child_list_find(list, IdentificationDescription, is_wanted, NULL);
        struct devnode *node = child && child->device ? pnp_devnode_of(child->device->wdm) : NULL;
        can = node != NULL;
        if (node)
            pnp_request_eject(node);
        fx_lock_release(&list->set.lock);
    }
    gate_leave(can);
    return can;
}

/* ---- The default list of a function device ---- */

VOID wdf_WdfFdoInitSetDefaultChildListConfig(PWDF_DRIVER_GLOBALS DriverGlobals, PWDFDEVICE_INIT DeviceInit, PWDF_CHILD_LIST_CONFIG Config,
                                             PWDF_OBJECT_ATTRIBUTES DefaultDeviceListAttributes)
{
    gate_enter(DDI_WdfFdoInitSetDefaultChildListConfig, trace_object(DeviceInit), 0);
    PWDFDEVICE_INIT init = fx_init_of(DeviceInit);
    fx_require(Config, "Config");
    if (init->kind != FX_INIT_FDO || Config->Size != sizeof *Config || !NT_SUCCESS(fx_validate_attributes(DefaultDeviceListAttributes, FX_PARENT_FORBIDDEN)))
        fx_misuse("K-DRV-32", "WdfFdoInitSetDefaultChildListConfig: not a function device, or a configuration that is invalid");
    init->child_list = *Config;
    if (DefaultDeviceListAttributes)
        init->child_list_attributes = *DefaultDeviceListAttributes;
    gate_leave(0);
}

WDFCHILDLIST wdf_WdfFdoGetDefaultChildList(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Fdo)
{
    gate_enter(DDI_WdfFdoGetDefaultChildList, trace_object(Fdo), 0);
    struct fx_device *bus = fx_handle(Fdo, FX_DEVICE);
    WDFCHILDLIST list = (WDFCHILDLIST)bus->own->bus.default_list;
    gate_leave(trace_object(list));
    return list;
}
