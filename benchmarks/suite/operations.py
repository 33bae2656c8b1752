"""Operations: weir's IR for each, its inputs and results, its oracle in f64, its yardsticks and what limits it."""

import ctypes
import dataclasses
import pathlib
import re
import typing

import numpy as np

from . import machine, native

LIBRARY = native.ROOT / "lib" / "Dialect" / "Weir" / "Library"
K = 5
SCALE = 0.5
EPSILON = 1e-6


@dataclasses.dataclass(frozen=True)
class Operation:
    # IR of the function: text(case, name, static) -> str.
    text: typing.Callable
    # Inputs beyond the first, as shapes of (rows, n), or (rows, n, k) for products.
    more: tuple = ()
    # The results in f64 of inputs in f64, of some rows.
    oracle: typing.Callable = None
    # Yardsticks in C, by the prefix of their names.
    yardsticks: typing.Callable = lambda case: []
    # Exponentials for each element and whether results are as large as the input, which limit the time.
    exps: int = 1
    writes: bool = True
    # Whether a row that no near cache holds is read twice.
    whole_row: bool = True
    # Further functions of weir's to compare, by name.
    variants: dict = dataclasses.field(default_factory=dict)
    # The attributes of each form that rows of a case can be asked to run in, by name, and the text with such attributes.
    forms: typing.Callable = lambda case: {}
    formed: typing.Callable = None
    # Whether the only result is one f32 for each row.
    per_row: bool = False
    first: tuple = ("rows", "n")
    # The type of the result, where it is not that of the inputs.
    result: str = None


def tensor(case, static, shape=("rows", "n"), dtype=None):
    sizes = {"rows": case.rows if static else "?", "n": case.n if static else "?", "k": case.k if static else "?"}
    return f"tensor<{''.join(f'{sizes.get(s, s)}x' for s in shape)}{dtype or case.dtype}>"


def function(name, inputs, results, body):
    """IR of a function of tensors; the body names its inputs %x0, %x1, ... and returns."""
    arguments = ", ".join(f"%x{i}: {t}" for i, t in enumerate(inputs))
    types = results[0] if len(results) == 1 else f"({', '.join(results)})"
    return f"func.func @{name}({arguments}) -> {types} {{\n{body}}}\n"


def apply(formula, attributes="", scalars=(), shapes=(("rows", "n"),), per_row=False):
    """The text of an operation that applies a formula to tensors of these shapes and then to constants."""

    def text(case, name, static):
        types = [tensor(case, static, shape) for shape in shapes]
        constants = "".join(f"  %s{i} = arith.constant {value:e} : f32\n" for i, value in enumerate(scalars))
        operands = ", ".join([f"%x{i}" for i in range(len(types))] + [f"%s{i}" for i in range(len(scalars))])
        result = tensor(case, static, ("rows",), "f32") if per_row else tensor(case, static)
        return function(name, types, [result],
                        f"{constants}  %y = weir.apply @{formula}({operands}) {attributes} : "
                        f"({', '.join(types + ['f32'] * len(scalars))}) -> {result}\n  return %y : {result}\n")

    return text


def topk_text(first):
    def text(case, name, static):
        x = tensor(case, static)
        results = [tensor(case, static, ("rows", K)), tensor(case, static, ("rows", K), "i32"), tensor(case, static, ("rows",), "i32")]
        formula = "@softmax(%x0)" if first else "%x0"
        return function(name, [x], results, f"  %v, %i, %c = weir.topk {formula} {{k = {K} : i64}} : ({x}) -> "
                        f"({', '.join(results)})\n  return %v, %i, %c : {', '.join(results)}\n")

    return text


def matmul_text(case, name, static):
    a, b, c = tensor(case, static, ("rows", "k")), tensor(case, static, ("k", "n")), tensor(case, static, dtype="f32")
    dims = "" if static else f"  %i0 = arith.constant 0 : index\n  %i1 = arith.constant 1 : index\n" \
        f"  %m = tensor.dim %x0, %i0 : {a}\n  %n = tensor.dim %x1, %i1 : {b}\n"
    return function(name, [a, b], [c],
                    f"{dims}  %zero = arith.constant 0.0 : f32\n  %e = tensor.empty({'' if static else '%m, %n'}) : {c}\n"
                    f"  %f = linalg.fill ins(%zero : f32) outs(%e : {c}) -> {c}\n"
                    f"  %y = linalg.matmul ins(%x0, %x1 : {a}, {b}) outs(%f : {c}) -> {c}\n  return %y : {c}\n")


def matmul_kernels(case):
    """Hand-written for sizes that fill their tiles."""
    rows = 32 if on_tiles(case) else 2
    return [product_kernel("matmul", case)] if case.rows % rows == 0 and case.n % 64 == 0 and case.k % 32 == 0 else []


def on_tiles(case):
    """Whether hand-written products of the case are of bf16; else they widen it and multiply f32."""
    return case.dtype == "bf16" and machine.has_tiles()


def product_kernel(name, case):
    return name if case.dtype == "f32" or on_tiles(case) else f"{name}_widened"


def multiply_limit(case):
    """The function that multiplies on registers alone what the fastest product of the case would."""
    return f"limit_multiply_{'bf16' if on_tiles(case) else 'f32'}"


# What a user writes for whom the library has no formula of the whole.
FORMULAS = """weir.formula @scaled_biased_softmax(%x: f32, %bias: f32, %scale: f32 {weir.uniform}) -> f32 {
  %u = arith.mulf %x, %scale : f32
  %z = arith.addf %u, %bias : f32
  %m = weir.reduce max %z : f32
  %d = arith.subf %z, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}
"""


def chain_text(case, name, static):
    """The same in three ops, as a user may also write it."""
    x, bias = tensor(case, static), tensor(case, static, ("n",))
    return (f"weir.formula @{name}.scaled(%x: f32, %b: f32, %s: f32 {{weir.uniform}}) -> f32 {{\n  %u = arith.mulf %x, %s : f32\n"
            f"  %z = arith.addf %u, %b : f32\n  weir.yield %z : f32\n}}\n") + function(
                name, [x, bias], [x],
                f"  %s = arith.constant {SCALE:e} : f32\n  %z = weir.apply @{name}.scaled(%x0, %x1, %s) : ({x}, {bias}, f32) -> {x}\n"
                f"  %y = weir.apply @softmax(%z) : ({x}) -> {x}\n  return %y : {x}\n")


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def silu(x):
    return x / (1 + np.exp(-x))


def norm_gate(x, pre, gain):
    return rms_norm(x, gain) * silu(pre)


def sparsemax(x):
    """The threshold from the sorted row: the largest support that keeps its smallest weight positive."""
    z = -np.sort(-x, -1)
    count = np.arange(1, x.shape[-1] + 1)
    tau = (np.cumsum(z, -1) - 1) / count
    support = (z > tau).sum(-1, keepdims=True)
    return np.maximum(x - np.take_along_axis(tau, support - 1, -1), 0)


def entmax15(x):
    x = (x - x.max(-1, keepdims=True)) / 2
    z = -np.sort(-x, -1)
    count = np.arange(1, x.shape[-1] + 1)
    mean = np.cumsum(z, -1) / count
    variance = np.cumsum(z * z, -1) - count * mean * mean
    tau = mean - np.sqrt(np.maximum(0, (1 - variance) / count))
    support = (z >= tau).sum(-1, keepdims=True)
    return np.maximum(x - np.take_along_axis(tau, support - 1, -1), 0)**2


def largest(x):
    return -np.sort(-x, -1)[..., :K]


def softmax_kernels(case):
    """The forms of which one is the best at some shape; the fastest of these is the yardstick."""
    size = case.elements * native.DTYPES[case.dtype].itemsize
    large = size >= 4 << 20
    # Where exponentials take longer than memory, no row is too long to keep them.
    kept = case.n <= 131072 or machine.yardsticks() == "avx2"
    forms = {"short": case.n <= 256 and case.rows >= 16, "stored": kept, "kept": large and case.n <= 131072,
             "online": case.n >= 16384, "stream": large and case.n >= 16384}
    return [f"softmax_{form}" for form, fits in forms.items() if fits]


# Longer rows than these nobody puts side by side.
LONGEST_SIDE_BY_SIDE = 4096


def forms(*names, writes=True):
    """The named forms that fit a case, plain, with results past the caches, and so with eight pages in turn."""

    def fitting(case):
        found = {}
        for name in names:
            if name == "transposed" and not (case.rows >= 16 and case.n <= LONGEST_SIDE_BY_SIDE):
                continue
            found[name] = f"{{form = #weir.form<{name}>}}"
            if case.elements < 1 << 20 or name == "transposed":
                continue
            past = ", stream_bytes = 1 : i64" if writes else ""
            if past:
                found[f"{name} past"] = f"{{form = #weir.form<{name}>{past}}}"
            if case.n * native.DTYPES[case.dtype].itemsize >= 8 * 4096:
                found[f"{name} pages"] = f"{{form = #weir.form<{name}>{past}, pages = 8 : i64}}"
        return found

    return fitting


def chosen(formula, oracle, *names, scalars=(), more=(), per_row=False):
    """An operation for the suite of choices."""
    shapes = [("rows", "n"), *more]
    return Operation(apply(formula, "", scalars, shapes, per_row), tuple(more), oracle, writes=not per_row, per_row=per_row,
                     forms=forms(*names, writes=not per_row), formed=lambda attributes: apply(formula, attributes, scalars, shapes, per_row))


def rms_norm(x, gain):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON) * gain


def layer_norm(x, gain, bias):
    d = x - x.mean(-1, keepdims=True)
    return d / np.sqrt((d * d).mean(-1, keepdims=True) + EPSILON) * gain + bias


def logsumexp(x):
    m = x.max(-1)
    return m + np.log(np.exp(x - m[..., None]).sum(-1))


OPERATIONS = {
    "choice_softmax": chosen("softmax", softmax, "stored", "recompute", "online", "two_pass", "transposed"),
    "choice_log_softmax": chosen("log_softmax", lambda x: x - logsumexp(x)[..., None], "stored", "recompute", "online", "two_pass", "transposed"),
    "choice_layer_norm": chosen("layer_norm", layer_norm, "stored", "recompute", "online", "transposed", scalars=[EPSILON], more=[("n",), ("n",)]),
    "choice_logsumexp": chosen("logsumexp", logsumexp, "stored", "recompute", "online", "two_pass", "transposed", per_row=True),
    "softmax": Operation(apply("softmax"), (), softmax, softmax_kernels),
    "entmax15": Operation(apply("entmax15"), (), entmax15, exps=0, variants={"weir softmax": apply("softmax")}),
    "sparsemax": Operation(apply("sparsemax"), (), sparsemax, exps=0, variants={"weir softmax": apply("softmax")}),
    "topk": Operation(topk_text(False), (), largest, exps=0, writes=False, whole_row=False),
    "softmax_topk": Operation(topk_text(True), (), lambda x: largest(softmax(x)), writes=False, whole_row=False),
    "rms_norm": Operation(apply("rms_norm", "", [EPSILON], [("rows", "n"), ("n",)]), (("n",),), rms_norm, lambda case: ["rms_norm"], exps=0),
    "layer_norm": Operation(apply("layer_norm", "", [EPSILON], [("rows", "n"), ("n",), ("n",)]), (("n",), ("n",)), layer_norm,
                            lambda case: ["layer_norm"], exps=0),
    "norm_gate": Operation(apply("gated_rms_norm", "", [EPSILON], [("rows", "n"), ("rows", "n"), ("n",)]), (("rows", "n"), ("n",)), norm_gate,
                           lambda case: ["norm_gate"]),
    "scale_bias_softmax": Operation(apply("scaled_biased_softmax", "", [SCALE], [("rows", "n"), ("n",)]), (("n",),),
                                    lambda x, bias: softmax(SCALE * x + bias), lambda case: [f"scale_bias_softmax_{form}" for form in ("stored", "kept")],
                                    variants={"weir in two ops": chain_text}),
    "swiglu": Operation(apply("swiglu", "", [], [("rows", "n")] * 2), (("rows", "n"),), lambda g, v: silu(g) * v, lambda case: ["swiglu"],
                        whole_row=False),
    "matmul": Operation(matmul_text, (("k", "n"),), np.matmul, matmul_kernels, exps=0, whole_row=False, first=("rows", "k"), result="f32"),
    "softmax_across": Operation(apply("softmax", "{along = 0}"), (), lambda x: softmax(x.T).T, whole_row=False,
                                variants={"weir transposed": apply("softmax", "{along = 0, lanes = #weir.lanes<along>}"),
                                          "weir last dimension": apply("softmax")}),
}

FORMULA = re.compile(r"^weir\.formula @(\w+)\((.*?)\) -> (.*?) \{\n(.*?)^\}$", re.MULTILINE | re.DOTALL)
ACROSS = re.compile(r"\bweir\.(reduce|kth|solve|length|position|row|random)\b")


def elementwise():
    """The elementwise formulas of f32 in the library, each with a flag per argument: whether it is uniform. Read off the library's
    files, so that none is forgotten; elementwise is what never looks at other elements of the row."""
    found = {}
    for path in sorted(pathlib.Path(LIBRARY).glob("*.mlir")):
        for name, arguments, result, body in FORMULA.findall(path.read_text()):
            arguments = arguments.split(", ")
            if result == "f32" and not ACROSS.search(body) and all(": f32" in a for a in arguments):
                found[name] = ["weir.uniform" in a for a in arguments]
    return found


def find(name):
    """The operation, or the formula of the library, of that name."""
    if name in OPERATIONS:
        return OPERATIONS[name]
    uniform = elementwise()[name]

    def text(case, function_name, static):
        x, passed = tensor(case, static), iter(range(len(uniform)))
        operands = ", ".join("%half" if u else f"%x{next(passed)}" for u in uniform)
        types = ", ".join("f32" if u else x for u in uniform)
        return function(function_name, [x] * uniform.count(False), [x],
                        f"  %half = arith.constant 0.5 : f32\n  %y = weir.apply @{name}({operands}) : ({types}) -> {x}\n"
                        f"  return %y : {x}\n")

    return Operation(text, (("rows", "n"),) * (uniform.count(False) - 1), exps=0, whole_row=False)


def make_inputs(case):
    """Arrays in the storage type. No score lies so low that a weight is denormal: such weights take every system another way."""
    generator = np.random.default_rng(case.elements)
    spread = 3 if "softmax" in case.operation else 1
    operation = find(case.operation)
    sizes = {"rows": case.rows, "n": case.n, "k": case.k}
    inputs = []
    for shape in (operation.first,) + operation.more:
        x = native.aligned([sizes[s] for s in shape], native.DTYPES[case.dtype])
        flat = x.reshape(-1)
        block = generator.normal(0, spread, min(flat.size, 1 << 20)).astype(x.dtype)
        for start in range(0, flat.size, block.size):
            part = flat[start:start + block.size]
            part[...] = np.roll(block, start >> 20)[:part.size]
        inputs.append(x)
    if case.distribution == "flat":
        inputs[0][...] = 1.5
    return inputs


def make_results(case):
    """Arrays for what weir's function writes."""
    if find(case.operation).per_row:
        return [native.aligned((case.rows,), np.float32)]
    if find(case.operation).writes:
        return [native.aligned((case.rows, case.n), native.DTYPES[find(case.operation).result or case.dtype])]
    return [native.aligned((case.rows, K), native.DTYPES[case.dtype]), native.aligned((case.rows, K), np.int32),
            native.aligned((case.rows,), np.int32)]


def sample_rows(case):
    """The rows that are checked: all of a few, else the first, the last and some between; a whole column needs all rows."""
    if case.operation == "softmax_across" or case.elements <= 1 << 20:
        return np.arange(case.rows)
    return np.unique(np.linspace(0, case.rows - 1, max(1, min(case.rows, (1 << 20) // case.n))).astype(int))


class Oracle:
    """The results of some rows in f64."""

    def __init__(self, case, inputs):
        operation = find(case.operation)
        self.rows = sample_rows(case)
        self.dtype = case.dtype
        self.expected = None
        if operation.oracle:
            shapes = (operation.first,) + operation.more
            wide = [(x[self.rows] if shape[0] == "rows" else x).astype(np.float64) for x, shape in zip(inputs, shapes)]
            self.expected = operation.oracle(*wide)

    def error(self, result):
        """The largest error as a share of the row's largest result, of a result that is an array of all rows."""
        if self.expected is None:
            return None
        difference = np.abs(np.asarray(result[self.rows], np.float64) - self.expected)
        if difference.ndim == 1:
            return float((difference / np.abs(self.expected)).max())
        return float((difference.max(-1) / np.abs(self.expected).max(-1)).max())

    def tolerance(self, ours):
        """Ours must be near the oracle. From others only what is wrong is kept out: some add millions of numbers up in one f32, and op by
        op in bf16 every step is rounded."""
        if self.dtype == "bf16":
            return 1.0 / 16
        return 2e-5 if ours else 5e-2


def pointers(arrays):
    """A C array of the addresses of arrays."""
    return (ctypes.c_void_p * len(arrays))(*[a.ctypes.data for a in arrays])


def memory(case, peers):
    """Bytes of inputs, results, and what peers hold beside them."""
    return case.elements * 4 * (4 + 2 * (peers + 2))
