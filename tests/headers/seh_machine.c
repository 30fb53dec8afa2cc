/*
 * A small implementation of irpfuzz_seh.h for one thread, so that the words can be tested without the emulator. A chain of
 * frames, how the last body ended, the blocks that are running and the early exits that wait for their __finally.
 */
#include "seh_machine.h"

__attribute__((__noreturn__)) void seh_jump(void *jump, int value) __asm__("_longjmp");
__attribute__((__noreturn__)) void abort(void);

enum { MAX_DEPTH = 16 };

/* Callee-saved registers, stack pointer and return address at the call of seh_leave. */
struct early_exit {
    unsigned long long registers[8];
};

static struct {
    unsigned long long jump[32] __attribute__((__aligned__(16)));
} frames[MAX_DEPTH];
static int depth;
static enum seh_exit last_exit;
static unsigned int exception_code;
static enum seh_exit finally_exits[MAX_DEPTH];
static int finally_depth;
struct early_exit seh_early_exits[MAX_DEPTH];
static int early_depth;
int seh_misplaced_breaks;

static __attribute__((__noreturn__)) void leave_frame(enum seh_exit how)
{
    last_exit = how;
    seh_jump(frames[--depth].jump, 1);
}

void *seh_enter(void)
{
    if (depth == MAX_DEPTH)
        abort();
    return frames[depth++].jump;
}

void seh_body_done(struct seh_guard *guard)
{
    depth--;
    guard->guarding = 0;
    last_exit = SEH_EXIT_NORMAL;
}

void seh_leave_body(void)
{
    leave_frame(SEH_EXIT_NORMAL);
}

void seh_raise(unsigned int code)
{
    exception_code = code;
    if (depth == 0)
        abort();
    leave_frame(SEH_EXIT_EXCEPTION);
}

/* Where seh_leave keeps the registers of an early exit; null when the body is not being guarded any more. */
struct early_exit *seh_begin_early_exit(struct seh_guard *guard)
{
    return guard->guarding ? &seh_early_exits[early_depth] : 0;
}

void seh_commit_early_exit(void)
{
    early_depth++;
    leave_frame(SEH_EXIT_EARLY);
}

/*
 * Saves the caller's context as setjmp would and jumps to the frame. In assembly, because it returns a second time after the
 * stack below the caller was used by the __finally block; nothing of its own may be there.
 */
__asm__(".text\n"
        ".globl seh_leave\n"
        ".type seh_leave, @function\n"
        "seh_leave:\n"
        "    pushq %rdi\n"
        "    call seh_begin_early_exit\n"
        "    popq %rdi\n"
        "    testq %rax, %rax\n"
        "    jz 1f\n"
        "    movq %rbx, (%rax)\n"
        "    movq %rbp, 8(%rax)\n"
        "    movq %r12, 16(%rax)\n"
        "    movq %r13, 24(%rax)\n"
        "    movq %r14, 32(%rax)\n"
        "    movq %r15, 40(%rax)\n"
        "    leaq 8(%rsp), %rdx\n"
        "    movq %rdx, 48(%rax)\n"
        "    movq (%rsp), %rdx\n"
        "    movq %rdx, 56(%rax)\n"
        "    subq $8, %rsp\n"
        "    call seh_commit_early_exit\n"
        "1:  ret\n"
        ".size seh_leave, .-seh_leave\n"
        ".globl seh_restore_early_exit\n"
        ".type seh_restore_early_exit, @function\n"
        "seh_restore_early_exit:\n"
        "    movq (%rdi), %rbx\n"
        "    movq 8(%rdi), %rbp\n"
        "    movq 16(%rdi), %r12\n"
        "    movq 24(%rdi), %r13\n"
        "    movq 32(%rdi), %r14\n"
        "    movq 40(%rdi), %r15\n"
        "    movq 48(%rdi), %rsp\n"
        "    jmpq *56(%rdi)\n"
        ".size seh_restore_early_exit, .-seh_restore_early_exit\n");

__attribute__((__noreturn__)) void seh_restore_early_exit(struct early_exit *exit);

static __attribute__((__noreturn__)) void resume_early_exit(void)
{
    early_depth--;
    last_exit = SEH_EXIT_RESUMED;
    seh_restore_early_exit(&seh_early_exits[early_depth]);
}

/* Only `break` brings a resumed exit back to the word after the body. */
int seh_filter_wanted(void)
{
    if (last_exit == SEH_EXIT_EARLY)
        resume_early_exit();
    if (last_exit == SEH_EXIT_RESUMED)
        seh_misplaced_breaks++;
    return last_exit == SEH_EXIT_EXCEPTION;
}

int seh_filter(int value)
{
    if (value == 0)
        seh_raise(exception_code);
    last_exit = SEH_EXIT_NORMAL;
    return 1;
}

int seh_finally_begin(void)
{
    if (last_exit == SEH_EXIT_RESUMED) {
        seh_misplaced_breaks++;
        return 0;
    }
    finally_exits[finally_depth++] = last_exit;
    return 1;
}

int seh_finally_end(void)
{
    enum seh_exit how = finally_exits[--finally_depth];

    if (how == SEH_EXIT_EXCEPTION)
        seh_raise(exception_code);
    if (how == SEH_EXIT_EARLY)
        resume_early_exit();
    return 0;
}

unsigned int seh_exception_code(void)
{
    return exception_code;
}

struct _EXCEPTION_POINTERS *seh_exception_pointers(void)
{
    return 0;
}

int seh_abnormal_termination(void)
{
    return finally_depth > 0 && finally_exits[finally_depth - 1] != SEH_EXIT_NORMAL;
}
