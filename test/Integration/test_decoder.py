"""The example block of a decoder, in f32 and with weights of bf16, against its own NumPy in f64."""

import ctypes
import pathlib
import sys

import ml_dtypes
import numpy as np
import pytest

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "examples" / "decoder"
sys.path.append(str(EXAMPLE))
from reference import block, make_tokens, nothing  # noqa: E402
from decoder import Block, difference  # noqa: E402

TYPES = {"f32": np.float32, "bf16": ml_dtypes.bfloat16}
# What differs is the rounding of features, keys, values and weights to 8 bits, and of sums to 24.
BOUND = {"f32": 3e-5, "bf16": 2e-2}


@pytest.fixture(scope="module", params=TYPES)
def make(request, compile_library):
    text = (EXAMPLE / "decoder.mlir").read_text().replace("!weight = f32\n", f"!weight = {request.param}\n")
    library = compile_library(text, name="decoder")

    def make_block(room, batches=1):
        return Block(library.path, TYPES[request.param], room, batches)

    make_block.bound = BOUND[request.param]
    return make_block


def run_reference(run, *pieces):
    return block(np.concatenate(pieces), run.weights, nothing(), nothing())


def test_prompts_whole_and_in_pieces(make):
    tokens = make_tokens(150)
    whole, pieces = make(150), make(200)
    expected, keys, values = run_reference(whole, tokens)
    a = whole.prefill(tokens)
    b = np.concatenate([pieces.prefill(t) for t in np.split(tokens, [1, 2, 40, 140])])
    for out in (a, b):
        assert difference(out, expected) < make.bound
    assert difference(whole.keys[0], keys) < make.bound and difference(whole.values[0], values) < make.bound
    assert not pieces.keys[0, 150:].any() and not pieces.values[0, 150:].any()


def test_decoding_is_a_prompt_of_one_more(make):
    tokens = make_tokens(70)
    decoded, prompted = make(70), make(70)
    a = [decoded.prefill(tokens[:64])] + [decoded.decode(t[None]) for t in tokens[64:]]
    b = prompted.prefill(tokens)
    expected, _, _ = run_reference(decoded, tokens)
    for out in (np.concatenate(a), b):
        assert difference(out, expected) < make.bound


def test_sequences_of_a_batch_keep_to_themselves(make):
    """Sequences of different lengths, also the longest there may be, are what they are alone, to the last bit."""
    tokens, next_tokens = make_tokens(40), make_tokens(3, seed=9)
    lengths = [1, 39, 17]
    both = make(40, batches=3)
    both.keys[:], both.values[:] = np.nan, 0  # Keys behind the length are never seen.
    for batch, length in enumerate(lengths):
        both.prefill(tokens[:length], batch)
    out = both.decode(next_tokens)
    for batch, length in enumerate(lengths):
        alone = make(40)
        alone.prefill(tokens[:length])
        np.testing.assert_array_equal(alone.decode(next_tokens[batch:batch + 1])[0], out[batch])
        expected, _, _ = run_reference(alone, tokens[:length], next_tokens[batch:batch + 1])
        assert difference(out[batch], expected[-1]) < make.bound


def test_caches_that_are_copied(make):
    """Results apart from the arguments: the old caches stay, the new ones are whole."""
    tokens = make_tokens(21)
    run, other = make(30), make(30)
    run.prefill(tokens[:20])
    other.prefill(tokens[:20])
    out, keys, values = np.empty_like(tokens[20:]), np.empty_like(run.keys), np.empty_like(run.values)
    old = run.keys.copy()
    run.library.call("prefill", tokens[20:], *run.weights, *run.angles, run.keys[0], run.values[0], ctypes.c_int64(20), out,
                     keys[0], values[0])
    np.testing.assert_array_equal(run.keys, old)
    np.testing.assert_array_equal(out, other.prefill(tokens[20:]))
    np.testing.assert_array_equal(keys, other.keys)
    np.testing.assert_array_equal(values, other.values)
