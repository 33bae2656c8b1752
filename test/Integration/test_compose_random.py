"""Formulas of the library between others, drawn at random: what runs as one gives what the same ops give one after the other,
under masks and policies, in rows with infinities and NaN too."""

import ctypes
import random
import re
import sys

import numpy as np
import pytest

from conftest import ROOT
from covering import ALL
from formulas import CASES, Along, Full, Target, Uniform
from test_compose import FORMULAS

sys.path.insert(0, str(ROOT / "docs"))
import library as documentation  # noqa: E402

ROWS, N = 13, 37
NUMPY = {"f32": np.float32, "f64": np.float64, "i64": np.int64, "index": np.int64, "i1": bool}
LIBRARY = [case for case in CASES if case.name in {f.name for f in documentation.all_formulas()}]
BEFORE = {
    "nothing": None,
    "half": "weir.apply @half(%x) : ({T}) -> {T}",
    "flip": "weir.apply @flip(%x) : ({T}) -> {T}",
    "affine": "weir.apply @affine(%x, %s, %b) : ({T}, {E}, tensor<{N}x{E}>) -> {T}",
    "add": "linalg.add ins(%x, %g : {T}, {T}) outs(%e : {T}) -> {T}",
    "select": "linalg.select ins(%m, %x, %lows : {M}, {T}, {T}) outs(%e : {T}) -> {T}",
}
AFTER = {
    "nothing": None,
    "half": "weir.apply @half({w}) : ({T}) -> {T}",
    "gate": "weir.apply @gate({w}, %g) : ({T}, {T}) -> {T}",
    "mul": "linalg.mul ins({w}, %g : {T}, {T}) outs(%e : {T}) -> {T}",
    "add": "linalg.add ins({w}, %g : {T}, {T}) outs(%e : {T}) -> {T}",
    "max": "linalg.max ins({w}, %g : {T}, {T}) outs(%e : {T}) -> {T}",
}


def draw_operand(operand, element, rng):
    """The type of a formula's operand and its value."""
    if isinstance(operand, Full):
        shape = (N,) if isinstance(operand, Along) else (ROWS, N)
        kind = element if operand.type == "f32" else operand.type
        return f"tensor<{'x'.join(map(str, shape))}x{kind}>", operand.draw(rng, shape).astype(NUMPY[kind])
    if isinstance(operand, Target):
        return f"tensor<{ROWS}xi64>", rng.integers(0, N, ROWS)
    assert isinstance(operand, Uniform)
    if operand.type != "f32":
        return operand.type, ctypes.c_int64(int(operand.values[0]))
    return element, scalar(element, operand.values[0])


def scalar(element, value):
    return (ctypes.c_double if element == "f64" else ctypes.c_float)(value)


class Program:
    """One function: something before a formula, the formula, something after it."""

    def __init__(self, number, rnd, rng):
        self.name, self.case = f"f{number}", rnd.choice(LIBRARY)
        self.element = rnd.choice(["f32", "f32", "f64"])
        self.before, self.after = rnd.choice(list(BEFORE)), rnd.choice(list(AFTER))
        self.full, self.outer = f"tensor<{ROWS}x{N}x{self.element}>", f"tensor<{ROWS}x{self.element}>"
        self.mask = f"tensor<{ROWS}x{N}xi1>"
        drawn = [draw_operand(operand, self.element, rng) for operand in self.case.operands]
        self.types, self.values = [t for t, _ in drawn], [v for _, v in drawn]
        self.lines = []
        self.write(rnd)

    def add(self, name, text, **more):
        self.lines.append(f"  {name} = " + text.format(T=self.full, E=self.element, M=self.mask, N=N, **more))

    def write(self, rnd):
        score, others = "%x", [f"%o{i}" for i in range(len(self.types))]
        if BEFORE[self.before]:
            score = "%p"
            self.add(score, BEFORE[self.before])
        results = [self.outer if r.uniform else self.full for r in self.case.results]
        names = [f"%r{i}" for i in range(len(results))]
        self.attributes, mask = [], ""
        if not self.case.elementwise:
            mask = f" mask(%m : {self.mask})" if rnd.random() < 0.25 else ""
            for name, values, often in (("empty_row", ["nan", "uniform"], 0.3), ("nan", ["ignore"], 0.15), ("pos_inf", ["share"], 0.15)):
                if rnd.random() < often:
                    self.attributes.append(f"{name} = #weir.{name}<{rnd.choice(values)}>")
        self.add(", ".join(names), f"weir.apply @{self.case.name}({', '.join([score, *others])}){mask} {{{{{', '.join(self.attributes)}}}}} : "
                 f"({', '.join([self.full, *self.types])}) -> ({', '.join(results)})")
        self.results = list(zip(names, results))
        if AFTER[self.after] and not self.case.results[0].uniform:
            self.add("%q", AFTER[self.after], w=names[0])
            if rnd.random() < 0.3:
                self.results.append(("%q", self.full))
            else:
                self.results[0] = ("%q", self.full)
        if score == "%p" and rnd.random() < 0.2:
            self.results.append(("%p", self.full))

    def text(self):
        arguments = [("%x", self.full), ("%g", self.full), ("%b", f"tensor<{N}x{self.element}>"), ("%s", self.element), ("%m", self.mask)]
        arguments += [(f"%o{i}", t) for i, t in enumerate(self.types)]
        low = "0xFFF0000000000000" if self.element == "f64" else "0xFF800000"
        return "\n".join([
            f"func.func @{self.name}({', '.join(f'{n}: {t}' for n, t in arguments)}) -> ({', '.join(t for _, t in self.results)}) {{",
            f"  %low = arith.constant {low} : {self.element}", f"  %e = tensor.empty() : {self.full}",
            f"  %lows = linalg.fill ins(%low : {self.element}) outs(%e : {self.full}) -> {self.full}", *self.lines,
            f"  return {', '.join(n for n, _ in self.results)} : {', '.join(t for _, t in self.results)}", "}", ""])

    def run(self, library, x, g, b, m):
        dtype = NUMPY[self.element]
        outputs = [np.full((ROWS, N) if t == self.full else (ROWS,), 7, dtype) for _, t in self.results]
        library.call(self.name, x.astype(dtype), g.astype(dtype), b.astype(dtype), scalar(self.element, 0.75), m, *self.values, *outputs)
        return [o.astype(np.float64) for o in outputs]

    def __str__(self):
        return f"{self.before}, {self.case.name} {self.attributes}, {self.after}, {self.element}"


def rows(rng):
    x, g = rng.normal(size=(ROWS, N)), rng.normal(size=(ROWS, N))
    m = rng.random((ROWS, N)) < 0.7
    x[1, ::3] = x[2] = -np.inf
    x[3, 5] = np.nan
    x[4, 7], x[4, 9] = np.inf, -np.inf
    x[5, 3], x[5, 4] = np.nan, -np.inf
    g[6, ::2] = g[7] = -np.inf
    g[8, 1], g[8, 30] = np.inf, np.nan
    x[9, ::2] = g[9, 1::2] = -np.inf
    m[10] = False
    x[11] = 0
    x[12] *= 20
    return x, g, rng.normal(size=N), m


def disagreement(a, b, element, unpromised):
    """Elements that differ. Whether one that takes no part is NaN in a row of NaN is not promised."""
    scale = np.abs(b[np.isfinite(b)]).max(initial=1)
    with np.errstate(invalid="ignore"):
        same = (a == b) | (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= (1e-9 if element == "f64" else 3e-5) * (np.abs(b) + scale / 10))
    if a.ndim == 2:
        same |= unpromised & (np.isnan(a) | np.isnan(b)).any(axis=1, keepdims=True)
    return ~same


@pytest.mark.parametrize("seed", range(12 if ALL else 2))
def test_as_one_and_apart(compile_library, seed):
    rnd, rng = random.Random(seed), np.random.default_rng(seed)
    programs = [Program(i, rnd, rng) for i in range(48)]
    source = FORMULAS + "".join(program.text() for program in programs)
    one, apart = compile_library(source), compile_library(source, "--compose=false")
    x, g, b, m = rows(rng)
    for program in programs:
        unpromised = ~m | ((-x if program.before == "flip" else x) == -np.inf) | (g == -np.inf)
        for i, (got, want) in enumerate(zip(program.run(one, x, g, b, m), program.run(apart, x, g, b, m))):
            wrong = disagreement(got, want, program.element, unpromised)
            assert not wrong.any(), f"{program}: result {i} differs at {np.argwhere(wrong)[:5].tolist()}"


def test_most_of_them_run_as_one(weirc, tmp_path):
    """The comparison above would say nothing of what stays apart."""
    rnd, rng = random.Random(0), np.random.default_rng(0)
    source = tmp_path / "model.mlir"
    source.write_text(FORMULAS + "".join(Program(i, rnd, rng).text() for i in range(48)))
    said = weirc(source, "-o", tmp_path / "model.so", "--explain").stderr
    assert len(re.findall("remark: composed:", said)) > len(re.findall("remark: not composed:", said))
