"""IREE, from the StableHLO that JAX makes of the same operation."""

import importlib.metadata

import iree.compiler
import iree.runtime
import jax
import numpy as np

from .. import attention
from . import Unsupported
from .jax_peer import composed_attention, first, value_of

FLAGS = ["--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=llvm-cpu", "--iree-llvmcpu-target-cpu=host",
         "--iree-opt-level=O3", "--iree-input-demote-f64-to-f32=false"]


class Peer:
    name = "iree"

    def __init__(self, threads):
        self.version = importlib.metadata.version("iree-base-compiler")
        driver = "local-sync"
        if threads > 1:
            iree.runtime.flags.parse_flags(f"--task_topology_group_count={threads}")
            driver = "local-task"
        self.config = iree.runtime.Config(driver)

    def prepare(self, case, inputs):
        case, inputs = attention.as_queries(case, inputs)
        # Its own operation of attention takes far longer, and it refuses the precisions that JAX's operator asks for in bf16.
        value = composed_attention(case) if case.operation == "attention" else value_of(case)
        if case.operation in ("entmax15", "sparsemax", "attention_entmax15"):
            raise Unsupported("its sort takes time quadratic in the row: 1.3 ms for 256 elements, 4 s for 32768")
        text = jax.jit(value).lower(*inputs).as_text()
        binary = iree.compiler.compile_str(text, input_type="stablehlo", extra_args=FLAGS)
        context = iree.runtime.SystemContext(config=self.config)
        context.add_vm_module(iree.runtime.VmModule.copy_buffer(context.instance, binary))
        (module,) = [m for name, m in context.modules.items() if name != "hal"]
        arrays = [iree.runtime.asdevicearray(self.config.device, x) for x in inputs]
        main = module["main"]
        yield "iree", lambda: main(*arrays), lambda: np.asarray(first(main(*arrays)).to_host())
