"""The library itself: every formula is documented, listed, tested, and its example compiles."""

import subprocess
import sys

import pytest

from conftest import BIN, ROOT
from formulas import CASES

sys.path.insert(0, str(ROOT / "docs"))
import library  # noqa: E402

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


def test_every_formula_is_listed_and_tested():
    names = {formula.name for formula in FORMULAS}
    language = (ROOT / "docs" / "language.md").read_text()
    assert [name for name in names if f"`{name}`" not in language] == []
    assert names - {case.name for case in CASES} == set()


@pytest.mark.parametrize("family", FAMILIES)
def test_examples_compile(weirc, tmp_path, family):
    source = tmp_path / "examples.mlir"
    source.write_text("".join(formula.example() for formula in FORMULAS if formula.family == family))
    done = weirc(source, "-o", tmp_path / "examples.so")
    assert done.returncode == 0, done.stderr


def test_pages(tmp_path):
    done = subprocess.run([sys.executable, ROOT / "docs" / "library.py", "--weir-opt", BIN / "weir-opt", "--out", tmp_path],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "softmax.md").read_text()
    assert "## `softmax(x) -> varying`" in page and "- Derived: sweeps 2 -> 1, reads 2, attention 1/1; sweep 1: max (plain) add (exp)" in page
    assert len(list(tmp_path.iterdir())) == len(FAMILIES) + 1
