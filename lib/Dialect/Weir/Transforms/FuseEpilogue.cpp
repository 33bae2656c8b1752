//===- FuseEpilogue.cpp - what is done to attention's output ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "ScoreChain.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Dominance.h"

namespace weir {
#define GEN_PASS_DEF_WEIRFUSEEPILOGUE
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

namespace {

/// A weir.attention and the pointwise weir.apply that alone reads its output.
class EpilogueFusion {
public:
  explicit EpilogueFusion(AttentionOp attention)
      : attention(attention),
        weights(attention.resolveFormula().getFirstVaryingResult()) {}

  /// Finds the weir.apply behind the output, and reshapes between them.
  bool findApply();
  /// Why it stays apart, or "".
  std::string check();
  AttentionOp fuse(FlatSymbolRefAttr epilogue);

  AttentionOp attention;
  ApplyOp apply;
  FormulaOp formula;
  /// The formula with the output as its first argument and all tensors varying.
  OwningOpRef<FormulaOp> epilogue;

private:
  void collectOperands();

  unsigned weights, argument = 0;
  AtomSpace space;
  AtomDims groups, dims; // Of the output, and of the weir.apply's elements.
  SmallVector<ScoreOperand> operands;
};

} // namespace

bool EpilogueFusion::findApply() {
  Value value = attention.getResult(weights);
  auto type = cast<RankedTensorType>(value.getType());
  for (auto [i, size] : llvm::enumerate(type.getShape())) {
    groups.push_back({space.add(size)});
    space.setSize(groups.back()[0],
                  int64_t(i) == attention.getElementDim()
                      ? attention.getValue()
                      : attention.getQuery(),
                  i);
  }
  dims = groups;
  while (Operation *user = getOnlyUser(value)) {
    if (user->getBlock() != attention->getBlock())
      return false;
    if (auto found = dyn_cast<ApplyOp>(user)) {
      apply = found;
      formula = apply.resolveFormula();
      argument =
          llvm::find(apply.getInputs(), value) - apply.getInputs().begin();
      return formula.isPointwise() && argument < apply.getInputs().size() &&
             llvm::count(apply->getOperands(), value) == 1;
    }
    value = space.stepForward(user, dims, MovedCasts::All);
    if (!value)
      return false;
  }
  return false;
}

std::string EpilogueFusion::check() {
  if (attention.getEpilogueAttr())
    return "there is one already";
  if (formula.getNumResults() != 1 || formula.isUniformArgument(argument) ||
      !formula.getArgumentTypes()[argument].isF32() ||
      !formula.getResultTypes()[0].isF32())
    return "its formula is not one from output to output";
  auto result = cast<RankedTensorType>(apply.getResult(0).getType());
  auto own = cast<RankedTensorType>(apply.getInputs()[argument].getType());
  if (own.getShape() != result.getShape())
    return "the output repeats";
  Type element = getElementTypeOrSelf(attention.getQuery().getType());
  if (result.getElementType().isF64() != element.isF64())
    return "it computes in another type";
  DominanceInfo dominance;
  for (auto [i, other] : llvm::enumerate(attention.getResults()))
    for (Operation *user : other.getUsers())
      if (i != weights && !dominance.properlyDominates(apply, user))
        return "a result per row is used before";
  collectOperands();
  for (const ScoreOperand &operand : operands)
    if (isa<RankedTensorType>(operand.value.getType()) &&
        !space.canArrange(operand.dims, groups))
      return "an operand repeats in part of a dimension";
  return "";
}

/// The formula from the output on. A number for each row, or where rows have no
/// number of their own for each element, is one that repeats along the row.
void EpilogueFusion::collectOperands() {
  SmallVector<unsigned> left;
  BlockArgument output = formula.getBody().getArgument(argument);
  epilogue = cutFormula(formula, output, output, formula.getSymName(), left);
  AtomDims rows(dims);
  rows.erase(rows.begin() + apply.getRowDim());
  for (auto [i, index] : llvm::enumerate(left)) {
    if (i == 0)
      continue;
    Value operand = apply.getInputs()[index];
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    ScoreOperand own{operand, {}};
    bool uniform = formula.isUniformArgument(index);
    if (type && uniform) {
      epilogue->removeArgAttr(i, WeirDialect::kUniformAttrName);
      own.dims = getBroadcastDims(operand, rows);
    } else if (type) {
      own.dims = getBroadcastDims(operand, dims);
    }
    operands.push_back(own);
  }
}

AttentionOp EpilogueFusion::fuse(FlatSymbolRefAttr symbol) {
  OpBuilder b(apply);
  Location loc = apply.getLoc();
  SmallVector<Value> more;
  for (const ScoreOperand &operand : operands)
    more.push_back(
        isa<RankedTensorType>(operand.value.getType())
            ? space.arrange(b, loc, operand.value, operand.dims, groups)
            : operand.value);
  auto made = cast<AttentionOp>(b.clone(*attention));
  made.setEpilogueAttr(symbol);
  made.getEpilogueOperandsMutable().assign(more);
  Value output = made.getResult(weights);
  auto type = cast<RankedTensorType>(output.getType());
  output.setType(type.clone(getElementTypeOrSelf(apply.getResult(0))));
  output = space.arrange(b, loc, output, groups, dims);
  Value old = apply.getResult(0);
  if (output.getType() != old.getType())
    output = tensor::CastOp::create(b, loc, old.getType(), output);
  old.replaceAllUsesWith(output);
  for (auto [i, other] : llvm::enumerate(attention.getResults()))
    if (i != weights)
      other.replaceAllUsesWith(made.getResult(i));
  SmallVector<Value> inputs(apply.getInputs());
  apply.erase();
  for (Operation *op = inputs[argument].getDefiningOp();
       op && isOpTriviallyDead(op);) {
    Operation *before =
        op == attention ? nullptr : op->getOperand(0).getDefiningOp();
    op->erase();
    op = before;
  }
  return made;
}

namespace {
struct WeirFuseEpilogue : weir::impl::WeirFuseEpilogueBase<WeirFuseEpilogue> {
  using WeirFuseEpilogueBase::WeirFuseEpilogueBase;

  void runOnOperation() override {
    SmallVector<AttentionOp> all;
    getOperation().walk([&](AttentionOp op) { all.push_back(op); });
    if (!enable)
      return;
    for (AttentionOp op : all) {
      EpilogueFusion fusion(op);
      if (!fusion.findApply())
        continue;
      std::string name = fusion.formula.getSymName().str();
      if (std::string why = fusion.check(); !why.empty()) {
        if (explain)
          fusion.apply.emitRemark("@")
              << name << " is no epilogue of the attention before it: " << why;
        continue;
      }
      AttentionOp made = fusion.fuse(getSymbol(fusion));
      if (explain)
        made.emitRemark("@")
            << name << " is the epilogue of attention with @"
            << made.getFormula() << ": it runs before outputs are rounded";
    }
  }

  FlatSymbolRefAttr getSymbol(EpilogueFusion &fusion) {
    if (fusion.epilogue->isEquivalentTo(fusion.formula))
      return fusion.apply.getFormulaAttr();
    Operation *table = SymbolTable::getNearestSymbolTable(fusion.apply);
    Operation *beside = fusion.apply;
    while (beside->getParentOp() != table)
      beside = beside->getParentOp();
    return FlatSymbolRefAttr::get(SymbolTable(table).insert(
        fusion.epilogue.release(), beside->getIterator()));
  }
};
} // namespace
