/* The network card alone (emulator/nic): no driver, but whatever one could do, and whatever could happen to it. The judge is oracle_i8255x.c. */
#include "oracle_i8255x.h"

const struct target target = {
    .name = "i8255x",
    .device = "card",
    .card = {CARD_82559},
    .bare = &i8255x_judge,
};
