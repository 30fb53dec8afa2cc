/*
 * Sanitizer findings become bug checks.
 *
 * AddressSanitizer's report of an access to a freed or too small block of the emulated pool is the bug check that special pool would give (0xD5, 0xD6); a wild
 * or NULL pointer is 0x50 (0xD1 at DISPATCH_LEVEL). ThreadSanitizer's report is noted and raised as DATA_RACE at the next gate,
 * where the machine is whole. What has no Windows name is SANITIZER with the sanitizer's own words above it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "machine.h"
#include "stack.h"

static bool reported; /* a finding of a sanitizer was written */
static void (*found_hook)(const struct bugcheck *bugcheck);

static bool told; /* the hook was called */
static bool is_fault; /* by the processor's doing */

void report_on_sanitizer(void (*found)(const struct bugcheck *bugcheck))
{
    found_hook = found;
    reported = told = is_fault = false;
}

static void found(const struct bugcheck *b)
{
    bool first = !told;
    told = true;
    if (first && found_hook)
        found_hook(b);
}

static struct bugcheck describe_fault(const void *address, bool write)
{
    struct bugcheck b = {.code = 0x50, .parameter = {0, write, 0, 0}, .rule = "V-GEN-14"};
    const struct block *block = block_find(address);
    unsigned irql = current_ctx ? current_ctx->irql : 0;
    const char *verb = write ? "writes" : "reads";
    char tag[5] = "";
    for (unsigned i = 0; block && i < 4; i++) /* the header is poisoned: snprintf, which the sanitizer checks, must not read it */
        tag[i] = ((const volatile char *)&block->tag)[i];
    if (block && block->state == BLOCK_FREE) {
        b.code = 0xD5, b.rule = "V-MEM-13", b.parameter[0] = block->number;
        snprintf(b.text, sizeof b.text, "the driver %s block #%u (%llu bytes, tag '%s'), which was freed", verb, block->number,
                 (unsigned long long)block->size, tag);
    } else if (block) {
        long long offset = (const char *)address - (const char *)(block + 1);
        b.code = 0xD6, b.rule = "V-MEM-12", b.parameter[0] = block->number;
        snprintf(b.text, sizeof b.text, "the driver %s %lld bytes %s block #%u (%llu bytes, tag '%s')", verb,
                 offset < 0 ? -offset : offset - (long long)block->size, offset < 0 ? "before" : "behind the end of", block->number,
                 (unsigned long long)block->size, tag);
    } else if (memory_is_io_space(address)) {
        b.code = OWN_RULE, b.rule = "W-HAL-3";
        snprintf(b.text, sizeof b.text, "the driver %s device memory without READ_REGISTER or WRITE_REGISTER, which is not emulated", verb);
    } else {
        if (irql >= IRQL_DISPATCH)
            b.code = 0xD1, b.rule = "V-GEN-3", b.parameter[1] = irql;
        snprintf(b.text, sizeof b.text, "the driver %s an address that is no memory%s", verb,
                 (uintptr_t)address < 4096 ? " (a NULL pointer plus an offset)" : "");
    }
    return b;
}

static void write_block_history(const void *address)
{
    const struct block *block = report_is_caught() ? NULL : block_find(address);
    struct stack_frame f;
    if (!block)
        return;
    if (stack_name(block->allocated_at, &f))
        report_line("  allocated at %s  %s", f.function, f.place);
    if (block->state == BLOCK_FREE && stack_name(block->freed_at, &f))
        report_line("  freed at     %s  %s", f.function, f.place);
}

#if defined(IRPFUZZ_ASAN)
void __asan_set_error_report_callback(void (*callback)(const char *));
void *__asan_get_report_address(void);
void *__asan_get_report_bp(void);
void *__asan_get_report_pc(void);
int __asan_get_report_access_type(void);
const char *__asan_get_report_description(void);

static void asan_report(const char *text)
{
    (void)text;
    const void *address = __asan_get_report_address();
    struct bugcheck b = describe_fault(address, __asan_get_report_access_type());
    const char *kind = __asan_get_report_description();
    if (b.code == 0x50 && kind && strstr(kind, "overflow")) { /* stack or global of the driver: no pool block */
        b.code = OWN_SANITIZER, b.rule = "V-MEM-29";
        snprintf(b.text, sizeof b.text, "the driver accesses memory outside of a variable (%s)", kind);
    }
    reported = true;
    report_write_at(&b, (char *)__asan_get_report_pc() - 1, __asan_get_report_bp());
    write_block_history(address);
    found(&b);
}
#endif

#if defined(IRPFUZZ_TSAN)
int __tsan_get_report_mop(const void *report, unsigned long index, int *tid, void **address, int *size, int *write, int *atomic, void **trace,
                          unsigned long trace_size);
static struct {
    void *pc[2];
    int write[2];
} race;

/*
 * The runtime's own hook for programs that take reports themselves ("true": it prints nothing), a weak C++ function of it. Called with the runtime's locks
 * held: only note. Its report must not be sent to a file instead: the runtime opens <path>.<process>, next to /dev/null as elsewhere.
 */
bool tsan_report_taken(const void *report, bool suppressed) __asm__("_ZN6__tsan8OnReportEPKNS_10ReportDescEb");
__attribute__((visibility("default"))) bool tsan_report_taken(const void *report, bool suppressed)
{
    (void)suppressed;
    if (machine.race_pending)
        return true;
    for (unsigned long i = 0; i < 2; i++) {
        int tid, size, atomic;
        void *address, *trace[8] = {0};
        __tsan_get_report_mop(report, i, &tid, &address, &size, &race.write[i], &atomic, trace, 8);
        race.pc[i] = trace[0];
    }
    machine.race_pending = true;
    return true;
}

const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "halt_on_error=0:symbolize=0:report_signal_unsafe=0:report_thread_leaks=0:history_size=4:"
           "report_mutex_bugs=0:handle_segv=0:exitcode=0:atexit_sleep_ms=0";
}

void race_raise(void)
{
    struct stack_frame f[2];
    memset(f, 0, sizeof f);
    for (unsigned i = 0; i < 2; i++)
        if (!stack_name((char *)race.pc[i] - 1, &f[i]))
            snprintf(f[i].function, sizeof f[i].function, "?");
    machine.race_pending = false;
    bugcheck(OWN_DATA_RACE, 0, 0, 0, 0, "V-LCK-32", "%s (%s) %s what %s (%s) %s, and nothing orders the two", f[0].function, f[0].place,
             race.write[0] ? "writes" : "reads", f[1].function, f[1].place, race.write[1] ? "wrote" : "read");
}
#else
void race_raise(void) {}
#endif

#if defined(IRPFUZZ_ASAN)
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_stack_use_after_return=0:abort_on_error=0:detect_leaks=0:allocator_may_return_null=1:handle_abort=0:"
           "allow_user_poisoning=1:print_legend=0:print_module_map=0:symbolize=0:print_cmdline=0";
}
#endif

#if defined(IRPFUZZ_MSAN)
void __sanitizer_set_death_callback(void (*callback)(void));
const char *__msan_default_options(void);
const char *__msan_default_options(void) { return "symbolize=0:poison_in_dtor=0:handle_segv=0"; }
#elif defined(IRPFUZZ_UBSAN) || defined(IRPFUZZ_ASAN)
void __sanitizer_set_death_callback(void (*callback)(void));
#endif

#if defined(IRPFUZZ_MSAN) || defined(IRPFUZZ_UBSAN) || defined(IRPFUZZ_ASAN)
static void dying(void)
{
    if (reported || !current_ctx)
        return;
    reported = true;
    struct bugcheck b = {.code = OWN_SANITIZER};
#if defined(IRPFUZZ_MSAN)
    b.code = OWN_SANITIZER, b.rule = "V-MEM-27";
    snprintf(b.text, sizeof b.text, "the driver decides on a value that was never initialised");
#else
    snprintf(b.text, sizeof b.text, "undefined behaviour, see the line above");
#endif
    report_write(&b);
    found(&b);
}
#endif

/* Where the access was made; of a jump to where no code is, the call. */
__attribute__((no_sanitize("memory"))) static const void *faulting_code(const ucontext_t *u, bool executed)
{
    return executed ? *(char **)u->uc_mcontext.gregs[REG_RSP] - 1 : (const char *)u->uc_mcontext.gregs[REG_RIP];
}

static void fault(int signal_number, siginfo_t *info, void *context)
{
    const ucontext_t *u = context;
    struct bugcheck b = describe_fault(info->si_addr, (u->uc_mcontext.gregs[REG_ERR] & 2) != 0);
    bool executed = u->uc_mcontext.gregs[REG_ERR] & 16; /* an instruction was fetched */
    if (info->si_code == SEGV_ACCERR && (executed || (b.code == 0x50 && u->uc_mcontext.gregs[REG_ERR] & 2))) { /* a page is there */
        b.code = executed ? 0xFC : 0xBE, b.rule = "V-MEM-30";
        snprintf(b.text, sizeof b.text, "the driver %s", executed ? "executes what is no code" : "writes to memory that is read-only");
    }
    if (signal_number != SIGSEGV && signal_number != SIGBUS) {
        b = (struct bugcheck){.code = 0x7E, .rule = "V-GEN-7"};
        snprintf(b.text, sizeof b.text, "the driver runs into %s", signal_number == SIGFPE ? "a division by zero" : "an illegal instruction");
    }
    report_write_at(&b, faulting_code(u, executed), (const void *)u->uc_mcontext.gregs[REG_RBP]);
    is_fault = true;
    found(&b);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

bool sanitizer_found_fault(void) { return is_fault && machine.in_life && current_ctx; }

/* For binaries that no fuzzer runs: faults and sanitizer deaths get a report. Fuzzers keep their own handlers. */
void sanitizer_reports_install(bool own_signals)
{
#if defined(IRPFUZZ_ASAN)
    __asan_set_error_report_callback(asan_report);
#endif
    if (!own_signals)
        return;
#if defined(IRPFUZZ_MSAN) || defined(IRPFUZZ_UBSAN) || defined(IRPFUZZ_ASAN)
    __sanitizer_set_death_callback(dying); /* UndefinedBehaviorSanitizer's, MemorySanitizer's */
#endif
    /* AddressSanitizer tells of a fault neither where it is nor what was accessed: these are taken over. */
    static char stack[256 << 10];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, NULL);
    struct sigaction action = {.sa_sigaction = fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    sigaction(SIGFPE, &action, NULL);
    sigaction(SIGILL, &action, NULL);
    (void)write_block_history;
    (void)reported;
}
