//===- GuessedAnchor.h - a row without a sweep for its maximum -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where a maximum only keeps exponentials in range (FreeAnchor), the largest of
// a few samples of the row does as well, unless the true one is much larger.
// The sum of the exponentials tells: with scores up to d above the guess it is
// e^d at least. A row whose sum is large, infinite or NaN is done again with
// its maximum; so is one whose samples are all excluded.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_GUESSEDANCHOR_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_GUESSEDANCHOR_H

#include "RowEmitter.h"
#include "weir/Dialect/Weir/Analysis/FreeAnchor.h"

namespace weir {

class GuessedAnchor {
public:
  /// None where no maximum is free, or where rows run across lanes.
  static std::optional<GuessedAnchor> find(RowEmitter &emitter);

  /// Emits rows as `sweeps` and `results` do, without the first sweep where a
  /// guess will do, and as `ordinary` does elsewhere. Until the guess is known
  /// to do only `keptRow`, if not null, is written.
  void emitRow(mlir::OpBuilder &builder, mlir::Value keptRow,
               llvm::function_ref<void(mlir::OpBuilder &)> sweeps,
               llvm::function_ref<void(mlir::OpBuilder &)> results,
               llvm::function_ref<void(mlir::OpBuilder &)> ordinary);

private:
  GuessedAnchor(RowEmitter &emitter, FreeAnchor free)
      : emitter(emitter), free(free) {}

  int64_t getSampleCount() const; // In vectors.
  int64_t getLeastLength() const;
  mlir::Value emitMayGuess(mlir::OpBuilder &builder, mlir::Value keptRow);
  mlir::Value emitGuess(mlir::OpBuilder &builder);
  mlir::Value emitIsNear(mlir::OpBuilder &builder);

  RowEmitter &emitter;
  FreeAnchor free;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_GUESSEDANCHOR_H
