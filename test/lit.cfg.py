import os

import lit.formats

config.name = "weir"
config.test_format = lit.formats.ShTest(True)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Integration", "House", "Unit"]
config.test_source_root = os.path.dirname(__file__)
config.environment["PATH"] = os.pathsep.join([config.weir_bin, os.path.join(config.weir_bin, "fuzz"), config.llvm_bin, os.environ["PATH"]])
config.substitutions.append(("%builddir", os.path.dirname(config.weir_bin)))
config.substitutions.append(("%python", config.weir_python))

# `make test` runs part of the random cases, `make test-all` ten times as many.
every_case = bool(os.environ.get("WEIR_TEST_ALL"))
config.substitutions.append(("%abicalls", "1000000" if every_case else "100000"))
config.substitutions.append(("%irruns", "20000" if every_case else "2000"))
