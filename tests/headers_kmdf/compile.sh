#!/bin/sh
# compile.sh SOURCE OUTPUT [compiler arguments]: compiles one file of the Windows world the way cmake does (see
# cmake/WindowsWorld.cmake), with the KMDF headers as ordinary headers so that their own warnings count.
#
# CC, CXX: the compilers (clang-19, clang++-19). HEADERS: the adapted headers (build/headers below the tree).
set -eu

tree=$(cd "$(dirname "$0")/../.." && pwd)
headers=${HEADERS:-$tree/build/headers}
source=$1
output=$2
shift 2

case $source in
*.cpp) compiler="${CXX:-clang++-19} -std=gnu++17" ;;
*) compiler="${CC:-clang-19} -std=gnu11" ;;
esac

# shellcheck disable=SC2086 # the compiler is a command with arguments
exec $compiler -fshort-wchar -fms-extensions -fno-strict-aliasing -fwrapv -fno-builtin-wcslen -nostdinc \
    -U__linux__ -U__linux -Ulinux -U__unix__ -U__unix -Uunix -U__gnu_linux__ \
    -include irpfuzz_prelude.h -I"$tree/emulator/include/kmdf" -isystem "$tree/emulator/include/km" \
    -isystem "$tree/emulator/include/common" -isystem "$headers/ddk" -isystem "$headers" \
    -isystem "$(${CC:-clang-19} -print-resource-dir)/include" \
    -D_WIN32=1 -D_WIN64=1 -DWIN32=1 -D_AMD64_=1 -D_M_AMD64=100 -D_M_X64=100 -D_WIN32_WINNT=0x0A00 -DWINVER=0x0A00 \
    -DNTDDI_VERSION=0x0A000006 -D_KERNEL_MODE=1 -DDBG=1 \
    -Wall -Werror -Wno-unused-parameter "$@" -c "$source" -o "$output"
