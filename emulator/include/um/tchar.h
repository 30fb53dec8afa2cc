/* Names that follow _UNICODE. */
#ifndef IRPFUZZ_UM_TCHAR_H
#define IRPFUZZ_UM_TCHAR_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _UNICODE
typedef wchar_t _TCHAR;
#define __T(text) L##text
#define _tmain wmain
#define _tprintf wprintf
#define _ftprintf fwprintf
#define _stprintf_s swprintf_s
#define _sntprintf _snwprintf
#define _vftprintf vfwprintf
#define _tcslen wcslen
#define _tcscpy wcscpy
#define _tcscpy_s wcscpy_s
#define _tcscat_s wcscat_s
#define _tcscmp wcscmp
#define _tcsicmp _wcsicmp
#define _tcsncmp wcsncmp
#define _tcsnicmp _wcsnicmp
#define _tcschr wcschr
#define _tcsrchr wcsrchr
#define _tcsstr wcsstr
#define _tcstol wcstol
#define _tcstoul wcstoul
#define _ttoi _wtoi
#define _tcsdup _wcsdup
#define _totlower towlower
#define _totupper towupper
#else
typedef char _TCHAR;
#define __T(text) text
#define _tmain main
#define _tprintf printf
#define _ftprintf fprintf
#define _stprintf_s sprintf_s
#define _sntprintf _snprintf
#define _vftprintf vfprintf
#define _tcslen strlen
#define _tcscpy strcpy
#define _tcscpy_s strcpy_s
#define _tcscat_s strcat_s
#define _tcscmp strcmp
#define _tcsicmp _stricmp
#define _tcsncmp strncmp
#define _tcsnicmp _strnicmp
#define _tcschr strchr
#define _tcsrchr strrchr
#define _tcsstr strstr
#define _tcstol strtol
#define _tcstoul strtoul
#define _ttoi atoi
#define _tcsdup _strdup
#define _totlower tolower
#define _totupper toupper
#endif
#define _T(text) __T(text)
#define _TEXT(text) __T(text)

#endif
