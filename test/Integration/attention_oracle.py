"""weir.attention in NumPy: the matrix of scores, the keys that each query sees, and a formula's oracle on each row."""

from dataclasses import dataclass, replace

import numpy as np

from accuracy import half_ulp
from row_model import expected_row

# What rounding a weight to the type of the values may change, as a share of it and in all.
WEIGHT_ROUNDING = {"f32": (0.0, 0.0), "f64": (0.0, 0.0), "bf16": (2.0**-8, 0.0), "f16": (2.0**-11, 2.0**-24)}


@dataclass(frozen=True)
class Sight:
    """Which keys a query sees, beside a mask."""

    causal: bool = False
    left: int | None = None
    right: int | None = None
    lengths: bool = False

    def attributes(self):
        window = [f"window_{side} = {getattr(self, side)} : i64" for side in ("left", "right") if getattr(self, side) is not None]
        return ["causal"] * self.causal + window

    def keys(self, queries, keys, lengths):
        """[batch, 1, queries, keys]: whether a query sees a key; `lengths` has a number for each batch."""
        n = np.clip(np.asarray(lengths, np.int64), 0, keys)[:, None, None]
        i, j = np.arange(queries)[None, :, None] + n - queries, np.arange(keys)[None, None, :]
        seen = (j < n) & np.ones_like(i, bool)
        if self.causal:
            seen &= j <= i
        if self.left is not None:
            seen &= j >= i - self.left
        if self.right is not None:
            seen &= j <= i + self.right
        return seen[:, None]


@dataclass
class Problem:
    """Arrays in f64 of what the compiled function reads: q [B, H, Lq, D], k and v [B, G, Lk, ...], operands [B, H, Lq, Lk] or [B, H, Lq]."""

    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    seen: np.ndarray
    scale: float
    cap: float | None = None
    bias: object = 0.0
    operands: tuple = ()
    # How far a score may be off, as a share of what it is a sum of. Most tests have exact scores.
    error: float = 0.0
    dtype: str = "f32"

    @property
    def group(self):
        return max(1, self.q.shape[1] // max(1, self.k.shape[1]))

    def scores(self):
        with np.errstate(invalid="ignore", over="ignore"):
            x = self.scale * (self.q @ np.repeat(self.k, self.group, 1).swapaxes(2, 3))
            return (x if self.cap is None else self.cap * np.tanh(x / self.cap)) + self.bias


@dataclass
class Output:
    """A result, how far from it one may be, and where it is promised."""

    value: np.ndarray
    allowed: np.ndarray
    promised: np.ndarray

    @staticmethod
    def of(shape):
        return Output(np.zeros(shape), np.zeros(shape), np.ones(shape, bool))


def tolerance(case, index, expected):
    """How far result `index` of a row may be off; of weights, those that are not excluded."""
    of_result = case.tolerance[index] if isinstance(case.tolerance, tuple) else case.tolerance
    value = expected.value if case.results[index].uniform else expected.value[expected.kept]
    with np.errstate(all="ignore"):
        return of_result(expected.row, expected.operands, value, case.oracle)


def weights(case, index, expected, x, seen):
    """The weights of a row and their errors. Excluded keys have the weight 0 whatever the formula says."""
    w = np.array(expected.value, np.float64)
    error = 1e-7 * np.maximum(1, np.abs(np.nan_to_num(w, posinf=0, neginf=0)))
    if expected.row is not None:
        error = np.zeros(len(w))
        error[expected.kept] = tolerance(case, index, expected)
    excluded = ~seen | (x == -np.inf) if case.elementwise else ~seen | (w == -np.inf)
    w[excluded], error[excluded] = 0, 0
    return w, error


def contract(w, size, error, v, problem):
    """A row's weights times the values, and what the rounding of weights, sums and results may change. `size` is what weights are summed
    from: where several sums of values are carried, terms of weights are rounded."""
    relative, absolute = WEIGHT_ROUNDING[problem.dtype]
    sums = (2.0**-22 + 2.0**-24 * np.sqrt(len(w))) * (3e-7 if problem.dtype == "f64" else 1)
    with np.errstate(invalid="ignore", over="ignore"):
        error = error + size * (relative + 2 * problem.error + sums) + absolute * (size != 0)
        value, allowed = w @ v, error @ np.abs(v)
        return value, allowed + half_ulp(np.nan_to_num(value), problem.dtype)


def rows_of(case, x, operands, seen, policies, index, f64):
    """`expected_row`, but that a formula without a reduction has only the seen keys for a row too."""
    if not case.elementwise:
        return expected_row(case, x, operands, seen, policies, index, f64)
    inner = tuple(o[seen] if isinstance(o, np.ndarray) else o for o in operands)
    (found,) = expected_row(case, x[seen], inner, np.ones(int(seen.sum()), bool), policies, index, f64)
    value = np.zeros(len(x))
    value[seen] = found.value
    return [replace(found, value=value, kept=seen)]


def attend(case, problem, policies, counts_rows=False, terms=None):
    """For each result of the formula its Output; in place of the weights the attention. `counts_rows` is for formulas with random
    numbers, in which a row has its number among all rows and not the query's; it may be a function that tells it. `terms` gives, of a row and the formula's operands, how large
    the terms are that weights are differences of."""
    x, f64 = problem.scores(), problem.dtype == "f64"
    rows = x.shape[:3]
    outputs = [Output.of(rows if result.uniform else (*rows, problem.v.shape[3])) for result in case.results]
    for number, at in enumerate(np.ndindex(*rows)):
        b, h, i = at
        if callable(counts_rows):
            number = counts_rows(h, i)
        seen = problem.seen[at]
        operands = tuple(np.array(o[at]) if o.ndim == 4 else o[at] for o in problem.operands)
        all_expected = rows_of(case, x[at], operands, seen, policies, number if counts_rows else i, f64)
        for r, (output, expected) in enumerate(zip(outputs, all_expected)):
            if case.results[r].uniform:
                size = max(1.0, abs(np.nan_to_num(expected.value, posinf=0, neginf=0)))
                output.value[at] = expected.value
                output.allowed[at] = tolerance(case, r, expected) if expected.row is not None else 1e-7 * size
                output.allowed[at] += 2 * problem.error * size
            else:
                w, error = weights(case, r, expected, x[at], seen)
                size = np.abs(w)
                if terms and expected.row is not None:
                    size[expected.kept] = np.maximum(size[expected.kept], terms(expected.row, *expected.operands))
                output.value[at], output.allowed[at] = contract(w, size, error, problem.v[b, h // problem.group], problem)
                # Nothing says whether weights of NaN that no key has sum to NaN.
                output.promised[at] = seen.any() or policies.empty_row != "nan"
    return outputs


def exact_factors(rng, shape, sigma, dtype):
    """Numbers of about N(0, sigma) with so few digits that sums of their products are exact in f32."""
    step = 2.0 ** np.floor(np.log2(sigma / 8))
    return (np.clip(np.round(rng.normal(0, sigma, shape) / step), -100, 100) * step).astype(dtype)
