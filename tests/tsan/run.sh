#!/bin/sh
# A data race between a DPC and a queue's callback: with the planted bug as_scope_none the queue and its timer are not synchronised. A fuzzer on one thread must
# find it, the report must name two places of the driver, never one of the emulator or of a runtime, and every replay must tell the same. The
# drivers as they are must have no race.
#
#   tests/tsan/run.sh [COUNT]     generated inputs looked at besides the fuzzer's, default 200
#
# Environment: BUILD    the planted build's directory, made if need be (default: build/planted-race)
#              CLEAN    a ThreadSanitizer build of the drivers as they are (default: build/tsan)
# Exit status: 0 all passed, 1 something failed, 2 wrong usage, 3 a build failed.
set -u
LC_ALL=C
export LC_ALL
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root" || exit 3
count=${1:-200}
case $count in '' | *[!0-9]* | 0) echo "usage: tests/tsan/run.sh [COUNT]" >&2; exit 2 ;; esac
build=${BUILD:-build/planted-race}
clean=${CLEAN:-build/tsan}
target=echo_autosync
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
trap 'exit 3' INT TERM
failures=0

told() { # name status
    if [ "$2" -eq 0 ]; then echo "pass $1"; else echo "FAIL $1"; failures=$((failures + 1)); fi
}
step() {
    "$@" >"$work/build.log" 2>&1 || { tail -n 30 "$work/build.log" >&2; exit 3; }
}

mkdir -p "$build/source"
build=$(cd "$build" && pwd)
# Only what changed is written again, or every run would build everything anew.
mkdir -p "$work/source"
cp -R drivers "$work/source/"
step patch -d "$work/source" -p1 -F0 -s -i "$root/tests/bugs/as_scope_none.patch"
[ -d "$build/source/drivers" ] && diff -r "$work/source/drivers" "$build/source/drivers" >/dev/null ||
    { rm -rf "$build/source/drivers" && cp -R "$work/source/drivers" "$build/source/"; } || exit 3
[ -f "$build/build.ninja" ] || step cmake --preset fuzz-thread -B "$build" -DIRPFUZZ_DRIVERS_DIR="$build/source/drivers"
step cmake --build "$build" --target "run_$target" "fuzz_$target"
[ -f "$clean/build.ninja" ] || step cmake --preset tsan -B "$clean"
step cmake --build "$clean" --target "run_$target"
run=$build/targets/run_$target

# ---- The fuzzer finds it, on one thread ----

mkdir "$work/corpus" "$work/seeds" "$work/found" "$work/inputs"
for seed in corpus/$target/seeds/*.txt; do
    "$run" assemble "$seed" -o "$work/seeds/$(basename "$seed" .txt)" || exit 3
done
timeout 300 "$build/targets/fuzz_$target" -seed=1 -max_total_time=120 -max_len=4096 -artifact_prefix="$work/found/" "$work/corpus" "$work/seeds" \
    >"$work/fuzz.log" 2>&1
grep -q '^\*\*\* irpfuzz: DATA_RACE' "$work/fuzz.log"
told "the fuzzer reports DATA_RACE" $?
input=$(find "$work/found" -name 'crash-*' | head -n 1)

# ---- It shrinks to what it takes ----

if [ -n "$input" ]; then
    timeout 300 "$run" minimize "$input" -o "$work/min.txt" --json >"$work/min.json" 2>"$work/err"
    told "minimize: the same report every time" $?
    [ "$(grep -cE '^(app|pnp)' "$work/min.txt")" -le 12 ]
    told "minimize: $(grep -cE '^(app|pnp)' "$work/min.txt") operations" $?
    timeout 60 "$run" replay "$work/min.txt" >"$work/out" 2>"$work/report"
    grep -q '^\*\*\* irpfuzz: DATA_RACE' "$work/report"
    told "minimize: what it wrote replays" $?
fi

# ---- Two places of the driver, the same every time ----

replays=0
if [ -n "$input" ]; then
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        timeout 60 "$run" replay "$input" >"$work/out" 2>"$work/report"
        sed -n 's/^  what  *//p' "$work/report" >"$work/what"
        [ "$i" -gt 1 ] || { cp "$work/what" "$work/first"; cp "$work/out" "$work/verdict"; }
        grep -q '^\*\*\* irpfuzz: DATA_RACE' "$work/report" && cmp -s "$work/what" "$work/first" && cmp -s "$work/out" "$work/verdict" && replays=$((replays + 1))
    done
    sed 's/^/     /' "$work/first"
    [ "$(grep -o '(drivers/[a-z/_]*\.c:[0-9]*)' "$work/first" | wc -l)" -eq 2 ]
    told "the report names two places in drivers/" $?
fi
[ $replays -eq 20 ]
told "it replays: $replays of 20 processes told the same" $?
if [ -n "$input" ]; then
    timeout 120 "$run" replay "$input" --quiet --repeat 20 >/dev/null 2>&1
    [ $? -eq 1 ] && ! timeout 120 "$run" replay "$input" --quiet --repeat 20 2>&1 | grep -q 'another way'
    told "it replays: replay --repeat 20" $?
    mkdir "$work/bin"
    ln -s /usr/bin/* "$work/bin/" 2>/dev/null
    rm -f "$work/bin/llvm-symbolizer-19"
    PATH=$work/bin timeout 60 "$run" replay "$input" >/dev/null 2>"$work/report"
    [ $? -eq 1 ] && grep -q 'llvm-symbolizer-19 did not run' "$work/report"
    told "without llvm-symbolizer-19 the report says so" $?
fi

# ---- Nothing points into the emulator; the drivers as they are have no race ----

"$run" generate "$count" "$work/inputs" --seed 5 || exit 3
find "$work/inputs" -name '*.bin' | sort >"$work/names"
xargs -a "$work/names" timeout 900 "$run" replay >/dev/null 2>"$work/reports"
races=$(grep -c '^\*\*\* irpfuzz: DATA_RACE' "$work/reports")
# A race has two places; both stand in the line that tells what happened.
grep -A1 '^\*\*\* irpfuzz: DATA_RACE' "$work/reports" | sed -n 's/^  what  *//p' >"$work/what"
elsewhere=$(grep -vc '(drivers/[^)]*).*(drivers/[^)]*)' "$work/what")
[ "$races" -gt 0 ] && [ "$elsewhere" -eq 0 ]
told "$races races in $count generated inputs, $elsewhere of them with a place outside of drivers/" $?
grep -v '(drivers/[^)]*).*(drivers/[^)]*)' "$work/what" | sort | uniq -c | head -n 3
xargs -a "$work/names" timeout 900 "$clean/targets/run_$target" replay --quiet >"$work/out" 2>&1
[ "$(grep -c ': fine, hash' "$work/out")" -eq "$count" ]
told "the driver as it is: $count generated inputs, no race" $?

[ "$failures" -eq 0 ] || { echo "tsan: $failures failed" >&2; exit 1; }
