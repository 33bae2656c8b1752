#!/usr/bin/env bash
# Compiles the block of a decoder ahead of time and runs it from C and from Python, in f32 and with weights of bf16.
#   run.sh BUILD_DIR
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-$here/../../build}" && pwd)
python=$here/../../build/venv/bin/python
out=$build/examples/decoder
mkdir -p "$out"
"$build/bin/weirc" "$here/decoder.mlir" -o "$out/decoder.so"
clang-22 -O2 -I"$out" "$here/main.c" "$out/decoder.so" -lm -Wl,-rpath,'$ORIGIN' -o "$out/block"
"$python" "$here/reference.py" "$out"
"$out/block" "$out/block.f32"
"$python" "$here/decoder.py" "$out/decoder.so"
sed 's/^!weight = f32$/!weight = bf16/' "$here/decoder.mlir" | "$build/bin/weirc" - -o "$out/decoder_bf16.so"
"$python" "$here/decoder.py" "$out/decoder_bf16.so" bf16
