//===- weir-opt.cpp - mlir-opt with weir's dialects and passes ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Pipelines/Pipelines.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  weir::registerDialects(registry);
  weir::registerPipelinesAndPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "weir-opt: weir's optimizer driver\n", registry));
}
