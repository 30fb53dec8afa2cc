/*
 * The frames of a life as a capture file (pcap, nanoseconds, Ethernet), which every network tool reads: replay FILE --pcap OUT.
 *
 * Principle of operation. Time stamps are the machine's virtual time, which began on 2024-01-01 00:00 UTC. A frame that one card of the target sends to the other one stands
 * in the file once. What was written is on the disk when pcap_frame() returns, so that a life which ends its process leaves its frames behind.
 *
 * Host world; one file at a time.
 */
#ifndef ENGINE_PCAP_H
#define ENGINE_PCAP_H

#include <stdbool.h>
#include <stdint.h>

/* False: errno says why. */
bool pcap_begin(const char *path);
/* For life_wire. */
void pcap_frame(unsigned card, bool sent, const uint8_t *frame, uint32_t size);
/* False: not all of it could be written. */
bool pcap_end(void);

#endif
