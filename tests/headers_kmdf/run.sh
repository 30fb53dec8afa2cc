#!/bin/sh
# Tests of the KMDF headers. Prints a line for each check; status 1 if one failed.
#
# RULE K-API-1: The 458 functions of the framework's table are declared, each in its group's header, with its index and its public name; the linker names one that nothing implements.
#
# Environment: CC, CXX, HEADERS as in compile.sh; MINGW_CC: a compiler for Windows.
set -u

here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# check NAME COMMAND...: the command must succeed.
check() {
    name=$1
    shift
    if "$@" >"$work/output" 2>&1; then
        echo "pass $name"
    else
        echo "FAIL $name"
        sed 's/^/    /' "$work/output" | head -n 20
        failures=$((failures + 1))
    fi
}

# check_fails NAME TEXT COMMAND...: the command must fail and say TEXT.
check_fails() {
    name=$1
    text=$2
    shift 2
    if ! "$@" >"$work/output" 2>&1 && grep -q -- "$text" "$work/output"; then
        echo "pass $name"
    else
        echo "FAIL $name"
        sed 's/^/    /' "$work/output" | head -n 20
        failures=$((failures + 1))
    fi
}

compile() {
    "$here/compile.sh" "$@"
}

# A source that takes every function's index, type and implementation.
census_source() {
    printf '%s\n' '#include <ntddk.h>' '#include <wdf.h>' '#include <usb.h>' '#include <usbdlib.h>' \
        '#include <wdfusb.h>' '#include <wdfcx.h>'
    awk -v last="$1" '/^#/ || $2 > last { next } {
        printf "_Static_assert(%sTableIndex == %d, \"%s\");\n", $1, $2, $1
        printf "PFN_%s const pointer_%s = wdf_%s;\n", toupper($1), $1, $1
        printf "void call_%s(void); void call_%s(void) { (void)&%s; (void)WDF_IS_FUNCTION_AVAILABLE(%s); }\n",
            $1, $1, $1, $1
    }' "$here/census.txt"
}

# The public name of every function is what the linker sees.
census_symbols() {
    awk -v last="$1" '/^#/ || $2 > last { next } { print $1 }' "$here/census.txt" | sort >"$work/expected"
    nm -u "$work/census.o" | awk '{ print $2 }' | grep '^Wdf' | grep -v '^WdfDriverGlobals$' | sort >"$work/found"
    diff "$work/expected" "$work/found"
}

# Each function is declared in its group's header; entries without a public group in whichever.
census_headers() {
    awk '/^#/ { next } { print $1, $3 }' "$here/census.txt" | while read -r name header; do
        files=$tree/emulator/include/kmdf/$header.h
        [ "$header" = tableonly ] && files=$tree/emulator/include/kmdf/*.h
        # shellcheck disable=SC2086 # a pattern
        grep -Eq "^WDF_DDI(_NO_ARGUMENTS)?\([^,]*, $name," $files || echo "$name is not declared in $header.h"
    done >"$work/undeclared"
    cat "$work/undeclared"
    [ ! -s "$work/undeclared" ]
}

no_newer_function() {
    printf '%s\n' '#include <ntddk.h>' '#include <wdf.h>' \
        'const void *const newer = (const void *)&WdfDeviceSetDeviceInterfaceStateEx;' >"$work/newer.c"
    compile "$work/newer.c" "$work/newer.o"
}

undefined_is_public() {
    nm -u "$work/missing.o" | grep -q ' WdfRequestRequeue$'
}

link_missing() {
    ${CC:-clang-19} -nostdlib -no-pie -Wl,-e,Requeue "$work/missing.o" -o "$work/missing"
}

link_calls() {
    ${CC:-clang-19} "$work/calls.o" "$work/calls_other.o" -o "$work/calls"
}

# The layouts once more, with a compiler whose target is Windows and the unadapted headers. Compiled, never run.
sizes_for_windows() {
    ${MINGW_CC:-x86_64-w64-mingw32-gcc} -std=gnu11 -I"$tree/emulator/include/kmdf" \
        -isystem /usr/share/mingw-w64/include/ddk -D_WIN32_WINNT=0x0A00 -DNTDDI_VERSION=0x0A000006 \
        '-D_IRQL_requires_max_(level)=' '-D_Function_class_(name)=' -D_IRQL_requires_same_= -D_Out_opt_= -w \
        -c "$here/sizes.c" -o "$work/sizes_windows.o"
}

census_source 457 >"$work/census.c"
check 'census for 1.33: index, type and callable name of 458 functions' \
    compile "$work/census.c" "$work/census.o" -DKMDF_VERSION_MINOR=33
check 'census for 1.33: linker symbols are the public names' census_symbols 457
census_source 456 >"$work/census.c"
check 'census for 1.31: 457 functions' compile "$work/census.c" "$work/census.o"
check 'census for 1.31: linker symbols are the public names' census_symbols 456
check 'census: every function is in its header' census_headers
check_fails 'a function of 1.33 is not declared for 1.31' WdfDeviceSetDeviceInterfaceStateEx no_newer_function
check 'sizes' compile "$here/sizes.c" "$work/sizes.o"
if command -v "${MINGW_CC:-x86_64-w64-mingw32-gcc}" >/dev/null; then
    check 'sizes with a compiler for Windows' sizes_for_windows
fi
check 'driver in C' compile "$here/driver.c" "$work/driver.o"
check 'driver in C, unoptimised and sanitized' \
    compile "$here/driver.c" "$work/driver.o" -g -O0 -fsanitize=address,undefined
check 'driver in C, optimised' compile "$here/driver.c" "$work/driver.o" -g -O2 -Wextra
check 'driver in C++' compile "$here/driver_cpp.cpp" "$work/driver_cpp.o"
check_fails 'mixed handles do not compile' 'incompatible pointer types' \
    compile "$here/mixed_handles.c" "$work/mixed.o"
check 'a driver that calls an absent function compiles' compile "$here/missing_function.c" "$work/missing.o"
check 'an absent function is undefined under its public name' undefined_is_public
check_fails 'the linker names an absent function' WdfRequestRequeue link_missing
check 'calls: first source' compile "$here/calls.c" "$work/calls.o"
check 'calls: second source' compile "$here/calls_other.c" "$work/calls_other.o"
check 'calls: link' link_calls
check 'calls: arguments, pointers, context identity' "$work/calls"

echo "$failures failed"
[ "$failures" -eq 0 ]
