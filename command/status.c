/* The state of a fuzzing run: a block redrawn on a terminal, else a line per target every ten seconds; at the end a table. */
#include <stdio.h>

#include "command.h"
#include "fuzz.h"
#include "json.h"

#define EVERY_TERMINAL 0.5
#define EVERY_LOG 10.0

void status_clear(struct status *status)
{
    if (status->lines)
        printf("\033[%uA\033[J", status->lines);
    status->lines = 0;
}

static cJSON *to_json(const struct campaign *c, const char *event)
{
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "event", event);
    cJSON_AddStringToObject(line, "target", c->target);
    cJSON_AddStringToObject(line, "sanitizer", c->sanitizer);
    cJSON_AddNumberToObject(line, "executions", (double)(long long)c->shown);
    cJSON_AddNumberToObject(line, "rate", (double)(long long)c->rate);
    cJSON_AddNumberToObject(line, "coverage", c->coverage);
    cJSON_AddNumberToObject(line, "corpus", c->corpus);
    cJSON_AddNumberToObject(line, "findings", c->found_count);
    return line;
}

static void print_line(const struct campaign *c)
{
    char executions[16], rate[16];
    int left = c->left > 0 ? (int)c->left : 0;
    printf("  %-20s %9s lives  %7s/s  coverage %-5u corpus %-5u findings %-3u", c->target, short_number(c->shown, executions),
           short_number(c->rate, rate), c->coverage, c->corpus, c->found_count);
    if (c->running)
        printf(" %d:%02d left\n", left / 60, left % 60);
    else
        printf(" %s\n", c->seconds > 0 ? "done" : "waiting");
}

void status_show(struct status *status, bool now_please)
{
    double time = now();
    if (!now_please && time - status->last < (status->terminal ? EVERY_TERMINAL : EVERY_LOG))
        return;
    status->last = time;
    if (status->terminal)
        status_clear(status);
    for (unsigned i = 0; i < status->count; i++) {
        struct campaign *c = &status->campaigns[i];
        if (!status->terminal && !c->running)
            continue;
        if (status->json)
            json_print(to_json(c, "status"));
        else
            print_line(c);
        status->lines += status->terminal && !status->json;
    }
    fflush(stdout);
}

void status_summary(struct status *status, double seconds)
{
    char executions[16], rate[16];
    status_clear(status);
    if (!status->json)
        printf("\n  %-20s %-10s %10s %9s %9s %8s %9s\n", "target", "sanitizer", "lives", "lives/s", "coverage", "corpus", "findings");
    for (unsigned i = 0; i < status->count; i++) {
        struct campaign *c = &status->campaigns[i];
        c->rate = c->seconds > 0 ? c->shown / c->seconds : 0; /* for each worker */
        if (status->json) {
            json_print(to_json(c, "summary"));
            continue;
        }
        printf("  %-20s %-10s %10s %9s %9u %8u %9u\n", c->target, c->sanitizer, short_number(c->shown, executions),
               short_number(c->rate, rate), c->coverage, c->corpus, c->found_count);
    }
    if (!status->json)
        printf("\n  %.0f seconds; lives/s is for one worker process\n", seconds);
    fflush(stdout);
}
