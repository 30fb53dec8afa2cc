#!/bin/sh
# Systematic exploration believed: planted races of tests/bugs are found with few preemptions in programs of three or four operations, what
# is found replays 100 times of 100, and the drivers as they are have no bug in the same programs.
#
#   tests/explore/run.sh      builds that are not there are made (build/explore, build/explore-bugs/<preset>)
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
build_with() { # PATCH or nothing, PRESET, TARGET
    rm -rf "$work/stage"
    mkdir -p "$work/stage" build/explore-bugs/tree
    cp -R drivers "$work/stage/"
    [ -z "$1" ] || patch -s -p1 -d "$work/stage" <"$1" || exit 3
    (cd "$work/stage" && find drivers -type f) | while IFS= read -r f; do
        cmp -s "$work/stage/$f" "build/explore-bugs/tree/$f" && continue
        mkdir -p "build/explore-bugs/tree/${f%/*}"
        cp "$work/stage/$f" "build/explore-bugs/tree/$f"
    done
    [ -f "build/explore-bugs/$2/build.ninja" ] ||
        cmake --preset "$2" -B "build/explore-bugs/$2" "-DIRPFUZZ_DRIVERS_DIR=$root/build/explore-bugs/tree/drivers" >/dev/null || exit 3
    cmake --build "build/explore-bugs/$2" --target "run_$3" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 3; }
    cp "build/explore-bugs/$2/targets/run_$3" "$work/run"
}

target_of() { # BUG
    case $1 in
    ds_*) echo echo_driversync ;;
    cn_*) echo cancel ;;
    si_*) echo startio ;;
    esac
}

# must_find BUG PRESET PROGRAM PREEMPTIONS NAME..: one of the names is reported, and what is written replays.
must_find() {
    bug=$1 preset=$2 program=$3 preemptions=$4
    shift 4
    build_with "tests/bugs/$bug.patch" "$preset" "$(target_of "$bug")"
    "$work/run" explore "$programs/$program.txt" --preemptions "$preemptions" --time 120 -o "$work/$bug" >"$work/out" 2>"$work/err"
    expect "$bug: $program finds it ($preset)" [ $? = 1 ]
    sed -n '1p;s/^  schedules/    /p' "$work/out"
    found=$(sed -n 's/^  schedule  *//p' "$work/out")
    case " $* " in
    *" $(sed -n '1s/^[^:]*: \([A-Z_]*\) with.*/\1/p' "$work/out") "*) ;;
    *) expect "$bug: reported as one of: $* ($preset)" false ;;
    esac
    "$work/run" replay "$found" --repeat 100 >"$work/replay" 2>&1
    expect "$bug: replays 100 times of 100 ($preset)" [ $? = 1 ]
    expect "$bug: always the same way ($preset)" sh -c "! grep -q 'went another way' '$work/replay'"
}

must_be_clean() { # PROGRAM PREEMPTIONS
    "$work/run" explore "$programs/$1.txt" --preemptions "$2" --time 300 >"$work/out" 2>"$work/err"
    expect "$1: no bug up to $2" [ $? = 0 ]
    sed -n '1p;s/^  schedules/    /p' "$work/out"
}

# same_orders TARGET PROGRAM PREEMPTIONS: with and without reduction, the same ends of lives and the same orders of dependent steps; fewer schedules with.
same_orders() {
    about="$2 up to $3"
    for option in "" --no-reduction; do
        # shellcheck disable=SC2086 # no word or one
        "build/explore/targets/run_$1" explore "$programs/$2.txt" --preemptions "$3" --all --json $option >"$work/same$option" 2>"$work/err"
        sed -n 's/.*\("outcomes".*\)"bugs".*/\1/p' "$work/same$option" >"$work/ends$option"
    done
    with=$(sed -n 's/.*"preemptions":\[\(.*,\)*\([0-9]*\)\].*/\2/p' "$work/same")
    without=$(sed -n 's/.*"preemptions":\[\(.*,\)*\([0-9]*\)\].*/\2/p' "$work/same--no-reduction")
    expect "$about: orders are counted" grep -q order_hash "$work/ends"
    expect "$about: the same outcomes and orders" cmp -s "$work/ends" "$work/ends--no-reduction"
    expect "$about: fewer schedules ($with, not $without)" [ "${with:-0}" -lt "${without:-0}" ]
}

# In the build that drops what repeats, too: what it leaves out must not be what fails.
for preset in explore release; do
    must_find ds_mark_outside_lock $preset echo_cancel 1 WDF_VERIFIER_BREAK
    must_find ds_clear_after_complete $preset echo_cancel 1 HANG
    must_find ds_unmark_ignored $preset echo_cancel 2 WDF_VERIFIER_BREAK
    must_find ds_share_not_dropped $preset echo_cancel 2 HANG
    must_find ds_share_resurrected $preset echo_cancel 2 WDF_VIOLATION
    must_find ds_touch_after_park $preset echo_cancel 1 WDF_VIOLATION
done

must_find cn_context_freed_twice explore cancel_triangle 1 DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL
must_find cn_touch_after_insert explore cancel_triangle 1 DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL
must_find cn_no_recheck explore cancel_across 1 HANG DEADLOCK LOST_IRP DRIVER_VERIFIER_DETECTED_VIOLATION
must_find cn_signal_before_insert explore cancel_wait 1 HANG DEADLOCK LOST_IRP
must_find si_slot_outside_lock explore startio_readers 1 HANG DEADLOCK LOST_IRP
must_find si_two_engines explore startio_queue 1 RULE_VIOLATION
must_find si_peek_overwrites explore startio_queue 1 DEADLOCK HANG
must_find si_context_freed_early explore startio_queue 1 DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL

# What is found is never lost: where it cannot be written, it is told (the directory of the findings is a file here).
build_with tests/bugs/ds_touch_after_park.patch release echo_driversync
: >"$work/occupied"
"$work/run" explore "$programs/echo_cancel.txt" --preemptions 1 -o "$work/occupied/found" >"$work/out" 2>"$work/err"
expect "not writable: status 1" [ $? = 1 ]
expect "not writable: the reason" grep -q '^irpfuzz: cannot write .*: Not a directory; ' "$work/err"
expect "not writable: the verdict" grep -q 'WDF_VIOLATION with 1 preemption' "$work/out"
sed -n '/^# irpfuzz program/,$p' "$work/err" >"$work/told.txt"
"$work/run" replay "$work/told.txt" >/dev/null 2>&1
expect "not writable: the text on stderr replays" [ $? = 1 ]
"$work/run" explore "$programs/echo_cancel.txt" --preemptions 1 --json -o "$work/occupied/found" >"$work/out" 2>/dev/null
expect "not writable: the program in JSON" grep -q '"not_written":"Not a directory","program":"# irpfuzz program' "$work/out"

build_with "" release echo_driversync
must_be_clean echo_close 2
must_be_clean echo_cancel 2

build_follow() {
    [ -f build/explore/build.ninja ] || cmake --preset explore >/dev/null || exit 3
    cmake --build build/explore --target run_echo_driversync run_startio run_cancel >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 3; }
}
build_follow
same_orders echo_driversync echo_cancel 1
same_orders echo_driversync echo_close 2
same_orders startio startio_triangle 2
same_orders cancel cancel_triangle 1
cp build/explore/targets/run_startio "$work/run"
must_be_clean startio_triangle 4
must_be_clean startio_timer 2
must_be_clean startio_queue 1
must_be_clean startio_across 2
must_be_clean startio_readers 1
cp build/explore/targets/run_cancel "$work/run"
must_be_clean cancel_triangle 2
must_be_clean cancel_close 1
must_be_clean cancel_across 1
must_be_clean cancel_wait 1

# Every way it may end.
"$work/run" explore "$programs/echo_cancel.txt" >/dev/null 2>"$work/err"
expect "a program for another device: status 2" [ $? = 2 ]
expect "a program for another device: one line" [ "$(grep -c 'is called cancelsamp.*--target that has echo' "$work/err")" = "$(wc -l <"$work/err")" ]
"$work/run" explore "$programs/nothing.txt" >/dev/null 2>&1
expect "no such file: status 2" [ $? = 2 ]
"$work/run" explore "$programs/cancel_triangle.txt" --preemptions 3 --time 2 >"$work/out" 2>/dev/null
expect "time is over: status 4" [ $? = 4 ]
expect "time is over: what was finished is told" grep -q 'no bug .*about .* % of them' "$work/out"
printf '# irpfuzz program\napp0: h0 = open\nconfig: policy=random seed=1 cpus=2\n' >"$work/random.txt"
"$work/run" explore "$work/random.txt" >/dev/null 2>"$work/err"
expect "a policy of its own: status 2" [ $? = 2 ]
expect "a policy of its own: one line" [ "$(wc -l <"$work/err")" = 1 ]
"$work/run" explore "$programs/startio_triangle.txt" --policy pct --depth 2 --runs 100 >"$work/out" 2>/dev/null
expect "pct: the bound is told" grep -q 'depth 2 is found with probability 1/(' "$work/out"
exit $failed
