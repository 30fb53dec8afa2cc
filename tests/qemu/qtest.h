/*
 * A machine of QEMU's with one network card, its processor halted, driven over QEMU's test protocol (a line for each request, a line for each answer).
 *
 * Requests are written without waiting; qtest_flush() sends them and reads the answers, so that a thousand of them cost one exchange. Frames go over a pair of local
 * datagram sockets, one bare frame each.
 */
#ifndef TESTS_QEMU_QTEST_H
#define TESTS_QEMU_QTEST_H

#include <stdbool.h>
#include <stdint.h>

#define QTEST_REQUESTS 512

struct qtest {
    int pid, to, from, wire;
    char directory[64];
    char out[1 << 18], in[1 << 18];
    unsigned used, begin, end;
    /* Of the requests in `out`: where a number or bytes in the answer go. */
    struct qtest_answer { uint32_t *number; uint8_t *bytes; uint32_t size; } answer[QTEST_REQUESTS];
    unsigned requests, expected;
};

enum { QTEST_CSR = 0xE0000000u, QTEST_PORTS = 0xC000 };

/* False: there is no qemu-system-x86_64; it says so. Anything else that goes wrong ends the program. */
bool qtest_start(struct qtest *q, const char *device);
void qtest_stop(struct qtest *q);

void qtest_write_register(struct qtest *q, uint32_t offset, unsigned width, uint32_t value);
void qtest_read_register(struct qtest *q, uint32_t offset, unsigned width, uint32_t *value);
void qtest_write_memory(struct qtest *q, uint32_t address, const uint8_t *bytes, uint32_t size);
void qtest_read_memory(struct qtest *q, uint32_t address, uint8_t *bytes, uint32_t size);
void qtest_fill(struct qtest *q, uint32_t address, uint32_t size, uint8_t value);
void qtest_config_read(struct qtest *q, uint32_t offset, uint32_t *value);
void qtest_config_write(struct qtest *q, uint32_t offset, uint32_t value);
void qtest_flush(struct qtest *q);

/* A frame to the card; the next flush does not wait until it took it. */
void qtest_send_frame(struct qtest *q, const void *frame, uint32_t size);
/* A frame from the card, 0: none is there. */
uint32_t qtest_receive_frame(struct qtest *q, void *frame, uint32_t size);

#endif
