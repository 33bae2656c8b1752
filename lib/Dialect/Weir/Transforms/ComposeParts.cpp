//===- ComposeParts.cpp - two neighbours that may become one ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ComposeParts.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace weir;

//===----------------------------------------------------------------------===//
// One of them
//===----------------------------------------------------------------------===//

static void joinShape(SmallVectorImpl<int64_t> &shape, Type type) {
  ArrayRef<int64_t> own = cast<ShapedType>(type).getShape();
  if (own.size() > shape.size())
    shape.insert(shape.begin(), own.size() - shape.size(), 1);
  size_t offset = shape.size() - own.size();
  for (auto [i, size] : llvm::enumerate(own)) {
    int64_t &known = shape[offset + i];
    if (known == 1 || (ShapedType::isDynamic(known) && size != 1))
      known = size;
  }
}

/// The shape that operands and a mask broadcast to.
static SmallVector<int64_t> joinShapes(FormulaOp formula, ValueRange inputs,
                                       Value mask) {
  SmallVector<int64_t> shape;
  for (auto [i, input] : llvm::enumerate(inputs))
    if (!formula.isUniformArgument(i))
      joinShape(shape, input.getType());
  if (mask)
    joinShape(shape, mask.getType());
  return shape;
}

static SmallVector<int64_t> getShape(ApplyOp apply, FormulaOp formula) {
  SmallVector<int64_t> shape =
      joinShapes(formula, apply.getInputs(), apply.getMask());
  for (auto [i, result] : llvm::enumerate(apply.getResults()))
    if (!formula.isUniformResult(i))
      joinShape(shape, result.getType());
  return shape;
}

bool weir::coversShape(FormulaOp formula, ValueRange inputs, Value mask,
                       ArrayRef<int64_t> shape) {
  SmallVector<int64_t> own = joinShapes(formula, inputs, mask);
  return own.size() == shape.size() &&
         llvm::all_of(llvm::zip_equal(own, shape), [](auto pair) {
           auto [size, full] = pair;
           return size != 1 || full == 1;
         });
}

/// A library formula by the name it has there.
static StringRef getLabel(FormulaOp formula) {
  StringRef name = formula.getSymName();
  name.consume_front(WeirDialect::kLibraryPrefix);
  return name;
}

Part::Part(ApplyOp apply)
    : apply(apply), formula(apply.resolveFormula()), policies(apply), op(apply),
      results(apply.getResults()), label(getLabel(formula)),
      shape(getShape(apply, formula)), rowDim(apply.getRowDim()) {
  bool hasRowOperand =
      llvm::any_of(llvm::enumerate(apply.getInputs()), [&](auto input) {
        return formula.isUniformArgument(input.index()) &&
               isa<ShapedType>(input.value().getType());
      });
  asksForRow = hasRowOperand || !formula.isPointwise();
}

bool Part::searches() {
  return formula.getBody()
      .walk([](Operation *op) {
        return isa<KthOp, SolveOp>(op) ? WalkResult::interrupt()
                                       : WalkResult::advance();
      })
      .wasInterrupted();
}

bool Part::isDouble() {
  Value score = apply.getInputs()[formula.getScoreIndex()];
  return getElementTypeOrSelf(score.getType()).isF64();
}

bool Part::isFull(unsigned index) {
  auto type = dyn_cast<ShapedType>(apply.getInputs()[index].getType());
  if (!type || formula.isUniformArgument(index) ||
      type.getRank() != static_cast<int64_t>(shape.size()))
    return false;
  return llvm::all_of(llvm::zip_equal(type.getShape(), shape), [](auto pair) {
    auto [own, full] = pair;
    return own != 1 || full == 1;
  });
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static bool hasSchedule(ApplyOp apply) {
  return apply.getForm() || apply.getThreadGrain() || apply.getThreadPart() ||
         apply.getStreamBytes() || apply.getPages() || apply.getLanes() ||
         apply.getPlans();
}

static bool hasPlace(ApplyOp apply) {
  return apply.getRowBase() || apply.getColumn();
}

/// True when a result depends on which row or element it is of.
static bool asksForPlace(FormulaOp formula) {
  return formula.getBody()
      .walk([](Operation *op) {
        auto reduce = dyn_cast<ReduceOp>(op);
        return isa<RowOp, PositionOp, RandomOp, KthOp>(op) ||
                       (reduce && reduce.getWinner())
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

static bool asksForLength(FormulaOp formula) {
  return !formula.getBody().getOps<LengthOp>().empty() ||
         !formula.getBody().getOps<ExtentOp>().empty();
}

ApplyOp weir::getPlace(Part &first, Part &second) {
  return hasPlace(first.apply) ? first.apply : second.apply;
}

static std::string compareRows(Part &first, Part &second) {
  if (first.shape.size() != second.shape.size())
    return "they run over tensors of different ranks";
  for (auto [a, b] : llvm::zip_equal(first.shape, second.shape))
    if (a != b && !ShapedType::isDynamic(a) && !ShapedType::isDynamic(b))
      return "what lies between them is repeated, and would be computed more "
             "than once";
  if (first.asksForRow && second.asksForRow && first.rowDim != second.rowDim)
    return "their rows are different dimensions";
  return "";
}

static std::string compareRuns(Part &first, Part &second) {
  if (hasSchedule(first.apply) || hasSchedule(second.apply))
    return "how one of them runs is given";
  if (first.isDouble() != second.isDouble())
    return "one of them computes in f64";
  ApplyOp a = first.apply, b = second.apply;
  bool samePlace = a.getRowBase() == b.getRowBase() &&
                   a.getColumn() == b.getColumn() &&
                   llvm::equal(a.getRowStrides(), b.getRowStrides());
  bool mayMove = (!hasPlace(a) && !asksForPlace(first.formula)) ||
                 (!hasPlace(b) && !asksForPlace(second.formula));
  if (!samePlace && !mayMove)
    return "they are tiles with different offsets";
  if ((a.getColumn() || b.getColumn()) &&
      (asksForLength(first.formula) || asksForLength(second.formula)))
    return "one of them is a part of a row, and the other asks how long the "
           "row is";
  return "";
}

//===----------------------------------------------------------------------===//
// What lies between
//===----------------------------------------------------------------------===//

/// Why result `source` of `first` cannot be argument `index` of `second`
/// without being stored, or "".
static std::string checkTaken(Part &first, unsigned source, Part &second,
                              unsigned index,
                              const llvm::DenseSet<Value> &rounded) {
  Type formal = first.formula.getResultTypes()[source];
  Value between = first.results[source];
  auto type = cast<ShapedType>(between.getType());
  if (first.formula.isUniformResult(source) !=
          second.formula.isUniformArgument(index) ||
      (!first.formula.isUniformResult(source) && !second.isFull(index)))
    return "what lies between them is repeated";
  if (formal != second.formula.getArgumentTypes()[index] ||
      (formal.isIndex() && type.getElementType().isInteger(32)))
    return "the integers between them are stored as another type";
  if (rounded.contains(between))
    return "the numbers between them are rounded on purpose";
  return "";
}

/// A uniform operand has the outer shape, where a size of 1 repeats.
static bool isRepeatedUniform(Part &part, unsigned index) {
  auto type = cast<ShapedType>(part.apply.getInputs()[index].getType());
  SmallVector<int64_t> outer(part.shape);
  outer.erase(outer.begin() + part.rowDim);
  return llvm::any_of(llvm::zip_equal(type.getShape(), outer), [](auto pair) {
    auto [own, full] = pair;
    return own == 1 && full != 1;
  });
}

FailureOr<Wiring> weir::connect(Part &first, Part &second,
                                const llvm::DenseSet<Value> &rounded,
                                std::string &why) {
  Wiring wiring;
  wiring.firstInputs = first.apply.getInputs();
  wiring.secondInputs = second.apply.getInputs();
  why = compareRows(first, second);
  if (why.empty())
    why = compareRuns(first, second);
  for (auto [i, input] : llvm::enumerate(second.apply.getInputs())) {
    std::optional<unsigned> &source = wiring.sources.emplace_back();
    auto found = llvm::find(first.results, input);
    if (found == first.results.end() || !why.empty())
      continue;
    source = found - first.results.begin();
    why = checkTaken(first, *source, second, i, rounded);
    if (why.empty() && second.formula.isUniformArgument(i) &&
        isRepeatedUniform(second, i))
      why = "what lies between them is repeated";
  }
  if (why.empty() && llvm::none_of(wiring.sources, [](auto source) {
        return source.has_value();
      }))
    why = "what lies between them has another shape on either side";
  if (llvm::is_contained(first.results, second.policies.mask))
    why = "the mask of one is a result of the other";
  for (auto [i, result] : llvm::enumerate(first.results))
    if (llvm::any_of(result.getUsers(),
                     [&](Operation *user) { return !second.is(user); }))
      wiring.exports.push_back(i);
  if (!why.empty())
    return failure();
  return wiring;
}

FailureOr<SmallVector<Operation *>>
weir::findUsersBetween(Part &first, Part &second, std::string &why) {
  SmallVector<Operation *> users;
  llvm::DenseSet<Operation *> found;
  for (Operation *op = first.op; op != second.op; op = op->getNextNode()) {
    bool uses = false;
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (Operation *def = operand.getDefiningOp())
          uses |= def == first.op || found.contains(def);
    });
    if (!uses || first.is(op) || second.is(op))
      continue;
    if (!isMemoryEffectFree(op)) {
      why = "something with effects on memory uses a result before the other "
            "is computed";
      return failure();
    }
    found.insert(op);
    users.push_back(op);
  }
  auto leansOnFound = [&](Value operand) {
    Operation *def = operand.getDefiningOp();
    return def && found.contains(def);
  };
  if (!llvm::any_of(second.op->getOperands(), leansOnFound) &&
      !llvm::any_of(second.apply->getOperands(), leansOnFound))
    return users;
  why = "another op takes a result of the one and gives something to the other";
  return failure();
}
