"""Keys that are met in parts, whose states are merged: against the oracle, and the same bits whoever takes the parts."""

import numpy as np
import pytest

from attention_oracle import Sight
from row_model import Policies
from test_attention import BY_NAME, PLAINEST, compare, draw, function_text

# Formulas of several ranks and laws, and sights under which parts hold nothing, a little or all of a row.
FORMULAS = ("softmax_lse", "softpick", "softmax_sink", "layer_norm", "self_adjust_softmax_normalized")
SIGHTS = {"all": Sight(), "causal": Sight(causal=True), "window": Sight(causal=True, left=4200), "lengths": Sight(lengths=True)}
# Batches, queries, keys: an end in the middle of a part, at one, just behind one; the last with so many queries that parts are larger.
SIZES = [(1, 1, 9001), (2, 3, 8192), (1, 2, 4097), (3, 1, 2049), (1, 17, 4097)]


def variants():
    made = [{"name": name, "heads": (4, 2, 3, 80)} for name in FORMULAS]
    made += [{"name": "softmax_lse", "dtype": dtype, "sight": sight} for dtype, sight in zip(("bf16", "f16", "f64", "f32"), SIGHTS.values())]
    made += [{"name": "softmax", "mask": "keys", "policies": Policies(empty_row="nan"), "sight": Sight(lengths=True)},
             {"name": "softmax_lse", "sight": Sight(causal=True)}]
    return [{**PLAINEST, "dtype": "f32", **v, "function": f"parts_{i}", "more": ["thread_grain = 1 : i64"]} for i, v in enumerate(made)]


def tiled(variant):
    """The same in tiles of other sizes."""
    return {**variant, "function": f"{variant['function']}_tiled", "more": ["query_tile = 32 : i64", "thread_grain = 1 : i64"]}


@pytest.fixture(scope="module")
def library(compile_library):
    last = variants()[-1]
    text = "".join(function_text(BY_NAME[v["name"]], v) for v in [*variants(), tiled(last)])
    return compile_library(text, "--threads=omp", name="parted")


def call(library, threads, function, arguments, results):
    """The bits of all results."""
    library.handle.parted_set_threads(threads)
    for y in results:
        y.reshape(-1).view(np.uint8)[...] = 0xA5
    library.call(function, *arguments, *results)
    return [y.tobytes() for y in results]


@pytest.mark.parametrize("variant", variants(), ids=lambda v: f"{v['name']}-{v['dtype']}-{v['function']}")
def test_parts(library, variant):
    case = BY_NAME[variant["name"]]
    for i, size in enumerate(SIZES):
        arguments, results, problem = draw(np.random.default_rng(i), case, variant, size)
        wanted = call(library, 1, variant["function"], arguments, results)
        compare(case, variant, results, problem, size)
        for threads in (2, 3, 7):
            assert call(library, threads, variant["function"], arguments, results) == wanted, (size, threads)


def test_tiles_do_not_matter(library):
    variant = variants()[-1]
    arguments, results, _ = draw(np.random.default_rng(6), BY_NAME["softmax_lse"], variant, (1, 40, 5000))
    wanted = call(library, 1, variant["function"], arguments, results)
    for threads in (1, 2):
        assert call(library, threads, tiled(variant)["function"], arguments, results) == wanted


def test_a_batch_alone(library):
    """The parts of a row follow from its keys, not from how many rows there are."""
    variant = variants()[-1]
    arguments, results, _ = draw(np.random.default_rng(5), BY_NAME["softmax_lse"], variant, (6, 9, 5000))
    call(library, 2, variant["function"], arguments, results)
    alone = [np.ascontiguousarray(x[4:5]) for x in arguments]
    one = [np.zeros_like(y[4:5]) for y in results]
    assert call(library, 2, variant["function"], alone, one) == [np.ascontiguousarray(y[4:5]).tobytes() for y in results]
