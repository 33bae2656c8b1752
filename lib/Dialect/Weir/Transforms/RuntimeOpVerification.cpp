//===- RuntimeOpVerification.cpp - sizes that must be equal at run time ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "weir/Dialect/Weir/Transforms/RowTiles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/RuntimeVerifiableOpInterface.h"

using namespace mlir;
using namespace weir;

namespace {

/// Asserts that the sizes of operands which meet in a dimension are equal: a
/// dynamic size never repeats.
class SizeChecks {
public:
  SizeChecks(OpBuilder &b, Location loc, Operation *op,
             llvm::function_ref<std::string(Operation *, StringRef)> message)
      : b(b), loc(loc), op(op), message(message) {}

  /// An operand whose dimension d is dimension `dims[d]` of the full shape.
  void add(Value value, ArrayRef<int64_t> dims) {
    auto type = cast<ShapedType>(value.getType());
    SmallVector<OpFoldResult> sizes = getSizes(b, loc, value);
    for (auto [own, dim] : llvm::enumerate(dims)) {
      if (type.getDimSize(own) == 1)
        continue;
      auto [first, isNew] = known.try_emplace(dim, sizes[own]);
      if (isNew || isEqualConstantIntOrValue(first->second, sizes[own]))
        continue;
      Value equal = arith::CmpIOp::create(
          b, loc, arith::CmpIPredicate::eq,
          getValueOrCreateConstantIndexOp(b, loc, first->second),
          getValueOrCreateConstantIndexOp(b, loc, sizes[own]));
      std::string text = "sizes of operands differ in dimension " +
                         std::to_string(dim) + " of the rows";
      cf::AssertOp::create(b, loc, equal, message(op, text));
    }
  }

private:
  OpBuilder &b;
  Location loc;
  Operation *op;
  llvm::function_ref<std::string(Operation *, StringRef)> message;
  llvm::DenseMap<int64_t, OpFoldResult> known;
};

template <typename OpTy>
struct RowsVerification
    : RuntimeVerifiableOpInterface::ExternalModel<RowsVerification<OpTy>,
                                                  OpTy> {
  void generateRuntimeVerification(
      Operation *op, OpBuilder &b, Location loc,
      llvm::function_ref<std::string(Operation *, StringRef)> message) const {
    auto typed = cast<OpTy>(op);
    FormulaOp formula = typed.resolveFormula();
    SmallVector<Value> varying, uniform;
    for (auto [i, input] : llvm::enumerate(typed.getInputs()))
      (formula.isUniformArgument(i) ? uniform : varying).push_back(input);
    if (typed.getMask())
      varying.push_back(typed.getMask());
    int64_t rank = 0, rowDim;
    for (Value value : varying)
      rank = std::max(rank, cast<ShapedType>(value.getType()).getRank());
    if constexpr (std::is_same_v<OpTy, ApplyOp>) {
      rowDim = typed.getRowDim();
    } else {
      rowDim = rank - 1;
      for (auto [i, output] : llvm::enumerate(typed.getOutputs()))
        (formula.isUniformResult(i) ? uniform : varying).push_back(output);
    }
    SizeChecks checks(b, loc, op, message);
    for (Value value : varying) {
      int64_t own = cast<ShapedType>(value.getType()).getRank();
      checks.add(value, llvm::to_vector(llvm::seq(rank - own, rank)));
    }
    SmallVector<int64_t> outer = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    outer.erase(outer.begin() + rowDim);
    for (Value value : uniform)
      if (isa<ShapedType>(value.getType()))
        checks.add(value, outer);
  }
};

} // namespace

void weir::registerRuntimeVerifiableOpInterfaceModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, WeirDialect *) {
    // The pass does not know of the ops that it makes.
    context->loadDialect<arith::ArithDialect, cf::ControlFlowDialect,
                         memref::MemRefDialect, tensor::TensorDialect>();
    ApplyOp::attachInterface<RowsVerification<ApplyOp>>(*context);
    RowsOp::attachInterface<RowsVerification<RowsOp>>(*context);
  });
}
