"""Every expansion of lib/Codegen/CPU through a compiled library: sweeps over the whole range against longer arithmetic."""

import math
import os

import mpmath
import numpy as np
import pytest

ALL = bool(os.environ.get("WEIR_TEST_ALL"))
TARGETS = ["host", "x86-64-v3", "x86-64", "emulated-sapphirerapids"]
# The largest error allowed, in ulp of the result, of f32 and f64.
BOUNDS = {
    "exp": (1.5, 1.5), "exp2": (1.5, 1.5), "expm1": (2, 2), "log": (1.5, 1.5), "log2": (2, 2), "log10": (2.5, 2.5),
    "log1p": (2, 2), "tanh": (2.5, 2.5), "erf": (2, 2), "erfc": (4, 4.5), "atan": (2, 2), "atan2": (2.5, 2.5),
    "powf": (1.5, 1.5),
}
BINARY = ["atan2", "powf"]
TYPES = {"f32": np.float32, "f64": np.float64}

MPMATH = {
    "exp": mpmath.exp, "exp2": lambda x: mpmath.power(2, x), "expm1": mpmath.expm1, "log": mpmath.log,
    "log2": lambda x: mpmath.log(x, 2), "log10": mpmath.log10, "log1p": mpmath.log1p, "tanh": mpmath.tanh,
    "erf": mpmath.erf, "erfc": lambda x: mpmath.erfc(min(x, mpmath.mpf(1000))), "atan": mpmath.atan, "atan2": mpmath.atan2, "powf": mpmath.power,
}


def functions(target):
    text = ""
    for name in BOUNDS:
        parameters = "%x: f32, %y: f32" if name in BINARY else "%x: f32"
        operands = "%x, %y" if name in BINARY else "%x"
        text += (f"weir.formula @f_{name}({parameters}) -> f32 {{\n  %r = math.{name} {operands} : f32\n"
                 f"  weir.yield %r : f32\n}}\n")
        for dtype in TYPES:
            types = ", ".join([f"tensor<?x{dtype}>"] * (2 if name in BINARY else 1))
            arguments = ", ".join(f"%{v}: tensor<?x{dtype}>" for v in ("xy" if name in BINARY else "x"))
            text += (f"func.func @{name}_{dtype}({arguments}) -> tensor<?x{dtype}> {{\n"
                     f"  %r = weir.apply @f_{name}({operands}) : ({types}) -> tensor<?x{dtype}>\n"
                     f"  return %r : tensor<?x{dtype}>\n}}\n")
    return text


@pytest.fixture(scope="module", params=TARGETS)
def library(request, compile_library):
    return compile_library(functions(request.param), f"--target={request.param}", name="elementary")


def evaluate(library, name, dtype, *arguments):
    result = np.empty(arguments[0].shape, TYPES[dtype])
    library.call(f"{name}_{dtype}", *arguments, result)
    return result


def wide_oracle(name, *arguments):
    """In the 64-bit mantissas of long double; erf and erfc by the C library's f64, for f32 results."""
    arguments = [a.astype(np.longdouble) for a in arguments]
    with np.errstate(all="ignore"):
        if name in ("erf", "erfc"):
            return np.array([getattr(math, name)(v) for v in arguments[0].astype(np.float64)])
        return {"powf": np.power, "atan": np.arctan, "atan2": np.arctan2}.get(name, getattr(np, name, None))(*arguments)


def spacing(expected, dtype):
    """One unit in the last place of `dtype` at each of `expected`."""
    info = np.finfo(TYPES[dtype])
    exponent = np.frexp(np.abs(expected))[1] - 1
    return np.ldexp(np.longdouble(1), np.maximum(exponent, info.minexp) - info.nmant)


def largest_error(actual, expected, dtype):
    """In ulp; infinite where an infinity or NaN is out of place. A result may round to infinity beyond the largest number."""
    info = np.finfo(TYPES[dtype])
    with np.errstate(all="ignore"):
        error = np.abs(actual.astype(np.longdouble) - expected) / spacing(expected, dtype)
        same = (np.isnan(actual) & np.isnan(expected)) | (actual == expected)
        beyond = (np.abs(expected) >= np.longdouble(info.max)) & (np.abs(actual) >= info.max)
    error = np.where(same | beyond, 0, np.where(np.isfinite(expected) & np.isfinite(actual), error, np.inf))
    worst = int(np.argmax(error))
    return float(error[worst]), worst


def all_floats(step, offset=0):
    """Every `step`-th f32, both signs, NaN left out."""
    bits = np.arange(offset % step, 2**32, step, dtype=np.uint64).astype(np.uint32)
    x = bits.view(np.float32)
    return x[~np.isnan(x)]


def as_float(value):
    """mpmath refuses numbers whose exponent is itself long."""
    return 0.0 if abs(value) < mpmath.mpf(2)**-1100 else float(value)


def where_it_bends(name, count, rng):
    """f64 arguments: over the magnitudes at which the function does something, and around 1 where a logarithm cancels."""
    reach = {"exp": 750, "exp2": 1080, "expm1": 720, "erf": 7, "erfc": 27.5, "tanh": 25}.get(name)
    positive = name.startswith("log") and name != "log1p"
    tiny = 10.0**rng.uniform(-320, 308, count // 4)
    unit = 10.0**rng.uniform(-18, 1, count // 4)
    near = 1 + rng.normal(0, 0.3, count // 4)
    spread = rng.uniform(-reach, reach, count) if reach else rng.normal(0, 3, count)
    x = np.concatenate([tiny, unit, near, spread])
    x[::2] *= -1 if not positive else 1
    if name == "log1p":
        x = np.where(x < -1, -x, x)
    return np.abs(x) if positive else x


@pytest.mark.parametrize("name", [n for n in BOUNDS if n not in BINARY])
def test_f32(library, name):
    step = 257 if ALL else 65521 if name in ("erf", "erfc") else 8191
    x = all_floats(step, 12345)
    bound = BOUNDS[name][0]
    error, at = largest_error(evaluate(library, name, "f32", x), wide_oracle(name, x), "f32")
    assert error <= bound, f"{name}({x[at]!r}) is off by {error} ulp"


@pytest.mark.parametrize("name", BINARY)
def test_f32_binary(library, name):
    rng = np.random.default_rng(3)
    count = 2000000 if ALL else 100000
    x = (10.0**rng.uniform(-45, 38.5, count)).astype(np.float32)
    y = (10.0**rng.uniform(-45, 38.5, count)).astype(np.float32)
    if name == "powf":  # Results over the whole range, from bases near 1 and far from it.
        base = np.where(rng.random(count) < 0.5, np.exp(rng.normal(0, 1e-3, count)), x.astype(np.float64))
        x = base.astype(np.float32)
        with np.errstate(all="ignore"):
            y = (rng.uniform(-104, 89, count) / np.log(x.astype(np.float64))).astype(np.float32)
        y[x == 1] = 3
    else:
        near = rng.random(count) < 0.5
        with np.errstate(over="ignore"):
            y[near] = x[near] * rng.uniform(0.5, 2, count).astype(np.float32)[near]
        x[::2] *= -1
        y[::3] *= -1
    error, at = largest_error(evaluate(library, name, "f32", x, y), wide_oracle(name, x, y), "f32")
    assert error <= BOUNDS[name][0], f"{name}({x[at]!r}, {y[at]!r}) is off by {error} ulp"


@pytest.mark.parametrize("name", BOUNDS)
def test_f64(library, name):
    rng = np.random.default_rng(4)
    count = 20000 if ALL else 600
    x = where_it_bends(name, count, rng)
    arguments = [x]
    if name == "atan2":
        arguments = [x, rng.permutation(x)]
    if name == "powf":
        x = np.abs(x) + 1e-300
        arguments = [x, rng.uniform(-740, 709, len(x)) / np.where(x == 1, 1, np.log(x))]
    with mpmath.workprec(160):
        exact = [MPMATH[name](*map(mpmath.mpf, map(float, v))) for v in zip(*arguments)]
        # A long double as two parts, since mpmath converts to f64 only.
        head = np.array([as_float(v) for v in exact])
        rest = np.array([float(v - mpmath.mpf(h)) if math.isfinite(h) else 0 for v, h in zip(exact, head)])
    expected = head.astype(np.longdouble) + rest
    error, at = largest_error(evaluate(library, name, "f64", *arguments), expected, "f64")
    assert error <= BOUNDS[name][1], f"{name}{tuple(a[at] for a in arguments)} is off by {error} ulp"


EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 1e30, -1e30, math.inf, -math.inf, math.nan]


def edge_oracle(name, *arguments):
    """C's answer at one place, which numpy gives where math raises an error."""
    with np.errstate(all="ignore"):
        arguments = [np.float64(a) for a in arguments]
        if name in ("erf", "erfc"):
            return getattr(math, name)(arguments[0])
        if name == "powf":  # NumPy takes the power 0.5 for the root, which of -0 is -0.
            try:
                return math.pow(*arguments)
            except (OverflowError, ValueError):
                pass
        return {"powf": np.power, "atan": np.arctan, "atan2": np.arctan2}.get(name, getattr(np, name, None))(*arguments)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", BOUNDS)
def test_edges(library, name, dtype):
    info = np.finfo(TYPES[dtype])
    edges = EDGES + [s * float(v) for s in (1, -1) for v in (info.smallest_subnormal, info.tiny, info.max)]
    points = [(x, y) for x in edges for y in edges] if name in BINARY else [(x,) for x in edges]
    arguments = [np.array(column, TYPES[dtype]) for column in zip(*points)]
    actual = evaluate(library, name, dtype, *arguments)
    with np.errstate(all="ignore"):
        expected = np.array([edge_oracle(name, *p) for p in zip(*arguments)])
        stored = expected.astype(TYPES[dtype])
    for point, a, e, wide in zip(points, actual, stored, expected):
        same = np.isnan(a) if np.isnan(e) else a == e and np.signbit(a) == np.signbit(e)
        step = float(spacing(wide, dtype)) if np.isfinite(wide) else 0.0
        near = np.isfinite(a) and np.isfinite(e) and abs(float(a) - float(e)) <= BOUNDS[name][0] * step
        assert same or (near and np.signbit(a) == np.signbit(e)), f"{name}{point} is {a}, not {e}"


ANCHORED = """
weir.formula @below(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  weir.yield %e : f32
}
weir.formula @above(%x: f32) -> f32 {
  %m = weir.reduce min %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  weir.yield %e : f32
}
func.func @below_f32(%x: tensor<?xf32>) -> tensor<?xf32> {
  %e = weir.apply @below(%x) {form = #weir.form<stored>} : (tensor<?xf32>) -> tensor<?xf32>
  return %e : tensor<?xf32>
}
func.func @above_f32(%x: tensor<?xf32>) -> tensor<?xf32> {
  %e = weir.apply @above(%x) {form = #weir.form<stored>} : (tensor<?xf32>) -> tensor<?xf32>
  return %e : tensor<?xf32>
}
func.func @below_f16(%x: tensor<?xf32>) -> tensor<?xf16> {
  %e = weir.apply @below(%x) {form = #weir.form<stored>} : (tensor<?xf32>) -> tensor<?xf16>
  return %e : tensor<?xf16>
}
"""


@pytest.fixture(scope="module", params=TARGETS)
def anchored(request, compile_library):
    return compile_library(ANCHORED, f"--target={request.param}", name="anchored")


@pytest.mark.parametrize("name", ["below", "above"])
def test_fast_exponential(anchored, name):
    """Its error grows with the exponent, and what would be denormal may be 0."""
    far = np.concatenate([np.linspace(0, 105, 40001), [200, 1e4, 1e30]])
    x = (far if name == "above" else -far).astype(np.float32)
    with np.errstate(all="ignore"):
        exact = np.exp(x.astype(np.longdouble))
        shown = exact.astype(np.float32)
        allowed = (2.5e-7 + 7.5e-8 * np.abs(x)) * exact
    result = np.empty(x.shape, np.float32)
    anchored.call(f"{name}_f32", x, result)
    normal = (exact >= 2.0**-125) & np.isfinite(shown)
    with np.errstate(invalid="ignore"):
        error = np.abs(result.astype(np.longdouble) - exact)
    assert (error[normal] <= allowed[normal]).all(), x[normal][np.argmax(error[normal] / allowed[normal])]
    assert np.isposinf(result[np.isposinf(shown)]).all()
    assert (result[exact < 2.0**-125] <= 2.0**-124.9).all() and (result >= 0).all()


def test_narrow_exponential(anchored):
    x = -np.linspace(0, 12, 100001).astype(np.float32)
    x[-1] = -np.inf
    exact = np.exp(x.astype(np.float64))
    result = np.empty(x.shape, np.float16)
    anchored.call("below_f16", x, result)
    error = np.abs(result.astype(np.float64) - exact)
    step = np.ldexp(1.0, np.maximum(np.frexp(exact)[1] - 1, -14) - 10)
    assert (error <= step / 2 + exact * 2.0**-17).all() and result[-1] == 0
