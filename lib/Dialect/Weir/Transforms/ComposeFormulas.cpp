//===- ComposeFormulas.cpp - adjacent formulas become one ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "ComposePlan.h"
#include "weir/Conversion/LinalgToWeir/RaiseElementwise.h"
#include "weir/Dialect/Weir/IR/EraseDead.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringSet.h"

namespace weir {
#define GEN_PASS_DEF_WEIRCOMPOSEFORMULAS
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

namespace {

/// Composes what is adjacent in a module, until nothing more is.
class Composer {
public:
  Composer(ModuleOp module, bool explain) : module(module), explain(explain) {}
  void run();

private:
  bool composeAround(ApplyOp apply);
  bool composeBefore(ApplyOp apply, Operation *producer);
  bool composeAfter(ApplyOp apply, Operation *consumer);
  std::optional<Part> raise(linalg::LinalgOp op, SharedTensor shared,
                            Part &beside);
  bool compose(Part &first, Part &second);
  ApplyOp write(Part &first, Part &second, const Wiring &wiring,
                const CompositionPlan &plan);
  void replace(Part &first, Part &second, const Wiring &wiring, ApplyOp apply);
  void erase(ArrayRef<Operation *> ops);
  void drop(Part &part);
  FlatSymbolRefAttr insert(FormulaOp formula, StringRef name, Operation *user);
  void eraseIfUnused(FormulaOp formula);
  void explainComposition(ApplyOp apply, StringRef labels, bool stores,
                          bool isPlain);
  void explainRefusal(Location loc, StringRef first, StringRef second,
                      StringRef why);

  ModuleOp module;
  bool explain;
  llvm::SetVector<Operation *> work;
  llvm::DenseMap<Operation *, SmallVector<FormulaOp>> made; // By symbol table.
  llvm::DenseSet<Value> rounded;
  llvm::StringSet<> explained;
};

} // namespace

//===----------------------------------------------------------------------===//
// Neighbours
//===----------------------------------------------------------------------===//

/// Sizes of a result follow from operands; asking for one is no use of it.
static void askOperands(Operation *op) {
  auto shaped = dyn_cast<ReifyRankedShapedTypeOpInterface>(op);
  for (OpResult result : op->getResults())
    for (Operation *user : llvm::make_early_inc_range(result.getUsers())) {
      auto dim = dyn_cast<tensor::DimOp>(user);
      if (!dim || !dim.getConstantIndex() || !shaped)
        continue;
      OpBuilder builder(dim);
      ReifiedRankedShapedTypeDims sizes;
      if (failed(shaped.reifyResultShapes(builder, sizes)))
        continue;
      OpFoldResult size =
          sizes[result.getResultNumber()][*dim.getConstantIndex()];
      dim.replaceAllUsesWith(
          getValueOrCreateConstantIndexOp(builder, dim.getLoc(), size));
      dim.erase();
    }
}

static std::string getLabel(linalg::LinalgOp op) {
  return isa<linalg::GenericOp>(op.getOperation())
             ? "map"
             : op->getName().stripDialect().str();
}

/// The neighbour as an application that nothing uses yet.
std::optional<Part> Composer::raise(linalg::LinalgOp op, SharedTensor shared,
                                    Part &beside) {
  std::string why, label = getLabel(op);
  shared.shape = beside.shape;
  shared.rowDim = beside.rowDim;
  FailureOr<RaisedElementwise> raised =
      raiseElementwise(op, shared, label, why);
  if (failed(raised)) {
    bool isFirst = llvm::is_contained(op->getResults(), shared.value);
    explainRefusal(op.getLoc(), isFirst ? label : beside.label,
                   isFirst ? beside.label : label, why);
    return std::nullopt;
  }
  Part part(raised->apply);
  part.op = op;
  part.results = raised->results;
  part.label = label;
  part.shape = beside.shape;
  part.rowDim = beside.rowDim;
  for (auto [result, rounds] : llvm::zip_equal(raised->results, raised->rounds))
    if (rounds)
      rounded.insert(result);
  return part;
}

bool Composer::composeBefore(ApplyOp apply, Operation *producer) {
  Part second(apply);
  if (auto before = dyn_cast<ApplyOp>(producer)) {
    Part first(before);
    return compose(first, second);
  }
  auto op = cast<linalg::LinalgOp>(producer);
  for (auto [i, input] : llvm::enumerate(apply.getInputs())) {
    if (input.getDefiningOp() != op || !second.isFull(i))
      continue;
    std::optional<Part> first =
        raise(op, {input, /*varying=*/true, {}, 0}, second);
    if (!first)
      return false;
    if (compose(*first, second))
      return true;
    drop(*first);
    return false;
  }
  return false;
}

bool Composer::composeAfter(ApplyOp apply, Operation *consumer) {
  Part first(apply);
  for (OpResult result : apply->getResults()) {
    if (!llvm::is_contained(consumer->getOperands(), result))
      continue;
    bool varying = !first.formula.isUniformResult(result.getResultNumber());
    std::optional<Part> second = raise(cast<linalg::LinalgOp>(consumer),
                                       {result, varying, {}, 0}, first);
    if (!second)
      return false;
    if (compose(first, *second))
      return true;
    drop(*second);
    return false;
  }
  return false;
}

/// True when `op` and something of it became one.
bool Composer::composeAround(ApplyOp apply) {
  llvm::SetVector<Operation *> producers, consumers;
  for (Value input : apply.getInputs())
    if (Operation *def = input.getDefiningOp();
        def && def->getBlock() == apply->getBlock() &&
        (isa<ApplyOp>(def) || isElementwise(def)))
      producers.insert(def);
  for (Operation *user : apply->getUsers())
    if (user->getBlock() == apply->getBlock() && isElementwise(user))
      consumers.insert(user);
  return llvm::any_of(
             producers,
             [&](Operation *op) { return composeBefore(apply, op); }) ||
         llvm::any_of(consumers,
                      [&](Operation *op) { return composeAfter(apply, op); });
}

//===----------------------------------------------------------------------===//
// Two as one
//===----------------------------------------------------------------------===//

void Composer::explainRefusal(Location loc, StringRef first, StringRef second,
                              StringRef why) {
  if (!explain)
    return;
  std::string text = ("not composed: " + first + " and " + second +
                      " stay apart, since " + why)
                         .str();
  std::string key = text;
  llvm::raw_string_ostream(key) << loc;
  if (explained.insert(key).second)
    emitRemark(loc, text);
}

FlatSymbolRefAttr Composer::insert(FormulaOp formula, StringRef name,
                                   Operation *user) {
  Operation *table = SymbolTable::getNearestSymbolTable(user);
  for (FormulaOp known : made[table])
    if (known.isEquivalentTo(formula)) {
      formula.erase();
      return FlatSymbolRefAttr::get(known.getSymNameAttr());
    }
  Operation *beside = user;
  while (beside->getParentOp() != table)
    beside = beside->getParentOp();
  formula.setSymName(name);
  StringAttr symbol = SymbolTable(table).insert(formula, beside->getIterator());
  made[table].push_back(formula);
  return FlatSymbolRefAttr::get(symbol);
}

/// A formula that nobody applies any more, and nobody else can.
void Composer::eraseIfUnused(FormulaOp formula) {
  Operation *table = SymbolTable::getNearestSymbolTable(formula->getParentOp());
  if (SymbolTable::getSymbolVisibility(formula) !=
          SymbolTable::Visibility::Private ||
      !SymbolTable::symbolKnownUseEmpty(formula, table))
    return;
  llvm::erase(made[table], formula);
  formula.erase();
}

/// Chains of many would have names without end, and a repetition is no news.
static std::string getName(Part &first, Part &second) {
  if (isa<linalg::BroadcastOp>(first.op))
    return second.label;
  std::string name = first.label + "." + second.label;
  return name.size() <= 64 ? name : "composed";
}

/// The application of both, which names no formula of its own yet.
ApplyOp Composer::write(Part &first, Part &second, const Wiring &wiring,
                        const CompositionPlan &plan) {
  OpBuilder builder(second.op);
  SmallVector<Value> inputs = plan.composed.inputs;
  ApplyOp place = getPlace(first, second);
  SmallVector<Type> types;
  for (unsigned index : wiring.exports)
    types.push_back(first.results[index].getType());
  llvm::append_range(types, ValueRange(second.results).getTypes());
  auto apply = ApplyOp::create(
      builder, second.op->getLoc(), types,
      FlatSymbolRefAttr::get(builder.getContext(), "composed"), inputs,
      plan.policies.mask, /*along=*/IntegerAttr(), EmptyRowAttr(), PosInfAttr(),
      NaNPolicyAttr(), TiesAttr(), NegInfAttr(), FormAttr(),
      /*thread_grain=*/IntegerAttr(), /*stream_bytes=*/IntegerAttr());
  if (Value base = place.getRowBase())
    apply.getRowBaseMutable().assign(base);
  apply.getRowStridesMutable().assign(place.getRowStrides());
  if (Value column = place.getColumn())
    apply.getColumnMutable().assign(column);
  plan.policies.setOn(apply);
  int64_t rowDim = first.asksForRow ? first.rowDim : second.rowDim;
  if (rowDim != static_cast<int64_t>(second.shape.size()) - 1)
    apply.setAlong(rowDim);
  return apply;
}

void Composer::erase(ArrayRef<Operation *> ops) {
  eraseDead(ops, [&](Operation *op) {
    for (Value result : op->getResults())
      rounded.erase(result);
    work.remove(op);
  });
}

/// Forgets an application that came to nothing.
void Composer::drop(Part &part) {
  for (Value result : part.results)
    rounded.erase(result);
  FormulaOp formula = part.formula;
  erase({part.apply});
  formula.erase();
}

void Composer::replace(Part &first, Part &second, const Wiring &wiring,
                       ApplyOp apply) {
  unsigned count = wiring.exports.size();
  auto hand = [&](Value from, Value to) {
    if (rounded.contains(from))
      rounded.insert(to);
    from.replaceAllUsesWith(to);
  };
  for (auto [i, result] : llvm::enumerate(second.results))
    hand(result, apply.getResult(count + i));
  for (auto [i, index] : llvm::enumerate(wiring.exports))
    hand(first.results[index], apply.getResult(i));
  FormulaOp formulas[] = {first.formula, second.formula};
  erase({first.op, first.apply, second.op, second.apply});
  eraseIfUnused(formulas[0]);
  if (formulas[0] != formulas[1])
    eraseIfUnused(formulas[1]);
}

bool Composer::compose(Part &first, Part &second) {
  askOperands(first.op);
  std::string why;
  Location loc = second.op->getLoc();
  auto refuse = [&]() {
    explainRefusal(loc, first.label, second.label, why);
    return false;
  };
  FailureOr<Wiring> wiring = connect(first, second, rounded, why);
  if (failed(wiring))
    return refuse();
  FailureOr<SmallVector<Operation *>> users =
      findUsersBetween(first, second, why);
  if (failed(users))
    return refuse();
  FailureOr<CompositionPlan> plan =
      planComposition(first, second, *wiring, why);
  if (failed(plan))
    return refuse();
  Operation *next = second.op->getNextNode();
  std::string name = getName(first, second);
  std::string labels = first.label + " and " + second.label;
  ApplyOp apply = write(first, second, *wiring, *plan);
  replace(first, second, *wiring, apply);
  apply.setFormulaAttr(insert(plan->composed.formula.release(), name, apply));
  explainComposition(apply, labels, !wiring->exports.empty(), plan->isPlain);
  for (Operation *user : *users)
    user->moveBefore(next);
  work.insert(apply);
  return true;
}

void Composer::explainComposition(ApplyOp apply, StringRef labels, bool stores,
                                  bool isPlain) {
  if (!explain)
    return;
  InFlightDiagnostic remark = emitRemark(apply.getLoc(), "composed: ");
  remark << labels << " run as @" << apply.getFormula()
         << (stores ? ", which stores what lies between them for others"
                    : ", and what lies between them is never stored");
  if (isPlain)
    remark << "; the formula leaves out scores of -inf itself";
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

void Composer::run() {
  module.walk([&](ApplyOp apply) { work.insert(apply); });
  // Those of the program first, in its order.
  while (!work.empty()) {
    auto apply = cast<ApplyOp>(work.front());
    work.remove(apply);
    composeAround(apply);
  }
}

namespace {
struct WeirComposeFormulas
    : weir::impl::WeirComposeFormulasBase<WeirComposeFormulas> {
  using WeirComposeFormulasBase::WeirComposeFormulasBase;
  void runOnOperation() override {
    if (enable)
      Composer(getOperation(), explain).run();
  }
};
} // namespace
