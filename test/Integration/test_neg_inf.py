"""`neg_inf = ordinary`: a score of -inf is a number, and every row what plain arithmetic makes of it."""

import itertools

import numpy as np
import pytest

from accuracy import assert_close

FORMULAS = """
weir.formula @weights(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
weir.formula @centred(%x: f32) -> (f32, f32 {weir.uniform}) {
  %one = arith.constant 1.0 : f32
  %n = weir.reduce add %one : f32
  %s = weir.reduce add %x : f32
  %m = arith.divf %s, %n : f32
  %d = arith.subf %x, %m : f32
  weir.yield %d, %m : f32, f32
}
weir.formula @scaled(%x: f32) -> f32 {
  %eps = arith.constant 1.0e-5 : f32
  %q = arith.mulf %x, %x : f32
  %s = weir.reduce add %q : f32
  %p = arith.addf %s, %eps : f32
  %r = math.rsqrt %p : f32
  %y = arith.mulf %x, %r : f32
  weir.yield %y : f32
}
weir.formula @ends(%x: f32) -> (f32 {weir.uniform}, f32 {weir.uniform}) {
  %m = weir.reduce max %x : f32
  %l = weir.reduce min %x : f32
  weir.yield %m, %l : f32, f32
}
"""


def of_kept(function):
    """The oracle of one row: elementwise results are 0 where the mask is off."""

    def masked(x, mask):
        full = np.zeros_like(x)
        with np.errstate(all="ignore"):
            results = function(x[mask])
        varying, *uniform = results if isinstance(results, tuple) else (results,)
        if varying is None:
            return tuple(uniform)
        full[mask] = varying
        return (full, *uniform)

    return masked


def weights(x):
    e = np.exp(x - x.max(initial=-np.inf))
    return e / e.sum()


def centred(x):
    m = np.float64(x.sum()) / len(x)
    return x - m, m


ORACLES = {
    "weights": of_kept(weights),
    "centred": of_kept(centred),
    "scaled": of_kept(lambda x: x / np.sqrt((x * x).sum() + 1e-5)),
    "ends": of_kept(lambda x: (None, x.max(initial=-np.inf), x.min(initial=np.inf))),
}
UNIFORM = {"weights": [False], "centred": [False, True], "scaled": [False], "ends": [True, True]}
EDGES = [
    lambda rng, n: rng.normal(size=n),
    lambda rng, n: np.where(rng.random(n) < 0.3, -np.inf, rng.normal(size=n)),
    lambda rng, n: np.full(n, -np.inf),
    lambda rng, n: np.where(np.arange(n) == n // 2, 1.5, -np.inf),
    lambda rng, n: np.where(np.arange(n) == n // 3, np.inf, rng.normal(size=n)),
    lambda rng, n: np.where(np.arange(n) == n // 3, np.nan, np.full(n, -np.inf)),
]
VARIANTS = list(itertools.product(["stored", "recompute"], [False, True]))


def function_text(name, form, masked):
    results = ["tensor<?xf32>" if u else "tensor<?x?xf32>" for u in UNIFORM[name]]
    values = ", ".join(f"%y#{i}" for i in range(len(results)))
    mask, use = (", %m: tensor<?x?xi1>", " mask(%m : tensor<?x?xi1>)") if masked else ("", "")
    types = ", ".join(results)
    return (f"func.func @{name}_{form}_{int(masked)}(%x: tensor<?x?xf32>{mask}) -> ({types}) {{\n"
            f"  %y:{len(results)} = weir.apply @{name}(%x){use} {{form = #weir.form<{form}>, neg_inf = #weir.neg_inf<ordinary>}}"
            f" : (tensor<?x?xf32>) -> ({types})\n  return {values} : {types}\n}}\n")


@pytest.fixture(scope="module", params=["host", "x86-64-v3", "x86-64"])
def library(request, compile_library):
    text = FORMULAS + "".join(function_text(name, *variant) for name in ORACLES for variant in VARIANTS)
    return compile_library(text, f"--target={request.param}", name="ordinary")


@pytest.mark.parametrize("name", ORACLES)
def test_rows(library, name):
    rng = np.random.default_rng(11)
    for (form, masked), n in itertools.product(VARIANTS, [0, 1, 7, 16, 33, 1000]):
        x = np.array([edge(rng, n) for edge in EDGES]).astype(np.float32).reshape(len(EDGES), n)
        mask = rng.random(x.shape) < 0.7 if masked else np.ones(x.shape, bool)
        results = [np.full(len(x) if uniform else x.shape, 7, np.float32) for uniform in UNIFORM[name]]
        library.call(f"{name}_{form}_{int(masked)}", x, *([mask] if masked else []), *results)
        for i in range(len(x)):
            if masked and not mask[i].any():
                continue  # An empty row, which `empty_row` governs.
            for result, expected in zip(results, ORACLES[name](x[i].astype(np.float64), mask[i])):
                what = f"{name} {form} masked={masked} n={n} row {i}"
                assert_close(result[i], expected, 4e-6 * np.maximum(1, np.abs(np.nan_to_num(expected, posinf=0, neginf=0))), what)
