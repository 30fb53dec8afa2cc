/*
 * Faults of driver code on user addresses (W-SEH-3): on Windows they are exceptions, which the __try around the access handles.
 *
 * The host's SIGSEGV handler looks whether that is what happened: driver code below DISPATCH_LEVEL touched an address that only an app could have named,
 * inside a guarded body. If so the context goes on in the raise instead of the access; every other fault is the business of whoever handled faults before
 * (a sanitizer, a fuzzer, the reports).
 */
#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "machine.h"

#define LOW_ADDRESSES 0x10000u
#define RED_ZONE_OF_ABI 128

static struct sigaction before;

static void raise_fault(void)
{
    machine.raise_user_fault();
    __builtin_trap();
}

static bool is_handled(const void *address)
{
    const struct ctx *ctx = current_ctx;
    if (!machine.in_life || !ctx || ctx->in_gate || ctx->irql >= IRQL_DISPATCH || !machine.raise_user_fault)
        return false;
    return ((uintptr_t)address < LOW_ADDRESSES || memory_is_user(address)) && machine.is_guarded();
}

static void fault(int number, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    if (is_handled(info->si_addr)) {
        uint64_t sp = (uint64_t)u->uc_mcontext.gregs[REG_RSP] - RED_ZONE_OF_ABI;
        u->uc_mcontext.gregs[REG_RSP] = (long long)((sp & ~15ull) - 8); /* as after a call */
        u->uc_mcontext.gregs[REG_RIP] = (long long)(uintptr_t)raise_fault;
        return;
    }
    if (before.sa_flags & SA_SIGINFO && before.sa_sigaction) {
        before.sa_sigaction(number, info, context);
        return;
    }
    if (before.sa_handler && before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
        before.sa_handler(number);
        return;
    }
    signal(number, SIG_DFL); /* the access faults again, without a handler */
}

void user_faults_install(void)
{
    struct sigaction action;
    if (sigaction(SIGSEGV, NULL, &action) == 0 && action.sa_flags & SA_SIGINFO && action.sa_sigaction == fault)
        return;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigaction(SIGSEGV, &action, &before);
}
