#!/usr/bin/env bash
# Compiles the classifier ahead of time, builds a C program against the generated header, and runs it on a file.
#   run.sh BUILD_DIR
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-$here/../../build}" && pwd)
out=$build/examples/classifier
mkdir -p "$out"
"$build/bin/weirc" "$here/classifier.mlir" -o "$out/classifier.so"
clang-22 -O2 -I"$out" "$here/main.c" "$out/classifier.so" -Wl,-rpath,'$ORIGIN' -o "$out/classify"
"$here/../../build/venv/bin/python" "$here/make_data.py" "$out"
"$out/classify" "$out/weights.f32" "$out/batch.f32"
