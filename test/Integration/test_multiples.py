"""The C ABI: sizes that must be multiples of others, as heads of queries are of heads of keys."""

import pathlib
import re

import numpy as np
import pytest

from weir_library import WeirError

DYNAMIC = "tensor<?x?x?x8xf32>"


def attention(name, q, k):
    return f"""
func.func @{name}(%q: {q}, %k: {k}, %v: {k}) -> {q} {{
  %o = weir.attention @softmax(%q, %k, %v) : ({q}, {k}, {k}) -> {q}
  return %o : {q}
}}
"""


@pytest.fixture(scope="module")
def library(compile_library):
    return compile_library(attention("heads", DYNAMIC, DYNAMIC) + attention("of_two", DYNAMIC, "tensor<?x2x?x8xf32>")
                           + attention("eight", "tensor<?x8x?x8xf32>", DYNAMIC), name="multiples")


def tensors(hq, hkv, keys=5):
    rng = np.random.default_rng(hq * 10 + hkv)
    q = rng.normal(size=(2, hq, 3, 8)).astype(np.float32)
    k, v = rng.normal(size=(2, 2, hkv, keys, 8)).astype(np.float32)
    return q, k, v


def oracle(q, k, v):
    group = q.shape[1] // max(k.shape[1], 1)
    k, v = (np.repeat(x.astype(np.float64), group, axis=1) for x in (k, v))
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(8)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True) @ v


@pytest.mark.parametrize("function, hq, hkv", [("heads", 6, 3), ("heads", 4, 4), ("heads", 5, 1), ("of_two", 6, 2),
                                               ("eight", 8, 4), ("eight", 8, 8)])
def test_multiples_run(library, function, hq, hkv):
    q, k, v = tensors(hq, hkv)
    o = np.full_like(q, np.nan)
    library.call(function, q, k, v, o)
    np.testing.assert_allclose(o, oracle(q, k, v), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("function, hq, hkv, says", [
    ("heads", 4, 3, "arg0 has size 4 in dimension 1; it must be a multiple of 3, the size of arg1 in dimension 1"),
    ("heads", 3, 6, "arg0 has size 3 in dimension 1; it must be a multiple of 6, the size of arg1 in dimension 1"),
    ("heads", 2, 0, "arg0 has size 2 in dimension 1; it must be a multiple of 0, the size of arg1 in dimension 1"),
    ("of_two", 3, 2, "arg0 has size 3 in dimension 1; it must be a multiple of 2"),
    ("eight", 8, 3, "arg1 has size 3 in dimension 1; 8 must be a multiple of it"),
    ("eight", 8, 0, "arg1 has size 0 in dimension 1; 8 must be a multiple of it")])
@pytest.mark.parametrize("compact", [True, False])
def test_others_are_errors(library, function, hq, hkv, says, compact):
    q, k, v = tensors(hq, hkv)
    if not compact:
        q = np.asfortranarray(q)
    o = np.full(q.shape, 7, np.float32)
    with pytest.raises(WeirError, match=re.escape(f"{says} (code 5)")):
        library.call(function, q, k, v, o)
    assert (o == 7).all()


@pytest.mark.parametrize("hkv", [0, 3])
def test_no_heads_are_a_multiple(library, hkv):
    q, k, v = tensors(0, hkv)
    library.call("heads", q, k, v, np.empty_like(q))


def test_the_header_says_so(library):
    header = pathlib.Path(library.path).with_suffix(".h").read_text()
    assert "n1 must be a multiple of n3" in header
    assert "8 must be a multiple of n" in header
