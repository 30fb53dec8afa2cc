/* See report.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine.h"
#include "stack.h"

#define MAX_SECTIONS 8

static struct {
    bugcheck_hook *hook;
    struct report_section section[MAX_SECTIONS];
    unsigned sections;
    bool reporting;
    struct caught_report *caught;
    const struct bugcheck *bug;
    char *text, *text_end;
} report;

static const struct {
    uint32_t code;
    const char *name;
} names[] = {
    {0x01, "APC_INDEX_MISMATCH"}, {0x09, "IRQL_NOT_GREATER_OR_EQUAL"}, {0x0A, "IRQL_NOT_LESS_OR_EQUAL"}, {0x0C, "MAXIMUM_WAIT_OBJECTS_EXCEEDED"},
    {0x0F, "SPIN_LOCK_ALREADY_OWNED"}, {0x10, "SPIN_LOCK_NOT_OWNED"}, {0x18, "REFERENCE_BY_POINTER"}, {0x19, "BAD_POOL_HEADER"},
    {0x1E, "KMODE_EXCEPTION_NOT_HANDLED"}, {0x35, "NO_MORE_IRP_STACK_LOCATIONS"},
    {0x36, "DEVICE_REFERENCE_COUNT_NOT_ZERO"}, {0x3B, "SYSTEM_SERVICE_EXCEPTION"}, {0x44, "MULTIPLE_IRP_COMPLETE_REQUESTS"},
    {0x48, "CANCEL_STATE_IN_COMPLETED_IRP"}, {0x4A, "IRQL_GT_ZERO_AT_SYSTEM_SERVICE"}, {0x4E, "PFN_LIST_CORRUPT"},
    {0x50, "PAGE_FAULT_IN_NONPAGED_AREA"}, {0x76, "PROCESS_HAS_LOCKED_PAGES"},
    {0x7E, "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED"}, {0x7F, "UNEXPECTED_KERNEL_MODE_TRAP"}, {0x93, "INVALID_KERNEL_HANDLE"},
    {0x96, "INVALID_WORK_QUEUE_ITEM"}, {0x9F, "DRIVER_POWER_STATE_FAILURE"}, {0xA0, "INTERNAL_POWER_ERROR"},
    {0xB8, "ATTEMPTED_SWITCH_FROM_DPC"}, {0xBE, "ATTEMPTED_WRITE_TO_READONLY_MEMORY"},
    {0xC1, "SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION"}, {0xC2, "BAD_POOL_CALLER"},
    {0xC4, "DRIVER_VERIFIER_DETECTED_VIOLATION"}, {0xC5, "DRIVER_CORRUPTED_EXPOOL"},
    {0xC6, "DRIVER_CAUGHT_MODIFYING_FREED_POOL"}, {0xC7, "TIMER_OR_DPC_INVALID"}, {0xC8, "IRQL_UNEXPECTED_VALUE"},
    {0xC9, "DRIVER_VERIFIER_IOMANAGER_VIOLATION"}, {0xCA, "PNP_DETECTED_FATAL_ERROR"},
    {0xCB, "DRIVER_LEFT_LOCKED_PAGES_IN_PROCESS"},
    {0xCE, "DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS"}, {0xD1, "DRIVER_IRQL_NOT_LESS_OR_EQUAL"},
    {0xD5, "DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL"}, {0xD6, "DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION"},
    {0xDA, "SYSTEM_PTE_MISUSE"}, {0xE3, "RESOURCE_NOT_OWNED"}, {0xE4, "WORKER_INVALID"}, {0xFC, "ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY"},
    {0x10D, "WDF_VIOLATION"}, {0x133, "DPC_WATCHDOG_VIOLATION"}, {0x139, "KERNEL_SECURITY_CHECK_FAILURE"},
    {0x4000008A, "THREAD_TERMINATE_HELD_MUTEX"},
    {OWN_DATA_RACE, "DATA_RACE"}, {OWN_UNINITIALIZED_COPYOUT, "UNINITIALIZED_COPYOUT"}, {OWN_LOST_IRP, "LOST_IRP"},
    {OWN_DEADLOCK, "DEADLOCK"}, {OWN_HANG, "HANG"}, {OWN_LIVELOCK, "LIVELOCK"}, {OWN_WRONG_DATA, "WRONG_DATA"},
    {OWN_WRONG_LENGTH, "WRONG_LENGTH"}, {OWN_WRONG_STATUS, "WRONG_STATUS"}, {OWN_OBJECT_LEAK, "WDF_OBJECT_LEAK"},
    {OWN_DOUBLE_FETCH, "DOUBLE_FETCH"}, {OWN_DRIVER_ASSERTION, "DRIVER_ASSERTION"}, {OWN_APP_ERROR, "APP_ERROR"},
    {OWN_RULE, "RULE_VIOLATION"}, {OWN_WDF_MISUSE, "WDF_VERIFIER_BREAK"}, {OWN_OUT_OF_RESOURCES, "EMULATOR_LIMIT"},
    {OWN_SANITIZER, "SANITIZER"}, {OWN_INTERRUPT_STORM, "INTERRUPT_STORM"},
    {OWN_DEVICE_MEMORY, "DEVICE_MEMORY"}, {OWN_DEVICE_ANSWER, "DEVICE_ANSWER"},
};

const char *bugcheck_name(uint32_t code)
{
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].code == code)
            return names[i].name;
    return "BUG_CHECK";
}

void bugcheck_set_hook(bugcheck_hook *hook) { report.hook = hook; }

void report_add_section(const struct report_section *section)
{
    for (unsigned i = 0; i < report.sections; i++)
        if (!strcmp(report.section[i].title, section->title))
            return;
    if (report.sections < MAX_SECTIONS)
        report.section[report.sections++] = *section;
}

void report_into(char *text, size_t size)
{
    report.text = text;
    report.text_end = text ? text + size : NULL;
    if (text)
        *text = 0;
}

static void add_line(const char *format, va_list arguments)
{
    size_t room = (size_t)(report.text_end - report.text);
    int n = vsnprintf(report.text, room, format, arguments);
    if (n < 0 || (size_t)n + 2 > room) {
        *report.text = 0;
        return;
    }
    report.text += n;
    *report.text++ = '\n';
    *report.text = 0;
}

void report_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (report.text)
        add_line(format, arguments);
    else
        vfprintf(stderr, format, arguments), fputc('\n', stderr);
    va_end(arguments);
}

static const char *irql_name(unsigned irql)
{
    static const char *const level[] = {"PASSIVE_LEVEL", "APC_LEVEL", "DISPATCH_LEVEL"};
    return irql < 3 ? level[irql] : "device level";
}

static void write_context(const struct ctx *ctx)
{
    report_line("  context   %s%s%s%s on processor %d, %s (%u), inside %s", ctx->top ? ctx->top->name : "", ctx->top ? " over " : "", ctx->name,
                ctx->kind == CTX_IDLE ? " thread" : "", ctx->cpu, irql_name(ctx->irql), ctx->irql, gate_where(ctx));
    report_line("  time      %llu.%03llu s virtual, scheduling point %llu", (unsigned long long)(clock_now() / CLOCK_SECOND),
                (unsigned long long)(clock_now() / CLOCK_MS % 1000), (unsigned long long)machine.points);
}

static void write_waiters(void)
{
    bool title = false;
    for (unsigned i = 0; i < machine.ctx_count; i++) {
        const struct ctx *ctx = machine.ctx[i];
        if (ctx->state != CTX_BLOCKED && ctx->state != CTX_SPINNING)
            continue;
        if (ctx->kind == CTX_IDLE || (ctx->wait_reason && !strcmp(ctx->wait_reason, "work")))
            continue; /* nothing to do is no wait worth telling */
        if (!title)
            report_line("  who waits for whom");
        title = true;
        report_line("    %-10s %s %s%s%s, inside %s", ctx->name, ctx->state == CTX_SPINNING ? "spins on" : "waits for",
                    ctx->wait_reason ? ctx->wait_reason : "?", ctx->wait_holder ? ", held by " : "",
                    ctx->wait_holder ? ctx->wait_holder->name : "", gate_where(ctx));
    }
}

const struct bugcheck *report_bug(void) { return report.bug; }

void report_catch(struct caught_report *caught) { report.caught = caught; }
bool report_is_caught(void) { return report.caught != NULL; }

static void catch(const struct bugcheck *b, const void *code, const void *frame)
{
    report.caught->any = true;
    report.caught->bug = *b;
    report.caught->frames = stack_collect(code, frame, report.caught->frame, CAUGHT_FRAMES);
}

void report_write(const struct bugcheck *b) { report_write_at(b, NULL, __builtin_frame_address(0)); }

void report_write_at(const struct bugcheck *b, const void *code, const void *frame)
{
    if (report.caught) {
        catch(b, code, frame);
        return;
    }
    report_line("*** irpfuzz: %s (0x%X)", bugcheck_name(b->code), b->code);
    report_line("  what      %s", b->text);
    report_line("  parameters 0x%llX, 0x%llX, 0x%llX, 0x%llX%s%s", (unsigned long long)b->parameter[0], (unsigned long long)b->parameter[1],
                (unsigned long long)b->parameter[2], (unsigned long long)b->parameter[3], b->rule ? "; rule " : "", b->rule ? b->rule : "");
    if (current_ctx)
        write_context(current_ctx);
    stack_write(code, frame);
    if (current_ctx)
        write_waiters();
    report.bug = b;
    for (unsigned i = 0; i < report.sections; i++) {
        report_line("  %s", report.section[i].title);
        report.section[i].write();
    }
    fflush(stderr);
}

void bugcheck(uint32_t code, uint64_t p1, uint64_t p2, uint64_t p3, uint64_t p4, const char *rule, const char *format, ...)
{
    struct bugcheck b = {.code = code, .parameter = {p1, p2, p3, p4}, .rule = rule};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(b.text, sizeof b.text, format, arguments);
    va_end(arguments);
    if (report.reporting) /* a bug in the report itself must not recurse */
        abort();
    report.reporting = true;
    if (current_ctx)
        trace(TRACE_BUGCHECK, (uint16_t)code, p1, p2);
    if (report.hook) {
        report.reporting = false;
        report.hook(&b);
        abort();
    }
    report_write(&b);
    abort();
}
