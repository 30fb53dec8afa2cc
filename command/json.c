/* See json.h. */
#include "json.h"

#include <stdio.h>
#include <string.h>

void json_print(cJSON *object)
{
    char *line = cJSON_PrintUnformatted(object);
    puts(line ? line : "{}");
    fflush(stdout);
    cJSON_free(line);
    cJSON_Delete(object);
}

double json_number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItem(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : cJSON_IsTrue(item) ? 1 : 0;
}

const char *json_string(const cJSON *object, const char *name) { return cJSON_GetStringValue(cJSON_GetObjectItem(object, name)); }

cJSON *json_line(const char *words)
{
    while (words && *words) {
        const char *end = strchr(words, '\n');
        cJSON *object = *words == '{' ? cJSON_ParseWithLength(words, end ? (size_t)(end - words) : strlen(words)) : NULL;
        if (object)
            return object;
        words = end ? end + 1 : NULL;
    }
    return NULL;
}
