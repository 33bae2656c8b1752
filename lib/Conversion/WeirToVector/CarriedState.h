//===- CarriedState.h - what the loops of a sweep carry -------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_CARRIEDSTATE_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_CARRIEDSTATE_H

#include "RowEmitter.h"

namespace weir {

/// The state of a row, lane by lane, while one sweep takes its elements in.
class CarriedState {
public:
  virtual ~CarriedState() = default;

  /// The carried values at the start of a row.
  virtual llvm::SmallVector<mlir::Value> begin(mlir::OpBuilder &builder) = 0;
  /// What a block of groups starts from.
  virtual llvm::SmallVector<mlir::Value>
  beginBlock(mlir::OpBuilder &builder, mlir::ValueRange carried) = 0;
  /// Takes a group of elements into the values of a block.
  virtual llvm::SmallVector<mlir::Value>
  updateBlock(mlir::OpBuilder &builder, llvm::MutableArrayRef<Element> group,
              mlir::ValueRange block) = 0;
  /// The carried values behind a block that started from `carried`.
  virtual llvm::SmallVector<mlir::Value> endBlock(mlir::OpBuilder &builder,
                                                  mlir::ValueRange carried,
                                                  mlir::ValueRange block) = 0;
  /// Takes a group of elements into the carried values.
  virtual llvm::SmallVector<mlir::Value>
  update(mlir::OpBuilder &builder, llvm::MutableArrayRef<Element> group,
         mlir::ValueRange carried) = 0;
  /// Merges the lanes and gives the reductions their scalars.
  virtual void finish(mlir::OpBuilder &builder, mlir::ValueRange carried) = 0;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_CARRIEDSTATE_H
