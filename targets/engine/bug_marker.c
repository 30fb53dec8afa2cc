/*
 * Markers of planted bugs (tests/bugs): a patched driver calls irpfuzz_bug(name, triggered) where the bug is. The first call, and the first
 * with `triggered` set, print one line each to stderr, "irpfuzz-bug: NAME reached" and "... triggered", once per process:
 * the benchmark counts from them what a run came across, detected or not.
 *
 * Called by driver code, outside the gate, on any context: write(2) alone, and nothing the life could see.
 */
#include <stdio.h>
#include <unistd.h>

void irpfuzz_bug(const char *name, int triggered);

static void say(const char *name, const char *what)
{
    char line[160];
    int length = snprintf(line, sizeof line, "irpfuzz-bug: %s %s\n", name, what);
    if (length > 0 && write(STDERR_FILENO, line, (size_t)length < sizeof line ? (size_t)length : sizeof line - 1) < 0)
        return;
}

__attribute__((visibility("default"), used)) void irpfuzz_bug(const char *name, int triggered)
{
    static int reached_told, triggered_told;
    if (!__atomic_exchange_n(&reached_told, 1, __ATOMIC_RELAXED))
        say(name, "reached");
    if (triggered && !__atomic_exchange_n(&triggered_told, 1, __ATOMIC_RELAXED))
        say(name, "triggered");
}
