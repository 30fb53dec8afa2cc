#!/bin/sh
# RULE W-TYP-17: Names of included headers do not mind case, and a backslash separates folders.
#
#   includes_test.sh MAP_INCLUDES COMPILER
# A driver's folder with spellings as Windows takes them: it does not compile as it is, and does with the mapped names.
set -u
map=$1
compiler=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/sys" "$work/Inc/Deep" "$work/system/sys"
cat > "$work/sys/driver.c" <<'C'
#include "Local.H"
#include "..\Inc\Public.h"
#include "../inc/other.h"
#include <deep\names.h>
#include <Sys\System.H>
int sum = LOCAL + PUBLIC + OTHER + NAMES + INNER + SYSTEM;
C
echo '#define LOCAL 1' > "$work/sys/local.h"
printf '#define PUBLIC 2\n#include "deep\\inner.H"\n' > "$work/Inc/public.h"
echo '#define OTHER 3' > "$work/Inc/Other.h"
echo '#define NAMES 4' > "$work/Inc/Deep/Names.h"
echo '#define SYSTEM 6' > "$work/system/sys/system.h"
echo '#define INNER 5' > "$work/Inc/Deep/inner.h"

compile() { "$compiler" -fms-extensions -fsyntax-only -Wno-nonportable-include-path -I "$work/Inc" -isystem "$work/system" "$@" "$work/sys/driver.c"; }
if compile 2> /dev/null; then
    echo 'includes_test: compiles without any mapping, so nothing is shown' >&2
    exit 1
fi
sh "$map" "$work/out" "$work/sys/driver.c" -- "$work/Inc" -- "$work/system" || exit 1
compile -I "$work/out/here/here" || exit 1
# What is spelled right needs no file.
printf '#include "local.h"\n#include <stddef.h>\n' > "$work/sys/plain.c"
sh "$map" "$work/out" "$work/sys/plain.c" -- || exit 1
if [ -n "$(find "$work/out" -type f)" ]; then
    echo 'includes_test: files for includes that need none' >&2
    exit 1
fi
