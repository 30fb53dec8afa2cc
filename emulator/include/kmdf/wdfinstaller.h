/*
 * wdfinstaller.h - the structure and the names by which an installation program drives the framework's
 * co-installer. Included by user mode programs, without wdf.h; declares no DDI (K-API-5).
 */
#pragma once

typedef struct _WDF_COINSTALLER_INSTALL_OPTIONS {
    ULONG Size;
    BOOL ShowRebootUI;
} WDF_COINSTALLER_INSTALL_OPTIONS, *PWDF_COINSTALLER_INSTALL_OPTIONS;

static inline VOID WDF_COINSTALLER_INSTALL_OPTIONS_INIT(PWDF_COINSTALLER_INSTALL_OPTIONS ClientOptions)
{
    memset(ClientOptions, 0, sizeof(*ClientOptions));
    ClientOptions->Size = sizeof(*ClientOptions);
}

typedef ULONG(WINAPI *PFN_WDFPREDEVICEINSTALLEX)(LPCWSTR InfPath, LPCWSTR InfSectionName,
                                                 PWDF_COINSTALLER_INSTALL_OPTIONS ClientOptions);
typedef ULONG(WINAPI *PFN_WDFPREDEVICEINSTALL)(LPCWSTR InfPath, LPCWSTR InfSectionName);
typedef ULONG(WINAPI *PFN_WDFPOSTDEVICEINSTALL)(LPCWSTR InfPath, LPCWSTR InfSectionName);
typedef ULONG(WINAPI *PFN_WDFPREDEVICEREMOVE)(LPCWSTR InfPath, LPCWSTR InfSectionName);
typedef ULONG(WINAPI *PFN_WDFPOSTDEVICEREMOVE)(LPCWSTR InfPath, LPCWSTR InfSectionName);
