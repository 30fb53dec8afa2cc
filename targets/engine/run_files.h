/*
 * What the verbs of run_<target> share: reading inputs in either form, writing files whole, and ending with one line.
 *
 * Host world. Every function that fails ends the program, unless it says otherwise.
 */
#ifndef ENGINE_RUN_FILES_H
#define ENGINE_RUN_FILES_H

#include <stddef.h>
#include <stdint.h>

#define MAX_INPUT_FILE (1 << 20)

/* One line on stderr, "irpfuzz: ...", and the exit status: 2 wrong usage or a bad file, 3 set-up failed. */
_Noreturn void stop(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The input in binary, whichever form the file has; "-" is the standard input. Returns its size. */
size_t read_input(const char *name, uint8_t *out, size_t room);
/* The same of a file that must be text. */
size_t read_text(const char *name, uint8_t *out, size_t room);
/* A file appears whole or not at all, whatever stops the program. */
void write_file(const char *name, const uint8_t *bytes, size_t size);
/* The same, and returns 0 or the errno of what failed. */
int try_write_file(const char *name, const uint8_t *bytes, size_t size);

#endif
