//===- WeirToVector.cpp - rows of weir ops to loops over vectors ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Conversion/Passes.h"

#include "OnlineForm.h"
#include "RowLoops.h"
#include "SolveSupport.h"
#include "StoredForm.h"
#include "TopKForms.h"
#include "weir/Dialect/Weir/Analysis/DenormalUse.h"
#include "weir/Dialect/Weir/IR/TargetFeatures.h"
#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace weir {
#define GEN_PASS_DEF_CONVERTWEIRTOVECTOR
#include "weir/Conversion/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

static LogicalResult checkSupported(Operation *rows) {
  for (Value operand : rows->getOperands())
    if (isa<TensorType>(operand.getType()))
      return rows->emitOpError(
          "works on tensors; bufferize before convert-weir-to-vector");
  return success();
}

static LogicalResult checkForm(RowsOp rows, FormulaOp formula) {
  if (rows.getForm() != Form::TwoPass)
    return success();
  RowLaws laws(formula);
  std::optional<Refusal> refusal =
      ExtendedExponents(formula, laws).getRefusal();
  if (!refusal)
    return success();
  return rows.emitOpError("form two_pass does not fit @")
         << formula.getSymName() << ": " << refusal->why;
}

/// The type that rows of scores are computed in.
static Type getComputeType(Value scores) {
  Type element = getElementTypeOrSelf(scores.getType());
  return element.isF64() ? element
                         : Type(Float32Type::get(element.getContext()));
}

/// Small weights are denormal and cost an assist each. They may be flushed
/// where every exponential of an element leans on a maximum of the row, so that
/// what is flushed is small beside 1, which the class of such results allows,
/// and where no flushed number decides anything.
static bool mayFlushDenormals(RowEmitter &emitter) {
  bool hasExp = false, may = emitter.formula.followsSweeps() &&
                             !denormalsMayDecide(emitter.formula);
  const Variance &variance = emitter.schedule.getVariance();
  emitter.formula.getBody().walk([&](Operation *op) {
    if (!isa<math::ExpOp, math::Exp2Op>(op) ||
        !variance.isVarying(op->getResult(0)))
      return;
    hasExp = true;
    may &= emitter.shifts.leansOnExtremum(op->getOperand(0));
  });
  return hasExp && may;
}

/// Which arguments are copied together first: across rows, those of the compute
/// type's kind that are read again.
static SmallVector<unsigned> chooseGathered(RowEmitter &emitter) {
  SmallVector<unsigned> gathered;
  if (emitter.access.getLayout().isAcross())
    for (unsigned argument : emitter.schedule.getArgumentsReadOften())
      if (emitter.formula.getArgumentTypes()[argument].isF32() &&
          !emitter.access.isBroadcastAlongRow(argument))
        gathered.push_back(argument);
  return gathered;
}

/// True when elements have nothing to do with each other, and rows no results
/// of their own.
static bool mayCutRows(RowEmitter &emitter) {
  FormulaOp formula = emitter.formula;
  bool hasUniformResult = false;
  for (unsigned i = 0, e = formula.getResultTypes().size(); i < e; ++i)
    hasUniformResult |= formula.isUniformResult(i);
  return !formula.hasReduction() && !hasUniformResult &&
         !emitter.access.getLayout().hasRowVectors();
}

/// The elements of a scratch buffer for all rows that are at hand at once.
static Value emitScratchSize(OpBuilder &builder, RowAccess &access,
                             bool compacts) {
  Value size = access.emitBufferSize(builder);
  if (!access.getLayout().isBlock())
    return size;
  Location loc = size.getLoc();
  Value each = access.emitPitch(builder);
  if (compacts) // What the rows have copied, and the same with a row in a lane.
    each = arith::AddIOp::create(builder, loc, each, size);
  Value count =
      arith::ConstantIndexOp::create(builder, loc, access.getLaneCount());
  return arith::MulIOp::create(builder, loc, each, count);
}

static void emitForm(OpBuilder &builder, RowEmitter &emitter,
                     const TargetFeatures &target) {
  RowsOp rows = emitter.rows;
  Form form = rows.getForm().value_or(Form::Recompute);
  bool keeps = (form == Form::Stored || form == Form::Transposed) &&
               emitter.schedule.getStoredValue();
  if (keeps) {
    emitter.maskKeptTerms();
    emitter.storedResult = StoredForm::findStoredResult(emitter);
  }
  bool keepsApart =
      keeps && !emitter.storedResult && !StoredForm::storesInResult(emitter);
  bool compacts = emitter.canCompact && !keepsApart;
  emitter.access.setGathered(chooseGathered(emitter));
  size_t gatherCount = emitter.access.getGathered().size();
  bool keepsOrCompacts = keepsApart || compacts;
  SmallVector<RowLoops::Scratch> scratchRows;
  if (gatherCount || keepsOrCompacts)
    scratchRows.assign(gatherCount + keepsOrCompacts,
                       {emitter.access.getComputeType(),
                        emitScratchSize(builder, emitter.access, compacts)});
  auto flushes = mayFlushDenormals(emitter) ? RowLoops::Flushes::All
                                            : RowLoops::Flushes::None;
  RowLoops loops(rows, emitter.access, rows.getThreadGrain().value_or(0),
                 flushes, target.hasMasks(), scratchRows, mayCutRows(emitter));
  loops.emit(builder, [&](OpBuilder &b, ValueRange scratch) {
    emitter.access.setGatherBuffers(scratch.take_front(gatherCount));
    Value own = keepsOrCompacts ? scratch.back() : Value();
    emitter.scratch = compacts ? own : Value();
    if (form == Form::Online || form == Form::TwoPass) {
      RowLaws laws(emitter.formula);
      std::optional<ExtendedExponents> extended;
      if (form == Form::TwoPass)
        extended.emplace(emitter.formula, laws);
      OnlineForm(emitter, laws, extended ? &*extended : nullptr).emitRow(b);
    } else {
      if (keeps)
        emitter.keepStoredValue(compacts ? Value() : own);
      StoredForm(emitter).emitRow(b);
    }
  });
}

static LogicalResult lowerRows(RowsOp rows, const TargetFeatures &target) {
  FormulaOp formula = rows.resolveFormula();
  if (failed(checkSupported(rows)) || failed(checkForm(rows, formula)))
    return failure();
  OpBuilder builder(rows);
  Type computeType = getComputeType(rows.getInputs()[formula.getScoreIndex()]);
  FailureOr<RowAccess> access = RowAccess::create(
      rows, formula, builder, computeType, target.getVectorBits());
  if (failed(access))
    return failure();
  RowEmitter emitter(rows, formula, *access);
  emitter.hasFMA = target.hasFMA();
  emitter.canFuseShifts = target.hasFMA() && computeType.isF32() &&
                          !emitter.shifts.getShifts().empty();
  emitter.canCompact =
      target.getVectorBits() == 512 && !access->getLayout().isAcross() &&
      llvm::any_of(
          formula.getBody().front().getOps<SolveOp>(), [&](SolveOp solve) {
            return getSearchedValue(solve, emitter.schedule.getVariance());
          });
  emitForm(builder, emitter, target);
  rows.erase();
  return success();
}

/// The formula of a weir.topk_rows over its operands, writing its results. It
/// stands beside `op` while the code of the rows is emitted.
static RowsOp createRowsOfTopK(OpBuilder &builder, TopKRowsOp op,
                               FormulaOp formula) {
  SmallVector<Value> outputs;
  size_t uniform = 3; // Behind values, indices and count.
  for (unsigned i = 0, e = formula.getResultTypes().size(); i < e; ++i)
    outputs.push_back(
        op.getOutputs()[formula.isUniformResult(i) ? uniform++ : 0]);
  return RowsOp::create(builder, op.getLoc(), TypeRange(), op.getFormulaAttr(),
                        op.getInputs(), op.getMask(), outputs,
                        op.getEmptyRowAttr(), op.getPosInfAttr(),
                        op.getNanAttr(), TiesAttr(), NegInfAttr(),
                        FormAttr::get(op.getContext(), Form::Online),
                        IntegerAttr(), IntegerAttr());
}

/// Small weights are flushed as those of whole rows are. Scores are not: they
/// are ordered.
static LogicalResult lowerTopKOfFormula(TopKRowsOp op, FormulaOp formula,
                                        TopKAccess &access, OpBuilder &builder,
                                        ArrayRef<RowLoops::Scratch> sorting,
                                        const TargetFeatures &target) {
  Type computeType = access.getComputeType();
  RowsOp rows = createRowsOfTopK(builder, op, formula);
  FailureOr<RowAccess> rowAccess =
      RowAccess::create(rows, formula, builder, computeType,
                        target.getVectorBits(), /*writesRows=*/false);
  if (failed(rowAccess))
    return failure();
  RowEmitter emitter(rows, formula, *rowAccess);
  emitter.canFuseShifts = target.hasFMA() && computeType.isF32() &&
                          !emitter.shifts.getShifts().empty();
  SmallVector<RowLoops::Scratch> scratch(sorting);
  scratch.push_back({computeType, arith::ConstantIndexOp::create(
                                      builder, op.getLoc(), op.getK())});
  // A selection computes the k-th score, which may be a denormal number.
  auto flushes = sorting.empty() && mayFlushDenormals(emitter)
                     ? RowLoops::Flushes::Results
                     : RowLoops::Flushes::None;
  RowLoops loops(op, access, op.getThreadGrain().value_or(0), flushes,
                 target.hasMasks(), scratch);
  loops.emit(builder, [&](OpBuilder &b, ValueRange buffers) {
    rowAccess->enterRow(b, access.getOuter());
    emitTopKOfFormula(access, emitter, b,
                      sorting.empty() ? Value() : buffers.front(),
                      buffers.back());
  });
  rows.erase();
  op.erase();
  return success();
}

static LogicalResult lowerTopK(TopKRowsOp op, const TargetFeatures &target) {
  if (failed(checkSupported(op)))
    return failure();
  OpBuilder builder(op);
  Type computeType = getComputeType(op.getScores());
  int64_t lanes = target.getVectorBits() / computeType.getIntOrFloatBitWidth();
  FailureOr<TopKAccess> access =
      TopKAccess::create(op, builder, computeType, lanes);
  if (failed(access))
    return failure();
  // A selection serves every k.
  bool selects = op.getForm() != TopKForm::Insert;
  SmallVector<RowLoops::Scratch> sorting;
  if (selects)
    sorting.push_back(
        {builder.getI32Type(),
         arith::ConstantIndexOp::create(builder, op.getLoc(), op.getK())});
  if (FormulaOp formula = op.resolveFormula())
    return lowerTopKOfFormula(op, formula, *access, builder, sorting, target);
  RowLoops loops(op, *access, op.getThreadGrain().value_or(0),
                 RowLoops::Flushes::None, target.hasMasks(), sorting);
  loops.emit(builder, [&](OpBuilder &b, ValueRange scratch) {
    Value found = selects ? emitTopKBySelection(*access, b, scratch.front())
                          : emitTopKByInsertion(*access, b);
    emitTopKResults(*access, b, found);
  });
  op.erase();
  return success();
}

namespace {
struct ConvertWeirToVector
    : weir::impl::ConvertWeirToVectorBase<ConvertWeirToVector> {
  void runOnOperation() override {
    auto target = TargetFeatures::get(getOperation());
    SmallVector<RowsOp> all;
    getOperation().walk([&](RowsOp rows) { all.push_back(rows); });
    for (RowsOp rows : all)
      if (failed(lowerRows(rows, target)))
        return signalPassFailure();
    SmallVector<TopKRowsOp> allTopK;
    getOperation().walk([&](TopKRowsOp op) { allTopK.push_back(op); });
    for (TopKRowsOp op : allTopK)
      if (failed(lowerTopK(op, target)))
        return signalPassFailure();
    SmallVector<FormulaOp> unused;
    getOperation().walk([&](FormulaOp formula) {
      if (SymbolTable::symbolKnownUseEmpty(formula, formula->getParentOp()))
        unused.push_back(formula);
    });
    for (FormulaOp formula : unused)
      formula.erase();
  }
};
} // namespace
