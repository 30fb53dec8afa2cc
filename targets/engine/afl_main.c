/*
 * afl_<target>: AFL++'s persistent mode. Linked with AFL++'s run-time object (afl-compiler-rt.o), which keeps the coverage map and hands over inputs in
 * shared memory. Without afl-fuzz around it, it runs the files named on its command line.
 */
#include <stdio.h>
#include <stdlib.h>

#include "engine.h"
#include "machine/report.h"

/* Of the run-time object. */
int __afl_persistent_loop(unsigned count);
void __afl_manual_init(void);
extern unsigned char *__afl_fuzz_ptr;
extern unsigned *__afl_fuzz_len;
/* Tells afl-fuzz that inputs may come in shared memory, and that this binary is persistent with a deferred start. */
int __afl_sharedmem_fuzzing = 1;
__attribute__((used)) static volatile const char persistent_mark[] = "##SIG_AFL_PERSISTENT##";
__attribute__((used)) static volatile const char deferred_mark[] = "##SIG_AFL_DEFER_FORKSRV##";

#define LIVES_PER_PROCESS 100000

static int run_files(int argc, char **argv)
{
    static unsigned char bytes[1 << 16];
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (!file) {
            fprintf(stderr, "irpfuzz: cannot read %s\n", argv[i]);
            return 2;
        }
        size_t size = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        engine_run_file(bytes, size, argv[i], NULL, 0);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (!engine_init())
        return 3;
    sanitizer_reports_install(false);
    if (argc > 1)
        return run_files(argc, argv);
    engine_run(NULL, 0); /* one life before the fork server starts: what is made once is made once */
    __afl_manual_init();
    while (__afl_persistent_loop(LIVES_PER_PROCESS))
        engine_run_file(__afl_fuzz_ptr, *__afl_fuzz_len, "input", NULL, 0);
    return 0;
}
