#!/bin/sh
# Fits planted bugs to sources that have moved: a patch that still applies, at other lines than it says, is written anew, and so is the line of its marker in
# bugs.txt. What does not apply without fuzz is said, and left for a human.
#
#   refit.sh [NAME..]      default: all
#
# Exit status: 0 all fit now, 1 a patch does not apply.
set -u
LC_ALL=C
export LC_ALL

root=$(cd "$(dirname "$0")/../.." && pwd)
bugs=$root/tests/bugs
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

[ $# -gt 0 ] || set -- $(cd "$bugs" && ls ./*.patch | sed 's|^./||; s|[.]patch$||')

copy() {
    mkdir -p "$1/drivers" "$1/emulator"
    cp -R "$root/drivers/." "$1/drivers/"
    cp -R "$root/emulator/nic" "$1/emulator/"
}
copy "$work/a"

refit() { # NAME
    rm -rf "$work/b"
    cp -R "$work/a" "$work/b"
    patch -d "$work/b" -p1 -F0 <"$bugs/$1.patch" >"$work/log" 2>&1 || {
        echo "refit.sh: $1 does not apply: $(grep -m1 -i 'fail\|can.t' "$work/log")" >&2
        failed=1
        return
    }
    find "$work/b" -name '*.orig' -delete
    grep -q offset "$work/log" && {
        (cd "$work" && diff -ru a b) | grep -v '^diff ' | sed 's|^\([-+][-+][-+] [^	]*\)	.*|\1|' >"$bugs/$1.patch"
        echo "refit.sh: $1 fits again"
    }
    marker=$(cd "$work/b" && grep -rn "irpfuzz_bug(\"$1\"," drivers emulator | head -1 | cut -d: -f1,2)
    [ -z "$marker" ] || sed -i "s#^\($1  *|[^|]*|[^|]*|[^|]*|\) [^|]* |#\1 $marker |#" "$bugs/bugs.txt"
}

for name; do
    refit "$name"
done
exit $failed
