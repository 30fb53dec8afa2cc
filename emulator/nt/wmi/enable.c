/* See wmi.h: IRP_MN_ENABLE_EVENTS, DISABLE_EVENTS, ENABLE_COLLECTION, DISABLE_COLLECTION (W-WMI-2, W-WMI-6). */
#include "wmi.h"

/* Only blocks that are expensive to collect hear of collection. */
static bool is_wanted(const struct wmi_guid *g, enum wmi_switch what)
{
    if (g->removed || (what == WMI_COLLECTION && !(g->flags & WMIREG_FLAG_EXPENSIVE)))
        return false;
    return g->asked_for[what] || wmi_is_wanted(&g->guid, what);
}

static NTSTATUS tell(struct wmi_provider *p, struct wmi_guid *g, enum wmi_switch what, bool enable)
{
    static const UCHAR minor[WMI_SWITCHES][2] = {{IRP_MN_DISABLE_EVENTS, IRP_MN_ENABLE_EVENTS}, {IRP_MN_DISABLE_COLLECTION, IRP_MN_ENABLE_COLLECTION}};
    WNODE_HEADER *wnode = wmi_wnode(&g->guid, 0, sizeof *wnode, sizeof *wnode);
    if (!wnode)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (what == WMI_EVENTS)
        g->ever_enabled |= enable; /* the provider may send from within the IRP */
    NTSTATUS status = wmi_send(p, minor[what][enable], &g->guid, sizeof *wnode, wnode, NULL);
    wmi_free_wnode(wnode);
    return status;
}

/* Who comes while somebody else is at it leaves it to them. */
NTSTATUS wmi_settle(struct wmi_provider *p, struct wmi_guid *g, enum wmi_switch what)
{
    NTSTATUS status = STATUS_SUCCESS;
    if (g->telling[what])
        return status;
    g->telling[what] = true;
    for (bool wanted; !p->gone && (wanted = is_wanted(g, what)) != g->told[what];) {
        if (g->removed) {
            g->told[what] = false; /* nobody is there to be told */
            break;
        }
        g->told[what] = wanted;
        status = tell(p, g, what, wanted);
    }
    g->telling[what] = false;
    return status;
}

void wmi_settle_all(const GUID *guid, enum wmi_switch what)
{
    for (struct wmi_provider *p = wmi_provider_next(NULL); p; p = wmi_provider_next(p)) {
        struct wmi_guid *g = wmi_guid_of(p, guid);
        if (g)
            wmi_settle(p, g, what);
    }
}
