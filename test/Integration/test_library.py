"""The library itself: every formula is documented, listed, tested, and its example compiles."""

import re
import subprocess
import sys

import numpy as np
import pytest

from conftest import BIN, ROOT
from formulas import CASES
from test_rows import PLAINEST, check_row, draw_operand

sys.path[:0] = [str(ROOT / "docs"), str(ROOT / "benchmarks")]
import library  # noqa: E402
from suite import operations  # noqa: E402

FORMULAS = library.all_formulas()
FAMILIES = sorted({formula.family for formula in FORMULAS})

# Names users type: they never go and never change. Uniform arguments and results carry a u.
SIGNATURES = """
softmax(x) softmax_scaled(x,u) log_softmax(x) logsumexp(x)u softmax_lse(x),u softmax_sink(x,u) softmax_plus_one(x)
softmax_adaptive(x) ssmax(x,u,u) self_adjust_softmax(x) self_adjust_softmax_normalized(x) boltzmann(x)u softpick(x)
stablemax(x) sparsemax(x) entmax15(x) entmax(x,u) entmax_tau(x,u),u sparse_softmax(x,u) gumbel_softmax(x,x,u)
gumbel_softmax_seeded(x,u,u) clipped_softmax(x,u,u) quantized_softmax(x,u,u,u) sigmoid_weights(x,u) relu_weights(x)
lssa(x) lssar(x,u) two_quad(x,u) relu_softmax(x) two_relu(x) scaling(x) taylor_softmax(x) spherical_softmax(x)
split_softmax(x,x,u) soft_wta(x,u) rms_norm(x,x,u) layer_norm(x,x,x,u) l2_normalize(x,u) gated_rms_norm(x,x,x,u)
max_prob(x)u margin(x)u entropy(x)u cross_entropy(x,u)u label_smoothing(x,u,u)u maxsup(x,u,u)u logit_penalty(x,u,u)u
z_loss(x,u,u,u)u sparsemax_loss(x,u)u entmax15_loss(x,u)u entmax_loss(x,u,u)u stablemax_cross_entropy(x,u)u
noisy_softmax_loss(x,u,u,u,u)u adpo(x,x,x,u)u vq_logsumexp(x,x)u bckd(x,x,u) gumbel_bce(x,x)
relu(x) sigmoid(x) tanh(x) silu(x) quick_gelu(x) gelu(x) gelu_tanh(x) golu(x) atlu(x) softplus(x) logsigmoid(x)
gumbel_sigmoid(x) swish(x,u) xatlu(x,u) xgelu(x,u) xsilu(x,u) glu(x,x) gtu(x,x) bilinear(x,x) reglu(x,x) geglu(x,x)
geglu_tanh(x,x) swiglu(x,x) goglu(x,x) atglu(x,x) xatglu(x,x,u) xgeglu(x,x,u) xswiglu(x,x,u) clamped_swiglu(x,x)
sigmoid_gate(x,x) blend(x,x,x) residual_gate(x,x,x) idea_gate(x,x,u,u) sapo(x,u)
""".split()


def short(formula):
    arguments = ",".join("u" if a.uniform else "x" for a in formula.arguments)
    results = {(False,): "", (True,): "u", (False, True): ",u"}[tuple(formula.results)]
    return f"{formula.name}({arguments}){results}"


def test_names_and_signatures():
    assert sorted(short(formula) for formula in FORMULAS) == sorted(SIGNATURES)


def test_every_activation_and_gate_is_measured():
    """The benchmark reads its list off the library; none may slip through its pattern."""
    elementwise = {f.name for f in FORMULAS if f.family in ("activations", "glu", "gates")}
    assert elementwise and elementwise <= set(operations.elementwise())


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda f: f.name)
def test_every_formula_is_documented(formula):
    assert formula.line.endswith("."), "one line says what it is"
    assert list(formula.fields) == list(library.FIELDS)
    assert all(text.endswith(".") for text in formula.fields.values())
    assert formula.fields["Class"].startswith(("A-EXP", "A-SUM", "A-LOG", "A-ELT", "A-ROOT", "Exact"))


def test_a_formula_without_fields_is_found(tmp_path):
    planted = tmp_path / "planted.mlir"
    planted.write_text("weir.formula @bare(%x: f32) -> f32 {\n  weir.yield %x : f32\n}\n"
                       "\n// half: y = x / 2.\n//   Paper: none.\nweir.formula @half(%x: f32) -> f32 {\n  weir.yield %x : f32\n}\n")
    bare, half = library.parse_file(planted)
    assert bare.line == "" and bare.fields == {}
    assert half.line == "y = x / 2." and list(half.fields) == ["Paper"]


def undigested(text):
    """The constants of more than six digits, but for bit patterns, that do not carry those of f64."""
    for digits, value in re.findall(r"arith\.constant (?:\{weir\.f64 = (\S+) : f64\} )?(\S+) : f32", text):
        significant = re.sub(r"e.*|[-.]", "", value).strip("0")
        if not value.startswith("0x") and len(significant) > 6 and not digits:
            yield value


@pytest.mark.parametrize("path", sorted(library.SOURCES.glob("*.mlir")), ids=lambda path: path.stem)
def test_long_constants_carry_the_digits_of_f64(path):
    assert list(undigested(path.read_text())) == []


def test_a_constant_without_its_digits_is_found():
    text = "arith.constant 3.14159274 : f32 arith.constant 0.044715 : f32 arith.constant {weir.f64 = 1.0 : f64} 1.2345678 : f32"
    assert list(undigested(text + " arith.constant -1.234567e-08 : f32 arith.constant 0x7FC00000 : f32 arith.constant 8000000.0 : f32")) == [
        "3.14159274", "-1.234567e-08"]


def test_every_formula_is_listed_and_tested():
    names = {formula.name for formula in FORMULAS}
    language = (ROOT / "docs" / "language.md").read_text()
    assert [name for name in names if f"`{name}`" not in language] == []
    assert names - {case.name for case in CASES} == set()


EXAMPLE = {**PLAINEST, "dtype": "f32"}


def run_example(compiled, case):
    """The example of a page, on some rows, against the oracle."""
    rng = np.random.default_rng(2)
    x = rng.normal(0, 2, (3, 33)).astype(np.float32)
    drawn = [draw_operand(rng, o, x.shape, EXAMPLE) for o in case.operands]
    passed = [np.ascontiguousarray(np.broadcast_to(o, x.shape)) if isinstance(o, np.ndarray) else o for o, _ in drawn]
    results = [np.full(x.shape[:1] if r.uniform else x.shape, 7, np.float32) for r in case.results]
    compiled.call(f"run_{case.name}", x, *passed, *results)
    for i in range(len(x)):
        operands = tuple(np.array(o[i]) if o.ndim == 2 else o[i] for _, o in drawn)
        check_row(case, EXAMPLE, ["normal"] * 3, x.astype(np.float64), np.ones(x.shape, bool), operands, results, i)


@pytest.mark.parametrize("family", FAMILIES)
def test_examples_run(compile_library, family):
    names = [formula.name for formula in FORMULAS if formula.family == family]
    compiled = compile_library("".join(f.example() for f in FORMULAS if f.family == family), name="examples")
    for case in CASES:
        if case.name in names:
            run_example(compiled, case)
            names.remove(case.name)
    assert names == []


def test_pages(tmp_path):
    done = subprocess.run([sys.executable, ROOT / "docs" / "library.py", "--weir-opt", BIN / "weir-opt", "--out", tmp_path],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "softmax.md").read_text()
    assert "## `softmax(x) -> varying`" in page and "- Derived: sweeps 2 -> 1, reads 2, attention 1/1; sweep 1: max (plain) add (exp)" in page
    assert len(list(tmp_path.iterdir())) == len(FAMILIES) + 1
