"""Results that are arguments, changed: formed in the caller's memory, which may be the argument's where nothing else reads that."""

import ctypes

import numpy as np
import pytest

from weir_library import WeirError

TEXT = """
func.func @put(%rows: tensor<?x8xf32>, %cache: tensor<?x8xf32>, %at: index) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %rows, %c0 : tensor<?x8xf32>
  %new = tensor.insert_slice %rows into %cache[%at, 0] [%n, 8] [1, 1] : tensor<?x8xf32> into tensor<?x8xf32>
  return %new : tensor<?x8xf32>
}
// One row for each batch, each at a place of its own; then the sums of all rows of each.
func.func @scatter(%rows: tensor<?x8xf32>, %cache: tensor<?x?x8xf32>, %places: tensor<?xi32>) -> (tensor<?x8xf32>, tensor<?x?x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %b = tensor.dim %rows, %c0 : tensor<?x8xf32>
  %new = scf.for %i = %c0 to %b step %c1 iter_args(%c = %cache) -> (tensor<?x?x8xf32>) {
    %p = tensor.extract %places[%i] : tensor<?xi32>
    %at = arith.index_cast %p : i32 to index
    %row = tensor.extract_slice %rows[%i, 0] [1, 8] [1, 1] : tensor<?x8xf32> to tensor<8xf32>
    %next = tensor.insert_slice %row into %c[%i, %at, 0] [1, 1, 8] [1, 1, 1] : tensor<8xf32> into tensor<?x?x8xf32>
    scf.yield %next : tensor<?x?x8xf32>
  }
  %e = tensor.empty(%b) : tensor<?x8xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = linalg.reduce ins(%new : tensor<?x?x8xf32>) outs(%z : tensor<?x8xf32>) dimensions = [1] (%x: f32, %y: f32) {
    %t = arith.addf %x, %y : f32
    linalg.yield %t : f32
  }
  return %s, %new : tensor<?x8xf32>, tensor<?x?x8xf32>
}
// What was there is asked for after the change.
func.func @swap(%rows: tensor<2x8xf32>, %cache: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<2x8xf32>) {
  %new = tensor.insert_slice %rows into %cache[1, 0] [2, 8] [1, 1] : tensor<2x8xf32> into tensor<4x8xf32>
  %old = tensor.extract_slice %cache[1, 0] [2, 8] [1, 1] : tensor<4x8xf32> to tensor<2x8xf32>
  return %new, %old : tensor<4x8xf32>, tensor<2x8xf32>
}
// Two results from one argument, one the other's start.
func.func @both(%row: tensor<1x8xf32>, %cache: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %a = tensor.insert_slice %row into %cache[0, 0] [1, 8] [1, 1] : tensor<1x8xf32> into tensor<4x8xf32>
  %b = tensor.insert_slice %row into %a[2, 0] [1, 8] [1, 1] : tensor<1x8xf32> into tensor<4x8xf32>
  return %a, %b : tensor<4x8xf32>, tensor<4x8xf32>
}
func.func @residual(%x: tensor<?x8xf32>, %w: tensor<8x8xf32>) -> tensor<?x8xf32> {
  %y = linalg.matmul ins(%x, %w : tensor<?x8xf32>, tensor<8x8xf32>) outs(%x : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
"""


@pytest.fixture(scope="module")
def library(compile_library):
    return compile_library(TEXT, name="updates")


def numbers(*shape):
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape) + 1


def put(library, rows, cache, at, result):
    library.call("put", rows, cache, ctypes.c_int64(at), result)


def test_rows_go_into_a_cache(library):
    rows = -numbers(3, 8)
    cache, expected = numbers(6, 8), numbers(6, 8)
    expected[2:5] = rows
    result = np.full((6, 8), np.nan, np.float32)
    put(library, rows, cache, 2, result)
    np.testing.assert_array_equal(result, expected)
    np.testing.assert_array_equal(cache, numbers(6, 8))
    put(library, rows, cache, 2, cache)
    np.testing.assert_array_equal(cache, expected)
    put(library, rows[:0], cache, 0, cache)
    np.testing.assert_array_equal(cache, expected)


@pytest.mark.parametrize("view", [np.s_[::2, :8], np.s_[::2, ::2], np.s_[::-2, 8:]])
def test_caches_with_strides(library, view):
    memory = numbers(12, 16)
    expected = memory.copy()
    expected[view][1:3] = -1
    cache = memory[view]
    put(library, np.full((2, 8), -1, np.float32), cache, 1, cache)
    np.testing.assert_array_equal(memory, expected)


def test_memory_that_overlaps_otherwise_is_an_error(library):
    memory = numbers(7, 8)
    for rows, cache, result in [(numbers(2, 8), memory[:6], memory[1:]), (memory[2:4], numbers(6, 8), memory[:6]),
                                (memory[2:4], memory[:6], memory[:6])]:
        with pytest.raises(WeirError) as error:
            put(library, rows, cache, 0, result)
        assert error.value.code == 8


def test_a_row_for_each_batch(library):
    rows, places = -numbers(3, 8), np.array([0, 4, 2], np.int32)
    cache, expected = numbers(3, 5, 8), numbers(3, 5, 8)
    expected[np.arange(3), places] = rows
    sums = np.empty((3, 8), np.float32)
    result = np.empty_like(cache)
    library.call("scatter", rows, cache, places, sums, result)
    np.testing.assert_array_equal(result, expected)
    np.testing.assert_array_equal(cache, numbers(3, 5, 8))
    library.call("scatter", rows, cache, places, sums, cache)
    np.testing.assert_array_equal(cache, expected)
    np.testing.assert_allclose(sums, expected.sum(1))


def test_an_argument_that_is_read_elsewhere_stays(library):
    rows, cache, old = -numbers(2, 8), numbers(4, 8), np.empty((2, 8), np.float32)
    with pytest.raises(WeirError) as error:
        library.call("swap", rows, cache, cache, old)
    assert error.value.code == 8
    new = np.empty_like(cache)
    library.call("swap", rows, cache, new, old)
    np.testing.assert_array_equal(old, numbers(4, 8)[1:3])
    np.testing.assert_array_equal(new[1:3], rows)
    x, w = numbers(5, 8), numbers(8, 8)
    with pytest.raises(WeirError):
        library.call("residual", x, w, x)
    y = np.empty_like(x)
    library.call("residual", x, w, y)
    np.testing.assert_allclose(y, x + x @ w, rtol=1e-5)


def test_one_argument_that_two_results_come_from(library):
    row, cache = -numbers(1, 8), numbers(4, 8)
    a, b = np.empty_like(cache), np.empty_like(cache)
    library.call("both", row, cache, a, b)
    expected = numbers(4, 8)
    expected[0] = row
    np.testing.assert_array_equal(a, expected)
    expected[2] = row
    np.testing.assert_array_equal(b, expected)
    np.testing.assert_array_equal(cache, numbers(4, 8))
