#!/usr/bin/env python3
"""Compiles IR for AVX-512 and AMX into a shared library that runs on AVX2.

    test/Emulation/emulate.py IN.mlir -o DIR/NAME.so --target=sapphirerapids [other flags of weirc]

What weirc makes for the target as LLVM's IR is compiled for x86-64-v3: LLVM splits vectors, and instructions.c stands in for
the intrinsics of AVX-512 and AMX. Numbers are those that the target's own code computes, but for the last digits of rcp14; the
instructions that LLVM picks for the target are not tested this way, nor is speed.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CLANG = ["clang-22", "-O1", "-march=x86-64-v3", "-std=gnu2x", "-ffp-contract=off", "-fPIC", "-Wno-override-module"]
INTRINSIC = re.compile(r"@(llvm\.(?:x86\.(?:avx512[a-z0-9_]*\.[a-z0-9_.]+|t[a-z0-9]+\.internal)|masked\.(?:load|store)\.v(?:16|32)[bif]+16\.p0))")
DECLARATION = re.compile(r"^declare (?P<result>.+?) @(?P<name>llvm\.[a-z0-9_.]+)\((?P<types>.*)\).*\n", re.M)
VARIANTS = re.compile(r'^(@weir_rt_variants = .* constant) \[\d+ x i8\] c"(.*)\\00"', re.M)


def split(types):
    """The types of a list of parameters, without their attributes."""
    found, depth, start = [], 0, 0
    for at, letter in enumerate(types + ","):
        depth += (letter in "<({") - (letter in ">)}")
        if letter == "," and depth == 0:
            found.append(types[start:at].strip())
            start = at + 1
    return [re.match(r"<[^>]*>|\S+", t).group() for t in found if t]


def glue(declaration):
    """A function in IR that passes an intrinsic's vectors to instructions.c by address."""
    result, name, types = *split(declaration["result"]), declaration["name"], split(declaration["types"])
    symbol = name.replace(".", "_")
    parameters = ", ".join(f"{t} %p{i}" for i, t in enumerate(types))
    lines, passed = [], []
    if result != "void":
        lines.append(f"%r = alloca {result}, align 64")
        passed.append("ptr %r")
    for i, t in enumerate(types):
        if t.startswith("<"):
            lines += [f"%a{i} = alloca {t}, align 64", f"store {t} %p{i}, ptr %a{i}, align 64"]
            passed.append(f"ptr %a{i}")
        else:
            passed.append(f"{t}{' signext' if t in ('i8', 'i16') else ''} %p{i}")
    lines.append(f"call void @{symbol}({', '.join(passed)})")
    lines += [f"%v = load {result}, ptr %r, align 64", f"ret {result} %v"] if result != "void" else ["ret void"]
    body = "\n".join("  " + line for line in lines)
    described = ", ".join(p.rsplit(" ", 1)[0] for p in passed)
    return (f"declare void @{symbol}({described})\n"
            f'define internal {result} @emulated.{name}({parameters}) "target-cpu"="x86-64-v3" {{\n{body}\n}}\n')


def portable(ir):
    """The module without what only the target has."""
    ir = re.sub(r"\bx86_amx\b", "i64", ir)  # A number of instructions.c.
    made = []

    def declare(found):
        if not INTRINSIC.match("@" + found["name"]):
            return found.group()
        made.append(glue(found))
        return ""

    ir = DECLARATION.sub(declare, ir)
    ir = INTRINSIC.sub(r"@emulated.\1", ir)
    # What keeps LLVM from moving or joining vectors has registers of the target in it.
    ir = re.sub(r'(?:tail )?call (<[^>]*>) asm (?:sideeffect )?"", "=v,0"\(<[^>]*> (%[\w.]+)\)[^\n]*', r"freeze \1 \2", ir)
    ir = re.sub(r'"prefer-vector-width"="512" ', "", ir)
    ir = re.sub(r'"target-cpu"="[^"]*"( "target-features"="[^"]*")?( "tune-cpu"="[^"]*")?', '"target-cpu"="x86-64-v3"', ir)

    def needing_nothing(found):
        lines = "\\0A".join(line.split(" ")[0] for line in found[2].split("\\0A"))
        return f'{found[1]} [{len(lines.replace(chr(92) + "0A", " ")) + 1} x i8] c"{lines}\\00"'

    ir, count = VARIANTS.subn(needing_nothing, ir)
    assert count == 1, "the library does not say what it needs"
    return "\n".join([ir, *made])


def compile_library(source, output, flags, tools):
    """Writes the shared library `output`; `flags` are weirc's, `tools` the folder of its binary. Raises CalledProcessError, with what
    was said on standard error, where weirc or clang does not succeed."""
    with tempfile.TemporaryDirectory() as folder:
        # Of the output's own name, which goes into that of its functions.
        emitted = pathlib.Path(folder) / (output.stem + ".ll")
        subprocess.run([tools / "weirc", source, "--emit=llvm", "-o", emitted, *flags], check=True)
        emitted.write_text(portable(emitted.read_text()))
        threads = ["/usr/lib/x86_64-linux-gnu/libomp.so.5"] if "--threads=omp" in flags else []
        subprocess.run([*CLANG, "-shared", "-fuse-ld=lld", "-Wl,--exclude-libs=ALL", "-Wl,-z,defs", "-o", output, emitted,
                        "-x", "c", HERE / "instructions.c", "-x", "none", tools.parent / "lib" / "libweir_rt.a", *threads, "-lm"], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("source", type=pathlib.Path, metavar="IN.mlir")
    parser.add_argument("-o", dest="output", type=pathlib.Path, required=True, metavar="NAME.so")
    parser.add_argument("--tools", type=pathlib.Path, default=os.environ.get("WEIR_BIN", ROOT / "build" / "bin"))
    known, flags = parser.parse_known_args()
    try:
        compile_library(known.source, known.output, flags, pathlib.Path(known.tools))
    except subprocess.CalledProcessError as failed:
        return failed.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
