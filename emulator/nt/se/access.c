/*
 * Security descriptors of devices: the SDDL that IoCreateDeviceSecure takes, and the check of an open (W-DRV-11, W-FIL-1).
 *
 * Design: a DACL in the form that device drivers write it, "D:P(A;;GA;;;SY)(A;;GRGW;;;BA)...". An identity comes down to the parties that opens are made by
 * here: the system, an administrator, an ordinary user. A code that means none of them (a guest, a service, a restricted token) is understood and matches nobody.
 * No owner, group or audit part: the DDI takes none. The owner of a device is the administrators' group.
 */
#include "../io/io.h"

enum party { PARTY_NONE = 0, PARTY_SYSTEM = 1, PARTY_ADMINISTRATOR = 2, PARTY_USER = 4, PARTY_ANY_LOGON = 6, PARTY_EVERYBODY = 7 };

#define MAX_ACES 32

struct se_descriptor {
    unsigned count;
    struct { UCHAR party; ACCESS_MASK mask; } ace[MAX_ACES];
};

struct text {
    const WCHAR *at, *end;
};

static bool take(struct text *t, const char *word)
{
    const WCHAR *p = t->at;
    for (; *word; word++, p++)
        if (p == t->end || rtl_upcase_char(*p) != (WCHAR)*word)
            return false;
    t->at = p;
    return true;
}

/* "123", "0x1f": false if there is no digit, or too many. */
static bool take_number(struct text *t, ULONG *value)
{
    ULONG base = take(t, "0X") ? 16 : 10, digits = 0;
    *value = 0;
    for (; t->at < t->end; t->at++, digits++) {
        WCHAR c = rtl_upcase_char(*t->at);
        ULONG digit = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
        if (digit >= base)
            break;
        if (*value > (0xffffffff - digit) / base)
            return false;
        *value = *value * base + digit;
    }
    return digits != 0;
}

static const struct { char code[3]; ACCESS_MASK mask; } rights[] = {
    {"GA", FILE_ALL_ACCESS}, {"GR", FILE_GENERIC_READ}, {"GW", FILE_GENERIC_WRITE}, {"GX", FILE_GENERIC_EXECUTE}, {"RC", READ_CONTROL}, {"SD", DELETE},
    {"WD", WRITE_DAC}, {"WO", WRITE_OWNER}, {"FA", FILE_ALL_ACCESS}, {"FR", FILE_GENERIC_READ}, {"FW", FILE_GENERIC_WRITE}, {"FX", FILE_GENERIC_EXECUTE},
    {"CC", 0x1}, {"DC", 0x2}, {"LC", 0x4}, {"SW", 0x8}, {"RP", 0x10}, {"WP", 0x20}, {"DT", 0x40}, {"LO", 0x80}, {"CR", 0x100}};

static ACCESS_MASK map_generic(ACCESS_MASK mask)
{
    ACCESS_MASK out = mask & ~(ACCESS_MASK)(GENERIC_ALL | GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE);
    out |= mask & GENERIC_ALL ? FILE_ALL_ACCESS : 0;
    out |= mask & GENERIC_READ ? FILE_GENERIC_READ : 0;
    out |= mask & GENERIC_WRITE ? FILE_GENERIC_WRITE : 0;
    out |= mask & GENERIC_EXECUTE ? FILE_GENERIC_EXECUTE : 0;
    return out;
}

static bool take_rights(struct text *t, ACCESS_MASK *mask)
{
    ULONG number;
    *mask = 0;
    if (t->at < t->end && *t->at >= '0' && *t->at <= '9') {
        if (!take_number(t, &number))
            return false;
        *mask = map_generic(number);
        return true;
    }
    for (;;) {
        unsigned i = 0;
        while (i < ARRAYSIZE(rights) && !take(t, rights[i].code))
            i++;
        if (i == ARRAYSIZE(rights))
            return true;
        *mask |= rights[i].mask;
    }
}

/* Longer texts stand before those that begin them. */
static const struct { char code[13]; UCHAR party; } identities[] = {
    {"SY", PARTY_SYSTEM}, {"BA", PARTY_ADMINISTRATOR}, {"WD", PARTY_EVERYBODY}, {"BU", PARTY_ANY_LOGON}, {"AU", PARTY_EVERYBODY}, {"IU", PARTY_ANY_LOGON},
    {"BG", PARTY_NONE}, {"AN", PARTY_NONE}, {"RC", PARTY_NONE}, {"LS", PARTY_NONE}, {"NS", PARTY_NONE}, {"NU", PARTY_NONE}, {"SU", PARTY_NONE},
    {"PU", PARTY_NONE}, {"LA", PARTY_NONE}, {"LG", PARTY_NONE}, {"CO", PARTY_NONE}, {"CG", PARTY_NONE}, {"OW", PARTY_NONE},
    {"S-1-1-0", PARTY_EVERYBODY}, {"S-1-5-18", PARTY_SYSTEM}, {"S-1-5-11", PARTY_EVERYBODY}, {"S-1-5-4", PARTY_ANY_LOGON},
    {"S-1-5-32-544", PARTY_ADMINISTRATOR}, {"S-1-5-32-545", PARTY_ANY_LOGON}};

static bool take_identity(struct text *t, UCHAR *party)
{
    const struct text start = *t;
    for (unsigned i = 0; i < ARRAYSIZE(identities); i++, *t = start)
        if (take(t, identities[i].code) && t->at < t->end && *t->at == ')') {
            *party = identities[i].party;
            return true;
        }
    *party = PARTY_NONE;
    if (!take(t, "S-1-")) /* somebody who is not here */
        return false;
    ULONG number, parts = 0;
    do
        parts++;
    while (take_number(t, &number) && take(t, "-"));
    return parts > 1 && t->at[-1] != '-';
}

/* (A;;GA;;;SY): type, flags, rights, object, inherited object, identity; the DDIs take no entries that deny (W-SEC-2). */
static bool take_ace(struct text *t, struct se_descriptor *d)
{
    if (d->count == MAX_ACES || !take(t, "A;;") || !take_rights(t, &d->ace[d->count].mask) ||
        !take(t, ";;;") || !take_identity(t, &d->ace[d->count].party) || !take(t, ")"))
        return false;
    d->count++;
    return true;
}

NTSTATUS se_parse_sddl(PCUNICODE_STRING sddl, struct se_descriptor **out)
{
    struct text t = {sddl->Buffer, sddl->Buffer + sddl->Length / 2};
    struct se_descriptor *d = ex_system_alloc(sizeof *d);
    bool valid = !(sddl->Length & 1) && take(&t, "D:");
    (void)take(&t, "P");
    while (valid && t.at < t.end)
        valid = take(&t, "(") && take_ace(&t, d);
    *out = valid ? d : NULL;
    if (valid)
        return STATUS_SUCCESS;
    ex_system_free(d);
    return STATUS_INVALID_PARAMETER;
}

/* Every right that is asked for must be granted by some entry. */
bool se_may_open(const struct se_descriptor *d, bool administrator, ACCESS_MASK access)
{
    const UCHAR party = administrator ? PARTY_ADMINISTRATOR : PARTY_USER;
    ACCESS_MASK open = map_generic(access);
    if (administrator) /* the owner */
        open &= ~(ACCESS_MASK)(READ_CONTROL | WRITE_DAC);
    for (unsigned i = 0; open && i < d->count; i++)
        if (d->ace[i].party & party)
            open &= ~d->ace[i].mask;
    return !open;
}

/* ---- DDIs ---- */

#define SDDL(name, text) const UNICODE_STRING name = {sizeof(text) - sizeof(WCHAR), sizeof(text), (PWCH)text};
SDDL(SDDL_DEVOBJ_KERNEL_ONLY, L"D:P")
SDDL(SDDL_DEVOBJ_SYS_ALL, L"D:P(A;;GA;;;SY)")
SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_ALL, L"D:P(A;;GA;;;SY)(A;;GA;;;BA)")
SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RX, L"D:P(A;;GA;;;SY)(A;;GRGX;;;BA)")
SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R, L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)")
SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R_RES_R, L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)(A;;GR;;;RC)")
SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RW_RES_R, L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGW;;;WD)(A;;GR;;;RC)")
SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RWX_RES_RWX, L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGWGX;;;WD)(A;;GRGWGX;;;RC)")

NTSTATUS IoCreateDeviceSecure(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize, PUNICODE_STRING DeviceName, DEVICE_TYPE DeviceType,
                              ULONG DeviceCharacteristics, BOOLEAN Exclusive, PCUNICODE_STRING DefaultSDDLString, LPCGUID DeviceClassGuid,
                              PDEVICE_OBJECT *DeviceObject)
{
    (void)DeviceClassGuid; /* an administrator's setting for that class would replace the descriptor: there is none */
    gate_enter(DDI_IoCreateDeviceSecure, trace_object(DriverObject), DeviceExtensionSize);
    io_lint_device(DriverObject, DeviceName, DeviceCharacteristics, true);
    struct se_descriptor *security = NULL;
    bool named = DeviceCharacteristics & FILE_AUTOGENERATED_DEVICE_NAME || (DeviceName && DeviceName->Length);
    *DeviceObject = NULL;
    NTSTATUS status = named && DefaultSDDLString ? se_parse_sddl(DefaultSDDLString, &security) : STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(status))
        status = choose_fault(DDI_IoCreateDeviceSecure) ? STATUS_INSUFFICIENT_RESOURCES
                                                       : io_create_device(DriverObject, DeviceExtensionSize, DeviceName, DeviceType, DeviceCharacteristics,
                                                                          Exclusive, DeviceObject);
    if (NT_SUCCESS(status))
        device_of(*DeviceObject)->security = security;
    else if (security)
        ex_system_free(security);
    gate_leave((ULONG)status);
    return status;
}

/* The name that the DDK's headers give it. */
NTSTATUS WdmlibIoCreateDeviceSecure(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize, PUNICODE_STRING DeviceName, DEVICE_TYPE DeviceType,
                                    ULONG DeviceCharacteristics, BOOLEAN Exclusive, PCUNICODE_STRING DefaultSDDLString, LPCGUID DeviceClassGuid,
                                    PDEVICE_OBJECT *DeviceObject)
{
    return IoCreateDeviceSecure(DriverObject, DeviceExtensionSize, DeviceName, DeviceType, DeviceCharacteristics, Exclusive, DefaultSDDLString,
                                DeviceClassGuid, DeviceObject);
}

/* Beyond what the control code asks for: was the file opened for it? (W-FIL-10) */
NTSTATUS IoValidateDeviceIoControlAccess(PIRP Irp, ULONG RequiredAccess)
{
    gate_enter(DDI_IoValidateDeviceIoControlAccess, trace_object(Irp), RequiredAccess);
    NTSTATUS status = STATUS_SUCCESS;
    PFILE_OBJECT file = io_get_current_irp_stack_location(Irp)->FileObject;
    if (RequiredAccess & ~(ULONG)(FILE_READ_ACCESS | FILE_WRITE_ACCESS))
        status = STATUS_INVALID_PARAMETER;
    else if (Irp->RequestorMode == UserMode && file &&
             ((RequiredAccess & FILE_READ_ACCESS && !file->ReadAccess) || (RequiredAccess & FILE_WRITE_ACCESS && !file->WriteAccess)))
        status = STATUS_ACCESS_DENIED;
    gate_leave((ULONG)status);
    return status;
}

NTSTATUS WdmlibIoValidateDeviceIoControlAccess(PIRP Irp, ULONG RequiredAccess) { return IoValidateDeviceIoControlAccess(Irp, RequiredAccess); }
