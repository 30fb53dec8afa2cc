/* Configures and builds presets of CMakePresets.json. Functions fail() with exit status 3 and the build's own words if that goes wrong. */
#ifndef COMMAND_BUILD_H
#define COMMAND_BUILD_H

#include "process.h"

/* Builds targets of a preset. Silent if there is nothing to do. */
void build_preset(const char *preset, const struct args *targets);
/* The same for one target; a shorthand. */
void build_one(const char *preset, const char *target);
/* A build directory of its own: `settings` are cmake's -D arguments, used when it is configured first. */
void build_directory(const char *directory, const char *preset, const struct args *settings, const struct args *targets);
/* All of a preset, going on behind errors. False, after the first of them on stderr, if something does not build. */
bool build_everything(const char *preset);

#endif
