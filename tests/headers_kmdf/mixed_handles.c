// Must not compile: a queue is not a request.
#include <ntddk.h>
#include <wdf.h>

VOID CompleteQueue(WDFQUEUE Queue);

VOID CompleteQueue(WDFQUEUE Queue)
{
    WdfRequestComplete(Queue, STATUS_SUCCESS);
}
