/* See pnp.h: PnP IRPs (W-PNP-10): to the top of the stack, status NOT_SUPPORTED, and waited for. */
#include "pnp.h"

PIRP pnp_build_irp(PDEVICE_OBJECT top, UCHAR minor, NTSTATUS initial)
{
    PIRP irp = io_allocate_irp(top->StackSize, FALSE);
    if (!irp)
        return NULL;
    PIO_STACK_LOCATION next = io_get_next_irp_stack_location(irp);
    next->MajorFunction = IRP_MJ_PNP;
    next->MinorFunction = minor;
    irp->IoStatus.Status = initial;
    irp->Tail.Overlay.Thread = (PETHREAD)ke_current_thread();
    irp_info(irp)->built_by = 3; /* the system's, not a driver's */
    irp_info(irp)->issuer = ke_current_thread();
    return irp;
}

NTSTATUS pnp_send_with(struct devnode *node, UCHAR minor, void (*fill)(PIO_STACK_LOCATION, void *), void *context, IO_STATUS_BLOCK *iosb)
{
    PDEVICE_OBJECT top = io_get_attached_device(node->pdo);
    PIRP irp = pnp_build_irp(top, minor, STATUS_NOT_SUPPORTED);
    if (!irp)
        bugcheck(OWN_OUT_OF_RESOURCES, 0, 0, 0, 0, NULL, "no memory for a PnP IRP");
    irp->IoStatus.Information = iosb ? iosb->Information : 0;
    if (fill)
        fill(io_get_next_irp_stack_location(irp), context);
    if (minor != IRP_MN_START_DEVICE && minor != IRP_MN_REMOVE_DEVICE)
        return io_send_and_wait(irp, top, iosb);
    enum under_way kind = minor == IRP_MN_START_DEVICE ? UNDER_WAY_START : UNDER_WAY_REMOVE;
    struct irp_under_way outer = io_begin_under_way(kind, node, irp);
    NTSTATUS status = io_send_and_wait(irp, top, iosb);
    io_end_under_way(kind, outer);
    return status;
}

NTSTATUS pnp_send(struct devnode *node, UCHAR minor, IO_STATUS_BLOCK *iosb) { return pnp_send_with(node, minor, NULL, NULL, iosb); }

static void fill_relations(PIO_STACK_LOCATION location, void *type) { location->Parameters.QueryDeviceRelations.Type = *(DEVICE_RELATION_TYPE *)type; }

NTSTATUS pnp_query_relations(struct devnode *node, DEVICE_RELATION_TYPE type, DEVICE_RELATIONS **relations)
{
    IO_STATUS_BLOCK iosb = {0};
    NTSTATUS status = pnp_send_with(node, IRP_MN_QUERY_DEVICE_RELATIONS, fill_relations, &type, &iosb);
    *relations = NT_SUCCESS(status) ? (DEVICE_RELATIONS *)iosb.Information : NULL;
    return status;
}

static void fill_capabilities(PIO_STACK_LOCATION location, void *capabilities) { location->Parameters.DeviceCapabilities.Capabilities = capabilities; }

NTSTATUS pnp_query_capabilities(struct devnode *node, DEVICE_CAPABILITIES *out)
{
    DEVICE_CAPABILITIES *capabilities = ex_system_alloc(sizeof *capabilities); /* where drivers' sanitizers can see it */
    capabilities->Size = sizeof *capabilities;
    capabilities->Version = 1;
    capabilities->Address = capabilities->UINumber = (ULONG)-1;
    NTSTATUS status = pnp_send_with(node, IRP_MN_QUERY_CAPABILITIES, fill_capabilities, capabilities, NULL);
    *out = *capabilities;
    ex_system_free(capabilities);
    return status;
}

ULONG_PTR pnp_query_device_state(struct devnode *node)
{
    IO_STATUS_BLOCK iosb = {0};
    return NT_SUCCESS(pnp_send(node, IRP_MN_QUERY_PNP_DEVICE_STATE, &iosb)) ? iosb.Information : 0;
}

/* ---- Texts: pool memory of the driver's, which is freed here (W-PNP-15) ---- */

#define TEXT_CHARS 1024 /* of a list; a single identifier has at most 200 */

static UNICODE_STRING take_text(WCHAR *text, bool multi)
{
    size_t n = 0;
    for (;; n++) {
        memory_check(text + n, sizeof(WCHAR), "a text that a driver gave to the PnP manager");
        if (!text[n] && (!multi || n == 0 || !text[n - 1]))
            break;
        if (n == TEXT_CHARS)
            bugcheck(0xCA, 3, 0, 0, 0, "W-PNP-56", "an identifier of a device has no end, or more than %u characters", TEXT_CHARS);
    }
    UNICODE_STRING whole = {(USHORT)((n + multi) * sizeof(WCHAR)), (USHORT)((n + multi) * sizeof(WCHAR)), text};
    UNICODE_STRING copy = rtl_copy_of(&whole);
    ex_free_with_tag(text, 0, NULL);
    return copy;
}

static void fill_id(PIO_STACK_LOCATION location, void *type) { location->Parameters.QueryId.IdType = *(BUS_QUERY_ID_TYPE *)type; }

UNICODE_STRING pnp_query_id(struct devnode *node, BUS_QUERY_ID_TYPE type, bool multi)
{
    IO_STATUS_BLOCK iosb = {0};
    NTSTATUS status = pnp_send_with(node, IRP_MN_QUERY_ID, fill_id, &type, &iosb);
    return NT_SUCCESS(status) && iosb.Information ? take_text((WCHAR *)iosb.Information, multi) : (UNICODE_STRING){0, 0, NULL};
}

static void fill_text(PIO_STACK_LOCATION location, void *type)
{
    location->Parameters.QueryDeviceText.DeviceTextType = *(DEVICE_TEXT_TYPE *)type;
    location->Parameters.QueryDeviceText.LocaleId = 0x409;
}

UNICODE_STRING pnp_query_text(struct devnode *node, DEVICE_TEXT_TYPE type)
{
    IO_STATUS_BLOCK iosb = {0};
    NTSTATUS status = pnp_send_with(node, IRP_MN_QUERY_DEVICE_TEXT, fill_text, &type, &iosb);
    return NT_SUCCESS(status) && iosb.Information ? take_text((WCHAR *)iosb.Information, false) : (UNICODE_STRING){0, 0, NULL};
}
