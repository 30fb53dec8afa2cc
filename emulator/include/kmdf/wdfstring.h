/*
 * String objects.
 */
#pragma once

WDF_EXTERN_C_START

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(NTSTATUS, WdfStringCreate, PFN_WDFSTRINGCREATE,
        (_In_opt_ PCUNICODE_STRING UnicodeString, _In_opt_ PWDF_OBJECT_ATTRIBUTES StringAttributes,
         _Out_ WDFSTRING *String),
        (UnicodeString, StringAttributes, String))

_IRQL_requires_max_(PASSIVE_LEVEL)
WDF_DDI(VOID, WdfStringGetUnicodeString, PFN_WDFSTRINGGETUNICODESTRING,
        (_In_ WDFSTRING String, _Out_ PUNICODE_STRING UnicodeString),
        (String, UnicodeString))

WDF_EXTERN_C_END
