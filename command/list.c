/* `irpfuzz list`. */
#include <stdio.h>
#include <string.h>

#include "bug_list.h"
#include "command.h"
#include "json.h"
#include "targets.h"

static void print_names(const char *what, const char *kind, const struct args *names, bool json)
{
    for (unsigned i = 0; json && i < names->n; i++) {
        cJSON *line = cJSON_CreateObject();
        cJSON_AddStringToObject(line, "kind", kind);
        cJSON_AddStringToObject(line, "name", names->v[i]);
        json_print(line);
    }
    if (json)
        return;
    printf("%s (%u)\n", what, names->n);
    for (unsigned i = 0; i < names->n; i++)
        printf("  %s\n", names->v[i]);
}

static void print_bugs(bool json)
{
    static struct bug bugs[MAX_BUGS];
    unsigned count = bug_list(bugs);
    if (!json)
        printf("Planted bugs (%u)\n", count);
    for (unsigned i = 0; i < count; i++) {
        if (!json) {
            printf("  %-26s %-16s %-8s %s\n", bugs[i].name, bugs[i].target, bugs[i].sanitizer, bugs[i].description);
            continue;
        }
        cJSON *line = cJSON_CreateObject();
        cJSON_AddStringToObject(line, "kind", "bug");
        cJSON_AddStringToObject(line, "name", bugs[i].name);
        cJSON_AddStringToObject(line, "target", bugs[i].target);
        cJSON_AddStringToObject(line, "sanitizer", bugs[i].sanitizer);
        cJSON_AddStringToObject(line, "expected", bugs[i].expected);
        cJSON_AddStringToObject(line, "description", bugs[i].description);
        json_print(line);
    }
}

int command_list(const struct options *o)
{
    struct args targets = {0}, drivers = {0}, apps = {0}, presets = {0};
    all_targets(&targets);
    names_of("drivers/CMakeLists.txt", "add_kernel_driver", &drivers);
    names_of("stress/CMakeLists.txt", "add_stress_app", &apps);
    all_presets(&presets);
    print_names("Targets", "target", &targets, o->json);
    print_names("Drivers", "driver", &drivers, o->json);
    print_names("Apps", "app", &apps, o->json);
    print_names("Presets", "preset", &presets, o->json);
    print_bugs(o->json);
    return EXIT_FINE;
}
