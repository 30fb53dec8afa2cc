/* Entries of the system's error log (W-DRV-21): allocated, filled in by the driver, written or given back. */
#include "io.h"

PVOID IoAllocateErrorLogEntry(PVOID IoObject, UCHAR EntrySize)
{
    gate_enter(DDI_IoAllocateErrorLogEntry, trace_object(IoObject), EntrySize);
    void *entry = NULL;
    if (!ob_is_live(IoObject))
        bugcheck(OWN_RULE, 0, 0, 0, 0, "W-DRV-21", "IoAllocateErrorLogEntry for something that is neither a device nor a driver object");
    if (EntrySize >= sizeof(IO_ERROR_LOG_PACKET) && EntrySize <= ERROR_LOG_MAXIMUM_SIZE && !choose_fault(DDI_IoAllocateErrorLogEntry))
        entry = block_alloc_zero(ARENA_KERNEL, BLOCK_ERRORLOG, EntrySize, 'rEoI', CALLER);
    if (entry)
        block_of(entry)->owner = io_driver_of_code(CALLER);
    gate_leave(trace_object(entry));
    return entry;
}

static void release(void *entry, const char *ddi)
{
    if (!memory_is_kernel(entry) || !block_is(block_of(entry)) || block_of(entry)->use != BLOCK_ERRORLOG || block_of(entry)->state != BLOCK_LIVE)
        bugcheck(OWN_RULE, 0, 0, 0, 0, "W-DRV-21", "%s on something that is no entry of the error log, or is written or freed already", ddi);
    block_free(entry, NULL);
}

VOID IoWriteErrorLogEntry(PVOID ElEntry)
{
    gate_enter(DDI_IoWriteErrorLogEntry, trace_object(ElEntry), 0);
    release(ElEntry, "IoWriteErrorLogEntry");
    gate_leave(0);
}

VOID IoFreeErrorLogEntry(PVOID ElEntry)
{
    gate_enter(DDI_IoFreeErrorLogEntry, trace_object(ElEntry), 0);
    release(ElEntry, "IoFreeErrorLogEntry");
    gate_leave(0);
}
