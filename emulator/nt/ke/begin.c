/* ke's and ex's part of a boot. */
#include "ke.h"

void ex_work_begin(void);

void ke_begin(void)
{
    ke_thread_begin();
    ke_timer_begin();
    ke_dpc_begin();
    ke_lock_begin();
    ex_work_begin();
}
