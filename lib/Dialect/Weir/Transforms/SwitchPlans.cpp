//===- SwitchPlans.cpp - a branch for each plan ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"

namespace weir {
#define GEN_PASS_DEF_WEIRSWITCHPLANS
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

namespace {

/// The sizes that plans ask about, as values.
struct Sizes {
  Value neighbours, length, elements;
};

/// The size of dimension `dim` of all operands together: that of any which does
/// not repeat there.
Value emitSize(OpBuilder &builder, RowsOp rows, int64_t dim) {
  FormulaOp formula = rows.resolveFormula();
  int64_t rank = rows.getRowRank();
  auto find = [&](ValueRange values,
                  llvm::function_ref<bool(unsigned)> isUniform) -> Value {
    for (auto [i, value] : llvm::enumerate(values)) {
      auto type = cast<MemRefType>(value.getType());
      int64_t own = dim - (rank - type.getRank());
      if (!isUniform(i) && own >= 0 && type.getDimSize(own) != 1)
        return memref::DimOp::create(builder, rows.getLoc(), value, own);
    }
    return Value();
  };
  auto isUniformResult = [&](unsigned i) { return formula.isUniformResult(i); };
  if (Value size = find(rows.getOutputs(), isUniformResult))
    return size;
  SmallVector<Value> shaped = formula.pickVarying(rows.getInputs());
  if (rows.getMask())
    shaped.push_back(rows.getMask());
  if (Value size = find(shaped, [](unsigned) { return false; }))
    return size;
  return arith::ConstantIndexOp::create(builder, rows.getLoc(), 1);
}

Sizes emitSizes(OpBuilder &builder, RowsOp rows) {
  Location loc = rows.getLoc();
  Sizes sizes;
  for (int64_t dim = 0, rank = rows.getRowRank(); dim < rank; ++dim) {
    Value size = emitSize(builder, rows, dim);
    (dim == rows.getRowDim() ? sizes.length : sizes.neighbours) = size;
    sizes.elements =
        dim == 0 ? size
                 : arith::MulIOp::create(builder, loc, sizes.elements, size);
  }
  if (!sizes.neighbours)
    sizes.neighbours = arith::ConstantIndexOp::create(builder, loc, 1);
  return sizes;
}

/// True where `plan` fits.
Value emitGuard(OpBuilder &builder, Location loc, PlanAttr plan,
                const Sizes &sizes) {
  Value guard;
  auto require = [&](arith::CmpIPredicate predicate, Value size,
                     int64_t bound) {
    Value limit = arith::ConstantIndexOp::create(builder, loc, bound);
    Value holds = arith::CmpIOp::create(builder, loc, predicate, size, limit);
    guard = guard ? Value(arith::AndIOp::create(builder, loc, guard, holds))
                  : holds;
  };
  if (plan.getMinRows() > 1)
    require(arith::CmpIPredicate::uge, sizes.neighbours, plan.getMinRows());
  if (plan.getMaxLength() > 0)
    require(arith::CmpIPredicate::ule, sizes.length, plan.getMaxLength());
  if (plan.getMaxElements() > 0)
    require(arith::CmpIPredicate::ule, sizes.elements, plan.getMaxElements());
  return guard;
}

/// Two plans that differ in their bounds only are one branch.
bool areAlike(PlanAttr a, PlanAttr b) {
  return a.getForm() == b.getForm() &&
         a.getStreamBytes() == b.getStreamBytes() &&
         a.getPages() == b.getPages();
}

void takeForm(RowsOp rows, PlanAttr plan) {
  rows.removePlansAttr();
  rows.setForm(plan.getForm());
  if (plan.getStreamBytes() > 0)
    rows.setStreamBytes(plan.getStreamBytes());
  if (plan.getPages() > 0)
    rows.setPages(plan.getPages());
}

void switchPlans(RowsOp rows) {
  SmallVector<PlanAttr> plans(rows.getPlansAttr().getAsRange<PlanAttr>());
  OpBuilder builder(rows);
  Location loc = rows.getLoc();
  Sizes sizes = emitSizes(builder, rows);
  for (size_t i = 0; i + 1 < plans.size();) {
    Value guard = emitGuard(builder, loc, plans[i], sizes);
    size_t next = i + 1;
    for (; next + 1 < plans.size() && areAlike(plans[i], plans[next]); ++next)
      guard = arith::OrIOp::create(builder, loc, guard,
                                   emitGuard(builder, loc, plans[next], sizes));
    auto branch = scf::IfOp::create(builder, loc, guard,
                                    /*withElseRegion=*/true);
    builder.setInsertionPointToStart(branch.thenBlock());
    takeForm(cast<RowsOp>(builder.clone(*rows)), plans[i]);
    builder.setInsertionPointToStart(branch.elseBlock());
    i = next;
  }
  rows->moveBefore(builder.getInsertionBlock(), builder.getInsertionPoint());
  takeForm(rows, plans.back());
}

struct WeirSwitchPlans : weir::impl::WeirSwitchPlansBase<WeirSwitchPlans> {
  void runOnOperation() override {
    SmallVector<RowsOp> all;
    WalkResult walk = getOperation().walk([&](RowsOp rows) {
      if (!rows.getPlans())
        return WalkResult::advance();
      if (rows.getNumResults() > 0) {
        rows.emitOpError(
            "works on tensors; bufferize before weir-switch-plans");
        return WalkResult::interrupt();
      }
      all.push_back(rows);
      return WalkResult::advance();
    });
    if (walk.wasInterrupted())
      return signalPassFailure();
    for (RowsOp rows : all)
      switchPlans(rows);
  }
};

} // namespace
