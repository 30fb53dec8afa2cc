#!/bin/sh
# What the programs do with what nobody should give them: noise and cut inputs, damaged texts, unreadable and huge files, full disks, missing tools,
# a kill in the middle of a write. Every input gets a verdict within its time; every refusal is one clear line and the documented exit status; no
# file is ever half written.
#
#   tests/hostile/run.sh [COUNT | full]     hostile inputs per target; 1000 without an argument, full: 100000 and the fuzz command killed
#
# Environment: BUILDS    build directories of the inputs' part (default: build/release build/asan); the rest uses the first
#              TARGETS   default: all of targets/CMakeLists.txt
# Exit status: 0 all passed, 1 something failed, 2 wrong usage, 3 a build failed.
set -u
LC_ALL=C
export LC_ALL
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root" || exit 3
count=${1:-1000}
full=no
[ "$count" != full ] || { count=100000; full=yes; }
case $count in '' | *[!0-9]* | 0) echo "usage: tests/hostile/run.sh [COUNT | full]" >&2; exit 2 ;; esac
builds=${BUILDS:-build/release build/asan}
targets=${TARGETS:-$(sed -n 's/^irpfuzz_target(\([A-Za-z0-9_]*\).*/\1/p' targets/CMakeLists.txt)}
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
trap 'exit 3' INT TERM
failures=0

told() { # name status
    if [ "$2" -eq 0 ]; then echo "pass $1"; else echo "FAIL $1"; failures=$((failures + 1)); fi
}

absolute() { case $1 in /*) echo "$1" ;; *) echo "$root/$1" ;; esac; }

# refused NAME STATUS WORDS COMMAND..: the command ends with that status, and says so in one line that has these words.
refused() {
    name=$1
    wanted=$2
    words=$3
    shift 3
    { timeout 60 "$@" 2>&1 >"$work/out"; echo $? >"$work/status"; } | cat >"$work/err" # a pipe: the command's files may be limited
    status=$(cat "$work/status")
    lines=$(wc -l <"$work/err")
    if [ "$status" -eq "$wanted" ] && [ "$lines" -eq 1 ] && grep -q '^irpfuzz: ' "$work/err" && grep -qe "$words" "$work/err"; then
        told "$name" 0
    else
        told "$name" 1
        echo "     status $status (not $wanted), $lines lines (not 1), should tell of \"$words\":"
        head -n 3 "$work/err" | sed 's/^/     /'
    fi
}

for directory in $builds; do
    if [ ! -f "$directory/build.ninja" ]; then
        cmake --preset "$(basename "$directory")" -B "$directory" >"$work/build.log" 2>&1 || { tail -n 20 "$work/build.log" >&2; exit 3; }
    fi
    # shellcheck disable=SC2046
    cmake --build "$directory" --target irpfuzz $(for target in $targets; do echo "run_$target"; done) >"$work/build.log" 2>&1 ||
        { tail -n 40 "$work/build.log" >&2; exit 3; }
done
first=$(absolute "${builds%% *}")
target=$(echo "$targets" | head -n 1)
target=${target%% *}
run=$first/targets/run_$target
command=$first/command/irpfuzz

# ---- Noise, cut and changed inputs: a verdict each, and no bug, since the drivers have none ----

noise() { # build target
    program=$(absolute "$1")/targets/run_$2
    left=$count
    seed=1
    verdicts=0
    : >"$work/bad"
    while [ "$left" -gt 0 ]; do
        part=$((left < 10000 ? left : 10000))
        rm -rf "$work/noise"
        mkdir "$work/noise"
        "$first/targets/run_$2" generate "$part" "$work/noise" --seed "$seed" --hostile || return
        (cd "$work/noise" && find . -type f | sed 's|^\./||' | sort | xargs -s 1900000 timeout 900 "$program" replay --quiet) >"$work/out" 2>"$work/err"
        verdicts=$((verdicts + $(grep -c ': fine, hash [0-9a-f]\{16\}$' "$work/out")))
        grep -v ': fine, hash' "$work/out" | sed "s/^/seed $seed, /" >>"$work/bad"
        [ "$(wc -l <"$work/out")" -eq "$part" ] || echo "seed $seed: ended behind $(tail -n 1 "$work/out")" >>"$work/bad"
        left=$((left - part))
        seed=$((seed + 1))
    done
    [ "$verdicts" -eq "$count" ]
    told "$2, $(basename "$1"): $count hostile inputs, a verdict each and no bug" $?
    head -n 3 "$work/bad" | sed 's/^/     /'
}
for name in $targets; do
    for directory in $builds; do
        noise "$directory" "$name"
    done
done
: >"$work/empty"
head -c 1048576 /dev/urandom >"$work/large"
for file in empty large; do
    timeout 60 "$run" replay --quiet "$work/$file" >"$work/out" 2>&1
    told "an $file input has a verdict" $?
done

# ---- Files ----

head -c 1048577 /dev/urandom >"$work/huge"
mkdir "$work/directory"
"$run" generate 1 "$work" >/dev/null || exit 3
for verb in replay show assemble minimize; do
    [ $verb != assemble ] || set -- -o "$work/made"
    [ $verb = assemble ] || set --
    refused "$verb: a missing file" 2 'No such file' "$run" $verb "$work/nothing" "$@"
    refused "$verb: a directory" 2 'Is a directory' "$run" $verb "$work/directory" "$@"
    refused "$verb: a file that cannot be read" 2 'cannot read' "$run" $verb /proc/self/mem "$@"
    refused "$verb: a huge file" 2 'longer than' "$run" $verb "$work/huge" "$@"
done
printf '*** irpfuzz: HANG (0x1000005)\n  what      step 7 has not ended\n' >"$work/HANG.report.txt"
refused "replay: a report" 2 'is a report and no input' "$run" replay "$work/HANG.report.txt"
refused "assemble: into a missing directory" 2 'cannot write' "$run" assemble "$root/corpus/$target/seeds/$(ls "corpus/$target/seeds" | head -n 1)" -o "$work/no/such"
refused "minimize: an input that ends in no bug" 2 "ends in no bug" "$run" minimize "$work/000000.bin" -o "$work/made"
refused "generate: into a missing directory" 2 'cannot write' "$run" generate 1 "$work/no/such"
refused "an unknown option" 2 '--no-such' "$run" replay "$work/000000.bin" --no-such
refused "an option without its value" 2 '--repeat' "$run" replay "$work/000000.bin" --repeat
refused "an option with a bad value" 2 '--repeat' "$run" replay "$work/000000.bin" --repeat many
refused "--diverge-with what is no trace" 2 'no trace' "$run" replay "$work/000000.bin" --diverge-with "$work/large"

# ---- Texts ----

text() { # name words line..
    words=$2
    { echo '# irpfuzz program'; printf '%b\n' "$3"; } >"$work/text"
    refused "text: $1" 2 "$words" "$run" replay "$work/text"
    rm -f "$work/made"
    refused "text: $1 (assemble)" 2 "$words" "$run" assemble "$work/text" -o "$work/made"
    [ ! -e "$work/made" ] || told "text: $1: nothing is written" 1
}
text 'an unknown statement' 'text:2: ' 'nonsense'
text 'an unknown operation' 'text:3: ' 'app0: h0 = open\napp0: fly h0'
text 'a number out of range' 'out of range' 'app0: h99 = open'
text 'a number that is none' 'text:2: ' 'app0: read h0 len=many'
text 'a huge number' 'text:2: ' 'app0: read h0 len=99999999999999999999999999'
text 'an app that does not exist' 'app9' 'app9: h0 = open'
text 'an unknown DDI' 'spelling' 'fault: NoSuchDdi #1'
text 'a cut line' 'text:2: ' 'schedule: at'
text 'a word too many' 'too many' 'app0: close h0 now'
text 'a long line' 'longer than' "$(head -c 5000 /dev/zero | tr '\0' a)"
text 'binary rubbish' 'text:2: ' '\001\377\376 \200'
text 'a zero byte' 'zero byte\|no text' 'app0: h0 = open\000 more'
text 'bad raw bytes' 'raw=' 'app0: h0 = open raw=zz'
text 'something behind trailing' 'trailing' 'trailing: 00\napp0: h0 = open'
{ echo '# irpfuzz program'; yes 'app0: close h0' | head -n 60000; } >"$work/text"
timeout 60 "$run" replay --quiet "$work/text" >"$work/out" 2>&1
told "text: 60000 statements have a verdict" $?

# Programs with a letter changed or the end cut: understood, or refused in one line.
"$run" generate 40 "$work/directory" --seed 3
bad=0
tried=0
for file in "$work/directory"/*.bin; do
    "$run" show "$file" >"$work/good"
    size=$(wc -c <"$work/good")
    for way in "head -c $((size / 2))" "head -c $((size - 3))" 'tr 0 x' 'tr h " "' 'tr = :' 'tr a \377' 'tr -d :' 'tr " " "\t"'; do
        eval "$way" <"$work/good" >"$work/text"
        timeout 20 "$run" replay --quiet "$work/text" >"$work/out" 2>"$work/err"
        status=$?
        tried=$((tried + 1))
        if [ $status -eq 0 ] || { [ $status -eq 2 ] && [ "$(wc -l <"$work/err")" -eq 1 ]; }; then continue; fi
        bad=$((bad + 1))
        echo "     $way of $(basename "$file"): status $status"
    done
done
[ $bad -eq 0 ]
told "text: $tried damaged programs, each understood or refused in one line" $?

# ---- Full disks ----

sample=$root/corpus/$target/seeds/$(ls "corpus/$target/seeds" | head -n 1)
full_disk() { # name: what is left of the file $work/disk/made
    [ ! -e "$work/disk/made" ] && [ -z "$(ls -A "$work/disk" | grep -v filler)" ]
    told "$1: no half file" $?
}
mkdir "$work/disk"
for verb in show 'replay --quiet'; do
    # shellcheck disable=SC2086
    refused "${verb%% *}: the output's disk is full" 3 'cannot write' sh -c 'exec "$0" "$@" >/dev/full' "$run" $verb "$sample"
done
refused "assemble: the file may not grow" 2 'cannot write' sh -c 'trap "" XFSZ; ulimit -f 0; exec "$0" "$@"' "$run" assemble "$sample" -o "$work/disk/made"
full_disk "assemble: the file may not grow"
if mount -t tmpfs -o size=64k tmpfs "$work/disk" 2>/dev/null; then
    trap 'umount "$work/disk"; rm -rf "$work"' EXIT
    head -c 200000 /dev/zero >"$work/disk/filler" 2>/dev/null
    refused "assemble: the disk is full" 2 'No space left' "$run" assemble "$sample" -o "$work/disk/made"
    full_disk "assemble: the disk is full"
    umount "$work/disk"
    trap 'rm -rf "$work"' EXIT
else
    echo "skip assemble: the disk is full (no file system can be mounted here)"
fi

# ---- Killed in the middle of a write ----

mkdir "$work/whole" "$work/killed"
"$run" generate 3000 "$work/whole" --seed 9
half=0
seen=0
for files in 1 20 100 300 700; do
    rm -f "$work/killed"/*
    "$run" generate 3000 "$work/killed" --seed 9 &
    pid=$!
    while [ "$(find "$work/killed" -name '*.bin' | wc -l)" -lt $files ] && kill -0 $pid 2>/dev/null; do
        sleep 0.01
    done
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    for file in $(find "$work/killed" -name '*.bin' | sort | tail -n 50); do
        seen=$((seen + 1))
        cmp -s "$file" "$work/whole/$(basename "$file")" || half=$((half + 1))
    done
done
[ $half -eq 0 ] && [ $seen -gt 0 ]
told "generate, killed: the last of its files are whole ($seen looked at)" $?

# ---- The command, in a tree of its own that shares everything but fuzz/ ----

tree=$work/tree
mkdir "$tree"
for entry in CMakePresets.json CMakeLists.txt cmake targets drivers emulator command stress tests corpus build; do
    ln -s "$root/$entry" "$tree/$entry"
done
IRPFUZZ_ROOT=$tree
export IRPFUZZ_ROOT

# helps VERB WORDS: its help says what --time means to it.
helps() {
    "$command" "$1" --help | tr -s ' \n' ' ' | grep -q -e "--time=SECONDS $2"
    told "irpfuzz $1 --help: $2" $?
}
helps fuzz 'How long in all (default 60)'
helps stress 'How long (default 60)'
helps bench 'How long each target and build is measured (default 3)'
helps minimize 'Stop after so long with what there is (default: no limit)'
helps explore 'Stop after so long (default: no limit)'
"$command" --help | grep -q '^4 stopped .*explore'
told "irpfuzz --help: every exit status" $?
refused "irpfuzz: an unknown command" 2 'not a command' "$command" frobnicate
refused "irpfuzz fuzz: an unknown target" 2 'no target' "$command" fuzz no_such_target
refused "irpfuzz replay: a missing file" 2 'no such file' "$command" replay "$work/nothing"
refused "irpfuzz replay: an unknown target" 2 'no such target' "$command" replay "$work/empty" --target no_such
timeout 60 "$command" replay --no-such >"$work/out" 2>"$work/err"
[ $? -eq 2 ]
told "irpfuzz: an unknown option: status 2" $?
mkdir "$work/bin"
ln -s /usr/bin/* "$work/bin/" 2>/dev/null
rm -f "$work/bin/cmake"
PATH=$work/bin timeout 60 "$command" replay "$work/empty" --target "$target" >"$work/out" 2>"$work/err"
[ $? -eq 3 ] && grep -q 'cannot run cmake' "$work/err"
told "irpfuzz replay: no cmake: status 3 and it is named" $?
# A file where the campaigns' directory should be.
echo >"$tree/fuzz"
if [ -d build/fuzz-address ] || [ $full = yes ]; then
    [ -f build/fuzz-address/build.ninja ] || cmake --preset fuzz-address >"$work/build.log" 2>&1 || { tail -n 20 "$work/build.log" >&2; exit 3; }
    cmake --build build/fuzz-address --target "fuzz_$target" "run_$target" >"$work/build.log" 2>&1 || { tail -n 40 "$work/build.log" >&2; exit 3; }
    refused "irpfuzz fuzz: no place for the corpus" 3 'cannot make the directory' "$command" fuzz "$target" --time 1
    rm "$tree/fuzz"

    "$command" fuzz "$target" --time 60 --jobs 1 >"$work/out" 2>&1 &
    pid=$!
    tries=0
    while [ "$(find "$tree/fuzz/$target/corpus" -type f 2>/dev/null | wc -l)" -lt 30 ] && [ $tries -lt 200 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    sleep 2
    half=0
    kept=$(find "$tree/fuzz/$target/corpus" -type f | wc -l)
    for file in "$tree/fuzz/$target/corpus"/*; do
        [ "$(sha1sum <"$file" | cut -c1-40)" = "$(basename "$file")" ] || half=$((half + 1))
    done
    [ $half -eq 0 ] && [ "$kept" -gt 0 ]
    told "irpfuzz fuzz, killed: all $kept files of its corpus are whole" $?
    timeout 120 "$command" fuzz "$target" --time 2 --jobs 1 >"$work/out" 2>&1
    status=$?
    [ $status -le 1 ] && [ "$(find "$tree/fuzz/$target/corpus" -type f | wc -l)" -ge "$kept" ]
    told "irpfuzz fuzz, started again: works and has lost nothing (status $status)" $?
else
    echo "skip irpfuzz fuzz, killed (build/fuzz-address is not there; the full test makes it)"
fi

[ "$failures" -eq 0 ] || { echo "hostile: $failures failed" >&2; exit 1; }
