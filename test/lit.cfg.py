import os

import lit.formats

config.name = "weir"
config.test_format = lit.formats.ShTest(True)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Integration", "House", "Unit"]
config.test_source_root = os.path.dirname(__file__)
config.environment["PATH"] = os.pathsep.join([config.weir_bin, config.llvm_bin, os.environ["PATH"]])
config.substitutions.append(("%builddir", os.path.dirname(config.weir_bin)))
