/*
 * A reader of Windows driver INF files (.inf, .inx), for what a kernel sees of an installation (W-PNP-73). Host world, run when a driver is built.
 *
 * An INF is sections of lines, a line is fields: [key =] field, field, ... inf_parse() resolves %strings%, directory numbers, quotes, continued lines and
 * comments, so that its users see text. Names are compared without regard to case.
 */
#ifndef INF_INF_H
#define INF_INF_H

#include <stdbool.h>
#include <stddef.h>

struct inf_line {
    struct inf_line *next;
    char *key;              /* before the '=', NULL: none */
    char **field;
    unsigned count;
};

struct inf_section {
    struct inf_section *next;
    char *name;
    struct inf_line *lines;
};

struct inf {
    struct inf_section *sections;
};

/* The text is UTF-8, or UTF-16 with a byte order mark; $ARCH$ is amd64, $KMDFVERSION$ is 1.<minor>. Ends the process on no memory. */
struct inf *inf_parse(const unsigned char *bytes, size_t size, unsigned kmdf_minor);
const struct inf_section *inf_section(const struct inf *inf, const char *name);
/* The first line with that key, and the next; after NULL: from the beginning. */
const struct inf_line *inf_line(const struct inf_section *section, const char *key, const struct inf_line *after);
/* Field n of a line, "" where there is none. */
const char *inf_field(const struct inf_line *line, unsigned n);
/* The first field behind a key, "" where there is none. */
const char *inf_value(const struct inf_section *section, const char *key);
bool inf_same(const char *a, const char *b);
/* Text in memory of its own: a, b and c in a row. */
char *inf_join(const char *a, const char *b, const char *c);

#endif
