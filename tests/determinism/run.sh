#!/bin/sh
# One input, one life (docs/determinism.md): every target's generated inputs and its committed corpus are run in several builds, twice in
# one of them, with and without address randomisation, in another environment and working directory, in another order and under load; every input must give the
# same verdict and hash each time. Last, a build with planted nondeterminism (IRPFUZZ_CANARY) must be caught by the same comparison.
#
#   tests/determinism/run.sh [COUNT | full]     inputs per target; 500 without an argument, full: 10000
#
# Environment: BUILDS    build directories, the first one is compared with all others (default: build/release build/asan build/tsan
#                        build/fuzz-none, whose emulator is optimised as a whole, by the profile if one was made)
#              TARGETS   default: all of targets/CMakeLists.txt
#              CANARY    the canary's build directory, made if need be (default: build/canary); "none" leaves it out
#              SEED      of the generated inputs (default 1)
# Exit status: 0 all passed, 1 a comparison failed, 2 wrong usage, 3 a build failed.
set -u
LC_ALL=C
export LC_ALL
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root" || exit 3
count=${1:-500}
[ "$count" != full ] || count=10000
case $count in '' | *[!0-9]* | 0) echo "usage: tests/determinism/run.sh [COUNT | full]" >&2; exit 2 ;; esac
builds=${BUILDS:-build/release build/asan build/tsan build/fuzz-none}
profile=$PWD/build/training/emulator.profdata
[ -f "$profile" ] || profile=
targets=${TARGETS:-$(sed -n 's/^irpfuzz_target(\([A-Za-z0-9_]*\).*/\1/p' targets/CMakeLists.txt)}
canary=${CANARY:-build/canary}
work=$(mktemp -d) || exit 3
load=
clean() {
    [ -z "$load" ] || kill "$load" 2>/dev/null
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 3' INT TERM
failures=0

told() { # name status
    if [ "$2" -eq 0 ]; then echo "pass $1"; else echo "FAIL $1"; failures=$((failures + 1)); fi
}

build() { # directory targets..
    directory=$1
    shift
    if [ ! -f "$directory/build.ninja" ]; then
        cmake --preset "$(basename "$directory")" -B "$directory" "-DIRPFUZZ_PROFILE=$profile" >"$work/build.log" 2>&1 || { tail -n 20 "$work/build.log" >&2; exit 3; }
    fi
    cmake --build "$directory" --target "$@" >"$work/build.log" 2>&1 || { tail -n 40 "$work/build.log" >&2; echo "FAIL $directory does not build" >&2; exit 3; }
}

absolute() { case $1 in /*) echo "$1" ;; *) echo "$root/$1" ;; esac; }

# Runs a program over the inputs named in $work/names and leaves one line each, "name: verdict, hash", in the file given. What a sanitizer finds
# ends the program: its line is kept and the rest is run by another process. `under` is put in front of the command.
verdicts() { # program out
    : >"$2"
    cp "$work/names" "$work/left"
    while [ -s "$work/left" ]; do
        # shellcheck disable=SC2086
        (cd "$inputs" && xargs -a "$work/left" -s 1900000 ${under:-} timeout 900 "$1" replay --quiet) >"$work/part" 2>"$work/err"
        lines=$(wc -l <"$work/part")
        if [ "$lines" -eq 0 ]; then
            echo "$(head -n 1 "$work/left"): died without a verdict" >"$work/part"
            lines=1
        fi
        cat "$work/part" >>"$2"
        tail -n +$((lines + 1)) "$work/left" >"$work/next"
        mv "$work/next" "$work/left"
    done
}

compare() { # name reference other
    if cmp -s "$2" "$3"; then
        told "$1" 0
    else
        told "$1" 1
        echo "     $(diff "$2" "$3" | grep -c '^<') of $(wc -l <"$2") inputs differ, for example"
        diff "$2" "$3" | grep '^[<>]' | head -n 4 | sed 's/^/     /'
    fi
}

# The same program under conditions that must not matter.
conditions() { # target program reference
    verdicts "$2" "$work/again"
    compare "$1: a second process" "$3" "$work/again"

    if setarch -R true 2>/dev/null; then
        under="setarch -R" verdicts "$2" "$work/other"
        compare "$1: without address randomisation" "$3" "$work/other"
    else
        echo "skip $1: without address randomisation (setarch -R is not allowed here)"
    fi

    mkdir -p "$work/a directory/elsewhere"
    sed "s|^|$inputs/|" "$work/names" >"$work/whole"
    (cd "$work/a directory/elsewhere" && xargs -a "$work/whole" -s 1900000 env -i TZ=Asia/Tokyo LC_ALL=tr_TR.UTF-8 HOME=/nonexistent \
        MALLOC_PERTURB_=165 FILLER="$(head -c 60000 /dev/zero | tr '\0' x)" timeout 900 "$2" replay --quiet) 2>/dev/null | sed "s|^$inputs/||" >"$work/other"
    compare "$1: another environment and working directory" "$3" "$work/other"

    sort -r "$work/names" >"$work/reversed"
    (cd "$inputs" && xargs -a "$work/reversed" -s 1900000 timeout 900 "$2" replay --quiet) 2>/dev/null | sort >"$work/other"
    sort "$3" >"$work/sorted"
    compare "$1: the inputs in another order" "$work/sorted" "$work/other"

    (while :; do :; done) &
    load=$!
    verdicts "$2" "$work/other"
    kill "$load" 2>/dev/null
    wait "$load" 2>/dev/null
    load=
    compare "$1: under load" "$3" "$work/other"
}

first=${builds%% *}
under=
for directory in $builds; do
    # shellcheck disable=SC2046
    build "$directory" $(for target in $targets; do echo "run_$target"; done)
done

for target in $targets; do
    inputs=$work/inputs/$target
    mkdir -p "$inputs"
    "$(absolute "$first")/targets/run_$target" generate "$count" "$inputs" --seed "${SEED:-1}" || exit 3
    for group in seeds regressions; do
        for text in corpus/"$target"/$group/*.txt; do
            [ ! -f "$text" ] || cp "$text" "$inputs/$group-$(basename "$text")"
        done
    done
    (cd "$inputs" && find . -type f | sed 's|^\./||' | sort) >"$work/names"

    verdicts "$(absolute "$first")/targets/run_$target" "$work/reference"
    for directory in $builds; do
        [ "$directory" != "$first" ] || continue
        verdicts "$(absolute "$directory")/targets/run_$target" "$work/other"
        compare "$target: $(basename "$first") and $(basename "$directory"), $(wc -l <"$work/names") inputs" "$work/reference" "$work/other"
    done
    conditions "$target" "$(absolute "$first")/targets/run_$target" "$work/reference"
    diverged=$(head -n 20 "$work/names" | sed "s|^|$inputs/|" | xargs "$(absolute "$first")/targets/run_$target" replay --diverge 2>&1 | grep -vc 'no difference')
    told "$target: replay --diverge finds no difference in 20 inputs" "$diverged"
done

# The canary must not sing: the comparison that passed above fails on it, and --diverge names the place.
if [ "$canary" != none ]; then
    target=${targets%%[!A-Za-z0-9_]*}
    inputs=$work/inputs/$target
    if [ ! -f "$canary/build.ninja" ]; then
        cmake --preset release -B "$canary" -DIRPFUZZ_CANARY=ON >"$work/build.log" 2>&1 || { tail -n 20 "$work/build.log" >&2; exit 3; }
    fi
    build "$canary" "run_$target"
    program=$(absolute "$canary")/targets/run_$target
    (cd "$inputs" && find . -type f | sed 's|^\./||' | sort | head -n 500) >"$work/names"
    verdicts "$program" "$work/reference"
    verdicts "$program" "$work/other"
    differing=$(diff "$work/reference" "$work/other" | grep -c '^<')
    [ "$differing" -gt 0 ]
    told "the canary is caught: $differing of $(wc -l <"$work/names") inputs differ between two processes" $?
    parted=$(sed "s|^|$inputs/|" "$work/names" | xargs "$program" replay --diverge 2>/dev/null | grep -c 'the traces part at record')
    [ "$parted" -gt 0 ]
    told "replay --diverge names where the canary parts them: $parted of $(wc -l <"$work/names") inputs" $?
fi

[ "$failures" -eq 0 ] || { echo "determinism: $failures failed" >&2; exit 1; }
