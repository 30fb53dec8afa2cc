/*
 * toastapp: client of a toaster.
 *
 * The load it models is somebody at the toaster's lever: the devices are listed, one is opened, and each key that is pressed is one read. Between two keys the
 * toaster has time to fall asleep, so a key wakes it.
 *
 * What is checked: the toaster that is there can be opened; a read brings no bytes, as toasters do, and ends well; hiding it ends well.
 *
 * Usage: toastapp [-h]. -h hides the toaster first; q ends. Exit status: 0 success, 1 failure or wrong usage.
 */

#include <windows.h>

#include <initguid.h>

#include <setupapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winioctl.h>

#include "../../drivers/toaster/inc/public.h"

#define READ_LENGTH 10
#define MAX_TEXT 256

/* ---- what there is ---- */

static void PrintProperty(HDEVINFO Set, SP_DEVINFO_DATA *Device, const char *Name, DWORD Property)
{
    char Text[MAX_TEXT];

    if (SetupDiGetDeviceRegistryPropertyA(Set, Device, Property, NULL, (BYTE *)Text, sizeof(Text), NULL)) {
        printf("  %s: %s\n", Name, Text);
    }
}

static void PrintDevices(void)
{
    GUID Class = GUID_DEVCLASS_TOASTER;
    HDEVINFO Set = SetupDiGetClassDevsA(&Class, NULL, NULL, DIGCF_PRESENT);
    SP_DEVINFO_DATA Device;
    char Id[MAX_TEXT];
    DWORD i;

    if (Set == INVALID_HANDLE_VALUE) {
        printf("the devices cannot be listed (%u)\n", (UINT)GetLastError());
        return;
    }
    memset(&Device, 0, sizeof(Device));
    Device.cbSize = sizeof(Device);
    for (i = 0; SetupDiEnumDeviceInfo(Set, i, &Device); i++) {
        if (SetupDiGetDeviceInstanceIdA(Set, &Device, Id, sizeof(Id), NULL)) {
            printf("%s\n", Id);
        }
        PrintProperty(Set, &Device, "description", SPDRP_DEVICEDESC);
        PrintProperty(Set, &Device, "friendly name", SPDRP_FRIENDLYNAME);
    }
    SetupDiDestroyDeviceInfoList(Set);
}

/* The path of interface i of the set, for free(); NULL if there is none. */
static char *PathOf(HDEVINFO Set, DWORD i)
{
    GUID Guid = GUID_DEVINTERFACE_TOASTER;
    SP_DEVICE_INTERFACE_DATA Interface;
    SP_DEVICE_INTERFACE_DETAIL_DATA_A *Detail;
    DWORD Size = 0;
    char *Path = NULL;

    memset(&Interface, 0, sizeof(Interface));
    Interface.cbSize = sizeof(Interface);
    if (!SetupDiEnumDeviceInterfaces(Set, NULL, &Guid, i, &Interface)) {
        return NULL;
    }
    SetupDiGetDeviceInterfaceDetailA(Set, &Interface, NULL, 0, &Size, NULL);
    if (GetLastError() != ERROR_INSUFFICIENT_BUFFER) {
        return NULL;
    }
    Detail = malloc(Size);
    if (Detail == NULL) {
        return NULL;
    }
    Detail->cbSize = sizeof(*Detail);
    if (SetupDiGetDeviceInterfaceDetailA(Set, &Interface, Detail, Size, NULL, NULL)) {
        Path = malloc(strlen(Detail->DevicePath) + 1);
        if (Path != NULL) {
            strcpy(Path, Detail->DevicePath);
        }
    }
    free(Detail);
    return Path;
}

/* Of the last toaster that is present, for free(); NULL after a message. */
static char *FindLast(void)
{
    GUID Guid = GUID_DEVINTERFACE_TOASTER;
    HDEVINFO Set = SetupDiGetClassDevsA(&Guid, NULL, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
    char *Last = NULL;
    char *Path;
    DWORD i;

    if (Set == INVALID_HANDLE_VALUE) {
        printf("the toasters cannot be listed (%u)\n", (UINT)GetLastError());
        return NULL;
    }
    for (i = 0; (Path = PathOf(Set, i)) != NULL; i++) {
        printf("toaster %u: %s\n", (UINT)i + 1, Path);
        free(Last);
        Last = Path;
    }
    SetupDiDestroyDeviceInfoList(Set);
    if (Last == NULL) {
        printf("no toaster is present\n");
    }
    return Last;
}

/* ---- the toaster ---- */

static BOOL Hide(HANDLE Toaster)
{
    DWORD Bytes;

    if (!DeviceIoControl(Toaster, IOCTL_TOASTER_DONT_DISPLAY_IN_UI_DEVICE, NULL, 0, NULL, 0, &Bytes, NULL)) {
        printf("the toaster cannot be hidden (%u)\n", (UINT)GetLastError());
        return FALSE;
    }
    printf("hidden\n");
    return TRUE;
}

static BOOL Read(HANDLE Toaster)
{
    char Buffer[READ_LENGTH];
    DWORD Bytes = 0;

    if (!ReadFile(Toaster, Buffer, sizeof(Buffer), &Bytes, NULL)) {
        printf("ReadFile failed (%u)\n", (UINT)GetLastError());
        return FALSE;
    }
    if (Bytes != 0) {
        printf("a toaster has nothing to read, but here are %u bytes\n", (UINT)Bytes);
        return FALSE;
    }
    return TRUE;
}

/* Until somebody types q, or nobody types any more. */
static BOOL ReadOnKeys(HANDLE Toaster)
{
    int Key;

    while ((Key = getchar()) != EOF && Key != 'q' && Key != 'Q') {
        if (!Read(Toaster)) {
            return FALSE;
        }
    }
    return TRUE;
}

static BOOL Use(const char *Path, BOOL Hides)
{
    HANDLE Toaster = CreateFileA(Path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    BOOL Passed;

    if (Toaster == INVALID_HANDLE_VALUE) {
        printf("CreateFile failed (%u)\n", (UINT)GetLastError());
        return FALSE;
    }
    Passed = (!Hides || Hide(Toaster)) && ReadOnKeys(Toaster);
    CloseHandle(Toaster);
    return Passed;
}

int main(int argc, char **argv)
{
    BOOL Hides = argc == 2 && strcmp(argv[1], "-h") == 0;
    BOOL Passed;
    char *Path;

    if (argc > 2 || (argc == 2 && !Hides)) {
        printf("usage: toastapp [-h]: lists the toasters, hides the last one with -h, and reads from it at each key; q ends\n");
        return 1;
    }
    PrintDevices();
    Path = FindLast();
    if (Path == NULL) {
        return 1;
    }
    Passed = Use(Path, Hides);
    free(Path);
    return Passed ? 0 : 1;
}
