//===- TopKSelection.cpp - the largest elements by the k-th of them ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The k-th largest element is what weir.kth of a formula finds. One sweep takes
// the indices of those before it in the order, and they are sorted.
//
//===----------------------------------------------------------------------===//

#include "TopKForms.h"

#include "RowSweep.h"
#include "Searches.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace weir;

namespace {

/// The last element that is selected: its value and its position. Where there
/// are fewer than k they are -inf and -1.
struct Cut {
  Value value, position;
};

class Selection {
public:
  Selection(TopKAccess &access, OpBuilder &builder)
      : access(access), b(builder), loc(access.op.getLoc()) {}

  Value emit(Value scratch);

private:
  Cut emitCut();
  Value emitCollect(const Cut &cut);
  Value emitBefore(OpBuilder &b, const Cut &cut, Value scores,
                   Value firstPosition);
  void emitGather(Value count);

  TopKAccess &access;
  OpBuilder &b;
  Location loc;
};

} // namespace

/// A formula of the row that finds the k-th largest. It is never linked: it
/// lives while its code is emitted.
static KthOp createKth(OpBuilder builder, FormulaOp &formula, Location loc,
                       int64_t k) {
  Type f32 = builder.getF32Type();
  auto uniform = builder.getDictionaryAttr(builder.getNamedAttr(
      WeirDialect::kUniformAttrName, builder.getUnitAttr()));
  formula =
      FormulaOp::create(builder, loc, builder.getStringAttr("weir.topk.kth"),
                        TypeAttr::get(builder.getFunctionType(f32, f32)),
                        builder.getStringAttr("private"), ArrayAttr(),
                        builder.getArrayAttr(uniform));
  Block &body = formula.getBody().emplaceBlock();
  Value score = body.addArgument(f32, loc);
  builder.setInsertionPointToStart(&body);
  Value rank = arith::ConstantIndexOp::create(builder, loc, k);
  auto kth =
      KthOp::create(builder, loc, f32, builder.getIndexType(), rank, score);
  YieldOp::create(builder, loc, kth.getResult());
  return kth;
}

Cut Selection::emitCut() {
  OpBuilder atModule(b.getContext());
  atModule.setInsertionPointToStart(
      access.op->getParentOfType<ModuleOp>().getBody());
  FormulaOp formula;
  KthOp kth = createKth(atModule, formula, loc, access.op.getK());
  auto rows = RowsOp::create(
      b, loc, TypeRange(), FlatSymbolRefAttr::get(formula), access.getScores(),
      access.getMask(), ValueRange(), EmptyRowAttr(), PosInfAttr(),
      NaNPolicyAttr::get(b.getContext(), NaNPolicy::Ignore), TiesAttr(),
      NegInfAttr(), FormAttr(), IntegerAttr(), IntegerAttr());
  Cut cut;
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(rows);
    Type type = access.getComputeType();
    RowAccess row = *RowAccess::create(rows, formula, b, type,
                                       access.getLaneCount() *
                                           type.getIntOrFloatBitWidth());
    row.enterRow(b, {});
    RowEmitter emitter(rows, formula, row);
    emitter.enterRow(b);
    emitSearch(emitter, b, kth);
    cut = {emitter.getScalar(kth.getResult()),
           emitter.getScalar(kth.getPosition())};
  }
  rows.erase();
  formula.erase();
  return cut;
}

/// Which lanes are selected: those above the cut, and of those that equal it
/// the ones up to its position.
Value Selection::emitBefore(OpBuilder &b, const Cut &cut, Value scores,
                            Value firstPosition) {
  Type index = access.getVectorType(b.getIndexType());
  auto splat = [&](Type type, Value scalar) {
    return vector::BroadcastOp::create(b, loc, type, scalar);
  };
  Value value = splat(scores.getType(), cut.value);
  Value above =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, scores, value);
  Value equal =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, scores, value);
  // Lanes up to the cut, counted from the first: the steps are constant.
  Value left = arith::SubIOp::create(b, loc, cut.position, firstPosition);
  Value step = vector::StepOp::create(b, loc, cast<VectorType>(index));
  Value inReach = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sle, step,
                                        splat(index, left));
  Value tie = arith::AndIOp::create(b, loc, equal, inReach);
  return arith::OrIOp::create(b, loc, above, tie);
}

/// Writes the indices of what is selected, in the order of the row. Returns
/// their number.
Value Selection::emitCollect(const Cut &cut) {
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  auto body = [&](OpBuilder &inner, ArrayRef<Lanes> group, ValueRange carried) {
    SmallVector<Value> masks;
    for (const Lanes &lanes : group)
      masks.push_back(access.loadPassing(inner, lanes, [&](Value scores) {
        return emitBefore(inner, cut, scores, lanes.position);
      }));
    return emitIfAnyLane(
        inner, loc, masks, carried, [&](OpBuilder &in, ValueRange now) {
          return emitForEachLane(
              in, loc, masks, group.front().position, now,
              [&](OpBuilder &at, Value position, ValueRange slot) {
                access.storeIndex(at, slot[0], position);
                return SmallVector<Value>{
                    arith::AddIOp::create(at, loc, slot[0], one)};
              });
        });
  };
  RowSweep sweep(access, b, loc, /*groupSize=*/4);
  return sweep.emitRest(sweep.emitGroups(zero, body), body).front();
}

/// The value of each slot from its index.
void Selection::emitGather(Value count) {
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  Value slots = access.getScoreSlots();
  Type element = cast<MemRefType>(slots.getType()).getElementType();
  auto loop = scf::ForOp::create(b, loc, zero, count, one);
  OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
  Value slot = loop.getInductionVar();
  Value index = memref::LoadOp::create(inner, loc, access.getIndices(), slot);
  index = arith::IndexCastOp::create(inner, loc, b.getIndexType(), index);
  Value value = memref::LoadOp::create(inner, loc, access.getScores(), index);
  if (value.getType() != element)
    value = access.toStorage(
        inner, access.toCompute(inner, value, access.getComputeType()),
        element);
  memref::StoreOp::create(inner, loc, value, slots, slot);
}

Value Selection::emit(Value scratch) {
  Value count = emitCollect(emitCut());
  emitSortIndices(access, b, scratch, count);
  emitGather(count);
  return count;
}

Value weir::emitTopKBySelection(TopKAccess &access, OpBuilder &builder,
                                Value scratch) {
  return Selection(access, builder).emit(scratch);
}
