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

  /// An operand whose dimension d is dimension `dims[d]` of the full shape;
  /// dimensions below 0 may have any size.
  void add(Value value, ArrayRef<int64_t> dims) {
    auto type = cast<ShapedType>(value.getType());
    SmallVector<OpFoldResult> sizes = getSizes(b, loc, value);
    for (auto [own, dim] : llvm::enumerate(dims)) {
      if (type.getDimSize(own) == 1 || dim < 0)
        continue;
      auto [first, isNew] = known.try_emplace(dim, sizes[own]);
      if (isNew || isEqualConstantIntOrValue(first->second, sizes[own]))
        continue;
      std::string text =
          names.empty()
              ? "sizes of operands differ in dimension " + std::to_string(dim) +
                    " of the rows"
              : "operands differ in the number of " + names[dim].str();
      check(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                  getIndex(first->second),
                                  getIndex(sizes[own])),
            text);
    }
  }

  Value getIndex(OpFoldResult index) {
    return getValueOrCreateConstantIndexOp(b, loc, index);
  }
  void check(Value condition, StringRef text) {
    cf::AssertOp::create(b, loc, condition, message(op, text));
  }

  ArrayRef<StringRef> names; // Of what dimensions count, where they have some.

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

/// What ops over queries, keys and values count.
enum AttentionSize { kBatches, kHeads, kQueries, kKeys, kKeyHeads, kStarts };

template <typename OpTy>
struct AttentionVerification
    : RuntimeVerifiableOpInterface::ExternalModel<AttentionVerification<OpTy>,
                                                  OpTy> {
  void generateRuntimeVerification(
      Operation *op, OpBuilder &b, Location loc,
      llvm::function_ref<std::string(Operation *, StringRef)> message) const {
    auto typed = cast<OpTy>(op);
    FormulaOp formula = typed.resolveFormula();
    static constexpr StringRef kNames[] = {
        "batches", "heads",         "queries",
        "keys",    "heads of keys", "starts of sequences"};
    SizeChecks checks(b, loc, op, message);
    checks.names = kNames;
    auto inLayout = [&](int64_t heads, int64_t length) {
      SmallVector<int64_t> dims{kBatches, heads, length, -1};
      if (typed.hasHeadsLast())
        std::swap(dims[1], dims[2]);
      if (typed.isPacked())
        dims.erase(dims.begin());
      return dims;
    };
    auto broadcast = [&](Value value, ArrayRef<int64_t> full) {
      if (auto type =
              dyn_cast_or_null<ShapedType>(value ? value.getType() : Type()))
        checks.add(value, full.take_back(type.getRank()));
    };
    const int64_t rows[] = {kBatches, kHeads, kQueries};
    const int64_t scores[] = {kBatches, kHeads, kQueries, kKeys};
    SmallVector<int64_t> output = inLayout(kHeads, kQueries);
    checks.add(typed.getQuery(), output);
    for (Value input : {typed.getKey(), typed.getValue()})
      checks.add(input, inLayout(kKeyHeads, kKeys));
    for (auto [i, operand] : llvm::enumerate(typed.getFormulaOperands()))
      broadcast(operand, formula.isUniformArgument(i + 1)
                             ? ArrayRef<int64_t>(rows)
                             : ArrayRef<int64_t>(scores));
    broadcast(typed.getMask(), scores);
    broadcast(typed.getBias(), scores);
    if (typed.getLengths())
      checks.add(typed.getLengths(), ArrayRef<int64_t>(rows).take_front());
    if constexpr (!std::is_same_v<OpTy, AttentionStatsOp>) {
      for (Value starts : typed.getPacked())
        checks.add(starts, {kStarts});
      for (Value operand : typed.getEpilogueOperands())
        broadcast(operand, output);
    }
    const int64_t sums[] = {kBatches, kHeads, kQueries, -1};
    if constexpr (std::is_same_v<OpTy, AttentionRowsOp>)
      for (auto [i, result] : llvm::enumerate(typed.getOutputs())) {
        if (typed.getState())
          checks.add(result, ArrayRef(sums).take_front(
                                 cast<ShapedType>(result.getType()).getRank()));
        else
          broadcast(result, formula.isUniformResult(i)
                                ? ArrayRef<int64_t>(rows)
                                : ArrayRef<int64_t>(output));
      }
    checkGroups(checks, b, loc, typed);
  }

  /// As many heads of queries for each head of keys; without keys, none.
  void checkGroups(SizeChecks &checks, OpBuilder &b, Location loc,
                   OpTy op) const {
    OpFoldResult heads = getSizes(b, loc, op.getQuery())[op.getHeadDim()],
                 keyHeads = getSizes(b, loc, op.getKey())[op.getHeadDim()];
    if (isEqualConstantIntOrValue(heads, keyHeads) ||
        isConstantIntValue(keyHeads, 1) ||
        (getConstantIntValue(heads) && getConstantIntValue(keyHeads)))
      return;
    Value zero = checks.getIndex(b.getIndexAttr(0)),
          one = checks.getIndex(b.getIndexAttr(1));
    // Of 0 only 0 is a multiple: a number is what it leaves by one that is
    // greater.
    Value size = checks.getIndex(heads), of = checks.getIndex(keyHeads);
    Value isNone =
              arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, of, zero),
          greater = arith::AddIOp::create(b, loc, size, one),
          divisor = arith::SelectOp::create(b, loc, isNone, greater, of);
    Value left = arith::RemUIOp::create(b, loc, size, divisor);
    checks.check(
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, left, zero),
        "heads of queries are no multiple of heads of keys");
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
    AttentionOp::attachInterface<AttentionVerification<AttentionOp>>(*context);
    AttentionStatsOp::attachInterface<AttentionVerification<AttentionStatsOp>>(
        *context);
    AttentionRowsOp::attachInterface<AttentionVerification<AttentionRowsOp>>(
        *context);
  });
}
