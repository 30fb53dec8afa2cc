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

uint16_t ddi_name_hash16(const char *name)
{
    uint32_t h = 2166136261u; /* FNV-1a, folded */
    for (; *name; name++)
        h = (h ^ (uint8_t)*name) * 16777619u;
    return (uint16_t)(h >> 16 ^ h);
}

uint16_t ddi_by_hash16(uint16_t hash16)
{
    static uint16_t map[65536];
    static bool ready;
    if (!ready) {
        for (unsigned i = ddi_count; i-- > 1;)
            map[ddi_name_hash16(ddi_table[i].name)] = (uint16_t)i;
        ready = true;
    }
    return map[hash16];
}
