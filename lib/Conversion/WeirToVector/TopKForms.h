//===- TopKForms.h - how the largest elements of a row are found -*- C++ -*-
//===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_TOPKFORMS_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_TOPKFORMS_H

#include "TopKAccess.h"

namespace weir {

/// Emits the search of one row in the form `insert`: writes values and indices
/// of the k first in order. Returns how many there are.
mlir::Value emitTopKByInsertion(TopKAccess &access, mlir::OpBuilder &builder);

/// The same in the form `select`. `scratch` holds k numbers of type i32. Slots
/// behind those that there are stay as they were.
mlir::Value emitTopKBySelection(TopKAccess &access, mlir::OpBuilder &builder,
                                mlir::Value scratch);

/// Sorts the row's first `count` indices: larger scores first, and otherwise as
/// they are.
void emitSortIndices(TopKAccess &access, mlir::OpBuilder &builder,
                     mlir::Value scratch, mlir::Value count);

/// Given values and indices of the `found` first elements in order, decides how
/// many of them the mode selects, writes the count, and pads the other slots.
void emitTopKResults(TopKAccess &access, mlir::OpBuilder &builder,
                     mlir::Value found);

/// Visits the lanes that are on in `masks`, which are masks of consecutive
/// vectors from `position` on, in order. `carried` goes from one to the next.
llvm::SmallVector<mlir::Value> emitForEachLane(
    mlir::OpBuilder &builder, mlir::Location loc,
    llvm::ArrayRef<mlir::Value> masks, mlir::Value position,
    mlir::ValueRange carried,
    llvm::function_ref<llvm::SmallVector<mlir::Value>(
        mlir::OpBuilder &, mlir::Value position, mlir::ValueRange carried)>
        visit);

/// Emits `then` where some lane of `masks` is on, and returns what is carried.
llvm::SmallVector<mlir::Value> emitIfAnyLane(
    mlir::OpBuilder &builder, mlir::Location loc,
    llvm::ArrayRef<mlir::Value> masks, mlir::ValueRange carried,
    llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &,
                                                      mlir::ValueRange carried)>
        then);

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_TOPKFORMS_H
