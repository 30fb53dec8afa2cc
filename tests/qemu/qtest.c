/* See qtest.h. */
#include "qtest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE = 60, ANSWERS = 48 << 10 /* less than a pipe holds: nobody waits for the other to read */ };

static void fail(const char *what)
{
    fprintf(stderr, "qemu: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void address_of(const struct qtest *q, const char *name, struct sockaddr_un *a)
{
    memset(a, 0, sizeof *a);
    a->sun_family = AF_UNIX;
    snprintf(a->sun_path, sizeof a->sun_path, "%s/%s", q->directory, name);
}

static void open_wire(struct qtest *q)
{
    struct sockaddr_un ours;
    q->wire = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    address_of(q, "test", &ours);
    if (q->wire < 0 || bind(q->wire, (struct sockaddr *)&ours, sizeof ours))
        fail("the wire");
}

/* What its processor runs: nothing. It has to be there, as no frame goes anywhere in a machine that is stopped. */
static void write_firmware(const struct qtest *q)
{
    static uint8_t image[1 << 16];
    static const uint8_t halt[] = {0xFA, 0xF4, 0xEB, 0xFD}; /* cli; hlt; jmp back */
    char path[100];
    memcpy(image + sizeof image - 16, halt, sizeof halt);
    snprintf(path, sizeof path, "%s/halt", q->directory);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(image, sizeof image, 1, file) != 1 || fclose(file))
        fail("its firmware");
}

static bool installed(void)
{
    return !system("command -v qemu-system-x86_64 >/dev/null 2>&1");
}

static void run_qemu(const struct qtest *q, const char *device, const int in[2], const int out[2])
{
    char netdev[300], card[100], firmware[100];
    snprintf(firmware, sizeof firmware, "%s/halt", q->directory);
    snprintf(netdev, sizeof netdev, "dgram,id=n0,local.type=unix,local.path=%s/nic,remote.type=unix,remote.path=%s/test", q->directory, q->directory);
    snprintf(card, sizeof card, "%s,id=nic0,netdev=n0,mac=52:54:00:12:34:56,addr=4,romfile=", device);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* it does not outlive the test */
    dup2(in[0], 0), dup2(out[1], 1);
    int null = open("/dev/null", O_WRONLY);
    dup2(null, 2); /* it tells of every register that it does not know */
    execlp("qemu-system-x86_64", "qemu-system-x86_64", "-machine", "pc", "-accel", "tcg", "-bios", firmware, "-m", "16", "-nodefaults", "-display", "none", "-netdev", netdev, "-device", card,
        "-qtest", "stdio", "-qtest-log", "/dev/null", (char *)NULL);
    _exit(127);
}

static void set_up_card(struct qtest *q)
{
    uint32_t id = 0;
    qtest_config_read(q, 0, &id);
    qtest_flush(q);
    if ((id & 0xFFFF) != 0x8086) {
        fprintf(stderr, "qemu: the card is not where it should be (%08x)\n", id);
        exit(2);
    }
    qtest_config_write(q, 0x10, QTEST_CSR);
    qtest_config_write(q, 0x14, QTEST_PORTS);
    qtest_config_write(q, 0x18, QTEST_CSR + 0x100000);
    qtest_config_write(q, 0x04, 7);
    qtest_flush(q);
}

bool qtest_start(struct qtest *q, const char *device)
{
    int in[2], out[2];
    memset(q, 0, sizeof *q);
    if (!installed()) {
        printf("skipped: qemu-system-x86_64 is not installed (apt-get install qemu-system-x86)\n");
        return false;
    }
    snprintf(q->directory, sizeof q->directory, "/tmp/qtest.XXXXXX");
    if (!mkdtemp(q->directory) || pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
        fail("pipes");
    signal(SIGPIPE, SIG_IGN);
    open_wire(q);
    write_firmware(q);
    q->pid = fork();
    if (q->pid < 0)
        fail("fork");
    if (!q->pid)
        run_qemu(q, device, in, out);
    close(in[0]), close(out[1]);
    q->to = in[1], q->from = out[0];
    set_up_card(q);
    return true;
}

void qtest_stop(struct qtest *q)
{
    static const char *const file[] = {"nic", "test", "halt"};
    kill(q->pid, SIGTERM);
    waitpid(q->pid, NULL, 0);
    close(q->to), close(q->from), close(q->wire);
    for (unsigned i = 0; i < 3; i++) {
        struct sockaddr_un a;
        address_of(q, file[i], &a);
        unlink(a.sun_path);
    }
    rmdir(q->directory);
}

/* ---- Requests ---- */

static void request(struct qtest *q, struct qtest_answer answer, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void request(struct qtest *q, struct qtest_answer answer, const char *format, ...)
{
    if (q->requests == QTEST_REQUESTS || q->used + 8192 > sizeof q->out)
        qtest_flush(q);
    va_list list;
    va_start(list, format);
    q->used += (unsigned)vsnprintf(q->out + q->used, sizeof q->out - q->used, format, list);
    va_end(list);
    q->answer[q->requests++] = answer;
}

static char letter(unsigned width) { return width == 1 ? 'b' : width == 2 ? 'w' : 'l'; }

void qtest_write_register(struct qtest *q, uint32_t offset, unsigned width, uint32_t value)
{
    request(q, (struct qtest_answer){0}, "write%c 0x%x 0x%x\n", letter(width), QTEST_CSR + offset, value);
}

void qtest_read_register(struct qtest *q, uint32_t offset, unsigned width, uint32_t *value)
{
    request(q, (struct qtest_answer){.number = value}, "read%c 0x%x\n", letter(width), QTEST_CSR + offset);
}

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Chunks of a multiple of three bytes, so that only the last one is padded. */
void qtest_write_memory(struct qtest *q, uint32_t address, const uint8_t *bytes, uint32_t size)
{
    static char text[4 * 1024 + 1];
    for (uint32_t at = 0, n; at < size; at += n) {
        uint32_t used = 0;
        n = size - at < 3 * 1024 ? size - at : 3 * 1024;
        for (uint32_t i = 0; i < n; i += 3) {
            uint32_t left = n - i, v = (uint32_t)bytes[at + i] << 16;
            v |= left > 1 ? (uint32_t)bytes[at + i + 1] << 8 : 0;
            v |= left > 2 ? bytes[at + i + 2] : 0;
            text[used++] = base64[v >> 18], text[used++] = base64[v >> 12 & 63];
            text[used++] = left > 1 ? base64[v >> 6 & 63] : '=';
            text[used++] = left > 2 ? base64[v & 63] : '=';
        }
        text[used] = 0;
        request(q, (struct qtest_answer){0}, "b64write 0x%x 0x%x %s\n", address + at, n, text);
    }
}

void qtest_read_memory(struct qtest *q, uint32_t address, uint8_t *bytes, uint32_t size)
{
    if (q->expected + 2 * size > ANSWERS)
        qtest_flush(q);
    q->expected += 2 * size;
    request(q, (struct qtest_answer){.bytes = bytes, .size = size}, "b64read 0x%x 0x%x\n", address, size);
}

void qtest_fill(struct qtest *q, uint32_t address, uint32_t size, uint8_t value)
{
    request(q, (struct qtest_answer){0}, "memset 0x%x 0x%x 0x%x\n", address, size, value);
}

static void select_config(struct qtest *q, uint32_t offset) { request(q, (struct qtest_answer){0}, "outl 0xcf8 0x%x\n", 0x80002000u | offset); }

void qtest_config_read(struct qtest *q, uint32_t offset, uint32_t *value)
{
    select_config(q, offset);
    request(q, (struct qtest_answer){.number = value}, "inl 0xcfc\n");
}

void qtest_config_write(struct qtest *q, uint32_t offset, uint32_t value)
{
    select_config(q, offset);
    request(q, (struct qtest_answer){0}, "outl 0xcfc 0x%x\n", value);
}

/* ---- Answers ---- */

static void more(struct qtest *q)
{
    if (q->begin) {
        memmove(q->in, q->in + q->begin, q->end - q->begin);
        q->end -= q->begin;
        q->begin = 0;
    }
    alarm(PATIENCE); /* a QEMU that says nothing ends the test */
    ssize_t n = read(q->from, q->in + q->end, sizeof q->in - 1 - q->end);
    alarm(0);
    if (n <= 0)
        fail("it is gone");
    q->end += (unsigned)n;
}

static char *next_line(struct qtest *q)
{
    unsigned look = q->begin;
    for (;;) {
        char *end = memchr(q->in + look, '\n', q->end - look);
        if (end) {
            char *line = q->in + q->begin;
            *end = 0;
            q->begin = (unsigned)(end + 1 - q->in);
            return line;
        }
        look = q->end - q->begin;
        more(q);
    }
}

static uint32_t sextet(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a' + 26);
    return c >= '0' && c <= '9' ? (uint32_t)(c - '0' + 52) : c == '+' ? 62 : c == '/' ? 63 : 0;
}

static void decode(const char *text, uint8_t *bytes, uint32_t size)
{
    for (uint32_t i = 0; i < size; text += 4) {
        uint32_t v = sextet(text[0]) << 18 | sextet(text[1]) << 12 | sextet(text[2]) << 6 | sextet(text[3]);
        for (unsigned k = 0; k < 3 && i < size; k++)
            bytes[i++] = (uint8_t)(v >> (16 - 8 * k));
    }
}

static void take_answer(struct qtest *q, const struct qtest_answer *a)
{
    char *line = next_line(q);
    while (!strncmp(line, "IRQ", 3))
        line = next_line(q);
    if (strncmp(line, "OK", 2)) {
        fprintf(stderr, "qemu: it answered \"%s\"\n", line);
        exit(2);
    }
    if (a->number)
        *a->number = (uint32_t)strtoull(line + 3, NULL, 0);
    if (a->bytes)
        decode(line + 3, a->bytes, a->size);
}

void qtest_flush(struct qtest *q)
{
    for (unsigned done = 0; done < q->used;) {
        ssize_t n = write(q->to, q->out + done, q->used - done);
        if (n <= 0)
            fail("it does not listen");
        done += (unsigned)n;
    }
    for (unsigned i = 0; i < q->requests; i++)
        take_answer(q, &q->answer[i]);
    q->used = q->requests = q->expected = 0;
}

/* ---- The wire ---- */

void qtest_send_frame(struct qtest *q, const void *frame, uint32_t size)
{
    struct sockaddr_un card;
    address_of(q, "nic", &card);
    if (sendto(q->wire, frame, size, 0, (struct sockaddr *)&card, sizeof card) != (ssize_t)size)
        fail("a frame");
}

uint32_t qtest_receive_frame(struct qtest *q, void *frame, uint32_t size)
{
    ssize_t n = recv(q->wire, frame, size, 0);
    return n > 0 ? (uint32_t)n : 0;
}
