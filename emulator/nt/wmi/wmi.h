/*
 * Windows Management Instrumentation: who offers data blocks, and who asks for them (W-WMI-1..7). Private to nt/wmi; who stands outside uses nt.h.
 *
 * Principle of operation. A driver registers a device as a provider (IoWMIRegistrationControl); a worker asks it later, with IRP_MN_REGINFO_EX, which data blocks it
 * has. From then on consumers (drivers that opened a block, and an app through wmi_call()) have IRP_MJ_SYSTEM_CONTROL sent to it: to the top of the stack, with the
 * provider's device as ProviderId, so that each driver handles its own and passes on the rest. Events go the other way: a provider hands over a WNODE, a worker tells
 * those who opened the block for notification.
 *
 * Internal design. Providers and opened blocks are lists. What is in use while a context waits in the middle (an IRP to a provider, a callback of a consumer) is
 * pinned; what goes meanwhile is marked and freed by the last pin. A data block's node is freed with its provider only.
 *
 * Files: provider.c registration and the IRPs; reginfo.c what a provider says it has; request.c queries, changes and methods; enable.c events and collection
 * switched on and off; block.c consumers in the kernel; event.c events; names.c instance names; wmilib.c the library for providers.
 *
 * PASSIVE_LEVEL inside the gate, except where it says otherwise.
 */
#ifndef NT_WMI_WMI_H
#define NT_WMI_WMI_H

#include "../io/io.h"
#include <wmistr.h>

#define WMI_TAG 0x20696d57 /* 'Wmi ' */

/* What providers are told of a data block by its enabling. */
enum wmi_switch { WMI_EVENTS, WMI_COLLECTION, WMI_SWITCHES };

/* A data block of one provider. */
struct wmi_guid {
    struct wmi_guid *next;
    GUID guid;
    ULONG flags;                   /* WMIREG_FLAG_* as the provider gave them */
    ULONG instances;
    UNICODE_STRING base;           /* in front of the instance's number; Buffer NULL: there is a list, or names are dynamic */
    UNICODE_STRING *names;         /* one for each instance; NULL: `base` */
    bool removed;                  /* the provider has taken it back */
    bool asked_for[WMI_SWITCHES];  /* by an app: consumers in the kernel are counted by their opened blocks */
    bool told[WMI_SWITCHES];       /* what the provider was told last */
    bool telling[WMI_SWITCHES];    /* a context is at it, and goes on until all is told */
    bool ever_enabled;             /* its events, since it was registered */
};

struct wmi_provider {
    struct wmi_provider *next;
    uint32_t id;                   /* IoWMIDeviceObjectToProviderId */
    PDEVICE_OBJECT device;         /* referenced */
    struct wmi_guid *guids;
    unsigned pins;                 /* who goes on with it after a wait; the list holds none */
    unsigned calls;                /* IRPs under way */
    KEVENT idle;                   /* notification: no IRP is under way */
    bool gone;                     /* deregistered: no more IRPs */
    bool blocked;                  /* WMIREG_ACTION_BLOCK_IRPS */
    bool asks_control;             /* its WMILIB_CONTEXT has a routine that is told of enabling */
    struct ex_work work;
    bool work_queued;
    ULONG query;                   /* what REGINFO is asked for: WMIREGISTER or WMIUPDATE */
};

/* ---- provider.c ---- */

struct wmi_provider *wmi_provider_of(PDEVICE_OBJECT device); /* NULL: not registered */
struct wmi_provider *wmi_provider_by_id(uint32_t id);
/* All that are registered and in the list; a pin on `p` is moved on to the next one. Start with NULL; whoever stops early unpins. */
struct wmi_provider *wmi_provider_next(struct wmi_provider *p);
void wmi_pin(struct wmi_provider *p);
void wmi_unpin(struct wmi_provider *p);
/* The data block, if the provider still has it. */
struct wmi_guid *wmi_guid_of(const struct wmi_provider *p, const GUID *guid);
/* IRP_MJ_SYSTEM_CONTROL, waited for. Information may be NULL. STATUS_WMI_GUID_DISCONNECTED: the provider is going. The caller holds a pin. */
NTSTATUS wmi_send(struct wmi_provider *p, UCHAR minor, PVOID path, ULONG size, PVOID buffer, ULONG_PTR *information);

/* ---- reginfo.c ---- */

/* Asks the provider and takes over what it says. The caller holds a pin. */
void wmi_query_reginfo(struct wmi_provider *p);
void wmi_free_guids(struct wmi_provider *p);

/* ---- enable.c ---- */

/* Tells the provider what it does not know yet about the block; the caller holds a pin. */
NTSTATUS wmi_settle(struct wmi_provider *p, struct wmi_guid *g, enum wmi_switch what);
/* The same for all providers of the block: consumers came or went. */
void wmi_settle_all(const GUID *guid, enum wmi_switch what);

/* ---- request.c ---- */

/* Nonpaged memory for a WNODE of `size` bytes, of which the first `defined` are zero and the rest was never written; NULL on exhaustion. */
WNODE_HEADER *wmi_wnode(const GUID *guid, ULONG flags, ULONG size, ULONG defined);
void wmi_free_wnode(void *wnode);
static inline ULONG wmi_align(ULONG offset) { return (offset + 7) & ~7u; }
/* One instance; wnode has the header and is freed by the caller. On success its contents were checked. */
NTSTATUS wmi_query_instance(struct wmi_provider *p, struct wmi_guid *g, ULONG instance, ULONG room, WNODE_SINGLE_INSTANCE **wnode, ULONG *needed);
/* All instances of one provider, static names included. */
NTSTATUS wmi_query_provider(struct wmi_provider *p, struct wmi_guid *g, ULONG room, WNODE_ALL_DATA **wnode, ULONG *needed);
NTSTATUS wmi_set_instance(struct wmi_provider *p, struct wmi_guid *g, ULONG instance, ULONG version, const void *data, ULONG size);
NTSTATUS wmi_set_item(struct wmi_provider *p, struct wmi_guid *g, ULONG instance, ULONG item, ULONG version, const void *data, ULONG size);
/* *out_size: room in `out`, then what was returned. */
NTSTATUS wmi_method(struct wmi_provider *p, struct wmi_guid *g, ULONG instance, ULONG method, const void *in, ULONG in_size, void *out, ULONG *out_size);

/* ---- names.c ---- */

/* The instance's name in system memory; Buffer NULL: it is dynamic, and not known. */
UNICODE_STRING wmi_instance_name(const struct wmi_guid *g, ULONG instance);
/* Which provider of the block has an instance of this name; pinned. NULL: none. */
struct wmi_provider *wmi_find_instance(const GUID *guid, PCUNICODE_STRING name, ULONG *instance);
void wmi_names_boot(void);

/* ---- block.c ---- */

void wmi_blocks_boot(void);
/* The data block that IoWMIOpenBlock opened. */
const GUID *wmi_block_guid(const void *object, const char *ddi);
/* Does a driver want this of the block: events if it opened it for notification, collection if for queries? */
bool wmi_is_wanted(const GUID *guid, enum wmi_switch what);
/* Calls the consumers that opened the block for its events and have a callback. */
void wmi_tell_consumers(const WNODE_HEADER *wnode);
/* A driver that is unloaded has no block open. */
void wmi_check_closed(const struct nt_driver *driver);

/* ---- wmilib.c ---- */

void wmi_lib_boot(void);

/* ---- event.c ---- */

void wmi_events_boot(void);
/* Copies the event and has it told; the caller keeps its memory. <= DISPATCH_LEVEL. */
NTSTATUS wmi_post_event(const WNODE_HEADER *wnode);

#endif
