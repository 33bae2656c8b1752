"""Row programs in linalg, raised to formulas, against their own arithmetic in f64: infinities and NaN are where plain
arithmetic has them, and what is raised agrees with the same program run op by op."""

import ctypes
import pathlib
from dataclasses import dataclass, field

import ml_dtypes
import numpy as np
import pytest

from accuracy import assert_close
from linalg_text import Function

AS_OTHERS_WRITE = (pathlib.Path(__file__).parent / "raising.mlir").read_text()
STORAGE = {"f32": np.float32, "bf16": ml_dtypes.bfloat16, "f16": np.float16, "f64": np.float64}
#: Half a unit of the last place of a result, and what steps rounded to storage add when nothing is raised.
UNIT = {"f32": 2e-7, "bf16": 2.0**-8, "f16": 2.0**-11, "f64": 4e-16}


@dataclass
class Program:
    """A function with its oracle; `operands` draws what follows x."""

    write: object
    oracle: object
    shape: tuple = (6, 40)
    element: str = "f32"
    operands: object = lambda rng, shape: []
    results: object = lambda shape: [shape]
    tolerance: float = 4e-6
    formulas: int = 1
    policies: tuple = field(default=())
    of_scores: bool = False  # The tolerance is absolute, in units of the largest score.


def sizes(shape, dynamic):
    return ["?" if dynamic else n for n in shape]


#===----------------------------------------------------------------------===#
# Sources
#===----------------------------------------------------------------------===#


def builtin_softmax(dim, element="f32"):
    def write(f, shape):
        x = f.argument(shape, element)
        e, y = f.empty(shape, element), f.fresh()
        f.line(f"{y} = linalg.softmax dimension({dim}) ins({x.name} : {x.type}) outs({e.name} : {e.type}) -> {e.type}")
        return [x.__class__(y, x.shape, element)]

    return write


def soften(f, z, dim, log=False, start=None):
    m = f.reduce("arith.maximumf", z, dim, start=start)
    d = f.map("arith.subf", z, m)
    e = f.map("math.exp", d)
    s = f.reduce("arith.addf", e, dim)
    return f.map("arith.subf", d, f.map("math.log", s)) if log else f.map("arith.divf", e, s)


def torch_softmax(element="f32", dim=1, log=False, start=None):
    def write(f, shape):
        return [soften(f, f.argument(shape, element), dim, log, start)]

    return write


def widened_softmax(element):
    """Computed in f32 between a widening and a narrowing conversion."""

    def write(f, shape):
        x = f.map("arith.extf", f.argument(shape, element), element="f32", text=f"{element} to f32")
        return [f.map("arith.truncf", soften(f, x, 1), element=element, text=f"f32 to {element}")]

    return write


def scaled_and_biased(f, shape):
    x, bias = f.argument(shape), f.argument(shape[1:])
    z = f.map("arith.mulf", x, f.constant("0.125"))
    return [soften(f, f.map("arith.addf", z, bias), 1)]


def temperature(f, shape):
    x, t = f.argument(shape), f.scalar()
    return [soften(f, f.map("arith.divf", x, t), 1)]


def selected(number, inverted=False):
    def write(f, shape):
        x, mask = f.argument(shape), f.argument(shape, "i1")
        low = f.constant(number)
        choice = (mask, low, x) if inverted else (mask, x, low)
        return [soften(f, f.map("arith.select", *choice, element="f32"), 1)]

    return write


def logsumexp(f, shape):
    """With torch's guard: a maximum that is infinite is not subtracted."""
    x = f.argument(shape)
    m = f.reduce("arith.maximumf", x, 1)
    a = f.map("math.absf", m)
    is_infinite = f.map("arith.cmpf oeq,", a, f.constant("0x7F800000"), element="i1", text="f32")
    shift = f.map("arith.select", is_infinite, f.constant("0.0"), m, element="f32")
    e = f.map("math.exp", f.map("arith.subf", x, shift))
    return [f.map("arith.addf", f.map("math.log", f.reduce("arith.addf", e, 1)), shift)]


def mean(f, x, n):
    return f.map("arith.divf", f.reduce("arith.addf", x, len(x.shape) - 1), n)


def layer_norm(f, shape):
    x, gamma, beta = f.argument(shape), f.argument(shape[-1:]), f.argument(shape[-1:])
    n = f.constant("40.0")
    d = f.map("arith.subf", x, mean(f, x, n))
    variance = mean(f, f.map("arith.mulf", d, d), n)
    r = f.map("math.rsqrt", f.map("arith.addf", variance, f.constant("1.0e-5")))
    return [f.map("arith.addf", f.map("arith.mulf", f.map("arith.mulf", d, r), gamma), beta)]


def rms_norm(element="f32"):
    def write(f, shape):
        x, gamma = f.argument(shape, element), f.argument(shape[-1:], element)
        s = f.reduce("arith.addf", x, len(shape) - 1, square=True)
        p = f.map("arith.divf", s, f.constant("40.0", element))
        r = f.map("math.rsqrt", f.map("arith.addf", p, f.constant("1.0e-5", element)))
        return [f.map("arith.mulf", f.map("arith.mulf", x, r), gamma)]

    return write


def mean_and_variance(f, shape):
    x, n = f.argument(shape), f.constant("40.0")
    m = mean(f, x, n)
    d = f.map("arith.subf", x, m)
    return [m, mean(f, f.map("arith.mulf", d, d), n)]


def largest(op):
    return lambda f, shape: [f.reduce(op, f.argument(shape), 1, keep=False)]


def sum_from(number):
    return lambda f, shape: [f.reduce("arith.addf", f.argument(shape), 1, keep=False, start=number)]


#===----------------------------------------------------------------------===#
# What they mean
#===----------------------------------------------------------------------===#


def softmax_along(dim, log=False):
    def oracle(x):
        d = x - x.max(axis=dim, keepdims=True)
        e = np.exp(d)
        s = e.sum(axis=dim, keepdims=True)
        return [d - np.log(s) if log else e / s]

    return oracle


def oracle_logsumexp(x):
    m = x.max(axis=1, keepdims=True)
    m = np.where(np.isinf(m), 0.0, m)
    return [np.log(np.exp(x - m).sum(axis=1, keepdims=True)) + m]


def oracle_layer_norm(x, gamma, beta):
    d = x - x.mean(axis=1, keepdims=True)
    return [d / np.sqrt((d * d).mean(axis=1, keepdims=True) + 1e-5) * gamma + beta]


def oracle_rms_norm(x, gamma):
    return [x * (1 / np.sqrt((x * x).mean(axis=1, keepdims=True) + 1e-5)) * gamma]


def oracle_moments(x):
    m = x.mean(axis=1, keepdims=True)
    return [m, ((x - m) ** 2).mean(axis=1, keepdims=True)]


def per_row(shape):
    return [(shape[0], 1)]


def vectors(count, special=False):
    def draw(rng, shape):
        drawn = [rng.normal(size=shape[1:]) for _ in range(count)]
        if special:
            drawn[0][::7] = -np.inf
        return drawn

    return draw


def mask_operand(rng, shape):
    mask = rng.random(shape) < 0.7
    mask[0], mask[1] = False, True
    return [mask]


EMPTY_NAN, ORDINARY = "empty_row = #weir.empty_row<nan>", "neg_inf = #weir.neg_inf<ordinary>"
PROGRAMS = {
    "softmax_0": Program(builtin_softmax(0), softmax_along(0), policies=("along = 0", EMPTY_NAN)),
    "softmax_1": Program(builtin_softmax(1), softmax_along(1), policies=(EMPTY_NAN,)),
    "softmax_mid": Program(builtin_softmax(1), softmax_along(1), shape=(6, 17, 5), policies=("along = 1", EMPTY_NAN)),
    "softmax_bf16": Program(builtin_softmax(1, "bf16"), softmax_along(1), element="bf16", policies=(EMPTY_NAN,)),
    "softmax_f64": Program(builtin_softmax(1, "f64"), softmax_along(1), element="f64", tolerance=1e-13, policies=(EMPTY_NAN,)),
    "torch_softmax": Program(torch_softmax(), softmax_along(1), policies=(EMPTY_NAN,)),
    "torch_softmax_0": Program(torch_softmax(dim=0), softmax_along(0), policies=("along = 0", EMPTY_NAN)),
    "torch_softmax_bf16": Program(torch_softmax("bf16"), softmax_along(1), element="bf16", policies=(EMPTY_NAN,)),
    "torch_softmax_lowest": Program(torch_softmax(start="-3.40282347E+38"), softmax_along(1), policies=(EMPTY_NAN,)),
    "softmax_widened_bf16": Program(widened_softmax("bf16"), softmax_along(1), element="bf16", policies=(EMPTY_NAN,)),
    "softmax_widened_f16": Program(widened_softmax("f16"), softmax_along(1), element="f16", policies=(EMPTY_NAN,)),
    "log_softmax": Program(torch_softmax(log=True), softmax_along(1, log=True), policies=(EMPTY_NAN,), of_scores=True),
    "scaled_and_biased": Program(scaled_and_biased, lambda x, bias: softmax_along(1)(x * 0.125 + bias),
                                 operands=vectors(1, special=True), policies=(ORDINARY,)),
    "temperature": Program(temperature, lambda x, t: softmax_along(1)(x / t),
                           operands=lambda rng, shape: [ctypes.c_float(0.5)], policies=(ORDINARY,)),
    "masked": Program(selected("0xFF800000"), lambda x, m: softmax_along(1)(np.where(m, x, -np.inf)), operands=mask_operand,
                      policies=("mask(", EMPTY_NAN)),
    "masked_inverted": Program(selected("0xFF800000", inverted=True), lambda x, m: softmax_along(1)(np.where(m, -np.inf, x)),
                               operands=mask_operand),
    "masked_by_a_number": Program(selected("-1.0e9"), lambda x, m: softmax_along(1)(np.where(m, x, -1e9)),
                                  operands=mask_operand),
    "logsumexp": Program(logsumexp, oracle_logsumexp, results=per_row, of_scores=True),
    "layer_norm": Program(layer_norm, oracle_layer_norm, operands=vectors(2), tolerance=2e-5, policies=(ORDINARY,)),
    "rms_norm": Program(rms_norm(), oracle_rms_norm, operands=vectors(1), policies=(ORDINARY,)),
    "rms_norm_bf16": Program(rms_norm("bf16"), oracle_rms_norm, element="bf16", operands=vectors(1), policies=(ORDINARY,)),
    "moments": Program(mean_and_variance, oracle_moments, results=lambda s: [(s[0], 1), (s[0], 1)], tolerance=1e-5,
                       policies=(ORDINARY,)),
    "amax": Program(largest("arith.maximumf"), lambda x: [x.max(axis=1)], results=lambda s: [s[:1]]),
    "amin": Program(largest("arith.minimumf"), lambda x: [x.min(axis=1)], results=lambda s: [s[:1]], policies=(ORDINARY,)),
    "sum_from_3": Program(sum_from("3.0"), lambda x: [x.sum(axis=1) + 3], results=lambda s: [s[:1]], policies=(ORDINARY,)),
}
VARIANTS = [(name, dynamic) for name in PROGRAMS for dynamic in (False, True)]


def function_text(name, dynamic):
    program = PROGRAMS[name]
    function = Function(f"{name}_{'dynamic' if dynamic else 'static'}")
    return function.finish(*program.write(function, sizes(program.shape, dynamic)))


@pytest.fixture(scope="module")
def text():
    return AS_OTHERS_WRITE + "".join(function_text(*v) for v in VARIANTS)


@pytest.fixture(scope="module")
def raised(compile_library, text):
    return compile_library(text, name="raised")


@pytest.fixture(scope="module")
def plain(compile_library, text):
    return compile_library(text, "--raise=false", name="plain")


#===----------------------------------------------------------------------===#
# Data and comparison
#===----------------------------------------------------------------------===#


def edge_inputs(rng, shape):
    """Ordinary numbers with a row, or a column, for each edge."""
    x = rng.normal(0, 3, shape)
    yield x
    special = x.copy()
    special[1] = -np.inf
    special[2, ::3] = -np.inf
    special[3, 1] = np.inf
    special[4, 2] = np.nan
    yield special
    yield np.full(shape, -np.inf)
    if len(shape) == 2:
        yield np.ascontiguousarray(special[:, :6].repeat(shape[1] // 6 + 1, axis=1)[:, :shape[1]])
    yield x * 20


def run(library, name, dynamic, x, operands):
    program = PROGRAMS[name]
    storage = STORAGE[program.element]
    results = [np.full(s, 7, np.float32).astype(storage) for s in program.results(x.shape)]
    passed = [o if not isinstance(o, np.ndarray) or o.dtype == bool else o.astype(storage) for o in operands]
    library.call(f"{name}_{'dynamic' if dynamic else 'static'}", x.astype(storage), *passed, *results)
    return [r.astype(np.float64) for r in results]


def as_seen(operand, storage):
    if isinstance(operand, np.ndarray):
        return operand if operand.dtype == bool else operand.astype(storage).astype(np.float64)
    return operand.value


@pytest.mark.parametrize("name,dynamic", VARIANTS)
def test_against_arithmetic(raised, plain, name, dynamic):
    program = PROGRAMS[name]
    storage = STORAGE[program.element]
    shapes = [program.shape]
    if dynamic and not program.operands(np.random.default_rng(0), program.shape) and name not in ("moments",):
        shapes.append((6, 1, *program.shape[2:]))
    for shape in shapes:
        rng = np.random.default_rng(3)
        for i, x in enumerate(edge_inputs(rng, shape) if shape[1] > 2 else [rng.normal(size=shape)]):
            operands = program.operands(rng, shape)
            with np.errstate(all="ignore"):
                seen = [as_seen(o, storage) for o in operands]
                all_expected = program.oracle(x.astype(storage).astype(np.float64), *seen)
            actual = run(raised, name, dynamic, x, operands)
            stepwise = run(plain, name, dynamic, x, operands)
            for a, s, expected in zip(actual, stepwise, all_expected):
                what = f"{name} of {shape}, input {i}"
                size = np.abs(np.nan_to_num(expected, posinf=0, neginf=0))
                if program.of_scores:
                    size = np.maximum(size, np.abs(x[np.isfinite(x)]).max(initial=0))
                assert_close(a, expected, (program.tolerance + 2 * UNIT[program.element]) * np.maximum(size, 1), what)
                np.testing.assert_array_equal(np.isnan(a), np.isnan(s), err_msg=what)


@pytest.mark.parametrize("name,dynamic", VARIANTS)
def test_is_raised(weir_opt, name, dynamic):
    """Nothing is left in linalg, and the policies are those that keep the meaning."""
    text = weir_opt(function_text(name, dynamic), "--convert-linalg-to-weir")
    assert "linalg.generic" not in text
    assert text.count("weir.apply") == PROGRAMS[name].formulas
    for policy in PROGRAMS[name].policies:
        assert policy in text, text


@pytest.mark.parametrize("name,oracle", [("indexed", softmax_along(0, log=True)), ("named", lambda x: softmax_along(1)(x * 0.25))])
def test_as_others_write(raised, plain, name, oracle):
    rng = np.random.default_rng(5)
    for x in edge_inputs(rng, (6, 40)):
        x = x.astype(np.float32)
        y, stepwise = np.full_like(x, 7), np.full_like(x, 7)
        raised.call(name, x, y)
        plain.call(name, x, stepwise)
        with np.errstate(all="ignore"):
            expected = oracle(x.astype(np.float64))[0]
        assert_close(y, expected, 4e-6 * max(1, np.abs(x[np.isfinite(x)]).max(initial=0)), name)
        np.testing.assert_array_equal(np.isnan(y), np.isnan(stepwise))


def test_attention_by_hand(raised):
    rng = np.random.default_rng(6)
    q, k, v, bias = (rng.normal(size=s).astype(np.float32) for s in [(24, 16), (16, 40), (40, 8), (40,)])
    y = np.full((24, 8), 7, np.float32)
    raised.call("attention", q, k, v, bias, y)
    scores = q.astype(np.float64) @ k * 0.25 + bias
    scores[np.arange(40) > np.arange(24)[:, None]] = -np.inf
    np.testing.assert_allclose(y, softmax_along(1)(scores)[0] @ v, atol=1e-5)


def test_as_others_write_is_raised(weir_opt):
    text = weir_opt(AS_OTHERS_WRITE, "--convert-linalg-to-weir")
    assert text.count("weir.apply") == 3
    assert text.count("linalg.matmul") == 2 and "linalg.generic" not in text
