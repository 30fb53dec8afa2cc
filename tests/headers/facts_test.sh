#!/bin/sh
# Compares sizes, offsets and constants as two compilers see them: the packaged headers through the mingw compiler, and
# the adapted ones through ours. Objects are read, never run.
#
#   facts_test.sh kernel|app WORK_DIR ORIGINAL_INCLUDE OUR_OBJECT
set -eu
world=$1
work=$2
original=$3
ours=$4
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$work"
upper=$(echo "$world" | tr a-z A-Z)
facts=$here/facts_$world.def

x86_64-w64-mingw32-gcc -std=gnu11 -w -D_WIN32_WINNT=0x0A00 -DWINVER=0x0A00 -DNTDDI_VERSION=0x0A000006 \
    $([ "$world" = kernel ] && echo "-DDBG=1 -I$original/ddk") "-DFACTS_$upper" -c "$here/facts.c" -o "$work/$world.theirs.o"

# The names come from the list itself: its n-th fact is the n-th number.
grep -E '^(SIZE|ALIGN|OFFSET|VALUE)\(' "$facts" >"$work/$world.names"
count=$(wc -l <"$work/$world.names")
# The mingw objcopy reads both formats where binutils has them built in; llvm's or the host's serves the other.
numbers() {
    rm -f "$2.bin"
    for tool in x86_64-w64-mingw32-objcopy llvm-objcopy-19 llvm-objcopy objcopy; do
        "$tool" -O binary --only-section=.facts "$1" "$2.bin" 2>/dev/null && [ -s "$2.bin" ] && break
    done
    od -An -v -t x8 -w8 "$2.bin" | head -n "$count"
}
numbers "$work/$world.theirs.o" "$work/$world.theirs" >"$work/$world.theirs.txt"
numbers "$ours" "$work/$world.ours" >"$work/$world.ours.txt"
[ "$(wc -l <"$work/$world.theirs.txt")" -eq "$count" ] || { echo "facts_test: cannot read the other compiler's table" >&2; exit 1; }

paste "$work/$world.names" "$work/$world.theirs.txt" "$work/$world.ours.txt" |
    awk -F'\t' -v world="$world" '
        $2 != $3 { print "differs: " $1 ": theirs" $2 ", ours" $3; wrong++ }
        END { print world ": " NR " facts, " wrong + 0 " differ"; exit wrong != 0 }'
