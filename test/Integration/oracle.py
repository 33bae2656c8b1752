"""What each formula means, in f64, written from the definitions and not from the compiler.

Every oracle takes one row of scores as float64 with excluded elements already dropped by `on_rows`, and
returns the values of the included elements, or a number for a statistic of the row.
"""

import math

import numpy as np

EMPTY = {"weights": 0.0, "log": -math.inf}


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def logsumexp(x):
    return x.max() + math.log(math.fsum(np.exp(x - x.max())))


def log_softmax(x):
    return x - logsumexp(x)


def softmax_scaled(x, beta):
    return softmax(beta * x)


def softmax_sink(x, a):
    m = max(x.max(), a)
    e = np.exp(x - m)
    return e / (e.sum() + math.exp(a - m))


def softpick(x):
    m = max(x.max(), 0.0)
    d = np.where(x >= 1, np.exp(x - m) - math.exp(-m), math.exp(-m) * np.expm1(np.minimum(x, 1)))
    return np.maximum(d, 0) / (np.abs(d).sum() + 1e-8)


def stablemax(x):
    s = np.where(x >= 0, x + 1, 1 / (1 - np.minimum(x, 0)))
    return s / s.sum()


def entropy(x):
    w = softmax(x)
    return -math.fsum(np.where(w > 0, w * log_softmax(x), 0))


def boltzmann(x):
    return math.fsum(softmax(x) * x)


def rms_norm(x, g, eps, n):
    """`n` is weir.length: it counts unmasked positions, those with a score of -inf included."""
    return x * g / math.sqrt(math.fsum(x * x) / n + eps)


def layer_norm(x, g, b, eps, n):
    mu = math.fsum(x) / n
    d = x - mu
    return d / math.sqrt(math.fsum(d * d) / n + eps) * g + b


def sigmoid(x):
    t = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, t) / (1 + t)


def silu(x):
    with np.errstate(invalid="ignore"):
        return np.where(x == -np.inf, 0.0, x * sigmoid(x))


def golu(x):
    with np.errstate(invalid="ignore", over="ignore"):
        return np.where(x == -np.inf, 0.0, x * np.exp(-np.exp(-x)))


def swiglu(gate, value):
    return silu(gate) * value


# Formulas that no library has.


def two_temperatures(x):
    d = x - x.max()
    e = np.exp(d) + np.exp(2 * d)
    return e / e.sum()


def l2_softmax(x):
    e = np.exp(x - x.max())
    return e / math.sqrt(math.fsum(e * e))


def log_sigmoid_softmax(x):
    z = -np.logaddexp(0, -x)
    return softmax(z)
