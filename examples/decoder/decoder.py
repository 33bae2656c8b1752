"""Runs the compiled block from Python, on NumPy arrays, and compares it with NumPy's.

    decoder.py decoder.so [bf16]

Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import ctypes
import pathlib
import sys

import numpy as np

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "python"))
from reference import KEY_HEADS, SIZE, block, make_angles, make_tokens, make_weights, nothing  # noqa: E402
from weir_library import Library  # noqa: E402


class Block:
    """The library, its weights, and caches for keys and values of `batches` sequences of up to `room` tokens."""

    def __init__(self, path, element, room, batches=1):
        self.library = Library(path)
        gain_in, w_in, w_out, gain_up, w_up, w_down = make_weights()
        w_in, w_out, w_up, w_down = (a.astype(element) for a in (w_in, w_out, w_up, w_down))
        self.weights = gain_in, w_in, w_out, gain_up, w_up, w_down
        self.angles = make_angles(room)
        self.keys, self.values = np.zeros((2, batches, room, KEY_HEADS, SIZE), element)
        self.lengths = np.zeros(batches, np.int32)

    def prefill(self, tokens, batch=0):
        """Tokens that follow those of a sequence."""
        out, past = np.empty_like(tokens), int(self.lengths[batch])
        if past + len(tokens) > self.keys.shape[1]:
            raise ValueError("the caches are full")
        k, v = self.keys[batch], self.values[batch]
        # The caches are arguments and results: they are updated where they lie.
        self.library.call("prefill", tokens, *self.weights, *self.angles, k, v, ctypes.c_int64(past), out, k, v)
        self.lengths[batch] += len(tokens)
        return out

    def decode(self, tokens):
        """One token for each sequence."""
        out = np.empty_like(tokens)
        if self.lengths.max() >= self.keys.shape[1]:
            raise ValueError("the caches are full")
        self.lengths += 1
        self.library.call("decode", tokens, *self.weights, *self.angles, self.keys, self.values, self.lengths, out, self.keys,
                          self.values)
        return out


def difference(actual, expected):
    """The largest, as a part of what numbers usually are."""
    return np.abs(actual - expected).max() / expected.std()


def get_element(arguments):
    """The type of weights, keys and values."""
    if arguments != ["bf16"]:
        return np.float32
    import ml_dtypes
    return ml_dtypes.bfloat16


def main():
    path, element = sys.argv[1], get_element(sys.argv[2:])
    tokens = make_tokens(300)
    run = Block(path, element, room=400, batches=2)
    weights = run.weights
    # Two sequences that begin alike; one prompt comes in two pieces, the other one is shorter.
    a = np.concatenate([run.prefill(tokens[:130]), run.prefill(tokens[130:257])])
    b = run.prefill(tokens[:100], batch=1)
    expected, _, _ = block(tokens[:258], weights, nothing(), nothing())
    other, _, _ = block(np.concatenate([tokens[:100], tokens[257:258]]), weights, nothing(), nothing())
    c = run.decode(np.repeat(tokens[257:258], 2, 0))
    for name, x, y in [("prefill", a, expected[:257]), ("prefill, shorter", b, other[:100]),
                       ("decode", c, np.stack([expected[257], other[100]]))]:
        print(f"{name}: {difference(x, y):.1e} off")


if __name__ == "__main__":
    main()
