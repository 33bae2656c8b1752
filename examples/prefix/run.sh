#!/usr/bin/env bash
# Compiles attention over parts of the keys ahead of time and calls it from C.
#   run.sh BUILD_DIR
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-$here/../../build}" && pwd)
out=$build/examples/prefix
mkdir -p "$out"
"$build/bin/weirc" "$here/prefix.mlir" -o "$out/prefix.so"
clang-22 -O2 -I"$out" "$here/main.c" "$out/prefix.so" -lm -Wl,-rpath,'$ORIGIN' -o "$out/prefix"
"$out/prefix"
