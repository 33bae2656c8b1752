"""Row formulas on f64 data, in every form, against mpmath at 1e-12 in the shape of each class."""

import ctypes
import functools

import mpmath
import numpy as np
import pytest
from mpmath import mpf

TARGETS = ["host", "x86-64-v3", "x86-64"]

# Formulas that no library has. Their constants are written to f32's nine digits and carry those of f64.
OWN = """
weir.formula @erf_gelu(%x: f32) -> f32 {
  %c = arith.constant {weir.f64 = -0.70710678118654752440 : f64} -0.707106781 : f32
  %half = arith.constant 0.5 : f32
  %t = arith.mulf %x, %c : f32
  %e = math.erfc %t : f32
  %h = arith.mulf %x, %half : f32
  %y = arith.mulf %h, %e : f32
  weir.yield %y : f32
}
weir.formula @tenth_softmax(%x: f32) -> f32 {
  %tenth = arith.constant 0.1 : f32
  %z = arith.mulf %x, %tenth : f32
  %m = weir.reduce max %z : f32
  %d = arith.subf %z, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
"""


def softmax(x):
    m = max(x)
    e = [mpmath.exp(v - m) for v in x]
    s = mpmath.fsum(e)
    return [v / s for v in e]


def logsumexp(x):
    return max(x) + mpmath.log(mpmath.fsum(mpmath.exp(v - max(x)) for v in x))


def log_softmax(x):
    lse = logsumexp(x)
    return [v - lse for v in x]


def entropy(x):
    return -mpmath.fsum(w * l for w, l in zip(softmax(x), log_softmax(x)))


def stablemax(x):
    s = [v + 1 if v >= 0 else 1 / (1 - v) for v in x]
    total = mpmath.fsum(s)
    return [v / total for v in s]


def rms_norm(x, g, eps):
    r = mpmath.sqrt(mpmath.fsum(v * v for v in x) / len(x) + eps)
    return [v * w / r for v, w in zip(x, g)]


def sigmoid(x):
    return 1 / (1 + mpmath.exp(-x))


# Name: the oracle of a row, whether it is elementwise, whether the result is one number, allowed error of the result
# given the row and the oracle.
def weights(x, w):
    return (1e-12 + 1e-16 * np.abs(x - x.max())) * np.abs(w) + 1e-300


def log_values(x, _):
    return 1e-12 * max(1.0, np.abs(x).max())


def elementwise(x, y):
    """A function of condition |x| at most."""
    return 1e-12 * np.maximum(1.0, np.abs(x)) * np.abs(y) + 1e-300


CASES = {
    "softmax": (softmax, False, False, weights),
    "tenth_softmax": (lambda x: softmax([v / 10 for v in x]), False, False, weights),
    "log_softmax": (log_softmax, False, False, log_values),
    "logsumexp": (logsumexp, False, True, log_values),
    "entropy": (entropy, False, True, log_values),
    "stablemax": (stablemax, False, False, weights),
    "silu": (lambda x: [v * sigmoid(v) for v in x], True, False, elementwise),
    "sigmoid": (lambda x: [sigmoid(v) for v in x], True, False, elementwise),
    "erf_gelu": (lambda x: [v / 2 * mpmath.erfc(-v / mpmath.sqrt(2)) for v in x], True, False,
                 lambda x, y: elementwise(x * x, y)),
}


def function_text(name):
    _, is_elementwise, uniform, _ = CASES[name]
    result = "tensor<?xf64>" if uniform else "tensor<?x?xf64>"
    return "".join(f"func.func @{name}_{form}(%x: tensor<?x?xf64>) -> {result} {{\n"
                   f"  %y = weir.apply @{name}(%x) {{form = #weir.form<{form}>}} : (tensor<?x?xf64>) -> {result}\n"
                   f"  return %y : {result}\n}}\n" for form in forms(is_elementwise))


def forms(is_elementwise):
    return ["elementwise"] if is_elementwise else ["recompute", "stored", "online"]


NORM = """
func.func @rms_norm_stored(%x: tensor<?x?xf64>, %g: tensor<?xf64>, %eps: f64) -> tensor<?x?xf64> {
  %y = weir.apply @rms_norm(%x, %g, %eps) {form = #weir.form<stored>}
     : (tensor<?x?xf64>, tensor<?xf64>, f64) -> tensor<?x?xf64>
  return %y : tensor<?x?xf64>
}
"""


@pytest.fixture(scope="module", params=TARGETS)
def library(request, compile_library):
    text = OWN + NORM + "".join(function_text(name) for name in CASES)
    return compile_library(text, f"--target={request.param}", name="double")


def rows(n):
    rng = np.random.default_rng(n)
    x = np.stack([rng.normal(0, 3, n), rng.normal(0, 200, n)])
    if n > 4:
        x[0, 2], x[1, 3] = -700, 3
    return x


@functools.cache
def expected_rows(name, n):
    function, _, uniform, _ = CASES[name]
    with mpmath.workdps(40):
        exact = [function([mpf(float(v)) for v in row]) for row in rows(n)]
    return np.array([float(e) if uniform else [float(v) for v in e] for e in exact])


@pytest.mark.parametrize("name", CASES)
def test_f64(library, name):
    _, is_elementwise, _, tolerance = CASES[name]
    for n in (1, 3, 8, 61, 200):
        x, expected = rows(n), expected_rows(name, n)
        for form in forms(is_elementwise):
            result = np.full(expected.shape, 7.0)
            library.call(f"{name}_{form}", x, result)
            for i, row in enumerate(x):
                error = np.abs(result[i] - expected[i])
                assert (error <= tolerance(row, expected[i])).all(), (form, n, result[i], expected[i])


def test_rms_norm(library):
    x, g = rows(61), np.random.default_rng(1).normal(1, 0.5, 61)
    result = np.full(x.shape, 7.0)
    library.call("rms_norm_stored", x, g, ctypes.c_double(1e-5), result)
    with mpmath.workdps(40):
        wide = [[mpf(float(v)) for v in row] for row in (*x, g)]
        expected = np.array([[float(v) for v in rms_norm(row, wide[2], mpf(1e-5))] for row in wide[:2]])
    np.testing.assert_allclose(result, expected, rtol=1e-12)
