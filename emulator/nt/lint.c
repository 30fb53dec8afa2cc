/* What a driver of today should not call: lints (machine_lints), silent unless asked for. */
#include "nt.h"

void lint_obsolete(const char *ddi, const char *instead)
{
    if (machine_lints & LINT_OBSOLETE)
        bugcheck(OWN_RULE, 0, 0, 0, 0, "V-MSC-8", "%s is obsolete: %s is meant", ddi, instead);
}

/* Apps may call them; so may the emulator. */
void lint_string(const char *routine, const void *caller)
{
    if (machine_lints & LINT_STRING && io_driver_of_code(caller))
        bugcheck(OWN_RULE, 0, 0, 0, 0, "V-SEC-9", "%s knows not how large its buffer is: RtlStringCb or RtlStringCch routines are meant", routine);
}

/*
 * The narrow ones are the host's, whose sanitizer interceptors are wanted: the linker puts these in front of them (--wrap, emulator/CMakeLists.txt).
 */
char *__real_strcpy(char *to, const char *from);
char *__real_strcat(char *to, const char *from);
char *__wrap_strcpy(char *to, const char *from);
char *__wrap_strcat(char *to, const char *from);

char *__wrap_strcpy(char *to, const char *from)
{
    lint_string("strcpy", CALLER);
    return __real_strcpy(to, from);
}

char *__wrap_strcat(char *to, const char *from)
{
    lint_string("strcat", CALLER);
    return __real_strcat(to, from);
}
