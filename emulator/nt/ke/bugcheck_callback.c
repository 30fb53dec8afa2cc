/*
 * Bug-check callbacks (V-GEN-31): what a driver wants to do to its device when the system dies. They run at HIGH_LEVEL, the youngest first, before a bug check
 * that a driver asks for; a bug check that the emulator raises has found the machine in a state in which no more code of a driver may run.
 */
#include "ke.h"

enum { RECORD_EMPTY, RECORD_INSERTED, RECORD_STARTED, RECORD_USABLE, RECORD_FINISHED }; /* KBUGCHECK_BUFFER_DUMP_STATE */

static LIST_ENTRY callbacks;

void ke_bugcheck_callbacks_boot(void) { InitializeListHead(&callbacks); }

static KBUGCHECK_CALLBACK_RECORD *record_at(LIST_ENTRY *entry) { return CONTAINING_RECORD(entry, KBUGCHECK_CALLBACK_RECORD, Entry); }

void ke_bugcheck_callbacks_run(void)
{
    while (!IsListEmpty(&callbacks)) {
        KBUGCHECK_CALLBACK_RECORD *record = record_at(RemoveHeadList(&callbacks));
        record->State = RECORD_STARTED;
        current_ctx->irql = IRQL_HIGH;
        struct callback_frame frame;
        callback_enter(&frame, DDI_BugCheckCallback, (const void *)record->CallbackRoutine, NULL);
        record->CallbackRoutine(record->Buffer, record->Length);
        callback_leave(&frame, 0);
        record->State = RECORD_FINISHED;
    }
}

void ke_bugcheck_callbacks_check_unloaded(const struct nt_driver *driver)
{
    for (LIST_ENTRY *e = callbacks.Flink; e != &callbacks; e = e->Flink)
        if (io_driver_of_code((const void *)record_at(e)->CallbackRoutine) == driver)
            bugcheck(0xCE, 0, 0, 0, 0, "V-UNL-7", "a driver was unloaded and is still registered for a bug-check callback");
}

BOOLEAN KeRegisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD CallbackRecord, PKBUGCHECK_CALLBACK_ROUTINE CallbackRoutine, PVOID Buffer, ULONG Length,
                                   PUCHAR Component)
{
    gate_enter(DDI_KeRegisterBugCheckCallback, 0, Length);
    BOOLEAN done = CallbackRecord->State == RECORD_EMPTY;
    if (done) {
        CallbackRecord->CallbackRoutine = CallbackRoutine;
        CallbackRecord->Buffer = Buffer;
        CallbackRecord->Length = Length;
        CallbackRecord->Component = Component;
        CallbackRecord->State = RECORD_INSERTED;
        InsertHeadList(&callbacks, &CallbackRecord->Entry);
    }
    gate_leave(done);
    return done;
}

BOOLEAN KeDeregisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD CallbackRecord)
{
    gate_enter(DDI_KeDeregisterBugCheckCallback, 0, 0);
    BOOLEAN done = CallbackRecord->State == RECORD_INSERTED;
    if (done) {
        RemoveEntryList(&CallbackRecord->Entry);
        CallbackRecord->State = RECORD_EMPTY;
    }
    gate_leave(done);
    return done;
}
