/* See device_model.h. */
#include "device_model.h"

#include <stddef.h>

#include "machine.h"

static struct device_model *devices;

void device_models_begin(void) { devices = NULL; }

void device_plug(struct device_model *model)
{
    model->absent = model->asleep = false;
    model->undecoded = 0;
    model->posted = 0;
    for (const struct device_model *m = devices; m; m = m->next)
        if (m == model)
            return;
    model->line = model->vector != DEVICE_NO_VECTOR ? interrupt_line(model->vector) : NULL;
    model->source = interrupt_new_source();
    model->next = devices;
    devices = model;
}

void device_pull(struct device_model *model)
{
    device_lower(model);
    model->absent = true;
    model->posted = 0;
}

static bool answers(const struct device_model *model, unsigned window) { return !model->absent && !model->asleep && !(model->undecoded >> window & 1); }

static void flush_posted(struct device_model *model)
{
    unsigned n = model->posted;
    model->posted = 0;
    for (unsigned i = 0; i < n; i++)
        if (answers(model, model->post[i].window))
            model->ops->write(model, model->post[i].window, model->post[i].offset, model->post[i].width, model->post[i].value);
}

bool device_models_flush(void)
{
    bool any = false;
    for (struct device_model *m = devices; m; m = m->next) {
        any |= m->posted != 0;
        flush_posted(m);
    }
    return any;
}

void device_set_power(struct device_model *model, bool in_d0)
{
    flush_posted(model);
    model->asleep = !in_d0;
    if (!in_d0)
        device_lower(model);
}

void device_lose_power(struct device_model *model)
{
    if (model->ops->power_lost)
        model->ops->power_lost(model);
}

/* ---- Its interrupt ---- */

void device_raise(struct device_model *model)
{
    if (model->line && !model->absent && !model->asleep)
        interrupt_assert(model->line, model->source);
}

void device_lower(struct device_model *model)
{
    if (model->line)
        interrupt_deassert(model->line, model->source);
}

void device_send_message(struct device_model *model, unsigned n)
{
    if (model->line && !model->absent && !model->asleep)
        interrupt_pulse(interrupt_line(model->vector + n));
}

struct device_model *device_of_vector(uint32_t vector)
{
    for (struct device_model *m = devices; m; m = m->next)
        if (m->line && m->vector == vector)
            return m;
    return NULL;
}

/* ---- Its registers ---- */

struct device_model *device_model_at(uint64_t address, uint64_t size, bool port, unsigned *window, uint32_t *offset)
{
    for (struct device_model *m = devices; m; m = m->next)
        for (unsigned w = 0; w < DEVICE_WINDOWS; w++) {
            const struct device_window *d = &m->window[w];
            if (!d->size || d->port != port || address < d->base || size > d->size || address - d->base > d->size - size)
                continue;
            *window = w;
            *offset = (uint32_t)(address - d->base);
            return m;
        }
    return NULL;
}

static uint64_t all_ones(unsigned width) { return width == 8 ? ~0ull : (1ull << width * 8) - 1; }

/*
 * What one context told the device, another one reads there or is interrupted for: the device orders them. A driver that starts an operation with a write and
 * finishes it in its ISR relies on that.
 */
uint64_t device_read(struct device_model *model, unsigned window, uint32_t offset, unsigned width)
{
    footprint_touch(model, true);
    if (!answers(model, window))
        return all_ones(width);
    flush_posted(model);
    uint64_t value = model->ops->read(model, window, offset, width) & all_ones(width);
    hb_acquire(model);
    return value;
}

void device_write(struct device_model *model, unsigned window, uint32_t offset, unsigned width, uint64_t value)
{
    footprint_touch(model, true);
    if (!answers(model, window))
        return;
    hb_release(model);
    if (model->line)
        hb_release(model->line); /* what it raises because of this comes behind it */
    if (model->posts_writes && model->posted < sizeof model->post / sizeof model->post[0] && (model->posted || choose(LANE_HARDWARE, 2))) {
        unsigned i = model->posted++;
        model->post[i].value = value, model->post[i].offset = offset, model->post[i].window = (uint8_t)window, model->post[i].width = (uint8_t)width;
        return;
    }
    flush_posted(model);
    model->ops->write(model, window, offset, width, value);
}
