/*
 * The PCI bus: functions with a configuration space, and the bus driver that answers for them.
 *
 * Principle of operation. Who conducts a life puts functions on the bus before their devices are created. The bus makes a PDO for each, with identifiers read from its
 * configuration space (PCI\VEN_8086&DEV_1229&SUBSYS_..&REV_.., down to the class codes), gives its windows addresses and its pin a vector when the device is
 * started (W-HAL-7), turns decoding on and off, and moves it between D-states through its power-management capability. Drivers reach the configuration space through
 * BUS_INTERFACE_STANDARD, IRP_MN_READ_CONFIG and IRP_MN_WRITE_CONFIG (W-HAL-6); what they must not write there (windows, interrupt line, header) is reported.
 *
 *     static struct pci_function function = {.model = &card.model, .config_read = read, .config_write = write};
 *     pci_add(&function);                                each life anew
 *     struct devnode *node = pci_create_device(&function, &status);    like pnp_create_root_device()
 *
 * Internal design. A list; a life has a handful. Called from inside the gate; pci_create_device() and what is below it at PASSIVE_LEVEL with pnp_lock().
 */
#ifndef HAL_PCI_H
#define HAL_PCI_H

#include "hal.h"

struct device_model;
struct devnode;

struct pci_function {
    struct device_model *model;
    /* width 1, 2 or 4, naturally aligned, offset below 256. */
    uint32_t (*config_read)(struct pci_function *function, uint32_t offset, unsigned width);
    void (*config_write)(struct pci_function *function, uint32_t offset, unsigned width, uint32_t value);
    /* PME# is its own to assert: pci_pme(). */

    /* The bus's. */
    struct pci_function *next;
    PDEVICE_OBJECT pdo;
    unsigned slot;
};

void pci_boot(void);
void pci_add(struct pci_function *function);
struct devnode *pci_create_device(struct pci_function *function, NTSTATUS *status);
/* It signals wake: the wait-wake IRP of its PDO ends. */
void pci_pme(struct pci_function *function);
/* Pulled out, from one moment to the next: all ones everywhere. The PnP manager learns of it from who pulled it. */
void pci_pull(struct pci_function *function);

#endif
