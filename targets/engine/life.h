/*
 * The life of one input, shared by its two halves: execute.c (kernel side: the PnP thread, order of steps) and apps.c (app side: Win32
 * calls). Plain C, since the two see different Windows headers.
 */
#ifndef ENGINE_LIFE_H
#define ENGINE_LIFE_H

#include "target.h"

struct app_handle {
    void *file;              /* HANDLE; NULL: closed */
    bool overlapped;
    uint32_t device;
    uint8_t class;
};

struct life {
    const struct program *program;
    const uint8_t *input;
    size_t input_size;
    uint64_t sequence;                                /* order of what apps do and see */
    uint64_t requests, pending;                       /* bit masks over steps */
    struct request request[MAX_OPERATIONS];
    int16_t named[APP_PROCESSES][REQUEST_NAMES];      /* step of the latest request of that name, -1 none */
    struct app_handle handle[APP_PROCESSES][APP_HANDLES];
    void *cancelling[APP_THREADS];                    /* HANDLE of the CancelIo(Ex) that the thread is in: may hit a request that is only being sent,
                                                         or one on a newer file of the same value */
    uint32_t device;                                  /* number of the latest device added, 0 none */
    uint8_t state;                                    /* DISTURBED_REMOVE / DISTURBED_STATE as things stand */
    unsigned starts;                                  /* of devices */
    bool keeps_results;                               /* set once by who compares lives by what their apps saw */
    bool working;                                     /* restored at the end and fit to finish what is pending */
};
extern struct life life;

/* ---- execute.c, for apps.c ---- */

/* The calling actor's next step, or -1 when it has none left. Waits for its turn; ends the thread if somebody asked for that. */
int life_next_step(unsigned actor);
/* The actor takes no more steps. */
void life_actor_ended(unsigned actor);
#define LIFE_PATH_CHARS 256
/* Copies the path of the device that an `open` means, Windows' UTF-16 with its zero: a legacy driver's, or that of an interface; its number goes to
 * `device`. False if there is none now. */
bool life_device_path(const struct record *open, uint16_t path[LIFE_PATH_CHARS], uint32_t *device);
/* The class of interface that an `open` means. */
uint8_t life_interface_class(const struct record *open);
/* What a request on this device has to reckon with as things stand (enum disturbance). */
uint8_t life_device_disturbance(uint32_t device);
/* Uninitialised user memory; NULL when exhausted. */
void *life_user_memory(size_t size);
/* Requests that match get the disturbance: those still out, of this process / thread / handle; negative: any. */
void life_disturb(uint8_t disturbance, int process, int thread, int handle);
/* Those still out on this device. */
void life_disturb_device(uint8_t disturbance, uint32_t device);
/* So many that have ended well, the last ones of their kind: what they asked for is still under way. */
void life_disturb_last(uint8_t disturbance, uint8_t kind, unsigned count);

/* ---- wmi.c, for apps.c ---- */

/* Asks WMI, of a device of the tree, and fills in what came of it. The calling thread waits, and may be ended meanwhile. */
void life_ask_wmi(struct wmi_request *request, uint8_t slot);

/* ---- apps.c, for execute.c ---- */

/* Body of an app thread; argument: its number. */
uint32_t app_thread(void *argument);
/* Is a request out, of one of those processes (a bit mask), that ends only when somebody asks for it, and that nobody has asked for yet? */
bool life_somebody_waits(unsigned processes);

/* ---- cards.c, for who wants to see each frame (run_main.c); kept over lives, NULL: nobody ---- */

extern void (*life_wire)(unsigned card, bool sent, const uint8_t *frame, uint32_t size);

/* ---- coverage.c: counters that only the engine can see ---- */

void coverage_pair(unsigned space, uint32_t a, uint32_t b);
void coverage_switch(uint16_t from, uint16_t to);
enum { COVER_EVENT = 1, COVER_RESULT, COVER_MEETING, COVER_SWITCH };

#endif
