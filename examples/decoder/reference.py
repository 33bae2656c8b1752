"""The block of decoder.mlir in NumPy, in double precision, and weights and tokens to run it on.

    reference.py DIR      writes them for main.c, with what NumPy says the results are

Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import pathlib
import sys

import numpy as np

FEATURES, HEADS, KEY_HEADS, SIZE, MIDDLE = 512, 8, 2, 64, 1408
WIDTH = (2 * HEADS + 2 * KEY_HEADS) * SIZE  # Queries, keys, values, gates.
# The arguments behind the tokens, in their order.
WEIGHTS = {
    "gain_in": (FEATURES,), "w_in": (FEATURES, WIDTH), "w_out": (HEADS * SIZE, FEATURES), "gain_up": (FEATURES,),
    "w_up": (FEATURES, 2 * MIDDLE), "w_down": (MIDDLE, FEATURES),
}


def make_weights(seed=7):
    """A list of arrays of f32. Outputs of products of normalised features are about as large as these."""
    rng = np.random.default_rng(seed)
    return [(1 + rng.normal(0, 0.1, shape) if len(shape) == 1 else rng.normal(0, shape[0]**-0.5, shape)).astype(np.float32)
            for shape in WEIGHTS.values()]


def make_tokens(count, seed=8):
    return np.random.default_rng(seed).normal(0, 1, (count, FEATURES)).astype(np.float32)


def make_angles(count):
    """Cosines and sines for positions from 0 on, one for each pair of features of a head."""
    angles = np.outer(np.arange(count), 10000.0**(-np.arange(SIZE // 2) / (SIZE // 2)))
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def rms_norm(x, gain):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * gain


def turn(x, cos, sin):
    re, im = x[..., :SIZE // 2], x[..., SIZE // 2:]
    cos, sin = cos[:, None], sin[:, None]
    return np.concatenate([re * cos - im * sin, re * sin + im * cos], -1)


def attend(q, k, v):
    """Queries [n, HEADS, SIZE] on all keys [m, KEY_HEADS, SIZE], of which the last one belongs to the last query."""
    n, m = len(q), len(k)
    k, v = (np.repeat(a, HEADS // KEY_HEADS, 1) for a in (k, v))
    scores = np.einsum("ihd,jhd->hij", q, k) / np.sqrt(SIZE)
    scores = np.where(np.arange(m) <= np.arange(n)[:, None] + m - n, scores, -np.inf)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return np.einsum("hij,jhd->ihd", weights, v)


def block(x, weights, keys, values):
    """Tokens behind those of `keys` and `values`. Returns what goes to the next block, and all keys and values."""
    x, gain_in, w_in, w_out, gain_up, w_up, w_down = (np.asarray(a, np.float64) for a in (x, *weights))
    n, past = len(x), len(keys)
    cos, sin = (np.asarray(a[past:], np.float64) for a in make_angles(past + n))
    p = (rms_norm(x, gain_in) @ w_in).reshape(n, -1, SIZE)
    q, k, v, gate = np.split(p, [HEADS, HEADS + KEY_HEADS, HEADS + 2 * KEY_HEADS], 1)
    keys = np.concatenate([np.asarray(keys, np.float64), turn(k, cos, sin)])
    values = np.concatenate([np.asarray(values, np.float64), v])
    found = attend(turn(q, cos, sin), keys, values) * sigmoid(gate)
    y = x + found.reshape(n, -1) @ w_out
    a, b = np.split(rms_norm(y, gain_up) @ w_up, 2, -1)
    return y + (a * sigmoid(a) * b) @ w_down, keys, values


def nothing():
    """The keys, or the values, of no token."""
    return np.zeros((0, KEY_HEADS, SIZE))


def main():
    """A prompt of 100 tokens, and one more: the weights, the tokens, the angles and the outputs of f32 in one file."""
    weights, tokens = make_weights(), make_tokens(101)
    expected, _, _ = block(tokens, weights, nothing(), nothing())
    out = pathlib.Path(sys.argv[1]) / "block.f32"
    np.concatenate([a.astype(np.float32).ravel() for a in (*weights, tokens, *make_angles(128), expected)]).tofile(out)


if __name__ == "__main__":
    main()
