/*
 * Structured exceptions (W-SEH, emulator/include/common/irpfuzz_seh.h), kept per context.
 *
 * Each context has a chain of frames (a saved context and the gate's state when the guarded body began), how the last body ended, the __finally blocks
 * that are running, and the early exits that wait for their __finally. A raise jumps to the innermost frame; the code after the body
 * asks here what to do. Nothing here may be called with a frame of the emulator between the driver's __try and the raise that needs undoing,
 * so DDIs that raise do so with their own state settled.
 */
#include "../nt.h"

#define SEH_DEPTH 12

__attribute__((__noreturn__)) void seh_jump(void *jump, int value) __asm__("_longjmp");

/* Callee-saved registers, stack pointer and return address at the call of seh_leave. */
struct early_exit {
    ULONG64 registers[8];
};

struct seh_frame {
    ULONG64 jump[32] __attribute__((__aligned__(16)));
    uint8_t gate_depth;
    bool in_gate;
};

struct seh_state {
    struct seh_frame frame[SEH_DEPTH];
    struct early_exit early[SEH_DEPTH];
    enum seh_exit finally_exit[SEH_DEPTH];
    unsigned depth, early_depth, finally_depth;
    enum seh_exit last_exit;
    ULONG code;
};

static struct seh_state *states[MAX_CONTEXTS];

bool seh_guarded(void);
__attribute__((__noreturn__)) void seh_raise(ULONG code);
static void raise_access_violation(void) { seh_raise((ULONG)STATUS_ACCESS_VIOLATION); }

void seh_begin(void)
{
    machine.is_guarded = seh_guarded;
    machine.raise_user_fault = raise_access_violation;
    for (unsigned i = 0; i < MAX_CONTEXTS; i++)
        if (states[i])
            states[i]->depth = states[i]->early_depth = states[i]->finally_depth = 0;
}

static struct seh_state *state(void)
{
    struct seh_state **s = &states[current_ctx->id];
    if (!*s)
        *s = machine_keep(sizeof **s);
    return *s;
}

static __attribute__((__noreturn__)) void leave_frame(struct seh_state *s, enum seh_exit how)
{
    struct ctx *ctx = current_ctx;
    struct seh_frame *frame = &s->frame[--s->depth];
    s->last_exit = how;
    ctx->gate_depth = frame->gate_depth;
    if (ctx->in_gate && !frame->in_gate && machine.engine == ENGINE_THREAD)
        gate_unlock();
    ctx->in_gate = frame->in_gate;
    seh_jump(frame->jump, 1);
}

void *seh_enter(void)
{
    struct seh_state *s = state();
    if (s->depth == SEH_DEPTH)
        bugcheck(0x7F, 8, SEH_DEPTH, 0, 0, "W-MEM-15", "more than %d nested __try", SEH_DEPTH);
    struct seh_frame *frame = &s->frame[s->depth++];
    frame->gate_depth = current_ctx->gate_depth;
    frame->in_gate = current_ctx->in_gate;
    return frame->jump;
}

void seh_body_done(struct seh_guard *guard)
{
    struct seh_state *s = state();
    s->depth--;
    guard->guarding = 0;
    s->last_exit = SEH_EXIT_NORMAL;
}

void seh_leave_body(void) { leave_frame(state(), SEH_EXIT_NORMAL); }

/* The innermost frame belongs to the routine that runs: between the two no routine was called back, whose caller, in the emulator, an exception would
 * leave half done (a DPC that interrupted the guarded body, a dispatch routine below IoCallDriver). */
static bool guarded_here(const struct seh_state *s)
{
    const struct ctx *ctx = current_ctx;
    if (!s->depth)
        return false;
    for (unsigned i = s->frame[s->depth - 1].gate_depth; i < ctx->gate_depth; i++)
        if (ddi_table[ctx->gate[i]].flags & DDI_CALLBACK)
            return false;
    return true;
}

bool seh_guarded(void) { return guarded_here(state()); }

/* An exception that nothing guards is the bug check of W-SEH-5. */
__attribute__((__noreturn__)) void seh_raise(ULONG code)
{
    struct seh_state *s = state();
    s->code = code;
    if (!guarded_here(s))
        bugcheck(current_ctx->top ? 0x1E : current_ctx->kind == CTX_APP ? 0x3B : 0x7E, code, 0, 0, 0, "W-SEH-5",
                 "exception 0x%X is raised and nothing handles it", code);
    leave_frame(s, SEH_EXIT_EXCEPTION);
}

struct early_exit *seh_begin_early_exit(struct seh_guard *guard)
{
    struct seh_state *s = state();
    return guard->guarding ? &s->early[s->early_depth] : NULL;
}

void seh_commit_early_exit(void)
{
    struct seh_state *s = state();
    s->early_depth++;
    leave_frame(s, SEH_EXIT_EARLY);
}

/*
 * Saves the caller's context as setjmp would and jumps to the frame. In assembly, because it returns a second time after the stack
 * below the caller was used by the __finally block; nothing of its own may be there.
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

static __attribute__((__noreturn__)) void resume_early_exit(struct seh_state *s)
{
    s->early_depth--;
    s->last_exit = SEH_EXIT_RESUMED;
    seh_restore_early_exit(&s->early[s->early_depth]);
}

static _Noreturn void misplaced_break(void)
{
    bugcheck(OWN_RULE, 0, 0, 0, 0, "W-SEH-1",
             "a `break` directly inside __try leaves a loop around it: move it out of the guarded body, this build cannot follow it");
}

int seh_filter_wanted(void)
{
    struct seh_state *s = state();
    if (s->last_exit == SEH_EXIT_EARLY)
        resume_early_exit(s);
    if (s->last_exit == SEH_EXIT_RESUMED)
        misplaced_break();
    return s->last_exit == SEH_EXIT_EXCEPTION;
}

int seh_filter(int value)
{
    struct seh_state *s = state();
    if (value == 0)
        seh_raise(s->code);
    s->last_exit = SEH_EXIT_NORMAL;
    return 1;
}

int seh_finally_begin(void)
{
    struct seh_state *s = state();
    if (s->last_exit == SEH_EXIT_RESUMED)
        misplaced_break();
    s->finally_exit[s->finally_depth++] = s->last_exit;
    return 1;
}

int seh_finally_end(void)
{
    struct seh_state *s = state();
    enum seh_exit how = s->finally_exit[--s->finally_depth];
    if (how == SEH_EXIT_EXCEPTION)
        seh_raise(s->code);
    if (how == SEH_EXIT_EARLY)
        resume_early_exit(s);
    return 0;
}

unsigned int seh_exception_code(void) { return state()->code; }
struct _EXCEPTION_POINTERS *seh_exception_pointers(void) { return NULL; }

int seh_abnormal_termination(void)
{
    const struct seh_state *s = state();
    return s->finally_depth > 0 && s->finally_exit[s->finally_depth - 1] != SEH_EXIT_NORMAL;
}

VOID ExRaiseStatus(NTSTATUS Status)
{
    gate_enter(DDI_ExRaiseStatus, (ULONG)Status, 0);
    seh_raise((ULONG)Status);
}

VOID ExRaiseAccessViolation(VOID)
{
    gate_enter(DDI_ExRaiseAccessViolation, 0, 0);
    seh_raise((ULONG)STATUS_ACCESS_VIOLATION);
}

VOID ExRaiseDatatypeMisalignment(VOID)
{
    gate_enter(DDI_ExRaiseDatatypeMisalignment, 0, 0);
    seh_raise((ULONG)STATUS_DATATYPE_MISALIGNMENT);
}
