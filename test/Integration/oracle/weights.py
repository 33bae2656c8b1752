"""Weights of a row that are softmax, made of it, or made with another function in place of the exponential."""

import math

import numpy as np

from . import special
from .wide import clip, exp, expm1, isfinite, isnan, like, log, maximum, minimum, quotient, rint, total


def softmax(row):
    return special.softmax(row.x)


def softmax_scaled(row, beta):
    return special.softmax(beta * row.x)


def log_softmax(row):
    return row.x - special.logsumexp(row.x)


def logsumexp(row):
    return special.logsumexp(row.x)


def softmax_lse(row):
    return special.softmax(row.x), special.logsumexp(row.x)


def softmax_sink(row, a):
    return special.softmax(np.append(row.x, a))[:-1]


def softmax_plus_one(row):
    return softmax_sink(row, 0.0)


def adaptive_beta(x):
    w = special.softmax(x)
    h = -total(np.where(w > 0, w * (x - special.logsumexp(x)), 0))
    p = (((-0.037 * h + 0.481) * h - 2.3) * h + 4.917) * h - 1.791
    return max(p, 1.0) if h > 0.5 else 1.0


def softmax_adaptive(row):
    return special.softmax(adaptive_beta(row.x) * row.x)


def ssmax(row, s, b):
    return special.softmax((s * log(like(row.x, row.length)) + b) * row.x)


def self_adjust_softmax(row):
    return row.x * special.softmax(row.x)


def self_adjust_softmax_normalized(row):
    a, b = min(row.x.min(), 0.0), max(row.x.max(), 0.0)
    return np.zeros_like(row.x) if a == b else (row.x - a) / (b - a) * special.softmax(row.x)


def boltzmann(row):
    return total(special.softmax(row.x) * row.x)


def gumbel_softmax(row, g, tau):
    return special.softmax((row.x + g) / tau)


def philox(key, counter):
    """Philox4x32-10 of Salmon et al. (2011): four words from a 64-bit key and four words of counter, on arrays."""
    low = np.uint64(0xFFFFFFFF)
    k = [np.uint64(key & 0xFFFFFFFF), np.uint64(key >> 32 & 0xFFFFFFFF)]
    c = [np.asarray(word, np.uint64) for word in counter]
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [p1 >> np.uint64(32) ^ c[1] ^ k[0], p1 & low, p0 >> np.uint64(32) ^ c[3] ^ k[1], p0 & low]
        k = [k[0] + np.uint64(0x9E3779B9) & low, k[1] + np.uint64(0xBB67AE85) & low]
    return c


def random(seed, stream, row, columns):
    """weir.random at some columns of a row."""
    columns = np.asarray(columns, np.uint64)
    words = philox(seed, [columns // 4, row & 0xFFFFFFFF, row >> 32, stream])
    word = np.choose((columns % 4).astype(np.int64), np.broadcast_arrays(*words))
    return ((word >> np.uint64(8)).astype(np.float64) + 0.5) * 2.0**-24


def gumbel_softmax_seeded(row, seed, tau):
    """In f32 a number that rounds to 1 counts as the one below 1."""
    u = np.minimum(random(int(seed), 0, row.index, row.at), 1 - 2.0**-24)
    return special.softmax((row.x - log(-log(like(row.x, u)))) / tau)


def clipped_softmax(row, gamma, eta):
    if gamma > 0:
        return np.full_like(row.x, np.nan)
    return clip((eta - gamma) * special.softmax(row.x) + gamma, 0, 1)


def quantized_softmax(row, scale, zero_point, beta):
    q = clip(rint(special.softmax(row.x) / scale) + zero_point, 0, 255)
    return scale * (q - zero_point) + beta


def split_softmax(row, inset, k):
    """pi, the mass of the set, may be far below what f64 holds: its logarithm is taken from the parts' own sums."""
    inside = inset != 0
    if not inside.any() or inside.all() or not isfinite(row.x).all():
        return special.softmax(row.x)
    d = row.x - row.x.max()
    log_odds = special.logsumexp(d[~inside]) - special.logsumexp(d[inside])
    log_mass = -k * special.softplus(log_odds)
    w = np.empty_like(row.x)
    w[inside] = exp(log_mass) * special.softmax(row.x[inside])
    w[~inside] = -expm1(log_mass) * special.softmax(row.x[~inside])
    return w


def soft_wta(row, t):
    w = special.softmax(t * row.x)
    return np.where(np.arange(len(w)) == np.argmax(row.x), w, -w)


def softpick(row):
    x = row.x
    m = max(x.max(), 0.0)
    if not isfinite(m):
        return np.full_like(x, np.nan)
    d = np.where(x >= 1, exp(x - m) - exp(-m), exp(-m) * expm1(minimum(x, 1)))
    return maximum(d, 0) / (total(abs(d)) + 1e-8)


def stable(x):
    return np.where(x >= 0, x + 1, 1 / (1 - minimum(x, 0)))


def over_sum(p, eps=0.0):
    return quotient(p, total(p) + eps)


def stablemax(row):
    return over_sum(stable(row.x))


def lssa(row):
    return over_sum(special.softplus(row.x), 1e-8)


def lssar(row, o):
    b = maximum(row.length * lssa(row) - o, 0)
    if isnan(b).any():
        return np.full_like(b, np.nan)
    if b.max() == 0:
        return np.zeros_like(b)
    return over_sum((b / b.max()) ** 15)


def two_quad(row, c):
    return over_sum((row.x + c) ** 2)


def relu_softmax(row):
    return over_sum(maximum(row.x, 0), 1e-5)


def two_relu(row):
    p = maximum(row.x, 0)
    with np.errstate(invalid="ignore"):
        return (p + 1e-12 / row.length) / (total(p) + 1e-12)


def scaling(row):
    return row.x / row.extent


def taylor_softmax(row):
    return over_sum(1 + row.x + row.x**2 / 2)


def spherical_softmax(row):
    return over_sum(row.x**2) if row.x.any() else np.zeros_like(row.x)


def sigmoid_weights(row, b):
    return special.sigmoid(row.x + b)


def relu_weights(row):
    return maximum(row.x, 0)
