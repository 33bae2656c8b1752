//===- weir-opt.cpp - mlir-opt with weir's dialects and passes ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Codegen/CPU/Passes.h"
#include "weir/Conversion/Passes.h"
#include "weir/Dialect/Weir/IR/Weir.h"
#include "weir/Dialect/Weir/Library/WeirLibrary.h"
#include "weir/Dialect/Weir/Transforms/Passes.h"
#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  weir::registerWeirLibraryPasses();
  weir::registerWeirTransformsPasses();
  weir::registerWeirConversionPasses();
  weir::registerWeirCodegenCPUPasses();
  registry.insert<weir::WeirDialect, weir::cpu::WeirCPUDialect>();
  weir::registerWeirLibrary(registry);
  weir::registerBufferizableOpInterfaceModels(registry);
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "weir-opt: weir's optimizer driver\n", registry));
}
