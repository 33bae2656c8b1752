"""Attention as it is measured: cases, weir's IR, inputs, the oracle in f64, yardsticks and limits. It answers the worker's questions as
operations.py does for rows."""

import dataclasses
import math

import numpy as np

from . import machine, native, operations

BIAS, SINK = -8.0, 0.5


@dataclasses.dataclass(frozen=True)
class Case:
    """Attention of `queries` on `keys`; the heads of keys and values are `heads` / `group`."""

    suite: str
    operation: str
    heads: int
    queries: int
    keys: int
    depth: int
    causal: bool = False
    dtype: str = "f32"
    group: int = 1
    distribution: str = "normal"

    @property
    def elements(self):
        """Scores, of causal attention the half that is seen."""
        return self.heads * self.queries * self.keys // (2 if self.causal and self.queries > 1 else 1)

    @property
    def work(self):
        """Multiplications and additions, which rates count."""
        return 4 * self.elements * self.depth

    @property
    def shape(self):
        length = self.keys if self.queries == self.keys else f"{self.queries}/{self.keys}"
        return f"H{self.heads}{f':{self.heads // self.group}' if self.group > 1 else ''} T{length} D{self.depth}{' causal' if self.causal else ''}"

    @property
    def function(self):
        causal = "_causal" if self.causal else ""
        return f"{self.operation}_{self.dtype}_{self.heads}_{self.group}_{self.queries}_{self.keys}_{self.depth}{causal}"

    @property
    def dynamic_function(self):
        return f"{self.operation}_{self.dtype}_{self.depth}{'_causal' if self.causal else ''}_{'one' if self.queries == 1 else 'many'}"

    @property
    def name(self):
        return f"{self.operation} {self.shape} {self.dtype}"


def square(suite, lengths):
    return [Case(suite, "attention", heads, length, length, depth, causal, dtype) for dtype in ("f32", "bf16") for length in lengths
            for depth in (64, 128) for heads in (1, 8) for causal in (False, True)]


def attention():
    return square("attention", (512, 2048))


def attention_long():
    return square("attention_long", (8192,))


def attention_decode():
    return [Case("attention_decode", "attention", 8 * kv, 1, keys, depth, False, dtype, 8) for dtype in ("f32", "bf16")
            for keys in (4096, 32768) for depth, kv in ((64, 1), (128, 4))]


def attention_formulas():
    return [Case("attention_formulas", f"attention_{formula}", 1, 2048, 2048, depth, False, dtype)
            for formula in ("softpick", "sigmoid_weights", "softmax_sink", "entmax15") for dtype in ("f32", "bf16") for depth in (64, 128)]


QUICK = [Case("attention", "attention", 2, 70, 70, 64, True), Case("attention", "attention", 2, 70, 130, 128, False, "bf16"),
         Case("attention_decode", "attention", 8, 1, 1100, 64, False, "f32", 8), Case("attention_decode", "attention", 8, 1, 1100, 128, False, "bf16", 8),
         Case("attention_formulas", "attention_softpick", 1, 40, 40, 64)]

#===----------------------------------------------------------------------===#
# The formulas: their names in weir, further operands, and weights in f64
#===----------------------------------------------------------------------===#


def softpick(x):
    m = np.maximum(x.max(-1, keepdims=True), 0)
    d = np.exp(x - m) - np.exp(-m)
    return np.maximum(d, 0) / (np.abs(np.where(np.isfinite(x), d, 0)).sum(-1, keepdims=True) + 1e-8)


def with_sink(x):
    return operations.softmax(np.concatenate([x, np.full((*x.shape[:-1], 1), SINK)], -1))[..., :-1]


FORMULAS = {
    "attention": ("softmax", None, operations.softmax),
    "attention_softpick": ("softpick", None, softpick),
    "attention_sigmoid_weights": ("sigmoid_weights", BIAS, lambda x: 1 / (1 + np.exp(-x - BIAS))),
    "attention_softmax_sink": ("softmax_sink", SINK, with_sink),
    "attention_entmax15": ("entmax15", None, operations.entmax15),
}


def text(case, name, static, formula=None):
    """IR of the function; sizes but the head's are dynamic unless `static`."""
    word, operand = (formula, None) if formula else FORMULAS[case.operation][:2]

    def tensor(heads, length):
        sizes = [1, heads, length] if static else "???"
        return f"tensor<{'x'.join(map(str, sizes))}x{case.depth}x{case.dtype}>"

    # One query is a static size also where the rest is dynamic: it is known where decoding is written.
    q, k = tensor(case.heads, case.queries), tensor(case.heads // case.group, case.keys)
    if case.queries == 1 and not static:
        q = f"tensor<?x?x1x{case.depth}x{case.dtype}>"
    constant = f"  %a = arith.constant {operand:e} : f32\n" if operand is not None else ""
    operands = " operands(%a : f32)" if operand is not None else ""
    return operations.function(name, [q, k, k], [q], f"{constant}  %y = weir.attention @{word}(%x0, %x1, %x2){operands}"
                               f"{' {causal}' if case.causal else ''} : ({q}, {k}, {k}) -> {q}\n  return %y : {q}\n")


def functions(case):
    """weir's functions for the case by the variant's name: (name, text, whether its results are the case's)."""
    found = {"weir": (case.function, text(case, case.function, True), True),
             "weir dynamic": (case.dynamic_function, text(case, case.dynamic_function, False), True)}
    if case.operation != "attention":
        name = f"{case.function}_softmax"
        found["weir softmax"] = (name, text(case, name, True, "softmax"), False)
    return found


#===----------------------------------------------------------------------===#
# Data
#===----------------------------------------------------------------------===#


def make_inputs(case):
    """Queries, keys and values of N(0, 1), so that scores are too."""
    generator = np.random.default_rng(case.keys)
    shapes = [(case.heads, case.queries), (case.heads // case.group, case.keys), (case.heads // case.group, case.keys)]
    inputs = [native.aligned((1, *shape, case.depth), native.DTYPES[case.dtype]) for shape in shapes]
    for x in inputs:
        for head in x[0]:
            head[...] = generator.normal(0, 1, head.shape)
    return inputs


def make_results(case):
    return [native.aligned((1, case.heads, case.queries, case.depth), native.DTYPES[case.dtype])]


def as_queries(case, inputs):
    """The same work, of one query for each head, with the heads that share keys as queries of one head: where the peers that know no such
    heads do not repeat keys and values. Memory stays as it is. Other cases are returned as they are."""
    if not isinstance(case, Case) or case.group == 1 or case.queries > 1:
        return case, inputs
    shared = dataclasses.replace(case, heads=case.heads // case.group, queries=case.group, group=1, causal=False)
    return shared, [inputs[0].reshape(1, shared.heads, shared.queries, case.depth), *inputs[1:]]


class Oracle:
    """The results of some queries of the first and the last head in f64. An error is a share of the weighted sum of the values' sizes,
    which is what rounding is in proportion to."""

    def __init__(self, case, inputs):
        self.case = case
        self.rows = np.unique(np.linspace(0, case.queries - 1, min(case.queries, 24)).astype(int))
        self.expected = [self.of_head(head, inputs) for head in {0, case.heads - 1}]

    def of_head(self, head, inputs):
        case = self.case
        q, k, v = inputs[0][0, head], inputs[1][0, head // case.group].astype(np.float64), inputs[2][0, head // case.group].astype(np.float64)
        x = q[self.rows].astype(np.float64) @ k.T / math.sqrt(case.depth)
        if case.causal:
            x = np.where(np.arange(case.keys) <= self.rows[:, None] + case.keys - case.queries, x, -np.inf)
        w = FORMULAS[case.operation][2](x)
        return head, w @ v, np.abs(w) @ np.abs(v)

    def error(self, result):
        result = np.asarray(result).reshape(self.case.heads, self.case.queries, self.case.depth)
        return float(max((np.abs(result[head][self.rows].astype(np.float64) - o) / scale).max() for head, o, scale in self.expected))

    def tolerance(self, ours):
        return {"f32": 2e-5, "bf16": 2e-2}[self.case.dtype] if ours else 5e-2


def yardsticks(case):
    """Names of hand-written kernels."""
    if case.operation != "attention" or (case.dtype == "bf16" and not machine.rounds_bf16()):
        return []
    return [operations.product_kernel("attention_decode" if case.queries == 1 else "attention", case)]


def sizes(case):
    """What the yardsticks take beside arrays."""
    return np.array([1, case.heads, case.heads // case.group, case.queries, case.keys, case.depth, case.causal], np.int64)


def limits(case, inputs, timer, function):
    """Names and timers: as many multiplications as the case has on registers; for a single query also reading keys and values."""
    yield "multiply", timer(function(operations.multiply_limit(case)), [case.work // 2, 0])
    if case.queries == 1:
        # Keys and values one after the other are about as long as both in one piece.
        both = native.aligned((2, *inputs[1].shape), inputs[1].dtype)
        for way in ("read", "read_pages"):
            yield way, timer(function(f"limit_{way}"), [both, both.nbytes])


def memory(case, peers):
    """Bytes of inputs and results, and of a peer's matrix of scores and weights."""
    size = native.DTYPES[case.dtype].itemsize * case.depth * 2 * case.heads * (case.queries + case.keys // case.group)
    return size * (4 + 2 * peers) + (case.heads * case.queries * case.keys * 4 * 3 if peers else 0)
