/* Beside bare_long.c: what a driver shares with its apps stands in headers. */
typedef struct _SHARED {
    unsigned long Slot;
} SHARED;
