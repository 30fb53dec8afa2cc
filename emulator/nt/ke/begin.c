/* ke's and ex's part of a boot. */
#include "ke.h"

void ex_work_begin(void);
void ex_resource_begin(void);
void ex_lookaside_begin(void);
void ex_pushlock_begin(void);

void ke_begin(void)
{
    ke_thread_begin();
    ke_wait_begin();
    ke_time_begin();
    ke_handles_begin();
    ke_timer_begin();
    ke_dpc_begin();
    ke_lock_begin();
    mutex_order_begin();
    ex_work_begin();
    ex_resource_begin();
    ex_lookaside_begin();
    ex_pushlock_begin();
    ex_timer_begin();
}
