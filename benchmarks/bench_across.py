"""Softmax along the first dimension beside softmax along the last: `bench_across.py across.so`, made by weirc from
models/across.mlir. One core; the variants are interleaved; the best of 9 calls each, since neighbours on the machine only
ever add time."""

import pathlib
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "examples" / "python"))
from weir_library import Library  # noqa: E402


def main(path):
    library = Library(path)
    print(f"{'shape':>12} {'variant':>12} {'ms':>9} {'Ge/s':>7}")
    for shape in [(1000, 1000), (1024, 1024), (4096, 4096)]:
        x = np.random.default_rng(0).normal(0, 3, shape).astype(np.float32)
        y = np.zeros_like(x)
        best = dict.fromkeys(["last", "across", "transposed"], np.inf)
        for _ in range(9):
            for variant in best:
                start = time.perf_counter()
                library.call(variant, x, y)
                best[variant] = min(best[variant], time.perf_counter() - start)
        for variant, seconds in best.items():
            print(f"{'x'.join(map(str, shape)):>12} {variant:>12} {seconds * 1e3:9.2f} {x.size / seconds / 1e9:7.2f}")


main(sys.argv[1])
