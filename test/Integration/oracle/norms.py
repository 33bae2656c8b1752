"""Norms of a row and numbers that describe it."""

import math

import numpy as np

from . import special
from .wide import isnan, sqrt, total


def rms_norm(row, g, eps):
    with np.errstate(invalid="ignore"):
        return row.x * g / sqrt(total(row.x**2) / row.length + eps)


def layer_norm(row, g, b, eps):
    with np.errstate(invalid="ignore"):
        d = row.x - total(row.x) / row.length
        return d / sqrt(total(d * d) / row.length + eps) * g + b


def l2_normalize(row, eps):
    with np.errstate(invalid="ignore"):
        return row.x / sqrt(total(row.x**2) + eps)


def gated_rms_norm(row, pre, g, eps):
    return rms_norm(row, g, eps) * special.times(pre, special.sigmoid(pre), 0.0)


def max_prob(row):
    return special.softmax(row.x).max()


def margin(row):
    w = np.sort(special.softmax(row.x))
    return w[-1] - (w[-2] if len(w) > 1 else 0.0)


def entropy(row):
    w = special.softmax(row.x)
    if isnan(w).any():
        return math.nan
    return -total(np.where(w > 0, w * (row.x - special.logsumexp(row.x)), 0))
