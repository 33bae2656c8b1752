"""Formulas that no library has; their IR is in odd.mlir beside the tests."""

import math

import numpy as np

from . import special
from .wide import exp, like, log1p, sqrt, total
from .weights import over_sum


def two_temperatures(row):
    d = row.x - row.x.max()
    return over_sum(exp(d) + exp(2 * d))


def l2_softmax(row):
    with np.errstate(invalid="ignore"):
        e = exp(row.x - row.x.max())
        return e / sqrt(total(e * e))


def log_sigmoid_softmax(row):
    return special.softmax(-special.softplus(-row.x))


def ramp_bias(row, slope):
    """softmax with a bias that grows with the position."""
    return special.softmax(row.x + slope * row.at)


def bucket_softmax(row, bucket, width):
    """softmax with a bias made of integers: one per element and one per row."""
    return special.softmax(row.x + (bucket) * width)


def row_scaled(row):
    """softmax, the sharper the further down the row lies."""
    return special.softmax(row.x * row.index)


def selective_softmax(row, query, value, alpha):
    """softmax of scores times the query's factor, times the values' factors; both grow with the index."""
    tau = query + alpha * log1p(like(row.x, row.index))
    return special.softmax(row.x * tau) * (value + alpha * log1p(like(row.x, row.at)))


def weighed_softmax(row, value):
    """softmax times a factor of each value."""
    return special.softmax(row.x) * value


def tenth_softmax(row):
    """softmax with a factor that f32 does not hold."""
    return special.softmax(row.x * like(row.x, 1) / 10)


def least_below_zero(row):
    """The largest score below 0, -inf when there is none: a maximum that does not say whether the row is empty."""
    below = row.x[row.x < 0]
    return below.max() if len(below) else -math.inf
