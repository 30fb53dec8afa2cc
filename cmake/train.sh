#!/bin/sh
# train.sh PROFDATA BUILD CORPUS TARGET..
#
# Runs the targets' seeds, generated inputs and the benchmark's life in a build of the preset `training`, and makes BUILD/emulator.profdata.
set -eu
profdata=$1
build=$2
corpus=$3
shift 3
rm -rf "$build/raw"
mkdir -p "$build/raw"
LLVM_PROFILE_FILE="$build/raw/%p.profraw"
export LLVM_PROFILE_FILE
for target; do
    run=$build/targets/run_$target
    mkdir "$build/raw/$target"
    "$run" generate 2000 "$build/raw/$target" >/dev/null
    find "$build/raw/$target" "$corpus/$target/seeds" -type f -print0 | xargs -0 -n 3000 "$run" hashes >/dev/null
    "$run" bench 1 >/dev/null
done
"$profdata" merge -o "$build/emulator.profdata.new" "$build"/raw/*.profraw
mv "$build/emulator.profdata.new" "$build/emulator.profdata"
rm -rf "$build/raw"
