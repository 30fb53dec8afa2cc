/*
 * Inside the Win32 layer: the types of the Win32 API that the kernel's headers lack, and what its files share.
 *
 * Apps are compiled against the Win32 headers, this layer against the kernel's (the two cannot meet in one source); so the few Win32
 * structures are declared here again, with sizes that are checked, and functions have the types' plain equivalents.
 *
 * Each Win32 function is a DDI with the USER flag: user_enter(), the work, user_leave(). Errors are NTSTATUS inside and become the
 * thread's last error at the edge (W-U-19). Owned here: the handle tables and what handles of user objects do.
 */
#ifndef WIN32_WIN32_H
#define WIN32_WIN32_H

#include "../nt/nt.h"
#include "process.h"

typedef int BOOL;
typedef unsigned int DWORD;
typedef DWORD *LPDWORD;
typedef unsigned short WORD;

#define INVALID_HANDLE ((HANDLE)(LONG_PTR)-1)
#define PROCESS_PSEUDO_HANDLE ((HANDLE)(LONG_PTR)-1)
#define THREAD_PSEUDO_HANDLE ((HANDLE)(LONG_PTR)-2)
#define INFINITE 0xFFFFFFFFu

typedef struct win32_overlapped {
    ULONG_PTR Internal, InternalHigh;
    DWORD Offset, OffsetHigh;
    HANDLE hEvent;
} OVERLAPPED;
C_ASSERT(sizeof(OVERLAPPED) == 32 && sizeof(IO_STATUS_BLOCK) == 16);

typedef struct win32_overlapped_entry {
    ULONG_PTR lpCompletionKey;
    OVERLAPPED *lpOverlapped;
    ULONG_PTR Internal;
    DWORD dwNumberOfBytesTransferred;
} OVERLAPPED_ENTRY;
C_ASSERT(sizeof(OVERLAPPED_ENTRY) == 32);

enum win32_error {
    ERROR_SUCCESS_ = 0, ERROR_FILE_NOT_FOUND = 2, ERROR_PATH_NOT_FOUND = 3, ERROR_ACCESS_DENIED = 5, ERROR_INVALID_HANDLE = 6,
    ERROR_NOT_ENOUGH_MEMORY = 8, ERROR_NOT_SUPPORTED = 50, ERROR_FILE_EXISTS = 80, ERROR_INVALID_PARAMETER = 87,
    ERROR_INSUFFICIENT_BUFFER = 122, ERROR_ALREADY_EXISTS = 183, ERROR_FILENAME_EXCED_RANGE = 206, ERROR_WAIT_TIMEOUT = 258,
    ERROR_NO_MORE_ITEMS = 259, ERROR_MR_MID_NOT_FOUND = 317, ERROR_IO_INCOMPLETE = 996, ERROR_IO_PENDING = 997,
    ERROR_NOT_FOUND = 1168, ERROR_ABANDONED_WAIT = 735
};

enum win32_wait { WAIT_IO_COMPLETION = 192, WAIT_TIMEOUT_ = 258, WAIT_FAILED = -1 };

/* ---- Processes (process.c) ---- */

struct handle_entry {
    void *body;          /* NULL: free */
    ACCESS_MASK access;
    uint32_t next_free;  /* index + 1 */
};

struct console_handler {
    struct console_handler *next;
    BOOL (*routine)(DWORD event);
};

struct nt_process {
    KEVENT ended;               /* the dispatcher object: first */
    KEVENT never;               /* nobody sets it: endless sleeps wait on it */
    LIST_ENTRY threads;         /* nt_thread.process_entry */
    unsigned thread_count;
    bool exiting, ran_down;
    uint32_t number, exit_code;
    struct handle_entry *handle;
    uint32_t handle_count, first_free; /* first_free: index + 1 */
    struct console_handler *console_handlers;
    struct user_mutant *mutants; /* every mutex that was created here, newest first */
    bool ignores_ctrl_c;
    bool plain_user;            /* no administrator */
    char name[CTX_NAME_MAX];
};

static inline struct nt_process *process_current(void) { return ke_current_thread()->process; }

/* Ends the calling thread: its I/O is cancelled and waited for (W-FIL-20), and the process with the last thread. */
_Noreturn void thread_end(NTSTATUS status);
/* Enters the gate for a user DDI; a thread that was asked to end does so before it starts something new. */
void user_enter(uint16_t ddi, uint64_t a, uint64_t b);
/* Leaves the gate of a user DDI; a thread that was asked to end does so here. */
void user_leave(uint64_t result);
/* Starts `routine(argument)` as a new thread of the process; suspended threads wait for thread_resume(). NULL: the process is ending. */
struct nt_thread *process_start_thread(struct nt_process *process, uint8_t role, const char *name, DWORD (*routine)(void *), void *argument,
                                       bool suspended);
/* Previous suspend count, or -1. */
DWORD thread_resume(struct nt_thread *thread);
static inline DWORD thread_id(const struct nt_thread *thread) { return 0x1000 + thread->number * 4; }
/* Asks the IRPs that the thread waits for inside a system call to be cancelled; how many there were. */
ULONG thread_cancel_synchronous(struct nt_thread *thread);

/* ---- Handles (handle.c) ---- */

/* Consumes the caller's reference. NULL if the table cannot grow. */
HANDLE handle_insert(struct nt_process *process, void *body, ACCESS_MASK access);
/* The object, not referenced; type 0: any. Pseudo handles of the process and thread are understood. STATUS_INVALID_HANDLE,
 * STATUS_OBJECT_TYPE_MISMATCH. access may be NULL. */
NTSTATUS handle_lookup(HANDLE handle, unsigned type, void **body, ACCESS_MASK *access);
NTSTATUS handle_close(struct nt_process *process, HANDLE handle);
void handle_close_all(struct nt_process *process);
/* One handle more or less to an object: a file's CLEANUP, a port's end. Closing gives up the handle's reference. */
void object_handle_opened(void *body);
void object_handle_closed(struct nt_process *process, void *body);
/* What a wait on the object waits on: its dispatcher header. NULL: cannot be waited for. */
void *handle_waitable(void *body);

/* ---- Errors (error.c) ---- */

DWORD error_of_status(NTSTATUS status);
void error_set(DWORD error);
/* Sets the last error; always 0, so that a failing function may return it. */
BOOL error_from_status(NTSTATUS status);
BOOL error_fail(DWORD error);
/* NT_SUCCESS: TRUE; otherwise sets the last error: FALSE. */
BOOL result_of_status(NTSTATUS status);
_Noreturn void app_error(const char *rule, const char *text, uint64_t a, uint64_t b);

/* ---- Waits (wait.c) ---- */

/* NULL for INFINITE. */
LARGE_INTEGER *user_timeout(DWORD milliseconds, LARGE_INTEGER *storage);
/* One wait in user mode on dispatcher objects. Runs user APCs before it returns STATUS_USER_APC; ends the thread if that was asked. The caller holds
 * references to the objects. */
NTSTATUS user_wait(ULONG count, void **objects, bool all, bool alertable, LARGE_INTEGER *timeout);
/* As user_wait() on one object, but leaves it to the caller to end the thread (STATUS_THREAD_IS_TERMINATING). */
NTSTATUS user_wait_step(void *object, bool alertable, LARGE_INTEGER *timeout);

/* ---- Synchronisation objects (sync.c) ---- */

/* The mutexes that the thread still owns become free and say so to their next owner (W-U-15). */
void mutants_abandon(struct nt_process *process, struct nt_thread *thread);

/* Of ke/, for handles of user objects and for threads that were asked to end. */
void ke_interrupt_wait(struct nt_thread *thread);
void ke_initialize_mutant(PKMUTANT mutant, bool kernel);
LONG ke_release_mutant(PKMUTANT mutant, NTSTATUS *status);
void ke_initialize_semaphore(PKSEMAPHORE semaphore, LONG count, LONG limit);
LONG ke_release_semaphore(PKSEMAPHORE semaphore, LONG adjustment, NTSTATUS *status);

/* ---- Completion ports (port.c) ---- */

void port_begin(void);

/* ---- Overlapped I/O (overlapped.c) ---- */

/* OWN_APP_ERROR if an IRP of the process still writes to this OVERLAPPED. */
void overlapped_check_idle(const OVERLAPPED *overlapped);
/* OWN_APP_ERROR if [memory, memory + size) holds the OVERLAPPED or the buffer of a pending IRP (W-U-11). */
void overlapped_check_free(const void *memory, size_t size);

/* ---- Memory (heap.c) ---- */

/* User memory, uninitialised; NULL when exhausted. */
void *user_alloc(size_t size, const void *caller);
void user_free(void *memory, const void *caller);
size_t user_size(const void *memory);
void heap_begin(void);

/* ---- Console (console.c) ---- */

/* Text of an app, from inside the gate. */
void console_write(const char *text, size_t length);

/* ---- Strings ---- */

static inline size_t wide_length(const WCHAR *text)
{
    size_t n = 0;
    while (text[n])
        n++;
    return n;
}

/* Copies with terminator; false if it did not fit. ANSI is taken as Latin-1. */
static inline bool wide_from_ansi(WCHAR *to, size_t size, const char *from)
{
    size_t i = 0;
    for (; from[i] && i + 1 < size; i++)
        to[i] = (unsigned char)from[i];
    to[i] = 0;
    return !from[i];
}

void sync_begin(void);
void lock_begin(void);
void service_begin(void);

/* ---- Notifications (cfgmgr32.c) ---- */

void cfgmgr_begin(void);
/* Its registrations go. */
void cfgmgr_process_ended(const struct nt_process *process);

#endif
