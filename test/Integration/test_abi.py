"""The C ABI: what it takes, and the code and message for what it does not."""

import ctypes

import numpy as np
import pytest

from weir_library import DLDataType, DLDevice, WeirError, dltensor

MODEL = """
func.func @soft(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @softmax(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @masked(%x: tensor<?x?xf32>, %m: tensor<?x?xi1>) -> tensor<?x?xf32> {
  %y = weir.apply @softmax(%x) mask(%m : tensor<?x?xi1>) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @masked_uniform(%x: tensor<?x?xf32>, %m: tensor<?x?xi1>) -> tensor<?x?xf32> {
  %y = weir.apply @softmax(%x) mask(%m : tensor<?x?xi1>) {empty_row = #weir.empty_row<uniform>}
    : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @nan_rows(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @softmax(%x) {empty_row = #weir.empty_row<nan>, nan = #weir.nan<ignore>,
    pos_inf = #weir.pos_inf<share>} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @columns(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @softmax(%x) {along = 0} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @both(%x: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?xf32>) {
  %y:2 = weir.apply @softmax_lse(%x) : (tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?xf32>)
  return %y#0, %y#1 : tensor<?x?xf32>, tensor<?xf32>
}
func.func @per_row(%x: tensor<?x?xf32>, %b: tensor<?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @softmax_scaled(%x, %b) : (tensor<?x?xf32>, tensor<?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @affine(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>, %b: tensor<?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %m = tensor.dim %x, %c0 : tensor<?x?xf32>
  %n = tensor.dim %w, %c1 : tensor<?x?xf32>
  %e = tensor.empty(%m, %n) : tensor<?x?xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %p = linalg.matmul ins(%x, %w : tensor<?x?xf32>, tensor<?x?xf32>) outs(%i : tensor<?x?xf32>) -> tensor<?x?xf32>
  %bb = linalg.broadcast ins(%b : tensor<?xf32>) outs(%e : tensor<?x?xf32>) dimensions = [0]
  %s = linalg.add ins(%p, %bb : tensor<?x?xf32>, tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %t = tensor.empty(%n, %m) : tensor<?x?xf32>
  %r = linalg.transpose ins(%s : tensor<?x?xf32>) outs(%t : tensor<?x?xf32>) permutation = [1, 0]
  return %r : tensor<?x?xf32>
}
"""


@pytest.fixture(scope="module")
def library(compile_library):
    return compile_library(MODEL, name="abi")


def softmax(x, axis=-1):
    with np.errstate(invalid="ignore"):
        e = np.exp(x.astype(np.float64) - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


X = np.random.default_rng(3).normal(size=(6, 37)).astype(np.float32)


def close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=3e-6, atol=1e-30)


def test_compact_and_null_strides(library):
    y = np.zeros_like(X)
    library.call("soft", X, y)
    close(y, softmax(X))
    a, b = dltensor(X), dltensor(y)
    a.strides = b.strides = None
    y[:] = 0
    library.call("soft", a, b)
    close(y, softmax(X))


def test_byte_offset(library):
    y = np.zeros_like(X)
    a, b = dltensor(X), dltensor(y)
    a.data -= 64
    a.byte_offset = 64
    library.call("soft", a, b)
    close(y, softmax(X))


@pytest.mark.parametrize("view", [np.s_[::2], np.s_[:, ::3], np.s_[::-1], np.s_[:, ::-1], np.s_[1:3, 4:20]])
def test_strided(library, view):
    x = X[view]
    out = np.zeros_like(X)
    library.call("soft", x, out[view])
    close(out[view], softmax(x))
    out[view] = 0
    assert not out.any()  # Nothing else was written.


def test_transposed(library):
    out = np.zeros((37, 6), np.float32).T
    library.call("soft", X.T.copy().T, out)
    close(out, softmax(X))


def test_result_may_be_argument(library):
    x = X.copy()
    library.call("soft", x, x)
    close(x, softmax(X))


def test_empty(library):
    for shape in ((0, 5), (5, 0), (0, 0)):
        x = np.zeros(shape, np.float32)
        a, b = dltensor(x), dltensor(x.copy())
        a.data = b.data = None
        library.call("soft", a, b)


def test_mask_and_policies(library):
    m = np.random.default_rng(4).random(X.shape) < 0.5
    m[2] = False
    y = np.zeros_like(X)
    library.call("masked", X, m, y)
    expected = softmax(np.where(m, X, -np.inf))
    expected[2] = 0
    close(y, expected)
    library.call("masked_uniform", np.where(np.arange(6)[:, None] == 3, -np.inf, X).astype(np.float32), m, y)
    expected[3] = m[3] / m[3].sum()
    close(y, expected)


def test_nan_and_infinity_policies(library):
    x = X.copy()
    x[0, 3] = np.nan
    x[1, [4, 9]] = np.inf
    x[2] = -np.inf
    y = np.zeros_like(x)
    library.call("nan_rows", x, y)
    expected = softmax(np.where(np.isnan(x) | np.isinf(x), -np.inf, x))
    expected[1] = 0
    expected[1, [4, 9]] = 0.5
    expected[2] = np.nan
    close(y, expected)


def test_other_dimension(library):
    y = np.zeros_like(X)
    library.call("columns", X, y)
    close(y, softmax(X, 0))


def test_several_results(library):
    y, lse = np.zeros_like(X), np.zeros(6, np.float32)
    library.call("both", X, y, lse)
    close(y, softmax(X))
    close(lse, np.log(np.exp(X.astype(np.float64)).sum(1)))


def test_uniform_operand_per_row(library):
    b = np.linspace(0.1, 2, 6).astype(np.float32)
    y = np.zeros_like(X)
    library.call("per_row", X, b, y)
    close(y, softmax(X * b.astype(np.float64)[:, None]))


def test_upstream_linalg(library):
    rng = np.random.default_rng(8)
    x, w, b = (rng.normal(size=s).astype(np.float32) for s in ((7, 19), (19, 5), (5,)))
    y = np.zeros((5, 7), np.float32)
    library.call("affine", x, w, b, y)
    np.testing.assert_allclose(y, (x.astype(np.float64) @ w + b).T, rtol=1e-5, atol=1e-5)


def changed(array, **fields):
    tensor = dltensor(array)
    for name, value in fields.items():
        setattr(tensor, name, value)
    return tensor


def misaligned():
    raw = np.zeros(4 * X.size + 4, np.uint8)
    tensor = dltensor(X)
    tensor.keep = (tensor.keep, raw)
    tensor.data = raw.ctypes.data + 1
    return tensor


Y = np.zeros_like(X)
WRONG = {
    "rank": (3, "arg0 has rank 1; it must have rank 2", lambda: (X[0], Y)),
    "dtype": (4, "arg0 has dtype float64; it must be float32", lambda: (X.astype(np.float64), Y)),
    "integer": (4, "arg0 has dtype int32; it must be float32", lambda: (X.astype(np.int32), Y)),
    "lanes": (4, "arg0 has 4 lanes", lambda: (changed(X, dtype=DLDataType(2, 32, 4)), Y)),
    "device": (2, "arg0 is on device type 2", lambda: (changed(X, device=DLDevice(2, 0)), Y)),
    "result shape": (5, "result0 has size 36 in dimension 1; it must be 37", lambda: (X, Y[:, :36].copy())),
    "result dtype": (4, "result0 has dtype float64", lambda: (X, Y.astype(np.float64))),
    "negative size": (5, "arg0 has the negative size -1", lambda: (changed(X, shape=(ctypes.c_int64 * 2)(-1, 3)), Y)),
    "huge size": (5, "more elements than memory", lambda: (changed(X, shape=(ctypes.c_int64 * 2)(2**62, 2**62)), Y)),
    "no data": (1, "arg0 has data NULL but is not empty", lambda: (changed(X, data=None), Y)),
    "no tensor": (1, "arg0 is NULL", lambda: (None, Y)),
    "no result": (1, "result0 is NULL", lambda: (X, None)),
    "misaligned": (7, "arg0 is not aligned to its elements of 4 bytes", lambda: (misaligned(), Y)),
    "shared elements": (6, "result0 has strides by which elements share memory",
                        lambda: (X, changed(Y, strides=(ctypes.c_int64 * 2)(0, 1)))),
    "overlap": (8, "result0 overlaps arg0", lambda: (X[:5], X[1:])),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_tensors(library, name):
    code, message, make = WRONG[name]
    with pytest.raises(WeirError) as caught:
        library.call("soft", *make())
    assert caught.value.code == code
    assert message in str(caught.value)


def test_in_place_is_refused_where_it_would_be_wrong(library):
    x = np.ones((5, 5), np.float32)
    with pytest.raises(WeirError, match="result0 overlaps arg0"):
        library.call("affine", x, x.copy(), np.ones(5, np.float32), x)


def test_last_error_is_cleared_by_success(library):
    with pytest.raises(WeirError):
        library.call("soft", X[0], Y)
    library.call("soft", X, Y)
    assert library.last_error() == b""


def test_a_library_without_threads_has_one(library):
    set_threads = library.handle.abi_set_threads
    assert [set_threads(n) for n in (4, 0, -1)] == [1, 1, 1]


def test_two_libraries_do_not_share_symbols(library, compile_library):
    other = compile_library(MODEL, "--target=x86-64", name="other")
    with pytest.raises(WeirError):
        other.call("soft", X[0], Y)
    library.call("soft", X, Y)
    assert other.last_error() != b""
