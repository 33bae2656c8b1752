"""Adjacent formulas that run as one, against f64 arithmetic and against the same program run one formula after the other:
infinities, NaN and rows with nothing left are where they were."""

import ctypes
import itertools
from dataclasses import dataclass

import ml_dtypes
import numpy as np
import pytest

N = 72  # A multiple of no vector and some.
STORAGE = {"f32": np.float32, "bf16": ml_dtypes.bfloat16, "f16": np.float16, "f64": np.float64}
LOW = {"f32": "0xFF800000", "bf16": "0xFF80", "f16": "0xFC00", "f64": "0xFFF0000000000000"}  # -inf
UNIT = {"f32": 4e-6, "bf16": 2.0**-7, "f16": 2.0**-9, "f64": 1e-13}

FORMULAS = """
weir.formula @half(%x: f32) -> f32 {
  %c = arith.constant 0.5 : f32
  %y = arith.mulf %x, %c : f32
  weir.yield %y : f32
}
weir.formula @flip(%x: f32) -> f32 {
  %y = arith.negf %x : f32
  weir.yield %y : f32
}
weir.formula @cap(%x: f32) -> f32 {
  %c = arith.constant 4.0 : f32
  %d = arith.divf %x, %c : f32
  %t = math.tanh %d : f32
  %y = arith.mulf %t, %c : f32
  weir.yield %y : f32
}
weir.formula @affine(%x: f32, %s: f32 {weir.uniform}, %b: f32) -> f32 {
  %z = arith.mulf %x, %s : f32
  %y = arith.addf %z, %b : f32
  weir.yield %y : f32
}
weir.formula @gate(%y: f32, %g: f32) -> f32 {
  %r = arith.mulf %y, %g : f32
  weir.yield %r : f32
}
weir.formula @shift(%x: f32, %u: f32 {weir.uniform}) -> f32 {
  %r = arith.subf %x, %u : f32
  weir.yield %r : f32
}
"""


class Text:
    """A function over x, g: [rows, N], b: [N], m: i1 [rows, N] and a scalar s."""

    def __init__(self, element, rows="?"):
        self.element, self.lines, self.count = element, [], itertools.count()
        self.full, self.row = f"tensor<{rows}x{N}x{element}>", f"tensor<{N}x{element}>"
        self.mask = f"tensor<{rows}x{N}xi1>"
        self.accumulator = "f64" if element == "f64" else "f32"
        self.outer = f"tensor<{rows}x{self.accumulator}>"
        self.types = {"%x": self.full, "%g": self.full, "%b": self.row, "%s": self.accumulator, "%m": self.mask, "%eps": self.accumulator}

    def add(self, text, *types):
        names = [f"%v{next(self.count)}" for _ in types]
        self.lines.append(f"  {', '.join(names)} = {text}")
        self.types.update(zip(names, types))
        return names if len(names) > 1 else names[0]

    def apply(self, formula, *operands, results=("full",), attributes=""):
        types = [getattr(self, kind) for kind in results]
        inputs = ", ".join(self.types[o] for o in operands)
        outputs = ", ".join(types)
        return self.add(f"weir.apply @{formula}({', '.join(operands)}) {attributes} : ({inputs}) -> "
                        + (outputs if len(types) == 1 else f"({outputs})"), *types)

    def linalg(self, op, *operands):
        inputs = ", ".join(self.types[o] for o in operands)
        return self.add(f"linalg.{op} ins({', '.join(operands)} : {inputs}) outs(%e : {self.full}) -> {self.full}", self.full)

    def function(self, results, name="f"):
        types = ", ".join(self.types[r] for r in results)
        arguments = ", ".join(f"{name}: {self.types[name]}" for name in ("%x", "%g", "%b", "%s", "%m"))
        return "\n".join([
            f"func.func @{name}({arguments}) -> ({types}) {{", "  %c0 = arith.constant 0 : index",
            f"  %eps = arith.constant 1.0e-5 : {self.accumulator}", f"  %n = tensor.dim %x, %c0 : {self.full}",
            f"  %e = tensor.empty(%n) : {self.full}", *self.lines, f"  return {', '.join(results)} : {types}", "}", ""])


#===----------------------------------------------------------------------===#
# The same in NumPy
#===----------------------------------------------------------------------===#


def softmax(z, empty=0.0, log=False):
    """Scores of -inf are left out; a NaN makes the row NaN."""
    most = z.max(axis=1, keepdims=True)
    with np.errstate(all="ignore"):
        e = np.exp(z - most)
        w = z - most - np.log(e.sum(axis=1, keepdims=True)) if log else e / e.sum(axis=1, keepdims=True)
    return np.where(most == -np.inf, -np.inf if log and empty == 0 else empty, w)


def rms_norm(x, g):
    kept = x != -np.inf
    with np.errstate(all="ignore"):
        r = 1 / np.sqrt(np.where(kept, x * x, 0).sum(axis=1, keepdims=True) / x.shape[1] + 1e-5)
        return np.where(kept, x * r * g, 0)


def lse(x):
    most = x.max(axis=1)
    with np.errstate(all="ignore"):
        return np.where(most == -np.inf, -np.inf, most + np.log(np.exp(x - most[:, None]).sum(axis=1)))


@dataclass
class Program:
    write: object  # Of a Text: the names of the results.
    oracle: object  # Of x, g, b, s, m: the results.
    applies: int = 1  # What is left when all is done.


NAN = {"attributes": "{empty_row = #weir.empty_row<nan>}"}
PROGRAMS = {
    # A score that is -inf where the operand is.
    "half_softmax": Program(lambda t: [t.apply("softmax", t.apply("half", "%x"))], lambda x, g, b, s, m: [softmax(x / 2)]),
    "half_log_softmax": Program(lambda t: [t.apply("log_softmax", t.apply("half", "%x"))], lambda x, g, b, s, m: [softmax(x / 2, log=True)]),
    "half_sparsemax": Program(lambda t: [t.apply("sparsemax", t.apply("half", "%x"))], lambda x, g, b, s, m: [sparsemax(x / 2)]),
    # One that is not.
    "flip_softmax": Program(lambda t: [t.apply("softmax", t.apply("flip", "%x"))], lambda x, g, b, s, m: [softmax(-x)]),
    "cap_softmax": Program(lambda t: [t.apply("softmax", t.apply("cap", "%x"))], lambda x, g, b, s, m: [softmax(4 * np.tanh(x / 4))], 2),
    "affine_softmax": Program(lambda t: [t.apply("softmax", t.apply("affine", "%x", "%s", "%b"))], lambda x, g, b, s, m: [softmax(x * s + b)]),
    "affine_softmax_nan": Program(lambda t: [t.apply("softmax", t.apply("affine", "%x", "%s", "%b"), **NAN)],
                               lambda x, g, b, s, m: [softmax(x * s + b, empty=np.nan)]),
    "affine_log_softmax": Program(lambda t: [t.apply("log_softmax", t.apply("affine", "%x", "%s", "%b"))],
                               lambda x, g, b, s, m: [softmax(x * s + b, log=True)]),
    "affine_lse": Program(lambda t: [t.apply("logsumexp", t.apply("affine", "%x", "%s", "%b"), results=("outer",))],
                       lambda x, g, b, s, m: [lse(x * s + b)]),
    "masked_softmax": Program(lambda t: [t.apply("softmax", t.linalg("select", "%m", "%x", low(t)))],
                           lambda x, g, b, s, m: [softmax(np.where(m, x, -np.inf))]),
    "added_softmax": Program(lambda t: [t.apply("softmax", t.linalg("add", "%x", "%g"))], lambda x, g, b, s, m: [softmax(x + g)]),
    # A gate behind a norm, weights behind a gate.
    "rms_gate": Program(lambda t: [t.apply("gate", t.apply("rms_norm", "%x", "%b", "%eps"), "%g")], lambda x, g, b, s, m: [rms_norm(x, b) * g]),
    "rms_add": Program(lambda t: [t.linalg("add", t.apply("rms_norm", "%x", "%b", "%eps"), "%g")], lambda x, g, b, s, m: [rms_norm(x, b) + g]),
    "softmax_half": Program(lambda t: [t.apply("half", t.apply("softmax", "%x"))], lambda x, g, b, s, m: [softmax(x) / 2]),
    "softmax_gate": Program(lambda t: [t.linalg("mul", t.apply("softmax", "%x"), "%g")], lambda x, g, b, s, m: [softmax(x) * g]),
    "softmax_log": Program(lambda t: [t.linalg("log", t.apply("softmax", "%x"))], lambda x, g, b, s, m: [softmax(x, log=True)]),
    # Two that reduce, and one number of a row.
    "rms_softmax": Program(lambda t: [t.apply("softmax", t.apply("rms_norm", "%x", "%b", "%eps"))], lambda x, g, b, s, m: [softmax(rms_norm(x, b))]),
    "add_rms": Program(lambda t: (lambda y: [y, t.apply("rms_norm", y, "%b", "%eps")])(t.linalg("add", "%x", "%g")),
                    lambda x, g, b, s, m: [x + g, rms_norm(x + g, b)]),
    "shift_by_lse": Program(lambda t: [t.apply("shift", "%x", t.apply("logsumexp", "%x", results=("outer",)))],
                         lambda x, g, b, s, m: [x - lse(x)[:, None]]),
    "chain": Program(lambda t: [t.linalg("mul", t.apply("softmax", t.apply("half", t.linalg("add", "%x", "%g"))), "%g")],
                  lambda x, g, b, s, m: [softmax((x + g) / 2) * g]),
    "both_used": Program(lambda t: (lambda w: [w, t.linalg("mul", w, "%g")])(t.apply("softmax", "%x")),
                      lambda x, g, b, s, m: [softmax(x), softmax(x) * g]),
}


def low(t):
    return t.add(f"linalg.fill ins(%low : {t.element}) outs(%e : {t.full}) -> {t.full}", t.full)


def sparsemax(z):
    out = np.zeros_like(z)
    for i, row in enumerate(z):
        kept = row[row != -np.inf]
        if kept.size == 0:
            continue
        if not np.isfinite(kept).all():
            out[i] = np.where(row == -np.inf, 0, np.nan)
            continue
        u = np.sort(kept)[::-1]
        sums = np.cumsum(u) - 1
        k = np.nonzero(u * np.arange(1, u.size + 1) > sums)[0].max()
        out[i] = np.maximum(row - sums[k] / (k + 1), 0)
    return out


#===----------------------------------------------------------------------===#
# Rows
#===----------------------------------------------------------------------===#


def operands(element, rng):
    """Ordinary rows, and rows with everything that is not."""
    rows = 12
    dtype = STORAGE[element]
    x, g = (rng.normal(size=(rows, N)) for _ in range(2))
    m = rng.random((rows, N)) < 0.7
    x[1, ::3] = -np.inf
    x[2] = -np.inf
    x[3, 5] = np.nan
    x[4, 7], x[4, 9] = np.inf, -np.inf
    x[5, 3], x[5, 4] = np.nan, -np.inf
    g[6, ::2] = -np.inf
    g[7] = -np.inf
    g[8, 1], g[8, 70] = np.inf, np.nan
    x[9, ::2], g[9, 1::2] = -np.inf, -np.inf
    m[10] = False
    x[11] = 0
    b = rng.normal(size=N)
    return [x.astype(dtype), g.astype(dtype), b.astype(dtype), 0.75, m]


def widen(values):
    return [v.astype(np.float64) if isinstance(v, np.ndarray) and v.dtype != bool else v for v in values]


def run(library, name, element, inputs, outputs):
    x, g, b, s, m = inputs
    scalar = ctypes.c_double(s) if element == "f64" else ctypes.c_float(s)
    library.call(name, x, g, b, scalar, m, *outputs)
    return [o.astype(np.float64) for o in outputs]


def evaluate(program, inputs):
    with np.errstate(invalid="ignore"):
        return program.oracle(*widen(inputs))


def destinations(oracle, element):
    accumulator = np.float64 if element == "f64" else np.float32
    return [np.full(o.shape, 7, STORAGE[element] if o.ndim == 2 else accumulator) for o in oracle]


def promised(oracle):
    """Whether an element that takes no part is NaN in a row of NaN is not promised."""
    return ~(np.isnan(oracle).any(axis=-1, keepdims=True) & ~np.isnan(oracle)) if oracle.ndim == 2 else np.ones(oracle.shape, bool)


def check(got, want, unit, keep):
    special = ~np.isfinite(want) & keep
    np.testing.assert_array_equal(got[special], want[special])
    finite = np.isfinite(want) & keep
    np.testing.assert_allclose(got[finite], want[finite], rtol=unit, atol=unit * max(1, np.abs(want[finite]).max(initial=0)))


def write(name, element):
    text = Text(element)
    text.types["%low"] = element
    results = PROGRAMS[name].write(text)
    text.lines.insert(0, f"  %low = arith.constant {LOW[element]} : {element}")
    return text.function(results, name)


#===----------------------------------------------------------------------===#
# Tests
#===----------------------------------------------------------------------===#


@pytest.fixture(scope="module")
def library(compile_library):
    """All programs in one library, for each element type and way to compile."""
    known = {}

    def get(element, *flags):
        if (element, flags) not in known:
            source = FORMULAS + "".join(write(name, element) for name in PROGRAMS)
            known[element, flags] = compile_library(source, *flags)
        return known[element, flags]

    return get


def check_program(library, name, element):
    inputs = operands(element, np.random.default_rng(7))
    wanted = evaluate(PROGRAMS[name], inputs)
    for got, want in zip(run(library, name, element, inputs, destinations(wanted, element)), wanted):
        check(got, want, UNIT[element], promised(want))


@pytest.mark.parametrize("element", STORAGE)
@pytest.mark.parametrize("name", PROGRAMS)
def test_composed_means_the_same(library, name, element):
    check_program(library(element), name, element)
    check_program(library(element, "--compose=false"), name, element)


@pytest.mark.parametrize("target", ["x86-64-v2", "x86-64-v3", "x86-64-v4"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_on_other_machines(library, name, target):
    compiled = library("f32", f"--target={target}")
    if compiled.handle.model_set_target(target.encode()):
        pytest.skip(f"this machine cannot run {target}")
    check_program(compiled, name, "f32")


@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_lies_between(weir_opt, name):
    """What is left is so many applications, and no op of linalg but fills."""
    text = weir_opt(FORMULAS + write(name, "f32"), "--weir-link-library", "--weir-normalize-formulas", "--weir-compose-formulas",
                    "--canonicalize")
    assert text.count("weir.apply") == PROGRAMS[name].applies
    if PROGRAMS[name].applies == 1:
        assert "linalg." not in text.replace("linalg.fill", "")
