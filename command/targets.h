/* What the tree holds: names read from the build files, so that a new target or driver is known without a line here. */
#ifndef COMMAND_TARGETS_H
#define COMMAND_TARGETS_H

#include "process.h"

#define SANITIZER_NAMES "address thread memory undefined none"

/* Names given to a function of a build file: names_of("targets/CMakeLists.txt", "irpfuzz_target", &list). */
void names_of(const char *file, const char *function, struct args *names);
void all_targets(struct args *names);
void all_presets(struct args *names);
/* Those of `all` that a word equals or begins; the exact name alone if there is one. fail()s if a word fits nothing. No words: all. */
void select_names(const struct args *all, char **words, unsigned count, const char *what, struct args *chosen);

/* The target of a file: given by name, or fuzz/<target>/... or corpus/<target>/... fail()s if neither tells. */
const char *target_of(const char *path, const char *given);
/* "fuzz-address", "afl-thread". */
const char *fuzz_preset(const char *engine, const char *sanitizer);
/* The preset whose run_<target> replays with this sanitizer; NULL means address. */
const char *replay_preset(const char *sanitizer);
/* Words for the fuzzers; the file need not be there. */
const char *dictionary_of(const char *target);
/* Makes inputs of the committed seeds and regressions (text) in `directory`; only what is new. Returns how many there are. */
unsigned assemble_seeds(const char *target, const char *run_program, const char *directory);

#endif
