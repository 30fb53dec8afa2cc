/*
 * What is installed on the machine: which drivers a device gets, as its INF would say. Plain C: both worlds may include it.
 */
#ifndef NT_INSTALL_H
#define NT_INSTALL_H

#define PNP_FILTERS 4

/* The images of the drivers for a hardware or compatible identifier, filters from below to above; NULL ends a list. */
struct pnp_install {
    const char *id;
    const char *lower[PNP_FILTERS], *function, *upper[PNP_FILTERS];
};

#endif
