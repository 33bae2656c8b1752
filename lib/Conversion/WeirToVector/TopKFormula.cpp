//===- TopKFormula.cpp - the largest elements and a formula of the row ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One read of the scores finds the statistics of the row and the k largest. The
// formula's result is then evaluated for these only, by the code that writes
// whole rows otherwise: to it the selected elements are the row.
//
//===----------------------------------------------------------------------===//

#include "TopKForms.h"

#include "StoredForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weir;

namespace {

/// The selection, beside the formula's first sweep or before it.
class Selector final : public SweepCompanion {
public:
  Selector(TopKAccess &access, RowEmitter &emitter, Value sorting)
      : access(access), emitter(emitter), insertion(access), sorting(sorting) {}

  SmallVector<Value> begin(OpBuilder &b) override { return insertion.begin(b); }

  SmallVector<Value> update(OpBuilder &b, MutableArrayRef<Element> group,
                            ValueRange carried) override {
    SmallVector<Value> masks;
    SmallVector<Lanes> lanes;
    for (Element &element : group) {
      Value scores = emitter.getVector(b, element, emitter.getScore());
      masks.push_back(insertion.emitAbove(b, scores, carried));
      lanes.push_back(element.lanes);
    }
    return insertion.update(b, masks, lanes, carried);
  }

  void finish(OpBuilder &b, ValueRange carried) override {
    found = insertion.finish(b, carried);
  }

  void runAlone(OpBuilder &b) override {
    found = sorting ? emitSelection(b) : emitTopKByInsertion(access, b);
  }

  Value getFound() const { return found; }

private:
  Value emitSelection(OpBuilder &b);

  TopKAccess &access;
  RowEmitter &emitter;
  TopKInsertion insertion;
  Value sorting, found;
};

} // namespace

/// Slots behind the last element have the score of none.
Value Selector::emitSelection(OpBuilder &b) {
  Location loc = access.op.getLoc();
  Value zero = arith::ConstantIndexOp::create(b, loc, 0),
        one = arith::ConstantIndexOp::create(b, loc, 1),
        k = arith::ConstantIndexOp::create(b, loc, access.op.getK());
  auto loop = scf::ForOp::create(b, loc, zero, k, one);
  OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
  Value none = emitter.constant(inner, access.getComputeType(), -INFINITY);
  memref::StoreOp::create(inner, loc, none, access.getScoreSlots(),
                          loop.getInductionVar());
  return emitTopKBySelection(access, b, sorting);
}

void weir::emitTopKOfFormula(TopKAccess &access, RowEmitter &emitter,
                             OpBuilder &b, Value sorting, Value scores) {
  FormulaOp formula = emitter.formula;
  access.setScoreSlots(scores);
  Selector selector(access, emitter, sorting);
  emitter.selected = RowEmitter::Selected{
      scores,
      arith::ConstantIndexOp::create(b, access.op.getLoc(), access.op.getK())};
  if (canRunOnline(formula)) {
    RowLaws laws(formula);
    OnlineForm(emitter, laws, /*extended=*/nullptr, &selector,
               /*joins=*/!sorting)
        .emitRow(b);
  } else {
    selector.runAlone(b);
    StoredForm(emitter).emitRow(b);
  }
  // Of an element with a score of -inf, in a formula without reductions too.
  FormulaLimits limits(formula, /*scoreExcludes=*/true);
  Value result = formula.getYieldedValues()[formula.getFirstVaryingResult()];
  bool isLow = limits.atExcluded(result) == Limit::NegInf;
  emitTopKResults(access, b, selector.getFound(),
                  {/*areOfFormula=*/true, isLow ? -INFINITY : 0.0,
                   /*keepsNaN=*/formula.hasReduction()});
}
