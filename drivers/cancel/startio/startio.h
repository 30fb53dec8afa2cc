/*
 * StartIo: reads of a slow device, started one after the other as StartIo does it, and queued so that they can be
 * cancelled at any time.
 *
 * A legacy driver for a device that answers a read only once it has settled. Principle: there is one current read; the
 * others wait in a cancel-safe queue. The queue's insert routine itself decides, under its lock, whether a read becomes the
 * current one or waits, and taking the next read out makes that one current under the same lock. From the moment the slot is
 * filled until it is found empty again exactly one execution runs the engine that serves the current read: the thread that
 * brought it, or the timer's DPC. A run that cannot go on sets the timer and leaves; nothing may be touched after that.
 *
 * The current read has no cancel routine and is left to finish. Each file has a remove lock, so that its cleanup does not
 * miss a read that is just on its way into the queue: a read holds it until it is there, cleanup shuts it, waits for the
 * holders, and only then looks for the file's reads.
 */

#pragma once

#include <ntddk.h>
#include <csq.h>
#include <wdmsec.h>

#define STARTIO_DEVICE_NAME L"\\Device\\CANCELSAMP"
#define STARTIO_LINK_NAME L"\\DosDevices\\CancelSamp"
#define STARTIO_POOL_TAG 'OITS'

/* The time that the device is given to settle before it is asked again, and how often that may be necessary. */
#define POLLING_INTERVAL_MS 500
#define RETRIES_LIMIT 2

/* So many reads a run of the engine completes at most, or one caller's thread would serve everybody's. */
#define READS_PER_RUN 4

/* What a read brings: how often the device had to be asked again. */
typedef struct _INPUT_DATA
{
    ULONG Data;
} INPUT_DATA, *PINPUT_DATA;

typedef struct _DEVICE_EXTENSION
{
    /* Reads that wait, and the one that is served. Only the engine empties or replaces the latter, so it may read it freely. */
    _Guarded_by_(QueueLock) LIST_ENTRY PendingIrps;
    _Guarded_by_(QueueLock) PIRP CurrentIrp;
    KSPIN_LOCK QueueLock;
    IO_CSQ CancelSafeQueue;

    /* Runs the engine again. Set only by the engine, and only while there is a current read. */
    KTIMER PollingTimer;
    KDPC PollingDpc;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

/* FsContext of a file object. */
typedef struct _FILE_CONTEXT
{
    IO_REMOVE_LOCK RundownLock;
} FILE_CONTEXT, *PFILE_CONTEXT;

/* While an IRP is ours this word of it counts the retries that are left; the queue uses another one. */
#define IRP_RETRIES_LEFT(Irp) ((Irp)->Tail.Overlay.DriverContext[0])

DRIVER_INITIALIZE DriverEntry;
