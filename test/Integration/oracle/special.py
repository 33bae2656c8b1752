"""What many formulas are made of, written so that f64 keeps its digits."""

import math

import numpy as np

from .wide import angle, erfc, exp, isnan, log, log1p, maximum, total


def logsumexp(x):
    m = x.max()
    with np.errstate(invalid="ignore"):
        return m + log(total(exp(x - m))) if not isnan(m) else math.nan


def softmax(x):
    with np.errstate(invalid="ignore"):
        e = exp(x - x.max())
        return e / total(e)


def sigmoid(x):
    t = exp(-abs(x))
    return np.where(x >= 0, 1, t) / (1 + t)


def softplus(x):
    return maximum(x, 0) + log1p(exp(-abs(x)))


def normal_cdf(x):
    return erfc(x * -math.sqrt(0.5)) / 2


def atan_gate(x):
    return angle(x) / math.pi


def times(x, factor, at_minus_inf):
    """x times a factor that vanishes at x = -inf faster than x grows, with the limit there."""
    with np.errstate(invalid="ignore"):
        return np.where(x == -np.inf, at_minus_inf, x * factor)
