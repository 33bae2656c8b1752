"""Makes the pages of the formula library from the comments of its .mlir files and what weir-opt derives of them.

    library.py --weir-opt build/bin/weir-opt --out build/docs/library

Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import argparse
import pathlib
import re
import subprocess
from dataclasses import dataclass

SOURCES = pathlib.Path(__file__).resolve().parents[1] / "lib" / "Dialect" / "Weir" / "Library"
FIELDS = ("Paper", "Definition", "Class", "Edges")

# The comment of one shape, then the formula:
#   // name: one line about it.
#   //   Field: text, which may
#   //     go on over lines that are indented further.
FORMULA = re.compile(r"((?:^//.*\n)*)(^weir\.formula @(\w+)\((.*)\) -> (.*) \{\n(?:^ .*\n)*^\}\n)", re.M)


@dataclass
class Argument:
    name: str
    type: str
    uniform: bool


@dataclass
class Formula:
    family: str
    name: str
    line: str
    fields: dict
    arguments: list
    results: list  # Whether each is uniform.
    text: str

    def signature(self):
        arguments = ", ".join(a.name + (": uniform" if a.uniform else "") for a in self.arguments)
        return f"{self.name}({arguments}) -> {', '.join('uniform' if u else 'varying' for u in self.results)}"

    def example(self):
        """A function that applies the formula to rows of any number and length."""
        stored = {"index": "i64"}
        types = [(stored.get(a.type, a.type) if a.uniform else f"tensor<?x?x{a.type}>") for a in self.arguments]
        names = [f"%{a.name}" for a in self.arguments]
        results = ", ".join("tensor<?xf32>" if uniform else "tensor<?x?xf32>" for uniform in self.results)
        several = len(self.results) > 1
        values = ", ".join(f"%result#{i}" for i in range(len(self.results))) if several else "%result"
        left = f"%result:{len(self.results)}" if several else "%result"
        parameters = ", ".join(f"{n}: {t}" for n, t in zip(names, types))
        return (f"func.func @run_{self.name}({parameters}) -> ({results}) {{\n"
                f"  {left} = weir.apply @{self.name}({', '.join(names)})\n"
                f"    : ({', '.join(types)}) -> ({results})\n"
                f"  return {values} : {results}\n}}\n")


def parse_comment(comment):
    """The line about the formula and its fields."""
    lines = [line[2:] for line in comment.splitlines()]
    head = lines[0].strip()
    fields, current = {}, None
    for line in lines[1:]:
        start = re.match(r"   (\w+): (.*)", line)
        if start:
            current = start[1]
            fields[current] = start[2]
        elif current and line.startswith("     "):
            fields[current] += " " + line.strip()
        else:
            raise ValueError(f"neither a field nor the rest of one: //{line}")
    return head, fields


def parse_file(path):
    for comment, text, name, arguments, results in FORMULA.findall(path.read_text()):
        head, fields = parse_comment(comment) if comment else ("", {})
        about = re.match(rf"{name}: (.*)", head)
        yield Formula(path.stem, name, about[1] if about else "", fields,
                      [Argument(n, t, "weir.uniform" in attributes)
                       for n, t, attributes in re.findall(r"%(\w+): (\w+)( \{.*?\})?(?:, |$)", arguments)],
                      ["weir.uniform" in r for r in re.findall(r"f32(?: \{.*?\})?", re.sub(r" : f32", "", results))], text)


def all_formulas():
    return [formula for path in sorted(SOURCES.glob("*.mlir")) for formula in parse_file(path)]


def title_of(family):
    return re.match(r"//===- \S+ - (.*?) ===//", (SOURCES / f"{family}.mlir").read_text())[1]


def analyses(weir_opt, family):
    """What weir-opt says of each formula of a file, by name."""
    done = subprocess.run([weir_opt, SOURCES / f"{family}.mlir", "--weir-print-analysis", "-o", "/dev/null"],
                          capture_output=True, text=True, check=True)
    found = {}
    for name, about, sweeps in re.findall(r"^@(\w+): (.*)\n((?:  .*\n)*)", done.stdout, re.M):
        found[name] = [about] + [line.strip() for line in sweeps.splitlines()]
    return found


def page(family, formulas, derived):
    out = [f"# {title_of(family)[0].upper()}{title_of(family)[1:]}\n"]
    for formula in formulas:
        out.append(f"## `{formula.signature()}`\n\n{formula.line[0].upper()}{formula.line[1:]}\n")
        out += [f"- {field}: {formula.fields[field]}" for field in FIELDS]
        out.append("- Derived: " + "; ".join(derived[formula.name]))
        out.append(f"\n```mlir\n{formula.text}```\n\nAn example:\n\n```mlir\n{formula.example()}```\n")
    return "\n".join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weir-opt", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    index = ["# The library of formulas\n"]
    formulas = all_formulas()
    for family in dict.fromkeys(f.family for f in formulas):
        own = [f for f in formulas if f.family == family]
        (options.out / f"{family}.md").write_text(page(family, own, analyses(options.weir_opt, family)))
        index.append(f"- [{title_of(family)}]({family}.md): " + ", ".join(f"`{f.name}`" for f in own))
    (options.out / "index.md").write_text("\n".join(index) + "\n")


if __name__ == "__main__":
    main()
