"""Matrix products of linalg against NumPy in f64: types, layouts, sizes that are a multiple of nothing, targets, threads, and a system
that does not permit the use of AMX."""

import dataclasses
import os
import pathlib
import subprocess
import sys

import ml_dtypes
import numpy as np
import pytest

DTYPES = {"f32": np.float32, "f64": np.float64, "bf16": ml_dtypes.bfloat16, "f16": np.float16}
# The last place of the result's type, and of the type that sums are formed in.
PLACE = {"f32": 2.0**-24, "f64": 2.0**-53, "bf16": 2.0**-8, "f16": 2.0**-11}


@dataclasses.dataclass(frozen=True)
class Product:
    """A contraction by the dimensions of its operands, in the letters of numpy.einsum."""
    a: str
    b: str
    c: str
    types: tuple  # Of a, b and c.

    @property
    def name(self):
        return f"{self.a}_{self.b}_{self.c}_{'_'.join(self.types)}"

    def tensor(self, letters, dtype, sizes=None):
        return f"tensor<{''.join(f'{sizes[l] if sizes else chr(63)}x' for l in letters)}{dtype}>"

    def text(self, name=None, sizes=None):
        """A function that adds the product to zeros, written as linalg.generic."""
        ta, tb, tc = (self.tensor(l, t, sizes) for l, t in zip((self.a, self.b, self.c), self.types))
        loops = sorted(set(self.a + self.b))
        maps = ", ".join(f"affine_map<({', '.join(loops)}) -> ({', '.join(letters)})>" for letters in (self.a, self.b, self.c))
        kinds = ", ".join('"parallel"' if l in self.c else '"reduction"' for l in loops)
        _, _, result = self.types
        lines, dims = [], []
        for i, letter in enumerate(self.c):
            source, letters, kind = ("%a", self.a, ta) if letter in self.a else ("%b", self.b, tb)
            lines += [f"  %i{i} = arith.constant {letters.index(letter)} : index", f"  %d{i} = tensor.dim {source}, %i{i} : {kind}"]
            dims.append(f"%d{i}")
        if sizes:
            lines, dims = [], []
        body = []
        for operand, kind in zip("xy", self.types):
            if kind != result:
                body.append(f"    %{operand}w = arith.extf %{operand} : {kind} to {result}")
        x, y = ("%xw" if self.types[0] != result else "%x"), ("%yw" if self.types[1] != result else "%y")
        return "\n".join([
            f"func.func @{name or self.name}(%a: {ta}, %b: {tb}) -> {tc} {{", *lines,
            f"  %zero = arith.constant 0.0 : {result}", f"  %e = tensor.empty({', '.join(dims)}) : {tc}",
            f"  %f = linalg.fill ins(%zero : {result}) outs(%e : {tc}) -> {tc}",
            f"  %c = linalg.generic {{indexing_maps = [{maps}], iterator_types = [{kinds}]}} ins(%a, %b : {ta}, {tb}) outs(%f : {tc}) {{",
            f"  ^bb0(%x: {self.types[0]}, %y: {self.types[1]}, %s: {result}):", *body, f"    %p = arith.mulf {x}, {y} : {result}",
            f"    %t = arith.addf %s, %p : {result}", f"    linalg.yield %t : {result}", f"  }} -> {tc}", f"  return %c : {tc}", "}\n"])

    def inputs(self, sizes, seed=0):
        generator = np.random.default_rng([seed, *sizes.values()])
        return [generator.normal(size=[sizes[l] for l in letters]).astype(DTYPES[t])
                for letters, t in zip((self.a, self.b), self.types)]

    def call(self, library, a, b, sizes, function=None):
        c = np.empty([sizes[l] for l in self.c], DTYPES[self.types[2]])
        c.view(np.uint8)[...] = 0xFF  # NaN, should anything be left of it.
        library.call(function or self.name, a, b, c)
        return c

    def check(self, library, sizes, function=None):
        a, b = self.inputs(sizes)
        c = self.call(library, a, b, sizes, function).astype(np.float64)
        wide = [x.astype(np.float64) for x in (a, b)]
        formula = f"{self.a},{self.b}->{self.c}"
        expected = np.einsum(formula, *wide)
        magnitude = np.einsum(formula, *map(np.abs, wide))
        # A sum of K terms in the order of k is off by K last places of the sum of magnitudes at most.
        terms = max([sizes[l] for l in self.a + self.b if l not in self.c], default=1)
        sums = PLACE["f64" if self.types[2] == "f64" else "f32"]
        bound = 2 * (terms + 2) * sums * magnitude + 1.01 * PLACE[self.types[2]] * np.abs(expected)
        wrong = ~(np.abs(c - expected) <= bound)
        assert not wrong.any(), (sizes, np.argwhere(wrong)[:5], c[wrong][:5], expected[wrong][:5])


PLAIN = ("mk", "kn", "mn")
LAYOUTS = [PLAIN, ("km", "kn", "mn"), ("mk", "nk", "mn"), ("km", "nk", "mn"), ("mk", "kn", "nm"), ("bmk", "bkn", "bmn"),
           ("bmk", "bnk", "bmn"), ("bhmk", "bhkn", "bhmn"), ("bmk", "kn", "bmn")]
TYPES = [("f32", "f32", "f32"), ("f64", "f64", "f64"), ("bf16", "bf16", "f32"), ("bf16", "bf16", "bf16"), ("f16", "f16", "f16"),
         ("f16", "f16", "f32"), ("f32", "bf16", "f32")]
PRODUCTS = [Product(*PLAIN, types) for types in TYPES] + [
    Product(*layout, types) for layout in LAYOUTS[1:] for types in (TYPES[0], TYPES[2])] + [
    Product("mk", "nk", "mn", TYPES[i]) for i in (1, 3, 4, 6)]
# (m, n, k): none of either, one, a register tile and its edges, several blocks.
SIZES = [(0, 3, 4), (3, 0, 4), (3, 4, 0), (1, 1, 1), (1, 70, 33), (5, 1, 7), (2, 3, 1), (6, 64, 16), (7, 65, 17), (13, 31, 64), (16, 16, 32),
         (17, 33, 63), (32, 32, 96), (47, 129, 31), (64, 128, 128), (100, 200, 300)]
LARGE = [(515, 131, 1100), (37, 2200, 600), (12, 300, 1500), (1030, 40, 260), (8, 43, 1100)]
# On other targets than the host: every type, and what lies otherwise.
PORTABLE = PRODUCTS[:len(TYPES)] + [Product("km", "nk", "mn", TYPES[0]), Product("bmk", "bnk", "bmn", TYPES[2])]
TILED = [p for p in PORTABLE if p.types[:2] == ("bf16", "bf16")]


@pytest.fixture(scope="module")
def library(compile_library):
    return compile_library("\n".join(p.text() for p in PRODUCTS), name="products")


@pytest.fixture(scope="module")
def portable(compile_library):
    return compile_library("\n".join(p.text() for p in PORTABLE), "--target=x86-64-v3,x86-64", name="portable")


@pytest.fixture(scope="module")
def emulated(compile_library):
    return compile_library("\n".join(p.text() for p in TILED), "--target=emulated-sapphirerapids", name="emulated")


def sizes_of(m, n, k):
    return {"m": m, "n": n, "k": k, "b": 3, "h": 2}


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda p: p.name)
def test_products(library, product):
    for size in SIZES:
        product.check(library, sizes_of(*size))


@pytest.mark.parametrize("product", PORTABLE, ids=lambda p: p.name)
@pytest.mark.parametrize("target", ["x86-64-v3", "x86-64"])
def test_products_on_other_targets(portable, product, target):
    if portable.handle.portable_set_target(target.encode()):
        pytest.skip(f"this machine cannot run {target}")
    for size in SIZES:
        product.check(portable, sizes_of(*size))


@pytest.mark.parametrize("product", TILED, ids=lambda p: p.name)
def test_products_with_tiles_on_every_machine(emulated, product):
    for size in SIZES:
        product.check(emulated, sizes_of(*size))


@pytest.mark.parametrize("product", [p for p in PRODUCTS if len(p.c) == 2], ids=lambda p: p.name)
@pytest.mark.parametrize("size", LARGE)
def test_products_of_several_blocks(library, product, size):
    product.check(library, sizes_of(*size))


def test_named_ops_and_static_sizes(compile_library):
    batch, plain = Product("bmk", "bkn", "bmn", TYPES[0]), Product(*PLAIN, TYPES[2])
    sizes = {"b": 2, "m": 37, "n": 66, "k": 129}
    text = """
func.func @named(%a: tensor<37x129xbf16>, %b: tensor<129x66xbf16>) -> tensor<37x66xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<37x66xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<37x66xf32>) -> tensor<37x66xf32>
  %c = linalg.matmul ins(%a, %b : tensor<37x129xbf16>, tensor<129x66xbf16>) outs(%f : tensor<37x66xf32>) -> tensor<37x66xf32>
  return %c : tensor<37x66xf32>
}
func.func @batch(%a: tensor<2x37x129xf32>, %b: tensor<2x129x66xf32>) -> tensor<2x37x66xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x37x66xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x37x66xf32>) -> tensor<2x37x66xf32>
  %c = linalg.batch_matmul ins(%a, %b : tensor<2x37x129xf32>, tensor<2x129x66xf32>) outs(%f : tensor<2x37x66xf32>) -> tensor<2x37x66xf32>
  return %c : tensor<2x37x66xf32>
}
""" + plain.text("fixed", sizes)
    library = compile_library(text, name="named")
    plain.check(library, sizes, "named")
    plain.check(library, sizes, "fixed")
    batch.check(library, sizes, "batch")


def test_integers_keep_their_loops(compile_library):
    library = compile_library("""
func.func @f(%a: tensor<?x?xi32>, %b: tensor<?x?xi32>, %c: tensor<?x?xi32>) -> tensor<?x?xi32> {
  %d = linalg.matmul ins(%a, %b : tensor<?x?xi32>, tensor<?x?xi32>) outs(%c : tensor<?x?xi32>) -> tensor<?x?xi32>
  return %d : tensor<?x?xi32>
}
""", name="integers")
    generator = np.random.default_rng(2)
    a, b, c = (generator.integers(-9, 9, shape, np.int32) for shape in ((5, 7), (7, 33), (5, 33)))
    d = np.zeros_like(c)
    library.call("f", a, b, c, d)
    assert (d == a @ b + c).all()


@pytest.mark.parametrize("product", [Product("mk", b, "mn", TYPES[i]) for b in ("kn", "nk") for i in (0, 2)], ids=lambda p: p.name)
def test_rows_keep_to_themselves(library, product):
    """NaN and infinities stay in their rows and columns, and every row is what it is alone or among others."""
    sizes = sizes_of(35, 50, 33)
    a, b = product.inputs(sizes)
    expected = product.call(library, a, b, sizes)
    a[4] = np.nan
    a[20, 3] = np.inf
    b[(32, 7) if product.b == "kn" else (7, 32)] = np.nan
    c = product.call(library, a, b, sizes)
    assert np.isnan(c[4]).all() and np.isnan(c[:, 7]).all() and not np.isfinite(c[20]).any()
    rows, columns = np.ones(35, bool), np.ones(50, bool)
    rows[[4, 20]] = columns[7] = False
    assert (c[np.ix_(rows, columns)] == expected[np.ix_(rows, columns)]).all()
    for first, count in ((0, 1), (7, 1), (34, 1), (0, 5), (1, 7), (3, 8), (2, 9)):
        alone = product.call(library, a[first:first + count].copy(), b, sizes | {"m": count})
        np.testing.assert_array_equal(alone, c[first:first + count])


@pytest.mark.parametrize("types", [TYPES[0], TYPES[2]], ids="_".join)
def test_many_columns_of_a_transposed_b(library, types):
    """So many that what each of them took on the stack would be all of it."""
    Product("mk", "nk", "mn", types).check(library, sizes_of(2, 300000, 7))


def test_the_same_bits_for_every_number_of_threads(compile_library):
    products = [Product(*PLAIN, TYPES[0]), Product("bmk", "bnk", "bmn", TYPES[2]), Product(*PLAIN, TYPES[3])]
    text = "\n".join(p.text() for p in products)
    threaded, serial = compile_library(text, "--threads=omp", name="threaded"), compile_library(text, name="serial")
    for product in products:
        for size in [(1, 2, 3), (300, 333, 90), (9, 3000, 700), (2000, 20, 300)]:
            sizes = sizes_of(*size)
            a, b = product.inputs(sizes)
            expected = product.call(serial, a, b, sizes)
            for threads in (1, 2, 3, 7):
                assert threaded.handle.threaded_set_threads(threads) == threads
                assert product.call(threaded, a, b, sizes).tobytes() == expected.tobytes(), (product.name, size, threads)


# A system that refuses: every request for the registers of AMX fails.
REFUSAL = """
#include <errno.h>
#include <stdarg.h>
long syscall(long number, ...) {
  (void)number;
  errno = EPERM;
  return -1;
}
"""


def test_without_permission_for_tiles_the_other_variant_runs(compile_library, tmp_path):
    product = Product(*PLAIN, TYPES[2])
    library = compile_library(product.text(), name="tiles")
    product.check(library, sizes_of(33, 65, 97))
    has_tiles = library.handle.tiles_set_target(b"host-no-amx") == 0
    product.check(library, sizes_of(33, 65, 97))
    if not has_tiles:
        pytest.skip("this machine has no AMX")
    (tmp_path / "refusal.c").write_text(REFUSAL)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "refusal.so", tmp_path / "refusal.c"], check=True)
    root = pathlib.Path(__file__).resolve().parents[2]
    script = f"""
import sys
sys.path[:0] = [{str(root / 'examples' / 'python')!r}, {str(root / 'test' / 'Integration')!r}]
from weir_library import Library
from test_matmul import PLAIN, TYPES, Product, sizes_of
library = Library({str(library.path)!r})
Product(*PLAIN, TYPES[2]).check(library, sizes_of(33, 65, 97))
assert library.handle.tiles_set_target(b"host") == 10
assert b"lacks amx" in library.last_error(), library.last_error()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                          env={**os.environ, "LD_PRELOAD": str(tmp_path / "refusal.so")})
    assert done.returncode == 0, done.stderr
