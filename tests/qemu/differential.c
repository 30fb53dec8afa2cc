/*
 * The card of emulator/nic beside QEMU's i82557b: the same register accesses, memory and frames, from a seed, to both; each answer, each frame that comes out and
 * each byte of memory that the card may have written must be the same.
 *
 *     differential [--seed N] [--sequences N] [--first N] [--list] [--verbose]
 *
 * A sequence begins at a reset and knows nothing of those before: --first N --sequences 1 runs one alone. Where the manual and QEMU differ the manual is right: the
 * table `known` names each such place and what is left out for it. Exit status 0: all the same, 1: not, 2: something else went wrong, 77: there is no QEMU.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nic/nic.h"

#include "qtest.h"

#define MEMORY 0x100000u
#define MEMORY_SIZE 0x5000u
enum { BLOCKS = MEMORY, BLOCK_SIZE = 0x200, TBDS = MEMORY + 0x1000, STATISTICS = MEMORY + 0x1200, SELF_TEST = MEMORY + 0x1300, DATA = MEMORY + 0x2000, RFDS = MEMORY + 0x3002 };
enum { RFD_SIZE = 0x640, RFD_COUNT = 4, BLOCK_COUNT = 8, CHECKS = 4096, FRAMES = 512 };

static const struct { const char *name, *manual, *qemu, *left_out; } known[] = {
    {"rfd-type-bit", "a receive status has bit 5 for a type field", "never sets it", "bit 5 of receive statuses is not compared"},
    {"rfd-count-bits", "EOF and F stand above the count", "writes the bare count", "the two bits are not compared"},
    {"rfd-promiscuous", "a stranger's frame is no match for the individual address (bit 1)", "leaves bit 1 clear", "bit 1 is not compared beside bit 2"},
    {"rfd-short", "frames below 60 bytes count as short", "pads them first", "frames have 60 bytes at least"},
    {"rfd-long", "frames above 1514 bytes are dropped", "allows 1518", "frames have 1514 bytes at most"},
    {"rfd-truncated", "a frame longer than its buffer is truncated, not OK", "reports it as good", "buffers hold every frame"},
    {"ru-not-ready", "frames are counted with no resources only, RNR comes once", "RNR and a count for each, in idle too", "frames come in ready only"},
    {"ru-suspend", "S suspends with RNR", "suspends without", "S is not set in RFDs"},
    {"ru-prohibited", "a start in ready and a resume are ignored", "both are taken", "not issued"},
    {"cu-resume", "S is read again; nothing resumes from idle", "always goes on", "resumes come in suspended only, with S cleared before"},
    {"cu-block-limit", "a list has no limit", "stops after 16 blocks", "lists are shorter"},
    {"cu-status", "status bits not named are written as 0", "old bits survive", "statuses are 0 before"},
    {"cu-opcodes", "dump writes 596 bytes", "refuses, and takes 9 for 1", "not issued"},
    {"tx-frame", "padded to 60 bytes, source inserted if configured, NC honoured", "sent as it stands, NC refused", "frames are long enough and complete"},
    {"tx-base", "the TBD array's address is an offset from the base", "takes it for absolute", "flexible blocks only with base 0"},
    {"tx-el", "the 82557 ignores EL in a TBD", "ends there", "EL is not set in TBDs"},
    {"multicast-count", "rounded down to whole addresses", "hashes what stands behind", "counts are multiples of six"},
    {"configure-count", "bytes beyond the count stay", "always takes 22", "the count is 22"},
    {"filter-broadcast", "broadcast can be disabled, the U/L bit ignored, CSMA switched off", "no or other effect", "those bits stay 0"},
    {"filter-hash-individual", "multiple individual addresses hash as multicast does", "takes other bits", "the bit stays 0"},
    {"masks", "the 82557 has M alone", "masks STAT's upper half by byte 3, acknowledges lower the pin at STAT 0 only", "the mask bits stay 0"},
    {"trigger-bit", "SI reads 0", "reads back", "bit 1 of byte 3 is not compared"},
    {"scb-dword", "a dword write at 0 acknowledges and commands", "only stores", "not issued"},
    {"scb-word", "the status byte is read only", "a word write at 0 stores it: the units' states change", "acknowledges are byte writes"},
    {"mdi-stat", "STAT's MDI bit needs IE", "set in the register by each cycle", "acknowledged before it is compared"},
    {"mdi-phy", "registers 16 and up exist, absent PHYs read as ones, the 82557 has an 82555", "0 above 6, absent PHYs read 0, ids of an 82559", "registers 0 to 4 of PHY 1; the model gets QEMU's ids"},
    {"reset-keeps", "a software reset forgets configuration, bases, counters", "keeps them, rewrites the EEPROM from the address", "all are set anew after each reset"},
    {"self-test", "writes a signature and ends with a software reset", "writes ones and resets nothing", "the second dword is compared, a reset follows"},
    {"eeprom-words", "words 3 and up are the board's", "others", "words 0 to 2 are read"},
    {"registers-inert", "reserved registers read 0, PORT reads 0 when idle, byte count", "memory that reads back", "registers 0 to 7, E and 10 are compared"},
    {"config-space", "ids, latency, interrupt bit of a real board", "QEMU's own", "the windows' sizes are compared"}
};

/* ---- Chance ---- */

static uint64_t chance;
static uint32_t any(uint32_t n)
{
    uint64_t z = chance += 0x9E3779B97F4A7C15ull;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ z >> 27) * 0x94D049BB133111EBull;
    return (uint32_t)((z ^ z >> 31) >> 32) % n;
}

/* ---- Both machines ---- */

static struct qtest *qemu;
static struct nic card;
static uint8_t memory[MEMORY_SIZE], other[MEMORY_SIZE];
static struct { uint32_t model, qemu, mask; char what[60]; } check[CHECKS];
static unsigned checks, operations;
static struct { uint32_t size; uint8_t bytes[1600]; } frame[FRAMES];
static unsigned frames, compared_frames;
static bool verbose, different;
static unsigned long total_operations, total_frames_in, total_frames_out;
static uint32_t base, last_block;

static bool host_read(void *context, uint64_t address, void *to, uint32_t size)
{
    (void)context;
    bool fits = address >= MEMORY && address + size <= MEMORY + MEMORY_SIZE;
    if (fits)
        memcpy(to, memory + (address - MEMORY), size);
    return fits;
}

static bool host_write(void *context, uint64_t address, const void *from, uint32_t size)
{
    (void)context;
    bool fits = address >= MEMORY && address + size <= MEMORY + MEMORY_SIZE;
    if (fits)
        memcpy(memory + (address - MEMORY), from, size);
    return fits;
}

static void host_transmit(void *context, const void *bytes, uint32_t size)
{
    (void)context;
    if (frames == FRAMES || size > sizeof frame[0].bytes)
        abort();
    frame[frames].size = size;
    memcpy(frame[frames++].bytes, bytes, size);
}

static void say(const char *what, uint32_t offset, unsigned width, uint32_t value)
{
    operations++;
    if (verbose)
        printf("  %s %x width %u value %x\n", what, offset, width, value);
}

static void write_register(uint32_t offset, unsigned width, uint32_t value)
{
    say("write", offset, width, value);
    device_write(&card.model, 0, offset, width, value);
    clock_pass(3 * CLOCK_MS);
    qtest_write_register(qemu, offset, width, value);
}

static void compare(const char *what, uint32_t offset, uint32_t model, uint32_t mask, uint32_t **answer)
{
    if (checks == CHECKS)
        abort();
    check[checks].model = model;
    check[checks].mask = mask;
    check[checks].qemu = 0;
    snprintf(check[checks].what, sizeof check[checks].what, "operation %u: %s %x", operations, what, offset);
    *answer = &check[checks++].qemu;
}

static void read_register(uint32_t offset, unsigned width, uint32_t mask)
{
    uint32_t *answer, value = (uint32_t)device_read(&card.model, 0, offset, width);
    say("read", offset, width, value);
    compare("register", offset, value, mask, &answer);
    qtest_read_register(qemu, offset, width, answer);
}

static void put(uint32_t address, const void *bytes, uint32_t size)
{
    memcpy(memory + (address - MEMORY), bytes, size);
    qtest_write_memory(qemu, address, bytes, size);
}

static void take_frames(void)
{
    static uint8_t bytes[4096];
    uint32_t size;
    qtest_flush(qemu);
    while ((size = qtest_receive_frame(qemu, bytes, sizeof bytes))) {
        bool same = compared_frames < frames && frame[compared_frames].size == size && !memcmp(frame[compared_frames].bytes, bytes, size);
        if (!same && !different) {
            printf("operation %u: frame %u on the wire: QEMU sends %u bytes, the model %u%s\n", operations, compared_frames, size,
                compared_frames < frames ? frame[compared_frames].size : 0, compared_frames < frames && frame[compared_frames].size == size ? ", others" : "");
            different = true;
        }
        compared_frames++;
        total_frames_out++;
    }
}

/* A socket holds ten datagrams or more: no need to look for each. */
static void take_some_frames(void)
{
    if (frames - compared_frames > 5)
        take_frames();
}

/* ---- Operations ---- */

static void put32(uint8_t *p, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

static void command(uint32_t pointer, uint8_t byte)
{
    write_register(4, 4, pointer);
    write_register(2, 1, byte);
}

static uint32_t block_address(unsigned n) { return BLOCKS + BLOCK_SIZE * n; }

static void header(uint8_t *bytes, uint32_t command_word, uint32_t link)
{
    memset(bytes, 0, 16);
    bytes[2] = (uint8_t)command_word, bytes[3] = (uint8_t)(command_word >> 8);
    put32(bytes + 4, link);
}

static void random_address(uint8_t *address)
{
    static const uint8_t some[6][6] = {
        {0x52, 0x54, 0, 0x12, 0x34, 0x56}, {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, {1, 0, 0x5E, 0, 0, 1}, {0x33, 0x33, 0, 0, 0, 1}, {2, 2, 3, 4, 5, 6}, {1, 0x80, 0xC2, 0, 0, 0}
    };
    memcpy(address, some[any(6)], 6);
    if (!any(3))
        address[5] = (uint8_t)any(256);
}

static void configure_bytes(uint8_t *to)
{
    static const uint8_t bytes[22] = {0x16, 0x88, 0, 0, 0, 0, 0x32, 3, 1, 0, 0x2E, 0, 0x60, 0, 0xF2, 0x68, 0, 0x40, 0xF2, 0x80, 0x3F, 5};
    memcpy(to, bytes, sizeof bytes);
    to[15] |= (uint8_t)!any(3);
    to[21] |= (uint8_t)(!any(3) * 8);
}

static uint32_t individual_block(uint8_t *bytes)
{
    static const uint8_t mine[6] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
    memcpy(bytes + 8, mine, 6);
    if (!any(3))
        random_address(bytes + 8), bytes[8] &= 0xFE;
    return 14;
}

static uint32_t multicast_block(uint8_t *bytes)
{
    unsigned n = any(5);
    bytes[8] = (uint8_t)(6 * n), bytes[9] = 0;
    for (unsigned i = 0; i < n; i++)
        random_address(bytes + 10 + 6 * i), bytes[10 + 6 * i] |= 1;
    return 10 + 6 * n;
}

static uint32_t transmit_block(uint8_t *bytes, unsigned n)
{
    uint32_t inside = 60 + any(300);
    bool flexible = !base && any(2);
    put32(bytes + 8, flexible ? TBDS + 0x40 * n : 0xFFFFFFFF);
    unsigned tbds = flexible ? any(4) : 0;
    if (tbds && any(2))
        inside = 0;
    bytes[12] = (uint8_t)inside, bytes[13] = (uint8_t)(inside >> 8 | 0x80);
    bytes[14] = 0xC8, bytes[15] = (uint8_t)tbds;
    if (flexible)
        bytes[2] |= 8;
    for (uint32_t i = 0; i < inside; i++)
        bytes[16 + i] = (uint8_t)any(256);
    uint8_t tbd[24];
    for (unsigned i = 0; i < tbds; i++) {
        put32(tbd + 8 * i, DATA + any(0x800));
        put32(tbd + 8 * i + 4, (i ? 0 : 60) + any(300));
    }
    if (tbds)
        put(TBDS + 0x40 * n, tbd, 8 * tbds);
    return 16 + inside;
}

static void make_block(unsigned n, uint32_t flags, uint32_t link)
{
    static const uint8_t opcode[] = {0, 1, 2, 3, 4, 4, 4, 5, 7};
    uint8_t bytes[BLOCK_SIZE];
    unsigned op = opcode[any(sizeof opcode)];
    header(bytes, op | flags, link);
    uint32_t size = 16;
    if (op == 1)
        size = individual_block(bytes);
    else if (op == 2)
        configure_bytes(bytes + 8), size = 30;
    else if (op == 3)
        size = multicast_block(bytes);
    else if (op == 4)
        size = transmit_block(bytes, n);
    put(block_address(n), bytes, size);
}

/* A list of n blocks that ends with EL or is suspended. */
static void make_list(unsigned first, unsigned n, bool suspends)
{
    for (unsigned i = 0; i < n; i++) {
        bool last = i + 1 == n;
        uint32_t flags = (any(3) ? 0 : 0x2000) | (!last ? 0 : suspends ? 0x4000 : 0x8000 | any(2) << 14);
        make_block(first + i, flags, block_address((first + i + 1) % BLOCK_COUNT) - base);
    }
    last_block = first + n - 1;
}

static void operate_list(void)
{
    unsigned first = any(3), n = 1 + any(4);
    make_list(first, n, any(2));
    command(block_address(first) - base, 0x10);
    take_some_frames();
}

static void operate_resume(void)
{
    if (card.cu.state != NIC_CU_SUSPENDED)
        return;
    unsigned before = last_block, next = (before + 1) % BLOCK_COUNT;
    uint8_t zero = 0;
    make_list(next, 1, any(2));
    put(block_address(before) + 3, &zero, 1);
    write_register(2, 1, 0x20);
    take_some_frames();
}

static uint32_t rfd_address(unsigned n) { return RFDS + RFD_SIZE * n; }

static void operate_receive_start(void)
{
    uint8_t rfd[16];
    if (card.ru.state == NIC_RU_READY)
        return;
    unsigned n = 1 + any(RFD_COUNT);
    for (unsigned i = 0; i < n; i++) {
        header(rfd, i + 1 == n ? 0x8000 : 0, rfd_address((i + 1) % RFD_COUNT));
        put32(rfd + 8, 0xFFFFFFFF);
        put32(rfd + 12, 1514u << 16);
        put(rfd_address(i), rfd, 16);
    }
    command(rfd_address(0), 0x01);
}

static void operate_abort(void) { write_register(2, 1, 0x04); }

static void operate_frame(void)
{
    uint8_t bytes[1514];
    uint32_t nothing, size = any(4) ? 60 + any(200) : 60 + any(1455);
    if (card.ru.state != NIC_RU_READY)
        return;
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)any(256);
    random_address(bytes);
    say("frame", bytes[0], 0, size);
    nic_receive(&card, bytes, size);
    qtest_flush(qemu);
    qtest_send_frame(qemu, bytes, size);
    qtest_read_register(qemu, 4, 4, &nothing); /* its main loop finds both at once and serves both before it looks again */
    qtest_flush(qemu);
    total_frames_in++;
}

static void operate_pointer(void)
{
    unsigned width = 1u << any(3), offset = 4 + any(4) / width * width;
    write_register(offset, width, any(0xFFFFFFFF) & (width == 4 ? 0xFFFFFFFF : (1u << 8 * width) - 1));
    read_register(4 + any(4), 1, 0xFF);
}

static void operate_read(void)
{
    switch (any(5)) {
    case 0: read_register(any(3), 1, 0xFF); break;
    case 1: read_register(3, 1, 0xFD); break;
    case 2: read_register(0, 2, 0xFFFF); break;
    case 3: read_register(0, 4, 0xFDFFFFFF); break;
    default: read_register(4 + 2 * any(2), 2, 0xFFFF);
    }
}

static void operate_line(void)
{
    uint32_t *answer;
    say("line", 0, 0, nic_line(&card));
    compare("interrupt line", 0, (uint32_t)nic_line(&card) << 19, 1u << 19, &answer);
    qtest_config_read(qemu, 4, answer);
}

static void operate_mask(void)
{
    write_register(3, 1, any(2) | (any(4) ? 0 : 2));
    operate_line();
}

static void operate_acknowledge(void)
{
    write_register(1, 1, any(2) ? 0xFF : any(256));
    operate_line();
    operate_read();
}

static void operate_statistics(void)
{
    command(STATISTICS, 0x40);
    write_register(2, 1, any(2) ? 0x50 : 0x70);
}

static void operate_mdi(void)
{
    write_register(0x10, 4, 0x08200000 | any(5) << 16);
    write_register(1, 1, 8);
    read_register(0x10, 4, 0xFFFFFFFF);
}

static void eeprom_bit(unsigned bit)
{
    write_register(0x0E, 2, 2 | bit << 2);
    write_register(0x0E, 2, 3 | bit << 2);
    read_register(0x0E, 2, 8);
    write_register(0x0E, 2, 2 | bit << 2);
}

static void operate_eeprom(void)
{
    uint32_t out = 6u << 6 | any(3);
    write_register(0x0E, 2, 2);
    for (unsigned i = 9; i-- > 0;)
        eeprom_bit(out >> i & 1);
    for (unsigned i = 0; i < 16; i++)
        eeprom_bit(0);
    write_register(0x0E, 2, 0);
}

static void operate_windows(void)
{
    static const struct { uint32_t offset, mask, restore; } bar[] = {{0x10, 0xFFFFFFFF, QTEST_CSR}, {0x3C, 0x000000FF, 0}};
    unsigned i = any(2);
    uint32_t *answer, ones = any(2) ? 0xFFFFFFFF : any(0xFFFFFFFF);
    say("configuration", bar[i].offset, 4, ones);
    nic_config_write(&card, bar[i].offset, 4, ones);
    qtest_config_write(qemu, bar[i].offset, ones);
    compare("configuration", bar[i].offset, nic_config_read(&card, bar[i].offset, 4), bar[i].mask, &answer);
    qtest_config_read(qemu, bar[i].offset, answer);
    nic_config_write(&card, bar[i].offset, 4, bar[i].restore);
    qtest_config_write(qemu, bar[i].offset, bar[i].restore);
}

static void prologue(void);
static void operate_reset(void)
{
    write_register(8, 4, any(2) ? 0 : 2);
    read_register(0, 4, 0xFDFFFFFF);
    read_register(4, 4, 0xFFFFFFFF);
    prologue();
}

static void operate_self_test(void)
{
    write_register(8, 4, SELF_TEST | 1);
    prologue();
}

/* ---- A sequence ---- */

static void execute_block(const uint8_t *bytes, uint32_t size)
{
    put(block_address(0), bytes, size);
    command(block_address(0) - base, 0x10);
    write_register(1, 1, 0xFF);
}

/* From whatever state both are in to one that they share. */
static void prologue(void)
{
    uint8_t individual[16], configure[32], multicast[16];
    header(individual, 0x8001, 0);
    memcpy(individual + 8, "\x52\x54\x00\x12\x34\x56", 6);
    header(configure, 0x8002, 0);
    configure_bytes(configure + 8);
    header(multicast, 0x8003, 0);
    memset(multicast + 8, 0, 8);
    for (unsigned i = 0; i < 2; i++) { /* QEMU's EEPROM takes the address that the card has at a reset */
        write_register(8, 4, 0);
        write_register(3, 1, 1);
        command(base, 0x60);
        command(0, 0x06);
        execute_block(individual, 14);
    }
    execute_block(configure, 30);
    execute_block(multicast, 16);
    command(STATISTICS, 0x40);
    write_register(2, 1, 0x70);
    card.phy.reg[3] = 0x0154, card.phy.reg[4] = 0x05E1;
}

static void begin(void)
{
    static const struct nic_host host = {NULL, host_read, host_write, host_transmit, NULL};
    clock_begin();
    device_models_begin();
    nic_init(&card, NIC_82557, &host);
    nic_reset(&card);
    nic_config_write(&card, 0x10, 4, QTEST_CSR);
    nic_config_write(&card, 4, 2, 7);
    clock_pass(2 * CLOCK_SECOND);
    device_plug(&card.model);
    checks = operations = frames = compared_frames = 0;
    different = false;
    base = any(3) ? 0 : MEMORY;
    uint8_t fill = (uint8_t)any(256);
    memset(memory, fill, sizeof memory);
    qtest_fill(qemu, MEMORY, MEMORY_SIZE, fill);
    uint8_t data[0xC00];
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)any(256);
    put(DATA, data, sizeof data);
    prologue();
}

static void step(void)
{
    static void (*const operation[])(void) = {
        operate_list, operate_list, operate_list, operate_resume, operate_resume, operate_resume, operate_receive_start, operate_receive_start, operate_abort, operate_frame,
        operate_frame, operate_frame, operate_frame, operate_pointer, operate_read, operate_read, operate_read, operate_line, operate_mask, operate_acknowledge,
        operate_acknowledge, operate_statistics, operate_mdi, operate_windows
    };
    unsigned rare = any(60);
    if (rare == 0)
        operate_eeprom();
    else if (rare == 1)
        operate_reset();
    else if (rare == 2)
        operate_self_test();
    else
        operation[any(sizeof operation / sizeof operation[0])]();
}

/* What is known to differ in memory: the same in both copies. */
static void level(uint8_t *bytes)
{
    for (unsigned i = 0; i < RFD_COUNT; i++) {
        uint8_t *rfd = bytes + (rfd_address(i) - MEMORY);
        rfd[0] &= (uint8_t)~0x20;
        if (rfd[0] & 4)
            rfd[0] &= (uint8_t)~2;
        rfd[13] &= 0x3F;
    }
    memset(bytes + (SELF_TEST - MEMORY), 0, 4);
}

static void compare_memory(void)
{
    qtest_read_memory(qemu, MEMORY, other, MEMORY_SIZE);
    qtest_flush(qemu);
    level(memory);
    level(other);
    for (uint32_t i = 0; i < MEMORY_SIZE && !different; i++)
        if (memory[i] != other[i]) {
            printf("memory at %x: the model has %02x, QEMU %02x\n", MEMORY + i, memory[i], other[i]);
            different = true;
        }
}

static bool run_sequence(uint64_t seed, unsigned n)
{
    chance = seed * 1000003 + n;
    begin();
    for (unsigned steps = 10 + any(50); steps > 0; steps--)
        step();
    operate_statistics();
    operate_line();
    read_register(0, 4, 0xFDFFFFFF);
    take_frames();
    for (unsigned i = 0; i < checks && !different; i++)
        if ((check[i].model ^ check[i].qemu) & check[i].mask) {
            printf("%s: the model answers %x, QEMU %x (compared: %x)\n", check[i].what, check[i].model, check[i].qemu, check[i].mask);
            different = true;
        }
    compare_memory();
    if (!different && compared_frames != frames) {
        printf("the model sent %u frames, QEMU %u\n", frames, compared_frames);
        different = true;
    }
    total_operations += operations;
    return !different;
}

static void list_known(void)
{
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++)
        printf("%-22s manual: %s; QEMU: %s; here: %s\n", known[i].name, known[i].manual, known[i].qemu, known[i].left_out);
}

int main(int argc, char **argv)
{
    uint64_t seed = 1;
    unsigned sequences = 10000, first = 0, bad = 0;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (!strcmp(argv[i], "--seed"))
            seed = strtoull(value, NULL, 0), i++;
        else if (!strcmp(argv[i], "--sequences"))
            sequences = (unsigned)strtoul(value, NULL, 0), i++;
        else if (!strcmp(argv[i], "--first"))
            first = (unsigned)strtoul(value, NULL, 0), i++;
        else if (!strcmp(argv[i], "--verbose"))
            verbose = true;
        else if (!strcmp(argv[i], "--list"))
            return list_known(), 0;
        else
            return fprintf(stderr, "usage: differential [--seed N] [--sequences N] [--first N] [--list] [--verbose]\n"), 2;
    }
    qemu = malloc(sizeof *qemu);
    if (!qemu || !qtest_start(qemu, "i82557b"))
        return 77;
    time_t start = time(NULL);
    for (unsigned n = first; n < first + sequences && bad < 5; n++)
        if (!run_sequence(seed, n)) {
            printf("    in sequence %u: differential --seed %llu --first %u --sequences 1 --verbose\n", n, (unsigned long long)seed, n);
            bad++;
        }
    qtest_stop(qemu);
    free(qemu);
    printf("%u sequences, seed %llu: %lu register accesses and events, %lu frames in, %lu out, %u different, %ld s\n", sequences, (unsigned long long)seed, total_operations,
        total_frames_in, total_frames_out, bad, (long)(time(NULL) - start));
    return bad != 0;
}
