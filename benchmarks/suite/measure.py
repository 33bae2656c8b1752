"""Interleaved timing: every round takes one sample of every variant, so that a change of the machine's pace meets all alike."""

import dataclasses
import gc
import itertools
import time
import typing

import numpy as np

# A sample is as many calls as take this long.
TARGET = 0.005
MOST_REPEATS = 20000


@dataclasses.dataclass
class Variant:
    name: str
    # The seconds that so many calls take.
    seconds: typing.Callable
    # The array of results, in rows, after a call; None for what has none.
    result: typing.Callable = None
    kind: str = "weir"


def python_timer(call):
    """seconds(repeats) of a Python function. The loop's own cost is some 20 ns a call."""

    def seconds(repeats):
        steps = itertools.repeat(None, repeats)
        start = time.perf_counter()
        for _ in steps:
            call()
        return time.perf_counter() - start

    return seconds


@dataclasses.dataclass
class Timing:
    median: float
    low: float
    high: float
    rounds: int
    repeats: int
    # The largest error of a row, as a share of its largest result.
    error: float = None


def count_repeats(variant):
    variant.seconds(1)
    once = min(variant.seconds(1), variant.seconds(1))
    return int(min(MOST_REPEATS, max(1, TARGET / max(once, 1e-8))))


def measure(variants, rounds, settle):
    """A Timing for each variant. Before each sample, `settle` seconds let the threads of the one before fall asleep; an untimed call
    wakes this one's and brings its data near."""
    repeats = [count_repeats(variant) for variant in variants]
    samples = [[] for _ in variants]
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for variant, repeat, taken in zip(variants, repeats, samples):
                if settle:
                    time.sleep(settle)
                variant.seconds(1 + min(repeat // 8, 8))
                taken.append(variant.seconds(repeat) / repeat)
    finally:
        gc.enable()
    quartiles = [np.percentile(taken, [25, 50, 75]) for taken in samples]
    return [Timing(float(q[1]), float(q[0]), float(q[2]), rounds, repeat) for q, repeat in zip(quartiles, repeats)]
