#!/bin/sh
# Systematic exploration believed: planted races of tests/bugs are found with few preemptions in programs of three or four operations, what
# is found replays 100 times of 100, and the drivers as they are have no bug in the same programs.
#
#   tests/explore/run.sh      needs build/release; builds that are not there are made (build/explore)
# Exit status: 0 all passed, 1 a comparison failed, 3 a build failed.
set -u
LC_ALL=C
export LC_ALL
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root" || exit 3
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
trap 'exit 3' INT TERM
programs=tests/explore
failed=0

expect() { # WHAT CONDITION..
    what=$1
    shift
    if "$@"; then
        echo "pass $what"
    else
        echo "FAIL $what: $*"
        failed=1
    fi
}

# Only what changes is written, so that a rebuild takes seconds.
build_with() { # PATCH or nothing, PRESET
    rm -rf "$work/stage"
    mkdir -p "$work/stage" build/explore/tree
    cp -R drivers "$work/stage/"
    [ -z "$1" ] || patch -s -p1 -d "$work/stage" <"$1" || exit 3
    (cd "$work/stage" && find drivers -type f) | while IFS= read -r f; do
        cmp -s "$work/stage/$f" "build/explore/tree/$f" && continue
        mkdir -p "build/explore/tree/${f%/*}"
        cp "$work/stage/$f" "build/explore/tree/$f"
    done
    [ -f "build/explore/$2/build.ninja" ] ||
        cmake --preset "$2" -B "build/explore/$2" "-DIRPFUZZ_DRIVERS_DIR=$root/build/explore/tree/drivers" >/dev/null || exit 3
    cmake --build "build/explore/$2" --target run_echo_driversync >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 3; }
    cp "build/explore/$2/targets/run_echo_driversync" "$work/run"
}

# must_find BUG PRESET PROGRAM PREEMPTIONS NAME..: one of the names is reported, and what is written replays.
must_find() {
    bug=$1 preset=$2 program=$3 preemptions=$4
    shift 4
    build_with "tests/bugs/$bug.patch" "$preset"
    "$work/run" explore "$programs/$program.txt" --preemptions "$preemptions" --time 120 -o "$work/$bug" >"$work/out" 2>"$work/err"
    expect "$bug: $program finds it" [ $? = 1 ]
    sed -n '1p;s/^  schedules/    /p' "$work/out"
    found=$(sed -n 's/^  schedule  *//p' "$work/out")
    case " $* " in
    *" $(sed -n '1s/^[^:]*: \([A-Z_]*\) with.*/\1/p' "$work/out") "*) ;;
    *) expect "$bug: reported as one of: $*" false ;;
    esac
    "$work/run" replay "$found" --repeat 100 >"$work/replay" 2>&1
    expect "$bug: replays 100 times of 100" [ $? = 1 ]
    expect "$bug: always the same way" sh -c "! grep -q 'went another way' '$work/replay'"
}

must_be_clean() { # PROGRAM PREEMPTIONS
    "$work/run" explore "$programs/$1.txt" --preemptions "$2" --time 300 >"$work/out" 2>"$work/err"
    expect "$1: no bug up to $2" [ $? = 0 ]
    sed -n '1p;s/^  schedules/    /p' "$work/out"
}

must_find ds_mark_outside_lock release echo_cancel 1 WDF_VERIFIER_BREAK
must_find ds_clear_after_complete release echo_cancel 1 HANG
must_find ds_unmark_ignored release echo_cancel 2 WDF_VERIFIER_BREAK
must_find ds_share_not_dropped release echo_cancel 2 HANG
must_find ds_share_resurrected release echo_cancel 2 WDF_VIOLATION
must_find ds_touch_after_park release echo_cancel 1 WDF_VIOLATION

build_with "" release
must_be_clean echo_close 2
must_be_clean echo_cancel 2
exit $failed
