/* A Win32 console program that touches what drivers' test programs touch. Compiled as C and as C++, never run. */
#include <Windows.h>
#include <SetupAPI.h>
#include <cfgmgr32.h>
#include <initguid.h>
#include <strsafe.h>
#include <process.h>
#include <conio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tchar.h>
#include <winioctl.h>
#include <dbt.h>
#include <time.h>

DEFINE_GUID(GUID_APP_INTERFACE, 0xcdc35b6e, 0xbe4, 0x4936, 0xbf, 0x5f, 0x55, 0x37, 0x38, 0xa, 0x7c, 0x1a);

#define IOCTL_APP CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)

static volatile LONG completed;

static VOID CALLBACK OnRead(DWORD error, DWORD count, LPOVERLAPPED overlapped)
{
    UNREFERENCED_PARAMETER(overlapped);
    if (error == ERROR_SUCCESS)
        printf("read %lu bytes %I64u %ws\n", count, (ULONGLONG)count, L"wide");
    InterlockedIncrement(&completed);
}

static DWORD WINAPI Worker(LPVOID context)
{
    HANDLE device = (HANDLE)context;
    DWORD returned;

    if (!DeviceIoControl(device, IOCTL_APP, NULL, 0, NULL, 0, &returned, NULL))
        fprintf(stderr, "DeviceIoControl: %ld\n", (long)GetLastError());
    return 0;
}

static BOOL FindBySetup(char *path, size_t size)
{
    HDEVINFO info = SetupDiGetClassDevs(&GUID_APP_INTERFACE, NULL, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
    SP_DEVICE_INTERFACE_DATA data;
    PSP_DEVICE_INTERFACE_DETAIL_DATA_A detail;
    ULONG needed = 0;
    BOOL found = FALSE;

    if (info == INVALID_HANDLE_VALUE)
        return FALSE;
    data.cbSize = sizeof(data);
    if (SetupDiEnumDeviceInterfaces(info, NULL, &GUID_APP_INTERFACE, 0, &data)) {
        SetupDiGetDeviceInterfaceDetailA(info, &data, NULL, 0, &needed, NULL);
        detail = (PSP_DEVICE_INTERFACE_DETAIL_DATA_A)malloc(needed);
        if (detail != NULL) {
            detail->cbSize = sizeof(*detail);
            found = SetupDiGetDeviceInterfaceDetailA(info, &data, detail, needed, &needed, NULL);
            if (found)
                found = SUCCEEDED(StringCchCopyA(path, size, detail->DevicePath));
            free(detail);
        }
    }
    SetupDiDestroyDeviceInfoList(info);
    return found;
}

static BOOL FindByConfiguration(WCHAR *path, size_t size)
{
    ULONG length = 0;
    PWSTR list;

    if (CM_Get_Device_Interface_List_SizeW(
            &length, (LPGUID)&GUID_APP_INTERFACE, NULL, CM_GET_DEVICE_INTERFACE_LIST_PRESENT) != CR_SUCCESS)
        return FALSE;
    list = (PWSTR)HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, length * sizeof(WCHAR));
    if (list == NULL)
        return FALSE;
    CM_Get_Device_Interface_ListW(
        (LPGUID)&GUID_APP_INTERFACE, NULL, list, length, CM_GET_DEVICE_INTERFACE_LIST_PRESENT);
    StringCchCopyW(path, size, list);
    HeapFree(GetProcessHeap(), 0, list);
    return path[0] != L'\0';
}

int __cdecl main(int argc, char *argv[])
{
    char path[MAX_PATH] = "";
    WCHAR wide_path[MAX_PATH];
    UCHAR buffer[512];
    OVERLAPPED overlapped;
    HANDLE device, thread;
    int limit = argc > 1 ? atoi(argv[1]) : 1;

    if (!FindBySetup(path, MAX_PATH) || !FindByConfiguration(wide_path, MAX_PATH) || _stricmp(path, "none") == 0) {
        printf("no device %d\n", (int)GetLastError());
        exit(1);
    }
    _tprintf(_T("found %hs\n"), path);
    device = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    if (device == INVALID_HANDLE_VALUE)
        return 1;
    thread = CreateThread(NULL, 0, Worker, device, 0, NULL);
    srand((unsigned)time(NULL));
    memset(&overlapped, 0, sizeof(overlapped));
    while (completed < limit && !_kbhit()) {
        overlapped.Offset = (DWORD)rand();
        __try {
            if (!ReadFileEx(device, buffer, sizeof(buffer), &overlapped, OnRead))
                __leave;
        } __except (GetExceptionCode() == (int)EXCEPTION_ACCESS_VIOLATION ? EXCEPTION_EXECUTE_HANDLER
                                                                     : EXCEPTION_CONTINUE_SEARCH) {
            puts("fault");
        }
        SleepEx(100, TRUE);
    }
    CancelIoEx(device, &overlapped);
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    CloseHandle(device);
    _getch();
    return 0;
}
