//===- Pipelines.h - the order of passes ------------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_PIPELINES_PIPELINES_H
#define WEIR_PIPELINES_PIPELINES_H

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"

namespace weir {

struct CPUPipelineOptions {
  std::string library; // For NAME_last_error and NAME_set_threads.
  std::string prefix;  // Before every exported name.
  bool explain = false;
  std::vector<std::string> variants; // Of the library, as Machine::describe.
  int64_t variant = 0;               // Which of them the module is.
  bool threads = false;              // Rows may be shared among OpenMP threads.
  std::string form;                  // For all rows that it fits; or empty.
  bool raiseLinalg = true;           // Row programs in linalg become formulas.
  bool composeFormulas = true;       // Adjacent formulas become one.
};

/// From public functions on tensors to kernels on memrefs with weir.rows: link,
/// choose, lower, bufferize.
void buildTensorPipeline(mlir::OpPassManager &pm,
                         const CPUPipelineOptions &options);
/// From there to the LLVM dialect with the C functions around the kernels. The
/// module carries `weir.target`.
void buildCPUCodePipeline(mlir::OpPassManager &pm,
                          const CPUPipelineOptions &options);

/// Registers `weir-cpu-pipeline`, both parts in a row, and all of weir's
/// passes.
void registerPipelinesAndPasses();

/// Dialects and interface models that weir's input, passes and pipelines need;
/// less than upstream has, so that tools start quickly.
void registerDialects(mlir::DialectRegistry &registry);

} // namespace weir

#endif // WEIR_PIPELINES_PIPELINES_H
