//===- Compile.cpp - from a file of IR to a library ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Pipelines/Compile.h"

#include "weir/Dialect/Weir/IR/Weir.h"
#include "weir/Pipelines/Pipelines.h"
#include "weir/Target/Output.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace weir;

OwningOpRef<ModuleOp> weir::parseInput(MLIRContext &context, StringRef path) {
  std::string error;
  std::unique_ptr<llvm::MemoryBuffer> buffer = openInputFile(path, &error);
  if (!buffer) {
    emitError(UnknownLoc::get(&context)) << error;
    return nullptr;
  }
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
  return parseSourceFile<ModuleOp>(sources, &context);
}

static SmallVector<FunctionABI> collectFunctions(ModuleOp module) {
  SmallVector<FunctionABI> functions;
  module.walk([&](Operation *op) {
    if (auto attr =
            op->getAttrOfType<DictionaryAttr>(WeirDialect::kABIAttrName))
      functions.push_back(FunctionABI::fromAttribute(attr));
  });
  return functions;
}

std::string weir::findRuntimeArchive(const char *argv0) {
  std::string self = llvm::sys::fs::getMainExecutable(
      argv0, reinterpret_cast<void *>(&findRuntimeArchive));
  llvm::SmallString<256> path(
      llvm::sys::path::parent_path(llvm::sys::path::parent_path(self)));
  llvm::sys::path::append(path, "lib", "libweir_rt.a");
  return path.str().str();
}

static llvm::Error runPasses(ModuleOp module,
                             llvm::function_ref<void(OpPassManager &)> build) {
  PassManager pm(module.getContext());
  build(pm);
  if (failed(pm.run(module)))
    return llvm::createStringError("compilation failed");
  return llvm::Error::success();
}

namespace {

/// The compilation of one module: a variant for each machine.
class Compilation {
public:
  Compilation(ModuleOp module, const CompileOptions &options,
              std::vector<Machine> machines)
      : module(module), options(options), machines(std::move(machines)) {}
  ~Compilation() {
    for (const std::string &object : objects)
      llvm::sys::fs::remove(object);
  }

  llvm::Error run(EmitKind kind, StringRef output);
  ArrayRef<FunctionABI> getFunctions() const { return functions; }

private:
  llvm::Error lower(ModuleOp variant, size_t index);
  llvm::Error emit(ModuleOp variant, const Machine &machine, EmitKind kind,
                   StringRef output);
  llvm::Error emitLibrary(StringRef output);
  std::vector<std::string> describeAll() const {
    std::vector<std::string> variants;
    for (const Machine &machine : machines)
      variants.push_back(machine.describe());
    return variants;
  }

  ModuleOp module;
  const CompileOptions &options;
  std::vector<Machine> machines;
  SmallVector<FunctionABI> functions;
  std::vector<std::string> objects; // Temporary files.
};

} // namespace

/// Takes a module to the LLVM dialect for machine `index`.
llvm::Error Compilation::lower(ModuleOp variant, size_t index) {
  const Machine &machine = machines[index];
  machine.annotate(variant);
  if (options.explain)
    emitRemark(variant.getLoc(), "code for ")
        << machine.name << ": vectors of " << machine.vectorBits << " bits";
  CPUPipelineOptions pipeline;
  pipeline.library = options.library;
  pipeline.prefix = options.prefix;
  pipeline.explain = options.explain;
  pipeline.threads = options.threads;
  pipeline.form = options.form;
  pipeline.raiseLinalg = options.raiseLinalg;
  pipeline.composeFormulas = options.composeFormulas;
  pipeline.variant = index;
  pipeline.variants = describeAll();
  if (llvm::Error error = runPasses(variant, [&](OpPassManager &pm) {
        buildTensorPipeline(pm, pipeline);
      }))
    return error;
  if (index == 0)
    functions = collectFunctions(variant);
  if (llvm::Error error = runPasses(variant, [&](OpPassManager &pm) {
        buildCPUCodePipeline(pm, pipeline);
      }))
    return error;
  variant->removeAttr(WeirDialect::kTargetAttrName);
  return llvm::Error::success();
}

llvm::Error Compilation::emit(ModuleOp variant, const Machine &machine,
                              EmitKind kind, StringRef output) {
  if (kind == EmitKind::MLIR)
    return writeFile(output, [&](llvm::raw_pwrite_stream &os) {
      variant.print(os);
      return llvm::Error::success();
    });
  auto targetMachine = machine.createTargetMachine();
  if (!targetMachine)
    return targetMachine.takeError();
  llvm::LLVMContext context;
  auto code = makeLLVMModule(variant, context, **targetMachine);
  if (!code)
    return code.takeError();
  return writeFile(output, [&](llvm::raw_pwrite_stream &os) -> llvm::Error {
    if (kind != EmitKind::LLVMIR)
      return emitMachineCode(**code, **targetMachine,
                             kind == EmitKind::Assembly, os);
    (*code)->print(os, nullptr);
    return llvm::Error::success();
  });
}

llvm::Error Compilation::emitLibrary(StringRef output) {
  for (auto [index, machine] : llvm::enumerate(machines)) {
    // The last variant needs no copy.
    bool isLast = index + 1 == machines.size();
    OwningOpRef<ModuleOp> copy = isLast ? nullptr : module.clone();
    ModuleOp variant = isLast ? module : *copy;
    if (llvm::Error error = lower(variant, index))
      return error;
    llvm::SmallString<128> object;
    if (std::error_code error =
            llvm::sys::fs::createTemporaryFile("weirc", "o", object))
      return llvm::createStringError(error, "cannot make a temporary file: " +
                                                error.message());
    objects.push_back(object.str().str());
    if (llvm::Error error = emit(variant, machine, EmitKind::Object, object))
      return error;
  }
  // A library without its header is half of what was asked for: both appear, or
  // none.
  StagedFiles files;
  llvm::SmallString<128> header(output);
  llvm::sys::path::replace_extension(header, "h");
  if (llvm::Error error =
          files.add(header, writeHeader(functions, describeAll(),
                                        options.library, options.prefix)))
    return error;
  auto library = files.reserve(output);
  if (!library)
    return library.takeError();
  if (llvm::Error error =
          linkSharedLibrary(objects, options.runtimeArchive, options.threads,
                            llvm::sys::path::filename(output), *library))
    return error;
  return files.commit();
}

llvm::Error Compilation::run(EmitKind kind, StringRef output) {
  if (kind == EmitKind::Shared)
    return emitLibrary(output);
  if (machines.size() > 1)
    return llvm::createStringError(
        "only a shared library holds code for several targets; give one");
  if (llvm::Error error = lower(module, 0))
    return error;
  return emit(module, machines[0], kind, output);
}

/// True when the module has products of bf16, which are AMX's.
static bool hasTileProducts(ModuleOp module) {
  auto isBF16 = [](Value input) {
    return getElementTypeOrSelf(input.getType()).isBF16();
  };
  return module
      .walk([&](Operation *op) {
        bool isProduct = false;
        if (auto attention = dyn_cast<AttentionOp>(op))
          isProduct = isBF16(attention.getQuery());
        else if (auto stats = dyn_cast<AttentionStatsOp>(op))
          isProduct = isBF16(stats.getQuery());
        else if (auto contraction = dyn_cast<linalg::LinalgOp>(op))
          isProduct = linalg::isaContractionOpInterface(contraction) &&
                      llvm::all_of(contraction.getDpsInputs(), isBF16);
        return isProduct ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

/// A system may refuse the use of AMX. A library whose code uses it has the
/// same without for each such machine; where no code would, none asks for it.
static void placeTiles(std::vector<Machine> &machines, ModuleOp module,
                       EmitKind kind) {
  bool uses = hasTileProducts(module);
  std::vector<Machine> all;
  for (Machine &machine : machines) {
    bool hasTiles = machine.hasTiles();
    if (!hasTiles || uses)
      all.push_back(machine);
    if (!hasTiles || (uses && kind != EmitKind::Shared))
      continue;
    all.push_back(machine.withoutTiles());
    if (uses)
      all.back().name += "-no-amx";
  }
  machines = std::move(all);
}

llvm::Error weir::compile(ModuleOp module, const CompileOptions &options,
                          EmitKind kind, StringRef output,
                          SmallVectorImpl<FunctionABI> *faces) {
  auto machines = Machine::getAll(options.targets);
  if (!machines)
    return machines.takeError();
  placeTiles(*machines, module, kind);
  for (Machine &machine : *machines) {
    if (!options.caches.empty())
      machine.caches = options.caches;
    if (!options.rates.empty())
      machine.rates = options.rates;
    if (options.clock > 0)
      machine.clock = options.clock;
  }
  Compilation compilation(module, options, std::move(*machines));
  llvm::Error error = compilation.run(kind, output);
  if (!error && faces)
    faces->assign(compilation.getFunctions().begin(),
                  compilation.getFunctions().end());
  return error;
}
