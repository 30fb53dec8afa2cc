#!/bin/sh
# docs/ddi.md says what the tables say.  ddi_doc.sh <the program ddi_doc> [--write]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
program=${1:?the program ddi_doc}
page=$root/docs/ddi.md
if [ "${2:-}" = --write ]; then
    mkdir -p "$root/docs"
    "$program" > "$page"
    exit 0
fi
if ! "$program" | cmp -s - "$page"; then
    echo 'docs/ddi.md is stale: run tests/ddi_doc.sh <ddi_doc> --write' >&2
    exit 1
fi
