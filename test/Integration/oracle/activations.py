"""Functions of one element, with their limits at the infinities."""

import math

import numpy as np

from . import special, wide
from .special import times
from .wide import exp, maximum


def relu(row):
    return maximum(row.x, 0)


def sigmoid(row):
    return special.sigmoid(row.x)


def tanh(row):
    return wide.tanh(row.x)


def silu(row):
    return times(row.x, special.sigmoid(row.x), 0.0)


def swish(row, beta):
    z = 0.0 * np.ones_like(row.x) if beta == 0 else beta * row.x
    with np.errstate(invalid="ignore"):
        return np.where(z == -np.inf, 0.0, row.x * special.sigmoid(z))


def quick_gelu(row):
    return times(row.x, special.sigmoid(1.702 * row.x), 0.0)


def gelu(row):
    return times(row.x, special.normal_cdf(row.x), 0.0)


def gelu_tanh(row):
    x = row.x
    with np.errstate(over="ignore"):
        q = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    return times(x, special.sigmoid(2 * q), 0.0)


def golu(row):
    with np.errstate(over="ignore"):
        return times(row.x, exp(-exp(-row.x)), 0.0)


def atlu(row):
    return times(row.x, special.atan_gate(row.x), -1 / math.pi)


def softplus(row):
    return special.softplus(row.x)


def logsigmoid(row):
    return -special.softplus(-row.x)


def gumbel_sigmoid(row):
    with np.errstate(over="ignore"):
        return exp(-exp(-row.x))


def expanded(x, s, alpha, at_minus_inf):
    """x (s (1 + 2 alpha) - alpha), where alpha = 0 leaves x s."""
    if alpha == 0:
        return times(x, s, at_minus_inf)
    return x * (s * (1 + 2 * alpha) - alpha)


def xatlu(row, alpha):
    return expanded(row.x, special.atan_gate(row.x), alpha, -1 / math.pi)


def xgelu(row, alpha):
    return expanded(row.x, special.normal_cdf(row.x), alpha, 0.0)


def xsilu(row, alpha):
    return expanded(row.x, special.sigmoid(row.x), alpha, 0.0)
