"""Times the compiled block on one core: prompts in arithmetic per second, single tokens in bytes per second.

    taskset -c 1 measure.py decoder.so [bf16]

Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import ctypes
import sys
import time

import numpy as np

from reference import FEATURES, HEADS, KEY_HEADS, MIDDLE, SIZE, WIDTH, make_tokens
from decoder import Block, get_element
from weir_library import dltensor

WEIGHTS = FEATURES * WIDTH + HEADS * SIZE * FEATURES + 3 * FEATURES * MIDDLE


def measure(run, function, tokens, keys, values, last):
    """The median time of a call, without what Python does around it."""
    out = np.empty_like(tokens)
    tensors = [dltensor(a) for a in (tokens, *run.weights, *run.angles, keys, values)]
    last = ctypes.c_int64(last) if isinstance(last, int) else dltensor(last)
    tensors += [last, dltensor(out), *tensors[-2:]]
    passed = [ctypes.byref(t) if hasattr(t, "keep") else t for t in tensors]
    times = []
    while len(times) < 9 or sum(times) < 0.3:
        begin = time.perf_counter()
        if run.library.call_raw(function, *passed):
            raise RuntimeError(run.library.last_error().decode())
        times.append(time.perf_counter() - begin)
    return np.median(times[2:])


def main():
    path, element = sys.argv[1], get_element(sys.argv[2:])
    for n in (16, 64, 512, 1024, 2048):
        run = Block(path, element, room=n)
        took = measure(run, "prefill", make_tokens(n), run.keys[0], run.values[0], 0)
        operations = 2 * WEIGHTS * n + 2 * HEADS * SIZE * n * (n + 1)
        print(f"| prompt of {n} | {took * 1e3:.2f} ms | {operations / took * 1e-9:.0f} Gflop/s |")
    for batches, n in ((1, 512), (1, 4096), (1, 32768), (4, 4096), (8, 512), (8, 4096)):
        run = Block(path, element, n, batches)
        run.lengths[:] = n
        took = measure(run, "decode", make_tokens(batches), run.keys, run.values, run.lengths)
        size = (WEIGHTS + 2 * batches * n * KEY_HEADS * SIZE) * run.keys.itemsize
        print(f"| {batches} x 1 token, {n} keys | {took * 1e6:.0f} us | {size / took * 1e-9:.1f} GB/s of {size * 1e-6:.1f} MB |")


main()
