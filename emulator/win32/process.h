/*
 * Processes and app threads, as the host world and the Windows world both see them.
 *
 * Principle of operation. A process is a handle table and a set of threads. process_run() gives it a thread that executes an app's main();
 * thread_create() gives it one that executes a function of the engine, which may call Win32 functions. When the last thread of a process
 * has ended, its handles are closed in that thread's context (CLEANUP, CLOSE) and the process is signalled (W-FIL-22).
 *
 * Internal design. Ending a thread from outside only asks for it: the target notices at its next wait in user mode or when it leaves a user
 * DDI, runs down its I/O itself (W-FIL-20) and ends. So nothing here interrupts kernel code.
 *
 * Callable inside the gate at PASSIVE_LEVEL on a thread of the emulated system. Plain C types only. Times are in units of 100 ns.
 */
#ifndef WIN32_PROCESS_H
#define WIN32_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nt_process;
struct nt_thread;

#define PROCESS_FOREVER UINT64_MAX

/* Start of a life: everything this layer keeps is back to its first value. Called after nt_boot(). */
void win32_begin(void);

/* A process without threads; one reference for the caller. The name is copied. Never NULL. */
struct nt_process *process_create(const char *name);
void process_release(struct nt_process *process);
/* 8, 12 ...: the process identifier (4 is the system). */
uint32_t process_id(const struct nt_process *process);

/* Apps run with an administrator's rights, elevated; this one does not (or does again), which decides what it may open. */
void process_set_administrator(struct nt_process *process, bool administrator);

/* A thread of the process runs main(argc, argv) and then ends the process with its result. The strings are copied to user memory.
 * role names the thread in inputs (enum ctx_role). One reference to the thread for the caller. */
struct nt_thread *process_run(struct nt_process *process, uint8_t role, int (*main)(int, char **), int argc, const char *const *argv);

/* A thread of the process runs body(argument), outside the gate, and ends with its result. One reference for the caller;
 * NULL if the process is ending. */
struct nt_thread *thread_create(struct nt_process *process, uint8_t role, const char *name, uint32_t (*body)(void *argument), void *argument);
void thread_release(struct nt_thread *thread);
/* True once it ended within the time (0: look only). From any thread but itself. */
bool thread_wait(struct nt_thread *thread, uint64_t timeout);

/* Asks every thread of the process to end (W-U-13), or runs the process down here if it has none. Does not return if the caller
 * belongs to it. */
void process_terminate(struct nt_process *process, uint32_t exit_code);
/* Asks one thread to end. Does not return if it is the caller. */
void thread_terminate(struct nt_thread *thread, uint32_t exit_code);
/* Ends the calling app thread. */
_Noreturn void thread_exit(uint32_t exit_code);

/* True once the process has ended, with its exit code (may be NULL), within the time. */
bool process_wait(struct nt_process *process, uint64_t timeout, uint32_t *exit_code);
bool process_ended(const struct nt_process *process);

/* The object behind a handle of the process, not referenced; NULL if there is none. For the kernel's lookup of user handles. */
void *process_handle_object(struct nt_process *process, void *handle);

/* Ctrl-C (0), Ctrl-Break (1) or close (2): the handlers run on a new thread; if none takes it the process ends (W-U-13). */
void process_console_event(struct nt_process *process, uint32_t event);

/* Where the text of apps goes, and where their key strokes come from. NULL: the trace, and an input at its end. */
extern void (*win32_console_hook)(const char *text, size_t length);
enum { WIN32_INPUT_NONE_YET = -1, WIN32_INPUT_END = -2 };
/* The next character, or one of the above; taken away only if asked to. */
extern int (*win32_input_hook)(bool take);

/* A service that was created and not deleted, by its name; NULL: none. */
const char *service_left(void);

#endif
