/* From the bytes of an INF to sections and lines (inf.h). */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inf.h"

static void *keep(size_t size)
{
    void *memory = calloc(1, size ? size : 1);
    if (!memory) {
        fprintf(stderr, "inf_reader: no memory\n");
        exit(3);
    }
    return memory;
}

bool inf_same(const char *a, const char *b)
{
    while (*a && tolower((unsigned char)*a) == tolower((unsigned char)*b))
        a++, b++;
    return tolower((unsigned char)*a) == tolower((unsigned char)*b);
}

char *inf_join(const char *a, const char *b, const char *c)
{
    char *out = keep(strlen(a) + strlen(b) + strlen(c) + 1);
    strcat(strcat(strcpy(out, a), b), c);
    return out;
}

static char *copy_of(const char *text, size_t length)
{
    char *out = keep(length + 1);
    memcpy(out, text, length);
    return out;
}

/* ---- Bytes to text ---- */

static char *from_utf16(const unsigned char *bytes, size_t size)
{
    char *out = keep(size * 3 / 2 + 4), *p = out;
    for (size_t i = 2; i + 1 < size; i += 2) {
        unsigned c = bytes[i] | (unsigned)bytes[i + 1] << 8;
        if (c < 0x80) {
            *p++ = (char)c;
        } else if (c < 0x800) {
            *p++ = (char)(0xc0 | c >> 6);
            *p++ = (char)(0x80 | (c & 0x3f));
        } else {
            *p++ = (char)(0xe0 | c >> 12);
            *p++ = (char)(0x80 | (c >> 6 & 0x3f));
            *p++ = (char)(0x80 | (c & 0x3f));
        }
    }
    return out;
}

static char *replaced(char *text, const char *what, const char *with)
{
    for (char *at; (at = strstr(text, what)) != NULL;) {
        *at = 0;
        text = inf_join(text, with, at + strlen(what));
    }
    return text;
}

static char *text_of(const unsigned char *bytes, size_t size, unsigned kmdf_minor)
{
    char version[16];
    bool wide = size >= 2 && bytes[0] == 0xff && bytes[1] == 0xfe, marked = size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0;
    char *text = wide ? from_utf16(bytes, size) : copy_of((const char *)bytes + (marked ? 3 : 0), size - (marked ? 3 : 0));
    snprintf(version, sizeof version, "1.%u", kmdf_minor);
    return replaced(replaced(text, "$ARCH$", "amd64"), "$KMDFVERSION$", version);
}

/* ---- Lines ---- */

/* The end of the line's own text: before a comment, blanks and a backslash that continues it. */
static size_t own_length(const char *line, size_t length, bool *continues)
{
    bool quoted = false;
    size_t n = 0;
    for (; n < length && (quoted || line[n] != ';'); n++)
        quoted ^= line[n] == '"';
    while (n && isspace((unsigned char)line[n - 1]))
        n--;
    *continues = n && line[n - 1] == '\\' && (n == 1 || isspace((unsigned char)line[n - 2]) || line[n - 2] == ',');
    return n - *continues;
}

/* The next logical line, its comments gone; NULL at the end. */
static char *next_line(const char **at)
{
    char *line = NULL;
    bool continues = true;
    while (continues && **at) {
        size_t length = strcspn(*at, "\n"), own = own_length(*at, length, &continues);
        char *part = copy_of(*at, own);
        line = line ? inf_join(line, part, "") : part;
        *at += length + ((*at)[length] == '\n');
    }
    return line;
}

static char *trimmed(const char *text, size_t length)
{
    while (length && isspace((unsigned char)*text))
        text++, length--;
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    return copy_of(text, length);
}

/* Quotes go, a doubled one inside becomes one. */
static char *unquoted(const char *text)
{
    char *out = keep(strlen(text) + 1), *p = out;
    bool quoted = false;
    for (; *text; text++) {
        if (*text == '"' && quoted && text[1] == '"')
            *p++ = *text++;
        else if (*text == '"')
            quoted = !quoted;
        else
            *p++ = *text;
    }
    return out;
}

static size_t until(const char *text, char end)
{
    bool quoted = false;
    size_t n = 0;
    for (; text[n] && (quoted || text[n] != end); n++)
        quoted ^= text[n] == '"';
    return n;
}

static struct inf_line *parse_line(const char *text)
{
    struct inf_line *line = keep(sizeof *line);
    size_t equals = until(text, '=');
    if (text[equals]) {
        line->key = unquoted(trimmed(text, equals));
        text += equals + 1;
    }
    line->field = keep((strlen(text) + 2) * sizeof *line->field);
    for (bool more = true; more;) {
        size_t n = until(text, ',');
        line->field[line->count++] = unquoted(trimmed(text, n));
        more = text[n] == ',';
        text += n + more;
    }
    return line;
}

static struct inf_section *section_of(struct inf *inf, const char *name)
{
    struct inf_section **at = &inf->sections;
    while (*at && !inf_same((*at)->name, name))
        at = &(*at)->next;
    if (!*at) {
        *at = keep(sizeof **at);
        (*at)->name = inf_join(name, "", "");
    }
    return *at;
}

static void add_line(struct inf_section *section, struct inf_line *line)
{
    struct inf_line **at = &section->lines;
    while (*at)
        at = &(*at)->next;
    *at = line;
}

/* ---- %names% ---- */

static const char *directory(const char *number)
{
    static const struct { const char *number, *path; } known[] = {
        {"10", "\\SystemRoot"}, {"11", "\\SystemRoot\\System32"}, {"12", "\\SystemRoot\\System32\\drivers"},
        {"13", "\\SystemRoot\\System32\\DriverStore\\FileRepository"},
    };
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].number, number) == 0)
            return known[i].path;
    return NULL;
}

static const char *meaning(const struct inf *inf, const char *name)
{
    const struct inf_section *strings = inf_section(inf, "Strings");
    const struct inf_line *line = strings ? inf_line(strings, name, NULL) : NULL;
    return line ? inf_field(line, 0) : directory(name);
}

static char *resolved(const struct inf *inf, const char *text)
{
    char *out = inf_join("", "", "");
    while (*text) {
        size_t plain = strcspn(text, "%");
        out = inf_join(out, copy_of(text, plain), "");
        text += plain;
        if (!*text)
            break;
        size_t length = strcspn(text + 1, "%");
        const char *means = text[length + 1] ? meaning(inf, copy_of(text + 1, length)) : NULL;
        if (length == 0 && text[1] == '%')
            means = "%";
        if (!means) {
            out = inf_join(out, "%", "");
            text++;
            continue;
        }
        out = inf_join(out, means, "");
        text += length + 2;
    }
    return out;
}

static void resolve(struct inf *inf)
{
    for (struct inf_section *s = inf->sections; s; s = s->next)
        for (struct inf_line *line = inf_same(s->name, "Strings") ? NULL : s->lines; line; line = line->next) {
            line->key = line->key ? resolved(inf, line->key) : NULL;
            for (unsigned i = 0; i < line->count; i++)
                line->field[i] = resolved(inf, line->field[i]);
        }
}

struct inf *inf_parse(const unsigned char *bytes, size_t size, unsigned kmdf_minor)
{
    struct inf *inf = keep(sizeof *inf);
    struct inf_section *section = NULL;
    const char *at = text_of(bytes, size, kmdf_minor);
    for (char *line; (line = next_line(&at)) != NULL;) {
        line = trimmed(line, strlen(line));
        if (line[0] == '[')
            section = section_of(inf, trimmed(line + 1, strcspn(line + 1, "]")));
        else if (line[0] && section)
            add_line(section, parse_line(line));
    }
    resolve(inf);
    return inf;
}

/* ---- Looking ---- */

const struct inf_section *inf_section(const struct inf *inf, const char *name)
{
    const struct inf_section *s = inf->sections;
    while (s && !inf_same(s->name, name))
        s = s->next;
    return s;
}

const struct inf_line *inf_line(const struct inf_section *section, const char *key, const struct inf_line *after)
{
    const struct inf_line *line = after ? after->next : section ? section->lines : NULL;
    while (line && (!line->key || !inf_same(line->key, key)))
        line = line->next;
    return line;
}

const char *inf_field(const struct inf_line *line, unsigned n) { return line && n < line->count ? line->field[n] : ""; }
const char *inf_value(const struct inf_section *section, const char *key) { return inf_field(inf_line(section, key, NULL), 0); }
