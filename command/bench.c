/*
 * `irpfuzz bench`: throughput of one process, measured now and here.
 *
 * For each target run_<target> executes one plain life over and over, in the builds fuzz-none, fuzz-address and fuzz-thread. Beside it stands an
 * empty libFuzzer target, built with the same compiler and sanitizer: what the fuzzer costs when nothing is emulated.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "command.h"
#include "files.h"
#include "fuzz.h"
#include "json.h"
#include "targets.h"

#define DEFAULT_SECONDS 3

static const char *const presets[] = {"fuzz-none", "fuzz-address", "fuzz-thread"};
static const char *const sanitizers[] = {"none", "address", "thread"};

static void print_result(const char *target, const char *sanitizer, const cJSON *result, bool json)
{
    if (json) {
        cJSON *line = cJSON_Duplicate(result, true);
        cJSON_DeleteItemFromObject(line, "target");
        cJSON_AddStringToObject(line, "target", target);
        cJSON_AddStringToObject(line, "sanitizer", sanitizer);
        json_print(line);
        return;
    }
    printf("%-24s %-10s", target, sanitizer);
    const cJSON *item;
    cJSON_ArrayForEach(item, result)
    {
        char value[16];
        if (cJSON_IsNumber(item) && strcmp(item->string, "lives") && strcmp(item->string, "seconds"))
            printf("  %s %s", short_number(item->valuedouble, value), item->string);
        else if (!strcmp(item->string, "round_trip"))
            printf(" (%s)", item->valuestring);
    }
    putchar('\n');
    fflush(stdout);
}

static bool bench_target(const char *target, unsigned which, unsigned seconds, bool json)
{
    struct args args = {0};
    struct captured captured;
    args_add(&args, "build/%s/targets/run_%s", presets[which], target);
    args_add(&args, "bench");
    args_add(&args, "%u", seconds);
    args_add(&args, "--json");
    run_captured(&args, NULL, seconds + 60, &captured);
    cJSON *result = json_line(captured.out);
    if (result)
        print_result(target, sanitizers[which], result, json);
    else
        fprintf(stderr, "irpfuzz: %s (%s): the measurement failed: %s\n", target, sanitizers[which], captured.err);
    bool fine = result != NULL;
    cJSON_Delete(result);
    captured_free(&captured);
    return fine;
}

/* An empty target: the ceiling that the fuzzer itself sets. */
static void bench_empty(unsigned which, unsigned seconds, bool json)
{
    static const char source[] = "#include <stddef.h>\n#include <stdint.h>\n"
                                 "int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) { (void)bytes, (void)size; return 0; }\n";
    const char *program = text("build/bench/empty-%s", sanitizers[which]), *file = "build/bench/empty.c";
    struct args compile = {0}, args = {0};
    struct captured captured;
    make_directory("build/bench");
    write_file(file, source, sizeof source - 1);
    args_add(&compile, "clang-19");
    args_add(&compile, "-O2");
    args_add(&compile, "-fsanitize=fuzzer%s%s", which ? "," : "", which ? sanitizers[which] : "");
    args_add(&compile, "%s", file);
    args_add(&compile, "-o");
    args_add(&compile, "%s", program);
    run_captured(&compile, NULL, 120, &captured);
    if (captured.status)
        fail(EXIT_SETUP, "the empty target does not build: %s", captured.err);
    captured_free(&captured);
    libfuzzer_args(&args, program, seconds, "build/bench", NULL);
    double started = now();
    run_captured(&args, NULL, seconds + 60, &captured);
    double took = now() - started;
    cJSON *result = cJSON_CreateObject();
    double executions = libfuzzer_executions(captured.err);
    cJSON_AddNumberToObject(result, "lives", executions);
    cJSON_AddNumberToObject(result, "seconds", took);
    cJSON_AddNumberToObject(result, "lives_per_second", (double)(long long)(executions / took));
    print_result("(empty libFuzzer target)", sanitizers[which], result, json);
    cJSON_Delete(result);
    captured_free(&captured);
}

/* The network card's model beside QEMU's, at the far end of a socket: what a driver's accesses to registers cost. */
static bool bench_card(unsigned seconds, bool json)
{
    struct args args = {0};
    struct captured captured;
    build_one("release", "nic_speed");
    args_add(&args, "build/release/tests/qemu/nic_speed");
    args_add(&args, "--seconds");
    args_add(&args, "%u", seconds);
    args_add(&args, "--json");
    run_captured(&args, NULL, 4 * seconds + 60, &captured);
    cJSON *result = json_line(captured.out);
    bool fine = result != NULL;
    if (fine && json)
        cJSON_AddStringToObject(result, "target", "(registers)");
    if (fine && json)
        json_print(result);
    else if (fine) {
        char own[16], theirs[16];
        printf("%-24s %-10s  %s register_accesses_per_second; QEMU's ", "(card's registers)", "none", short_number(json_number(result, "register_accesses_per_second"), own));
        if (cJSON_GetObjectItem(result, "qemu_register_accesses_per_second"))
            printf("%s over qtest\n", short_number(json_number(result, "qemu_register_accesses_per_second"), theirs));
        else
            printf("is not installed\n");
    } else {
        fprintf(stderr, "irpfuzz: the card's registers: the measurement failed: %s\n", captured.err);
    }
    captured_free(&captured);
    return fine;
}

static bool is_chosen(const struct args *targets, const char *name)
{
    bool any = false;
    for (unsigned i = 0; i < targets->n; i++)
        any |= !strcmp(targets->v[i], name);
    return any;
}

int command_bench(const struct options *o)
{
    struct args all = {0}, targets = {0}, programs = {0};
    unsigned seconds = o->time ? o->time : DEFAULT_SECONDS;
    bool fine = true;
    all_targets(&all);
    select_names(&all, o->names, o->name_count, "target", &targets);
    for (unsigned i = 0; i < targets.n; i++)
        args_add(&programs, "run_%s", targets.v[i]);
    for (unsigned p = 0; p < 3; p++)
        build_preset(presets[p], &programs);
    for (unsigned p = 0; p < 3 && !interrupted; p++) {
        for (unsigned i = 0; i < targets.n && !interrupted; i++)
            fine &= bench_target(targets.v[i], p, seconds, o->json);
        bench_empty(p, seconds, o->json);
    }
    if (is_chosen(&targets, "i8255x") && !interrupted)
        fine &= bench_card(seconds, o->json);
    return fine ? EXIT_FINE : EXIT_SETUP;
}
