#!/bin/sh
# The network card of emulator/nic beside QEMU's i82557b: the same sequences of register accesses, memory and frames to both, each answer compared.
#
#   run.sh [--seed N] [--sequences N] [--first N] [--list] [--verbose]     10,000 sequences from seed 1 if not told otherwise
#
# Exit status: 0 all the same, 1 a difference (with the command that shows it alone), 77 skipped: there is no QEMU.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
binary=$root/build/release/tests/qemu/nic_differential
if [ "${1:-}" = --binary ]; then
    binary=$2
    shift 2
fi
if ! command -v qemu-system-x86_64 >/dev/null 2>&1; then
    echo 'skipped: qemu-system-x86_64 is not installed (apt-get install qemu-system-x86)'
    exit 77
fi
[ -x "$binary" ] || { echo "run.sh: $binary is not built (cmake --build build/release --target nic_differential)" >&2; exit 2; }
exec timeout 1800 "$binary" "$@"
