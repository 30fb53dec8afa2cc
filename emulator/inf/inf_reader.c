/*
 * inf_reader <INF> <KMDF minor>: prints the C source of an image's `struct image_inf` (nt/image.h), what the INF says that a kernel sees (W-PNP-73).
 *
 * Of several operating systems and processors that an INF decorates its sections for, the newest for amd64 is taken. HKR means the software key in
 * a DDInstall section, the hardware key in its .HW section, the service key in a service's section.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inf.h"

enum { TYPE_SZ = 1, TYPE_BINARY = 3, TYPE_DWORD = 4, TYPE_MULTI_SZ = 7 };
enum { NO_CLOBBER = 1, DELETES = 2, KEY_ONLY = 4 };

/* ---- Printing values ---- */

static unsigned numbers; /* of names of the output */

static void print_text(const char *text)
{
    putchar('"');
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else if ((unsigned char)*text < 32 || (unsigned char)*text > 126)
            printf("\\%03o", (unsigned char)*text);
        else
            putchar(*text);
    putchar('"');
}

/* One character of UTF-8, which is well formed or taken byte by byte. */
static unsigned next_char(const unsigned char **at)
{
    const unsigned char *p = *at;
    if ((p[0] & 0xe0) == 0xc0 && (p[1] & 0xc0) == 0x80)
        return *at += 2, (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
    if ((p[0] & 0xf0) == 0xe0 && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80)
        return *at += 3, (p[0] & 0xfu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
    return *at += 1, p[0];
}

static unsigned print_number(unsigned long long number, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        printf("%u,", (unsigned)(number >> (8 * i) & 0xff));
    return bytes;
}

static unsigned print_string(const char *text)
{
    unsigned bytes = 0;
    for (const unsigned char *p = (const unsigned char *)text; *p;)
        bytes += print_number(next_char(&p), 2);
    return bytes + print_number(0, 2);
}

static unsigned print_fields(const struct inf_line *line, unsigned from, unsigned type)
{
    unsigned bytes = 0, count = line->count > from ? line->count - from : 0;
    if (type == TYPE_DWORD && count <= 1)
        return print_number(strtoull(inf_field(line, from), NULL, 0), 4);
    if (type == TYPE_SZ || type == 2 || type == TYPE_MULTI_SZ) {
        for (unsigned i = 0; i < count && (i == 0 || type == TYPE_MULTI_SZ); i++)
            if (type != TYPE_MULTI_SZ || inf_field(line, from + i)[0])
                bytes += print_string(inf_field(line, from + i));
        if (type == TYPE_MULTI_SZ || !bytes)
            bytes += print_number(0, 2);
        return bytes;
    }
    int base = type == TYPE_DWORD ? 0 : 16; /* bytes of a binary value are hexadecimal */
    for (unsigned i = 0; i < count; i++)
        bytes += print_number(strtoull(inf_field(line, from + i), NULL, base), 1);
    return bytes;
}

struct entry {
    struct entry *next;
    char *subkey, *name;
    unsigned type, size, flags, data; /* data: number of its array */
};
struct list {
    struct entry *first;
    unsigned count, number;
};

static struct entry *add_entry(struct list *list, const char *subkey, const char *name, unsigned type)
{
    struct entry **at = &list->first, *e = calloc(1, sizeof *e);
    if (!e)
        exit(3);
    while (*at)
        at = &(*at)->next;
    *e = (struct entry){.subkey = inf_join(subkey, "", ""), .name = inf_join(name, "", ""), .type = type, .data = ++numbers};
    *at = e;
    list->count++;
    printf("static const unsigned char data_%u[] = {", numbers);
    return e;
}

static void add_line(struct list *list, const char *name, const struct inf_line *line, unsigned type)
{
    struct entry *e = add_entry(list, "", name, type);
    e->size = print_fields(line, 0, type);
    printf("};\n");
}

/* reg-root, subkey, name, flags, value: flags hold the type in their upper half and bit 0. */
static void add_reg_line(struct list *list, const struct inf_line *line)
{
    unsigned flags = (unsigned)strtoull(inf_field(line, 3), NULL, 0), type = flags >> 16;
    const char *root = inf_field(line, 0), *subkey = inf_field(line, 1);
    if (inf_same(root, "HKLM"))
        subkey = inf_join("\\Machine\\", subkey, "");
    else if (!inf_same(root, "HKR"))
        return;
    if (flags & 1)
        type = type == 0 ? TYPE_BINARY : type == 1 ? TYPE_DWORD : type == 2 ? 0 : type;
    else
        type = type == 0 ? TYPE_SZ : type == 1 ? TYPE_MULTI_SZ : type == 2 ? 2 : type;
    struct entry *e = add_entry(list, subkey, inf_field(line, 2), type);
    e->size = print_fields(line, 4, type);
    e->flags = (flags & 2 ? NO_CLOBBER : 0) | (flags & 4 ? DELETES : 0) | (flags & 0x10 ? KEY_ONLY : 0);
    printf("0};\n");
}

/* The sections that AddReg lines of this one name. */
static void add_reg(struct list *list, const struct inf *inf, const char *section)
{
    const struct inf_section *from = inf_section(inf, section);
    for (const struct inf_line *line = NULL; (line = inf_line(from, "AddReg", line)) != NULL;)
        for (unsigned i = 0; i < line->count; i++) {
            const struct inf_section *values = inf_section(inf, line->field[i]);
            for (const struct inf_line *v = values ? values->lines : NULL; v; v = v->next)
                add_reg_line(list, v);
        }
}

static void print_list(struct list *list)
{
    list->number = ++numbers;
    if (!list->count)
        return;
    printf("static const struct image_inf_value list_%u[] = {\n", list->number);
    for (const struct entry *e = list->first; e; e = e->next) {
        printf("    {");
        print_text(e->subkey);
        printf(", ");
        print_text(e->name);
        printf(", %u, %u, %u, data_%u},\n", e->type, e->size, e->flags, e->data);
    }
    printf("};\n");
}

static void print_use(const struct list *list)
{
    if (list->count)
        printf("{list_%u, %u}", list->number, list->count);
    else
        printf("{0, 0}");
}

/* ---- Decorations ---- */

static bool begins(const char *text, const char *with)
{
    return strlen(text) >= strlen(with) && inf_same(strndup(text, strlen(with)), with);
}

/* How well a TargetOSVersion suits this kernel; 0: not at all, or it is none. "NTamd64.10.0...16299": version and build count. */
static unsigned long suits(const char *decoration)
{
    unsigned long part[5] = {0};
    const char *p = decoration + 2;
    if (!begins(decoration, "NT"))
        return !*decoration;
    bool of_processor = begins(p, "amd64");
    p += of_processor ? 5 : 0;
    if ((*p && *p != '.') || strspn(p, ".0123456789") != strlen(p))
        return 0;
    for (unsigned i = 0; i < 5 && *p == '.'; i++)
        part[i] = strtoul(p + 1, (char **)&p, 10);
    return (of_processor ? 3ul : 2ul) << 40 | (part[0] & 0xff) << 32 | (part[1] & 0xff) << 24 | (part[4] & 0xffffff);
}

/* The best of [Models], [Models.NTamd64] ...: what the line of [Manufacturer] lists. */
static char *models_section(const struct inf_line *manufacturer)
{
    unsigned long best = 1;
    char *name = inf_join(inf_field(manufacturer, 0), "", "");
    for (unsigned i = 1; i < manufacturer->count; i++)
        if (suits(manufacturer->field[i]) > best) {
            best = suits(manufacturer->field[i]);
            name = inf_join(inf_field(manufacturer, 0), ".", manufacturer->field[i]);
        }
    return name;
}

/* The best [name.decoration] that is there; plain if none is. */
static const char *decorated(const struct inf *inf, const char *name)
{
    unsigned long best = 0;
    const char *found = name;
    size_t length = strlen(name);
    for (const struct inf_section *s = inf->sections; s; s = s->next) {
        const char *rest = begins(s->name, name) ? s->name + length : "?";
        unsigned long rank = *rest == '.' || !*rest ? suits(*rest ? rest + 1 : rest) : 0;
        if (rank > best) {
            best = rank;
            found = s->name;
        }
    }
    return found;
}

/* ---- Services, models ---- */

static const char *service_name = "";
static unsigned kmdf_minor;

/* The service that a device's installation associates with it: bit 1 of the flags. The first one of the INF is taken. */
static void add_service(struct list *list, const struct inf *inf, const char *section)
{
    static const struct { const char *directive, *value; unsigned type; } directives[] = {
        {"ServiceType", "Type", TYPE_DWORD}, {"StartType", "Start", TYPE_DWORD}, {"ErrorControl", "ErrorControl", TYPE_DWORD},
        {"ServiceBinary", "ImagePath", 2}, {"DisplayName", "DisplayName", TYPE_SZ}, {"LoadOrderGroup", "Group", TYPE_SZ},
        {"Security", "Security", TYPE_SZ},
    };
    const struct inf_section *services = inf_section(inf, inf_join(section, ".Services", ""));
    for (const struct inf_line *line = NULL; !*service_name && (line = inf_line(services, "AddService", line)) != NULL;) {
        if (!(strtoul(inf_field(line, 1), NULL, 0) & 2))
            continue;
        const struct inf_section *install = inf_section(inf, inf_field(line, 2));
        service_name = inf_field(line, 0);
        for (unsigned i = 0; i < sizeof directives / sizeof directives[0]; i++)
            if (inf_line(install, directives[i].directive, NULL))
                add_line(list, directives[i].value, inf_line(install, directives[i].directive, NULL), directives[i].type);
        add_reg(list, inf, inf_field(line, 2));
    }
}

static void read_wdf(const struct inf *inf, const char *section)
{
    const struct inf_line *line = inf_line(inf_section(inf, inf_join(section, ".Wdf", "")), "KmdfService", NULL);
    const char *version = line ? inf_value(inf_section(inf, inf_field(line, 1)), "KmdfLibraryVersion") : "";
    const char *dot = strchr(version, '.');
    if (dot && !kmdf_minor)
        kmdf_minor = (unsigned)strtoul(dot + 1, NULL, 10);
}

struct model {
    const struct inf_line *line;
    const char *manufacturer;
    struct list device, driver;
    struct model *next;
};

static struct model *read_model(const struct inf *inf, const struct inf_line *line, const char *manufacturer, struct list *service)
{
    struct model *m = calloc(1, sizeof *m);
    if (!m)
        exit(3);
    m->line = line;
    m->manufacturer = manufacturer;
    const char *section = decorated(inf, inf_field(line, 0));
    add_reg(&m->driver, inf, section);
    add_reg(&m->device, inf, inf_join(section, ".HW", ""));
    add_service(service, inf, section);
    read_wdf(inf, section);
    print_list(&m->driver);
    print_list(&m->device);
    return m;
}

static struct model *read_models(const struct inf *inf, struct list *service)
{
    struct model *first = NULL, **at = &first;
    const struct inf_section *manufacturers = inf_section(inf, "Manufacturer");
    for (const struct inf_line *m = manufacturers ? manufacturers->lines : NULL; m; m = m->next) {
        const struct inf_section *models = inf_section(inf, models_section(m));
        for (const struct inf_line *line = models ? models->lines : NULL; line; line = line->next)
            if (line->key && line->count > 1) {
                *at = read_model(inf, line, m->key ? m->key : inf_field(m, 0), service);
                at = &(*at)->next;
            }
    }
    return first;
}

static unsigned print_models(const struct model *first)
{
    unsigned count = 0;
    for (const struct model *m = first; m; m = m->next) {
        printf("static const char *const ids_%u[] = {", count++);
        for (unsigned i = 1; i < m->line->count; i++) {
            print_text(m->line->field[i]);
            printf(", ");
        }
        printf("};\n");
    }
    printf("static const struct image_inf_model models[] = {\n");
    count = 0;
    for (const struct model *m = first; m; m = m->next) {
        printf("    {");
        print_text(m->line->key);
        printf(", ");
        print_text(m->manufacturer);
        printf(", ids_%u, %u, ", count++, m->line->count - 1);
        print_use(&m->device);
        printf(", ");
        print_use(&m->driver);
        printf("},\n");
    }
    printf("};\n");
    return count;
}

/* ---- The whole ---- */

static const char *const structures =
    "struct image_inf_value { const char *subkey, *name; unsigned type, size, flags; const unsigned char *data; };\n"
    "struct image_inf_list { const struct image_inf_value *value; unsigned count; };\n"
    "struct image_inf_model { const char *description, *manufacturer; const char *const *id; unsigned id_count; struct image_inf_list device, driver; };\n"
    "struct image_inf { const char *class_name, *class_guid, *provider, *service_name; unsigned kmdf_minor;\n"
    "    struct image_inf_list service, class_values; const struct image_inf_model *model; unsigned model_count; };\n";

static void print_inf(const struct inf *inf)
{
    const struct inf_section *version = inf_section(inf, "Version");
    const char *texts[] = {inf_value(version, "Class"), inf_value(version, "ClassGuid"), inf_value(version, "Provider")};
    struct list service = {0}, class_values = {0};
    fputs(structures, stdout);
    const struct model *models = read_models(inf, &service);
    add_reg(&class_values, inf, decorated(inf, "ClassInstall32"));
    print_list(&service);
    print_list(&class_values);
    unsigned count = print_models(models);
    printf("extern const struct image_inf irpfuzz_image_inf;\nconst struct image_inf irpfuzz_image_inf = {");
    for (unsigned i = 0; i < 3; i++) {
        print_text(texts[i]);
        printf(", ");
    }
    print_text(service_name);
    printf(", %u, ", kmdf_minor);
    print_use(&service);
    printf(", ");
    print_use(&class_values);
    printf(", models, %u};\n", count);
}

static unsigned char *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    unsigned char *bytes = f ? malloc(1 << 20) : NULL;
    *size = bytes ? fread(bytes, 1, 1 << 20, f) : 0;
    if (f)
        fclose(f);
    return bytes;
}

int main(int count, char **argument)
{
    size_t size;
    unsigned char *bytes = count == 3 ? read_file(argument[1], &size) : NULL;
    if (!bytes) {
        fprintf(stderr, "inf_reader: cannot read %s\n", count == 3 ? argument[1] : "without <INF> <KMDF minor>");
        return 2;
    }
    printf("/* Generated by inf_reader from the driver's INF. */\n");
    const struct inf *inf = inf_parse(bytes, size, (unsigned)strtoul(argument[2], NULL, 10));
    if (!inf_section(inf, "Version") || !inf_section(inf, "Manufacturer")) {
        fprintf(stderr, "%s: an INF has the sections Version and Manufacturer\n", argument[1]);
        return 1;
    }
    print_inf(inf);
    return 0;
}
