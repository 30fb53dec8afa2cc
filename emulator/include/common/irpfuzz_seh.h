/*
 * Structured exceptions in plain C (W-SEH-1, W-SEH-2).
 *
 * Principle: a guarded body is a hidden loop that runs once. Its frame is linked into a chain that the emulator keeps for each
 * context; a raise jumps to the innermost frame, and the __except or __finally that follows the body asks how the body ended:
 * at its end, by an exception, or early (return, goto). An early exit is noticed by the guard's cleanup attribute, which
 * jumps to the __finally block and afterwards goes on with the exit where it was interrupted.
 *
 * Limits, each one loud or harmless:
 *   - filters run when the inner frames are gone already, so only filters without side effects are exact (W-SEH-2);
 *   - `break` directly in a guarded body that means a loop or switch around the __try is reported when it runs
 *     (the emulator reports it); `continue` there acts as __leave. Both are right inside handlers and in loops within the body;
 *   - a source that uses these words is compiled without optimisation, since locals change between setjmp and the jump back
 *     (windows_world_seh in cmake/WindowsWorld.cmake does that).
 *
 * The functions are the emulator's. Below DISPATCH_LEVEL, or at it where nothing is raised (W-SEH-5).
 */
#ifndef IRPFUZZ_SEH_H
#define IRPFUZZ_SEH_H

#ifdef __cplusplus
extern "C" {
#endif

struct _EXCEPTION_POINTERS;

/* How a guarded body ended, kept by the emulator from the end of the body to the word that follows it. */
enum seh_exit { SEH_EXIT_NORMAL, SEH_EXIT_EXCEPTION, SEH_EXIT_EARLY, SEH_EXIT_RESUMED };

/*
 * Stands for one guarded body while it runs; its cleanup is what notices an early exit. The frame itself (a host jmp_buf) is the
 * emulator's: the context is saved before the guard's scope begins, so that a jump back never passes through the cleanup.
 */
struct seh_guard {
    int guarding;
};

/* Links a new frame into the context's chain and returns where to save the context. */
void *seh_enter(void);
/* The body ran to its end. Unlinks the frame. */
void seh_body_done(struct seh_guard *guard);
/* The guard's cleanup: nothing once the body is done, else the early exit described above. */
void seh_leave(struct seh_guard *guard);
/* __leave: goes to the end of the innermost guarded body. */
__attribute__((__noreturn__)) void seh_leave_body(void);

/* __except: true if a filter is to be evaluated; goes on with an early exit if that is what the body did. */
int seh_filter_wanted(void);
/* The filter's value: true for EXCEPTION_EXECUTE_HANDLER; raises on outwards for EXCEPTION_CONTINUE_SEARCH. */
int seh_filter(int value);

/* __finally: begin returns 1 if the block is to run; end goes on with what the body did, or returns 0. */
int seh_finally_begin(void);
int seh_finally_end(void);

unsigned int seh_exception_code(void);
struct _EXCEPTION_POINTERS *seh_exception_pointers(void);
int seh_abnormal_termination(void);

/* libc's, which saves no signal mask. */
__attribute__((__returns_twice__)) int seh_save_context(void *jump) __asm__("_setjmp");

#ifdef __cplusplus
}
#endif

#define __try                                                                                                          \
    if (seh_save_context(seh_enter()) == 0)                                                                            \
        for (struct seh_guard seh_guard __attribute__((__cleanup__(seh_leave), __unused__)) = {1}; seh_guard.guarding; \
             seh_body_done(&seh_guard))
#define __except(filter) if (seh_filter_wanted() && seh_filter(filter))
#define __finally for (int seh_running = seh_finally_begin(); seh_running; seh_running = seh_finally_end())
#define __leave seh_leave_body()

#define _exception_code() ((int)seh_exception_code())
#define _exception_info() seh_exception_pointers()
#define _abnormal_termination() seh_abnormal_termination()
#define GetExceptionCode() ((int)seh_exception_code())
#define GetExceptionInformation() seh_exception_pointers()
#define AbnormalTermination() seh_abnormal_termination()

#endif
