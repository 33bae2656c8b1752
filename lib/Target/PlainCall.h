//===- PlainCall.h - the way of nearly every call ----------*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_TARGET_PLAINCALL_H
#define WEIR_LIB_TARGET_PLAINCALL_H

#include "weir/Target/FunctionABI.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"

namespace weir {

/// Emits, into the C function of `abi`, what a call needs whose tensors are all
/// compact, not empty, as the function wants them, and apart from each other:
/// comparisons with what is known of the function, and descriptors of memory.
/// A few dozen instructions in place of the runtime's walk over a table, since
/// a short row takes no longer than such a walk. Nothing is said of what is
/// wrong: whatever is not so plain goes to the runtime, which looks again.
class PlainCall {
public:
  PlainCall(mlir::OpBuilder &builder, mlir::Location loc,
            const FunctionABI &abi);

  /// False for a function of so many tensors that a loop over a table is
  /// better.
  static bool isWorthwhile(const FunctionABI &abi);

  /// `slots` has a DLTensor's address or a scalar's for each slot. Emits the
  /// checks, which branch to `careful` when the call is not plain, and leaves
  /// the builder where it is. Returns the array that a kernel takes.
  mlir::Value emit(mlir::ValueRange slots, mlir::Block *careful);

private:
  /// The memory of a tensor, as integers: [low, high).
  struct Extent {
    mlir::Value low, high;
    bool isResult;
  };
  /// A tensor of the call: what is wanted and what is given.
  struct Tensor {
    const SlotABI &wanted;
    mlir::Value given, shape, words;
  };

  void requirePresent(llvm::ArrayRef<Tensor> tensors, mlir::Block *careful);
  void requireTypes(llvm::MutableArrayRef<Tensor> tensors,
                    mlir::Block *careful);
  mlir::Value emitElements(const Tensor &tensor);
  void requireMultiples();
  Extent emitMemory(const Tensor &tensor, mlir::Value elements);
  void requireApart(llvm::ArrayRef<Extent> extents);
  void require(mlir::Value good, mlir::Block *careful);

  mlir::Value constant(int64_t value);
  mlir::Value load(mlir::Type type, mlir::Value base, int64_t byte);
  void store(mlir::Value value, mlir::Value base, int64_t word);
  mlir::Value compare(mlir::LLVM::ICmpPredicate predicate, mlir::Value a,
                      mlir::Value b);
  /// Makes the call unusual where `condition` holds.
  void note(mlir::Value condition);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  const FunctionABI &abi;
  mlir::Type i64, pointer;
  mlir::Value unusual;
  /// Sizes by symbol, null until one is bound.
  llvm::SmallVector<mlir::Value> symbols;
};

} // namespace weir

#endif // WEIR_LIB_TARGET_PLAINCALL_H
