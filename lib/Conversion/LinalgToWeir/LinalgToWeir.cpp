//===- LinalgToWeir.cpp - row programs in linalg to weir.apply ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Reductions are taken in the order of the program. Around each a group is
// grown (RowGroup), its scalar program is written as a formula (GroupWriter),
// policies are chosen that keep the meaning of rows with infinities and NaN
// (FormulaChoice), and a weir.apply takes the group's place (ApplyWriter).
//
//===----------------------------------------------------------------------===//

#include "weir/Conversion/LinalgToWeir/Passes.h"
#include "weir/Dialect/Weir/IR/EraseDead.h"

#include "ApplyWriter.h"
#include "FormulaChoice.h"
#include "RowBody.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"

namespace weir {
#define GEN_PASS_DEF_CONVERTLINALGTOWEIR
#include "weir/Conversion/LinalgToWeir/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

//===----------------------------------------------------------------------===//
// Into the program
//===----------------------------------------------------------------------===//

/// Ops between the group's members that use its results: they move behind it.
/// Fails when one does more than compute.
static FailureOr<SmallVector<Operation *>>
getUsersBetween(const RowGroup &group) {
  SmallVector<Operation *> users;
  llvm::DenseSet<Operation *> found;
  Operation *last = group.getMembers().back();
  for (Operation *op = group.getMembers().front(); op != last;
       op = op->getNextNode()) {
    bool uses = false;
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (Operation *def = operand.getDefiningOp())
          uses |= group.contains(def) || found.contains(def);
    });
    if (group.contains(op) || !uses)
      continue;
    if (!isMemoryEffectFree(op))
      return failure();
    found.insert(op);
    users.push_back(op);
  }
  return users;
}

namespace {

/// Raises the groups of a module.
class Raiser {
public:
  explicit Raiser(bool explain) : explain(explain) {}
  void raise(linalg::LinalgOp seed);

private:
  /// Raises the group, or says why it does not.
  std::string raiseGroup(const RowGroup &group);
  FlatSymbolRefAttr insert(FormulaOp formula, Operation *user);
  void explainGroup(const RowGroup &group, const FormulaChoice &choice,
                    FlatSymbolRefAttr name);

  bool explain;
  llvm::DenseSet<Operation *> done;
  llvm::DenseMap<Operation *, SmallVector<FormulaOp>> formulas;
};

} // namespace

/// The name of a formula in the symbol table around `user`; one that is there
/// already serves again.
FlatSymbolRefAttr Raiser::insert(FormulaOp formula, Operation *user) {
  Operation *table = SymbolTable::getNearestSymbolTable(user);
  for (FormulaOp known : formulas[table])
    if (known.isEquivalentTo(formula)) {
      formula.erase();
      return FlatSymbolRefAttr::get(known.getSymNameAttr());
    }
  std::string name;
  unsigned number = formulas[table].size();
  do
    name = "raised_" + std::to_string(number++);
  while (SymbolTable::lookupSymbolIn(table, name));
  formula.setSymName(name);
  Operation *beside = user;
  while (beside->getParentOp() != table)
    beside = beside->getParentOp();
  beside->getBlock()->getOperations().insert(beside->getIterator(), formula);
  formulas[table].push_back(formula);
  return FlatSymbolRefAttr::get(formula.getSymNameAttr());
}

void Raiser::explainGroup(const RowGroup &group, const FormulaChoice &choice,
                          FlatSymbolRefAttr name) {
  int64_t reductions = group.countReductions();
  InFlightDiagnostic remark =
      emitRemark(group.getMembers().front()->getLoc(), "raised to ") << name;
  remark << ": " << reductions
         << (reductions == 1 ? " reduction" : " reductions") << " among "
         << group.getMembers().size()
         << (group.getMembers().size() == 1 ? " op" : " ops")
         << " along dimension " << group.getSpace().rowDim;
  if (choice.negInf == NegInf::Ordinary)
    remark << "; scores of -inf stay numbers, since leaving them out could "
              "change results";
  else
    remark << "; leaving out scores of -inf changes nothing";
  if (choice.nan == NaNPolicy::Arithmetic)
    remark << ", and a NaN does not reach all results";
  if (choice.mask)
    remark << ", and a choice of -inf is the mask";
}

std::string Raiser::raiseGroup(const RowGroup &group) {
  FormulaChoice choice(group);
  if (std::string why = choice.make(); !why.empty())
    return why;
  FailureOr<SmallVector<Operation *>> users = getUsersBetween(group);
  if (failed(users))
    return "something with effects on memory uses a result before the others "
           "are computed";
  Operation *last = group.getMembers().back();
  SmallVector<GroupWriter::Operand> operands(choice.writer.getOperands());
  FormulaOp formula = choice.writer.release();
  if (choice.negInf == NegInf::Ordinary)
    formula->setAttr(WeirDialect::kAsWrittenAttrName,
                     UnitAttr::get(formula.getContext()));
  FlatSymbolRefAttr name = insert(formula, last);
  if (explain)
    explainGroup(group, choice, name);
  OpBuilder builder(last->getContext());
  builder.setInsertionPointAfter(last);
  Operation *next = last->getNextNode();
  writeApply(builder, group, group.getResults(),
             {name, operands, choice.mask, choice.emptyRow, choice.negInf,
              choice.nan});
  for (Operation *user : *users)
    user->moveBefore(next);
  eraseDead(group.getMembers(), [&](Operation *op) { done.insert(op); });
  return "";
}

void Raiser::raise(linalg::LinalgOp seed) {
  if (done.contains(seed) || seed->use_empty())
    return;
  std::string why;
  std::optional<RowGroup> group = RowGroup::grow(seed, why);
  if (group) {
    Location loc = seed.getLoc();
    SmallVector<Operation *> members(group->getMembers());
    why = raiseGroup(*group);
    done.insert(members.begin(), members.end());
    if (!why.empty() && explain)
      emitRemark(loc, "not raised: ") << why;
  } else if (explain) {
    emitRemark(seed.getLoc(), "not raised: ") << why;
  }
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// linalg.softmax is a group of others.
static LogicalResult decomposeSoftmax(linalg::SoftmaxOp op) {
  if (!op.hasPureTensorSemantics())
    return success();
  Type element = getElementTypeOrSelf(op.getInput().getType());
  if (!isa<FloatType>(element))
    return op.emitOpError("has elements of ")
           << element << ", but a softmax is of floating-point numbers";
  OpBuilder builder(op);
  FailureOr<SmallVector<Value>> values = op.decomposeOperation(builder);
  if (failed(values))
    return op.emitOpError("cannot be decomposed");
  op->replaceAllUsesWith(*values);
  op.erase();
  return success();
}

/// A packing is a padding, a reshape and a transposition; an unpacking is a
/// transposition, a reshape and a slice.
static LogicalResult lowerPacking(Operation *op) {
  IRRewriter rewriter(op);
  if (auto unpack = dyn_cast<linalg::UnPackOp>(op))
    return linalg::lowerUnPack(rewriter, unpack);
  auto pack = cast<linalg::PackOp>(op);
  if (llvm::any_of(pack.getStaticInnerTiles(), ShapedType::isDynamic))
    return op->emitOpError("has tiles of a dynamic size; weir packs into tiles "
                           "of static sizes only");
  return linalg::lowerPack(rewriter, pack);
}

/// Ops that stand for others, which are raised or run in their place.
static LogicalResult decompose(Operation *op) {
  if (auto softmax = dyn_cast<linalg::SoftmaxOp>(op))
    return decomposeSoftmax(softmax);
  return isa<linalg::PackOp, linalg::UnPackOp>(op) ? lowerPacking(op)
                                                   : success();
}

/// A size of a result is that of its destination; asking for it is no use of
/// the result.
static void askDestination(tensor::DimOp dim) {
  while (auto result = dyn_cast<OpResult>(dim.getSource())) {
    auto op = dyn_cast<linalg::LinalgOp>(result.getOwner());
    if (!op)
      return;
    dim.getSourceMutable().assign(op.getDpsInits()[result.getResultNumber()]);
  }
}

/// What nobody uses would hold groups apart.
static void eraseDeadCode(ModuleOp module) {
  SmallVector<Operation *> all;
  module->walk([&](Operation *op) {
    if (isa<linalg::LinalgOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp>(
            op))
      all.push_back(op);
  });
  for (Operation *op : llvm::reverse(all))
    if (isOpTriviallyDead(op))
      op->erase();
}

namespace {
struct ConvertLinalgToWeir
    : weir::impl::ConvertLinalgToWeirBase<ConvertLinalgToWeir> {
  using ConvertLinalgToWeirBase::ConvertLinalgToWeirBase;
  void runOnOperation() override {
    WalkResult walk = getOperation().walk([](Operation *op) {
      return failed(decompose(op)) ? WalkResult::interrupt()
                                   : WalkResult::advance();
    });
    if (walk.wasInterrupted())
      return signalPassFailure();
    if (!enable)
      return;
    getOperation().walk(askDestination);
    eraseDeadCode(getOperation());
    SmallVector<linalg::LinalgOp> seeds;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (op.getNumReductionLoops() > 0 && op.hasPureTensorSemantics() &&
          !isProduct(op))
        seeds.push_back(op);
    });
    Raiser raiser(explain);
    for (linalg::LinalgOp seed : seeds)
      raiser.raise(seed);
  }
};
} // namespace
