"""Writes the programs with which ir-fuzz begins, one a file: those of the tests and examples, and each formula of the library
with a function that applies it.

    split-corpus.py FOLDER
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FORMULA = re.compile(r"weir\.formula @(\w+)\((.*?)\)\s*->\s*(\(.*?\)|\w+)\s*\{\n.*?\n\}", re.S)
# Upstream's parser crashes on broken lists of dimensions, and frees values of a loop's broken body too early.
CRASHES_UPSTREAM = re.compile(r"linalg\.(reduce|broadcast|transpose)\b|scf\.for\b")


def programs():
    for folder in ("test", "examples"):
        for path in sorted((ROOT / folder).rglob("*.mlir")):
            yield from (text for text in path.read_text().split("// -----") if not CRASHES_UPSTREAM.search(text))
    for path in sorted((ROOT / "lib").rglob("*.mlir")):
        for match in FORMULA.finditer(path.read_text()):
            yield match[0] + "\n" + application(*match.groups())


def application(name, arguments, results):
    """A function that applies a formula to rows of unknown length."""

    def tensor(declaration):
        element = re.search(r"\b(f32|i\d+|index)\b", declaration)[0]
        return f"tensor<?x{element}>" if "weir.uniform" in declaration else f"tensor<?x?x{element}>"

    given = [tensor(a) for a in re.findall(r"%\w+: \w+(?: \{[^}]*\})?", arguments)]
    made = [tensor(r) for r in re.findall(r"\b(?:f32|index|i\d+)\b(?: \{[^}]*\})?", results)]
    values = [f"%a{i}" for i in range(len(given))]
    parameters = ", ".join(f"{v}: {t}" for v, t in zip(values, given))
    names = ", ".join(f"%r{i}" for i in range(len(made)))
    types = ", ".join(made)
    return f"""func.func @run({parameters}) -> ({types}) {{
  {names} = weir.apply @{name}({", ".join(values)}) : ({", ".join(given)}) -> ({types})
  return {names} : {types}
}}"""


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    written = 0
    for text in programs():
        lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("//")]
        (out / f"{written:04}.mlir").write_text("\n".join(lines) + "\n")
        written += 1
    assert written > 100, written


main()
