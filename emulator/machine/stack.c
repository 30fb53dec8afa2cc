/* See stack.h. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "stack.h"

extern const char __executable_start[];

#define MAX_DEPTH 64

/* Frames of code that no sanitizer knows lie on the way. */
__attribute__((no_sanitize("memory", "address"))) unsigned stack_collect(const void *code, const void *frame, uintptr_t *out, unsigned max)
{
    const uintptr_t *fp = frame;
    unsigned n = 0;
    if (code && max)
        out[n++] = (uintptr_t)code;
    while (fp && n < max) {
        uintptr_t next = fp[0], address = fp[1];
        if (!address)
            break;
        out[n++] = address - 1; /* inside the call, not after it */
        if (next <= (uintptr_t)fp || next - (uintptr_t)fp > (1u << 20))
            break;
        fp = (const uintptr_t *)next;
    }
    return n;
}

/* The part of a path that a reader of the tree knows. */
static const char *relative(const char *path)
{
    static const char *const roots[] = {"/drivers/", "/stress/", "/tests/", "/emulator/", "/targets/"};
    for (unsigned i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        const char *at = strstr(path, roots[i]);
        if (at)
            return at + 1;
    }
    return path;
}

static void finish_frame(struct stack_frame *f, const char *function, const char *place)
{
    snprintf(f->function, sizeof f->function, "%s", function);
    snprintf(f->place, sizeof f->place, "%s", relative(place));
    char *column = strrchr(f->place, ':');
    if (column && strchr(f->place, ':') != column)
        *column = 0;
    f->driver = *f->place && strncmp(f->place, "emulator/", 9) && strncmp(f->place, "targets/", 8) && f->place[0] != '?' &&
                !strstr(f->place, "sanitizer") && !strstr(f->place, "compiler-rt");
}

/*
 * Frames of all the addresses, in their order; an address where functions were inlined has several. `first`, if not NULL, gets for each address the index
 * of its innermost frame, and the number of frames behind the last.
 */
static unsigned symbolize(const uintptr_t *address, unsigned count, struct stack_frame *out, unsigned max, unsigned *first)
{
    char self[512], command[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    for (unsigned i = 0; first && i <= count; i++)
        first[i] = 0;
    if (n < 0 || !count)
        return 0;
    self[n] = 0;
    int at = snprintf(command, sizeof command,
                      "{ llvm-symbolizer-19 --obj='%s' --functions=linkage --relative-address", self);
    for (unsigned i = 0; i < count; i++)
        at += snprintf(command + at, sizeof command - (size_t)at, " 0x%llx",
                       (unsigned long long)(address[i] - (uintptr_t)__executable_start));
    snprintf(command + at, sizeof command - (size_t)at, "; } 2>/dev/null");
    fflush(NULL);
    FILE *pipe = popen(command, "r");
    if (!pipe)
        return 0;
    char function[512], place[1024];
    unsigned got = 0, done = 0;
    while (got < max && fgets(function, sizeof function, pipe)) {
        function[strcspn(function, "\n")] = 0;
        if (!*function) { /* an empty line ends an address */
            done++;
            for (unsigned i = done; first && i <= count; i++)
                first[i] = got;
            continue;
        }
        if (!fgets(place, sizeof place, pipe))
            continue;
        place[strcspn(place, "\n")] = 0;
        finish_frame(&out[got++], function, place);
    }
    for (unsigned i = done + 1; first && i <= count; i++)
        first[i] = got;
    pclose(pipe);
    return got;
}

static unsigned walk(const void *code, const void *frame, struct stack_frame *out, unsigned max)
{
    uintptr_t address[MAX_DEPTH];
    return symbolize(address, stack_collect(code, frame, address, MAX_DEPTH), out, max, NULL);
}

void stack_driver_functions(const uintptr_t *address, unsigned count, char (*function)[96])
{
    static struct stack_frame frames[4 * MAX_DEPTH];
    unsigned first[MAX_DEPTH + 1];
    count = count < MAX_DEPTH ? count : MAX_DEPTH;
    symbolize(address, count, frames, sizeof frames / sizeof frames[0], first);
    for (unsigned i = 0; i < count; i++) {
        function[i][0] = 0;
        for (unsigned f = first[i]; f < first[i + 1] && !function[i][0]; f++)
            if (frames[f].driver)
                memcpy(function[i], frames[f].function, sizeof function[i]);
    }
}

bool stack_name(const void *code, struct stack_frame *out)
{
    uintptr_t address = (uintptr_t)code;
    return code && symbolize(&address, 1, out, 1, NULL) == 1;
}

/* The reader wants the driver's frames and the DDI they called, not the emulator's inner calls. */
static bool worth_showing(const struct stack_frame *f)
{
    return f->driver || (f->function[0] >= 'A' && f->function[0] <= 'Z');
}

static void write_frame(const struct stack_frame *f, unsigned number)
{
    if (f->place[0] && f->place[0] != '?' && (f->driver || !worth_showing(f)))
        report_line("    #%-2u %s  %s", number, f->function, f->place);
    else
        report_line("    #%-2u %s", number, f->function);
}

void stack_write(const void *code, const void *frame)
{
    struct stack_frame frames[MAX_DEPTH];
    unsigned n = walk(code, frame, frames, MAX_DEPTH), shown = 0;
    bool any = false;
    for (unsigned i = 0; i < n; i++) {
        if (!strcmp(frames[i].function, "fiber_main"))
            n = i; /* what is behind it is nobody's: a context begins here */
        else
            any |= worth_showing(&frames[i]);
    }
    if (n)
        report_line("  stack");
    else
        report_line("  stack     not shown: llvm-symbolizer-19 did not run, is it installed and in PATH?");
    const char *above = "";
    for (unsigned i = 0; i < n; i++) {
        /* A framework function shows as itself and as the header's call through the function table. Where nothing of a driver is on the stack, all of it is told. */
        if ((any && !worth_showing(&frames[i])) || !strcmp(frames[i].function, above))
            continue;
        above = frames[i].driver ? "" : frames[i].function;
        write_frame(&frames[i], shown++);
    }
}
