/* See pci.h: a function's resources, as lists: its windows in the order of their registers, then its interrupt (W-PNP-30, W-HAL-7). */
#include "pci.h"

static KIRQL level_of(const struct pci_function *f) { return (KIRQL)(HAL_LOWEST_DIRQL + 2 + f->slot % 4); }

static void describe_window(const struct pci_function *f, unsigned i, CM_PARTIAL_RESOURCE_DESCRIPTOR *d)
{
    bool port = f->bar_kind[i] & 1;
    d->Type = port ? CmResourceTypePort : CmResourceTypeMemory;
    d->ShareDisposition = CmResourceShareDeviceExclusive;
    d->Flags = port ? CM_RESOURCE_PORT_IO | CM_RESOURCE_PORT_POSITIVE_DECODE | CM_RESOURCE_PORT_BAR : CM_RESOURCE_MEMORY_READ_WRITE | CM_RESOURCE_MEMORY_BAR;
    if (f->bar_kind[i] & 8)
        d->Flags |= CM_RESOURCE_MEMORY_PREFETCHABLE;
    d->u.Generic.Start.QuadPart = f->bar[i];
    d->u.Generic.Length = f->bar_size[i];
}

static void describe_interrupt(const struct pci_function *f, CM_PARTIAL_RESOURCE_DESCRIPTOR *d, bool translated)
{
    d->Type = CmResourceTypeInterrupt;
    d->ShareDisposition = CmResourceShareShared;
    d->Flags = CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE;
    d->u.Interrupt.Level = translated ? level_of(f) : f->irq;
    d->u.Interrupt.Vector = translated ? f->model->vector : f->irq;
    d->u.Interrupt.Affinity = ((KAFFINITY)1 << machine.cpus) - 1;
}

void pci_fill_resources(const struct pci_function *f, struct pci_resources *r, bool translated)
{
    CM_PARTIAL_RESOURCE_LIST *p = &r->list.List[0].PartialResourceList;
    memset(r, 0, sizeof *r);
    r->list.Count = 1;
    r->list.List[0].InterfaceType = PCIBus;
    p->Version = p->Revision = 1;
    for (unsigned i = 0; i < PCI_BARS; i++)
        if (f->bar_size[i])
            describe_window(f, i, &p->PartialDescriptors[p->Count++]);
    if (f->irq)
        describe_interrupt(f, &p->PartialDescriptors[p->Count++], translated);
}

size_t pci_size_of_resources(const struct pci_resources *r)
{
    const CM_PARTIAL_RESOURCE_LIST *p = &r->list.List[0].PartialResourceList;
    return (size_t)((const char *)&p->PartialDescriptors[p->Count] - (const char *)r);
}

void pci_fill_requirements(const struct pci_function *f, struct pci_requirements *r)
{
    IO_RESOURCE_LIST *list = &r->list.List[0];
    memset(r, 0, sizeof *r);
    r->list.InterfaceType = PCIBus;
    r->list.SlotNumber = f->slot;
    r->list.AlternativeLists = 1;
    list->Version = list->Revision = 1;
    for (unsigned i = 0; i < PCI_BARS; i++) {
        if (!f->bar_size[i])
            continue;
        IO_RESOURCE_DESCRIPTOR *d = &list->Descriptors[list->Count++];
        bool port = f->bar_kind[i] & 1;
        d->Type = port ? CmResourceTypePort : CmResourceTypeMemory;
        d->ShareDisposition = CmResourceShareDeviceExclusive;
        d->Flags = port ? CM_RESOURCE_PORT_IO | CM_RESOURCE_PORT_POSITIVE_DECODE : CM_RESOURCE_MEMORY_READ_WRITE;
        d->u.Generic.Length = d->u.Generic.Alignment = f->bar_size[i];
        d->u.Generic.MaximumAddress.QuadPart = port ? 0xFFFF : 0xFFFFFFFF;
    }
    if (f->irq) {
        IO_RESOURCE_DESCRIPTOR *d = &list->Descriptors[list->Count++];
        d->Type = CmResourceTypeInterrupt;
        d->ShareDisposition = CmResourceShareShared;
        d->Flags = CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE;
        d->u.Interrupt.MaximumVector = 255;
    }
    r->list.ListSize = (ULONG)((char *)&list->Descriptors[list->Count] - (char *)r);
}
