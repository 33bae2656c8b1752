//===- StateLayout.h - what the state of a sweep is made of -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_IR_STATELAYOUT_H
#define WEIR_DIALECT_WEIR_IR_STATELAYOUT_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectInterface.h"

#include <optional>
#include <string>

namespace weir {

class FormulaOp;
enum class EmptyRow : uint32_t;
enum class NaNPolicy : uint32_t;

/// The policies that a state depends on.
struct StatePolicies {
  std::optional<EmptyRow> emptyRow;
  std::optional<NaNPolicy> nan;
};

/// A value of a formula's type for each row, and what it is.
struct RowValue {
  mlir::Type type;
  std::string meaning;
  mlir::TypedAttr identity; // Of a slot: what it is of no elements.
};

/// What stands behind `known`, in a state, and behind a finish, in order.
struct StateLayout {
  llvm::SmallVector<RowValue> known;
  llvm::SmallVector<RowValue> slots;
  llvm::SmallVector<RowValue> finished;
};

/// What attention leaves of some keys, in order: slots, then sums of values.
struct AttentionStateLayout {
  llvm::SmallVector<RowValue> slots;
  unsigned sums;
};

/// How the dialect learns of states without depending on the analysis: the
/// Transforms room attaches an implementation, and ops are verified through it.
class FormulaStatesInterface
    : public mlir::DialectInterface::Base<FormulaStatesInterface> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(FormulaStatesInterface)
  explicit FormulaStatesInterface(mlir::Dialect *dialect) : Base(dialect) {}
  /// The layout of sweep `sweep`, counted from 1; of 0, that of the weights:
  /// what is known after all sweeps. Fails with an error through `emitError`.
  virtual llvm::FailureOr<StateLayout>
  getLayout(FormulaOp formula, const StatePolicies &policies, int64_t sweep,
            llvm::function_ref<mlir::InFlightDiagnostic()> emitError) const = 0;
  /// That of a formula on scores of attention, which has one varying result.
  /// Fails with an error where it does not run in one pass.
  virtual llvm::FailureOr<AttentionStateLayout> getAttentionLayout(
      FormulaOp formula, const StatePolicies &policies,
      llvm::function_ref<mlir::InFlightDiagnostic()> emitError) const = 0;
};

/// The one registered with the context of `op`; null after an error at `op`
/// where there is none.
const FormulaStatesInterface *getFormulaStates(mlir::Operation *op);

} // namespace weir

#endif // WEIR_DIALECT_WEIR_IR_STATELAYOUT_H
