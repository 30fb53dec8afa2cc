/* Names of DDIs and their hashes, see gate.h. Apart from the gate, so that tools which run no life can have them. */
#include <string.h>

#include "gate.h"

uint16_t ddi_by_name(const char *name)
{
    for (unsigned i = 1; i < ddi_count; i++)
        if (!strcmp(ddi_table[i].name, name))
            return (uint16_t)i;
    return 0;
}

static uint16_t raw_hash16(const char *name)
{
    uint32_t h = 2166136261u; /* FNV-1a, folded */
    for (; *name; name++)
        h = (h ^ (uint8_t)*name) * 16777619u;
    return (uint16_t)(h >> 16 ^ h);
}

static struct {
    bool ready;
    uint16_t ddi[65536];  /* by hash; 0 none */
    uint16_t hash[65536]; /* by DDI */
} names;

/* Of two names with one hash the later one in the table has the next hash that is nobody's. */
static void make_names(void)
{
    static uint8_t wanted[65536];
    for (unsigned i = 1; i < ddi_count; i++)
        wanted[raw_hash16(ddi_table[i].name)] = 1;
    for (unsigned i = 1; i < ddi_count; i++) {
        uint16_t h = raw_hash16(ddi_table[i].name);
        if (names.ddi[h])
            while (names.ddi[h] || wanted[h])
                h++;
        names.ddi[h] = (uint16_t)i;
        names.hash[i] = h;
    }
    names.ready = true;
}

uint16_t ddi_hash16(uint16_t ddi)
{
    if (!names.ready)
        make_names();
    return names.hash[ddi];
}

uint16_t ddi_name_hash16(const char *name)
{
    uint16_t ddi = ddi_by_name(name);
    return ddi ? ddi_hash16(ddi) : raw_hash16(name);
}

uint16_t ddi_by_hash16(uint16_t hash16)
{
    if (!names.ready)
        make_names();
    return names.ddi[hash16];
}
