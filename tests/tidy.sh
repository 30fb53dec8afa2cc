#!/bin/sh
# The house rules as a test. Prints every offence as file:line: rule; fails if there is one.
set -u
LC_ALL=C
export LC_ALL
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
offences=$work/offences
: > "$offences"

# Files under version control or about to be; never what a build made.
list() {
    git ls-files --cached --others --exclude-standard -- "$@" 2>/dev/null | sort -u | while IFS= read -r f; do [ -f "$f" ] && echo "$f"; done
}
offend() { sed "s|\$|: $1|" >> "$offences"; }

windows_world() { list 'emulator/nt/*.[ch]' 'emulator/kmdf/*.[ch]' 'emulator/win32/*.[ch]' 'emulator/hal/*.[ch]' 'emulator/nic/*.[ch]' 'emulator/verifier/*.[ch]'; }
# targets/engine/apps.c is the engine's one app-side file.
host_world() { list 'emulator/machine/*.[ch]' 'targets/engine/*.[ch]' 'command/*.[ch]' | grep -v '^targets/engine/apps\.c'; }
emulator() { list 'emulator/*.[ch]' | grep -v '^emulator/include/'; }
code() { list '*.c' '*.h' '*.cpp'; }

# One subject a file, and it fits in a head.
code | grep -v '^emulator/include/' | while IFS= read -r f; do
    lines=$(wc -l < "$f")
    [ "$lines" -gt 800 ] && echo "$f:$lines" | offend 'more than 800 lines'
done

# Two worlds, one door between them.
windows_world | xargs -r grep -nE '^[ \t]*#[ \t]*include[ \t]*<(sys/|unistd|pthread|errno|time|signal|setjmp|linux/|fcntl|dlfcn|poll|sched)' /dev/null |
    cut -d: -f1,2 | offend 'a host header in the Windows world'
host_world | xargs -r grep -niE '^[ \t]*#[ \t]*include[ \t]*[<"](.*/)?(windows|ntddk|wdm|ntifs|wdf|ntdef|winnt|winbase)\.h' /dev/null |
    cut -d: -f1,2 | offend 'a Windows header in the host world'

# The tree speaks of the project alone, and of what is done.
marks='TO''DO|FIX''ME|X''XX|HA''CK'
list '*.c' '*.h' '*.cpp' '*.sh' '*.cmake' '*.txt' '*.md' '*.in' '*.def' | grep -vE '^(corpus|tests/tidy.sh)' |
    xargs -r grep -nE "\\b($marks)\\b|/(work|root)/(main|shared)|/tmp/h/" /dev/null | cut -d: -f1,2 | offend 'a mark of unfinished work, or a path of one machine'

# Chance has one door; time is virtual. The runner and the watcher of an exploration look at a wall clock: they were asked to stop after so many seconds.
list 'emulator/*.[ch]' 'targets/*.[ch]' | grep -vE '^emulator/include/|^targets/engine/(bench|explore|minimize_result)\.c' | while IFS= read -r f; do
    awk -v file="$f" '
        /^[ \t]*(\/\*|\*|\/\/)/ { next }
        {
            line = $0
            sub(/\/\*.*/, "", line)
            gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
            if (line ~ /(^|[^A-Za-z0-9_>.])(s?rand|random|rand_r|drand48|time|clock|gettimeofday|clock_gettime|getrandom)[ \t]*\(/)
                print file ":" FNR ": chance or time of the host"
        }' "$f"
done >> "$offences"

# One DDI is one gate: layers call each other's internal functions. A definition begins its line; a call is indented. Another spelling of
# a DDI (a public function without a gate of its own) may pass on to it.
awk -F'[(,]' '/^DDI\(/ && !/CALLBACK/ { print $2 }' emulator/*/ddi.def | sort -u > "$work/ddis"
emulator | grep -E '^emulator/(nt|kmdf|hal|win32|nic|verifier)/' > "$work/emulator"
while IFS= read -r f; do
    awk -v names="$work/ddis" -v file="$f" '
        BEGIN { while ((getline name < names) > 0) ddi[name] = 1 }
        /^[ \t]*(\/\*|\*|\/\/)/ || /^#/ { next }
        /^[A-Za-z]/ { spelling = ($0 ~ /^[A-Za-z_* ]*[ *][A-Z][A-Za-z0-9]*\(/ && $0 !~ /^static/); calls = "" }
        /gate_enter|user_enter/ { spelling = 0 }
        /^}/ { if (!spelling) printf "%s", calls; calls = "" }
        /^[ \t]/ {
            line = $0
            gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
            gsub(/\/\*.*\*\//, "", line)
            while (match(line, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
                name = substr(line, RSTART, RLENGTH - 1)
                sub(/[ \t]+$/, "", name)
                if (name in ddi) calls = calls file ":" FNR ": calls the DDI " name "\n"
                line = substr(line, RSTART + RLENGTH)
            }
        }' "$f"
done < "$work/emulator" >> "$offences"

# Drivers are written as if they shipped on Windows.
list 'drivers/*.[ch]' | xargs -r grep -niE 'irpfuzz|emulat|machine/|unit\.h|__linux__' /dev/null | cut -d: -f1,2 | offend 'a driver that knows where it runs'

# Whitespace.
code | xargs -r grep -nE '[ 	]+$' /dev/null | cut -d: -f1,2 | offend 'trailing blanks'
code | grep -v '^drivers/' | xargs -r grep -nP '\t' /dev/null | cut -d: -f1,2 | offend 'a tab'

sort -u "$offences"
count=$(sort -u "$offences" | wc -l)
[ "$count" -eq 0 ] || { echo "tidy: $count offences" >&2; exit 1; }
