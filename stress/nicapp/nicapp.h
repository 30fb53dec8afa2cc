/* What the parts of nicapp share: nicapp.c (the run), card.c (a card and its objects), ping.c (a ping through both), traffic.c (frames in both directions). */

#pragma once

#include <windows.h>

#include <winioctl.h>

#include "../../drivers/pcidrv/public.h"

#define HEADER_LENGTH 14 /* of a frame: destination, source, type */
#define MIN_WIRE_LENGTH 60

#define MAX_THREADS 8
#define SAFE_WINDOW 14
#define MAX_WINDOW 64

typedef struct _OPTIONS {
    UINT Frames;  /* that each card sends */
    UINT Threads; /* that read, and as many that write, at each card */
    UINT Window;  /* frames on their way to each card; above SAFE_WINDOW some are lost */
    UINT Pings;
    BOOL MayLose; /* somebody resets the cards meanwhile: what was on its way is lost */
    BOOL MayGo;   /* somebody pulls them */
    BOOL Naps;
} OPTIONS;

/* ---- card.c ---- */

typedef struct _CARD {
    UINT Index;
    HANDLE Device;
    UCHAR Address[PCIDRV_ADDRESS_LENGTH];
    BOOL MayGo;
    volatile LONG Gone;   /* it was seen to be */
    volatile LONG Failed; /* something was complained about */
} CARD;

/* Each returns FALSE after a complaint. */
BOOL OpenCard(CARD *Card, const char *Path);
BOOL BindCard(CARD *Card);
BOOL SetFilter(CARD *Card, ULONG Filter);
/* Frames that it has sent and received. */
BOOL QueryCounters(CARD *Card, ULONGLONG *Sent, ULONGLONG *Received);
void CloseCard(CARD *Card);

/* Says what has failed, unless the card has gone that may go. FALSE, for the caller to return. */
BOOL Complain(CARD *Card, const char *What, DWORD Error);

/* ---- ping.c ---- */

/* So many echoes from the first to the second, after its address was asked for as one does on a network. */
BOOL Ping(CARD *From, CARD *To, UINT Count);

/* ---- traffic.c ---- */

/* Both cards send to each other. */
BOOL Exchange(CARD Cards[2], const OPTIONS *Options);
