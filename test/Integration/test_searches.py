"""Root searches, selections and random numbers of formulas, against oracles that sort, bisect in f64 and count in integers."""

import ctypes

import numpy as np
import pytest

TARGETS = ["host", "x86-64-v3", "x86-64"]
FORMULAS = """
weir.formula @sparse_here(%x: f32) -> (f32, f32 {weir.uniform}) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %hi = weir.reduce max %x : f32
  %lo = arith.subf %hi, %one : f32
  %tau = weir.solve %lo to %hi decreasing {max_iterations = 64 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%t: f32):
    %d = arith.subf %x, %t : f32
    %r = arith.maximumf %d, %zero : f32
    %s = weir.reduce add %r : f32
    %f = arith.subf %s, %one : f32
    weir.yield %f : f32
  }
  %d = arith.subf %x, %tau : f32
  %w = arith.maximumf %d, %zero : f32
  weir.yield %w, %tau : f32, f32
}
weir.formula @cubic_here(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %hi = weir.reduce max %x : f32
  %lo = arith.subf %hi, %one : f32
  %tau = weir.solve %lo to %hi decreasing {max_iterations = 64 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%t: f32):
    %d = arith.subf %x, %t : f32
    %r = arith.maximumf %d, %zero : f32
    %rr = arith.mulf %r, %r : f32
    %rrr = arith.mulf %rr, %r : f32
    %s = weir.reduce add %rrr : f32
    %f = arith.subf %s, %one : f32
    weir.yield %f : f32
  }
  %d = arith.subf %x, %tau : f32
  %r = arith.maximumf %d, %zero : f32
  %rr = arith.mulf %r, %r : f32
  %w = arith.mulf %rr, %r : f32
  weir.yield %w : f32
}
weir.formula @squares_here(%x: f32) -> (f32, f32 {weir.uniform}) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %minus_one = arith.constant -1.0 : f32
  %m = weir.reduce max %x : f32
  %z = arith.subf %x, %m : f32
  %tau = weir.solve %minus_one to %zero decreasing {max_iterations = 64 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%t: f32):
    %d = arith.subf %z, %t : f32
    %r = arith.maximumf %d, %zero : f32
    %q = arith.mulf %r, %r : f32
    %s = weir.reduce add %q : f32
    %f = arith.subf %s, %one : f32
    weir.yield %f : f32
  }
  %d = arith.subf %z, %tau : f32
  %r = arith.maximumf %d, %zero : f32
  %q = arith.mulf %r, %r : f32
  %s = weir.reduce add %q : f32
  %w = arith.divf %q, %s : f32
  weir.yield %w, %tau : f32, f32
}
weir.formula @steep_here(%x: f32) -> (f32, f32 {weir.uniform}) {
  %zero = arith.constant 0.0 : f32
  %two = arith.constant 2.0 : f32
  %minus_one = arith.constant -1.0 : f32
  %m = weir.reduce max %x : f32
  %z = arith.subf %x, %m : f32
  %tau = weir.solve %minus_one to %zero decreasing {max_iterations = 64 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%t: f32):
    %d = arith.subf %z, %t : f32
    %r = arith.maximumf %d, %zero : f32
    %root = math.sqrt %r : f32
    %q = arith.mulf %r, %root : f32
    %q2 = arith.mulf %q, %two : f32
    %s = weir.reduce add %q2 : f32
    %f = arith.subf %s, %two : f32
    weir.yield %f : f32
  }
  %d = arith.subf %z, %tau : f32
  %r = arith.maximumf %d, %zero : f32
  %root = math.sqrt %r : f32
  %w = arith.mulf %r, %root : f32
  weir.yield %w, %tau : f32, f32
}
weir.formula @median_like(%x: f32) -> (f32 {weir.uniform}) {
  %one = arith.constant 1.0 : f32
  %minus = arith.constant -1.0 : f32
  %hi = weir.reduce max %x : f32
  %lo = weir.reduce min %x : f32
  %tau = weir.solve %lo to %hi increasing {max_iterations = 60 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%t: f32):
    %d = arith.subf %t, %x : f32
    %s = math.tanh %d : f32
    %r = math.roundeven %s : f32
    %f = arith.addf %s, %r : f32
    %sum = weir.reduce add %f : f32
    weir.yield %sum : f32
  }
  weir.yield %tau : f32
}
weir.formula @select_here(%x: f32, %k: index {weir.uniform}) -> (f32, f32 {weir.uniform}, index {weir.uniform}) {
  %zero = arith.constant 0.0 : f32
  %v, %p = weir.kth %k, %x : index, f32
  %position = weir.position : index
  %gt = arith.cmpf ogt, %x, %v : f32
  %eq = arith.cmpf oeq, %x, %v : f32
  %le = arith.cmpi sle, %position, %p : index
  %tie = arith.andi %eq, %le : i1
  %in = arith.ori %gt, %tie : i1
  %w = arith.select %in, %x, %zero : f32
  weir.yield %w, %v, %p : f32, f32, index
}
weir.formula @nested_here(%x: f32) -> (f32 {weir.uniform}, f32 {weir.uniform}) {
  %one = arith.constant 1 : index
  %hi = weir.reduce max %x : f32
  %lo = weir.reduce min %x : f32
  %a = weir.solve %lo to %hi decreasing {max_iterations = 60 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%t: f32):
    %d = arith.subf %x, %t : f32
    %v, %p = weir.kth %one, %d : index, f32
    weir.yield %v : f32
  }
  %b = weir.solve %lo to %hi decreasing {max_iterations = 60 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%t: f32):
    %u = weir.solve %lo to %hi decreasing {max_iterations = 60 : i64, tolerance = 0.0 : f64} : f32 {
    ^bb1(%q: f32):
      %d = arith.subf %x, %q : f32
      %s = weir.reduce add %d : f32
      weir.yield %s : f32
    }
    %f = arith.subf %u, %t : f32
    weir.yield %f : f32
  }
  weir.yield %a, %b : f32, f32
}
weir.formula @inner_here(%x: f32) -> (f32 {weir.uniform}) {
  %hi = weir.reduce max %x : f32
  %lo = weir.reduce min %x : f32
  %b = weir.solve %lo to %hi decreasing {max_iterations = 60 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%t: f32):
    %u = weir.solve %lo to %hi decreasing {max_iterations = 60 : i64, tolerance = 0.0 : f64} : f32 {
    ^bb1(%q: f32):
      %d = arith.subf %x, %q : f32
      %s = weir.reduce add %d : f32
      weir.yield %s : f32
    }
    %f = arith.subf %u, %t : f32
    weir.yield %f : f32
  }
  weir.yield %b : f32
}
weir.formula @noise_here(%x: f32, %seed: i64 {weir.uniform}) -> f32 {
  %u = weir.random %seed stream 5 : f32
  weir.yield %u : f32
}
"""


def function(name, formula, operands, results, form=None, ties=None):
    """One public function that applies `formula` to its arguments."""
    names = [f"%a{i}" for i in range(len(operands))]
    outs = [f"%r{i}" for i in range(len(results))]
    given = [f"form = #weir.form<{form}>"] * bool(form) + [f"ties = #weir.ties<{ties}>"] * bool(ties)
    attribute = f" {{{', '.join(given)}}}" if given else ""
    return (f"func.func @{name}({', '.join(f'{n}: {t}' for n, t in zip(names, operands))}) -> ({', '.join(results)}) {{\n"
            f"  {', '.join(outs)} = weir.apply @{formula}({', '.join(names)}){attribute}"
            f" : ({', '.join(operands)}) -> ({', '.join(results)})\n  return {', '.join(outs)} : {', '.join(results)}\n}}\n")


ROWS, STATISTIC, POSITION = "tensor<?x?xf32>", "tensor<?xf32>", "tensor<?xindex>"
FORMS = ["recompute", "online"]
SOLVING = [*FORMS, "transposed"]


@pytest.fixture(scope="module", params=TARGETS)
def library(request, compile_library):
    text = FORMULAS
    for form in SOLVING:
        text += function(f"sparse_{form}", "sparse_here", [ROWS], [ROWS, STATISTIC], form)
        text += function(f"cubic_{form}", "cubic_here", [ROWS], [ROWS], form)
        text += function(f"squares_{form}", "squares_here", [ROWS], [ROWS, STATISTIC], form)
        text += function(f"steep_{form}", "steep_here", [ROWS], [ROWS, STATISTIC], form)
        text += function(f"median_{form}", "median_like", [ROWS], [STATISTIC], form)
    for form in FORMS:
        text += function(f"select_{form}", "select_here", [ROWS, "index"], [ROWS, STATISTIC, POSITION], form)
    for form in ("recompute", "transposed"):
        text += function(f"squares_wide_{form}", "squares_here", ["tensor<?x?xf64>"], ["tensor<?x?xf64>", "tensor<?xf64>"], form)
    text += function("nested", "nested_here", [ROWS], [STATISTIC, STATISTIC])
    text += function("inner_transposed", "inner_here", [ROWS], [STATISTIC], "transposed")
    text += function("keep_ties", "select_here", [ROWS, "index"], [ROWS, STATISTIC, POSITION], ties="all_equal")
    text += function("noise", "noise_here", [ROWS, "i64"], [ROWS], "elementwise")
    return compile_library(text, f"--target={request.param}", name="searches")


LENGTHS = [1, 2, 15, 16, 17, 127, 1000, 4096]


def rows(n, rng):
    """Rows that searches find hard: ordinary ones, far from 0, flat, one winner, some excluded."""
    normal = rng.normal(0, 1, n)
    excluded = np.where(rng.random(n) < 0.3, -np.inf, normal)
    excluded[n // 2] = 0.25
    winner = np.full(n, -50.0)
    winner[n // 3] = 3
    return np.stack([normal, normal * 100, normal + 1000, np.full(n, 2.5), winner, excluded, np.round(normal)]).astype(np.float32)


def sparsemax(x):
    z = np.sort(x)[::-1]
    k = np.arange(1, len(z) + 1)
    size = k[1 + k * z > np.cumsum(z)][-1]
    tau = (z[:size].sum() - 1) / size
    return np.maximum(x - tau, 0), tau


def bisect(f, low, high):
    """The root of a decreasing function."""
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if f(middle) > 0 else (low, middle)
    return (low + high) / 2


@pytest.mark.parametrize("form", SOLVING)
@pytest.mark.parametrize("n", LENGTHS)
def test_thresholds(library, form, n):
    x = rows(n, np.random.default_rng(n))
    w, tau, c = np.full_like(x, 7), np.full(len(x), 7, np.float32), np.full_like(x, 7)
    library.call(f"sparse_{form}", x, w, tau)
    library.call(f"cubic_{form}", x, c)
    for i, row in enumerate(x.astype(np.float64)):
        keep = np.isfinite(row)
        expected, root = sparsemax(row[keep])
        assert abs(tau[i] - root) <= 3e-7 * max(1, abs(root)), (i, tau[i], root)
        np.testing.assert_allclose(w[i][keep], expected, rtol=0, atol=3e-7 * (1 + expected.max()), err_msg=f"row {i}")
        assert (w[i][~keep] == 0).all()
        assert abs(w[i].sum(dtype=np.float64) - 1) <= 2e-6
        top = row[keep].max()
        root = bisect(lambda t: (np.maximum(row[keep] - t, 0)**3).sum() - 1, top - 1, top)
        expected = np.maximum(row[keep] - root, 0)**3
        # A-ROOT with alpha = 4/3: the weight is three times as steep as the root.
        np.testing.assert_allclose(c[i][keep], expected, rtol=0, atol=1e-6, err_msg=f"row {i}")


def hinge_rows(n, rng):
    """Rows that decide where a sum of hinges bends: one kink, many, kinks on the bracket's end, supports that few vectors hold and
    such that they do not."""
    normal = rng.normal(0, 1, n)
    excluded = np.where(rng.random(n) < 0.7, -np.inf, normal)
    excluded[n // 2] = 0.25
    two = np.full(n, -5.0)
    two[n // 3], two[-1] = 1.0, 0.6
    edge = np.where(rng.random(n) < 0.1, 0.0, -1.0)
    edge[0] = 0
    geometric = -(2.0 ** -(np.arange(n) % 60))
    return np.stack([normal, normal * 0.1, normal * 1e-4, normal * 1e-7 + 1, normal * 30, normal * 1e30, normal * 1e-40, np.full(n, 2.5),
                     np.round(normal * 2) / 2, excluded, two, edge, rng.permutation(geometric), rng.random(n) * 10,
                     -np.arange(n) * 2.0 / n]).astype(np.float32)


def check_hinges(w, tau, x, exponent, tolerance):
    for i, row in enumerate(x.astype(np.float64)):
        keep = np.isfinite(row)
        z = row[keep] - row[keep].max()
        root = bisect(lambda t: (np.maximum(z - t, 0)**exponent).sum() - 1, -1, 0)
        expected = np.maximum(z - root, 0)**exponent
        assert abs(tau[i] - root) <= tolerance, (i, tau[i], root)
        np.testing.assert_allclose(w[i][keep], expected, rtol=0, atol=tolerance * (1 + expected.max()), err_msg=f"row {i}")
        assert (w[i][~keep] == 0).all()


@pytest.mark.parametrize("form", SOLVING)
@pytest.mark.parametrize("n", [1, 2, 3, 15, 16, 17, 63, 64, 65, 128, 129, 257, 1000, 4096])
def test_sums_of_hinges(library, form, n):
    x = hinge_rows(n, np.random.default_rng(n))
    for name, exponent in (("squares", 2), ("steep", 1.5)):
        w, tau = np.full_like(x, 7), np.full(len(x), 7, np.float32)
        library.call(f"{name}_{form}", x, w, tau)
        check_hinges(w, tau, x, exponent, 3e-7)


@pytest.mark.parametrize("form", ["recompute", "transposed"])
@pytest.mark.parametrize("n", [1, 7, 8, 9, 31, 32, 33, 500])
def test_sums_of_hinges_in_f64(library, form, n):
    x = hinge_rows(n, np.random.default_rng(n)).astype(np.float64)
    w, tau = np.full_like(x, 7), np.full(len(x), 7, np.float64)
    library.call(f"squares_wide_{form}", x, w, tau)
    check_hinges(w, tau, x, 2, 2e-15)


@pytest.mark.parametrize("form", SOLVING)
def test_hinges_of_rows_that_are_empty_or_hold_nan(library, form):
    x = np.full((3, 100), -np.inf, np.float32)
    x[1] = 1.0
    x[1, 7] = np.nan
    x[2, 9] = -3.0
    w, tau = np.full_like(x, 7), np.full(3, 7, np.float32)
    library.call(f"squares_{form}", x, w, tau)
    assert (w[0] == 0).all() and np.isnan(w[1]).all()
    assert w[2, 9] == 1 and w[2].sum() == 1


@pytest.mark.parametrize("name", ["sparse", "squares", "steep"])
@pytest.mark.parametrize("n", [17, 64, 257, 1000])
def test_roots_do_not_depend_on_neighbours(library, name, n):
    """Rows of a block search at once, each as if it were alone: to the bit, and in any lane."""
    rng = np.random.default_rng(n)
    x = hinge_rows(n, rng)
    alone = np.full_like(x, 7), np.full(len(x), 7, np.float32)
    for i in range(len(x)):
        library.call(f"{name}_transposed", x[i:i + 1], alone[0][i:i + 1], alone[1][i:i + 1])
    for count in (5, 16, 37):
        order = rng.integers(0, len(x), count)
        w, tau = np.full((count, n), 7, np.float32), np.full(count, 7, np.float32)
        library.call(f"{name}_transposed", x[order], w, tau)
        np.testing.assert_array_equal(w, alone[0][order])
        np.testing.assert_array_equal(tau, alone[1][order])


@pytest.mark.parametrize("form", SOLVING)
def test_bisection_where_there_is_no_derivative(library, form):
    rng = np.random.default_rng(3)
    for n in (1, 5, 133):
        x = rng.normal(0, 2, (3, n)).astype(np.float32)
        found = np.zeros(3, np.float32)
        library.call(f"median_{form}", x, found)
        for i, row in enumerate(x.astype(np.float64)):
            root = bisect(lambda t: -(np.tanh(t - row) + np.round(np.tanh(t - row))).sum(), row.min(), row.max())
            assert abs(found[i] - root) <= 2e-6, (n, i)


def test_searches_within_searches(library):
    """The maximum as the root of max(x - t), the mean as the root of a function whose value is a root."""
    x = np.random.default_rng(4).normal(0, 2, (3, 77)).astype(np.float32)
    most, mean = np.zeros(3, np.float32), np.zeros(3, np.float32)
    library.call("nested", x, most, mean)
    np.testing.assert_allclose(most, x.max(1), rtol=0, atol=3e-6)
    np.testing.assert_allclose(mean, x.astype(np.float64).mean(1), rtol=0, atol=3e-6)
    x = np.random.default_rng(5).normal(0, 2, (19, 77)).astype(np.float32)
    mean = np.zeros(19, np.float32)
    library.call("inner_transposed", x, mean)
    np.testing.assert_allclose(mean, x.astype(np.float64).mean(1), rtol=0, atol=3e-6)


@pytest.mark.parametrize("form", FORMS)
def test_edges_of_searches(library, form):
    x = np.full((3, 40), -np.inf, np.float32)  # Empty, NaN, a single one left.
    x[1] = 1.0
    x[1, 7] = np.nan
    x[2, 9] = -3.0
    w, tau = np.full_like(x, 7), np.full(3, 7, np.float32)
    library.call(f"sparse_{form}", x, w, tau)
    assert (w[0] == 0).all() and np.isnan(w[1]).all() and np.isnan(tau[1])
    assert w[2, 9] == 1 and w[2].sum() == 1
    v, p = np.zeros(3, np.float32), np.zeros(3, np.int64)
    library.call(f"select_{form}", x, ctypes.c_int64(2), w, v, p)
    assert (w[0] == 0).all() and p[0] == -1 and v[0] == -np.inf
    assert np.isnan(w[1]).all() and np.isnan(v[1])
    assert p[2] == -1 and v[2] == -np.inf, "fewer than k are left"
    assert (w[2] == np.where(x[2] == -3, -3, 0)).all()
    none = np.zeros((2, 0), np.float32)
    library.call(f"sparse_{form}", none, np.zeros((2, 0), np.float32), tau[:2])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("n", LENGTHS)
def test_kth(library, form, n):
    rng = np.random.default_rng(n)
    x = rows(n, rng)
    x[3, : n // 2] = -0.0  # Equal to +0, which are there too.
    x[3, n // 2:] = 0.0
    x[6] *= 1e-40  # Denormal.
    for k in sorted({1, 2, 5, n // 2, n - 1, n, n + 1} - {0}):
        w, v, p = np.full_like(x, 7), np.zeros(len(x), np.float32), np.zeros(len(x), np.int64)
        library.call(f"select_{form}", x, ctypes.c_int64(k), w, v, p)
        for i, row in enumerate(x):
            order = np.lexsort((np.arange(n), -(row + np.float32(0))))
            order = order[row[order] != -np.inf]
            if k > len(order):
                assert v[i] == -np.inf and p[i] == -1, (i, k)
                continue
            assert v[i] == row[order[k - 1]] and p[i] == order[k - 1], (i, k, v[i], p[i])
            chosen = np.zeros(n, np.float32)
            chosen[order[:k]] = row[order[:k]]
            np.testing.assert_array_equal(w[i], chosen)


def test_all_that_are_equal_may_be_kept(library):
    x = np.round(np.random.default_rng(8).normal(0, 1, (4, 90))).astype(np.float32)
    x[2, ::3] = -np.inf
    for k in (1, 7, 30, 91):
        w, v, p = np.full_like(x, 7), np.zeros(4, np.float32), np.zeros(4, np.int64)
        library.call("keep_ties", x, ctypes.c_int64(k), w, v, p)
        for i, row in enumerate(x):
            left = np.sort(row[row != -np.inf])[::-1]
            if k > len(left):
                assert v[i] == -np.inf and p[i] == -1
                continue
            assert v[i] == left[k - 1] and p[i] == np.nonzero(row == v[i])[0][-1]
            np.testing.assert_array_equal(w[i], np.where(row >= v[i], row, 0))


def test_k_that_counts_nothing(library):
    x = np.arange(6, dtype=np.float32)[None]
    for k in (0, -1, -2**40):
        w, v, p = np.full_like(x, 7), np.zeros(1, np.float32), np.zeros(1, np.int64)
        library.call("select_recompute", x, ctypes.c_int64(k), w, v, p)
        assert v[0] == -np.inf and p[0] == -1


def philox(counter, key):
    """Philox4x32-10 in Python's integers."""
    c, k, mask = list(counter), list(key), 0xFFFFFFFF
    for i in range(10):
        if i:
            k = [(k[0] + 0x9E3779B9) & mask, (k[1] + 0xBB67AE85) & mask]
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & mask, (a >> 32) ^ c[3] ^ k[1], a & mask]
    return c


def test_philox_is_the_published_one():
    """Known answers of Random123."""
    assert philox([0] * 4, [0] * 2) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    assert philox([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1, -1])
def test_random_numbers(library, seed):
    x = np.zeros((3, 37), np.float32)
    u = np.zeros_like(x)
    library.call("noise", x, ctypes.c_int64(seed), u)
    key = [seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF]
    for row in range(3):
        for column in range(37):
            word = philox([column // 4, row, 0, 5], key)[column % 4]
            expected = min(np.float32(((word >> 8) + 0.5) * 2.0**-24), np.float32(1 - 2.0**-24))
            assert u[row, column] == expected, (row, column)
    assert (u > 0).all() and (u < 1).all()
