#!/bin/sh
# Makes the packaged Windows headers (mingw-w64) true for a host whose `long` has 64 bits.
#
#   adapt_headers.sh SRC_INCLUDE_DIR OUT_DIR
#
# SRC_INCLUDE_DIR is left alone. OUT_DIR receives a copy in which
#   - `long` that is neither `long long` nor `long double` is `int`, and integer literals have lost their L suffix (W-TYP-1..3);
#   - _MSC_VER is called __MINGW_MSC_VER, so that drivers may be given a value for it (W-TYP-16);
#   - functions that clip with clang's builtins, and the intrinsics' headers, are gone: emulator/include has its own;
#   - the names drivers spell in mixed case exist as links (W-TYP-17).
# OUT_DIR is replaced as a whole once the copy is complete, so an interrupted run leaves nothing half done.
set -eu
LC_ALL=C
export LC_ALL

fail() {
    echo "adapt_headers: $1" >&2
    exit 1
}

[ $# -eq 2 ] || fail "usage: adapt_headers.sh SRC_INCLUDE_DIR OUT_DIR"
src=$1
out=$2
[ -f "$src/ddk/wdm.h" ] || fail "no Windows headers in '$src' (Debian package mingw-w64-x86-64-dev)"

self=$(cksum <"$0")
stamp="$self $(cksum <"$src/ddk/wdm.h") $(cksum <"$src/_mingw.h")"
if [ -f "$out/.adapted" ] && [ "$(cat "$out/.adapted")" = "$stamp" ]; then
    exit 0
fi

new=$out.new.$$
trap 'rm -rf "$new"' EXIT
mkdir -p "$new"

for dir in . ddk psdk_inc sdks sec_api sys; do
    mkdir -p "$new/$dir"
    for file in "$src/$dir"/*.h; do
        [ -f "$file" ] && cp "$file" "$new/$dir/"
    done
    chmod u+w "$new/$dir"/*.h
done

# These give way to emulator/include or to the compiler's own.
rm -f "$new/intrin.h" "$new/psdk_inc/intrin-impl.h" "$new/excpt.h" "$new/ddk/ntintsafe.h" "$new/ddk/ntstrsafe.h" \
    "$new/sal.h" "$new/specstrings.h" "$new/driverspecs.h" "$new/stdarg.h" "$new/stddef.h" "$new/float.h" "$new/initguid.h" "$new/ddk/poclass.h" \
    "$new"/pthread*.h "$new"/*mmintrin.h

cat >"$new/.sed" <<'SED'
s/\<long[ \t][ \t]*long\>/@llong@/g
s/\<long[ \t][ \t]*double\>/@ldouble@/g
s/\<unsigned[ \t][ \t]*@llong@/unsigned @llong@/g
s/\<long[ \t][ \t]*unsigned[ \t][ \t]*int\>/unsigned int/g
s/\<long[ \t][ \t]*int\>/int/g
s/\<long\>/int/g
s/@llong@/long long/g
s/@ldouble@/long double/g
s/\([^A-Za-z0-9_.]\)\(0[xX][0-9A-Fa-f][0-9A-Fa-f]*\)\([uU]\{0,1\}\)[lL]\([^A-Za-z0-9_]\)/\1\2\3\4/g
s/\([^A-Za-z0-9_.]\)\(0[xX][0-9A-Fa-f][0-9A-Fa-f]*\)\([uU]\{0,1\}\)[lL]$/\1\2\3/g
s/\([^A-Za-z0-9_.]\)\([0-9][0-9]*\)\([uU]\{0,1\}\)[lL]\([^A-Za-z0-9_]\)/\1\2\3\4/g
s/\([^A-Za-z0-9_.]\)\([0-9][0-9]*\)\([uU]\{0,1\}\)[lL]$/\1\2\3/g
s/\<_MSC_VER\>/__MINGW_MSC_VER/g
s/\<\(__inline\|inline\)\>/__inline__/g
s/\<_\(l\{0,1\}rot[lr]\(64\|8\|16\)\{0,1\}\)\>/irpfuzz_hidden_\1/g
s/typedef unsigned __int64 size_t;/typedef __SIZE_TYPE__ size_t;/
s/^#[ \t]*define __forceinline .*$/\/* __forceinline is the prelude's *\//
s/^[ \t]*#[ \t]*include[ \t]*[<"][a-z0-9]*mintrin\.h[>"]/\/* the intrinsics are in the overlay *\//
s/^[ \t]*#[ \t]*include[ \t]*[<"]x86intrin\.h[>"]/\/* the intrinsics are in the overlay *\//
s/__declspec *( *dllimport *)//g
s/__attribute__ *((__dllimport__))//g
SED

find "$new" -name '*.h' -exec sed -i -f "$new/.sed" {} +
rm -f "$new/.sed"

# On Windows size_t, SIZE_T and ULONGLONG are one type; here size_t is the compiler's, and SIZE_T goes with it, since drivers
# hand the address of one where the other is wanted.
sed -i -e 's/__int64 ssize_t;/__PTRDIFF_TYPE__ ssize_t;/' \
    -e 's/__int64 ptrdiff_t;/__PTRDIFF_TYPE__ ptrdiff_t;/' "$new/corecrt.h"
sed -i -e 's/typedef ULONG_PTR SIZE_T,/typedef __SIZE_TYPE__ SIZE_T,/' \
    -e 's/typedef LONG_PTR SSIZE_T,/typedef __PTRDIFF_TYPE__ SSIZE_T,/' "$new/basetsd.h"

# What DMA adapters have gained since the packaged headers' day: emulator/include/km/irpfuzz_dma.h.
sed -i -e 's/^typedef struct _DMA_OPERATIONS {/#include "irpfuzz_dma.h"\n&/' \
    -e 's/^} DMA_OPERATIONS, /  IRPFUZZ_DMA_OPERATIONS_NEWER\n&/' \
    -e 's/^} DEVICE_DESCRIPTION, /  ULONG DmaAddressWidth;\n  ULONG DmaControllerInstance;\n  ULONG DmaRequestLine;\n  PHYSICAL_ADDRESS DeviceAddress;\n&/' "$new/ddk/wdm.h"

echo '#include <intrin.h>' >"$new/psdk_inc/intrin-impl.h"

# Case: every header also answers to Name.h and NAME.H, and to the spellings below, by a line that includes the lower-case name
# through the whole search path, so that the overlay stays in front.
overlay="aux_klib.h driverspecs.h dontuse.h excpt.h initguid.h intrin.h ntintsafe.h ntstrsafe.h sal.h specstrings.h strsafe.h
wdf.h wdfusb.h wpprecorder.h stdarg.h stddef.h"
mixed="DriverSpecs.h SpecStrings.h SetupAPI.h SetupApi.h WinBase.h WinDef.h WinNT.h WinIoCtl.h WinIOCtl.h WinUser.h WinError.h CfgMgr32.h
NtDDK.h NtDdk.h NTDDK.h WDM.h WdmGuid.h WdmSec.h WmiLib.h WmiStr.h WmiData.h NtStrSafe.h NTStrSafe.h NtIntSafe.h NtStatus.h InitGuid.h
InitGUID.h INITGUID.h StrSafe.h ShellAPI.h CommCtrl.h TChar.h StdIO.h StdLib.h ConIO.h PoClass.h DevIoCtl.h DevIOCtl.h EvnTrace.h BaseTsd.h
UsbDi.h UsbSpec.h UsbIoctl.h WdfUsb.h WDF.h Wdf.h UMTypes.h WinSvc.h WpPRecorder.h WppRecorder.h HidClass.h HidPort.h"
{
    find "$new" "$new/ddk" -maxdepth 1 -name '*.h' | sed 's#.*/##'
    echo "$overlay" | tr ' ' '\n'
} | sort -u >"$new/.names"
awk -v dir="$new" -v mixed="$mixed" '
    function alias(name, target) {
        if (name in taken)
            return
        taken[name] = 1
        file = dir "/" name
        print "#include <" target ">" >file
        close(file)
    }
    { taken[$0] = 1; names[NR] = $0 }
    END {
        for (i = 1; i <= NR; i++) {
            name = names[i]
            alias(toupper(substr(name, 1, 1)) substr(name, 2), name)
            alias(toupper(name), name)
            alias(toupper(substr(name, 1, length(name) - 2)) ".h", name)
        }
        count = split(mixed, spelled, /[ \n]+/)
        for (i = 1; i <= count; i++)
            alias(spelled[i], tolower(spelled[i]))
    }' "$new/.names"
rm -f "$new/.names"

echo "$stamp" >"$new/.adapted"
rm -rf "$out"
mkdir -p "$(dirname "$out")"
mv "$new" "$out"
trap - EXIT
