/* See files.h. */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "command.h"

void make_directory(const char *path)
{
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", path);
    for (char *at = copy + 1;; at++) {
        if (*at && *at != '/')
            continue;
        char end = *at;
        *at = 0;
        if (mkdir(copy, 0777) && errno != EEXIST)
            fail(EXIT_SETUP, "cannot make the directory %s: %s", copy, strerror(errno));
        if (!end)
            return;
        *at = end;
    }
}

char *read_file(const char *path, size_t *size)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return NULL;
    if (fstat(file, &status) || !S_ISREG(status.st_mode)) {
        close(file);
        return NULL;
    }
    char *bytes = malloc((size_t)status.st_size + 1);
    ssize_t got = bytes ? read(file, bytes, (size_t)status.st_size) : -1;
    close(file);
    if (got < 0) {
        free(bytes);
        return NULL;
    }
    bytes[got] = 0;
    if (size)
        *size = (size_t)got;
    return bytes;
}

void write_file(const char *path, const void *bytes, size_t size)
{
    char temporary[4096];
    snprintf(temporary, sizeof temporary, "%s.tmp%d", path, (int)getpid());
    int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    errno = ENOSPC; /* a short write sets none */
    if (file >= 0 && write(file, bytes, size) == (ssize_t)size && !close(file) && !rename(temporary, path))
        return;
    int error = errno;
    if (file >= 0)
        unlink(temporary);
    fail(EXIT_SETUP, "cannot write %s: %s", path, strerror(error));
}

void copy_file(const char *from, const char *to)
{
    size_t size;
    char *bytes = read_file(from, &size);
    if (!bytes)
        fail(EXIT_SETUP, "cannot read %s: %s", from, strerror(errno));
    write_file(to, bytes, size);
    free(bytes);
}

bool same_contents(const char *a, const char *b)
{
    struct stat of_a, of_b;
    if (stat(a, &of_a) || stat(b, &of_b) || of_a.st_size != of_b.st_size)
        return false;
    size_t size_a = 0, size_b = 0;
    char *bytes_a = read_file(a, &size_a), *bytes_b = read_file(b, &size_b);
    bool same = bytes_a && bytes_b && size_a == size_b && !memcmp(bytes_a, bytes_b, size_a);
    free(bytes_a);
    free(bytes_b);
    return same;
}

bool file_exists(const char *path) { return !access(path, F_OK); }

double file_time(const char *path)
{
    struct stat status;
    return stat(path, &status) ? 0 : (double)status.st_mtim.tv_sec + (double)status.st_mtim.tv_nsec / 1e9;
}

uint64_t file_hash(const char *path)
{
    size_t size = 0;
    char *bytes = read_file(path, &size);
    uint64_t hash = XXH3_64bits(bytes ? bytes : "", size);
    free(bytes);
    return hash;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status, (void)kind, (void)where;
    return remove(path);
}

void remove_tree(const char *path)
{
    if (file_exists(path))
        nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS);
}

static void walk(const char *directory, bool deep, void (*each)(const char *path, void *context), void *context)
{
    struct dirent **entries;
    int count = scandir(directory, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char path[4096];
        struct stat status;
        if (entries[i]->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name);
            if (!stat(path, &status)) {
                if (S_ISREG(status.st_mode))
                    each(path, context);
                else if (deep && S_ISDIR(status.st_mode))
                    walk(path, true, each, context);
            }
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

void each_file(const char *directory, void (*each)(const char *path, void *context), void *context)
{
    walk(directory, false, each, context);
}

void each_file_below(const char *directory, void (*each)(const char *path, void *context), void *context)
{
    walk(directory, true, each, context);
}

static void count_one(const char *path, void *context)
{
    (void)path;
    ++*(unsigned *)context;
}

unsigned count_files(const char *directory)
{
    unsigned count = 0;
    each_file(directory, count_one, &count);
    return count;
}
