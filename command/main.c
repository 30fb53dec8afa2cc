/*
 * The command line: one table of options, one table of commands with the options each of them takes.
 */
#include "command.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "targets.h"

volatile sig_atomic_t interrupted;
static char working_directory[PATH_MAX];

struct command {
    const char *name;
    int (*run)(const struct options *o);
    const char *keys;         /* of the options it takes */
    const char *arguments;
    bool needs_name;
    const char *what;
    const char *time;         /* what --time means to it */
};

static const struct argp_option all_options[] = {
    {"time", 't', "SECONDS", 0, "How long", 0},
    {"engine", 'e', "ENGINE", 0, "libfuzzer (default) or afl", 0},
    {"sanitizer", 's', "NAME", 0, "address, thread, memory, undefined or none", 0},
    {"jobs", 'j', "N", 0, "Processes at a time (default: one for each core)", 0},
    {"json", 'J', NULL, 0, "Results as JSON, one object a line", 0},
    {"target", 'T', "NAME", 0, "The target, where the path does not tell", 0},
    {"repeat", 'r', "N", 0, "Run each input N times and compare", 0},
    {"trace", 'x', "FORM", 0, "Print what happens: text or json", 0},
    {"diverge", 'd', NULL, 0, "Run each input in several lives and name the first record of the trace that differs", 0},
    {"pcap", 'w', "FILE", 0, "Write the frames of its network cards into a capture file", 0},
    {"output", 'o', "FILE", 0, "Where the result goes", 0},
    {"quick", 'q', NULL, 0, "Only the release build's tests", 0},
    {"threads", 'n', "N", 0, "Threads of the app", 0},
    {"instances", 'i', "M", 0, "Processes of the app at once (default 1)", 0},
    {"schedule", 'S', "free|SEED", 0, "free: host threads; a number: one of the replayable schedules (default free)", 0},
    {"preemptions", 'p', "N", 0, "Up to so many preemptions, 0 to 8 (default 2)", 0},
    {"policy", 'P', "NAME", 0, "exhaustive (default) or pct: random schedules with a known probability", 0},
    {"depth", 'D', "D", 0, "pct: how many orders between contexts a bug needs (default 3)", 0},
    {"runs", 'R', "N", 0, "pct: how many schedules are drawn (default 10000)", 0},
    {"no-reduction", 'N', NULL, 0, "Run schedules that differ only in the order of independent steps, too", 0},
    {"all", 'A', NULL, 0, "Go on behind a bug, and count", 0},
};
enum { ALL_OPTIONS = sizeof all_options / sizeof *all_options };

static const struct command commands[] = {
    {"fuzz", command_fuzz, "tesjJ", "[TARGET..]", false, "Fuzz targets, by name or prefix (default: all of them)", "How long in all (default 60)"},
    {"replay", command_replay, "TsrxdwJ", "FILE..", true, "Run inputs and report what they do", NULL},
    {"show", command_show, "Ts", "FILE..", true, "Print an input as a program", NULL},
    {"assemble", command_assemble, "Tso", "TEXT", true, "Make an input of a program's text", NULL},
    {"minimize", command_minimize, "TstoJ", "FILE", true, "The smallest input that ends in the same report",
     "Stop after so long with what there is (default: no limit)"},
    {"bugs", command_bugs, "tjJ", "[NAME..]", false, "The planted bugs: found, how fast, and as what",
     "How long at most, from the seeds and again from nothing, for each bug (default 60)"},
    {"stress", command_stress, "nitSsJ", "APP [-- ARGUMENT..]", true, "Run a Win32 app against a driver until the time is over", "How long (default 60)"},
    {"explore", command_explore, "pPDRNAtTsJ", "FILE", true, "Run a program under every schedule with at most N preemptions",
     "Stop after so long (default: no limit)"},
    {"coverage", command_coverage, "J", "[TARGET..]", false, "Lines of the drivers that the corpus reaches", NULL},
    {"bench", command_bench, "tJ", "[TARGET..]", false, "Throughput of every target in several builds",
     "How long each target and build is measured (default 3)"},
    {"test", command_test, "qJ", "", false, "The project's tests", NULL},
    {"list", command_list, "J", "", false, "Targets, drivers, apps, presets, planted bugs", NULL},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

/* ---- Services of command.h ---- */

void fail(enum exit_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    fputs("irpfuzz: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(status);
}

char *text(const char *format, ...)
{
    char *out;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&out, format, arguments) < 0)
        fail(EXIT_SETUP, "out of memory");
    va_end(arguments);
    return out;
}

char *user_path(const char *path)
{
    char *whole = *path == '/' ? text("%s", path) : text("%s/%s", working_directory, path);
    char *real = realpath(whole, NULL);
    if (!real)
        real = whole;
    char root[PATH_MAX];
    if (!getcwd(root, sizeof root))
        return real;
    size_t length = strlen(root);
    if (!strncmp(real, root, length) && real[length] == '/')
        return real + length + 1;
    return real;
}

double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

unsigned cores(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (unsigned)count : 1;
}

const char *short_number(double value, char out[16])
{
    if (value < 10000)
        snprintf(out, 16, "%.0f", value);
    else if (value < 1e6)
        snprintf(out, 16, "%.1fk", value / 1e3);
    else
        snprintf(out, 16, "%.2fM", value / 1e6);
    return out;
}

/* ---- Command line ---- */

struct parse {
    const struct command *command;
    struct options *options;
};

static unsigned number_from(struct argp_state *state, const char *option, const char *argument, unsigned least, unsigned most)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(argument, &end, 10);
    if (errno || end == argument || *end || *argument == '-' || value < least || value > most)
        argp_error(state, "--%s %s: give a whole number from %u to %u", option, argument, least, most);
    return (unsigned)value;
}

static unsigned number(struct argp_state *state, const char *option, const char *argument, unsigned most)
{
    return number_from(state, option, argument, 1, most);
}

static const char *word(struct argp_state *state, const char *option, const char *argument, const char *allowed)
{
    size_t length = strlen(argument);
    for (const char *at = allowed; length && (at = strstr(at, argument)); at++)
        if ((at == allowed || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
            return argument;
    argp_error(state, "--%s %s: use one of: %s", option, argument, allowed);
    return NULL;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct parse *parse = state->input;
    struct options *o = parse->options;
    switch (key) {
    case 't': o->time = number(state, "time", argument, 10000000); break;
    case 'j': o->jobs = number(state, "jobs", argument, 1024); break;
    case 'r': o->repeat = number(state, "repeat", argument, 1000000); break;
    case 'i': o->instances = number(state, "instances", argument, 8); break;
    case 'n': o->threads = number(state, "threads", argument, 32); break;
    case 'e': o->engine = word(state, "engine", argument, "libfuzzer afl"); break;
    case 's': o->sanitizer = word(state, "sanitizer", argument, SANITIZER_NAMES); break;
    case 'x': o->trace = word(state, "trace", argument, "text json"); break;
    case 'p': o->preemptions = 1 + number_from(state, "preemptions", argument, 0, 8); break;
    case 'P': o->policy = word(state, "policy", argument, "exhaustive pct"); break;
    case 'D': o->depth = number(state, "depth", argument, 16); break;
    case 'R': o->runs = number(state, "runs", argument, 1000000000); break;
    case 'N': o->no_reduction = true; break;
    case 'A': o->all = true; break;
    case 'T': o->target = argument; break;
    case 'w': o->pcap = argument; break;
    case 'o': o->output = argument; break;
    case 'S': o->schedule = argument; break;
    case 'J': o->json = true; break;
    case 'd': o->diverge = true; break;
    case 'q': o->quick = true; break;
    case ARGP_KEY_ARGS:
        o->names = state->argv + state->next;
        o->name_count = (unsigned)(state->argc - state->next);
        break;
    case ARGP_KEY_END:
        if (parse->command->needs_name && !o->name_count)
            argp_error(state, "nothing given: say %s", parse->command->arguments);
        if (!*parse->command->arguments && o->name_count)
            argp_error(state, "%s: takes no names", o->names[0]);
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static int run_command(const struct command *command, int argc, char **argv)
{
    struct argp_option taken[ALL_OPTIONS + 1];
    unsigned count = 0;
    for (unsigned i = 0; i < ALL_OPTIONS; i++)
        if (strchr(command->keys, all_options[i].key)) {
            taken[count] = all_options[i];
            if (all_options[i].key == 't')
                taken[count].doc = command->time;
            count++;
        }
    memset(&taken[count], 0, sizeof taken[count]);

    struct options options = {.command = command->name};
    struct parse parse = {command, &options};
    struct argp argp = {taken, parse_option, command->arguments, command->what, NULL, NULL, NULL};
    argv[0] = text("irpfuzz %s", command->name);
    argp_parse(&argp, argc, argv, 0, NULL, &parse);
    return command->run(&options);
}

static int usage(void)
{
    puts("irpfuzz fuzzes and stress-tests Windows kernel drivers.\n\nUsage: irpfuzz [COMMAND [OPTION..]]   (without a command: fuzz)\n");
    for (unsigned i = 0; i < COMMANDS; i++)
        printf("  %-9s %-20s %s\n", commands[i].name, commands[i].arguments, commands[i].what);
    puts("\nirpfuzz COMMAND --help tells the options of a command.\n"
         "Exit status: 0 fine, 1 a bug was found (bugs: one was missed), 2 wrong usage, 3 the set-up failed,\n"
         "4 stopped before every schedule was run (explore).");
    return EXIT_FINE;
}

static void on_signal(int signal)
{
    (void)signal;
    interrupted = 1;
}

/* The launcher says where the tree is; the program's own place tells it as well (build/<preset>/command/irpfuzz). */
static void enter_tree(void)
{
    char path[PATH_MAX];
    const char *root = getenv("IRPFUZZ_ROOT");
    if (!getcwd(working_directory, sizeof working_directory))
        fail(EXIT_SETUP, "the working directory is gone: change to one that exists");
    if (!root) {
        if (!realpath("/proc/self/exe", path))
            fail(EXIT_SETUP, "IRPFUZZ_ROOT is not set: start ./irpfuzz at the top of the tree");
        for (int i = 0; i < 4; i++)
            *strrchr(path, '/') = 0;
        root = path;
    }
    if (chdir(root) || access("CMakePresets.json", R_OK))
        fail(EXIT_SETUP, "%s is not the irpfuzz tree: start ./irpfuzz at its top", root);
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    argp_err_exit_status = EXIT_USAGE;
    enter_tree();

    if (argc < 2)
        return run_command(&commands[0], argc, argv);
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
        return usage();
    for (unsigned i = 0; i < COMMANDS; i++)
        if (!strcmp(argv[1], commands[i].name))
            return run_command(&commands[i], argc - 1, argv + 1);
    fail(EXIT_USAGE, "%s is not a command: see irpfuzz --help", argv[1]);
}
