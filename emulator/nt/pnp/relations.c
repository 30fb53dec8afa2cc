/*
 * See pnp.h: removal and ejection relations (W-PNP-53, 54). Who is asked whether a device may go is asked as well for the devices that have to go with
 * it; they are remembered until it is removed, or the question is taken back.
 */
#include "pnp.h"

struct pair {
    struct pair *next;
    struct devnode *of, *related;
};

static struct pair *pairs;

void pnp_relations_boot(void) { pairs = NULL; }

static bool is_below(const struct devnode *node, const struct devnode *above)
{
    while (node && node != above)
        node = node->parent;
    return node != NULL;
}

struct devnode *pnp_related(const struct devnode *of, const struct devnode *after)
{
    bool found = !after;
    for (struct pair *p = pairs; p; p = p->next) {
        if (p->of != of)
            continue;
        if (found)
            return p->related;
        found = p->related == after;
    }
    return NULL;
}

/* One that goes because of a third already, or is asked already, is not asked again: two may name each other. */
static bool is_news(const struct devnode *of, const struct devnode *related)
{
    if (!related || is_below(of, related))
        return false;
    for (struct pair *p = pairs; p; p = p->next)
        if (p->related == related || p->of == related)
            return false;
    return true;
}

static void note(struct devnode *of, struct devnode *related)
{
    struct pair **at = &pairs, *p = ex_system_alloc(sizeof *p);
    if (!p)
        bugcheck(OWN_OUT_OF_RESOURCES, 0, 0, 0, 0, NULL, "no memory for the relations of a device");
    *p = (struct pair){NULL, of, related};
    while (*at)
        at = &(*at)->next;
    *at = p;
}

void pnp_note_relations(struct devnode *node, DEVICE_RELATION_TYPE type)
{
    DEVICE_RELATIONS *relations;
    pnp_query_relations(node, type, &relations);
    for (ULONG i = 0; relations && i < relations->Count; i++) {
        struct devnode *related = pnp_devnode_of(relations->Objects[i]);
        if (type == RemovalRelations && related && related != node && is_below(related, node))
            bugcheck(OWN_RULE, device_number(node->pdo), device_number(related->pdo), 0, 0, "W-PNP-53",
                     "device #%u names its own child #%u in its removal relations: children go with it anyway", device_number(node->pdo),
                     device_number(related->pdo));
        if (is_news(node, related))
            note(node, related);
        ob_dereference(relations->Objects[i]);
    }
    if (relations)
        ex_free_with_tag(relations, 0, NULL);
}

void pnp_forget_relations(const struct devnode *node)
{
    for (struct pair **at = &pairs, *p; (p = *at) != NULL;) {
        if (p->of != node && p->related != node) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        ex_system_free(p);
    }
}
