//===- SeenKeys.cpp - masks that follow from indices ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SeenKeys.h"

#include "weir/Conversion/LinalgToWeir/RaiseElementwise.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace weir;

//===----------------------------------------------------------------------===//
// Linear forms and conditions
//===----------------------------------------------------------------------===//

LinearIndex &LinearIndex::add(const LinearIndex &other, int64_t factor) {
  query += factor * other.query;
  key += factor * other.key;
  constant += factor * other.constant;
  for (auto [value, count] : other.others) {
    auto *own = llvm::find_if(others, [value = value](const auto &known) {
      return known.first == value;
    });
    if (own == others.end())
      others.push_back({value, factor * count});
    else if (own->second += factor *count; own->second == 0)
      others.erase(own);
  }
  return *this;
}

/// a >= b, or a > b.
static SeenCondition isAtLeast(LinearIndex a, const LinearIndex &b,
                               bool strictly) {
  a.add(b, -1);
  a.constant -= strictly;
  if (a.isConstant())
    return SeenCondition::ofConstant(a.constant >= 0);
  return {false, {a}, {}};
}

std::optional<SeenCondition> SeenCondition::negate() const {
  if (mask)
    return std::nullopt;
  SeenCondition opposite{!isAny, {}, {}};
  for (const LinearIndex &bound : bounds) {
    LinearIndex below; // Not a >= 0 is -a - 1 >= 0.
    below.add(bound, -1).constant -= 1;
    opposite.bounds.push_back(below);
  }
  return opposite;
}

/// Both hold. An alternative is known as one only where it is alone.
static std::optional<SeenCondition> both(SeenCondition a, SeenCondition b) {
  for (SeenCondition *each : {&a, &b})
    if (each->isAny && each->bounds.size() == 1 && !each->mask)
      each->isAny = false;
  if (a.isConstant())
    return a.isAny ? a : b;
  if (b.isConstant())
    return b.isAny ? b : a;
  if (a.isAny || b.isAny || (a.mask && b.mask))
    return std::nullopt;
  a.bounds.append(b.bounds);
  if (b.mask)
    a.mask = b.mask;
  return a;
}

static std::optional<SeenCondition> either(SeenCondition a, SeenCondition b) {
  std::optional<SeenCondition> notA = a.negate(), notB = b.negate();
  std::optional<SeenCondition> neither;
  if (notA && notB)
    neither = both(*notA, *notB);
  return neither ? neither->negate() : std::nullopt;
}

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

/// a - b, where that is known.
static std::optional<int64_t> getDifference(LinearIndex a,
                                            const LinearIndex &b) {
  a.add(b, -1);
  return a.isConstant() ? std::optional(a.constant) : std::nullopt;
}

int64_t KeyWindow::getWidth() const { return *getDifference(*right, *left); }

bool KeyWindow::confine(const SeenCondition &condition, bool isOneQuery) {
  KeyWindow own = *this;
  if (condition.isAny && condition.bounds.size() != 1)
    return false;
  for (const LinearIndex &bound : condition.bounds) {
    bool isRight = bound.key == -1;
    if (std::abs(bound.key) != 1 ||
        bound.query != (isOneQuery ? 0 : -bound.key))
      return false;
    LinearIndex offset = bound; // j - i <= offset, or j - i >= -offset.
    offset.key = offset.query = 0;
    if (!isRight)
      offset = LinearIndex().add(offset, -1);
    std::optional<LinearIndex> &known = isRight ? own.right : own.left;
    std::optional<int64_t> rise =
        known ? getDifference(offset, *known) : std::nullopt;
    if (known && !rise)
      return false;
    if (!known || (isRight ? *rise < 0 : *rise > 0))
      known = offset;
  }
  if (own.left && own.right) {
    std::optional<int64_t> width = getDifference(*own.right, *own.left);
    if (!width || *width < 0)
      return false;
  }
  *this = own;
  return true;
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

/// The value in a body that an element of a tensor is, or the scalar that all
/// elements are.
std::optional<SeenKeys::Place> SeenKeys::enter(ScoreOperand tensor) {
  while (Value source = space.stepBack(tensor.value, tensor.dims,
                                       MovedCasts::None, /*broadcasts=*/true))
    tensor.value = source;
  if (auto fill = tensor.value.getDefiningOp<linalg::FillOp>())
    return Place{fill.getInputs()[0], {}, {}};
  auto op = tensor.value.getDefiningOp<linalg::LinalgOp>();
  if (!op || !isElementwise(op))
    return std::nullopt;
  auto result = cast<OpResult>(tensor.value);
  AffineMap map = op.getIndexingMapMatchingResult(result);
  if (!map.isPermutation())
    return std::nullopt;
  AtomDims loops(op.getNumLoops());
  for (auto [expr, atoms] : llvm::zip_equal(map.getResults(), tensor.dims))
    loops[cast<AffineDimExpr>(expr).getPosition()] = atoms;
  Value yielded =
      op.getBlock()->getTerminator()->getOperand(result.getResultNumber());
  return Place{yielded, op, loops};
}

/// The tensor that an argument of a body is an element of.
std::optional<ScoreOperand> SeenKeys::getTensor(Place place) {
  auto argument = dyn_cast<BlockArgument>(place.value);
  if (!argument || !place.op || argument.getOwner() != place.op.getBlock())
    return std::nullopt;
  OpOperand &operand = place.op->getOpOperand(argument.getArgNumber());
  if (!isa<RankedTensorType>(operand.get().getType()))
    return std::nullopt;
  ScoreOperand tensor{operand.get(), {}};
  for (AffineExpr expr : place.op.getMatchingIndexingMap(&operand).getResults())
    if (auto loop = dyn_cast<AffineDimExpr>(expr))
      tensor.dims.push_back(place.loops[loop.getPosition()]);
    else if (isa<AffineConstantExpr>(expr))
      tensor.dims.emplace_back();
    else
      return std::nullopt;
  return tensor;
}

//===----------------------------------------------------------------------===//
// Indices
//===----------------------------------------------------------------------===//

std::optional<LinearIndex> SeenKeys::getLoop(ArrayRef<int64_t> atoms) {
  Atoms own = space.resolve(atoms);
  LinearIndex index;
  if (own == space.resolve(keys))
    index.key = 1;
  else if (own.empty())
    return index; // Of size 1.
  else if (own == space.resolve(queries))
    index.query = 1;
  else
    return std::nullopt;
  return index;
}

std::optional<LinearIndex> SeenKeys::getIndex(Place place) {
  if (std::optional<ScoreOperand> tensor = getTensor(place)) {
    std::optional<Place> inside = enter(*tensor);
    return inside ? getIndex(*inside) : std::nullopt;
  }
  LinearIndex index;
  APInt constant;
  if (matchPattern(place.value, m_ConstantInt(&constant))) {
    if (constant.getSignificantBits() > 32)
      return std::nullopt;
    index.constant = constant.getSExtValue();
    return index;
  }
  Operation *op = place.value.getDefiningOp();
  if (isa_and_nonnull<PositionOp>(op)) {
    index.key = 1;
    return index;
  }
  if (isa_and_nonnull<RowOp>(op)) {
    index.query = 1;
    return place.rowIsQuery ? std::optional(index) : std::nullopt;
  }
  if (auto loop = dyn_cast_or_null<linalg::IndexOp>(op))
    return getLoop(place.loops[loop.getDim()]);
  if (isa_and_nonnull<arith::IndexCastOp, arith::ExtSIOp>(op))
    return getIndex(place.at(op->getOperand(0)));
  if (isa_and_nonnull<arith::AddIOp, arith::SubIOp, arith::MulIOp>(op)) {
    std::optional<LinearIndex> a = getIndex(place.at(op->getOperand(0))),
                               b = getIndex(place.at(op->getOperand(1)));
    if (!a || !b)
      return std::nullopt;
    if (!isa<arith::MulIOp>(op))
      return a->add(*b, isa<arith::SubIOp>(op) ? -1 : 1);
    if (a->isConstant())
      std::swap(a, b);
    return b->isConstant() ? std::optional(index.add(*a, b->constant))
                           : std::nullopt;
  }
  // A scalar of the program, of which nothing more is known.
  bool isInside =
      place.inFormula ||
      (place.op && place.value.getParentBlock() == place.op.getBlock());
  if (isInside || !(place.value.getType().isIndex() ||
                    place.value.getType().isSignlessInteger(32) ||
                    place.value.getType().isSignlessInteger(64)))
    return std::nullopt;
  index.others.push_back({place.value, 1});
  return index;
}

//===----------------------------------------------------------------------===//
// Conditions
//===----------------------------------------------------------------------===//

std::optional<SeenCondition> SeenKeys::getComparison(arith::CmpIOp op,
                                                     const Place &place) {
  using P = arith::CmpIPredicate;
  P predicate = op.getPredicate();
  if (op.getLhs().getType().isInteger(1)) {
    std::optional<SeenCondition> a = getCondition(place.at(op.getLhs())),
                                 b = getCondition(place.at(op.getRhs()));
    if (!a || !b || !b->isConstant() ||
        (predicate != P::eq && predicate != P::ne))
      return std::nullopt;
    return b->isAny == (predicate == P::eq) ? a->negate() : a;
  }
  std::optional<LinearIndex> a = getIndex(place.at(op.getLhs())),
                             b = getIndex(place.at(op.getRhs()));
  if (!a || !b)
    return std::nullopt;
  switch (predicate) {
  case P::sle:
    return isAtLeast(*b, *a, /*strictly=*/false);
  case P::slt:
    return isAtLeast(*b, *a, /*strictly=*/true);
  case P::sge:
    return isAtLeast(*a, *b, /*strictly=*/false);
  case P::sgt:
    return isAtLeast(*a, *b, /*strictly=*/true);
  default:
    return std::nullopt;
  }
}

/// A choice with a constant is one of both, or either.
std::optional<SeenCondition> SeenKeys::getChoice(arith::SelectOp op,
                                                 const Place &place) {
  std::optional<SeenCondition> c = getCondition(place.at(op.getCondition())),
                               a = getCondition(place.at(op.getTrueValue())),
                               b = getCondition(place.at(op.getFalseValue()));
  if (!a || !b || !c)
    return std::nullopt;
  if (b->isConstant() && b->isAny) // Where c, a.
    return both(*c, *a);
  if (a->isConstant() && !a->isAny)
    return either(*c, *b);
  std::optional<SeenCondition> other = c->negate();
  if (!other)
    return std::nullopt;
  if (a->isConstant()) // Where not c, b.
    return both(*other, *b);
  return b->isConstant() ? either(*other, *a) : std::nullopt;
}

/// What a tensor's own program says, or that its elements say it.
std::optional<SeenCondition>
SeenKeys::getTensorCondition(const ScoreOperand &tensor) {
  if (std::optional<Place> inside = enter(tensor))
    if (std::optional<SeenCondition> known = getCondition(*inside))
      return known;
  return SeenCondition{false, {}, tensor};
}

std::optional<SeenCondition> SeenKeys::getCondition(Place place) {
  if (std::optional<ScoreOperand> tensor = getTensor(place))
    return getTensorCondition(*tensor);
  if (!place.value.getType().isInteger(1))
    return std::nullopt;
  BoolAttr constant;
  if (matchPattern(place.value, m_Constant(&constant)))
    return SeenCondition::ofConstant(constant.getValue());
  Operation *op = place.value.getDefiningOp();
  if (auto compare = dyn_cast_or_null<arith::CmpIOp>(op))
    return getComparison(compare, place);
  if (auto choice = dyn_cast_or_null<arith::SelectOp>(op))
    return getChoice(choice, place);
  if (!isa_and_nonnull<arith::AndIOp, arith::OrIOp, arith::XOrIOp>(op))
    return std::nullopt;
  std::optional<SeenCondition> a = getCondition(place.at(op->getOperand(0))),
                               b = getCondition(place.at(op->getOperand(1)));
  if (!a || !b)
    return std::nullopt;
  if (isa<arith::AndIOp>(op))
    return both(*a, *b);
  if (isa<arith::OrIOp>(op))
    return either(*a, *b);
  if (!b->isConstant())
    std::swap(a, b);
  if (!b->isConstant())
    return std::nullopt;
  return b->isAny ? a : a->negate();
}

std::optional<SeenCondition> SeenKeys::ofMask(const ScoreOperand &mask) {
  return getTensorCondition(mask);
}

std::optional<SeenCondition> SeenKeys::ofFormula(Value condition,
                                                 bool rowIsQuery) {
  return getCondition({condition, {}, {}, /*inFormula=*/true, rowIsQuery});
}

std::optional<SeenCondition> SeenKeys::ofBias(const ScoreOperand &bias) {
  std::optional<Place> place = enter(bias);
  while (place) {
    std::optional<ScoreOperand> tensor = getTensor(*place);
    if (!tensor)
      break;
    place = enter(*tensor);
  }
  auto choice =
      place ? place->value.getDefiningOp<arith::SelectOp>() : arith::SelectOp();
  if (!choice)
    return std::nullopt;
  // Scalars that are made tensors are still scalars.
  auto getScalar = [&](Value value) {
    Place own = place->at(value);
    while (std::optional<ScoreOperand> tensor = getTensor(own)) {
      std::optional<Place> inside = enter(*tensor);
      if (!inside)
        break;
      own = *inside;
    }
    return own.value;
  };
  Value a = getScalar(choice.getTrueValue()),
        b = getScalar(choice.getFalseValue());
  bool isSeen = matchPattern(a, m_AnyZeroFloat()) &&
                matchPattern(b, m_NegInfFloat()),
       isHidden = matchPattern(a, m_NegInfFloat()) &&
                  matchPattern(b, m_AnyZeroFloat());
  if (!isSeen && !isHidden)
    return std::nullopt;
  std::optional<SeenCondition> condition =
      getCondition(place->at(choice.getCondition()));
  if (!condition || isSeen)
    return condition;
  return condition->negate();
}
