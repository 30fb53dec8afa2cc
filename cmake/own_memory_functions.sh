#!/bin/sh
# own_memory_functions.sh OBJCOPY SYMBOLS COMPILER ARGUMENT..
#
# Compiles, then renames in the object what ThreadSanitizer intercepts even in code that is not instrumented (memcpy and friends, also
# where the compiler made the call): the emulator's accesses are the kernel's, not the driver's, and must neither race nor order anything.
set -e
objcopy=$1
symbols=$2
shift 2
"$@"
output=
while [ $# -gt 0 ]; do
    if [ "$1" = -o ]; then
        output=$2
    fi
    shift
done
case $output in
*.o) "$objcopy" --redefine-syms="$symbols" "$output" ;;
esac
