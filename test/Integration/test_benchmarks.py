"""The benchmarks' driver on tiny cases: everything runs, is checked against oracles, and its files can be read. No times are asserted."""

import json
import subprocess
import sys
import xml.dom.minidom

import pytest

from conftest import BIN, ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

from suite import cases, machine, operations, plot, report  # noqa: E402

needs_yardsticks = pytest.mark.skipif(not machine.yardsticks(), reason="run.py ends, naming what the processor lacks")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    for options in (["--compile-only"], ["--compiled", "--rounds", "2", "--settle", "0", "--output", folder, "--name", "quick"]):
        done = subprocess.run([sys.executable, ROOT / "benchmarks" / "run.py", "--build", BIN.parent, "--quick", "--threads", "1", "2", *options],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return folder


@needs_yardsticks
def test_every_case_is_measured(results):
    run = json.loads((results / "quick.json").read_text())
    threads = sorted({case["threads"] for case in run["cases"]})
    assert [case["name"] for case in run["cases"]] == [case.name for case in cases.QUICK] * len(threads)
    for case in run["cases"]:
        assert {"weir", "weir dynamic"} <= case["variants"].keys()
        assert {"limit read", "limit multiply"} & case["variants"].keys()
        for timing in case["variants"].values():
            assert 0 < timing["low"] <= timing["median"] <= timing["high"]
        assert case["limit"] > 0 and case["limit_by"] in ("copy", "read", "read + copy", "exp", "multiply")


@needs_yardsticks
def test_results_of_ours_are_checked(results):
    run = json.loads((results / "quick.json").read_text())
    for case in run["cases"]:
        if report.is_attention(case) or operations.find(case["operation"]).oracle:
            for name, variant in case["variants"].items():
                if name == "weir" or variant["kind"] == "yardstick":
                    assert 0 <= variant["error"] < 1e-2, (case["name"], name)


@needs_yardsticks
def test_files_can_be_read(results):
    text = (results / "quick.md").read_text()
    plots = sorted(results.glob("*.svg"))
    assert plots
    for path in plots:
        assert path.name in text
        xml.dom.minidom.parse(str(path))
    for line in text.splitlines():
        if line.startswith("| softmax 16x64 |"):
            assert float(line.split("|")[3]) > 0


def timing(median, kind, error=None):
    return {"kind": kind, "median": median, "low": median, "high": median, "rounds": 1, "repeats": 1, "error": error}


def made_up(n=1000, **variants):
    """A case in which reading takes 1, copying 2 and exponentials 3 seconds, weir 4."""
    known = {"weir": timing(4, "weir"), "limit copy": timing(2.5, "limit"), "limit stream": timing(2, "limit"), "limit read": timing(1, "limit"),
             "limit exp": timing(3, "limit")}
    case = {"suite": "softmax", "operation": "softmax", "rows": 1, "n": n, "dtype": "f32", "distribution": "normal", "name": f"softmax 1x{n} f32",
            "shape": f"1x{n}", "threads": 1, "elements": n, "variants": known | variants, "refused": {}}
    run = {"cases": [case]}
    report.derive(run, 1 << 20)
    return run


def test_limits():
    assert made_up()["cases"][0]["limit"] == 3
    assert made_up()["cases"][0]["limit_by"] == "exp"
    # A row of 4 MiB is read once more.
    assert made_up(1 << 20, **{"limit read": timing(1.5, "limit")})["cases"][0]["limit"] == 3.5
    assert made_up(1 << 20, **{"limit read": timing(1.5, "limit")})["cases"][0]["limit_by"] == "read + copy"


def test_gaps_name_who_is_faster():
    run = made_up(**{"torch": timing(3, "peer"), "jax": timing(8, "peer"), "yardstick short": timing(3.9, "yardstick")})
    (line,) = report.gaps(run).splitlines()[2:]
    assert "torch 0.75" in line and "jax" not in line and "yardstick" not in line


def test_peers_that_are_inaccurate_are_named():
    run = made_up(**{"torch": timing(3, "peer", 1e-3), "jax": timing(8, "peer", 1e-6)})
    assert "torch" in report.refusals(run) and "jax" not in report.refusals(run)


def test_a_table_has_a_column_for_each_peer():
    run = made_up(**{"torch": timing(3, "peer"), "jax": timing(8, "peer")})
    head, _, row = report.table(run["cases"]).splitlines()
    cells = dict(zip(head.split("|"), row.split("|")))
    assert float(cells[" torch "]) == 0.75 and float(cells[" jax "]) == 2


def test_plots_are_xml():
    for text in plot.plots(made_up(**{"a<b": timing(3, "peer")}), "x").values():
        xml.dom.minidom.parseString(text)
