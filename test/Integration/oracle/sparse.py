"""Weights with exact zeros: thresholds found in f64 by sorting where there is a closed form, else by bisection."""

import math

import numpy as np

from . import special
from .wide import exp, expm1, is_wide, isfinite, isnan, like, log, log1p, maximum, total


def sparsemax_threshold(x):
    """Martins and Astudillo (2016), Algorithm 1."""
    u = np.sort(x)[::-1]
    sums = np.cumsum(u)
    k = np.nonzero(1 + np.arange(1, len(u) + 1) * u > sums)[0][-1] + 1
    return (total(u[:k]) - 1) / k


def sparsemax(row):
    if not isfinite(row.x).all():
        return np.full_like(row.x, np.nan)
    d = row.x - row.x.max()
    return maximum(d - sparsemax_threshold(d), 0)


def entmax_shift(x, alpha):
    """mu - max x with tau = (alpha - 1) mu - 1, by bisection of the decreasing sum of weights."""
    y, c = x - x.max(), alpha - 1
    y = y[c * y > -1]  # Others have no weight at any shift above 0.
    lo, hi = like(x, 0.0), -expm1(-c * log(like(x, len(x)))) / c
    for _ in range(110 if is_wide(x) else 70):
        mid = (lo + hi) / 2
        if entmax_weights(y - mid, c).sum() > 1:
            lo = mid
        else:
            hi = mid
    return (lo + hi) / 2


def entmax_weights(d, c):
    with np.errstate(divide="ignore"):
        return exp(log1p(maximum(c * d, -1)) / c)


def entmax_tau(row, alpha):
    x = row.x
    if not 1 <= alpha <= 4:
        return np.full_like(x, np.nan), np.nan
    if abs(alpha - 1) <= 1e-6:
        return special.softmax(x), -1.0
    if not isfinite(x).all():  # tau lies beyond a maximum of +inf.
        return np.full_like(x, np.nan), x.max()
    shift = entmax_shift(x, alpha)
    w = entmax_weights(x - x.max() - shift, alpha - 1)
    return w / total(w), (alpha - 1) * (x.max() + shift) - 1


def entmax(row, alpha):
    return entmax_tau(row, alpha)[0]


def entmax15(row):
    return entmax(row, 1.5)


def sparse_softmax(row, k):
    """Of equal scores at the cut the lower positions stay."""
    if isnan(row.x).any():
        return np.full_like(row.x, np.nan)
    w = np.zeros_like(row.x)
    if k >= 1:
        kept = np.argsort(-row.x, kind="stable")[: int(k)]
        w[kept] = special.softmax(row.x[kept])
        if isnan(w).any():
            return np.full_like(w, np.nan)
    return w
