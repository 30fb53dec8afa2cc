/* The packaged cfgmgr32.h with the functions of notifications, which it has the types for. */
#ifndef IRPFUZZ_UM_CFGMGR32_H
#define IRPFUZZ_UM_CFGMGR32_H

#include_next <cfgmgr32.h>

#if WINVER >= 0x0602
#ifdef __cplusplus
extern "C" {
#endif
CMAPI CONFIGRET WINAPI CM_Register_Notification(PCM_NOTIFY_FILTER pFilter, PVOID pContext, PCM_NOTIFY_CALLBACK pCallback, PHCMNOTIFICATION pNotifyContext);
CMAPI CONFIGRET WINAPI CM_Unregister_Notification(HCMNOTIFICATION NotifyContext);
#ifdef __cplusplus
}
#endif
#endif

#endif
