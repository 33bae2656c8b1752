//===- RowEmitter.cpp - values of a formula as code ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowEmitter.h"

#include "RandomNumbers.h"

#include "weir/Dialect/Weir/IR/Constants.h"
#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace weir;

RowEmitter::RowEmitter(RowsOp rows, FormulaOp formula, RowAccess &access)
    : rows(rows), formula(formula), access(access),
      scoreExcludes(formula.hasReduction() &&
                    rows.getNegInf() != NegInf::Ordinary),
      limits(formula, scoreExcludes), schedule(formula), shifts(formula),
      loc(rows.getLoc()), rowBuilder(rows),
      score(formula.getBody().getArgument(formula.getScoreIndex())) {
  auto allPropagate = [&](bool maximaKeepNaN) {
    return llvm::all_of(formula.getYieldedValues(), [&](Value result) {
      return limits.propagatesNaN(result, FormulaLimits::NaNAt::Row,
                                  maximaKeepNaN);
    });
  };
  NaNPolicy policy = rows.getNan().value_or(NaNPolicy::Propagate);
  maximaMayLoseNaN =
      policy != NaNPolicy::Arithmetic && allPropagate(/*maximaKeepNaN=*/false);
  looksForNaN = formula.hasReduction() && score.getType().isF32() &&
                policy == NaNPolicy::Propagate &&
                !allPropagate(/*maximaKeepNaN=*/true);
}

void RowEmitter::enterRow(OpBuilder &builder) {
  scalars.clear();
  broadcasts.clear();
  scaledShifts.clear();
  unknowns.clear();
  rowIndex = Value();
  running.clear();
  sharesInfinity = Value();
  anchorRowCode(builder);
}

Value RowEmitter::constant(OpBuilder &builder, Type type, double value) {
  Type element = getElementTypeOrSelf(type);
  TypedAttr attr = isa<FloatType>(element)
                       ? TypedAttr(builder.getFloatAttr(element, value))
                       : TypedAttr(builder.getIntegerAttr(
                             element, static_cast<int64_t>(value)));
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, attr);
  return arith::ConstantOp::create(builder, loc, attr);
}

//===----------------------------------------------------------------------===//
// Elementwise ops
//===----------------------------------------------------------------------===//

/// True when `value` reaches the results through sums, products and quotients
/// alone, which keep a relative error.
static bool entersOnlyRatios(Value value) {
  return llvm::all_of(value.getUsers(), [](Operation *user) {
    if (isa<YieldOp>(user))
      return true;
    auto reduce = dyn_cast<ReduceOp>(user);
    if (reduce ? reduce.getKind() != ReductionKind::Add
               : !isa<arith::AddFOp, arith::MulFOp, arith::DivFOp>(user))
      return false;
    return entersOnlyRatios(user->getResult(0));
  });
}

static bool isStoredInHalf(RowsOp rows) {
  return llvm::all_of(rows.getOutputs(), [](Value output) {
    Type element = getElementTypeOrSelf(output.getType());
    return element.isBF16() || element.isF16();
  });
}

/// exp of an anchored exponent enters a ratio in which its error is that of the
/// class, or small beside that of results in 16 bits; any other exp is asked to
/// be right by itself.
Value RowEmitter::emitExp(OpBuilder &builder, Operation *op, Value operand) {
  bool anchored = shifts.leansOnExtremum(op->getOperand(0)) &&
                  !FormulaShifts::mayCancel(op);
  if (isa<math::Exp2Op>(op)) {
    Value ln2 =
        constant(builder, operand.getType(), 0.693147180559945309417232121458);
    operand = arith::MulFOp::create(builder, loc, operand, ln2);
  }
  auto variant = cpu::ExpVariant::Accurate;
  if (anchored)
    variant = isStoredInHalf(rows) && entersOnlyRatios(op->getResult(0))
                  ? cpu::ExpVariant::Narrow
                  : cpu::ExpVariant::Fast;
  return cpu::ExpOp::create(builder, loc, operand.getType(), variant, operand);
}

Value RowEmitter::emitAnchoredExp(OpBuilder &builder, Value exponent) {
  return cpu::ExpOp::create(builder, loc, exponent.getType(),
                            cpu::ExpVariant::Fast, exponent);
}

//===----------------------------------------------------------------------===//
// Fused shifts
//===----------------------------------------------------------------------===//

static constexpr double kLog2e = 1.44269504088896340735992468100;

bool RowEmitter::isFinished(Value value) const {
  SmallVector<Value> work{value};
  llvm::DenseSet<Value> seen;
  while (!work.empty()) {
    Value next = work.pop_back_val();
    Operation *op = next.getDefiningOp();
    if (!op || scalars.count(next) || !seen.insert(next).second)
      continue;
    if (isa<ReduceOp, KthOp, SolveOp>(op))
      return false;
    llvm::append_range(work, op->getOperands());
  }
  return true;
}

Value RowEmitter::emitAreShiftsModerate(OpBuilder &builder) {
  Value all;
  for (Value u : shifts.getShifts()) {
    Value size = math::AbsFOp::create(builder, loc, getScalar(u));
    Value limit = constant(builder, size.getType(), shifts.getBound());
    Value is = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLT,
                                     size, limit);
    all = all ? Value(arith::AndIOp::create(builder, loc, all, is)) : is;
  }
  return access.getLayout().emitAll(builder, all);
}

void RowEmitter::emitVersions(OpBuilder &builder,
                              llvm::function_ref<void(OpBuilder &)> rest) {
  anchorRowCode(builder);
  Value moderate = emitAreShiftsModerate(builder);
  auto branch =
      scf::IfOp::create(builder, loc, moderate, /*withElseRegion=*/true);
  RowValues known = saveRow();
  for (bool fused : {true, false}) {
    OpBuilder inside =
        fused ? branch.getThenBodyBuilder() : branch.getElseBodyBuilder();
    restoreRow(known);
    fusesShifts = fused;
    anchorRowCode(inside);
    rest(inside);
  }
  anchorRowCode(builder);
}

/// u log2(e), rounded: per lane while u runs, else once for the row.
Value RowEmitter::getScaledShift(OpBuilder &builder, Element &element,
                                 Value u) {
  if (Value given = element.scaledShifts.lookup(u))
    return given;
  Value &known = scaledShifts[u];
  if (!known) {
    Value scalar = getScalar(u);
    known = splat(
        arith::MulFOp::create(rowBuilder, loc, scalar,
                              constant(rowBuilder, scalar.getType(), kLog2e)));
  }
  return known;
}

/// The exponential of a - u or of -u for the row, off by the same factor as
/// those of its elements.
Value RowEmitter::emitShiftedScalar(Operation *op, Value u) {
  Value scalar = getScalar(u);
  Type type = scalar.getType();
  if (access.getLayout().isAcross()) {
    Element row{Lanes{}};
    Value rest = shifts.getUnshifted(op);
    Value x = rest ? getScalar(rest) : constant(rowBuilder, type, 0.0);
    return cpu::ExpShiftedOp::create(rowBuilder, loc, type, x,
                                     getScaledShift(rowBuilder, row, u));
  }
  Value log2e = constant(rowBuilder, type, kLog2e);
  Value minus = arith::NegFOp::create(
      rowBuilder, loc, arith::MulFOp::create(rowBuilder, loc, scalar, log2e));
  Value rest = shifts.getUnshifted(op);
  if (rest)
    minus = math::FmaOp::create(rowBuilder, loc, getScalar(rest), log2e, minus);
  return math::Exp2Op::create(rowBuilder, loc, minus);
}

static bool isReciprocal(Operation *op) {
  APFloat one(0.0f);
  return matchPattern(op->getOperand(0), m_ConstantFloat(&one)) &&
         one.isExactlyValue(1.0);
}

/// True when `divisor` is made of maxima and minima by arithmetic: the range of
/// a row, say, which is denormal in a row of denormal scores, where its
/// reciprocal would be infinite.
static bool isMadeOfExtrema(Value divisor) {
  SmallVector<Value> work{divisor};
  llvm::DenseSet<Value> seen;
  while (!work.empty()) {
    Value value = work.pop_back_val();
    Operation *op = value.getDefiningOp();
    auto reduce = dyn_cast_if_present<ReduceOp>(op);
    if (reduce && reduce.getKind() != ReductionKind::Add)
      return true;
    if (seen.insert(value).second &&
        isa_and_present<arith::AddFOp, arith::SubFOp, arith::NegFOp,
                        arith::MaximumFOp, arith::MinimumFOp, arith::SelectOp>(
            op))
      llvm::append_range(work, op->getOperands());
  }
  return false;
}

Value RowEmitter::emitElementwise(OpBuilder &builder, Operation *op,
                                  unsigned resultIndex, ValueRange operands,
                                  bool asVector) {
  Type scalarType = access.getScalarType(op->getResult(resultIndex).getType());
  Type type = asVector ? Type(access.getVectorType(scalarType))
                       : access.getLayout().getRowType(scalarType);
  if (auto constantOp = dyn_cast<arith::ConstantOp>(op)) {
    if (auto value = dyn_cast<FloatAttr>(constantOp.getValue()))
      return constant(builder, type,
                      getElementTypeOrSelf(type).isF64()
                          ? getF64Value(constantOp)
                          : value.getValueAsDouble());
    TypedAttr attr = constantOp.getValue();
    if (auto vector = dyn_cast<VectorType>(type))
      attr = DenseElementsAttr::get(vector, attr);
    return arith::ConstantOp::create(builder, loc, attr);
  }
  bool anchoredExp2 =
      isa<math::Exp2Op>(op) && shifts.leansOnExtremum(op->getOperand(0));
  if (asVector && (isa<math::ExpOp>(op) || anchoredExp2))
    return emitExp(builder, op, operands[0]);
  OperationState state(op->getLoc(), op->getName(), operands, {type},
                       op->getAttrs());
  // Within the accuracy class a product may be fused into a sum. Not into a
  // difference: in x * b - m, where m is the rounded maximum of x * b, the
  // product's rounding must be the same on both sides.
  if (isa<arith::AddFOp, arith::MulFOp>(op))
    state.attributes.set(
        "fastmath", arith::FastMathFlagsAttr::get(
                        builder.getContext(), arith::FastMathFlags::contract));
  // Nor need a quotient be rounded once.
  if (isa<arith::DivFOp>(op) && asVector)
    state.attributes.set(
        "fastmath", arith::FastMathFlagsAttr::get(builder.getContext(),
                                                  arith::FastMathFlags::arcp));
  return builder.create(state)->getResult(0);
}

//===----------------------------------------------------------------------===//
// Uniform values
//===----------------------------------------------------------------------===//

Value RowEmitter::getRowIndex() {
  if (!rowIndex)
    rowIndex = access.emitRowIndex(rowBuilder);
  return rowIndex;
}

Value RowEmitter::getScalar(Value value) {
  if (Value known = scalars.lookup(value))
    return known;
  Value scalar;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    scalar = access.loadScalar(rowBuilder, argument.getArgNumber());
  } else {
    Operation *op = value.getDefiningOp();
    assert(!isa<ReduceOp>(op) && "a reduction is used before its sweep");
    if (isa<LengthOp, ExtentOp>(op)) { // Under a mask the length has been set.
      scalar = access.getLayout().fromScalar(rowBuilder, access.getRowLength());
    } else if (isa<RowOp>(op)) {
      scalar = getRowIndex();
    } else {
      SmallVector<Value> operands;
      for (Value operand : op->getOperands())
        operands.push_back(getScalar(operand));
      if (Value u = getFusedShift(op))
        return scalars[value] = emitShiftedScalar(op, u);
      scalar = emitElementwise(
          rowBuilder, op, cast<OpResult>(value).getResultNumber(), operands,
          /*asVector=*/false);
    }
  }
  return scalars[value] = scalar;
}

void RowEmitter::resetReductionsWhere(OpBuilder &builder, Value empty) {
  DenseMap<Value, Value> kept;
  for (auto [value, scalar] : scalars) {
    auto reduce = value.getDefiningOp<ReduceOp>();
    bool isSearch = isa_and_nonnull<KthOp, SolveOp>(value.getDefiningOp());
    if (!reduce && !isSearch && schedule.getLevel(value) > 0)
      continue; // Made of reductions: to be made again.
    kept[value] = scalar;
    if (reduce && value == reduce.getResult()) {
      Value identity = getIdentity(builder, reduce.getKind(), scalar.getType());
      kept[value] =
          arith::SelectOp::create(builder, loc, empty, identity, scalar);
    }
  }
  scalars = std::move(kept);
}

void RowEmitter::setUnknown(Value value, Value base, Value distance,
                            OpBuilder &builder) {
  unknowns[value] = {base, distance};
  scalars[value] = arith::AddFOp::create(builder, loc, base, distance);
}

Value RowEmitter::splat(Value scalar) {
  return access.getLayout().spread(rowBuilder, scalar);
}

Value RowEmitter::getBroadcast(Value value) {
  if (Value known = broadcasts.lookup(value))
    return known;
  Value scalar = getScalar(value);
  return broadcasts[value] = splat(scalar);
}

//===----------------------------------------------------------------------===//
// Varying values
//===----------------------------------------------------------------------===//

/// The score after the mask and the policies: an element that takes no part
/// reads as -inf.
Value RowEmitter::applyPolicies(OpBuilder &builder, Element &element,
                                Value loaded) {
  Type type = loaded.getType();
  Value excluded;
  auto exclude = [&](Value keep) {
    if (!excluded)
      excluded = constant(builder, type, -INFINITY);
    loaded = arith::SelectOp::create(builder, loc, keep, loaded, excluded);
  };
  if (access.hasMask())
    exclude(access.loadMask(builder, element.lanes));
  if (rows.getNan() == NaNPolicy::Ignore)
    exclude(arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::ORD,
                                  loaded, loaded));
  if (!sharesInfinity)
    return loaded;
  Value infinity = constant(builder, type, INFINITY);
  Value isInfinite = arith::CmpFOp::create(
      builder, loc, arith::CmpFPredicate::OEQ, loaded, infinity);
  Value shared = arith::SelectOp::create(builder, loc, isInfinite,
                                         constant(builder, type, 0.0),
                                         constant(builder, type, -INFINITY));
  return arith::SelectOp::create(builder, loc, splat(sharesInfinity), shared,
                                 loaded);
}

Value RowEmitter::loadArgument(OpBuilder &builder, Element &element,
                               BlockArgument argument) {
  unsigned index = argument.getArgNumber();
  if (access.isBroadcastAlongRow(index) && argument != score)
    return getBroadcast(argument);
  bool isScore =
      argument == score && scoreExcludes && argument.getType().isF32();
  Value padding;
  if (isScore && element.lanes.mask)
    padding = constant(builder, access.getVectorType(access.getComputeType()),
                       -INFINITY);
  Value loaded =
      access.isBroadcastAlongRow(index)
          ? getBroadcast(argument)
          : access.loadVarying(builder, index, element.lanes, padding);
  if (access.isBroadcastAlongRow(index) && padding)
    loaded = arith::SelectOp::create(builder, loc, element.lanes.mask, loaded,
                                     padding);
  return isScore ? applyPolicies(builder, element, loaded) : loaded;
}

Value RowEmitter::emitPosition(OpBuilder &builder, Element &element) {
  Value position = element.lanes.position;
  if (Value column = rows.getColumn())
    position = arith::AddIOp::create(builder, loc, position, column);
  return access.getLayout().emitPositions(builder, position);
}

Value RowEmitter::getVector(OpBuilder &builder, Element &element, Value value) {
  if (Value known = element.values.lookup(value))
    return known;
  if (compacted && value == compacted->value) {
    Value padding;
    if (element.lanes.mask)
      padding = constant(builder, access.getVectorType(access.getComputeType()),
                         -INFINITY);
    return element.values[value] = access.loadVector(builder, compacted->buffer,
                                                     element.lanes, padding);
  }
  bool perLane =
      schedule.getVariance().isVarying(value) || running.contains(value);
  if (!perLane)
    return getBroadcast(value);
  Value vector;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    vector = loadArgument(builder, element, argument);
  } else if (value.getDefiningOp<PositionOp>()) {
    vector = emitPosition(builder, element);
  } else if (auto random = value.getDefiningOp<RandomOp>()) {
    vector = emitRandomNumbers(
        builder, loc, getScalar(random.getSeed()), random.getStream(),
        getRowIndex(), emitPosition(builder, element), access.getComputeType());
  } else {
    Operation *op = value.getDefiningOp();
    if (Value u = getFusedShift(op)) {
      Value rest = shifts.getUnshifted(op);
      Value x =
          rest ? getVector(builder, element, rest)
               : constant(builder,
                          access.getVectorType(access.getComputeType()), 0.0);
      Value s = getScaledShift(builder, element, u);
      vector = cpu::ExpShiftedOp::create(builder, loc, x.getType(), x, s);
      return element.values[value] = vector;
    }
    if (auto difference = dyn_cast<arith::SubFOp>(op);
        difference && unknowns.count(difference.getRhs())) {
      auto [base, distance] = unknowns.lookup(difference.getRhs());
      Value x = getVector(builder, element, difference.getLhs());
      Value fromBase = arith::SubFOp::create(builder, loc, x, splat(base));
      vector = arith::SubFOp::create(builder, loc, fromBase, splat(distance));
      return element.values[value] = vector;
    }
    // x / u becomes x * (1 / u) where a class allows the second rounding.
    auto div = dyn_cast<arith::DivFOp>(op);
    if (div && formula.hasReduction() &&
        !schedule.getVariance().isVarying(div.getRhs()) &&
        !running.contains(div.getRhs()) && !isReciprocal(op) &&
        !isMadeOfExtrema(div.getRhs())) {
      Value &inverse = broadcasts[value];
      if (!inverse) {
        Value divisor = getScalar(div.getRhs());
        inverse = splat(arith::DivFOp::create(
            rowBuilder, loc, constant(rowBuilder, divisor.getType(), 1.0),
            divisor));
      }
      Value factor = inverse;
      vector = arith::MulFOp::create(
          builder, loc, getVector(builder, element, div.getLhs()), factor);
    } else {
      SmallVector<Value> operands;
      for (Value operand : op->getOperands())
        operands.push_back(getVector(builder, element, operand));
      vector = emitElementwise(
          builder, op, cast<OpResult>(value).getResultNumber(), operands,
          /*asVector=*/true);
    }
  }
  return element.values[value] = vector;
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

Value RowEmitter::getIdentity(OpBuilder &builder, ReductionKind kind,
                              Type type) {
  Type element = getElementTypeOrSelf(type);
  if (isa<FloatType>(element) || kind == ReductionKind::Add)
    return constant(builder, type,
                    kind == ReductionKind::Add   ? 0.0
                    : kind == ReductionKind::Max ? -INFINITY
                                                 : INFINITY);
  unsigned width = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
  APInt extreme = kind == ReductionKind::Max ? APInt::getSignedMinValue(width)
                                             : APInt::getSignedMaxValue(width);
  TypedAttr attr = builder.getIntegerAttr(element, extreme);
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, attr);
  return arith::ConstantOp::create(builder, loc, attr);
}

Value RowEmitter::combine(OpBuilder &builder, ReduceOp reduce, Value a,
                          Value b) {
  bool isFloat = isa<FloatType>(getElementTypeOrSelf(a.getType()));
  if (reduce.getKind() == ReductionKind::Add)
    return isFloat ? Value(arith::AddFOp::create(builder, loc, a, b))
                   : Value(arith::AddIOp::create(builder, loc, a, b));
  bool isMax = reduce.getKind() == ReductionKind::Max;
  if (!isFloat)
    return isMax ? Value(arith::MaxSIOp::create(builder, loc, a, b))
                 : Value(arith::MinSIOp::create(builder, loc, a, b));
  if (!maximaMayLoseNaN)
    return isMax ? Value(arith::MaximumFOp::create(builder, loc, a, b))
                 : Value(arith::MinimumFOp::create(builder, loc, a, b));
  // One instruction, and a NaN in `b` is dropped: see maximaMayLoseNaN.
  auto predicate =
      isMax ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT;
  Value better = arith::CmpFOp::create(builder, loc, predicate, b, a);
  return arith::SelectOp::create(builder, loc, better, b, a);
}

Value RowEmitter::combineLanes(OpBuilder &builder, ReduceOp reduce,
                               Value vector) {
  bool isFloat = isa<FloatType>(getElementTypeOrSelf(vector.getType()));
  bool isMax = reduce.getKind() == ReductionKind::Max;
  using Kind = vector::CombiningKind;
  const LaneLayout &layout = access.getLayout();
  if (reduce.getKind() == ReductionKind::Add)
    return layout.combine(builder, Kind::ADD, vector,
                          isFloat ? arith::FastMathFlags::reassoc
                                  : arith::FastMathFlags::none);
  if (!isFloat)
    return layout.combine(builder, isMax ? Kind::MAXSI : Kind::MINSI, vector);
  if (!maximaMayLoseNaN)
    return layout.combine(builder, isMax ? Kind::MAXIMUMF : Kind::MINIMUMF,
                          vector);
  return layout.combine(builder, isMax ? Kind::MAXNUMF : Kind::MINNUMF, vector,
                        arith::FastMathFlags::nnan | arith::FastMathFlags::nsz);
}
