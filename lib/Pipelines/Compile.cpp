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

#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
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

static llvm::Error link(llvm::Module &code, llvm::TargetMachine &machine,
                        const CompileOptions &options,
                        ArrayRef<FunctionABI> functions, StringRef output) {
  llvm::SmallString<128> object;
  if (std::error_code error =
          llvm::sys::fs::createTemporaryFile("weirc", "o", object))
    return llvm::createStringError(error, "cannot make a temporary file: " +
                                              error.message());
  llvm::FileRemover remover(object);
  if (llvm::Error error = writeFile(object, [&](llvm::raw_pwrite_stream &os) {
        return emitMachineCode(code, machine, /*assembly=*/false, os);
      }))
    return error;
  // A library without its header is half of what was asked for: both appear, or
  // none.
  StagedFiles files;
  llvm::SmallString<128> header(output);
  llvm::sys::path::replace_extension(header, "h");
  if (llvm::Error error = files.add(
          header, writeHeader(functions, options.library, options.prefix)))
    return error;
  auto library = files.reserve(output);
  if (!library)
    return library.takeError();
  if (llvm::Error error =
          linkSharedLibrary(object, options.runtimeArchive,
                            llvm::sys::path::filename(output), *library))
    return error;
  return files.commit();
}

llvm::Error weir::compile(ModuleOp module, const CompileOptions &options,
                          EmitKind kind, StringRef output,
                          SmallVectorImpl<FunctionABI> *faces) {
  llvm::Expected<Machine> machine = Machine::get(options.target);
  if (!machine)
    return machine.takeError();
  machine->annotate(module);
  CPUPipelineOptions pipeline{options.library, options.prefix, options.explain};
  if (llvm::Error error = runPasses(module, [&](OpPassManager &pm) {
        buildTensorPipeline(pm, pipeline);
      }))
    return error;
  SmallVector<FunctionABI> functions = collectFunctions(module);
  if (faces)
    faces->assign(functions.begin(), functions.end());
  if (llvm::Error error = runPasses(module, [&](OpPassManager &pm) {
        buildCPUCodePipeline(pm, pipeline);
      }))
    return error;
  module->removeAttr(WeirDialect::kTargetAttrName);
  if (kind == EmitKind::MLIR)
    return writeFile(output, [&](llvm::raw_pwrite_stream &os) {
      module.print(os);
      return llvm::Error::success();
    });
  auto targetMachine = machine->createTargetMachine();
  if (!targetMachine)
    return targetMachine.takeError();
  llvm::LLVMContext context;
  auto code = makeLLVMModule(module, context, **targetMachine);
  if (!code)
    return code.takeError();
  switch (kind) {
  case EmitKind::LLVMIR:
    return writeFile(output, [&](llvm::raw_pwrite_stream &os) {
      (*code)->print(os, nullptr);
      return llvm::Error::success();
    });
  case EmitKind::Object:
  case EmitKind::Assembly:
    return writeFile(output, [&](llvm::raw_pwrite_stream &os) {
      return emitMachineCode(**code, **targetMachine,
                             kind == EmitKind::Assembly, os);
    });
  default:
    return link(**code, **targetMachine, options, functions, output);
  }
}
