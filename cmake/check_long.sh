#!/bin/sh
# check_long.sh FILE...: fails on a bare `long` (W-TYP-2), naming file and line. Comments, strings, `long long` and `long double` are
# not counted.
status=0
for file in "$@"; do
    awk -v file="$file" '
    BEGIN { bad = 0; inside = 0 }
    {
        line = $0; out = ""
        while (length(line)) {
            if (inside) {
                at = index(line, "*/")
                if (!at) { line = ""; break }
                line = substr(line, at + 2); inside = 0
            } else if (match(line, /"([^"\\]|\\.)*"|\/\*|\/\//)) {
                token = substr(line, RSTART, RLENGTH)
                out = out substr(line, 1, RSTART - 1) " "
                line = substr(line, RSTART + RLENGTH)
                if (token == "//") line = ""
                else if (token == "/*") inside = 1
            } else { out = out line; line = "" }
        }
        gsub(/(unsigned[ \t]+)?long[ \t]+long|long[ \t]+double/, " ", out)
        if (out ~ /(^|[^A-Za-z0-9_])long([^A-Za-z0-9_]|$)/) {
            printf "%s:%d: bare long has 32 bits on Windows and 64 here: write LONG or int\n", file, NR
            bad = 1
        }
    }
    END { exit bad }' "$file" || status=1
done
exit $status
