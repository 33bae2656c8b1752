"""Every row formula of the library, and three of no library, in every form, against the oracles."""

import ctypes
import os

import ml_dtypes
import numpy as np
import pytest

import oracle
from accuracy import a_elt, a_exp, a_log, a_norm, a_sum, assert_close, half_ulp

ODD = """
weir.formula @two_temperatures(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %dd = arith.addf %d, %d : f32
  %e1 = math.exp %d : f32
  %e2 = math.exp %dd : f32
  %e = arith.addf %e1, %e2 : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
weir.formula @l2_softmax(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %ee = arith.mulf %e, %e : f32
  %s = weir.reduce add %ee : f32
  %r = math.rsqrt %s : f32
  %w = arith.mulf %e, %r : f32
  weir.yield %w : f32
}
weir.formula @log_sigmoid_softmax(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %a = math.absf %x : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %l = math.log1p %t : f32
  %lo = arith.minimumf %x, %zero : f32
  %z = arith.subf %lo, %l : f32
  %m = weir.reduce max %z : f32
  %d = arith.subf %z, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
"""


class Case:
    """A formula: its operands besides the score (row, uniform), its result, its class."""

    def __init__(self, name, tolerance, rows=0, scalars=(), result="weights", reduction=True):
        self.name, self.tolerance, self.rows, self.scalars = name, tolerance, rows, scalars
        self.result, self.reduction = result, reduction
        self.oracle = getattr(oracle, name)

    def forms(self):
        return ["recompute", "stored", "online"] if self.reduction else ["elementwise"]


CASES = [
    Case("softmax", a_exp),
    Case("softmax_scaled", a_exp, scalars=(0.7,)),
    Case("log_softmax", a_log, result="log"),
    Case("logsumexp", a_log, result="uniform"),
    Case("softmax_sink", a_exp, scalars=(0.5,)),
    Case("softpick", a_exp),
    Case("stablemax", a_sum),
    Case("entropy", a_log, result="uniform"),
    Case("boltzmann", a_log, result="uniform"),
    Case("rms_norm", a_sum, rows=1, scalars=(1e-5,)),
    Case("layer_norm", a_norm, rows=2, scalars=(1e-5,)),
    Case("silu", a_elt(oracle.silu), reduction=False),
    Case("golu", a_elt(oracle.golu), reduction=False),
    Case("swiglu", None, rows=1, reduction=False),
    Case("two_temperatures", a_exp),
    Case("l2_softmax", a_exp),
    Case("log_sigmoid_softmax", lambda x, w: a_exp(-np.logaddexp(0, -x), w)),
]
DTYPES = {"f32": np.float32, "bf16": ml_dtypes.bfloat16, "f16": np.float16}
TARGETS = ["host", "x86-64-v3", "x86-64"]


def function_text(case, form, dtype):
    operands, types, parameters = ["%x"], [f"tensor<?x?x{dtype}>"], [f"%x: tensor<?x?x{dtype}>"]
    for i in range(case.rows):
        # A gate's value has the full shape; gains and biases have the row's.
        shape = f"tensor<?x?x{dtype}>" if not case.reduction else f"tensor<?x{dtype}>"
        operands.append(f"%r{i}"), types.append(shape), parameters.append(f"%r{i}: {shape}")
    for i in range(len(case.scalars)):
        operands.append(f"%s{i}"), types.append("f32"), parameters.append(f"%s{i}: f32")
    result = "tensor<?xf32>" if case.result == "uniform" else f"tensor<?x?x{dtype}>"
    return (f"func.func @{case.name}_{form}_{dtype}({', '.join(parameters)}) -> {result} {{\n"
            f"  %y = weir.apply @{case.name}({', '.join(operands)}) {{form = #weir.form<{form}>}}"
            f" : ({', '.join(types)}) -> {result}\n  return %y : {result}\n}}\n")


@pytest.fixture(scope="module", params=TARGETS)
def library(request, compile_library):
    text = ODD + "".join(function_text(c, f, d) for c in CASES for f in c.forms() for d in DTYPES)
    return compile_library(text, f"--target={request.param}", name="rows")


def expected_rows(case, x, rows):
    """The oracle on each row, with excluded elements dropped and the masked value in their place."""
    out = np.zeros(len(x)) if case.result == "uniform" else np.full(x.shape, oracle.EMPTY.get(case.result, 0.0))
    for i, row in enumerate(x):
        keep = row != -np.inf if case.reduction else np.ones(len(row), bool)
        operands = [(r[i] if r.ndim == 2 else r)[keep] for r in rows]
        length = (len(row),) if case.name.endswith("_norm") else ()
        if np.isnan(row[keep]).any() and case.reduction:
            out[i] = np.nan
        elif not keep.any():
            if case.result == "uniform":
                out[i] = -np.inf if case.name == "logsumexp" else 0.0
        elif case.result == "uniform":
            out[i] = case.oracle(row[keep], *operands, *case.scalars, *length)
        else:
            out[i][keep] = case.oracle(row[keep], *operands, *case.scalars, *length)
    return out


def check(library, case, form, dtype, x, seed=7):
    rng = np.random.default_rng(seed)
    storage = DTYPES[dtype]
    x = x.astype(storage)
    shape = x.shape if not case.reduction else x.shape[1:]
    rows = [rng.normal(1, 0.5, shape).astype(storage) for _ in range(case.rows)]
    result = np.full(x.shape[:1], 7, np.float32) if case.result == "uniform" else np.full(x.shape, 7, np.float32).astype(storage)
    library.call(f"{case.name}_{form}_{dtype}", x, *rows, *[ctypes.c_float(s) for s in case.scalars], result)
    exact = x.astype(np.float64)
    wide = [r.astype(np.float64) for r in rows]
    # The kernel sees the scalar in single precision.
    scalars, case.scalars = case.scalars, tuple(float(np.float32(s)) for s in case.scalars)
    expected = expected_rows(case, exact, wide)
    case.scalars = scalars
    for i in range(len(x)):
        if case.tolerance is None:
            tolerance = a_elt(oracle.silu)(exact[i], oracle.silu(exact[i])) * np.abs(wide[0][i]) + \
                4 * 2.0**-23 * np.abs(expected[i]) + 2.0**-149
        else:
            z = exact[i] * case.scalars[0] if case.name == "softmax_scaled" else exact[i]
            tolerance = case.tolerance(z, expected[i])
        if case.name == "softmax_scaled":  # A product before the exponential adds its own rounding.
            tolerance = tolerance + np.abs(expected[i]) * 2e-7 * np.abs(np.where(np.isfinite(z), z, 0)).max(initial=0)
        if result.ndim == 2 or case.result != "uniform":
            tolerance = tolerance + half_ulp(expected[i], dtype)
        assert_close(result[i], expected[i], tolerance, f"{case.name} {form} {dtype} row {i} of {x.shape}")


LENGTHS = [0, 1, 2, 15, 16, 17, 127, 1000, 4096, 100003]
ALL = bool(os.environ.get("WEIR_TEST_ALL"))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_lengths(library, case, dtype):
    rng = np.random.default_rng(11)
    for form in case.forms():
        for n in LENGTHS:
            check(library, case, form, dtype, rng.normal(0, 3, (2 if n > 5000 else 3, n)))


def edge_rows(n):
    """Rows that break naive code, by name."""
    rng = np.random.default_rng(5)
    normal = rng.normal(0, 3, n)

    def head(value, count):
        row = normal.copy()
        row[:count] = value
        return row

    return {
        "empty": np.full(n, -np.inf),
        "one left": np.where(np.arange(n) == n // 2, 1.5, -np.inf),
        "all equal": np.full(n, 2.5),
        "all -1e30": np.full(n, -1e30),
        "-1e30 head": head(-1e30, n // 2),
        "-inf head": head(-np.inf, n // 2),
        "-inf mixed": np.where(rng.random(n) < 0.3, -np.inf, normal),
        "low": normal - 900,
        "wide": normal * 10,
        "far below": np.where(np.arange(n) == 3, 0.0, normal - 95),
        "rising": np.sort(normal) * 5,
        "high": normal + 1e6,
        "beyond moderate": normal + 4e6,
        "lanes far below": np.where(np.arange(n) % 16 < 9, -5e6, normal),
        "nan": head(np.nan, 1),
        "zeros": np.zeros(n),
        "small": normal * 1e-3,
    }


# A row whose squares or sums leave f32 has no finite answer there.
OVERFLOWS = {("rms_norm", "all -1e30"), ("rms_norm", "-1e30 head"), ("layer_norm", "all -1e30"),
             ("layer_norm", "-1e30 head")}


@pytest.mark.parametrize("name", edge_rows(4))
@pytest.mark.parametrize("case", [c for c in CASES if c.reduction], ids=lambda c: c.name)
def test_edges(library, case, name):
    if (case.name, name) in OVERFLOWS:
        return
    for form in case.forms():
        for n in (16, 133, 1000):
            check(library, case, form, "f32", edge_rows(n)[name][None, :])
