/* Power for apps: the machine sleeps at an app's word (powrprof.dll). */
#include "win32.h"

#define ERROR_PRIVILEGE_NOT_HELD 1314u

/* `force` says nothing since Windows Vista: no app is asked. Who may not shut the machine down may not send it to sleep. */
BOOLEAN SetSuspendState(BOOLEAN hibernate, BOOLEAN force, BOOLEAN wakeup_events_disabled)
{
    (void)force, (void)wakeup_events_disabled;
    user_enter(DDI_SetSuspendState, hibernate, 0);
    BOOL done = FALSE;
    if (process_current()->plain_user)
        error_fail(ERROR_PRIVILEGE_NOT_HELD);
    else
        done = result_of_status(hibernate ? po_suspend(PowerSystemHibernate, PowerActionHibernate) : po_suspend(PowerSystemSleeping3, PowerActionSleep));
    user_leave((uint64_t)done);
    return (BOOLEAN)done;
}
