//===- TopKForms.h - how the largest elements of a row are found -*- C++ -*-
//===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_TOPKFORMS_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_TOPKFORMS_H

#include "OnlineForm.h"
#include "TopKAccess.h"

namespace weir {

/// Emits the search of one row in the form `insert`: writes scores and indices
/// of the k first in order. Returns how many there are.
mlir::Value emitTopKByInsertion(TopKAccess &access, mlir::OpBuilder &builder);

/// The rows of a weir.topk_rows with a formula: scores are selected beside the
/// formula's first sweep or before it, then only the selected are evaluated.
/// `emitter` is one of a weir.rows with the same operands, which writes
/// the formula's results to the destinations. `sorting` is null in the form
/// `insert`, and `scores` holds k numbers of the compute type.
void emitTopKOfFormula(TopKAccess &access, RowEmitter &emitter,
                       mlir::OpBuilder &builder, mlir::Value sorting,
                       mlir::Value scores);

/// The same in the form `select`. `scratch` holds k numbers of type i32. Slots
/// behind those that there are stay as they were.
mlir::Value emitTopKBySelection(TopKAccess &access, mlir::OpBuilder &builder,
                                mlir::Value scratch);

/// Sorts the row's first `count` indices: larger scores first, and otherwise as
/// they are.
void emitSortIndices(TopKAccess &access, mlir::OpBuilder &builder,
                     mlir::Value scratch, mlir::Value count);

/// What a formula changes of the results: its sum over the row stands in the
/// last destination in mode mass, and slots without an element have `padding`,
/// or stay NaN where rows may be that as a whole.
struct TopKValues {
  bool areOfFormula = false;
  double padding = -INFINITY;
  bool keepsNaN = false;
};

/// Given values and indices of the `found` first elements in order, decides how
/// many of them the mode selects, writes the count, and pads the other slots.
void emitTopKResults(TopKAccess &access, mlir::OpBuilder &builder,
                     mlir::Value found, const TopKValues &values = {});

/// The search in the form `insert` in steps: what is carried from one group of
/// vectors to the next are the k largest so far.
class TopKInsertion {
public:
  explicit TopKInsertion(TopKAccess &access);

  llvm::SmallVector<mlir::Value> begin(mlir::OpBuilder &builder);
  /// Which of `scores`, of one vector, are above the last of the k largest so
  /// far.
  mlir::Value emitAbove(mlir::OpBuilder &builder, mlir::Value scores,
                        mlir::ValueRange carried);
  /// Takes in those elements of the vectors at `lanes` that are on in `masks`.
  llvm::SmallVector<mlir::Value> update(mlir::OpBuilder &builder,
                                        llvm::ArrayRef<mlir::Value> masks,
                                        llvm::ArrayRef<Lanes> lanes,
                                        mlir::ValueRange carried);
  /// Writes scores and indices. Returns how many there are.
  mlir::Value finish(mlir::OpBuilder &builder, mlir::ValueRange carried);

private:
  llvm::SmallVector<mlir::Value> insert(mlir::OpBuilder &builder, mlir::Value x,
                                        mlir::Value position,
                                        mlir::ValueRange list);
  mlir::Value emitLast(mlir::OpBuilder &builder, mlir::Value values);
  void store(mlir::OpBuilder &builder, mlir::Value list, mlir::Value row);
  mlir::Value emitFound(mlir::OpBuilder &builder, mlir::Value indices);
  mlir::Value splat(mlir::OpBuilder &builder, mlir::Type type,
                    mlir::TypedAttr value);

  TopKAccess &access;
  mlir::Location loc;
  /// The list is as long as vectors are, so it may hold some beyond k.
  int64_t k, size;
  mlir::VectorType valueType, indexType;
};

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
