#!/bin/sh
# Verifies the planted bugs: every patch applies without fuzz, the patched driver or model compiles without a warning, and bugs.txt
# names each patch once, with the line of its marker.
#
#   check.sh [HEADERS]     HEADERS: what cmake/adapt_headers.sh wrote, build/headers by default; CC names the compiler
#
# Exit status: 0 all is well, 1 something is wrong with a patch or the table, 3 set-up failed.
set -u
LC_ALL=C
export LC_ALL

root=$(cd "$(dirname "$0")/../.." && pwd)
bugs=$root/tests/bugs
headers=${1:-$root/build/headers}
cc=${CC:-clang-19}

[ -f "$headers/ddk/wdm.h" ] || {
    echo "check.sh: no adapted headers in '$headers'" >&2
    exit 3
}
headers=$(cd "$headers" && pwd)
resources=$("$cc" -print-resource-dir) || exit 3
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT

failures=0
fail() {
    echo "FAILED $1" >&2
    failures=$((failures + 1))
}

compile() {
    "$cc" -fsyntax-only -std=gnu11 -fshort-wchar -fms-extensions -fno-strict-aliasing -fwrapv -nostdinc \
        -U__linux__ -Ulinux -U__unix__ -Uunix -include irpfuzz_prelude.h \
        -isystem "$root/emulator/include/km" -isystem "$root/emulator/include/kmdf" -isystem "$root/emulator/include/common" \
        -isystem "$headers/ddk" -isystem "$headers" -isystem "$resources/include" \
        -D_WIN32=1 -D_WIN64=1 -DWIN32=1 -D_AMD64_=1 -D_M_AMD64=100 -D_M_X64=100 \
        -D_WIN32_WINNT=0x0A00 -DWINVER=0x0A00 -DNTDDI_VERSION=0x0A000006 -D_KERNEL_MODE=1 -DDBG=1 -DALLOC_PRAGMA=1 \
        -Wall -Wextra -Werror -Wno-unknown-pragmas -Wno-ignored-pragmas -Wno-multichar -Wno-four-char-constants "$1"
}

# The network card's model is no Windows code.
compile_model() {
    "$cc" -fsyntax-only -std=gnu11 -I "$2/emulator" -I "$root/emulator" -Wall -Wextra -Werror "$1"
}

# check_patch NAME: a patched copy of the drivers and of the card is left in $work/NAME for check_row.
check_patch() {
    copy=$work/$1
    mkdir -p "$copy/drivers" "$copy/emulator"
    cp -R "$root/emulator/nic" "$copy/emulator/"
    cp -R "$root/drivers/echo" "$root/drivers/cancel" "$root/drivers/nothing" "$root/drivers/toaster" "$root/drivers/pcidrv" "$copy/drivers/"

    patch -d "$copy" -p1 -F0 --dry-run -s <"$bugs/$1.patch" >"$work/log" 2>&1 || {
        fail "$1: does not apply"
        cat "$work/log" >&2
        return
    }
    # A hunk that applies at another line than it says is a patch that has not been kept up to date.
    patch -d "$copy" -p1 -F0 <"$bugs/$1.patch" >"$work/log" 2>&1
    if grep -q offset "$work/log"; then
        fail "$1: applies with an offset"
    fi

    for directory in $(sed -n 's|^+++ b/\(.*\)/[^/]*$|\1|p' "$bugs/$1.patch" | sort -u); do
        for source in "$copy/$directory"/*.c; do
            case $source in
            */emulator/nic/card.c) continue ;; # the side of it that is the machine's
            */emulator/nic/*) compile_model "$source" "$copy" ;;
            *) compile "$source" ;;
            esac || fail "$1: $directory/$(basename "$source") does not compile"
        done
    done
}

# check_row NAME TARGET SANITIZER EXPECTED MARKER DESCRIPTION
check_row() {
    [ -f "$bugs/$1.patch" ] || {
        fail "$1: no such patch"
        return
    }
    case $2 in
    i8255x) directory=emulator/nic ;;
    echo_autosync) directory=drivers/echo/autosync ;;
    echo_driversync) directory=drivers/echo/driversync ;;
    cancel) directory=drivers/cancel/csq ;;
    nothing) directory=drivers/nothing ;;
    pcidrv | pcidrv_hostile) directory=drivers/pcidrv ;;
    startio) directory=drivers/cancel/startio ;;
    toaster_*) # of several drivers, with folders in common
        directory=$(dirname "${5%:*}")
        case $2:$directory in
        toaster_simple:drivers/toaster/simple | toaster_filter:drivers/toaster/filter/* | toaster_bus:drivers/toaster/bus/shared) ;;
        toaster_bus:drivers/toaster/bus/dynamic | toaster_bus_static:drivers/toaster/bus/static) ;;
        toaster_featured:drivers/toaster/featured | toaster_featured:drivers/toaster/toastmon) ;;
        *) directory=none ;;
        esac
        ;;
    *)
        fail "$1: unknown target '$2'"
        return
        ;;
    esac
    case $3 in
    address | thread | none) ;;
    *) fail "$1: unknown sanitizer '$3'" ;;
    esac
    [ -n "$4" ] && [ -n "$6" ] || fail "$1: expected report or description missing"

    file=${5%:*}
    [ "$(dirname "$file")" = "$directory" ] || fail "$1: marker is not in $directory"
    sed -n "${5##*:}p" "$work/$1/$file" | grep -q "irpfuzz_bug(\"$1\"," || fail "$1: no marker at $5"
    [ "$(cat "$work/$1/$directory"/*.c | grep -c "irpfuzz_bug(\"")" = 1 ] || fail "$1: not exactly one marker"
}

count=0
for patch in "$bugs"/*.patch; do
    name=$(basename "$patch" .patch)
    count=$((count + 1))
    check_patch "$name"
    [ "$(grep -c "^$name  *|" "$bugs/bugs.txt")" = 1 ] || fail "$name: not exactly one line in bugs.txt"
done

while IFS='|' read -r name target sanitizer expected marker description; do
    case $name in
    '#'* | '') continue ;;
    esac
    # shellcheck disable=SC2086 # the fields are padded with blanks
    check_row $name $target $sanitizer $expected $marker "$description"
done <"$bugs/bugs.txt"

echo "$count patches, $failures failures"
[ "$count" -gt 0 ] && [ "$failures" -eq 0 ]
