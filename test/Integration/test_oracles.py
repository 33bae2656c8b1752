"""The oracles against each other and against what is known in closed form, where one is too clever to be read."""

import math

import numpy as np
import pytest

import oracle
from oracle import Row
from oracle.weights import philox

ROWS = [np.array([0.3]), np.array([1.0, 1.0, 1.0]), np.random.default_rng(1).normal(0, 2, 50), np.array([40.0, 0.0, -3.0])]


def test_philox_has_its_published_answers():
    assert [int(w) for w in philox(0, [0, 0, 0, 0])] == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    ones = 0xFFFFFFFF
    assert [int(w) for w in philox(2**64 - 1, [ones] * 4)] == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]


@pytest.mark.parametrize("x", ROWS, ids=len)
def test_entmax_at_two_is_sparsemax(x):
    np.testing.assert_allclose(oracle.entmax(Row.of(x), 2.0), oracle.sparsemax(Row.of(x)), atol=1e-12)


@pytest.mark.parametrize("x", ROWS, ids=len)
def test_entmax_near_one_is_softmax(x):
    np.testing.assert_allclose(oracle.entmax(Row.of(x), 1 + 2e-6), oracle.softmax(Row.of(x)), atol=1e-5)


@pytest.mark.parametrize("alpha", [1.1, 1.5, 2.0, 3.5])
@pytest.mark.parametrize("x", ROWS, ids=len)
def test_entmax_has_its_definition(x, alpha):
    w, tau = oracle.entmax_tau(Row.of(x), alpha)
    assert abs(w.sum() - 1) < 1e-12
    np.testing.assert_allclose(w, np.maximum((alpha - 1) * x - tau, 0) ** (1 / (alpha - 1)), atol=1e-9)


@pytest.mark.parametrize("x", ROWS, ids=len)
def test_fenchel_young_losses(x):
    """Not negative; cross entropy at alpha = 1; 0 where the target has all the weight."""
    row = Row.of(x)
    for loss in (oracle.sparsemax_loss, oracle.entmax15_loss, lambda r, t: oracle.entmax_loss(r, t, 1.3)):
        assert min(loss(row, t) for t in range(len(x))) > -1e-12
    assert oracle.entmax_loss(row, 0, 1.0) == oracle.cross_entropy(row, 0)
    assert abs(oracle.entmax_loss(row, 0, 1 + 1e-5) - oracle.cross_entropy(row, 0)) < 1e-3
    assert abs(oracle.entmax_loss(row, 0, 2.0) - oracle.sparsemax_loss(row, 0)) < 1e-12
    assert abs(oracle.sparsemax_loss(Row.of([5.0, 0.0]), 0)) < 1e-15


def test_targets():
    row = Row(np.array([1.0, 2.0]), np.array([0, 3]), 3, 5)
    assert oracle.cross_entropy(row, 1) == math.inf and math.isnan(oracle.cross_entropy(row, 5))
    assert abs(oracle.cross_entropy(row, 3) - math.log1p(math.exp(-1))) < 1e-15


def test_ties_at_the_cut():
    np.testing.assert_allclose(oracle.sparse_softmax(Row.of([1.0, 2.0, 1.0, 1.0]), 2), [1 / (1 + math.e), math.e / (1 + math.e), 0, 0])
    assert not oracle.sparse_softmax(Row.of([1.0, 2.0]), 0).any()
