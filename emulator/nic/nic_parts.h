/* What the parts of the card say to each other; nobody else includes this. See nic.h. */
#ifndef NIC_NIC_PARTS_H
#define NIC_NIC_PARTS_H

#include <stddef.h>
#include <string.h>

#include "nic/nic.h"

/* STAT bits. */
enum { STAT_FCP = 0x01, STAT_ER = 0x02, STAT_SWI = 0x04, STAT_MDI = 0x08, STAT_RNR = 0x10, STAT_CNA = 0x20, STAT_FR = 0x40, STAT_CX = 0x80 };
enum { MASK_ALL = 0x01, MASK_TRIGGER = 0x02 };
/* Descriptors. */
enum { STATUS_C = 0x8000, STATUS_OK = 0x2000, COMMAND_EL = 0x8000, COMMAND_S = 0x4000, COMMAND_I = 0x2000, COMMAND_NC = 0x10, COMMAND_SF = 0x08 };
/* Parts that may wait for the bus. */
enum { WAITING_COMMAND_UNIT = 1, WAITING_PORT = 2, WAITING_DUMP = 4, WAITING_ACCEPT = 8 };
/* Indices of counters. */
enum {
    COUNT_TX_GOOD, COUNT_TX_COLLISIONS_MAX, COUNT_TX_LATE, COUNT_TX_UNDERRUN, COUNT_TX_LOST_CARRIER, COUNT_TX_DEFERRED, COUNT_TX_SINGLE, COUNT_TX_MULTIPLE, COUNT_TX_COLLISIONS,
    COUNT_RX_GOOD, COUNT_RX_CRC, COUNT_RX_ALIGNMENT, COUNT_RX_RESOURCE, COUNT_RX_OVERRUN, COUNT_RX_COLLISION, COUNT_RX_SHORT, COUNT_FC_TX_PAUSE, COUNT_FC_RX_PAUSE,
    COUNT_FC_RX_UNSUPPORTED
};

#define NIC_OF(alarm_pointer, member) ((struct nic *)((char *)(alarm_pointer) - offsetof(struct nic, member)))

static inline uint32_t get16(const uint8_t *p) { return p[0] | (uint32_t)p[1] << 8; }
static inline uint32_t get32(const uint8_t *p) { return get16(p) | get16(p + 2) << 16; }
static inline void put16(uint8_t *p, uint32_t v) { p[0] = (uint8_t)v, p[1] = (uint8_t)(v >> 8); }
static inline void put32(uint8_t *p, uint32_t v) { put16(p, v), put16(p + 2, v >> 16); }

static inline void violate(struct nic *nic, enum nic_violation what) { nic->violations[what]++; }
static inline bool frozen(const struct nic *nic, uint32_t unit) { return nic->hostile.gone || (nic->hostile.frozen & unit); }

/* csr.c */
extern const struct device_ops nic_device_ops;
void nic_set_stat(struct nic *nic, uint8_t bits);
void nic_update_line(struct nic *nic);
/* The SCB's and the other registers' state after a reset of the card's inside. */
void nic_csr_reset(struct nic *nic);

/* bus.c: memory. A read of what nobody claims gives ones; a write vanishes. */
bool nic_may_master(struct nic *nic, uint32_t part);
void nic_bus_granted(struct nic *nic);
void nic_fetch(struct nic *nic, uint32_t address, void *to, uint32_t size);
void nic_store(struct nic *nic, uint32_t address, const void *from, uint32_t size);
/* A field of two or four bytes, as the override likes it. */
void nic_store_field(struct nic *nic, enum nic_field field, uint32_t address, uint32_t value, unsigned width);
/* The status of a block or an RFD: the write by which a driver sees that it is its own again. */
void nic_complete(struct nic *nic, enum nic_field field, uint32_t address, uint16_t status);

/* port.c */
void nic_port_function(struct nic *nic, uint32_t value);
void nic_port_continue(struct nic *nic);
void nic_software_reset(struct nic *nic);
void nic_selective_reset(struct nic *nic);

/* command_unit.c */
void nic_accept(struct alarm *alarm);
void nic_cu_step(struct nic *nic);
void nic_cu_end(struct nic *nic, uint16_t status);
void nic_cu_stop(struct nic *nic);
void nic_raise_late_cna(struct nic *nic);

/* command_blocks.c: what a block other than a transmit does; the status. */
uint16_t nic_execute_block(struct nic *nic);
void nic_default_configuration(struct nic *nic);
void nic_default_individual(struct nic *nic);
/* The state of the card in 596 bytes. */
void nic_dump_state(struct nic *nic, uint32_t address);
static inline bool extended_blocks(const struct nic *nic) { return nic->kind != NIC_82557 && !(nic->configuration[6] & 0x10); }

/* transmit.c */
void nic_transmit_block(struct nic *nic);
void nic_wire_send(struct nic *nic, uint32_t length, bool no_crc);
void nic_wire_start(struct nic *nic);
void nic_wire_stop(struct nic *nic);
void nic_pause_frame(struct nic *nic, uint32_t time);
void nic_flow_control_write(struct nic *nic, uint8_t value);
void nic_paused(struct nic *nic, uint32_t time);

/* receive_unit.c */
void nic_ru_command(struct nic *nic, unsigned command);
void nic_ru_stop(struct nic *nic);
void nic_frame_arrives(struct nic *nic, const uint8_t *frame, uint32_t size, unsigned bad);

/* filter.c */
struct nic_match { bool accepted, individual, promiscuous; };
struct nic_match nic_match_address(const struct nic *nic, const uint8_t *frame);
bool nic_link_enabled(const struct nic *nic);
/* True: it was one of flow control's and goes no further. */
bool nic_filter_flow_control(struct nic *nic, const uint8_t *frame, uint32_t size);
void nic_hash_addresses(struct nic *nic, const uint8_t *addresses, unsigned count);

/* statistics.c */
void nic_count(struct nic *nic, unsigned counter);
void nic_statistics_dump(struct nic *nic, uint8_t command);
void nic_dump_finish(struct alarm *alarm);

/* eeprom.c */
void nic_eeprom_default(struct nic *nic);
void nic_eeprom_power_on(struct nic *nic);
void nic_eeprom_pins(struct nic *nic, uint8_t pins);
uint8_t nic_eeprom_read_pins(const struct nic *nic);

/* phy.c */
void nic_phy_power_on(struct nic *nic);
void nic_phy_power(struct nic *nic, bool on);
void nic_mdi_command(struct nic *nic);
void nic_mdi_finish(struct alarm *alarm);
bool nic_phy_link(const struct nic *nic);
uint8_t nic_phy_status(const struct nic *nic);

/* wake.c */
void nic_power_state(struct nic *nic, unsigned state);
/* PMCSR changed: without PME_En nothing keeps the PHY on in D2 and D3. */
void nic_wake_phy(struct nic *nic);
void nic_wake_event(struct nic *nic, uint8_t pmdr);
void nic_wake_link_changed(struct nic *nic);
/* A frame came, in any power state. */
void nic_wake_frame(struct nic *nic, const uint8_t *frame, uint32_t size);
void nic_update_pme(struct nic *nic);
void nic_load_filters(struct nic *nic, uint32_t address);
void nic_dump_wake_packet(struct nic *nic, uint32_t address);

/* config_space.c */
#define CONFIG_PMCSR 0xE0
void nic_config_reset(struct nic *nic);
void nic_config_leave_d3(struct nic *nic);
bool nic_decodes(const struct nic *nic, unsigned window);
bool nic_bus_master(const struct nic *nic);
void nic_config_status(struct nic *nic, uint16_t bits);

/* hostile.c: a status that is written a while later. */
void nic_hostile_late(struct nic *nic, uint32_t address, uint16_t value);

#endif
