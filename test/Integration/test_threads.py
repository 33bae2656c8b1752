"""Libraries with threads: the same bits for every number of threads, and nothing of the host's is changed."""

import concurrent.futures
import ctypes

import ml_dtypes
import numpy as np
import pytest

from oracle.special import softmax

# A grain of 1 shares any two rows, so that small cases are cut too.
MODEL = """
func.func @soft(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @softmax(%x) {thread_grain = 1 : i64} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @online(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @softmax(%x) {form = #weir.form<online>, thread_grain = 1 : i64}
    : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @heads(%x: tensor<?x?x?xbf16>) -> tensor<?x?x?xbf16> {
  %y = weir.apply @softmax(%x) {thread_grain = 1 : i64} : (tensor<?x?x?xbf16>) -> tensor<?x?x?xbf16>
  return %y : tensor<?x?x?xbf16>
}
func.func @lse(%x: tensor<?x?x?xf32>, %m: tensor<?x1x?xi1>) -> tensor<?x?xf32> {
  %y = weir.apply @logsumexp(%x) mask(%m : tensor<?x1x?xi1>) {thread_grain = 1 : i64}
    : (tensor<?x?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @scaled(%x: tensor<?x?xf32>, %b: tensor<?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @softmax_scaled(%x, %b) {thread_grain = 1 : i64} : (tensor<?x?xf32>, tensor<?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @gate(%x: tensor<?x?xf32>, %g: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @swiglu(%x, %g) {thread_grain = 1 : i64} : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @chosen(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @softmax(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @twice(%x: tensor<?x?xbf16>) -> tensor<?x?xbf16> {
  %y = weir.apply @softmax(%x) {thread_grain = 1 : i64} : (tensor<?x?xbf16>) -> tensor<?x?xbf16>
  %z = weir.apply @softmax(%y) {thread_grain = 1 : i64} : (tensor<?x?xbf16>) -> tensor<?x?xbf16>
  return %z : tensor<?x?xbf16>
}
"""
THREADS = [1, 2, 3, 7]

# Rows of 128 elements and more in parts of 32. Elementwise rows may be cut anywhere.
PARTS = "thread_part = 32 : i64, thread_grain = 1 : i64"
SPLIT = f"""
weir.formula @scaled_by_length(%x: f32) -> f32 {{
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  %l = weir.length : index
  %i = arith.index_cast %l : index to i32
  %n = arith.sitofp %i : i32 to f32
  %y = arith.mulf %w, %n : f32
  weir.yield %y : f32
}}
func.func @soft(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {{
  %y = weir.apply @softmax(%x) {{{PARTS}, pages = 2 : i64}} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}}
func.func @picked(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {{
  %y = weir.apply @softpick(%x) {{{PARTS}, form = #weir.form<stored>}} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}}
func.func @row(%x: tensor<?xf32>) -> (tensor<?xf32>, tensor<f32>) {{
  %y, %l = weir.apply @softmax_lse(%x) {{{PARTS}, form = #weir.form<online>, stream_bytes = 1 : i64}}
    : (tensor<?xf32>) -> (tensor<?xf32>, tensor<f32>)
  return %y, %l : tensor<?xf32>, tensor<f32>
}}
func.func @heads(%x: tensor<?x?x?xbf16>, %m: tensor<?x1x?xi1>) -> tensor<?x?x?xbf16> {{
  %y = weir.apply @scaled_by_length(%x) mask(%m : tensor<?x1x?xi1>) {{{PARTS}, empty_row = #weir.empty_row<uniform>}}
    : (tensor<?x?x?xbf16>) -> tensor<?x?x?xbf16>
  return %y : tensor<?x?x?xbf16>
}}
func.func @norm(%x: tensor<?x?xf64>, %g: tensor<?xf64>, %b: tensor<?xf64>, %eps: f64) -> tensor<?x?xf64> {{
  %y = weir.apply @layer_norm(%x, %g, %b, %eps) {{{PARTS}}}
    : (tensor<?x?xf64>, tensor<?xf64>, tensor<?xf64>, f64) -> tensor<?x?xf64>
  return %y : tensor<?x?xf64>
}}
func.func @lse(%x: tensor<?x?xf32>) -> tensor<?xf32> {{
  %y = weir.apply @logsumexp(%x) {{{PARTS}}} : (tensor<?x?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}}
func.func @gate(%x: tensor<?x?xf32>, %g: tensor<?x?xf32>) -> tensor<?x?xf32> {{
  %y = weir.apply @swiglu(%x, %g) {{thread_grain = 1 : i64, pages = 2 : i64, stream_bytes = 1 : i64}}
    : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}}
"""


@pytest.fixture(scope="module")
def library(compile_library):
    return compile_library(MODEL, "--threads=omp", name="threads")


@pytest.fixture(scope="module")
def serial(compile_library):
    return compile_library(MODEL, name="serial")


@pytest.fixture(autouse=True)
def as_loaded(library):
    yield
    library.handle.threads_set_threads(0)


def scores(*shape):
    """Some rows with denormal weights: threads must treat these alike."""
    x = np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)
    if x.size:
        x.reshape(-1)[::5] -= 95
    return x


def cases():
    for shape in [(0, 5), (5, 0), (1, 9), (2, 1), (3, 127), (7, 64), (64, 257)]:
        x = scores(*shape)
        yield "soft", [x], np.zeros_like(x)
        yield "online", [x], np.zeros_like(x)
        yield "scaled", [x, np.linspace(0.1, 2, shape[0]).astype(np.float32)], np.zeros_like(x)
        yield "gate", [x, scores(*shape)[::-1].copy()], np.zeros_like(x)
        yield "twice", [x.astype(ml_dtypes.bfloat16)], np.zeros(shape, ml_dtypes.bfloat16)
    for shape in [(0, 3, 4), (2, 0, 4), (3, 5, 33), (2, 9, 64)]:
        x = scores(*shape)
        mask = np.random.default_rng(1).random((shape[0], 1, shape[2])) < 0.7
        yield "heads", [x.astype(ml_dtypes.bfloat16)], np.zeros(shape, ml_dtypes.bfloat16)
        yield "lse", [x, mask], np.zeros(shape[:2], np.float32)
    x = scores(512, 1024)  # Large enough for the grain that weirc chooses.
    yield "chosen", [x], np.zeros_like(x)


@pytest.mark.parametrize("case", cases(), ids=lambda c: f"{c[0]}-{'x'.join(map(str, c[1][0].shape))}")
def test_the_same_bits_for_every_number_of_threads(library, serial, case):
    function, operands, y = case
    expected = np.zeros_like(y)
    serial.call(function, *operands, expected)
    for n in THREADS:
        assert library.handle.threads_set_threads(n) == n
        y.view(np.uint8)[...] = 0xA5
        library.call(function, *operands, y)
        assert y.tobytes() == expected.tobytes(), n


def split_cases():
    for shape in [(1, 127), (1, 128), (7, 257), (3, 4096), (8, 300), (0, 400), (1, 100003)]:
        x = scores(*shape)
        yield "soft", [x], [np.zeros_like(x)]
        yield "picked", [x], [np.zeros_like(x)]  # What makes its terms is kept beside them.
        yield "lse", [x], [np.zeros(shape[:1], np.float32)]
        yield "gate", [x, scores(*shape)[::-1].copy()], [np.zeros_like(x)]
        gain, bias = np.linspace(0.5, 2, shape[1]), np.linspace(-1, 1, shape[1])
        yield "norm", [x.astype(np.float64), gain, bias, ctypes.c_double(1e-5)], [np.zeros(shape)]
    for n in (1, 256, 5000):
        yield "row", [scores(n)], [np.zeros(n, np.float32), np.zeros((), np.float32)]
    for shape in [(2, 3, 300), (1, 1, 1025)]:
        mask = np.random.default_rng(1).random((shape[0], 1, shape[2])) < 0.7
        mask[0, 0, :250] = False
        yield "heads", [scores(*shape).astype(ml_dtypes.bfloat16), mask], [np.zeros(shape, ml_dtypes.bfloat16)]


@pytest.fixture(scope="module")
def split(compile_library):
    return compile_library(SPLIT, "--threads=omp", name="split")


@pytest.fixture(scope="module")
def whole(compile_library):
    return compile_library(SPLIT, name="whole")


@pytest.mark.parametrize("case", split_cases(), ids=lambda c: f"{c[0]}-{'x'.join(map(str, c[1][0].shape))}")
def test_rows_in_parts(split, whole, case):
    """The same bits for every number of threads, a single one too, close to those of whole rows."""
    function, operands, results = case
    wanted = [np.zeros_like(y) for y in results]
    whole.call(function, *operands, *wanted)
    bits = None
    for n in THREADS:
        split.handle.split_set_threads(n)
        for y in results:
            y.reshape(-1).view(np.uint8)[...] = 0xA5
        split.call(function, *operands, *results)
        found = [y.tobytes() for y in results]
        assert found == (bits or found), n
        bits = found
    for y, w in zip(results, wanted):
        relative = 1e-2 if y.dtype == ml_dtypes.bfloat16 else 3e-6
        np.testing.assert_allclose(y.astype(np.float64), w.astype(np.float64), rtol=relative, atol=1e-6 * (y.size > 0))


@pytest.mark.parametrize("shape", [(1, 5000), (3, 129)])
def test_cut_rows_in_place(split, shape):
    """Threads that meet inside a row, pages in turn, and a result that is an argument's memory."""
    split.handle.split_set_threads(3)
    x, g = scores(*shape), scores(*shape)[::-1].copy()
    y = np.zeros_like(x)
    split.call("gate", x, g, y)
    split.call("gate", x, g, x)
    assert x.tobytes() == y.tobytes()


def test_against_the_oracle(library):
    x = scores(33, 200)
    y = np.zeros_like(x)
    library.handle.threads_set_threads(3)
    library.call("soft", x, y)
    np.testing.assert_allclose(y, [softmax(row.astype(np.float64)) for row in x], rtol=1.2e-5, atol=1e-30)


def openmp():
    """The runtime that the library uses; the same one, since it is named alike."""
    return ctypes.CDLL("libomp.so.5")


def test_set_threads(library):
    set_threads = library.handle.threads_set_threads
    everything = openmp().omp_get_max_threads()
    assert set_threads(5) == 5
    assert set_threads(-3) == 5  # Says nothing.
    assert set_threads(0) == everything


def test_an_absurd_number_is_bounded(library):
    assert 64 <= library.handle.threads_set_threads(10**9) <= 2**16
    x = scores(200, 8)
    y = np.zeros_like(x)
    library.call("soft", x, y)
    np.testing.assert_allclose(y.sum(1), 1, rtol=1e-5)


def test_each_library_has_its_own_number(library, compile_library):
    other = compile_library(MODEL, "--threads=omp", name="other")
    library.handle.threads_set_threads(2)
    other.handle.other_set_threads(3)
    assert library.handle.threads_set_threads(-1) == 2


def test_the_hosts_settings_stay(library):
    omp = openmp()
    before = omp.omp_get_max_threads()
    library.handle.threads_set_threads(before + 2)
    x = scores(16, 64)
    library.call("soft", x, np.zeros_like(x))
    assert omp.omp_get_max_threads() == before


def test_many_callers_at_once(library):
    x = scores(40, 99)
    expected = np.zeros_like(x)
    library.call("soft", x, expected)
    library.handle.threads_set_threads(2)

    def work(_):
        y = np.zeros_like(x)
        for _ in range(20):
            y[:] = 0
            library.call("soft", x, y)
            if y.tobytes() != expected.tobytes():
                return False
        return True

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(8)))


def test_callers_inside_a_parallel_region(library):
    x = scores(17, 99)
    expected = np.zeros_like(x)
    library.call("soft", x, expected)
    library.handle.threads_set_threads(2)
    results = []

    @ctypes.CFUNCTYPE(None, ctypes.c_void_p)
    def region(_):
        y = np.zeros_like(x)
        library.call("soft", x, y)
        results.append(y)

    openmp().GOMP_parallel(region, None, 3, 0)
    assert len(results) == 3
    assert all(y.tobytes() == expected.tobytes() for y in results)
