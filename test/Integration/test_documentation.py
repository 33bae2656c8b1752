"""The mlir examples in op descriptions and in docs/ are programs that weir-opt takes."""

import re
import subprocess

import pytest

from conftest import BIN, ROOT

SOURCES = sorted([*(ROOT / "include").rglob("*.td"), *(ROOT / "docs").rglob("*.md"), ROOT / "README.md"])


def examples():
    for path in SOURCES:
        for i, text in enumerate(re.findall(r"```mlir\n(.*?)```", path.read_text(), re.S)):
            yield pytest.param(text, id=f"{path.name}-{i}")


@pytest.mark.parametrize("text", examples())
def test_example(text):
    done = subprocess.run([BIN / "weir-opt", "-"], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
