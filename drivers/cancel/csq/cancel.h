/*
 * Cancel: reads of a slow device, queued so that they can be cancelled at any time.
 *
 * A legacy driver for a device that answers a read only once it has settled. Principle: a read is put into a cancel-safe
 * queue and signalled by a semaphore; one system thread takes the reads out in turn and asks the device again and again,
 * POLLING_INTERVAL_MS apart, until it answers. Who takes an IRP out of the queue completes it, be it that thread, the
 * library on behalf of a cancelling application, or the cleanup of a file.
 *
 * A file's cleanup must not miss a read that is just on its way into the queue. So each file has a remove lock: a read holds
 * it until it is in the queue, cleanup shuts it, waits for the holders, and only then looks for the file's reads.
 */

#pragma once

#include <ntifs.h>
#include <csq.h>
#include <wdmsec.h>

#define CANCEL_DEVICE_NAME L"\\Device\\CANCELSAMP"
#define CANCEL_LINK_NAME L"\\DosDevices\\CancelSamp"
#define CANCEL_POOL_TAG 'MASC'

/* The time that the device is given to settle before it is asked again, and how often that may be necessary. */
#define POLLING_INTERVAL_MS 500
#define RETRIES_LIMIT 2

/* What a read brings: how often the device had to be asked again. */
typedef struct _INPUT_DATA
{
    ULONG Data;
} INPUT_DATA, *PINPUT_DATA;

typedef struct _DEVICE_EXTENSION
{
    /* Reads that wait for the thread. */
    _Guarded_by_(QueueLock) LIST_ENTRY PendingIrps;
    KSPIN_LOCK QueueLock;
    IO_CSQ CancelSafeQueue;

    /* Not zero while there may be reads in the queue that the thread will not come to by itself. */
    KSEMAPHORE QueuedIrps;

    PKTHREAD PollingThread;
    _Interlocked_ volatile LONG StopRequested;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

/* FsContext of a file object. */
typedef struct _FILE_CONTEXT
{
    IO_REMOVE_LOCK RundownLock;
} FILE_CONTEXT, *PFILE_CONTEXT;

/* While an IRP is ours this word of it counts the retries that are left; the queue uses another one. */
#define IRP_RETRIES_LEFT(Irp) ((Irp)->Tail.Overlay.DriverContext[0])

DRIVER_INITIALIZE DriverEntry;
