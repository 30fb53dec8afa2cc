/*
 * What a model of a device is to the machine: registers at addresses, and an interrupt.
 *
 * Principle of operation. A model is a struct of this kind at the beginning of its own. It names its windows (the BARs of a PCI device: a range of physical
 * memory or of ports each) and its interrupt; the machine finds the model by the address that a driver reads or writes and calls it, one access of the width that was asked
 * for each. A model acts in three places: in those calls, in alarms that it sets (clock.h), and where an operation of the outside reaches it (a frame arrives). From each of
 * them it may raise or lower its interrupt, and choose() on LANE_HARDWARE; none may block or call a driver.
 *
 *     static const struct device_ops ops = {read_register, write_register};
 *     struct card { struct device_model model; ... } card = {.model = {.name = "card", .ops = &ops, .window = {{0xE0000000, 4096}}, .vector = 0x41}};
 *     device_plug(&card.model);       each life anew: the machine forgets its devices
 *     device_raise(&card.model);      until device_lower()
 *
 * A device that is absent, not in D0 or does not decode answers with all ones and ignores writes (W-HAL-7, 8).
 *
 * Internal design. A list; a life has a handful. Called from inside the gate, any IRQL.
 */
#ifndef MACHINE_DEVICE_MODEL_H
#define MACHINE_DEVICE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define DEVICE_WINDOWS 6
#define DEVICE_NO_VECTOR 0

struct device_model;
struct interrupt_line;

struct device_ops {
    /* width: 1, 2, 4 or 8 bytes, inside the window and naturally aligned. */
    uint64_t (*read)(struct device_model *model, unsigned window, uint32_t offset, unsigned width);
    void (*write)(struct device_model *model, unsigned window, uint32_t offset, unsigned width, uint64_t value);
    /* Is its interrupt enabled, so that it may be raised at any time? NULL: nobody can say (V-HAL-8). */
    bool (*interrupt_enabled)(const struct device_model *model);
    /* Its power goes: the registers are as after power-on (W-POW-12). NULL: it keeps them. */
    void (*power_lost)(struct device_model *model);
};

struct device_window {
    uint64_t base;           /* physical address, or the first port */
    uint32_t size;           /* 0: there is no such window */
    bool port;
};

struct device_model {
    const char *name;
    const struct device_ops *ops;
    struct device_window window[DEVICE_WINDOWS];
    uint32_t vector;         /* of its line, or of its first message; DEVICE_NO_VECTOR: it has none */
    bool posts_writes;       /* a write may be delayed until the next read of the device (W-HAL-2): LANE_HARDWARE chooses */
    bool absent;             /* pulled out */
    bool asleep;             /* not in D0 */
    uint8_t undecoded;       /* windows to which its command register lets no access through, a bit each */

    /* The machine's. */
    struct device_model *next;
    struct interrupt_line *line;
    unsigned source, posted;
    struct { uint64_t value; uint32_t offset; uint8_t window, width; } post[8];
};

void device_models_begin(void);
/* Time is about to pass: what was posted arrives. False: nothing was. */
bool device_models_flush(void);

/* Also one that was pulled in this life. */
void device_plug(struct device_model *model);
/* It is gone from one moment to the next: its interrupt falls, its registers read as all ones. The driver hears of it from the PnP manager, later. */
void device_pull(struct device_model *model);
/* It enters or leaves D0: who conducts its power says so. */
void device_set_power(struct device_model *model, bool in_d0);
/* It is in D3. */
void device_lose_power(struct device_model *model);

/* Its line, or its message n (an edge). A device that is absent or asleep raises nothing. */
void device_raise(struct device_model *model);
void device_lower(struct device_model *model);
void device_send_message(struct device_model *model, unsigned n);

/* The model whose window holds all these bytes, NULL none. */
struct device_model *device_model_at(uint64_t address, uint64_t size, bool port, unsigned *window, uint32_t *offset);
/* The model whose interrupt this vector is; NULL none. */
struct device_model *device_of_vector(uint32_t vector);

/* One access each. */
uint64_t device_read(struct device_model *model, unsigned window, uint32_t offset, unsigned width);
void device_write(struct device_model *model, unsigned window, uint32_t offset, unsigned width, uint64_t value);

#endif
