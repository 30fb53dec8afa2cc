#!/bin/sh
# Windows finds "Inc/Public.H" where the folder holds inc/public.h; here each such spelling gets a file of that very name, which includes the one
# that is meant (W-TYP-17).
#
#   map_includes.sh OUT SOURCE... -- INCLUDE_DIR... -- SYSTEM_DIR...
#
# Follows the #include lines of the sources, and of what they find in their own folder and in the INCLUDE_DIRs. OUT/here/here goes into the search path: two
# deep, so that "../Inc/x.h" stays within OUT. Includes that are found as they are written get nothing; a header of the SYSTEM_DIRs in another spelling is included by its
# name in small letters, through the whole search path, and not followed.
set -eu
LC_ALL=C
export LC_ALL
out=$1
shift
sources=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    sources="$sources$1
"
    shift
done
[ $# -gt 0 ] && shift
directories=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    directories="$directories$(cd "$1" && pwd)
"
    shift
done
[ $# -gt 0 ] && shift
system=
for directory in "$@"; do
    system="$system$directory
"
done
rm -rf "$out"
mkdir -p "$out/here/here"
seen=$out/.seen
: > "$seen"

# The file that BASE/NAME means when case does not count; the first in the alphabet if there are several.
find_like() {
    at=$1
    rest=$2
    while [ -n "$rest" ]; do
        part=${rest%%/*}
        case $rest in */*) rest=${rest#*/} ;; *) rest= ;; esac
        case $part in
        '' | .) continue ;;
        ..) at=$(dirname "$at"); continue ;;
        esac
        if [ ! -e "$at/$part" ]; then
            part=$(ls -a "$at" 2>/dev/null | awk -v want="$part" 'tolower($0) == tolower(want) { print; exit }')
            [ -n "$part" ] || return 0
        fi
        at=$at/$part
    done
    [ -f "$at" ] && printf '%s\n' "$at"
    return 0
}

# A name as a source in FOLDER spells it; the compiler itself takes a backslash for a slash (-fms-extensions).
map() {
    folder=$1
    path=$(printf '%s' "$2" | tr '\\' /)
    while IFS= read -r base; do
        [ -n "$base" ] || continue
        found=$(find_like "$base" "$path")
        [ -n "$found" ] || continue
        if [ ! -f "$base/$path" ]; then
            target=$out/here/here/$path
            mkdir -p "$(dirname "$target")"
            printf '#include "%s"\n' "$found" > "$target"
        fi
        follow "$found"
        return 0
    done <<BASES
$folder
$directories
BASES
    small=$(printf '%s' "$path" | tr 'A-Z' 'a-z')
    known=
    while IFS= read -r base; do
        [ -n "$base" ] || continue
        [ -f "$base/$path" ] && return 0
        [ -f "$base/$small" ] && known=$small
    done <<SYSTEM
$system
SYSTEM
    [ -n "$known" ] || return 0
    mkdir -p "$(dirname "$out/here/here/$path")"
    printf '#include <%s>\n' "$known" > "$out/here/here/$path"
}

follow() {
    grep -qxF -- "$1" "$seen" && return 0
    printf '%s\n' "$1" >> "$seen"
    sed -n 's/^[ \t]*#[ \t]*include[ \t]*["<]\([^">]*\)[">].*/\1/p' "$1" > "$out/.names.$(wc -l < "$seen")"
    from=$(cd "$(dirname "$1")" && pwd)
    list=$out/.names.$(wc -l < "$seen")
    while IFS= read -r included; do
        (map "$from" "$included") < /dev/null # a subshell: the recursion has variables of its own
    done < "$list"
}

while IFS= read -r source; do
    [ -n "$source" ] && follow "$source"
done <<SOURCES
$sources
SOURCES
rm -f "$out"/.names.* "$seen"
