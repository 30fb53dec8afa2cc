/*
 * A device that copies memory by DMA, for tests: it appends what it reads to a store of its own, and writes the store's bytes in order.
 *
 *     0, 4  logical address     8  length     12  go: 1 the device reads memory, 2 it writes memory
 *
 * Test code must include this before its driver's section begins.
 */
#ifndef TESTS_UNIT_COPIER_H
#define TESTS_UNIT_COPIER_H

#include "hal/dma.h"

#define COPIER_MEMORY 0xE0010000u
#define COPIER_SIZE 4096u
enum { COPIER_ADDRESS = 0, COPIER_HIGH = 4, COPIER_LENGTH = 8, COPIER_GO = 12 };

#pragma clang attribute push(__attribute__((no_sanitize("thread"))), apply_to = function)

struct copier {
    struct device_model model;
    PDEVICE_OBJECT pdo;
    uint32_t address, high, length;
    uint32_t read, written;      /* bytes so far */
    unsigned char store[65536];
};

static void copier_go(struct copier *c, uint32_t what)
{
    uint64_t logical = (uint64_t)c->high << 32 | c->address;
    if (what == 1 && hal_dma_read(c->pdo, logical, c->store + c->read, c->length))
        c->read += c->length;
    if (what == 2 && hal_dma_write(c->pdo, logical, c->store + c->written, c->length))
        c->written += c->length;
}

static uint64_t copier_read(struct device_model *model, unsigned window, uint32_t offset, unsigned width) { return 0; }

static void copier_write(struct device_model *model, unsigned window, uint32_t offset, unsigned width, uint64_t value)
{
    struct copier *c = (struct copier *)model;
    if (offset == COPIER_ADDRESS)
        c->address = (uint32_t)value;
    else if (offset == COPIER_HIGH)
        c->high = (uint32_t)value;
    else if (offset == COPIER_LENGTH)
        c->length = (uint32_t)value;
    else if (offset == COPIER_GO)
        copier_go(c, (uint32_t)value);
}

static const struct device_ops copier_ops = {copier_read, copier_write, NULL};

static void copier_plug(struct copier *c, PDEVICE_OBJECT pdo)
{
    *c = (struct copier){.model = {.name = "the copier", .ops = &copier_ops, .window = {{COPIER_MEMORY, COPIER_SIZE, false}}}, .pdo = pdo};
    device_plug(&c->model);
}

#pragma clang attribute pop

#endif
