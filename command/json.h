/* One JSON object a line on stdout. */
#ifndef COMMAND_JSON_H
#define COMMAND_JSON_H

#include <cjson/cJSON.h>

/* Prints and deletes it. */
void json_print(cJSON *object);
/* A member as a number or string; what is not there is 0 or NULL. */
double json_number(const cJSON *object, const char *name);
const char *json_string(const cJSON *object, const char *name);
/* The first line of the words that is an object; NULL if none is. cJSON_Delete() it. */
cJSON *json_line(const char *words);

#endif
