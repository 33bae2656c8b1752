"""Losses. A target outside the row gives NaN, an excluded one +inf."""

import functools
import math

import numpy as np

from . import sparse, special
from .weights import stable
from .wide import clip, exp, expm1, isnan, log, log1p, power, sqrt, total


def against_target(loss):
    """Gives the loss the score of its target, -inf when that is excluded."""

    @functools.wraps(loss)
    def checked(row, t, *operands):
        t = int(t)
        if not 0 <= t < row.extent or isnan(row.x).any():
            return math.nan
        found = np.nonzero(row.at == t)[0]
        return loss(row, found[0] if len(found) else None, *operands)

    return checked


def score_of(row, target):
    return -math.inf if target is None else row.x[target]


def ce(row, target):
    return special.logsumexp(row.x) - score_of(row, target)


@against_target
def cross_entropy(row, target):
    return ce(row, target)


@against_target
def label_smoothing(row, target, a):
    mean = total(row.x) / len(row.x)
    return special.logsumexp(row.x) - (1 - a) * score_of(row, target) - a * mean


@against_target
def maxsup(row, target, a):
    return ce(row, target) + a * (row.x.max() - total(row.x) / len(row.x))


@against_target
def logit_penalty(row, target, beta):
    return ce(row, target) + beta / 2 * total(row.x**2)


@against_target
def z_loss(row, target, a, b):
    mu = total(row.x) / row.length
    sd = sqrt(total((row.x - mu) ** 2) / row.length)
    x = score_of(row, target)
    z = (x - mu) / sd if sd != 0 else x if x == -math.inf else 0.0
    return special.softplus(a * (b - z)) / a


def fenchel_young(row, target, w, omega):
    """omega + <w, x> - x_t, with <w, x> taken relative to the maximum."""
    m = row.x.max()
    return omega + total(w * (row.x - m)) + (m - score_of(row, target))


@against_target
def sparsemax_loss(row, target):
    w = sparse.sparsemax(row)
    return fenchel_young(row, target, w, (1 - total(w * w)) / 2)


@against_target
def entmax15_loss(row, target):
    w = sparse.entmax15(row)
    return fenchel_young(row, target, w, (1 - total(power(w, 1.5))) / 0.75)


@against_target
def entmax_loss(row, target, alpha):
    if not 1 <= alpha <= 4:
        return math.nan
    if abs(alpha - 1) <= 1e-6:
        return ce(row, target)
    w = sparse.entmax(row, alpha)
    return fenchel_young(row, target, w, (1 - total(power(w, alpha))) / (alpha * (alpha - 1)))


@against_target
def stablemax_cross_entropy(row, target):
    of_target = 0.0 if target is None else stable(row.x)[target]
    return log(total(stable(row.x))) - (log(of_target) if of_target else -math.inf)


@against_target
def noisy_softmax_loss(row, target, alpha, norm, xi):
    f = row.x.copy()
    if target is None:
        return special.logsumexp(f) + math.inf
    f[target] -= alpha * (norm - f[target]) * abs(xi)
    return special.logsumexp(f) - f[target]


def adpo(row, lref, q, tau):
    with np.errstate(invalid="ignore", divide="ignore"):
        u = (row.x - lref) / tau
        entropy = total(np.where(q == 0, 0.0, q * log(q)))
        return entropy - total(q * u) + special.logsumexp(u)


def vq_logsumexp(row, count):
    cells = count != 0
    if not cells.any():
        return -math.inf
    return special.logsumexp(row.x[cells] + log(count[cells]))


def bckd(row, t, beta):
    s = row.x
    far = abs(s) * special.sigmoid(np.where(s >= 0, -t, t))
    return power(abs(special.sigmoid(t) - special.sigmoid(s)), beta) * (far + log1p(exp(-abs(s))))


def gumbel_bce(row, y):
    h = exp(-clip(row.x, -4, 10))
    return clip(y * h - (1 - y) * log(-expm1(-h)), 0, 20)
