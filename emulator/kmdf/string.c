/* String objects (K-STR-1), and copies of UNICODE_STRINGs that the framework keeps. */
#include "device.h"

NTSTATUS fx_unicode_copy(UNICODE_STRING *to, PCUNICODE_STRING from)
{
    PWCH buffer = ex_system_alloc((size_t)from->Length + sizeof(WCHAR));
    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(buffer, from->Buffer, from->Length);
    buffer[from->Length / sizeof(WCHAR)] = 0;
    *to = (UNICODE_STRING){from->Length, (USHORT)(from->Length + sizeof(WCHAR)), buffer};
    return STATUS_SUCCESS;
}

NTSTATUS fx_string_assign(struct fx_string *string, PCUNICODE_STRING text)
{
    UNICODE_STRING copy;
    NTSTATUS status = fx_unicode_copy(&copy, text);
    if (!NT_SUCCESS(status))
        return status;
    if (string->text.Buffer)
        ex_system_free(string->text.Buffer);
    string->text = copy;
    return STATUS_SUCCESS;
}

static void destroy(struct fx_object *object)
{
    struct fx_string *string = (struct fx_string *)object;
    if (string->text.Buffer)
        ex_system_free(string->text.Buffer);
}

static bool is_valid(PCUNICODE_STRING text)
{
    return !(text->Length & 1) && !(text->MaximumLength & 1) && text->Length <= text->MaximumLength && (text->Buffer || !text->MaximumLength);
}

NTSTATUS fx_string_new(struct fx_driver *driver, PCUNICODE_STRING text, PWDF_OBJECT_ATTRIBUTES attributes, struct fx_string **out)
{
    void *memory;
    if (text && !is_valid(text))
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = fx_object_new(driver, FX_STRING, sizeof(struct fx_string), attributes, 0, &memory);
    if (!NT_SUCCESS(status))
        return status;
    struct fx_string *string = memory;
    string->object.destroy = destroy;
    if (text)
        status = fx_string_assign(string, text);
    if (!NT_SUCCESS(status))
        fx_object_delete_failed(&string->object);
    else
        *out = string;
    return status;
}

NTSTATUS wdf_WdfStringCreate(PWDF_DRIVER_GLOBALS DriverGlobals, PCUNICODE_STRING UnicodeString, PWDF_OBJECT_ATTRIBUTES StringAttributes,
                             WDFSTRING *String)
{
    gate_enter(DDI_WdfStringCreate, 0, 0);
    fx_require(String, "String");
    *String = NULL;
    struct fx_string *string = NULL;
    NTSTATUS status = choose_fault(DDI_WdfStringCreate)
                          ? STATUS_INSUFFICIENT_RESOURCES
                          : fx_string_new(fx_driver_of(DriverGlobals), UnicodeString, StringAttributes, &string);
    if (NT_SUCCESS(status))
        *String = (WDFSTRING)string;
    gate_leave((ULONG)status);
    return status;
}

VOID wdf_WdfStringGetUnicodeString(PWDF_DRIVER_GLOBALS DriverGlobals, WDFSTRING String, PUNICODE_STRING UnicodeString)
{
    gate_enter(DDI_WdfStringGetUnicodeString, trace_object(String), 0);
    fx_require(UnicodeString, "UnicodeString");
    *UnicodeString = ((struct fx_string *)fx_handle(String, FX_STRING))->text;
    gate_leave(0);
}
