"""The package of entmax's authors, on PyTorch. It sorts; `k` is its own faster way, a partial sort of so many."""

import importlib.metadata

import entmax
import torch

from . import Unsupported
from .torch_attention import composed
from .torch_peer import to_torch

PARTIAL = 512


class Peer:
    name = "entmax"

    def __init__(self, threads):
        torch.set_num_threads(threads)
        self.version = importlib.metadata.version("entmax")

    def prepare(self, case, inputs):
        if case.operation == "attention_entmax15":
            q, k, v = map(to_torch, inputs)
            # In bf16 the package's sums of squares would be off by several percent.
            weights = lambda x: entmax.entmax15(x.float(), dim=-1).to(x.dtype)  # noqa: E731
            call = lambda: composed(weights, q, k, v)  # noqa: E731
            yield "entmax", call, lambda: call().float().numpy()
            return
        if case.operation not in ("entmax15", "sparsemax"):
            raise Unsupported("no such operation")
        function, x = getattr(entmax, case.operation), to_torch(inputs[0])
        yield "entmax", lambda: function(x, dim=-1), lambda: function(x, dim=-1).numpy()
        if case.n > PARTIAL:
            yield f"entmax k={PARTIAL}", lambda: function(x, dim=-1, k=PARTIAL), lambda: function(x, dim=-1, k=PARTIAL).numpy()
