/* See pci.h: the names of a function's device, made of its configuration space. */
#include "../nt/pnp/pnp.h"
#include "pci.h"

enum { VENDOR = 0, REVISION = 8, SUBSYSTEM = 0x2C };

/* Small letters stand for fields: v vendor, d device, s subsystem, r revision, c class with programming interface, k class without it, n slot. */
static const char *const device_id[] = {"PCI\\VEN_v&DEV_d&SUBSYS_s&REV_r"};
static const char *const instance_id[] = {"3&267A616A&0&n"};
static const char *const hardware_ids[] = {"PCI\\VEN_v&DEV_d&SUBSYS_s&REV_r", "PCI\\VEN_v&DEV_d&SUBSYS_s", "PCI\\VEN_v&DEV_d&CC_c", "PCI\\VEN_v&DEV_d&CC_k"};
static const char *const compatible_ids[] = {"PCI\\VEN_v&DEV_d&REV_r", "PCI\\VEN_v&DEV_d", "PCI\\VEN_v&CC_c", "PCI\\VEN_v&CC_k", "PCI\\VEN_v", "PCI\\CC_c", "PCI\\CC_k"};

#define IDS_CHARS 256

struct ids {
    WCHAR text[IDS_CHARS];
    unsigned count;
};

static void put(struct ids *ids, WCHAR c)
{
    if (ids->count < IDS_CHARS)
        ids->text[ids->count++] = c;
}

static void put_hex(struct ids *ids, uint32_t value, unsigned digits)
{
    while (digits--)
        put(ids, (UCHAR)"0123456789ABCDEF"[value >> 4 * digits & 15]);
}

static void put_field(struct ids *ids, struct pci_function *f, char field)
{
    switch (field) {
    case 'v': put_hex(ids, pci_read(f, VENDOR, 2), 4); break;
    case 'd': put_hex(ids, pci_read(f, VENDOR + 2, 2), 4); break;
    case 's': put_hex(ids, pci_read(f, SUBSYSTEM + 2, 2) << 16 | pci_read(f, SUBSYSTEM, 2), 8); break;
    case 'r': put_hex(ids, pci_read(f, REVISION, 1), 2); break;
    case 'c': put_hex(ids, pci_read(f, REVISION, 4) >> 8, 6); break;
    case 'k': put_hex(ids, pci_read(f, REVISION, 4) >> 16, 4); break;
    case 'n': put_hex(ids, f->slot << 3, 2); break;
    default: put(ids, (UCHAR)field);
    }
}

static void put_all(struct ids *ids, struct pci_function *f, const char *const *form, unsigned count)
{
    ids->count = 0;
    for (unsigned i = 0; i < count; i++) {
        for (const char *c = form[i]; *c; c++)
            put_field(ids, f, *c);
        put(ids, 0);
    }
}

#define PUT(form) put_all(&ids, f, form, sizeof form / sizeof form[0])

NTSTATUS pci_query_id(PDEVICE_OBJECT pdo, PIRP irp, BUS_QUERY_ID_TYPE type)
{
    struct pci_function *f = pci_function_of(pdo);
    struct ids ids;
    switch (type) {
    case BusQueryDeviceID: PUT(device_id); break;
    case BusQueryInstanceID: PUT(instance_id); break;
    case BusQueryHardwareIDs: PUT(hardware_ids); break;
    case BusQueryCompatibleIDs: PUT(compatible_ids); break;
    default: return pnp_pdo_complete(irp, irp->IoStatus.Status);
    }
    return pnp_pdo_answer_with(irp, ids.text, ids.count * sizeof(WCHAR), (ids.count + 1) * sizeof(WCHAR));
}

NTSTATUS pci_query_text(PDEVICE_OBJECT pdo, PIRP irp, DEVICE_TEXT_TYPE type)
{
    char text[64], *p = text;
    const char *end = text + sizeof text;
    if (type == DeviceTextLocationInformation) {
        p = text_put(p, end, "PCI bus 0, device ");
        p = text_number(p, end, pci_function_of(pdo)->slot, 10, 1);
        text_put(p, end, ", function 0");
    } else if (type == DeviceTextDescription) {
        text_put(p, end, "PCI Device");
    } else {
        return pnp_pdo_complete(irp, irp->IoStatus.Status);
    }
    UNICODE_STRING wide = rtl_from_ascii(text);
    NTSTATUS status = pnp_pdo_answer_text(irp, &wide, false);
    ex_system_free(wide.Buffer);
    return status;
}
