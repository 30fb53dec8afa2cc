/*
 * How fast the model of the network card is, beside QEMU's i82557b over its test protocol, in the same run on the same machine.
 *
 *     nic_speed [--seconds N] [--json]     prints, for each of the two, register accesses and received frames a second
 *
 * The model is measured in processor time, so that a machine that is busy with other things measures the same; QEMU, which is another process, by the clock on the wall.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nic/nic.h"

#include "qtest.h"

#define MEMORY 0x100000u
enum { MEMORY_SIZE = 0x1000, RFD = MEMORY + 0x400, BATCH = 400, FRAME = 60 };

static struct nic card;
static uint8_t memory[MEMORY_SIZE], frame[FRAME] = {0x52, 0x54, 0, 0x12, 0x34, 0x56, 2, 0, 0, 0, 0, 1, 8};
static struct qtest *qemu;
static double seconds = 1;

static double read_clock(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double now(void) { return read_clock(CLOCK_MONOTONIC); }
static double own_time(void) { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

static bool host_read(void *context, uint64_t address, void *to, uint32_t size)
{
    (void)context;
    memcpy(to, memory + (address - MEMORY) % (MEMORY_SIZE - size), size);
    return true;
}

static bool host_write(void *context, uint64_t address, const void *from, uint32_t size)
{
    (void)context;
    memcpy(memory + (address - MEMORY) % (MEMORY_SIZE - size), from, size);
    return true;
}

static void put(uint32_t address, const uint8_t *bytes, uint32_t size)
{
    memcpy(memory + (address - MEMORY), bytes, size);
    if (qemu)
        qtest_write_memory(qemu, address, bytes, size);
}

static void write_register(uint32_t offset, unsigned width, uint32_t value)
{
    device_write(&card.model, 0, offset, width, value);
    clock_pass(CLOCK_MS);
    if (qemu)
        qtest_write_register(qemu, offset, width, value);
}

/* Configured, with one RFD that is its own successor. */
static void set_up(void)
{
    static const uint8_t individual[14] = {0, 0, 1, 0x80, 0, 0, 0, 0, 0x52, 0x54, 0, 0x12, 0x34, 0x56};
    static const uint8_t configure[30] = {0, 0, 2, 0x80, 0, 0, 0, 0, 0x16, 0x88, 0, 0, 0, 0, 0x32, 3, 1, 0, 0x2E, 0, 0x60, 0, 0xF2, 0x68, 0, 0x40, 0xF2, 0x80, 0x3F, 5};
    static const uint8_t rfd[16] = {0, 0, 0, 0, 0, 4, 0x10, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0xEA, 5};
    write_register(3, 1, 1);
    put(MEMORY, individual, sizeof individual);
    write_register(4, 4, MEMORY);
    write_register(2, 1, 0x10);
    put(MEMORY, configure, sizeof configure);
    write_register(2, 1, 0x10);
    put(RFD, rfd, sizeof rfd);
    write_register(4, 4, RFD);
    write_register(2, 1, 1);
}

static double model_registers(void)
{
    unsigned long n = 0;
    double start = own_time(), took;
    do {
        for (unsigned i = 0; i < BATCH; i += 2) {
            device_write(&card.model, 0, 4, 4, i);
            (void)device_read(&card.model, 0, 0, 2);
        }
        n += BATCH;
    } while ((took = own_time() - start) < seconds);
    return (double)n / took;
}

static double qemu_registers(void)
{
    unsigned long n = 0;
    uint32_t value;
    double start = now(), took;
    do {
        for (unsigned i = 0; i < BATCH; i += 2) {
            qtest_write_register(qemu, 4, 4, i);
            qtest_read_register(qemu, 0, 2, &value);
        }
        qtest_flush(qemu);
        n += BATCH;
    } while ((took = now() - start) < seconds);
    return (double)n / took;
}

static double model_frames(void)
{
    unsigned long n = 0;
    double start = own_time(), took;
    do {
        for (unsigned i = 0; i < BATCH; i++)
            nic_receive(&card, frame, FRAME);
        n += BATCH;
    } while ((took = own_time() - start) < seconds);
    return (double)n / took;
}

/* Each frame is waited for: a driver could not know more. */
static double qemu_frames(void)
{
    unsigned long n = 0;
    uint32_t stat;
    double start = now(), took;
    do {
        qtest_send_frame(qemu, frame, FRAME);
        do {
            qtest_read_register(qemu, 1, 1, &stat);
            qtest_flush(qemu);
        } while (!(stat & 0x40));
        qtest_write_register(qemu, 1, 1, 0x40);
        qtest_flush(qemu); /* before the next frame sets it again */
        n++;
    } while ((took = now() - start) < seconds);
    return (double)n / took;
}

static void print(bool json, double registers, double frames)
{
    if (json) {
        printf("{\"register_accesses_per_second\":%.0f,\"frames_per_second\":%.0f", registers, frames);
        if (qemu)
            printf(",\"qemu_register_accesses_per_second\":%.0f,\"qemu_frames_per_second\":%.0f", qemu_registers(), qemu_frames());
        printf(",\"qemu\":\"%s\"}\n", qemu ? "i82557b over qtest" : "not installed");
        return;
    }
    printf("model: %.0f register accesses/s, %.0f frames/s\n", registers, frames);
    if (qemu)
        printf("qemu: %.0f register accesses/s, %.0f frames/s\n", qemu_registers(), qemu_frames());
}

static bool take_options(int argc, char **argv, bool *json)
{
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--json"))
            *json = true;
        else if (!strcmp(argv[i], "--seconds") && i + 1 < argc)
            seconds = atof(argv[++i]);
        else
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    static const struct nic_host host = {NULL, host_read, host_write, NULL, NULL};
    bool json = false;
    if (!take_options(argc, argv, &json))
        return fprintf(stderr, "usage: nic_speed [--seconds N] [--json]\n"), 2;
    clock_begin();
    device_models_begin();
    nic_init(&card, NIC_82557, &host);
    card.settings.link_at_power_on = true;
    nic_reset(&card);
    nic_config_write(&card, 4, 2, 7);
    device_plug(&card.model);
    qemu = malloc(sizeof *qemu);
    if (qemu && !qtest_start(qemu, "i82557b"))
        free(qemu), qemu = NULL;
    set_up();
    print(json, model_registers(), model_frames());
    if (qemu)
        qtest_stop(qemu);
    free(qemu);
    return 0;
}
