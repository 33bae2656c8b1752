//===- ir-fuzz.cpp - random programs through the compiler ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The entry that libFuzzer and ir-fuzz-main.cpp call: text is parsed and
// verified, and what passes goes through every pass to the LLVM dialect.
// Nothing may crash. Mutations work on tokens and lines, so that many programs
// still parse.
//
//===----------------------------------------------------------------------===//

#include "weir/Pipelines/Pipelines.h"
#include "weir/Target/Machine.h"

#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

#include <cstdlib>
#include <memory>
#include <random>

using namespace mlir;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

/// A context is used for some runs and then made anew, since what it has seen
/// it never forgets.
static MLIRContext &getContext() {
  static std::unique_ptr<MLIRContext> context;
  static unsigned runs = 0;
  if (runs++ % 2000 == 0) {
    DialectRegistry registry;
    weir::registerDialects(registry);
    context = std::make_unique<MLIRContext>(registry,
                                            MLIRContext::Threading::DISABLED);
    context->getDiagEngine().registerHandler(
        [](Diagnostic &) { return success(); });
  }
  return *context;
}

/// What a program goes through: the whole way of weirc, or a part of it that
/// weir-opt can be asked for.
static constexpr const char *kParts[] = {
    "weir-link-library,weir-choose-form,weir-lower-apply",
    "weir-lower-apply,canonicalize,cse",
    "weir-normalize-formulas",
    "weir-print-analysis",
    "convert-weir-to-vector,weir-lower-cpu",
    "weir-prepare-abi",
    "weir-emit-abi",
    "one-shot-bufferize",
    "convert-linalg-to-weir",
    "weir-choose-attention,weir-lower-attention,weir-lower-states",
    "convert-attention-to-rows",
};

static void buildPipeline(PassManager &pm, size_t choice) {
  static const bool registered = [] {
    weir::registerPipelinesAndPasses();
    registerTransformsPasses();
    bufferization::registerOneShotBufferizePass();
    return true;
  }();
  (void)registered;
  if (choice < std::size(kParts)) {
    (void)parsePassPipeline(kParts[choice], pm);
    return;
  }
  weir::CPUPipelineOptions options;
  options.library = "library";
  weir::buildTensorPipeline(pm, options);
  weir::buildCPUCodePipeline(pm, options);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  MLIRContext &context = getContext();
  std::string text(reinterpret_cast<const char *>(data), size);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  if (!module)
    return 0;
  size_t choice =
      llvm::xxh3_64bits(llvm::StringRef(text)) % (2 * std::size(kParts));
  if (choice % 2) {
    auto machine = weir::Machine::get("x86-64-v4");
    machine->annotate(*module);
  }
  PassManager pm(&context);
  buildPipeline(pm, choice);
  bool passed = succeeded(pm.run(*module));
  if (std::getenv("WEIR_FUZZ_VERBOSE"))
    llvm::errs() << (passed ? "passed\n" : "refused by a pass\n");
  return 0;
}

namespace {

/// A text as tokens: words with the marks that MLIR puts before them, numbers,
/// spaces, single characters.
std::vector<std::string> tokenize(llvm::StringRef text) {
  std::vector<std::string> tokens;
  while (!text.empty()) {
    auto isWord = [](char c) {
      return llvm::isAlnum(c) || c == '_' || c == '.';
    };
    size_t mark = llvm::StringRef("%@#!^").contains(text[0]) ? 1 : 0;
    size_t length = mark;
    while (length < text.size() && isWord(text[length]))
      ++length;
    length = std::max<size_t>(length, 1);
    tokens.push_back(text.take_front(length).str());
    text = text.drop_front(length);
  }
  return tokens;
}

constexpr const char *kWords[] = {"0",
                                  "1",
                                  "-1",
                                  "2",
                                  "7",
                                  "64",
                                  "1000",
                                  "9223372036854775807",
                                  "-9223372036854775808",
                                  "0.0",
                                  "1.0e38",
                                  "0x7FC00000",
                                  "f32",
                                  "f64",
                                  "bf16",
                                  "f16",
                                  "i1",
                                  "i8",
                                  "i32",
                                  "i64",
                                  "i7",
                                  "i128",
                                  "index",
                                  "none",
                                  "tensor<f32>",
                                  "tensor<?xf32>",
                                  "tensor<0x4xf32>",
                                  "tensor<?x?xf32>",
                                  "tensor<*xf32>",
                                  "tensor<1x8xf32>",
                                  "tensor<1x2x3x4xf32>",
                                  "tensor<?x1x?x4xf32>",
                                  "memref<1x2x?x4xf32>",
                                  "memref<4xf32>",
                                  "vector<4xf32>",
                                  "complex<f32>",
                                  "@softmax",
                                  "@silu",
                                  "@rms_norm",
                                  "@softmax_lse",
                                  "@entropy",
                                  "@logsumexp",
                                  "weir.reduce",
                                  "weir.kth",
                                  "weir.solve",
                                  "weir.length",
                                  "weir.position",
                                  "weir.row",
                                  "weir.random",
                                  "weir.yield",
                                  "weir.apply",
                                  "weir.rows",
                                  "weir.attention",
                                  "weir.attention_rows",
                                  "weir.formula",
                                  "math.exp",
                                  "math.log",
                                  "math.tanh",
                                  "math.powf",
                                  "math.absf",
                                  "arith.addf",
                                  "arith.subf",
                                  "arith.mulf",
                                  "arith.divf",
                                  "arith.negf",
                                  "arith.maximumf",
                                  "arith.minimumf",
                                  "arith.addi",
                                  "arith.constant",
                                  "max",
                                  "min",
                                  "add",
                                  "decreasing",
                                  "increasing",
                                  "private",
                                  "{weir.uniform}",
                                  "along",
                                  "form",
                                  "online",
                                  "stored",
                                  "recompute",
                                  "elementwise",
                                  "one_pass",
                                  "two_pass",
                                  "blocks",
                                  "causal",
                                  "operands",
                                  "bias",
                                  "lengths",
                                  "mask"};

/// True when the line around a token holds an op whose parser upstream crashes
/// on its own: linalg's named ops do on `dimensions = [x]`.
bool isUpstreams(const std::vector<std::string> &tokens, size_t at) {
  while (at > 0 && tokens[at - 1] != "\n")
    --at;
  for (; at < tokens.size() && tokens[at] != "\n"; ++at)
    if (llvm::StringRef(tokens[at]).starts_with("linalg."))
      return true;
  return false;
}

/// One change to a list of tokens.
void change(std::vector<std::string> &tokens, std::mt19937 &random) {
  auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
  size_t at = below(tokens.size());
  if (isUpstreams(tokens, at))
    return;
  switch (below(6)) {
  case 0:
    tokens[at] = kWords[below(std::size(kWords))];
    break;
  case 1:
    tokens[at] = tokens[below(tokens.size())];
    break;
  case 2:
    tokens.erase(tokens.begin() + at);
    break;
  case 3:
    std::swap(tokens[at], tokens[below(tokens.size())]);
    break;
  default: { // A line is doubled, moved or dropped.
    auto isEnd = [](const std::string &token) { return token == "\n"; };
    auto end = std::find_if(tokens.begin() + at, tokens.end(), isEnd);
    auto begin = end;
    while (begin != tokens.begin() && !isEnd(*(begin - 1)))
      --begin;
    std::vector<std::string> line(begin, end);
    line.push_back("\n");
    if (below(2))
      tokens.erase(begin, end);
    if (below(3))
      tokens.insert(tokens.begin() + below(tokens.size() + 1), line.begin(),
                    line.end());
  }
  }
}

} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t maxSize, unsigned seed) {
  std::mt19937 random(seed);
  if (size == 0 || random() % 16 == 0)
    return LLVMFuzzerMutate(data, size, maxSize);
  std::vector<std::string> tokens =
      tokenize(llvm::StringRef(reinterpret_cast<char *>(data), size));
  for (unsigned i = 0, e = random() % 3 ? 1 : 1 + random() % 4;
       i < e && !tokens.empty(); ++i)
    change(tokens, random);
  std::string text = llvm::join(tokens, "");
  text.resize(std::min(text.size(), maxSize));
  std::copy(text.begin(), text.end(), data);
  return text.size();
}
