/* See pci.h: what the bus does to a configuration space (W-HAL-7, W-POW-12): windows, decoding, D-states and PME through the power-management capability. */
#include "pci.h"

enum { COMMAND = 0x04, STATUS = 0x06, CACHE_LINE = 0x0C, LATENCY = 0x0D, BAR0 = 0x10, CAPABILITIES = 0x34, LINE = 0x3C, PIN = 0x3D };
enum { STATUS_HAS_CAPABILITIES = 0x10, CAPABILITY_POWER = 1, CAPABILITIES_MAX = 48 };
/* In the power-management capability. */
enum { PMC = 2, PMCSR = 4, PMC_D1 = 0x200, PMC_D2 = 0x400, PMC_PME_SHIFT = 11, PMC_PME_D3COLD = 0x8000, PMCSR_STATE = 3, PMCSR_PME_ENABLE = 0x100, PMCSR_PME_STATUS = 0x8000 };

/* Where what is plugged in finds its place. */
enum { FIRST_MEMORY = 0xE0000000u, FIRST_PORT = 0xC000, MEMORY_RANGE = 0x1000000, PORT_RANGE = 0x100, FIRST_IRQ = 10, VECTOR_OF_IRQ = 0x60 };

bool pci_is_there(struct pci_function *f) { return (pci_read(f, 0, 4) & 0xFFFF) != 0xFFFF; }

uint32_t pci_read(struct pci_function *f, uint32_t offset, unsigned width)
{
    uint32_t ones = width == 4 ? ~0u : (1u << 8 * width) - 1;
    footprint_touch(f->model, true);
    uint32_t value = f->model->absent ? ones : f->config_read(f, offset, width) & ones;
    hb_acquire(f->model);
    return value;
}

/* Each window answers as its bit of the command register says. */
static void note_decoding(struct pci_function *f)
{
    f->model->undecoded = 0;
    for (unsigned i = 0; i < PCI_BARS; i++)
        if (f->bar_size[i] && !(f->command & (f->bar_kind[i] & 1 ? PCI_ENABLE_IO_SPACE : PCI_ENABLE_MEMORY_SPACE)))
            f->model->undecoded |= (uint8_t)(1u << i);
}

void pci_write(struct pci_function *f, uint32_t offset, unsigned width, uint32_t value)
{
    footprint_touch(f->model, true);
    if (f->model->absent)
        return;
    hb_release(f->model);
    if (f->model->line)
        hb_release(f->model->line); /* what it raises because of this comes behind it */
    f->config_write(f, offset, width, value);
    for (unsigned i = 0; i < width; i++)
        if (offset + i == COMMAND || offset + i == COMMAND + 1) {
            unsigned shift = 8 * (offset + i - COMMAND);
            f->command = (uint16_t)((f->command & ~(0xFFu << shift)) | (value >> 8 * i & 0xFF) << shift);
            note_decoding(f);
        }
}

/* ---- When power comes ---- */

static uint32_t next_address(const struct pci_function *f, unsigned bar)
{
    /* Each function has a range of its own, 16 MiB or 256 ports, its windows one behind the other in it. */
    bool port = f->bar_kind[bar] & 1;
    uint32_t at = port ? FIRST_PORT + PORT_RANGE * f->slot : FIRST_MEMORY + MEMORY_RANGE * f->slot;
    for (unsigned i = 0; i < bar; i++)
        if (f->bar_size[i] && (f->bar_kind[i] & 1) == port)
            at = f->bar[i] + f->bar_size[i];
    return (at + f->bar_size[bar] - 1) & ~(f->bar_size[bar] - 1);
}

/* The lowest bit that can be changed is the size, whatever those above it are. One that does not fit into the function's range gets no place. */
static uint32_t size_of(uint32_t bits, bool port)
{
    uint32_t size = bits & -bits;
    return size <= (port ? PORT_RANGE : MEMORY_RANGE) / 4 ? size : 0;
}

static void size_window(struct pci_function *f, unsigned i)
{
    uint32_t at = BAR0 + 4 * i, was = pci_read(f, at, 4);
    pci_write(f, at, 4, ~0u);
    uint32_t sized = pci_read(f, at, 4), mask = sized & 1 ? ~3u : ~15u;
    f->bar_kind[i] = sized & ~mask;
    f->bar_size[i] = size_of(sized & mask, sized & 1);
    f->bar[i] = f->bar_size[i] ? next_address(f, i) : 0;
    pci_write(f, at, 4, f->bar_size[i] ? f->bar[i] : was);
}

static void place_windows(struct pci_function *f)
{
    for (unsigned i = 0; i < PCI_BARS; i++) {
        if (!f->bar_size[i])
            continue;
        pci_write(f, BAR0 + 4 * i, 4, f->bar[i]);
        f->model->window[i] = (struct device_window){f->bar[i], f->bar_size[i], f->bar_kind[i] & 1};
    }
    pci_write(f, LINE, 1, f->irq);
}

static uint8_t find_power_capability(struct pci_function *f)
{
    if (!(pci_read(f, STATUS, 2) & STATUS_HAS_CAPABILITIES))
        return 0;
    uint32_t at = pci_read(f, CAPABILITIES, 1) & 0xFC;
    for (unsigned n = 0; at && n < CAPABILITIES_MAX; n++) {
        if (pci_read(f, at, 1) == CAPABILITY_POWER)
            return (uint8_t)at;
        at = pci_read(f, at + 1, 1) & 0xFC;
    }
    return 0;
}

void pci_set_up(struct pci_function *f)
{
    f->state = PowerDeviceD0;
    f->command = 0;
    f->irq = pci_read(f, PIN, 1) ? (uint8_t)(FIRST_IRQ + f->slot) : 0;
    f->model->vector = f->irq ? (uint32_t)VECTOR_OF_IRQ + f->irq : DEVICE_NO_VECTOR;
    device_plug(f->model);
    for (unsigned i = 0; i < PCI_BARS; i++)
        size_window(f, i);
    place_windows(f);
    f->power = find_power_capability(f);
    note_decoding(f);
}

void pci_decode(struct pci_function *f, bool on)
{
    uint16_t bits = PCI_ENABLE_BUS_MASTER;
    if (on)
        place_windows(f);
    for (unsigned i = 0; i < PCI_BARS; i++)
        if (f->bar_size[i])
            bits |= f->bar_kind[i] & 1 ? PCI_ENABLE_IO_SPACE : PCI_ENABLE_MEMORY_SPACE;
    pci_write(f, COMMAND, 2, on ? f->command | bits : f->command & ~bits);
}

/* ---- Power ---- */

static uint32_t power_capabilities(struct pci_function *f) { return f->power ? pci_read(f, f->power + PMC, 2) : 0; }

/* Writing back what it reads would clear PME's status. */
static void write_pmcsr(struct pci_function *f, uint32_t clear, uint32_t set)
{
    uint32_t value = pci_read(f, f->power + PMCSR, 2) & ~(uint32_t)PMCSR_PME_STATUS;
    pci_write(f, f->power + PMCSR, 2, (value & ~clear) | set);
}

/* A device without the capability does as if: it is not to be reached any more. */
static void leave_d0(struct pci_function *f)
{
    f->latency[0] = (uint8_t)pci_read(f, CACHE_LINE, 1), f->latency[1] = (uint8_t)pci_read(f, LATENCY, 1);
    device_set_power(f->model, false);
}

/* What leaving D3 has lost; a driver's own registers are the driver's. */
static void enter_d0(struct pci_function *f)
{
    uint16_t command = f->command;
    device_set_power(f->model, true);
    place_windows(f);
    pci_write(f, CACHE_LINE, 1, f->latency[0]);
    pci_write(f, LATENCY, 1, f->latency[1]);
    pci_write(f, COMMAND, 2, command);
}

static DEVICE_POWER_STATE supported(struct pci_function *f, DEVICE_POWER_STATE state)
{
    uint32_t pmc = power_capabilities(f);
    if (state == PowerDeviceD1 && !(pmc & PMC_D1))
        state = PowerDeviceD2;
    return state == PowerDeviceD2 && !(pmc & PMC_D2) ? PowerDeviceD3 : state;
}

void pci_set_power(struct pci_function *f, DEVICE_POWER_STATE state)
{
    state = supported(f, state);
    if (state == f->state || f->model->absent)
        return;
    if (f->state == PowerDeviceD0)
        leave_d0(f);
    if (f->power)
        write_pmcsr(f, PMCSR_STATE, (uint32_t)(state - PowerDeviceD0));
    if (state == PowerDeviceD3 && f->power)
        device_lose_power(f->model);
    f->state = state;
    if (state == PowerDeviceD0)
        enter_d0(f);
}

/* Both clear what was signalled before. */
void pci_arm_wake(struct pci_function *f, bool on)
{
    if (f->power)
        write_pmcsr(f, on ? 0 : PMCSR_PME_ENABLE, PMCSR_PME_STATUS | (on ? PMCSR_PME_ENABLE : 0));
}

void pci_fill_capabilities(struct pci_function *f, DEVICE_CAPABILITIES *c)
{
    uint32_t pmc = power_capabilities(f), pme = pmc >> PMC_PME_SHIFT;
    c->DeviceD1 = (pmc & PMC_D1) != 0;
    c->DeviceD2 = (pmc & PMC_D2) != 0;
    c->WakeFromD0 = pme & 1, c->WakeFromD1 = pme >> 1 & 1, c->WakeFromD2 = pme >> 2 & 1, c->WakeFromD3 = pme >> 3 & 1;
    c->DeviceState[PowerSystemWorking] = PowerDeviceD0;
    c->DeviceState[PowerSystemSleeping1] = supported(f, PowerDeviceD1);
    c->DeviceState[PowerSystemSleeping2] = supported(f, PowerDeviceD2);
    c->DeviceState[PowerSystemSleeping3] = c->DeviceState[PowerSystemHibernate] = c->DeviceState[PowerSystemShutdown] = PowerDeviceD3;
    for (unsigned d = 0; d < 4; d++)
        if (pme >> d & 1)
            c->DeviceWake = (DEVICE_POWER_STATE)(PowerDeviceD0 + d);
    if (pmc & PMC_PME_D3COLD)
        c->SystemWake = PowerSystemSleeping3;
    else if (c->DeviceWake)
        c->SystemWake = PowerSystemSleeping2; /* until the bus has no power any more */
    c->Address = f->slot << 16;
    c->UINumber = f->slot;
    c->UniqueID = c->SurpriseRemovalOK = c->SilentInstall = 1;
    c->D1Latency = 1, c->D2Latency = 2, c->D3Latency = 100;
}
