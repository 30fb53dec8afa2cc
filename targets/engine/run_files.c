/* See run_files.h. */
#include "run_files.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "target.h"
#include "text.h"

_Noreturn void stop(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("irpfuzz: ", stderr);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(status);
}

static uint8_t file_bytes[MAX_INPUT_FILE + 1];

static size_t read_file(const char *name)
{
    FILE *file = strcmp(name, "-") ? fopen(name, "rb") : stdin;
    if (!file)
        stop(2, "cannot read %s: %s", name, strerror(errno));
    size_t size = fread(file_bytes, 1, sizeof file_bytes, file);
    if (ferror(file))
        stop(2, "cannot read %s: %s", name, strerror(errno));
    if (file != stdin)
        fclose(file);
    if (size > MAX_INPUT_FILE)
        stop(2, "%s is longer than %d bytes: no input", name, MAX_INPUT_FILE);
    file_bytes[size] = 0;
    return size;
}

/* Text all through: hardly an input that a fuzzer wrote. */
static bool is_readable(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != '\n' && bytes[i] != '\r' && bytes[i] != '\t' && (bytes[i] < ' ' || bytes[i] > '~'))
            return false;
    return size > 0;
}

static void tell_what_is_left_out(const char *name, const uint8_t *bytes, size_t size)
{
    unsigned operations = 0;
    for (size_t at = 0; at + RECORD_SIZE <= size; at += RECORD_SIZE) {
        struct record raw = record_load(bytes + at);
        operations += record_table[record_canonical(&raw).kind].class != CLASS_DECISION;
    }
    if (operations > MAX_OPERATIONS)
        fprintf(stderr, "irpfuzz: %s has %u operations: only the first %d are run\n", name, operations, MAX_OPERATIONS);
}

size_t read_input(const char *name, uint8_t *out, size_t room)
{
    size_t size = read_file(name), made;
    char error[512];
    if (text_is_program(file_bytes, size) && memchr(file_bytes, 0, size))
        stop(2, "%s begins as a program in text, but holds a zero byte: it is damaged", name);
    if (!text_is_program(file_bytes, size)) {
        if (size > room)
            stop(2, "%s is longer than %zu bytes: no input", name, room);
        if (is_readable(file_bytes, size) && strstr((const char *)file_bytes, "*** irpfuzz: "))
            stop(2, "%s is a report and no input: the input it tells of has the same name without .report.txt", name);
        if (is_readable(file_bytes, size))
            fprintf(stderr, "irpfuzz: %s is taken for a binary input: a program in text begins with the line \"" TEXT_MARKER "\"\n", name);
        memcpy(out, file_bytes, size);
        return size;
    }
    if (!text_assemble((const char *)file_bytes, name, target.device, out, room, &made, error, sizeof error))
        stop(2, "%s", error);
    if (made > room)
        stop(2, "%s makes more than %zu bytes: too long", name, room);
    tell_what_is_left_out(name, out, made);
    return made;
}

size_t read_text(const char *name, uint8_t *out, size_t room)
{
    size_t made, size = read_file(name);
    char error[512];
    if (memchr(file_bytes, 0, size))
        stop(2, "%s is no text: assemble wants the text form", name);
    if (!text_assemble((const char *)file_bytes, name, target.device, out, room, &made, error, sizeof error))
        stop(2, "%s", error);
    return made;
}

/* Written beside its place and renamed. */
int try_write_file(const char *name, const uint8_t *bytes, size_t size)
{
    struct stat status;
    char temporary[4096];
    bool regular = stat(name, &status) || S_ISREG(status.st_mode); /* a device or a pipe is written as it is */
    if ((size_t)snprintf(temporary, sizeof temporary, regular ? "%s.tmp%d" : "%s", name, (int)getpid()) >= sizeof temporary)
        return ENAMETOOLONG;
    FILE *file = fopen(temporary, "wb");
    if (!file)
        return errno;
    bool good = fwrite(bytes, 1, size, file) == size;
    good = !fclose(file) && good;
    if (good && (!regular || !rename(temporary, name)))
        return 0;
    int error = errno;
    if (regular)
        unlink(temporary);
    return error ? error : EIO;
}

void write_file(const char *name, const uint8_t *bytes, size_t size)
{
    int error = try_write_file(name, bytes, size);
    if (error)
        stop(2, "cannot write %s: %s", name, strerror(error));
}
