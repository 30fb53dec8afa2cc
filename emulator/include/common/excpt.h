/*
 * Structured exceptions as sources see them: the lower-case spellings and the filter values. The machinery is irpfuzz_seh.h.
 * In C++ `try` is the language's own, so only C gets the lower-case words (W-SEH-1).
 */
#ifndef IRPFUZZ_EXCPT_H
#define IRPFUZZ_EXCPT_H

#include "irpfuzz_seh.h"

typedef enum _EXCEPTION_DISPOSITION {
    ExceptionContinueExecution,
    ExceptionContinueSearch,
    ExceptionNestedException,
    ExceptionCollidedUnwind
} EXCEPTION_DISPOSITION;

#define EXCEPTION_EXECUTE_HANDLER 1
#define EXCEPTION_CONTINUE_SEARCH 0
#define EXCEPTION_CONTINUE_EXECUTION (-1)

#define exception_code GetExceptionCode
#define exception_info GetExceptionInformation
#define abnormal_termination AbnormalTermination

#ifndef __cplusplus
#define try __try
#define except __except
#define finally __finally
#define leave __leave
#endif

#endif
