"""Writes the demo's input: a linear head fitted to noisy 8 x 8 bitmaps of the ten digits, and a batch of them.

Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import pathlib
import sys

import numpy as np

# One byte per row of the bitmap, most significant bit on the left.
GLYPHS = [
    "3c666e7666663c00", "1838181818187e00", "3c66060c18307e00", "3c66061c06663c00", "0c1c3c6c7e0c0c00",
    "7e607c0606663c00", "3c607c6666663c00", "7e060c1830303000", "3c66663c66663c00", "3c66663e06663c00",
]


def main():
    out = pathlib.Path(sys.argv[1])
    rng = np.random.default_rng(20)
    digits = np.stack([np.unpackbits(np.frombuffer(bytes.fromhex(g), np.uint8)) for g in GLYPHS]).astype(np.float64)
    labels = np.repeat(np.arange(10), 200)
    samples = digits[labels] + rng.normal(0, 0.3, (len(labels), 64))
    # Ridge regression on one-hot targets.
    features = np.hstack([samples, np.ones((len(samples), 1))])
    solution = np.linalg.solve(features.T @ features + np.eye(65), features.T @ (np.eye(10)[labels] * 4))
    gain = np.full(10, 3.0)
    np.concatenate([solution[:64].ravel(), solution[64], gain]).astype(np.float32).tofile(out / "weights.f32")
    (digits + rng.normal(0, 0.3, digits.shape)).astype(np.float32).tofile(out / "batch.f32")


main()
