/*
 * App threads: carry out the operations of the program with Win32 calls, as an app would, and see how each request ends.
 *
 * Principle of operation. A request belongs to its step and is never reused within a life, so its OVERLAPPED and buffers stay valid for as long as the
 * kernel may write to them. Whoever takes a step looks at the pending requests of its process first; so the order in which ends are seen is that of
 * the steps. An end that is seen is told to the target's oracle, after the checks that hold for every device.
 *
 * Internal design. Buffers are allocated at exactly the length asked for, so that AddressSanitizer sees one byte too many. They are filled with
 * a pattern: a read buffer must be untouched behind what the request says it transferred.
 *
 * App side: the Win32 headers, never the kernel's.
 */
#include <windows.h>

#include "life.h"
#include "machine/choose.h"
#include "machine/report.h"
#include "machine/sanitizer.h"
#include "machine/trace.h"

#define UNTOUCHED 0xA5
#define DRAIN_SPARE_MS 1000
#define DRAWN_WORDS 4
#define ALL_PROCESSES ((1u << APP_PROCESSES) - 1)
#define LONGEST_WAIT_MS 5000 /* where something may wait for ever, for a word of the very thread that waits for it */

static bool is_pending(const OVERLAPPED *ov) { return *(volatile const ULONG_PTR *)&ov->Internal == 0x103; }

static const char *kind_name(const struct request *r) { return record_table[r->kind].name; }

/* ---- The end of a request ---- */

static void check_untouched(const struct request *r)
{
    /* With direct I/O a failing device may have written; the targets so far are buffered, and nothing is copied on an error. */
    uint32_t from = r->error && r->error != ERROR_MORE_DATA ? 0 : r->bytes;
    uint32_t end = r->length - from > 64 ? from + 64 : r->length;
    for (uint32_t i = from; i < end; i++)
        if (r->data[i] != UNTOUCHED)
            bugcheck(OWN_WRONG_DATA, r->step, r->bytes, i, 0, NULL, "step %u (read): byte %u of the buffer was written, but only %u bytes were reported",
                     r->step, i, r->bytes);
}

static void check_kept(const struct request *r)
{
    const uint8_t *data = r->data, fill = r->fill;
    uint8_t differs = 0;
    for (uint32_t i = 0, length = r->length; i < length; i++)
        differs |= data[i] ^ pattern_byte(fill, i);
    for (uint32_t i = 0; differs && i < r->length; i++)
        if (r->data[i] != pattern_byte(r->fill, i))
            bugcheck(OWN_WRONG_DATA, r->step, i, 0, 0, NULL, "step %u (%s): byte %u of the buffer the app sent was changed", r->step,
                     kind_name(r), i);
}

static void finish(struct request *r, uint32_t error, uint32_t bytes)
{
    life.pending &= ~(1ull << r->step);
    r->finished = true;
    r->error = error;
    r->bytes = bytes;
    r->finished_at = ++life.sequence;
    r->finished_time = life_time();
    coverage_pair(COVER_RESULT, r->kind | (uint32_t)r->disturbed << 8, error);
    uint32_t room = r->kind == OP_IOCTL ? r->out_length : r->length;
    if (bytes > room && !error)
        bugcheck(OWN_WRONG_LENGTH, r->step, bytes, room, 0, NULL, "step %u (%s) reports %u bytes, the buffer holds %u", r->step, kind_name(r),
                 bytes, room);
    if (life.keeps_results)
        r->result = trace_hash_bytes(r->kind == OP_IOCTL ? r->out : r->data, bytes < room ? bytes : room);
    if (r->kind == OP_READ)
        check_untouched(r);
    else if (r->kind == OP_WRITE)
        check_kept(r);
    if (target.finished)
        target.finished(r);
}

/* Looks at a request that is out; waits for it if asked to. */
static void see(struct request *r, BOOL wait)
{
    OVERLAPPED *ov = r->overlapped;
    DWORD bytes = 0, error = 0;
    if (r->event || !wait) {
        if (!GetOverlappedResult(r->file, ov, &bytes, wait))
            error = GetLastError();
    }
    if (is_pending(ov) || !(life.pending >> r->step & 1))
        return; /* waiting failed, or another thread was faster */
    finish(r, error, error == 0 || error == ERROR_MORE_DATA ? bytes : (uint32_t)ov->InternalHigh);
}

static void see_all(unsigned process)
{
    for (uint64_t left = life.pending; left; left &= left - 1) {
        struct request *r = &life.request[__builtin_ctzll(left)];
        if (r->process == process && r->issued && r->overlapped && !is_pending(r->overlapped))
            see(r, FALSE);
    }
}

static void WINAPI completion_routine(DWORD error, DWORD bytes, LPOVERLAPPED ov)
{
    (void)error, (void)bytes;
    struct request *r = *(struct request **)(ov + 1);
    if (is_pending(ov))
        bugcheck(OWN_WRONG_STATUS, r->step, 0, 0, 0, "W-U-7", "step %u (%s): the completion routine runs while the request is still pending", r->step,
                 kind_name(r));
    if (life.pending >> r->step & 1)
        see(r, FALSE);
}

/* ---- Issuing ---- */

static struct request *request_begin(const struct record *rec, unsigned step)
{
    struct request *r = &life.request[step];
    *r = (struct request){.kind = rec->kind, .mode = rec->flags, .thread = rec->actor, .process = (uint8_t)process_of_thread(rec->actor),
                          .handle = rec->slot, .step = (uint16_t)step, .disturbed = life.state, .device = life.device};
    life.requests |= 1ull << step;
    life.pending |= 1ull << step; /* from here on what happens to its handle happens to it */
    return r;
}

/* It is not sent after all. */
static void request_drop(const struct request *r)
{
    life.requests &= ~(1ull << r->step);
    life.pending &= ~(1ull << r->step);
}

static void announce(struct request *r)
{
    r->issued_at = ++life.sequence;
    r->issued_time = life_time();
    r->disturbed |= life.state;
    for (unsigned i = 0; i < APP_THREADS; i++)
        if (life.cancelling[i] && life.cancelling[i] == r->file && process_of_thread(i) == r->process)
            r->disturbed |= DISTURBED_CANCEL;
    if (target.issued)
        target.issued(r);
}

/* Long buffers are what a life spends most on: a loop that the compiler makes vectors of, and no shadow to keep for each byte. */
NO_MSAN static void fill_pattern(uint8_t *data, uint32_t length, uint8_t fill)
{
    for (uint32_t i = 0; i < length; i++)
        data[i] = pattern_byte(fill, i);
}

/* A number that a field of a control code's structure may hold: small, a bit, all bits below it, or near the buffer's length. */
static uint32_t interesting(uint32_t choice, uint32_t length)
{
    if (choice <= 256)
        return choice - 1;
    if (choice <= 288)
        return 1u << (choice - 257);
    if (choice <= 320)
        return (1u << (choice - 289)) - 1;
    return choice == 321 ? ~0u : length + choice - 326;
}

/* The first words of what an ioctl brings are indices, lengths and flags: lane data says what stands there, 0 that the pattern does. */
static void fill_words(uint8_t *data, uint32_t length)
{
    for (uint32_t i = 0; i < DRAWN_WORDS && i < length / 4; i++) {
        uint32_t choice = choose(LANE_DATA, 332);
        if (!choice)
            continue;
        uint32_t word = interesting(choice, length);
        memcpy(data + i * 4, &word, 4);
    }
}

static bool make_buffers(struct request *r)
{
    r->data = life_user_memory(r->length);
    r->out = r->out_length ? life_user_memory(r->out_length) : NULL;
    if (!r->data || (r->out_length && !r->out))
        return false;
    if (r->kind == OP_READ)
        memset(r->data, UNTOUCHED, r->length);
    else {
        if (r->kind != OP_IOCTL || !target.ioctl_input || !target.ioctl_input(r->code, r->fill, r->data, r->length))
            fill_pattern(r->data, r->length, r->fill);
        msan_define(r->data, r->length);
        if (r->kind == OP_IOCTL)
            fill_words(r->data, r->length);
    }
    if (r->out)
        memset(r->out, UNTOUCHED, r->out_length);
    return true;
}

/* The OVERLAPPED, with a word behind it that leads back to the request. */
static bool make_overlapped(struct request *r)
{
    OVERLAPPED *ov = life_user_memory(sizeof *ov + sizeof(struct request *));
    if (!ov)
        return false;
    memset(ov, 0, sizeof *ov);
    *(struct request **)(ov + 1) = r;
    if (r->mode != IO_APC) {
        r->event = CreateEventW(NULL, TRUE, FALSE, NULL);
        if (!r->event)
            return false;
        ov->hEvent = r->event;
    }
    r->overlapped = ov;
    return true;
}

static BOOL call(struct request *r, DWORD *bytes)
{
    OVERLAPPED *ov = r->overlapped;
    switch (r->kind) {
    case OP_READ:
        return r->mode == IO_APC ? ReadFileEx(r->file, r->data, r->length, ov, completion_routine)
                                 : ReadFile(r->file, r->data, r->length, ov ? NULL : bytes, ov);
    case OP_WRITE:
        return r->mode == IO_APC ? WriteFileEx(r->file, r->data, r->length, ov, completion_routine)
                                 : WriteFile(r->file, r->data, r->length, ov ? NULL : bytes, ov);
    default:
        return DeviceIoControl(r->file, r->code, r->data, r->length, r->out, r->out_length, ov ? NULL : bytes, ov);
    }
}

static void issue(const struct record *rec, unsigned step)
{
    struct app_handle *h = &life.handle[process_of_thread(rec->actor)][rec->slot];
    if (!h->file)
        return;
    struct request *r = request_begin(rec, step);
    r->length = rec->kind == OP_IOCTL ? ioctl_in_length(rec) : rec->a;
    r->out_length = rec->kind == OP_IOCTL ? ioctl_out_length(rec) : 0;
    r->code = rec->kind == OP_IOCTL ? rec->b : 0;
    r->fill = (uint8_t)(rec->kind == OP_IOCTL ? rec->c >> 8 : rec->b);
    r->device = h->device;
    r->class = h->class;
    r->file = h->file;
    r->overlapped_file = h->overlapped;
    r->disturbed |= life_device_disturbance(h->device);
    if (!h->overlapped)
        r->mode = IO_SYNC;
    else if (r->mode == IO_APC && r->kind == OP_IOCTL)
        r->mode = IO_EVENT;
    if (!make_buffers(r) || (r->overlapped_file && !make_overlapped(r))) {
        request_drop(r);
        return;
    }
    if (rec->flags != IO_SYNC)
        life.named[r->process][request_name(rec)] = (int16_t)step;

    DWORD bytes = 0;
    announce(r);
    BOOL good = call(r, &bytes);
    DWORD error = good ? 0 : GetLastError();
    r->issued = true;
    if (!r->overlapped_file) {
        finish(r, error, bytes);
    } else if (!good && error != ERROR_IO_PENDING && error != ERROR_MORE_DATA) {
        finish(r, error, 0); /* refused at once: the OVERLAPPED was not used */
    } else if (r->mode == IO_SYNC) {
        see(r, TRUE);
    } else if (r->mode == IO_EVENT && !is_pending(r->overlapped)) {
        see(r, FALSE);
    }
}

static void open(const struct record *rec, unsigned step)
{
    struct app_handle *h = &life.handle[process_of_thread(rec->actor)][rec->slot];
    uint16_t path[LIFE_PATH_CHARS]; /* a copy: the device may go before the call gets to it */
    uint32_t device, now;
    if (h->file || !life_device_path(rec, path, &device))
        return;
    struct request *r = request_begin(rec, step);
    r->mode = IO_SYNC;
    r->device = device;
    r->class = life_interface_class(rec);
    r->disturbed |= life_device_disturbance(device);
    announce(r);
    bool overlapped = !(rec->flags & OPEN_SYNC);
    HANDLE file = CreateFileW((const WCHAR *)path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING,
                              overlapped ? FILE_FLAG_OVERLAPPED : 0, NULL);
    bool good = file != INVALID_HANDLE_VALUE;
    r->issued = true;
    /* Meanwhile another thread may have opened the same name, or the device may have been exchanged: then nobody could say whose handle it is. */
    if (good && (h->file || !life_device_path(rec, path, &now) || now != device))
        CloseHandle(file);
    else if (good)
        *h = (struct app_handle){.file = file, .overlapped = overlapped, .device = r->device, .class = r->class};
    finish(r, good ? 0 : GetLastError(), 0);
}

/* ---- WMI ---- */

static void ask_wmi(const struct record *rec, unsigned step)
{
    if (!target.wmi_count)
        return;
    struct wmi_request r = {.step = (uint16_t)step, .verb = rec->flags, .class = (uint8_t)(wmi_class(rec) % target.wmi_count),
                            .instance = (uint8_t)wmi_instance(rec), .fill = (uint8_t)(rec->c >> 8), .id = rec->b, .in_length = ioctl_in_length(rec),
                            .out_length = ioctl_out_length(rec)};
    r.in = life_user_memory(r.in_length);
    r.out = life_user_memory(r.out_length);
    if (!r.in || !r.out)
        return;
    fill_pattern(r.in, r.in_length, r.fill);
    msan_define(r.in, r.in_length);
    fill_words(r.in, r.in_length);
    memset(r.out, UNTOUCHED, r.out_length);
    if (target.wmi_asked)
        target.wmi_asked(&r);
    life_ask_wmi(&r, rec->slot);
    coverage_pair(COVER_RESULT, rec->kind | (uint32_t)r.verb << 8, r.status);
    if (target.wmi_answered)
        target.wmi_answered(&r);
}

/* ---- The other operations ---- */

static struct request *named_request(const struct record *rec)
{
    int step = life.named[process_of_thread(rec->actor)][rec->slot];
    return step < 0 ? NULL : &life.request[step];
}

static void cancel(const struct record *rec)
{
    struct request *r = named_request(rec);
    if (!r || !(life.pending >> r->step & 1) || !r->overlapped || !r->issued_at)
        return;
    r->disturbed |= DISTURBED_CANCEL;
    CancelIoEx(r->file, r->overlapped); /* aims at one OVERLAPPED: hits no other */
}

static void cancel_all(const struct record *rec)
{
    unsigned process = process_of_thread(rec->actor);
    struct app_handle *h = &life.handle[process][rec->slot];
    HANDLE file = h->file;
    if (!file)
        return;
    bool own = rec->flags & CANCEL_OWN;
    life_disturb(DISTURBED_CANCEL, (int)process, own ? rec->actor : -1, rec->slot);
    life.cancelling[rec->actor] = file;
    if (own)
        CancelIo(file);
    else
        CancelIoEx(file, NULL);
    life.cancelling[rec->actor] = NULL;
}

static void close(const struct record *rec)
{
    unsigned process = process_of_thread(rec->actor);
    struct app_handle *h = &life.handle[process][rec->slot];
    HANDLE file = h->file;
    if (!file)
        return;
    life_disturb(DISTURBED_CLOSE | DISTURBED_CANCEL, (int)process, -1, rec->slot);
    h->file = NULL;
    CloseHandle(file);
}

/* Waits until the request has ended, for at most so long. An APC is waited for by the thread that it comes to. */
static void wait_for(struct request *r, unsigned thread, DWORD ms)
{
    if (r->event)
        WaitForSingleObject(r->event, ms);
    else if (r->thread == thread)
        SleepEx(ms, TRUE);
}

static void wait(const struct record *rec)
{
    struct request *r = named_request(rec);
    if (r && life.pending >> r->step & 1 && r->issued && r->overlapped)
        wait_for(r, rec->actor, target.waits ? LONGEST_WAIT_MS : INFINITE);
    see_all(process_of_thread(rec->actor));
}

static void run_step(const struct record *rec, unsigned step)
{
    switch (rec->kind) {
    case OP_OPEN: open(rec, step); break;
    case OP_READ:
    case OP_WRITE:
    case OP_IOCTL: issue(rec, step); break;
    case OP_CANCEL: cancel(rec); break;
    case OP_CANCEL_ALL: cancel_all(rec); break;
    case OP_CLOSE: close(rec); break;
    case OP_WAIT: wait(rec); break;
    case OP_WMI: ask_wmi(rec, step); break;
    case OP_SLEEP: SleepEx(rec->a, rec->flags & SLEEP_ALERTABLE); break;
    case OP_EXIT_THREAD:
        life_disturb(DISTURBED_EXIT | DISTURBED_CANCEL, -1, rec->actor, -1);
        life_actor_ended(rec->actor);
        ExitThread(0);
    default: break;
    }
}

/* ---- The thread ---- */

/* The requests that this thread has out; process < 0: all. */
static unsigned count_pending(int thread)
{
    unsigned n = 0;
    for (uint64_t left = life.pending; left; left &= left - 1)
        n += thread < 0 || life.request[__builtin_ctzll(left)].thread == thread;
    return n;
}

/* ---- Requests that may wait for ever (target.waits) ---- */

static bool may_wait_for_ever(const struct request *r) { return target.waits && target.waits(r); }

/* Nobody is sure to end it: a cancellation that the program asks for may come before the request, and a closed handle changes nothing. */
static bool is_left_waiting(const struct request *r) { return !r->given_up && !(r->disturbed & DISTURBED_EXIT) && may_wait_for_ever(r); }

bool life_somebody_waits(unsigned processes)
{
    for (uint64_t left = target.waits ? life.pending : 0; left; left &= left - 1) {
        const struct request *r = &life.request[__builtin_ctzll(left)];
        if (processes >> r->process & 1 && is_left_waiting(r))
            return true;
    }
    return false;
}

/* An app that goes gives up what would wait for ever. False: it cannot, its handle is closed. The end of the thread will do it. */
static bool give_up_waiting(unsigned thread)
{
    for (uint64_t left = target.waits ? life.pending : 0; left; left &= left - 1) {
        struct request *r = &life.request[__builtin_ctzll(left)];
        if (r->thread != thread || !r->issued || !may_wait_for_ever(r))
            continue;
        r->disturbed |= DISTURBED_CANCEL;
        if (!CancelIoEx(r->file, r->overlapped) && is_pending(r->overlapped))
            return false;
        r->given_up = true;
    }
    return true;
}

static void check_drained(unsigned thread, DWORD waited_ms)
{
    if (!life.working)
        return;
    for (uint64_t left = life.pending; left; left &= left - 1) {
        struct request *r = &life.request[__builtin_ctzll(left)];
        if (r->thread == thread && !(r->disturbed & DISTURBED_REMOVE))
            bugcheck(OWN_HANG, r->step, waited_ms, 0, 0, NULL, "step %u (%s) has not ended in %u seconds on a working device", r->step, kind_name(r),
                     waited_ms / 1000);
    }
}

/* Before it goes an app waits for what it has pending, where the target promises that it will end. */
static void drain(unsigned thread)
{
    see_all(process_of_thread(thread));
    if (!target.completes_ms)
        return;
    if (!give_up_waiting(thread)) {
        life_disturb(DISTURBED_EXIT | DISTURBED_CANCEL, -1, (int)thread, -1);
        return;
    }
    DWORD patience = target.completes_ms * (count_pending(-1) + 2 + MAX_CLOCKS) + DRAIN_SPARE_MS;
    uint64_t end = life_time() + patience * 10000ull;
    unsigned clocks = life_clocks();
    bool held = life_somebody_waits(ALL_PROCESSES);
    for (uint64_t left; (left = life.pending) != 0;) {
        /* The time that a clock interrupt by choice took was nobody's to work in, nor was that behind somebody who waits. */
        if (clocks != life_clocks() || held) {
            clocks = life_clocks();
            end = life_time() + patience * 10000ull;
        }
        held = life_somebody_waits(ALL_PROCESSES);
        if (life_time() >= end)
            break;
        while (left && life.request[__builtin_ctzll(left)].thread != thread)
            left &= left - 1;
        if (!left)
            return;
        wait_for(&life.request[__builtin_ctzll(left)], thread, (DWORD)((end - life_time()) / 10000) + 1);
        see_all(process_of_thread(thread));
    }
    check_drained(thread, patience);
}

uint32_t app_thread(void *argument)
{
    unsigned thread = (unsigned)(uintptr_t)argument, last = 0;
    for (int step; (step = life_next_step(thread)) >= 0;) {
        const struct record *rec = &life.program->operation[step].record;
        trace(TRACE_OPERATION, rec->kind, (uint64_t)step, thread);
        see_all(process_of_thread(thread));
        coverage_pair(COVER_MEETING, rec->kind, last | (life.pending != 0) << 8);
        last = rec->kind;
        run_step(rec, (unsigned)step);
    }
    drain(thread);
    life_actor_ended(thread);
    return 0;
}
