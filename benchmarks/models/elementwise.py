#!/usr/bin/env python3
"""Writes a benchmark of every elementwise formula of the library: a model and the calls of it.

    elementwise.py OUT.mlir OUT.inc LIBRARY.mlir...

A formula is elementwise when nothing in it looks at other elements of the row. Uniform arguments are 0.5.
"""

import re
import sys

FORMULA = re.compile(r"^weir\.formula @(\w+)\((.*?)\) -> (.*?) \{\n(.*?)^\}$", re.MULTILINE | re.DOTALL)
ACROSS = re.compile(r"\bweir\.(reduce|kth|solve|length|position|row|random)\b")


def elementwise(text):
    """Names of the elementwise formulas of f32 in a file, each with a flag per argument: whether it is uniform."""
    for name, arguments, result, body in FORMULA.findall(text):
        arguments = arguments.split(", ")
        if result == "f32" and not ACROSS.search(body) and all(": f32" in a for a in arguments):
            yield name, ["weir.uniform" in a for a in arguments]


def main():
    model, calls, *files = sys.argv[1:]
    with open(model, "w") as mlir, open(calls, "w") as inc:
        for path in files:
            for name, uniform in elementwise(open(path).read()):
                types = ["f32" if u else "tensor<?x?xf32>" for u in uniform]
                parameters = ", ".join(f"%a{i}: {t}" for i, t in enumerate(types))
                operands = ", ".join(f"%a{i}" for i in range(len(types)))
                mlir.write(f"func.func @{name}_rows({parameters}) -> tensor<?x?xf32> {{\n"
                           f"  %y = weir.apply @{name}({operands}) : ({', '.join(types)}) -> tensor<?x?xf32>\n"
                           f"  return %y : tensor<?x?xf32>\n}}\n")
                inputs = iter(range(len(types)))
                passed = ", ".join("0.5f" if u else f"in + {next(inputs)}" for u in uniform)
                inc.write(f"ELEMENTWISE({name}, {uniform.count(False)}, {name}_rows({passed}, out))\n")


if __name__ == "__main__":
    main()
