#!/bin/sh
# RULE W-TYP-2: A bare `long` in a driver's source fails the build, with file and line.
#
#   long_test.sh CHECK_LONG CMAKE BUILD_DIR
set -u
check=$1
cmake=$2
build=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
    echo "long_test: $1" >&2
    exit 1
}

# The driver of bare_long.c is a target like any other; asked for, it stops at the check.
"$cmake" --build "$build" --target bare_long > "$work/output" 2>&1 && fail 'a driver with a bare long was built'
grep -q 'bare_long\.c:5: bare long' "$work/output" || { cat "$work/output" >&2; fail 'the build failed for another reason'; }
grep -q 'bare_long\.h:3: bare long' "$work/output" || fail 'the header beside it was not checked'

refused() {
    printf '%s\n' "$1" > "$work/driver.c"
    sh "$check" "$work/driver.c" > /dev/null && fail "accepted: $1"
}
accepted() {
    printf '%s\n' "$1" > "$work/driver.c"
    sh "$check" "$work/driver.c" || fail "refused: $1"
}
refused 'long a;'
refused 'static unsigned long a;'
refused 'void f(long);'
refused 'x = (long)y;'
refused 'x = sizeof(long long) + sizeof(long);'
refused '/* a comment */ long a; // more'
accepted 'long long a; unsigned long long b; long double c;'
accepted 'LONG a; ULONG b; int c; int long_name, _long, a_long;'
accepted '/* a long
comment, long */ int a; // long'
accepted 'const char *s = "a long \" long text";'
