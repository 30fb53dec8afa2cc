/* Files and directories. Writes are atomic: a temporary file beside the place, then a rename. */
#ifndef COMMAND_FILES_H
#define COMMAND_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The directory and those above it. fail()s if that cannot be. */
void make_directory(const char *path);
/* Zero-terminated; NULL if there is no such file. Free it. */
char *read_file(const char *path, size_t *size);
void write_file(const char *path, const void *bytes, size_t size);
void copy_file(const char *from, const char *to);
bool same_contents(const char *a, const char *b);
/* Also true for a directory. */
bool file_exists(const char *path);
/* 0 if it is not there. Seconds since 1970. */
double file_time(const char *path);
uint64_t file_hash(const char *path);
/* A directory tree; nothing happens if it is not there. */
void remove_tree(const char *path);
unsigned count_files(const char *directory);

/* Calls each(path, context) for the regular files of a directory in order of their names; dot files are left out. */
void each_file(const char *directory, void (*each)(const char *path, void *context), void *context);
/* The same, through subdirectories. */
void each_file_below(const char *directory, void (*each)(const char *path, void *context), void *context);

#endif
