/* Every form of W-SEH-1, run. Exit status is the number of the first check that failed, 0 if none did. */
#include "seh_machine.h"
#include <excpt.h>

static int trace;

static void note(int digit)
{
    trace = trace * 10 + digit;
}

static int simple(int raise)
{
    int value = 1;
    __try {
        value = 2;
        if (raise)
            seh_raise(0xC0000005);
        value = 3;
    } __except (GetExceptionCode() == (int)0xC0000005 ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
        return value * 10;
    }
    return value;
}

static int nested(unsigned int code)
{
    trace = 0;
    __try {
        __try {
            note(1);
            seh_raise(code);
        } __except (GetExceptionCode() == 7) {
            note(2);
        }
        note(3);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        note(4);
    }
    return trace;
}

static int finally_normal(void)
{
    trace = 0;
    __try {
        note(1);
    } __finally {
        note(AbnormalTermination() ? 8 : 2);
    }
    return trace;
}

static int finally_raised(void)
{
    trace = 0;
    __try {
        __try {
            note(1);
            seh_raise(9);
        } __finally {
            note(AbnormalTermination() ? 2 : 8);
        }
        note(9);
    } __except (1) {
        note(3);
    }
    return trace;
}

static int finally_return(int depth)
{
    trace = 0;
    __try {
        __try {
            note(1);
            if (depth)
                return note(2), trace * 100 + 7;
        } __finally {
            note(3);
            note(AbnormalTermination() ? 4 : 8);
        }
    } __finally {
        note(5);
    }
    return 0;
}

static int finally_goto(void)
{
    trace = 0;
    __try {
        note(1);
        goto out;
    } __finally {
        note(2);
    }
    note(9);
out:
    note(3);
    return trace;
}

static int leave_in_loop(void)
{
    trace = 0;
    __try {
        for (int i = 0; i < 3; i++) {
            note(1);
            if (i == 1)
                __leave;
        }
        note(9);
    } __finally {
        note(AbnormalTermination() ? 8 : 2);
    }
    return trace;
}

static int except_in_switch(int which)
{
    trace = 0;
    switch (which) {
    case 1:
        __try {
            seh_raise(1);
        } __except (1) {
            note(1);
            break;
        }
        note(9);
    default:
        note(8);
    }
    return trace;
}

static int unbraced(int run)
{
    trace = 0;
    if (run) {
        try {
            note(1);
            leave;
        } finally {
            note(2);
        }
    }
    return trace;
}

static int return_through_except(void)
{
    __try {
        return 5;
    } __except (1) {
        return 6;
    }
    return 7;
}

static int break_is_reported(void)
{
    for (int i = 0; i < 1; i++) {
        __try {
            break;
        } __finally {
            trace = 1;
        }
    }
    return seh_misplaced_breaks;
}

int main(void)
{
    if (simple(0) != 3)
        return 1;
    if (simple(1) != 20)
        return 2;
    if (nested(7) != 123)
        return 3;
    if (nested(6) != 14)
        return 4;
    if (finally_normal() != 12)
        return 5;
    if (finally_raised() != 123)
        return 6;
    if (finally_return(1) != 1207 || trace != 12345)
        return 7;
    if (finally_goto() != 123)
        return 8;
    if (leave_in_loop() != 112)
        return 9;
    if (except_in_switch(1) != 1)
        return 10;
    if (unbraced(1) != 12)
        return 11;
    if (return_through_except() != 5)
        return 12;
    if (break_is_reported() != 1)
        return 13;
    for (int i = 0; i < 100000; i++)
        if (finally_return(1) != 1207)
            return 14;
    return 0;
}
