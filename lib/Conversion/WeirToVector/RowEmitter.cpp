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
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
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
      differences(formula, shifts),
      digits(rows, formula, schedule.getVariance()), loc(rows.getLoc()),
      rowBuilder(rows), block(rows, access),
      score(formula.getBody().getArgument(formula.getScoreIndex())) {
  auto allPropagate = [&](bool maximaKeepNaN) {
    return llvm::all_of(formula.getYieldedValues(), [&](Value result) {
      return limits.propagatesNaN(result, FormulaLimits::NaNAt::Row,
                                  maximaKeepNaN);
    });
  };
  NaNPolicy policy = rows.getNan().value_or(NaNPolicy::Propagate);
  maximaMayLoseNaN =
      policy != NaNPolicy::Arithmetic &&
      (rows.getLossyMaxima() || allPropagate(/*maximaKeepNaN=*/false));
  looksForNaN = !rows.getLossyMaxima() && formula.hasReduction() &&
                score.getType().isF32() && policy == NaNPolicy::Propagate &&
                !allPropagate(/*maximaKeepNaN=*/true);
}

void RowEmitter::enterRow(OpBuilder &builder) {
  scalars.clear();
  forgetSplats();
  unknowns.clear();
  rowIndex = Value();
  running.clear();
  sharesInfinity = Value();
  findings.reset();
  support.reset();
  laneMaxima.clear();
  anchorRowCode(builder);
}

void RowEmitter::beginSeldomRun(OpBuilder &builder) {
  LLVM::InlineAsmOp::create(
      builder, loc, TypeRange(), ValueRange(), /*asm_string=*/"",
      /*constraints=*/"~{memory}", /*has_side_effects=*/true,
      /*is_align_stack=*/false, LLVM::TailCallKind::None,
      LLVM::AsmDialectAttr(), /*operand_attrs=*/ArrayAttr());
}

void RowEmitter::forgetSplats() {
  broadcasts.clear();
  scaledShifts.clear();
}

SmallVector<Value> RowEmitter::visitRows(OpBuilder &builder, ValueRange carried,
                                         RowBlock::Row row) {
  if (!access.getLayout().isBlock())
    return row(builder);
  forgetSplats();
  // Where values kept in results are replaced, which carries nothing, the
  // masked store at the end of a row covers, for the processor, the start of
  // the next as well, and would hold up its loads: the last row comes first.
  bool backwards =
      carried.empty() && keepsValue && !keptBuffer && !access.hasWholeVectors();
  SmallVector<Value> partials = block.emitLoop(
      builder, carried, backwards,
      [&](Operation *loop) { anchorRowCode(loop); }, row);
  forgetSplats();
  return partials;
}

void RowEmitter::visitRowsWhere(OpBuilder &builder, Value chosen,
                                llvm::function_ref<void(OpBuilder &)> row) {
  forgetSplats();
  block.emitLoopWhere(
      builder, chosen, [&](Operation *loop) { anchorRowCode(loop); }, row);
  forgetSplats();
}

Value RowEmitter::visitRowsForNumber(
    OpBuilder &builder, llvm::function_ref<Value(OpBuilder &)> row) {
  forgetSplats();
  Value number = block.emitLoopForNumber(
      builder, [&](Operation *loop) { anchorRowCode(loop); }, row);
  forgetSplats();
  return number;
}

Value RowEmitter::getKeptRow() {
  return keptBuffer ? getOwnPart(keptBuffer) : access.getResultRow(0);
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

static bool isReciprocal(Operation *op) {
  APFloat one(0.0f);
  return matchPattern(op->getOperand(0), m_ConstantFloat(&one)) &&
         one.isExactlyValue(1.0);
}

/// True when `divisor` is made of maxima and minima by arithmetic: the range of
/// a row, say, which is denormal in a row of denormal scores, where its
/// reciprocal would be infinite.
static bool isMadeOfExtrema(FormulaOp formula, Value divisor) {
  SmallVector<Value> work{divisor};
  llvm::DenseSet<Value> seen;
  while (!work.empty()) {
    Value value = work.pop_back_val();
    Operation *op = value.getDefiningOp();
    auto reduce = dyn_cast_if_present<ReduceOp>(op);
    if (formula.isExtremum(value) ||
        (reduce && reduce.getKind() != ReductionKind::Add))
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
  // Zeros are one number.
  if (isa<arith::MaximumFOp, arith::MinimumFOp>(op))
    state.attributes.set(
        "fastmath", arith::FastMathFlagsAttr::get(builder.getContext(),
                                                  arith::FastMathFlags::nsz));
  // Nor need a quotient be rounded once.
  if (isa<arith::DivFOp>(op) && asVector)
    state.attributes.set(
        "fastmath", arith::FastMathFlagsAttr::get(builder.getContext(),
                                                  arith::FastMathFlags::arcp));
  if (auto variant = digits.getVariant(op); variant && asVector)
    state.attributes.set(
        cpu::WeirCPUDialect::kVariantAttrName,
        cpu::ExpVariantAttr::get(builder.getContext(), *variant));
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
  if (access.getLayout().isBlock())
    return block.spread(rowBuilder, scalar);
  return access.getLayout().spread(rowBuilder, scalar);
}

Value RowEmitter::getBroadcast(Value value) {
  if (Value known = broadcasts.lookup(value))
    return known;
  auto argument = dyn_cast<BlockArgument>(value);
  if (argument && access.getLayout().isBlock() &&
      schedule.getVariance().isVarying(value)) {
    OpBuilder &own = block.getRowBuilder(); // Only this row has been entered.
    Value scalar = access.loadScalar(own, argument.getArgNumber());
    return broadcasts[value] = vector::BroadcastOp::create(
               own, loc, access.getVectorType(scalar.getType()), scalar);
  }
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
  if (isKnownFinite)
    return loaded;
  Type type = loaded.getType();
  Value excluded;
  auto exclude = [&](Value keep) {
    if (!excluded)
      excluded = constant(builder, type, -INFINITY);
    loaded = arith::SelectOp::create(builder, loc, keep, loaded, excluded);
  };
  if (access.hasMask() && !visitsSelected)
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
  if (visitsSelected && argument == score) {
    Value known =
        access.loadVector(builder, selected->scores, element.lanes, padding);
    return isScore ? applyPolicies(builder, element, known) : known;
  }
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

Value RowEmitter::emitRandom(OpBuilder &builder, Element &element,
                             RandomOp random) {
  Value seed = getScalar(random.getSeed()), row = getRowIndex();
  if (access.getLayout().isBlock()) {
    seed = splat(seed);
    row = splat(row);
  }
  return emitRandomNumbers(builder, loc, seed, random.getStream(), row,
                           emitPosition(builder, element),
                           access.getComputeType());
}

/// The quotient by a uniform value as a product with its reciprocal.
Value RowEmitter::emitQuotient(OpBuilder &builder, Element &element,
                               arith::DivFOp div) {
  Value &inverse = broadcasts[div.getResult()];
  if (!inverse) {
    Value divisor = getScalar(div.getRhs());
    inverse = splat(arith::DivFOp::create(
        rowBuilder, loc, constant(rowBuilder, divisor.getType(), 1.0),
        divisor));
  }
  Value factor = inverse;
  return arith::MulFOp::create(
      builder, loc, getVector(builder, element, div.getLhs()), factor);
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
    vector = emitRandom(builder, element, random);
  } else if (std::optional<ExpDifference> own = differences.get(value)) {
    Value x = getVector(builder, element, own->x);
    Value u = getVector(builder, element, own->u);
    vector = cpu::Expm1ShiftedOp::create(builder, loc, x.getType(), x, u);
  } else {
    Operation *op = value.getDefiningOp();
    if (Value u = getFusedShift(op)) {
      Value rest = shifts.getUnshifted(op);
      Value x =
          rest ? getVector(builder, element, rest)
               : constant(builder,
                          access.getVectorType(access.getComputeType()), 0.0);
      Value s = getScaledShift(builder, element, u);
      vector = cpu::ExpShiftedOp::create(builder, loc, x.getType(),
                                         getAnchoredVariant(op), x, s);
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
    if (div && formula.followsSweeps() &&
        !schedule.getVariance().isVarying(div.getRhs()) &&
        !running.contains(div.getRhs()) && !isReciprocal(op) &&
        !isMadeOfExtrema(formula, div.getRhs())) {
      vector = emitQuotient(builder, element, div);
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
