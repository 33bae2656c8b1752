"""The k largest of a row, from the text of weir.topk, by sorting."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass
class TopK:
    indices: list  # k of them; -1 is padding.
    count: int
    selected: list  # The indices of the first `count`.
    doubtful: bool = False  # A sum lies so close to the share that rounding decides.


def topk(x, k, mask=None, mode="count", thr=None, include_crossing=True, accumulator=np.float32):
    """`x` holds the scores of one row, exactly as stored. `accumulator` is the type that differences are rounded to."""
    exact = [float(v) for v in x]
    on = [True] * len(exact) if mask is None else [bool(m) for m in mask]
    valid = [i for i, v in enumerate(exact) if on[i] and not math.isnan(v) and v != -math.inf]
    order = sorted(valid, key=lambda i: (-exact[i], i))[:k]
    values = [exact[i] for i in order]
    count, doubtful = len(order), False
    if mode == "threshold":
        count = sum(v > thr for v in values)
    elif mode == "gap":
        count = gap_prefix(values, accumulator(thr), accumulator)
    elif mode == "mass":
        count, doubtful = mass_prefix(values, [exact[i] for i in valid], thr, include_crossing)
    indices = order[:count]
    if mode == "count":
        indices += [i for i, v in enumerate(exact) if on[i] and v == -math.inf]
        indices += [i for i, v in enumerate(exact) if on[i] and math.isnan(v)]
    indices = (indices + [-1] * k)[:k]
    return TopK(indices, count, order[:count], doubtful)


def gap_prefix(values, thr, accumulator):
    count = min(1, len(values))
    while count and count < len(values):
        a, b = values[count - 1], values[count]
        gap = accumulator(0) if a == b else accumulator(a) - accumulator(b)
        if not gap <= thr:
            break
        count += 1
    return count


def mass_prefix(values, row, thr, include_crossing):
    """The prefix by exact sums. Where the row holds +inf only the entries of +inf count."""
    def terms(numbers):
        return [float(v == math.inf) for v in numbers] if math.inf in row else numbers

    prefix, total = terms(values), math.fsum(terms(row))
    wanted = (thr if include_crossing else thr + 1e-5) * total
    sums = [math.fsum(prefix[:j]) for j in range(len(prefix) + 1)]
    doubtful = any(0 < abs(s - wanted) <= 1e-12 * total for s in sums)
    if include_crossing:
        count = next((j for j in range(1, len(sums)) if not sums[j] < wanted), len(prefix))
        return min(count, len(prefix)), doubtful
    return next((j for j in range(len(prefix)) if not sums[j + 1] <= wanted), len(prefix)), doubtful
