"""The C ABI: what it takes, and the code and message for what it does not."""

import ctypes
import subprocess
import sys
import threading

import numpy as np
import pytest

from conftest import ROOT
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


def int64s(*values):
    return (ctypes.c_int64 * len(values))(*values)


Y = np.zeros_like(X)
FAR = 2**63 - 1
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
    "no shape": (1, "arg0 has no shape", lambda: (changed(X, shape=None), Y)),
    "negative rank": (3, "arg0 has rank -1", lambda: (changed(X, ndim=-1), Y)),
    "far strides": (6, "arg0 has an offset, sizes or strides that leave", lambda: (changed(X, strides=int64s(FAR, 1)), Y)),
    "far below": (6, "arg0 has an offset, sizes or strides", lambda: (changed(X, strides=int64s(-FAR - 1, 1)), Y)),
    "far bytes": (6, "arg0 has an offset, sizes or strides", lambda: (changed(X, strides=int64s(2**59, 1)), Y)),
    "far offset": (6, "arg0 has an offset, sizes or strides", lambda: (changed(X, byte_offset=2**64 - 4), Y)),
    "offset of no process": (6, "arg0 has an offset, sizes or strides", lambda: (changed(X, byte_offset=2**56), Y)),
    "negative offset": (6, "arg0 has an offset, sizes or strides", lambda: (changed(X, byte_offset=2**64 - 2**50), Y)),
    "far result": (6, "result0 has an offset, sizes or strides", lambda: (X, changed(Y, strides=int64s(1, FAR)))),
    "overlap": (8, "result0 overlaps arg0", lambda: (X[:5], X[1:])),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_tensors(library, name):
    code, message, make = WRONG[name]
    with pytest.raises(WeirError) as caught:
        library.call("soft", *make())
    assert caught.value.code == code
    assert message in str(caught.value)


def test_columns_of_one_array(library):
    """Memory interleaves but no element is shared, so it is no overlap; one shared element is."""
    both = np.zeros((6, 80), np.float32)
    both[:, :37] = X
    library.call("soft", both[:, :37], both[:, 40:77])
    close(both[:, 40:77], softmax(X))
    np.testing.assert_array_equal(both[:, :37], X)
    library.call("soft", both[:, :37], both[:, 37:74][::-1])
    close(both[:, 37:74][::-1], softmax(X))
    with pytest.raises(WeirError, match="result0 overlaps arg0"):
        library.call("soft", both[:, :37], both[:, 36:73])
    library.call("soft", both[:, 0:74:2], both[:, 1:75:2])
    with pytest.raises(WeirError, match="result0 overlaps arg0"):
        library.call("soft", both[:, 0:74:2], both[:, 2:76:2])


def test_a_broadcast_argument_is_fine_and_a_broadcast_result_is_not(library):
    x = np.broadcast_to(X[0], X.shape)
    y = np.zeros_like(X)
    library.call("soft", x, y)
    close(y, softmax(np.array(x)))
    with pytest.raises(WeirError, match="result0 has strides by which elements share memory"):
        library.call("soft", X, changed(Y, strides=int64s(36, 1)))


def test_in_place_with_other_strides_is_refused(library):
    x = np.ones((5, 5), np.float32)
    with pytest.raises(WeirError, match="result0 overlaps arg0"):
        library.call("soft", x, x.T)
    with pytest.raises(WeirError, match="result0 overlaps arg0"):
        library.call("soft", x, x[::-1])


def test_a_mask_byte_that_is_not_zero_is_true(library):
    m = (np.random.default_rng(5).random(X.shape) < 0.5).astype(np.uint8)
    y, z = np.zeros_like(X), np.zeros_like(X)
    library.call("masked", X, m.view(bool), y)
    library.call("masked", X, (m * np.uint8(254)).view(bool), z)
    np.testing.assert_array_equal(y, z)


def test_rows_that_are_empty_cost_nothing_however_many(library):
    for shape in (int64s(2**40, 0), int64s(0, 2**40)):
        a, b = changed(X, shape=shape, data=None), changed(Y, shape=shape, data=None)
        a.strides = b.strides = None
        library.call("soft", a, b)
    a, b = changed(X, shape=int64s(0, 2**62)), changed(Y, shape=int64s(0, 2**62))
    with pytest.raises(WeirError, match="arg0 has more elements than memory can hold"):
        library.call("soft", a, b)


def test_errors_belong_to_their_thread(library):
    def fail(rank, seen):
        for _ in range(200):
            with pytest.raises(WeirError) as caught:
                library.call("soft", np.zeros((1,) * rank, np.float32), Y)
            seen.append(str(caught.value))

    library.call("soft", X, Y.copy())
    seen = [[] for _ in range(4)]
    threads = [threading.Thread(target=fail, args=(3 + i, seen[i])) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, messages in enumerate(seen):
        assert len(messages) == 200
        assert set(messages) == {f"arg0 has rank {3 + i}; it must have rank 2 (code 3)"}
    assert library.last_error() == b""


def test_functions_run_on_many_threads_at_once(library):
    def work(i, bad):
        x = np.random.default_rng(i).normal(size=(31, 17 + i)).astype(np.float32)
        for _ in range(100):
            y = np.zeros_like(x)
            library.call("columns", x, y)
            if not np.allclose(y, softmax(x, 0), rtol=3e-6, atol=1e-30):
                bad.append(i)

    bad = []
    threads = [threading.Thread(target=work, args=(i, bad)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bad == []


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


def test_set_stream(library):
    set_stream = library.handle.abi_set_stream
    assert set_stream(None) == 0
    assert set_stream(ctypes.c_void_p(8)) == 2
    assert b"no use for a stream" in library.last_error()
    assert set_stream(None) == 0 and library.last_error() == b""


SCALARS = """
func.func @scalars(%a: f32, %b: f64, %c: index, %d: i1, %e: i32, %f: i64, %x: tensor<?xf64>, %g: i1, %h: f32) -> tensor<8xf64> {
  %a64 = arith.extf %a : f32 to f64
  %ci = arith.index_cast %c : index to i64
  %c64 = arith.sitofp %ci : i64 to f64
  %d64 = arith.uitofp %d : i1 to f64
  %e64 = arith.sitofp %e : i32 to f64
  %f64 = arith.sitofp %f : i64 to f64
  %g64 = arith.uitofp %g : i1 to f64
  %h64 = arith.extf %h : f32 to f64
  %r = tensor.from_elements %a64, %b, %c64, %d64, %e64, %f64, %g64, %h64 : tensor<8xf64>
  return %r : tensor<8xf64>
}
"""


def test_scalars_of_every_type(compile_library):
    library = compile_library(SCALARS, name="scalars")
    y = np.zeros(8)
    library.call("scalars", ctypes.c_float(-0.5), ctypes.c_double(1e300), ctypes.c_int64(-(2**40)), ctypes.c_bool(True),
                 ctypes.c_int32(-7), ctypes.c_int64(2**50), np.zeros(3), ctypes.c_bool(False), ctypes.c_float(3.25), y)
    np.testing.assert_array_equal(y, [-0.5, 1e300, -(2.0**40), 1, -7, 2.0**50, 0, 3.25])
    header = library.path[:-3] + ".h"
    assert ("scalars(float arg0, double arg1, int64_t arg2, bool arg3, int32_t arg4, int64_t arg5, const DLTensor *arg6, "
            "bool arg7, float arg8, DLTensor *result0)") in open(header).read()


def test_more_arguments_than_a_word_has_bits(compile_library):
    """Argument 64 is not argument 0: in-place use of it was never allowed."""
    count = 66
    names = ", ".join(f"%x{i}: tensor<?xf32>" for i in range(count))
    body = "".join(f"  %s{i} = weir.apply @plus(%{'x0' if i == 1 else f's{i - 1}'}, %x{i}) : "
                   "(tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>\n" for i in range(1, count))
    library = compile_library(f"""
weir.formula @plus(%a: f32, %b: f32) -> f32 {{
  %c = arith.addf %a, %b : f32
  weir.yield %c : f32
}}
func.func @total({names}) -> (tensor<?xf32>, tensor<?xf32>) {{
{body}  %y = weir.apply @silu(%x0) : (tensor<?xf32>) -> tensor<?xf32>
  return %s{count - 1}, %y : tensor<?xf32>, tensor<?xf32>
}}""", name="many")
    xs = [np.full(5, i, np.float32) for i in range(count)]
    y, z = np.zeros(5, np.float32), np.zeros(5, np.float32)
    library.call("total", *xs, y, z)
    np.testing.assert_array_equal(y, np.full(5, count * (count - 1) / 2, np.float32))
    for i in (0, 64):
        with pytest.raises(WeirError, match=f"result1 overlaps arg{i}"):
            library.call("total", *xs, y, xs[i])


def test_rows_of_static_length_zero(compile_library):
    library = compile_library("""
func.func @none(%x: tensor<3x0xf32>) -> (tensor<3x0xf32>, tensor<3xf32>) {
  %y:2 = weir.apply @softmax_lse(%x) : (tensor<3x0xf32>) -> (tensor<3x0xf32>, tensor<3xf32>)
  return %y#0, %y#1 : tensor<3x0xf32>, tensor<3xf32>
}""", name="none")
    lse = np.zeros(3, np.float32)
    library.call("none", np.zeros((3, 0), np.float32), np.zeros((3, 0), np.float32), lse)
    np.testing.assert_array_equal(lse, np.full(3, -np.inf, np.float32))


def test_powers_with_integer_exponents(compile_library):
    library = compile_library("""
weir.formula @power(%x: f32, %n: i32) -> f32 {
  %y = math.fpowi %x, %n : f32, i32
  weir.yield %y : f32
}
func.func @powers(%x: tensor<?xf32>, %n: tensor<?xi32>) -> tensor<?xf32> {
  %y = weir.apply @power(%x, %n) : (tensor<?xf32>, tensor<?xi32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}""", name="powers")
    n = np.arange(-20, 21, dtype=np.int32)
    x = np.linspace(-2, 2, 41).astype(np.float32) + np.float32(0.01)
    y = np.zeros(41, np.float32)
    library.call("powers", x, n, y)
    np.testing.assert_allclose(y, x.astype(np.float64) ** n.astype(np.float64), rtol=3e-6)


# Runs in a process of its own, whose memory it limits. The rows' mode flushes denormals; a call that runs out of
# memory amid them must give the caller's mode back, and what it held.
OUT_OF_MEMORY = """
import ctypes, resource, sys
import numpy as np
sys.path.insert(0, sys.argv[2])
from weir_library import Library, WeirError
library = Library(sys.argv[1])
out = np.zeros((1, 2**28), np.float16)
x = np.zeros((1, 2**28), np.float16)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**26, used + 2**26))
for _ in range(3):
    try:
        library.call("half", x, out)
    except WeirError as error:
        print(error)
print(np.float32(1e-40) * np.float32(1) != 0)
"""


def test_out_of_memory(compile_library):
    library = compile_library("""
func.func @half(%x: tensor<?x?xf16>) -> tensor<?x?xf16> {
  %y = weir.apply @softmax(%x) {form = #weir.form<stored>} : (tensor<?x?xf16>) -> tensor<?x?xf16>
  return %y : tensor<?x?xf16>
}""", name="memory")
    done = subprocess.run([sys.executable, "-c", OUT_OF_MEMORY, library.path, str(ROOT / "examples" / "python")],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 4 and all("out of memory" in line and "(code 9)" in line for line in lines[:3]), lines
    assert lines[3] == "True"


def test_two_libraries_do_not_share_symbols(library, compile_library):
    other = compile_library(MODEL, "--target=x86-64", name="other")
    with pytest.raises(WeirError):
        other.call("soft", X[0], Y)
    library.call("soft", X, Y)
    assert other.last_error() != b""
