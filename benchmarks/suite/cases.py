"""What is measured: operations, shapes, types."""

import dataclasses

from . import attention as attended

MI = 1024 * 1024

# The first says what a call costs.
SOFTMAX = [(1, 8), (16, 64), (16, 128), (4096, 128), (4096, 127), (1, 2048), (4096, 1000), (4096, 1024), (1024, 4096), (1, 131072),
           (512, 32768), (64, 131072), (1, 2 * MI), (1, 8 * MI), (1, 64 * MI)]
SPARSE = [256, 1024, 4096, 32768]
# From the CPU's cache to main memory.
FUSED = [(16, 1024), (512, 1024), (4096, 1024), (2048, 4096)]
# Of heads, and of models.
NORMS = [(4096, 128), (16, 1024), (512, 1024), (4096, 1024), (2048, 4096)]
# Rows, columns and terms of a sum.
MATMUL = [(64, 64, 64), (1, 4096, 4096), (8, 4096, 4096), (256, 256, 256), (1000, 1000, 1000), (1024, 1024, 1024), (4096, 1024, 1024),
          (2048, 2048, 2048)]
ACROSS = [(1000, 1000), (1024, 1024), (4096, 4096)]


@dataclasses.dataclass(frozen=True)
class Case:
    suite: str
    operation: str
    rows: int
    n: int
    dtype: str = "f32"
    # How the first input is distributed: "normal" or "flat", all elements equal.
    distribution: str = "normal"
    # Of a product of matrices, the terms of a sum.
    k: int = 0

    @property
    def elements(self):
        return self.rows * self.n

    @property
    def work(self):
        """What rates count: elements, of products multiplications and additions."""
        return self.elements * (2 * self.k or 1)

    @property
    def shape(self):
        def short(n):
            return f"{n // MI}M" if n >= MI and n % MI == 0 else str(n)

        return f"{short(self.rows)}x{short(self.n)}" + (f"x{short(self.k)}" if self.k else "")

    @property
    def function(self):
        """The name of weir's function for it."""
        return f"{self.operation}_{self.dtype}_{self.rows}x{self.n}" + (f"x{self.k}" if self.k else "")

    @property
    def name(self):
        flat = " flat" if self.distribution == "flat" else ""
        return f"{self.operation} {self.shape} {self.dtype}{flat}"


def softmax():
    return [Case("softmax", "softmax", *shape, dtype) for dtype in ("f32", "bf16") for shape in SOFTMAX]


def sparse():
    return [Case("sparse", operation, rows, n, "f32", distribution) for operation in ("entmax15", "sparsemax")
            for distribution in ("normal", "flat") for n in SPARSE for rows in (1, 64)]


def topk():
    return [Case("topk", operation, *shape) for operation in ("topk", "softmax_topk") for shape in [(64, 1024), (4096, 32768)]]


def fused():
    return [Case("fused", operation, *shape, dtype) for operation in ("norm_gate", "scale_bias_softmax", "swiglu")
            for dtype in ("f32", "bf16") for shape in FUSED]


def norms():
    return [Case("norms", operation, *shape, dtype) for operation in ("rms_norm", "layer_norm") for dtype in ("f32", "bf16") for shape in NORMS]


def matmul():
    return [Case("matmul", "matmul", m, n, dtype, k=k) for dtype in ("f32", "bf16") for m, n, k in MATMUL]


def across():
    return [Case("across", "softmax_across", *shape) for shape in ACROSS]


def choice():
    """What the choice of a form is made between, at the shapes of softmax; of other formulas at some of them."""
    shapes = SOFTMAX[1:]
    some = [(16, 64), (4096, 128), (1, 2048), (4096, 1024), (1024, 4096), (1, 131072), (512, 32768), (1, 8 * MI)]
    return [Case("choice", "choice_softmax", *shape, dtype) for dtype in ("f32", "bf16") for shape in shapes] + [
        Case("choice", f"choice_{operation}", *shape, dtype) for operation in ("log_softmax", "layer_norm", "logsumexp")
        for dtype in ("f32", "bf16") for shape in some]


def activations():
    from . import operations

    return [Case("activations", name, *shape, dtype) for name in operations.elementwise()
            for *shape, dtype in [(1, 4096, "f32"), (8192, 8192, "f32"), (8192, 8192, "bf16")]]


SUITES = {"softmax": softmax, "sparse": sparse, "topk": topk, "fused": fused, "norms": norms, "across": across, "matmul": matmul,
          "attention": attended.attention, "attention_formulas": attended.attention_formulas, "attention_decode": attended.attention_decode,
          "attention_long": attended.attention_long, "choice": choice, "activations": activations}
# Those of `make bench`. The activations, and attention of long sequences, take as long as all others together, and forms are for who works on
# their choice.
USUAL = ["softmax", "sparse", "topk", "fused", "norms", "across", "matmul", "attention", "attention_formulas", "attention_decode"]

QUICK = [Case("softmax", "softmax", 16, 64), Case("softmax", "softmax", 3, 100, "bf16"), Case("softmax", "softmax", 2, 40000),
         Case("sparse", "entmax15", 4, 256), Case("sparse", "sparsemax", 4, 256, "f32", "flat"), Case("topk", "topk", 4, 512),
         Case("topk", "softmax_topk", 4, 512), Case("fused", "norm_gate", 4, 256), Case("fused", "scale_bias_softmax", 4, 250, "bf16"),
         Case("fused", "swiglu", 4, 256), Case("norms", "rms_norm", 4, 256), Case("norms", "layer_norm", 4, 250, "bf16"), Case("across", "softmax_across", 32, 32),
         Case("matmul", "matmul", 96, 128, k=64), Case("matmul", "matmul", 64, 64, "bf16", k=96),
         Case("choice", "choice_softmax", 16, 64), Case("choice", "choice_layer_norm", 16, 64), Case("choice", "choice_logsumexp", 16, 64, "bf16"),
         Case("activations", "silu", 4, 256), *attended.QUICK]


def select(suites, pattern, quick):
    """The cases of the named suites whose name contains the pattern."""
    chosen = QUICK if quick else [case for suite in suites for case in SUITES[suite]()]
    return [case for case in chosen if pattern in case.name]
