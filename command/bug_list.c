/* See bug_list.h. */
#include "bug_list.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "files.h"

static const char *trimmed(char *word)
{
    word += strspn(word, " \t");
    for (size_t length = strlen(word); length && strchr(" \t\r", word[length - 1]); length--)
        word[length - 1] = 0;
    return word;
}

unsigned bug_list(struct bug *bugs)
{
    char *rest = read_file("tests/bugs/bugs.txt", NULL), *line;
    unsigned count = 0, number = 0;
    if (!rest)
        fail(EXIT_SETUP, "tests/bugs/bugs.txt is missing");
    while ((line = strsep(&rest, "\n"))) {
        const char *column[6];
        unsigned columns = 0;
        number++;
        line += strspn(line, " \t");
        if (!*line || *line == '#')
            continue;
        for (char *word; columns < 6 && (word = strsep(&line, "|"));)
            column[columns++] = trimmed(word);
        if (columns != 6 || count == MAX_BUGS)
            fail(EXIT_SETUP, "tests/bugs/bugs.txt:%u: six columns are wanted, separated by '|'", number);
        bugs[count++] = (struct bug){column[0], column[1], column[2], column[3], column[4], column[5]};
    }
    return count;
}
