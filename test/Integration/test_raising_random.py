"""Random chains of elementwise ops and reductions in linalg, raised, against their own arithmetic in f64 on rows with
infinities and NaN."""

import numpy as np
import pytest

from covering import ALL
from linalg_text import Function

PROGRAMS, BATCH, ROWS, LENGTH = (400 if ALL else 60), 20, 10, 21
UNARY = {"arith.negf": np.negative, "math.absf": np.abs, "math.tanh": np.tanh}
BINARY = {"arith.addf": np.add, "arith.subf": np.subtract, "arith.mulf": np.multiply, "arith.maximumf": np.maximum,
          "arith.minimumf": np.minimum}
REDUCTIONS = {"arith.addf": np.sum, "arith.maximumf": np.max, "arith.minimumf": np.min}


class Chain:
    """A random function, written and evaluated op by op. Values keep to numbers that neither overflow nor cancel much."""

    def __init__(self, name, seed):
        self.rng = np.random.default_rng(seed)
        self.f = Function(name)
        self.operands = [self.rows()] + [self.rows() if self.rng.random() < 0.5 else self.rng.normal(size=LENGTH)
                                         for _ in range(self.rng.integers(2))]
        self.varying, self.uniform = [], []
        for operand in self.operands:
            operand[...] = operand.astype(np.float32)
            self.varying.append((self.f.argument(operand.shape), operand))
        self.reduce()
        for _ in range(self.rng.integers(2, 9)):
            self.step()
        count = self.rng.integers(1, 3)
        self.results = [self.varying[-1], self.uniform[-1]][:count] if self.rng.random() < 0.7 else [self.uniform[-1]]
        self.text = self.f.finish(*[tensor for tensor, _ in self.results])

    def rows(self):
        x = self.rng.normal(size=(ROWS, LENGTH))
        x[1], x[2, ::4], x[3, 5], x[4, 7], x[5] = -np.inf, -np.inf, np.inf, np.nan, np.inf
        x[6] = 0.0
        x[7, 3:5] = [np.inf, -np.inf]
        return x[self.rng.permutation(ROWS)] if self.rng.random() < 0.5 else x

    def pick(self, values):
        return values[self.rng.integers(max(0, len(values) - 3), len(values))]

    def reduce(self):
        op = list(REDUCTIONS)[self.rng.integers(3)]
        full = [v for v in self.varying if v[1].shape == (ROWS, LENGTH)]
        tensor, value = self.pick(full)
        self.uniform.append((self.f.reduce(op, tensor, 1), REDUCTIONS[op](value, axis=1, keepdims=True)))

    def unary(self, values, op=None):
        op = op or list(UNARY)[self.rng.integers(3)]
        tensor, value = self.pick(values)
        values.append((self.f.map(op, tensor), UNARY[op](value)))

    def binary(self, left, right, into):
        op = list(BINARY)[self.rng.integers(5)]
        (a, x), (b, y) = self.pick(left), self.pick(right)
        into.append((self.f.map(op, a, b), BINARY[op](x, y)))

    def exponential(self):
        """e to something that a maximum of the row bounds."""
        tensor, value = self.pick([v for v in self.varying if v[1].shape == (ROWS, LENGTH)])
        most = self.f.reduce("arith.maximumf", tensor, 1)
        d = self.f.map("arith.subf", tensor, most)
        self.varying.append((self.f.map("math.exp", d), np.exp(value - value.max(axis=1, keepdims=True))))

    def choose(self):
        (a, x), (b, y) = self.pick(self.varying), self.pick(self.varying)
        cond = self.f.map("arith.cmpf ogt,", a, b, element="i1", text="f32")
        self.varying.append((self.f.map("arith.select", cond, a, b, element="f32"), np.where(x > y, x, y)))

    def step(self):
        kind = self.rng.integers(7)
        if kind == 0:
            self.unary(self.varying)
        elif kind == 1:
            self.unary(self.uniform)
        elif kind == 2:
            self.binary(self.varying, self.varying, self.varying)
        elif kind == 3:
            self.binary(self.varying, self.uniform, self.varying)
        elif kind == 4:
            self.exponential()
        elif kind == 5:
            self.choose()
        else:
            self.reduce()


@pytest.mark.parametrize("first", range(0, PROGRAMS, BATCH))
def test_random_chains(compile_library, first):
    with np.errstate(all="ignore"):
        chains = [Chain(f"chain_{seed}", seed) for seed in range(first, first + BATCH)]
    library = compile_library("".join(chain.text for chain in chains), name="chains")
    for chain in chains:
        results = [np.full(value.shape, 7, np.float32) for _, value in chain.results]
        library.call(chain.f.name, *[o.astype(np.float32) for o in chain.operands], *results)
        for result, (_, expected) in zip(results, chain.results):
            special = ~np.isfinite(expected)
            np.testing.assert_array_equal(result[special], expected[special], err_msg=chain.text)
            size = np.abs(expected[~special]).max(initial=1)
            np.testing.assert_allclose(result[~special], expected[~special], atol=1e-4 * size, err_msg=chain.text)
