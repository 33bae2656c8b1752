//===- Object.cpp - LLVM dialect to machine code ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Target/Output.h"

#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Target/LLVMIR/LLVMTranslationInterface.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace weir;

/// What no pass has lowered is told of by its name. The translation would blame
/// the casts beside it.
static LogicalResult verifyIsLowered(ModuleOp module) {
  WalkResult walk = module.walk([](Operation *op) {
    Dialect *dialect = op->getDialect();
    if (dialect &&
        dialect->getRegisteredInterface<LLVMTranslationDialectInterface>())
      return WalkResult::advance();
    op->emitOpError("is left: no pass of weir lowers it to machine code");
    return WalkResult::interrupt();
  });
  return failure(walk.wasInterrupted());
}

llvm::Expected<std::unique_ptr<llvm::Module>>
weir::makeLLVMModule(ModuleOp module, llvm::LLVMContext &context,
                     llvm::TargetMachine &machine) {
  std::unique_ptr<llvm::Module> code =
      failed(verifyIsLowered(module))
          ? nullptr
          : translateModuleToLLVMIR(module, context);
  if (!code)
    return llvm::createStringError(
        "the module could not be translated to LLVM IR");
  code->setTargetTriple(machine.getTargetTriple());
  code->setDataLayout(machine.createDataLayout());
  for (llvm::Function &function : *code) {
    if (function.isDeclaration())
      continue;
    if (function.hasFnAttribute("target-cpu"))
      continue; // Made for another machine than the kernels.
    function.addFnAttr("target-cpu", machine.getTargetCPU());
    function.addFnAttr("target-features", machine.getTargetFeatureString());
    // Loops left scalar may use the whole width too.
    function.addFnAttr("prefer-vector-width", "512");
  }
  if (llvm::Error error = makeOptimizingTransformer(
          /*optLevel=*/3, /*sizeLevel=*/0, &machine)(code.get()))
    return std::move(error);
  return std::move(code);
}

llvm::Error weir::emitMachineCode(llvm::Module &module,
                                  llvm::TargetMachine &machine, bool assembly,
                                  llvm::raw_pwrite_stream &os) {
  llvm::legacy::PassManager passes;
  auto type = assembly ? llvm::CodeGenFileType::AssemblyFile
                       : llvm::CodeGenFileType::ObjectFile;
  if (machine.addPassesToEmitFile(passes, os, nullptr, type))
    return llvm::createStringError(
        "this target cannot write that kind of file");
  passes.run(module);
  return llvm::Error::success();
}
