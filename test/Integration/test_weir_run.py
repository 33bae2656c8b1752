"""weir-run on real .npy files, and what it says of bad ones."""

import io
import subprocess

import ml_dtypes
import numpy as np
import pytest

from conftest import BIN

MODEL = """
func.func @scaled(%x: tensor<?x?xf32>, %beta: f32) -> tensor<?x?xf32> {
  %y = weir.apply @softmax_scaled(%x, %beta) : (tensor<?x?xf32>, f32) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @halves(%x: tensor<?x?xbf16>) -> tensor<?x?xbf16> {
  %y = weir.apply @softmax(%x) : (tensor<?x?xbf16>) -> tensor<?x?xbf16>
  return %y : tensor<?x?xbf16>
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("run")
    (path / "model.mlir").write_text(MODEL)
    return path


def run(folder, *arguments):
    return subprocess.run([BIN / "weir-run", "model.mlir", *arguments], cwd=folder, capture_output=True, text=True)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@pytest.mark.parametrize("order", ["C", "F"])
def test_f32(folder, order):
    x = np.random.default_rng(1).normal(size=(5, 33)).astype(np.float32)
    np.save(folder / "x.npy", np.asarray(x, order=order))
    done = run(folder, "--entry=scaled", "--input=x.npy", "--scalar=0.5", "--output=y.npy")
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.load(folder / "y.npy"), softmax(0.5 * x.astype(np.float64)), rtol=3e-6)


def test_bf16_as_ml_dtypes_writes_it(folder):
    x = np.random.default_rng(2).normal(size=(3, 20)).astype(ml_dtypes.bfloat16)
    np.save(folder / "h.npy", x)
    done = run(folder, "--entry=halves", "--input=h.npy", "--output=o.npy")
    assert done.returncode == 0, done.stderr
    y = np.load(folder / "o.npy").view(ml_dtypes.bfloat16).astype(np.float64)
    np.testing.assert_allclose(y, softmax(x.astype(np.float64)), rtol=2.0**-7)


def test_targets_and_threads(folder):
    x = np.random.default_rng(4).normal(size=(300, 500)).astype(np.float32)
    np.save(folder / "t.npy", x)
    done = run(folder, "--entry=scaled", "--input=t.npy", "--scalar=2", "--output=t_out.npy", "--threads=omp",
               "--target=x86-64,host")
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.load(folder / "t_out.npy"), softmax(2.0 * x.astype(np.float64)), rtol=1e-5, atol=1e-30)


@pytest.mark.parametrize("arguments, message", [
    (["--entry=scaled", "--threads=many"], "unknown --threads=many; use none or omp"),
    (["--entry=scaled", "--target=x86-64,nothing"], "unknown target 'nothing'"),
    (["--entry=nothing"], "has no public function 'nothing'"),
    (["--entry=scaled", "--output=y.npy"], "give another --input"),
    (["--entry=scaled", "--input=x.npy", "--output=y.npy"], "give another --scalar"),
    (["--entry=scaled", "--input=x.npy", "--scalar=a", "--output=y.npy"], "'a' is not a number"),
    (["--entry=scaled", "--input=x.npy", "--scalar=1"], "has 1 results, but 0 --output"),
    (["--entry=scaled", "--input=gone.npy", "--scalar=1", "--output=y.npy"], "gone.npy"),
    (["--entry=scaled", "--input=model.mlir", "--scalar=1", "--output=y.npy"], "is not a .npy file"),
    (["--entry=scaled", "--input=d.npy", "--scalar=1", "--output=y.npy"], "arg0 has dtype float64; it must be float32"),
    (["--entry=scaled", "--input=x.npy", "--scalar=1", "--output=no/y.npy"], "cannot write"),
])
def test_errors(folder, arguments, message):
    np.save(folder / "x.npy", np.zeros((2, 3), np.float32))
    np.save(folder / "d.npy", np.zeros((2, 3)))
    done = run(folder, *arguments)
    assert done.returncode == 1
    assert message in done.stderr


MORE = """
func.func @plain(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @softmax(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @masked(%x: tensor<?x?xf16>, %m: tensor<?x?xi1>) -> (tensor<?x?xf16>, tensor<?xf32>) {
  %y, %l = weir.apply @softmax_lse(%x) mask(%m : tensor<?x?xi1>)
    : (tensor<?x?xf16>) -> (tensor<?x?xf16>, tensor<?xf32>)
  return %y, %l : tensor<?x?xf16>, tensor<?xf32>
}
func.func @same(%a: tensor<?xi1>, %b: tensor<?x?xbf16>, %c: i1, %d: i32)
    -> (tensor<?xi1>, tensor<?x?xbf16>, tensor<2xi32>) {
  %e = arith.extui %c : i1 to i32
  %r = tensor.from_elements %e, %d : tensor<2xi32>
  return %a, %b, %r : tensor<?xi1>, tensor<?x?xbf16>, tensor<2xi32>
}
"""


@pytest.fixture(scope="module")
def more(tmp_path_factory):
    path = tmp_path_factory.mktemp("more")
    (path / "model.mlir").write_text(MORE)
    return path


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_versions_of_the_format(more, version):
    x = np.random.default_rng(5).normal(size=(2, 9)).astype(np.float32)
    with open(more / "v.npy", "wb") as file:
        np.lib.format.write_array(file, x, version)
    done = run(more, "--entry=plain", "--input=v.npy", "--output=y.npy")
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.load(more / "y.npy"), softmax(x.astype(np.float64)), rtol=3e-6)


def test_half_and_mask_and_two_results(more):
    rng = np.random.default_rng(6)
    x, m = rng.normal(size=(4, 21)).astype(np.float16), rng.random((4, 21)) < 0.7
    np.save(more / "x.npy", x)
    np.save(more / "m.npy", m)
    done = run(more, "--entry=masked", "--input=x.npy", "--input=m.npy", "--output=y.npy", "--output=l.npy")
    assert done.returncode == 0, done.stderr
    wide = np.where(m, x.astype(np.float64), -np.inf)
    np.testing.assert_allclose(np.load(more / "y.npy"), softmax(wide), rtol=2.0**-10, atol=1e-6)
    np.testing.assert_allclose(np.load(more / "l.npy"), np.log(np.exp(wide).sum(1)), rtol=1e-5)


def test_bool_and_bfloat16_come_back_as_they_went(more):
    a = np.array([True, False, True])
    b = np.array([[1.5, -2.0], [np.nan, np.inf]]).astype(ml_dtypes.bfloat16)
    np.save(more / "a.npy", a)
    np.save(more / "b.npy", b)
    done = run(more, "--entry=same", "--input=a.npy", "--input=b.npy", "--scalar=1", "--scalar=-5", "--output=oa.npy",
               "--output=ob.npy", "--output=oc.npy")
    assert done.returncode == 0, done.stderr
    back = np.load(more / "oa.npy")
    assert back.dtype == np.bool_ and (back == a).all()
    np.testing.assert_array_equal(np.load(more / "ob.npy").view(np.uint16), b.view(np.uint16))
    np.testing.assert_array_equal(np.load(more / "oc.npy"), [1, -5])


def test_a_file_may_be_input_and_output(more):
    x = np.random.default_rng(7).normal(size=(3, 8)).astype(np.float32)
    np.save(more / "io.npy", x)
    done = run(more, "--entry=plain", "--input=io.npy", "--output=io.npy")
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.load(more / "io.npy"), softmax(x.astype(np.float64)), rtol=3e-6)


@pytest.mark.parametrize("shape", [(0, 4), (4, 0)])
def test_empty_arrays(more, shape):
    np.save(more / "e.npy", np.zeros(shape, np.float32))
    done = run(more, "--entry=plain", "--input=e.npy", "--output=oe.npy")
    assert done.returncode == 0, done.stderr
    assert np.load(more / "oe.npy").shape == shape


def header(text, version=1, data=b"\0" * 64):
    text = text.encode() + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + len(text).to_bytes(2 if version == 1 else 4, "little") + text + data


def saved(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


GOOD = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 8), }"
BAD_FILES = {
    "empty": (b"", "is not a .npy file"),
    "magic only": (b"\x93NUMPY", "has version 0"),
    "version 4": (header(GOOD, 4), "has version 4"),
    "no length": (b"\x93NUMPY\1\0", "ends within its header"),
    "short header": (b"\x93NUMPY\1\0\xff\xff{", "ends within its header"),
    "huge header": (b"\x93NUMPY\2\0\xff\xff\xff\xff{", "ends within its header"),
    "truncated": (header(GOOD, data=b"\0" * 63), "ends before its last element"),
    "no type": (header("{'fortran_order': False, 'shape': (2, 8), }"), "without a type"),
    "no shape": (header("{'descr': '<f4', 'fortran_order': False, }"), "without a shape"),
    "no order": (header("{'descr': '<f4', 'shape': (2, 8), }"), "without an order"),
    "odd order": (header(GOOD.replace("False", "Maybe")), "without an order"),
    "odd shape": (header(GOOD.replace("(2, 8)", "(2, x)")), "without a shape"),
    "negative": (header(GOOD.replace("(2, 8)", "(-2, 8)")), "without a shape"),
    "scalar for a shape": (header(GOOD.replace("(2, 8)", "16")), "without a shape"),
    "huge": (header(GOOD.replace("(2, 8)", f"({2**62}, 8)")), "no memory holds"),
    "beyond integers": (header(GOOD.replace("(2, 8)", f"({2**70}, 8)")), "without a shape"),
    "big-endian": (saved(np.zeros((2, 8), ">f4")), "big-endian elements ('>f4')"),
    "records": (saved(np.zeros((2, 8), [("a", "<f4"), ("b", "<i4")])), "records as elements"),
    "complex": (saved(np.zeros((2, 8), np.complex64)), "elements of type '<c8'"),
    "unsigned": (saved(np.zeros((2, 8), np.uint8)), "elements of type '|u1'"),
    "strings": (saved(np.zeros((2, 8), "U3")), "elements of type '<U3'"),
    "objects": (saved(np.array([[None]])), "elements of type '|O'"),
    "wrong rank": (saved(np.zeros(8, np.float32)), "arg0 has rank 1; it must have rank 2"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files(more, name):
    content, message = BAD_FILES[name]
    (more / "bad.npy").write_bytes(content)
    (more / "never.npy").unlink(missing_ok=True)
    done = run(more, "--entry=plain", "--input=bad.npy", "--output=never.npy")
    assert done.returncode == 1
    assert message in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (more / "never.npy").exists()


@pytest.mark.parametrize("scalars, message", [
    (["2", "0"], "--scalar '2' does not fit a bool: give 0 or 1"),
    (["1", "3000000000"], "--scalar '3000000000' does not fit an int32"),
    (["1", "0.5"], "--scalar '0.5' is not an integer"),
    (["1"], "give another --scalar"),
    (["1", "2", "3"], "fewer than given"),
])
def test_bad_scalars(more, scalars, message):
    np.save(more / "a.npy", np.array([True]))
    np.save(more / "b.npy", np.zeros((1, 1), ml_dtypes.bfloat16))
    outputs = [f"--output={name}.npy" for name in ("p", "q", "r")]
    done = run(more, "--entry=same", "--input=a.npy", "--input=b.npy", *[f"--scalar={s}" for s in scalars], *outputs)
    assert done.returncode == 1
    assert message in done.stderr


def test_results_appear_together_or_not_at_all(more):
    for name in "xm":
        np.save(more / f"{name}.npy", np.zeros((2, 2), np.float16 if name == "x" else bool))
    for outputs, message in ((["first.npy", "no/such.npy"], "cannot write"), (["first.npy", "first.npy"], "given twice")):
        done = run(more, "--entry=masked", "--input=x.npy", "--input=m.npy", *[f"--output={o}" for o in outputs])
        assert done.returncode == 1
        assert message in done.stderr
        assert [p for p in more.iterdir() if "first" in p.name] == []
