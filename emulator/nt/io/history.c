/*
 * What a report tells of the IRPs: first the one it is about, freed or not, then those that live, the latest first.
 *
 * Design. Nothing is kept for this while a machine runs: records outlive their IRPs anyway (irp.c). Which IRP a report is about is found when it is
 * written: by the name that its sentence gives ("IRP #3"), or, where the memory of a block was misused, by the IRP that the block was or whose system
 * buffer it was. If neither tells of a freed one, a handle to one perhaps, those that were freed last are shown too.
 */
#include "io.h"

#define MOST_SHOWN 6
#define FREED_SHOWN 2

/* "IRP #<number>" in the text, and no further digit. */
static bool names(const char *text, uint32_t number)
{
    for (; (text = strstr(text, "IRP #")) != NULL; text += 5) {
        uint64_t n = 0;
        const char *digit = text + 5;
        while (*digit >= '0' && *digit <= '9' && n <= UINT32_MAX)
            n = n * 10 + (uint64_t)(*digit++ - '0');
        if (n == number)
            return true;
    }
    return false;
}

/* Reads the header of a block that may be freed, and poisoned. */
__attribute__((no_sanitize("address", "memory"))) static bool is_block(const void *memory, uint64_t number)
{
    const struct block *b = memory ? block_of(memory) : NULL;
    return b && memory_is_kernel(b) && b->magic == BLOCK_MAGIC && b->number == number;
}

static bool is_about(const struct bugcheck *bug, const struct irp_record *r)
{
    bool memory = bug->code == 0xD5 || bug->code == 0xD6 || bug->code == 0xC1; /* parameter 1 is the block */
    return names(bug->text, r->info.number) ||
           (memory && ((!r->raw && is_block(irp_memory(r), bug->parameter[0])) || is_block(r->system_buffer, bug->parameter[0])));
}

static unsigned show(const struct irp_record *r)
{
    char name[64], owner[120];
    irp_record_name(r, name, sizeof name);
    if (r->live)
        report_line("    %s, owned by %s", name, irp_owner_name(r->irp, owner, sizeof owner));
    else
        report_line("    %s, freed", name);
    irp_write_history(r);
    return 1;
}

static unsigned show_concerned(const struct bugcheck *bug, const struct irp_record *first, unsigned shown)
{
    for (const struct irp_record *r = first; r && shown < MOST_SHOWN; r = r->next)
        if (is_about(bug, r))
            shown += show(r);
    return shown;
}

/* Those that the driver has seen, and that were freed last. */
static void show_freed(void)
{
    unsigned count = 0;
    for (const struct irp_record *r = irp_first_freed_record(); r; r = r->next)
        count++;
    for (const struct irp_record *r = irp_first_freed_record(); r; r = r->next, count--)
        if (count <= FREED_SHOWN)
            show(r);
}

void report_irps(void)
{
    const struct bugcheck *bug = report_bug();
    unsigned freed = show_concerned(bug, irp_first_freed_record(), 0), shown = show_concerned(bug, irp_first_record(), freed);
    const struct irp_record *last = irp_first_record();
    while (last && last->next)
        last = last->next;
    for (const struct irp_record *r = last; r && shown < MOST_SHOWN; r = r->prev)
        if (!is_about(bug, r))
            shown += show(r);
    if (!freed)
        show_freed();
}
