# The verbs of the project. Each works from a clean clone; `make help` lists them.

SHELL := /bin/bash
PRESET ?= release
BUILD := $(if $(filter release,$(PRESET)),build,build-$(PRESET))
PYTHON := build/venv/bin/python
export PATH := $(PATH):/usr/lib/llvm-22/bin

.PHONY: help setup configure build demo test test-all bench bench-peers format lint docs clean

help: ## list the verbs
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 22

setup: ## install missing packages and the Python environment
	@scripts/setup.sh

configure: setup
	@[ -f $(BUILD)/build.ninja ] || cmake --preset $(PRESET)

build: configure ## build the tools into build/bin
	@ninja -C $(BUILD)

demo: build ## compile the examples to libraries and run them from C and Python
	@examples/classifier/run.sh $(BUILD)
	@examples/decoder/run.sh $(BUILD)
	@examples/prefix/run.sh $(BUILD)

test: build ## the quick tier of all tests
	@ninja -C $(BUILD) check-weir-all

test-all: build ## every case
	@WEIR_TEST_ALL=1 ninja -C $(BUILD) check-weir-all

bench: build ## measure speed beside hand-written kernels and limits
	@ninja -C $(BUILD) bench

bench-peers: build ## the same, beside PyTorch, ONNX Runtime, OpenVINO, JAX, IREE, oneDNN and entmax
	@ninja -C $(BUILD) weir_yardsticks
	@$(PYTHON) benchmarks/run.py --build $(BUILD) --peers

format: ## format the C and C++ sources
	@git ls-files '*.h' '*.c' '*.cpp' | xargs clang-format-22 -i

lint: build ## clang-tidy over the C++ sources
	@git ls-files 'lib/*.cpp' 'tools/*.cpp' | xargs -P 2 -n 4 clang-tidy-22 --quiet -p $(BUILD)

docs: build ## generate the op and pass pages into build/docs
	@ninja -C $(BUILD) weir-docs

clean: ## remove the build folders
	@rm -rf build build-debug build-asan
