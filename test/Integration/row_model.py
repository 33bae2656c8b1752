"""weir.apply in NumPy: what masks and policies make of a formula's rows, around the oracles."""

import math
from dataclasses import dataclass, replace

import numpy as np

from oracle import Row
from oracle.wide import narrow, widen


@dataclass(frozen=True)
class Policies:
    empty_row: str = "zero"
    nan: str = "propagate"
    pos_inf: str = "nan"

    def attributes(self):
        return [f"{name} = #weir.{kind}<{getattr(self, name)}>"
                for name, kind in (("empty_row", "empty_row"), ("nan", "nan"), ("pos_inf", "pos_inf"))
                if getattr(self, name) != getattr(Policies, name)]


@dataclass
class Expected:
    """One row of one result: `value` per element or a number, and where it is promised."""

    value: object
    promised: object = True
    row: object = None  # The oracle's row and operands, for the tolerance; None where the value is a policy's.
    operands: tuple = ()
    kept: object = None


def score_after_policies(x, mask, policies):
    """Scores with -inf where an element takes no part."""
    x = x.copy()
    x[~mask] = -np.inf
    if policies.nan == "ignore":
        x[np.isnan(x)] = -np.inf
    if policies.pos_inf == "share" and (x == np.inf).any():
        x = np.where(x == np.inf, 0.0, -np.inf)
    return x


def empty_row(result, n, length, mask, policies):
    if result.uniform:
        return Expected(math.nan if policies.empty_row == "nan" else result.empty)
    value = np.full(n, result.masked)
    if policies.empty_row == "uniform":
        with np.errstate(divide="ignore"):
            share = 1 / max(length, 1)
            value[mask] = math.log(share) if result.masked == -np.inf else share
    elif policies.empty_row == "nan":
        return Expected(np.full(n, np.nan), promised=mask)
    return Expected(value)


def evaluate(case, row, operands):
    """All results of the oracle, in f64: those of f64 computations are found with more digits, then rounded."""
    if row.f64:
        row, operands = replace(row, x=widen(row.x)), [widen(o) for o in operands]
    with np.errstate(over="ignore", under="ignore"):
        values = case.oracle(row, *operands)
    values = values if isinstance(values, tuple) else (values,)
    return [narrow(value) for value in values] if row.f64 else values


def expected_row(case, x, operands, mask, policies, index, f64=False):
    """What each result of `case` is on row `index`. Varying operands are arrays, uniform ones numbers."""
    n = len(x)
    if case.elementwise:
        row = Row(x, np.arange(n), n, n, index, f64)
        value, = evaluate(case, row, operands)
        return [Expected(value, row=row, operands=operands, kept=np.ones(n, bool))]
    x = score_after_policies(x, mask, policies)
    kept = x != -np.inf
    length = int(mask.sum())
    if not kept.any():
        return [empty_row(result, n, length, mask, policies) for result in case.results]
    inner = tuple(o[kept] if isinstance(o, np.ndarray) else o for o in operands)
    row = Row(x[kept], np.nonzero(kept)[0], length, n, index, f64)
    if np.isnan(row.x).any():
        # The whole row; whether elements that take no part are masked or NaN is not promised.
        return [Expected(math.nan) if result.uniform else Expected(np.full(n, np.nan), promised=kept)
                for result in case.results]
    all_expected = []
    for result, value in zip(case.results, evaluate(case, row, inner)):
        promised = True
        if not result.uniform:
            full = np.full(n, result.masked)
            full[kept] = value
            promised = kept | (not np.isnan(value).all())
            value = full
        all_expected.append(Expected(value, promised, row, inner, kept))
    return all_expected
