/*
 * The PCI bus: functions with a configuration space, and the bus driver that answers for them.
 *
 * Principle of operation. Who conducts a life puts functions on the bus before their devices are created. The bus makes a PDO for each, with identifiers read from its
 * configuration space (PCI\VEN_8086&DEV_1229&SUBSYS_..&REV_.., down to the class codes), gives its windows addresses and its pin a vector, turns decoding and bus
 * mastering on when the device is started and off when it is stopped (W-HAL-7), and moves it between D-states through its power-management capability. Drivers reach the
 * configuration space through BUS_INTERFACE_STANDARD, IRP_MN_READ_CONFIG and IRP_MN_WRITE_CONFIG (W-HAL-6); what they must not write there (windows, interrupt line, header)
 * is reported.
 *
 *     static struct pci_function function = {.model = &card.model, .config_read = read, .config_write = write};
 *     pci_add(&function);                                each life anew, when power is on; again for one that was pulled
 *     struct devnode *node = pci_create_device(NULL, &function, &status);    like pnp_create_root_device()
 *
 * Internal design. pci.c: the functions of a life, in a list, and what their PDOs answer; pci_ids.c and pci_resources.c: the longer ones of the
 * answers; pci_config.c: what the bus does to a configuration space; pci_access.c: how drivers reach it. A function's device may come and go; its devnode tells whether there is one. Windows are numbered as base address registers are: window 2 of the model is that
 * of register 2. Called from inside the gate; pci_create_device() at PASSIVE_LEVEL.
 */
#ifndef HAL_PCI_H
#define HAL_PCI_H

#include "hal.h"

#define PCI_BARS 6

struct device_model;
struct devnode;

struct pci_function {
    struct device_model *model;  /* its vector is the bus's to choose */
    /* width 1, 2 or 4, naturally aligned, offset below 256. */
    uint32_t (*config_read)(struct pci_function *function, uint32_t offset, unsigned width);
    void (*config_write)(struct pci_function *function, uint32_t offset, unsigned width, uint32_t value);
    /* PME# is its own to assert: pci_pme(). */

    /* The bus's. */
    struct pci_function *next;
    struct devnode *node;        /* of the device that was made of it last; NULL: none yet */
    unsigned slot;
    uint32_t bar[PCI_BARS], bar_size[PCI_BARS]; /* the addresses that it was given; size 0: there is no such window */
    uint8_t bar_kind[PCI_BARS];  /* the low bits of the register: 1 ports, 8 prefetchable memory */
    uint8_t irq;                 /* of its pin; 0: it has none */
    uint8_t power;               /* offset of the power-management capability; 0: it has none */
    uint16_t command;            /* the command register as it was written last */
    uint8_t latency[2];          /* cache line size and latency timer, kept while it is not in D0 */
    DEVICE_POWER_STATE state;
    unsigned references;         /* of its device's bus interface */
    bool asked_by_driver;        /* and not by the bus itself: a lie that is told now fools a driver */
    struct pci_wake *wake;
};

void pci_boot(void);
void pci_add(struct pci_function *function);
/* As pnp_create_root_device(): of this driver, or (NULL) of those that are installed for its identifiers. */
struct devnode *pci_create_device(struct nt_driver *driver, struct pci_function *function, NTSTATUS *status);
/* The PDO of its device; NULL: it has none now. */
PDEVICE_OBJECT pci_pdo(const struct pci_function *function);
/* It signals wake: the wait-wake IRP of its PDO ends, a little later. Any IRQL. */
void pci_pme(struct pci_function *function);
/* How often such a signal has ended a wait-wake IRP. */
unsigned pci_wakes(const struct pci_function *function);
/* Pulled out, from one moment to the next: all ones everywhere. The PnP manager is told, and removes the device when it gets to it. Any IRQL. */
void pci_pull(struct pci_function *function);
/* A stack has been removed: V-HAL-6. */
void pci_device_removed(PDEVICE_OBJECT pdo);

/* ---- For the bus driver's own files ---- */

struct pci_function *pci_function_of(PDEVICE_OBJECT pdo);
struct pci_function *pci_function_at(unsigned slot);

/* pci_config.c. Whoever is not there reads as all ones. */
uint32_t pci_read(struct pci_function *function, uint32_t offset, unsigned width);
void pci_write(struct pci_function *function, uint32_t offset, unsigned width, uint32_t value);
bool pci_is_there(struct pci_function *function);
/* Power has come: sizes of the windows, the pin, the capability; and places for them, as a machine's firmware gives them. */
void pci_set_up(struct pci_function *function);
void pci_decode(struct pci_function *function, bool on);
void pci_set_power(struct pci_function *function, DEVICE_POWER_STATE state);
void pci_arm_wake(struct pci_function *function, bool on);
void pci_fill_capabilities(struct pci_function *function, DEVICE_CAPABILITIES *capabilities);

/* pci_ids.c, pci_access.c: IRPs, which they complete. */
NTSTATUS pci_query_id(PDEVICE_OBJECT pdo, PIRP irp, BUS_QUERY_ID_TYPE type);
NTSTATUS pci_query_text(PDEVICE_OBJECT pdo, PIRP irp, DEVICE_TEXT_TYPE type);
NTSTATUS pci_query_interface(PDEVICE_OBJECT pdo, PIRP irp);
NTSTATUS pci_read_write_config(PDEVICE_OBJECT pdo, PIRP irp);

/* pci_resources.c: what it uses, as QUERY_RESOURCES and START have it, and what it could use. */
struct pci_resources {
    CM_RESOURCE_LIST list;
    CM_PARTIAL_RESOURCE_DESCRIPTOR more[PCI_BARS];
};
struct pci_requirements {
    IO_RESOURCE_REQUIREMENTS_LIST list;
    IO_RESOURCE_DESCRIPTOR more[PCI_BARS];
};
void pci_fill_resources(const struct pci_function *function, struct pci_resources *resources, bool translated);
void pci_fill_requirements(const struct pci_function *function, struct pci_requirements *requirements);
/* How many bytes of them are used. */
size_t pci_size_of_resources(const struct pci_resources *resources);

#endif
