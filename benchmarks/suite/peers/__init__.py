"""Other systems at the same work, each in a module of its own.

A module has a class Peer(threads) with `name`, `version` and prepare(case, inputs), which gives for each of the peer's variants a name, a
call without arguments and a function that returns the results as an array of NumPy; or raises Unsupported. A call with an attribute
`is_timer` is a function of the number of repeats that returns seconds.
"""

import importlib

# oneDNN comes first: its runtime must be the first of its kind in the process.
NAMES = ["onednn", "torch", "entmax", "onnxruntime", "openvino", "jax", "iree"]


class Unsupported(Exception):
    """The peer has no such operation or type."""


def load(names, threads):
    """The peers that are installed, and for the others why not."""
    found, missing = [], {}
    for name in [n for n in NAMES if n in names]:
        try:
            found.append(importlib.import_module(f".{name}_peer", __name__).Peer(threads))
        except Exception as error:
            missing[name] = f"not here: {type(error).__name__}: {str(error).splitlines()[0][:160] if str(error) else ''}"
    return found, missing
