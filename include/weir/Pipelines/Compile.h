//===- Compile.h - from a file of IR to a library ----------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_PIPELINES_COMPILE_H
#define WEIR_PIPELINES_COMPILE_H

#include "weir/Target/FunctionABI.h"
#include "weir/Target/Machine.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/Error.h"

namespace weir {

enum class EmitKind { Shared, Object, Assembly, LLVMIR, MLIR };

struct CompileOptions {
  std::vector<std::string> targets = {"host"}; // One variant for each.
  /// In place of what is known of the targets' caches, rates and clock, as in
  /// Machine; empty and 0 leave that as it is.
  std::vector<int64_t> caches;
  std::vector<double> rates;
  double clock = 0;
  std::string library = "module"; // A C identifier.
  std::string prefix;
  bool threads = false; // Rows may be shared among OpenMP threads.
  bool explain = false;
  std::string
      form; // For all rows that it fits, in place of a choice; or empty.
  bool raiseLinalg = true;     // Row programs in linalg become formulas.
  bool composeFormulas = true; // Adjacent formulas become one.
  std::string runtimeArchive;  // Needed for EmitKind::Shared.
};

/// Reads IR from `path` ("-" is standard input). Prints diagnostics; null on
/// failure.
mlir::OwningOpRef<mlir::ModuleOp> parseInput(mlir::MLIRContext &context,
                                             llvm::StringRef path);

/// Compiles `module` and writes `output`: for a shared library also NAME.h
/// beside it. Diagnostics about the IR are printed where they arise and the
/// error then says only that compilation failed; every other error says what is
/// wrong. Nothing is left at `output` unless all went well. The faces of the
/// public functions go to `functions` when it is given.
llvm::Error compile(mlir::ModuleOp module, const CompileOptions &options,
                    EmitKind kind, llvm::StringRef output,
                    llvm::SmallVectorImpl<FunctionABI> *functions = nullptr);

/// The runtime archive of the installation that holds the running program: lib/
/// beside its bin/.
std::string findRuntimeArchive(const char *argv0);

} // namespace weir

#endif // WEIR_PIPELINES_COMPILE_H
