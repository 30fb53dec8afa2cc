/*
 * Resource lists: WDFCMRESLIST (what a device was assigned), WDFIORESLIST (one alternative of what it needs), WDFIORESREQLIST (the alternatives).
 *
 * Each is a list of pointers, to a copy of a descriptor or, in the last, to the alternatives' objects: a descriptor that a driver got stays where it is until
 * its entry goes. What may be done to a list is said by the callback that gets it (K-RES-1).
 */
#ifndef KMDF_RESOURCE_H
#define KMDF_RESOURCE_H

#include "device.h"

struct fx_reslist {
    struct fx_object object;
    void **entry;
    ULONG count, room;
    bool may_add, may_remove;    /* of a WDFIORESLIST: its owner's count */
    bool changed;
    struct fx_reslist *owner;    /* of a WDFIORESLIST */
    INTERFACE_TYPE interface_type; /* of a WDFIORESREQLIST, as the rest */
    ULONG bus, slot;
};

NTSTATUS fx_reslist_new(struct fx_device *device, enum fx_type type, struct fx_object *parent, struct fx_reslist **list);
/* A copy of the descriptor, or the object itself (size 0). index WDF_INSERT_AT_END: last. */
NTSTATUS fx_reslist_insert(struct fx_reslist *list, const void *entry, size_t size, ULONG index);
ULONG fx_reslist_find(const struct fx_reslist *list, const void *entry); /* count: it is not there */

/* What the driver may do, checked on behalf of a DDI: misuse otherwise. */
void fx_reslist_require_add(const struct fx_reslist *list);
void fx_reslist_remove(struct fx_reslist *list, ULONG index); /* removes it: the entry's memory or object as well */

/* To and from what IRPs carry. The results are paged pool, NULL when there is no memory. */
NTSTATUS fx_cm_list_fill(struct fx_reslist *list, const CM_RESOURCE_LIST *from);
CM_RESOURCE_LIST *fx_cm_list_pack(const struct fx_reslist *list, INTERFACE_TYPE interface_type, ULONG bus);
NTSTATUS fx_requirements_fill(struct fx_device *device, struct fx_reslist *list, const IO_RESOURCE_REQUIREMENTS_LIST *from);
IO_RESOURCE_REQUIREMENTS_LIST *fx_requirements_pack(const struct fx_reslist *list);

#endif
