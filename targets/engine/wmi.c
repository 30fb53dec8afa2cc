/*
 * An app as WMI's client, of a device of the tree. On Windows it comes in through the service's own device; what the driver gets is the same.
 *
 * Kernel side, app threads.
 */
#include "win32/win32.h"

#include "devices.h"
#include "life.h"

_Static_assert((int)WMI_QUERY_ALL == WMI_CALL_QUERY_ALL && (int)WMI_METHOD == WMI_CALL_METHOD && (int)WMI_ENABLE_EVENTS == WMI_CALL_ENABLE_EVENTS &&
                   (int)WMI_VERBS == WMI_CALL_OPERATIONS, "the verbs of a record are the kernel's");
_Static_assert((uint32_t)STATUS_WMI_GUID_NOT_FOUND == WMI_NO_SUCH_CLASS && (uint32_t)STATUS_WMI_READ_ONLY == WMI_READ_ONLY &&
                   (uint32_t)STATUS_WMI_GUID_DISCONNECTED == WMI_PROVIDER_GONE && (uint32_t)STATUS_DELETE_PENDING == WMI_DELETE_PENDING,
               "statuses have their values");

void life_ask_wmi(struct wmi_request *r, uint8_t slot)
{
    struct wmi_call call = {.guid = (const GUID *)&target.wmi[r->class].id, .operation = r->verb, .instance = r->instance, .id = r->id, .in = r->in,
                            .in_size = r->in_length, .out = r->out, .out_size = r->out_length};
    user_enter(DDI_WmiRequest, r->verb, r->class);
    NTSTATUS status = STATUS_WMI_GUID_NOT_FOUND;
    call.pdo = devices_pdo(slot); /* behind the gate: nobody takes it away before it is used */
    if (call.pdo) {
        r->device = devices_number(call.pdo);
        r->disturbed = life_device_disturbance(r->device);
        status = wmi_call(&call);
        r->disturbed |= life_device_disturbance(r->device);
    }
    r->status = (uint32_t)status;
    r->returned = call.returned;
    user_leave(r->status);
}
