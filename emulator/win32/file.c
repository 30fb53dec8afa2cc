/*
 * Files: CreateFile, ReadFile, WriteFile, DeviceIoControl and their overlapped forms (W-U-1..7).
 *
 * An OVERLAPPED begins with what the kernel calls an IO_STATUS_BLOCK, so it is handed down as one; with it as APC context a completion port
 * hands it back. An alertable completion routine is called through overlapped_apc(), which turns the kernel's arguments into Win32's.
 */
#include "win32.h"

#define FLAG_OVERLAPPED 0x40000000u
#define FLAG_WRITE_THROUGH 0x80000000u
#define FLAG_NO_BUFFERING 0x20000000u
#define CONSOLE_HANDLE_MAX 15 /* 3, 7, 11: handles that no table holds */

typedef void (*completion_routine)(DWORD error, DWORD bytes, OVERLAPPED *overlapped);

/* ---- CreateFile ---- */

static ACCESS_MASK file_access(DWORD access)
{
    ACCESS_MASK mask = access & ~(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL);
    if (access & GENERIC_READ)
        mask |= FILE_GENERIC_READ;
    if (access & GENERIC_WRITE)
        mask |= FILE_GENERIC_WRITE;
    if (access & GENERIC_EXECUTE)
        mask |= FILE_GENERIC_EXECUTE;
    if (access & GENERIC_ALL)
        mask |= FILE_ALL_ACCESS;
    return mask | SYNCHRONIZE | FILE_READ_ATTRIBUTES;
}

static bool file_disposition(DWORD disposition, ULONG *nt)
{
    static const UCHAR map[] = {FILE_CREATE, FILE_OVERWRITE_IF, FILE_OPEN, FILE_OPEN_IF, FILE_OVERWRITE};
    if (disposition < 1 || disposition > sizeof map)
        return false;
    *nt = map[disposition - 1];
    return true;
}

#define MAX_PATH_CHARS 512

/* The kernel's name of a Win32 path: \\.\X and \\?\X are \??\X, and so is any other name (a drive, a DOS device). */
static bool nt_path(const WCHAR *name, WCHAR path[MAX_PATH_CHARS], UNICODE_STRING *string)
{
    static const WCHAR prefix[] = {'\\', '?', '?', '\\'};
    if (name[0] == '\\' && name[1] == '\\' && (name[2] == '.' || name[2] == '?') && name[3] == '\\')
        name += 4;
    size_t length = wide_length(name);
    if (length + 5 > MAX_PATH_CHARS)
        return false;
    memcpy(path, prefix, sizeof prefix);
    memcpy(path + 4, name, (length + 1) * sizeof(WCHAR));
    *string = (UNICODE_STRING){(USHORT)((length + 4) * sizeof(WCHAR)), (USHORT)((length + 5) * sizeof(WCHAR)), path};
    return true;
}

static HANDLE create_file(const WCHAR *name, DWORD access, DWORD share, DWORD disposition, DWORD flags)
{
    WCHAR path[MAX_PATH_CHARS];
    UNICODE_STRING string;
    ULONG nt_disposition, options = FILE_NON_DIRECTORY_FILE;
    if (!file_disposition(disposition, &nt_disposition))
        return error_fail(ERROR_INVALID_PARAMETER), INVALID_HANDLE;
    if (!name || !name[0])
        return error_fail(ERROR_PATH_NOT_FOUND), INVALID_HANDLE;
    if (!nt_path(name, path, &string))
        return error_fail(ERROR_FILENAME_EXCED_RANGE), INVALID_HANDLE;
    if (!(flags & FLAG_OVERLAPPED))
        options |= FILE_SYNCHRONOUS_IO_NONALERT;
    if (flags & FLAG_WRITE_THROUGH)
        options |= FILE_WRITE_THROUGH;
    if (flags & FLAG_NO_BUFFERING)
        options |= FILE_NO_INTERMEDIATE_BUFFERING;

    PFILE_OBJECT file;
    ULONG_PTR information = 0;
    ACCESS_MASK mask = file_access(access);
    NTSTATUS status = io_create_file(&string, mask, share, nt_disposition, options, &file, &information);
    if (!NT_SUCCESS(status)) {
        error_set(status == STATUS_OBJECT_NAME_COLLISION ? ERROR_FILE_EXISTS : error_of_status(status));
        return INVALID_HANDLE;
    }
    HANDLE handle = handle_insert(process_current(), file, mask);
    if (!handle)
        return error_fail(ERROR_NOT_ENOUGH_MEMORY), INVALID_HANDLE;
    bool may_create = nt_disposition == FILE_OVERWRITE_IF || nt_disposition == FILE_OPEN_IF;
    bool existed = information == FILE_OPENED || information == FILE_OVERWRITTEN;
    error_set(may_create && existed ? ERROR_ALREADY_EXISTS : 0);
    return handle;
}

HANDLE CreateFileW(const WCHAR *name, DWORD access, DWORD share, void *security, DWORD disposition, DWORD flags, HANDLE template)
{
    (void)security, (void)template;
    user_enter(DDI_CreateFileW, access, flags);
    HANDLE handle = create_file(name, access, share, disposition, flags);
    user_leave((ULONG_PTR)handle);
    return handle;
}

HANDLE CreateFileA(const char *name, DWORD access, DWORD share, void *security, DWORD disposition, DWORD flags, HANDLE template)
{
    (void)security, (void)template;
    WCHAR wide[MAX_PATH_CHARS];
    user_enter(DDI_CreateFileA, access, flags);
    HANDLE handle = INVALID_HANDLE;
    if (name && !wide_from_ansi(wide, MAX_PATH_CHARS, name))
        error_set(ERROR_FILENAME_EXCED_RANGE);
    else
        handle = create_file(name ? wide : NULL, access, share, disposition, flags);
    user_leave((ULONG_PTR)handle);
    return handle;
}

/* ---- Transfers ---- */

enum transfer_kind { TRANSFER_READ, TRANSFER_WRITE, TRANSFER_CONTROL };

struct transfer {
    enum transfer_kind kind;
    HANDLE handle;
    void *in, *out;             /* read: out, write: in */
    ULONG in_length, out_length, code;
    OVERLAPPED *overlapped;
    completion_routine routine; /* ReadFileEx, WriteFileEx */
};

static ACCESS_MASK access_needed(const struct transfer *t)
{
    if (t->kind == TRANSFER_READ)
        return FILE_READ_DATA;
    if (t->kind == TRANSFER_WRITE)
        return FILE_WRITE_DATA | FILE_APPEND_DATA;
    return (t->code >> 14) & 3; /* FILE_READ_DATA and FILE_WRITE_DATA are 1 and 2 */
}

/* W-FIL-10: any bit will do for a write, all are needed otherwise. */
static bool access_granted(const struct transfer *t, ACCESS_MASK granted)
{
    ACCESS_MASK needed = access_needed(t);
    return t->kind == TRANSFER_WRITE ? (granted & needed) != 0 : (granted & needed) == needed;
}

static NTSTATUS issue(const struct transfer *t, const struct io_target_file *to)
{
    if (t->kind == TRANSFER_CONTROL)
        return io_device_io_control_file(to, t->code, t->in, t->in_length, t->out, t->out_length);
    LARGE_INTEGER offset = {.QuadPart = 0};
    if (t->overlapped)
        offset.QuadPart = (LONGLONG)((ULONGLONG)t->overlapped->OffsetHigh << 32 | t->overlapped->Offset);
    bool write = t->kind == TRANSFER_WRITE;
    return io_read_write_file(to, write, write ? t->in : t->out, write ? t->in_length : t->out_length, t->overlapped ? &offset : NULL);
}

static void overlapped_apc(PVOID context, PIO_STATUS_BLOCK iosb, ULONG reserved)
{
    (void)reserved;
    completion_routine routine = (completion_routine)context;
    OVERLAPPED *overlapped = (OVERLAPPED *)iosb;
    msan_define(iosb, sizeof *iosb);
    struct callback_frame frame;
    callback_enter(&frame, DDI_UserApc, (const void *)routine, iosb);
    routine(error_of_status((NTSTATUS)overlapped->Internal), (DWORD)overlapped->InternalHigh, overlapped);
    callback_leave(&frame, 0);
}

/* The whole of a transfer: *iosb is the OVERLAPPED or the caller's. Statuses are those of the system call; STATUS_PENDING only for
 * asynchronous files. */
static NTSTATUS transfer(const struct transfer *t, IO_STATUS_BLOCK *iosb)
{
    void *body, *event = NULL;
    ACCESS_MASK granted;
    NTSTATUS status = handle_lookup(t->handle, OB_FILE, &body, &granted);
    if (!NT_SUCCESS(status))
        return status;
    if (!access_granted(t, granted))
        return STATUS_ACCESS_DENIED;
    PFILE_OBJECT file = body;
    bool synchronous = (file->Flags & FO_SYNCHRONOUS_IO) != 0;
    if (!synchronous && !t->overlapped)
        return STATUS_INVALID_PARAMETER;
    if (t->routine && (synchronous || file->CompletionContext))
        return STATUS_INVALID_PARAMETER;
    struct io_target_file to = {.file = file, .iosb = iosb};
    if (t->overlapped) {
        overlapped_check_idle(t->overlapped);
        HANDLE handle = t->routine ? NULL : (HANDLE)((ULONG_PTR)t->overlapped->hEvent & ~(ULONG_PTR)1);
        if (handle && !NT_SUCCESS(status = handle_lookup(handle, OB_EVENT, &event, NULL)))
            return status;
        t->overlapped->Internal = STATUS_PENDING;
        msan_define(&t->overlapped->Internal, sizeof t->overlapped->Internal);
        to.event = event;
        to.apc_routine = t->routine ? (void *)overlapped_apc : NULL;
        to.apc_context = t->routine ? (void *)t->routine : (ULONG_PTR)t->overlapped->hEvent & 1 ? NULL : t->overlapped;
    }
    return issue(t, &to); /* from here on only the IRP keeps an asynchronous file: another thread may close the handle meanwhile */
}

/* BOOL and last error of ReadFile, WriteFile and DeviceIoControl (W-U-3, W-U-4, W-U-6). */
static BOOL finish(const struct transfer *t, NTSTATUS status, const IO_STATUS_BLOCK *iosb, DWORD *bytes)
{
    if (status == STATUS_PENDING)
        return error_from_status(status);
    bool failed = NT_ERROR(status);
    if (bytes) {
        *bytes = failed ? 0 : (DWORD)iosb->Information;
        msan_define(bytes, sizeof *bytes);
    }
    if (status == STATUS_END_OF_FILE && t->kind == TRANSFER_READ && !t->overlapped)
        return TRUE;
    return result_of_status(status);
}

static BOOL run(const struct transfer *t, DWORD *bytes, const char *name)
{
    if (!bytes && !t->overlapped)
        app_error("W-U-6", name, 0, 0);
    IO_STATUS_BLOCK local = {.Status = 0}, *iosb = t->overlapped ? (IO_STATUS_BLOCK *)t->overlapped : &local;
    return finish(t, transfer(t, iosb), iosb, bytes);
}

/* Writing to the console's handles is printing. */
static bool is_console(HANDLE handle) { return (ULONG_PTR)handle <= CONSOLE_HANDLE_MAX && ((ULONG_PTR)handle & 3) == 3; }

BOOL ReadFile(HANDLE handle, void *buffer, DWORD length, DWORD *read, OVERLAPPED *overlapped)
{
    user_enter(DDI_ReadFile, (ULONG_PTR)handle, length);
    struct transfer t = {.kind = TRANSFER_READ, .handle = handle, .out = buffer, .out_length = length, .overlapped = overlapped};
    BOOL done = run(&t, read, "ReadFile with neither a place for the byte count nor an OVERLAPPED writes to address %llu");
    user_leave((uint64_t)done);
    return done;
}

BOOL WriteFile(HANDLE handle, const void *buffer, DWORD length, DWORD *written, OVERLAPPED *overlapped)
{
    user_enter(DDI_WriteFile, (ULONG_PTR)handle, length);
    BOOL done = TRUE;
    if (is_console(handle)) {
        console_write(buffer, length);
        if (written)
            *written = length;
    } else {
        struct transfer t = {.kind = TRANSFER_WRITE, .handle = handle, .in = (void *)(ULONG_PTR)buffer, .in_length = length, .overlapped = overlapped};
        done = run(&t, written, "WriteFile with neither a place for the byte count nor an OVERLAPPED writes to address %llu");
    }
    user_leave((uint64_t)done);
    return done;
}

BOOL DeviceIoControl(HANDLE handle, DWORD code, void *in, DWORD in_length, void *out, DWORD out_length, DWORD *returned,
                     OVERLAPPED *overlapped)
{
    user_enter(DDI_DeviceIoControl, (ULONG_PTR)handle, code);
    struct transfer t = {.kind = TRANSFER_CONTROL, .handle = handle, .in = in, .in_length = in_length, .out = out, .out_length = out_length,
                         .code = code, .overlapped = overlapped};
    BOOL done = run(&t, returned, "DeviceIoControl with neither a place for the byte count nor an OVERLAPPED writes to address %llu");
    user_leave((uint64_t)done);
    return done;
}

/* A warning is a success that also sets the last error; only an error that came at once means no callback (W-U-7). */
static BOOL run_ex(const struct transfer *t)
{
    if (!t->overlapped || !t->routine)
        return error_fail(ERROR_INVALID_PARAMETER);
    NTSTATUS status = transfer(t, (IO_STATUS_BLOCK *)t->overlapped);
    if (NT_ERROR(status))
        return error_from_status(status);
    error_set(NT_SUCCESS(status) ? 0 : error_of_status(status));
    return TRUE;
}

BOOL ReadFileEx(HANDLE handle, void *buffer, DWORD length, OVERLAPPED *overlapped, completion_routine routine)
{
    user_enter(DDI_ReadFileEx, (ULONG_PTR)handle, length);
    struct transfer t = {.kind = TRANSFER_READ, .handle = handle, .out = buffer, .out_length = length, .overlapped = overlapped,
                         .routine = routine};
    BOOL done = run_ex(&t);
    user_leave((uint64_t)done);
    return done;
}

BOOL WriteFileEx(HANDLE handle, const void *buffer, DWORD length, OVERLAPPED *overlapped, completion_routine routine)
{
    user_enter(DDI_WriteFileEx, (ULONG_PTR)handle, length);
    struct transfer t = {.kind = TRANSFER_WRITE, .handle = handle, .in = (void *)(ULONG_PTR)buffer, .in_length = length,
                         .overlapped = overlapped, .routine = routine};
    BOOL done = run_ex(&t);
    user_leave((uint64_t)done);
    return done;
}

/* ---- The current directory: there is one, and nothing is in it ---- */

static const char current_directory[] = "C:\\";

static DWORD directory_length(DWORD size) { return size < sizeof current_directory ? sizeof current_directory : sizeof current_directory - 1; }

DWORD GetCurrentDirectoryA(DWORD size, char *buffer)
{
    user_enter(DDI_GetCurrentDirectoryA, size, 0);
    DWORD length = directory_length(size);
    if (length < size) {
        memcpy(buffer, current_directory, sizeof current_directory);
        msan_define(buffer, sizeof current_directory);
    }
    user_leave(length);
    return length;
}

DWORD GetCurrentDirectoryW(DWORD size, WCHAR *buffer)
{
    user_enter(DDI_GetCurrentDirectoryW, size, 0);
    DWORD length = directory_length(size);
    if (length < size) {
        wide_from_ansi(buffer, size, current_directory);
        msan_define(buffer, (length + 1) * sizeof(WCHAR));
    }
    user_leave(length);
    return length;
}
