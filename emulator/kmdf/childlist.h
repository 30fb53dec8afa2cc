/* What childlist.c and the DDIs of child lists share. */
#ifndef KMDF_CHILDLIST_H
#define KMDF_CHILDLIST_H

#include "device.h"

struct fx_child_list {
    struct fx_object object;
    struct fx_children set;
    WDF_CHILD_LIST_CONFIG config;
    struct fx_power_part part;
};

typedef PFN_WDF_CHILD_LIST_IDENTIFICATION_DESCRIPTION_COMPARE fx_child_compare;

NTSTATUS fx_child_list_create(struct fx_device *bus, const WDF_CHILD_LIST_CONFIG *config, PWDF_OBJECT_ATTRIBUTES attributes, struct fx_child_list **out);
/* With the set's lock held. `compare` NULL: the list's own. */
struct fx_child *fx_child_list_find(struct fx_child_list *list, PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER id, bool (*wanted)(const struct fx_child *),
                                    fx_child_compare compare);
/* Stores copies; NULL and the status if that failed. */
struct fx_child *fx_child_list_add(struct fx_child_list *list, PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER id,
                                   PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER address, NTSTATUS *status);
bool fx_child_is_dying(const struct fx_child *child);

#endif
