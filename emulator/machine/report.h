/*
 * Bug checks and their report.
 *
 * A bug check ends the life: it writes one report (name, parameters, what it means, context, IRQL, stack, history of the IRP concerned, who waits for
 * whom, the program's steps) and then calls the end hook: abort() when fuzzing, back to the host when testing or replaying.
 * Parameters are stable names (IRP #3), never addresses. Codes below 0x1000000 are those of Windows; ours are enum own_code.
 */
#ifndef MACHINE_REPORT_H
#define MACHINE_REPORT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Wrong, but Windows would not notice: codes of our own. */
enum own_code {
    OWN_DATA_RACE = 0x1000001,
    OWN_UNINITIALIZED_COPYOUT,
    OWN_LOST_IRP,          /* never completed */
    OWN_DEADLOCK,
    OWN_HANG,              /* waits for ever although time passes */
    OWN_LIVELOCK,
    OWN_WRONG_DATA, OWN_WRONG_LENGTH, OWN_WRONG_STATUS, /* a target's oracle */
    OWN_OBJECT_LEAK,       /* framework object or reference left */
    OWN_DOUBLE_FETCH,
    OWN_DRIVER_ASSERTION,
    OWN_APP_ERROR,         /* misuse of the user-mode interface by the app itself */
    OWN_RULE,              /* an EMU rule of the verifier chapter; the text names it */
    OWN_WDF_MISUSE,        /* KMDF verifier break */
    OWN_OUT_OF_RESOURCES,  /* the emulator's own limits: contexts, arena */
    OWN_SANITIZER,         /* found by a sanitizer, not by a rule */
    OWN_INTERRUPT_STORM,   /* a line that is asserted and never quiet */
    OWN_DEVICE_MEMORY,     /* a model of a device touches memory that nobody gave it */
    OWN_DEVICE_ANSWER,     /* ... or says what the device's manual does not allow */
    OWN_CODE_END
};

struct bugcheck {
    uint32_t code;
    uint64_t parameter[4];
    const char *rule;      /* "V-IRP-1", may be NULL */
    char text[256];        /* one sentence: what was done wrong, with stable names */
};

/* The conflicting earlier event, when there is one (first completion, free, ...). */
_Noreturn __attribute__((cold)) void bugcheck(uint32_t code, uint64_t p1, uint64_t p2, uint64_t p3, uint64_t p4, const char *rule, const char *format, ...)
    __attribute__((format(printf, 7, 8)));

const char *bugcheck_name(uint32_t code);

/* What happens after the report; NULL = print to stderr and abort(). A hook that returns ends in abort(). */
typedef void bugcheck_hook(const struct bugcheck *bugcheck);
void bugcheck_set_hook(bugcheck_hook *hook);

/* Sections that layers add to every report: the IRP history (nt), the steps of the program (engine). */
struct report_section {
    const char *title;
    void (*write)(void);
};
void report_add_section(const struct report_section *section);
/* For section writers: what is reported, and where to write. */
const struct bugcheck *report_bug(void);
void report_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* For tests: lines are added to this text, as far as they fit, instead of going to stderr. NULL: to stderr again. */
void report_into(char *text, size_t size);

/* Writes the report of a bug check, or of a sanitizer's finding (code OWN_SANITIZER), to stderr. */
void report_write(const struct bugcheck *bugcheck);
/* The same with the stack of the code that faulted: where it did (NULL: not known), and its frame. */
void report_write_at(const struct bugcheck *bugcheck, const void *code, const void *frame);

/*
 * For commands that run many lives that end badly and only compare how: from now on a report is not written, but what it is about put into *caught
 * (NULL: written again). Shared memory will do; a sanitizer's report ends the process all the same.
 */
#define CAUGHT_FRAMES 64
struct caught_report {
    bool any;
    struct bugcheck bug;
    unsigned frames;
    uintptr_t frame[CAUGHT_FRAMES]; /* code addresses, innermost first: stack_driver_frame() */
};
void report_catch(struct caught_report *caught);
bool report_is_caught(void);

/* Sanitizer findings become reports like any other (sanitizer_report.c). own_signals: no fuzzer handles faults and deaths. */
void sanitizer_reports_install(bool own_signals);
/* Called once after the report of a sanitizer's finding, or of a fault, was written; the process ends when it returns. */
void report_on_sanitizer(void (*found)(const struct bugcheck *bugcheck));
/* For `found`: the processor faulted in a life, so that `found` may leave it by machine_abandon(). A sanitizer's own finding ends the process behind it. */
bool sanitizer_found_fault(void);

#endif
