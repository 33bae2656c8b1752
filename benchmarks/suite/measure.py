"""Interleaved timing: every round takes one sample of every variant, so that a change of the machine's pace meets all alike."""

import dataclasses
import gc
import itertools
import random
import time
import typing

import numpy as np

# A sample is as many calls as take this long.
TARGET = 0.005
MOST_REPEATS = 20000
# A call of so many seconds is a sample by itself.
SLOW = 0.1


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
    """As many calls as make a sample, and how many go before it untimed."""
    variant.seconds(1)  # Its memory gets its pages here.
    once = min(variant.seconds(1), variant.seconds(1), variant.seconds(1))
    repeats = int(min(MOST_REPEATS, max(2 if once < SLOW else 1, TARGET / max(once, 1e-8))))
    return repeats, (repeats + 1) // 2


def measure(variants, rounds, settle):
    """A Timing for each variant. Every round has an order of its own, since what ran before leaves its traces in the caches. Before
    each sample, `settle` seconds let the threads of the one before fall asleep; untimed calls wake this one's and bring its data near."""
    repeats = [count_repeats(variant) for variant in variants]
    samples = [[] for _ in variants]
    order = list(range(len(variants)))
    shuffle = random.Random(1).shuffle
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            shuffle(order)
            for i in order:
                if settle:
                    time.sleep(settle)
                timed, untimed = repeats[i]
                variants[i].seconds(untimed)
                samples[i].append(variants[i].seconds(timed) / timed)
    finally:
        gc.enable()
    quartiles = [np.percentile(taken, [25, 50, 75]) for taken in samples]
    return [Timing(float(q[1]), float(q[0]), float(q[2]), rounds, timed) for q, (timed, _) in zip(quartiles, repeats)]
