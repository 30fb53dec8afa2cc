#!/bin/sh
# columns.sh LIBRARY: what sample drivers use of the framework (the last column of census.txt) is in the emulator's library, under its public name. Status 1 if one is not.
#
# RULE K-API-3: Every function that the sample drivers echo, toaster, pcidrv and ioctl use is implemented: 70 of them for the network card's driver.
set -eu
LC_ALL=C
export LC_ALL
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

nm -g --defined-only "$1" | awk '$2 == "T" && $3 ~ /^Wdf/ { print $3 }' | sort -u >"$work/there"
failures=0
for column in e t p i; do
    awk -v column=$column '!/^#/ && index($4, column) { print $1 }' "$here/census.txt" | sort >"$work/used"
    comm -23 "$work/used" "$work/there" >"$work/absent"
    echo "column $column: $(wc -l <"$work/used") functions, $(wc -l <"$work/absent") of them absent"
    [ -s "$work/used" ] && [ ! -s "$work/absent" ] || failures=1
    cat "$work/absent"
done
exit "$failures"
