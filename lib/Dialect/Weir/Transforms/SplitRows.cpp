//===- SplitRows.cpp - few and long rows in parts for threads ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "weir/Dialect/Weir/Analysis/RowLaws.h"
#include "weir/Dialect/Weir/Transforms/DerivedSymbols.h"
#include "weir/Dialect/Weir/Transforms/RowTiles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/BuiltinOps.h"

namespace weir {
#define GEN_PASS_DEF_WEIRSPLITROWS
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

/// So many rows keep threads busy as they are, and a row that a thread has for
/// itself may stay in its cache from sweep to sweep.
static constexpr int64_t kEnoughRows = 8;
/// A shorter row takes a thread less time than another needs to be woken, and
/// is faster whole.
static constexpr int64_t kEnoughParts = 4;

namespace {

/// Splits the rows of one op.
class Splitting {
public:
  Splitting(RowsOp rows, DerivedSymbols &symbols, SmallVectorImpl<RowsOp> &more)
      : rows(rows), formula(rows.resolveFormula()), symbols(symbols),
        policies{rows.getEmptyRow(), rows.getNan()}, builder(rows),
        loc(rows.getLoc()), more(more) {}

  LogicalResult run();

private:
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value);
  }
  PlanAttr getOwnPlan();
  /// The bound on elements under which rows would run whole and stored; 0 where
  /// they never do, nothing where they always do.
  std::optional<int64_t> getStoredBound();
  SmallVector<Value> getVarying(bool outputs);
  Type getAccumulator();
  Value emitCondition();
  Value createBuffer(ArrayRef<OpFoldResult> sizes, Type element);
  Value getTerms();
  Value createScratch();
  Value getRowOf(Value scratch, Value number);
  RowTile getTile(Value part);
  SmallVector<Value> getStateOf(ValueRange states, OpFoldResult part);
  void findKnown();
  scf::ParallelOp emitParts();
  RowsOp emitPart(RowTile &tile, FlatSymbolRefAttr symbol, ValueRange more,
                  ValueRange outputs);
  void emitStats(int64_t sweep, ValueRange states, Value terms);
  void emitMerges(int64_t sweep, ValueRange states);
  void emitSweep(int64_t sweep, Value terms = Value());
  void emitWeights();
  void emitKeptWeights(Value terms);
  void emitSplit(bool keepsTerms);
  void emitSplit();

  RowsOp rows;
  FormulaOp formula;
  DerivedSymbols &symbols;
  StatePolicies policies;
  OpBuilder builder;
  Location loc;
  int64_t part = 0;
  /// Ops that were made and may be split in turn.
  SmallVectorImpl<RowsOp> &more;
  /// The rows' sizes, the last one their length.
  SmallVector<OpFoldResult> sizes, outer;
  Value length, partLength, partCount;
  /// What is found so far, as weir.stats takes it; the uniform results.
  SmallVector<Value> known, results, buffers;
  /// The states of the parts before they are merged, where weights are kept.
  SmallVector<Value> ownStates;
};

} // namespace

/// How the rows would run whole: by plans, as the last of them says, which is
/// for the longest.
PlanAttr Splitting::getOwnPlan() {
  if (ArrayAttr plans = rows.getPlansAttr())
    return cast<PlanAttr>(plans.getValue().back());
  return PlanAttr::get(
      rows.getContext(), rows.getForm().value_or(Form::Recompute), 0, 0, 0,
      rows.getStreamBytes().value_or(0), rows.getPages().value_or(0));
}

std::optional<int64_t> Splitting::getStoredBound() {
  if (ArrayAttr plans = rows.getPlansAttr()) {
    for (auto plan : plans.getAsRange<PlanAttr>())
      if (plan.getForm() == Form::Stored && plan.getMaxLength() == 0)
        return plan.fitsAll() ? std::nullopt
                              : std::optional(plan.getMaxElements());
    return 0;
  }
  return getOwnPlan().getForm() == Form::Stored ? std::nullopt
                                                : std::optional<int64_t>(0);
}

/// The operands with one number per element, of outputs those only if asked.
SmallVector<Value> Splitting::getVarying(bool outputs) {
  SmallVector<Value> varying = formula.pickVarying(rows.getInputs());
  if (!outputs)
    return varying;
  if (rows.getMask())
    varying.push_back(rows.getMask());
  for (auto [i, output] : llvm::enumerate(rows.getOutputs()))
    if (!formula.isUniformResult(i))
      varying.push_back(output);
  return varying;
}

Type Splitting::getAccumulator() {
  Type score =
      getElementTypeOrSelf(rows.getInputs()[formula.getScoreIndex()].getType());
  return score.isF64() ? score : Type(builder.getF32Type());
}

/// Whether there are few rows and they are long. Null where sizes say no.
Value Splitting::emitCondition() {
  std::optional<int64_t> known = getConstantIntValue(sizes.back());
  if (known && *known < kEnoughParts * part)
    return Value();
  int64_t least = 1;
  Value count = index(1);
  for (OpFoldResult size : outer) {
    least *= getConstantIntValue(size).value_or(1);
    count = arith::MulIOp::create(
        builder, loc, count,
        getValueOrCreateConstantIndexOp(builder, loc, size));
  }
  if (least >= kEnoughRows)
    return Value();
  Value few = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult,
                                    count, index(kEnoughRows));
  Value isLong = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::uge,
                                       length, index(kEnoughParts * part));
  return arith::AndIOp::create(builder, loc, few, isLong);
}

Value Splitting::createBuffer(ArrayRef<OpFoldResult> bufferSizes,
                              Type element) {
  buffers.push_back(
      memref::AllocOp::create(builder, loc, bufferSizes, element));
  return buffers.back();
}

/// A row for each part, which alone the calling thread may allocate.
Value Splitting::createScratch() {
  int64_t line = 512 / getAccumulator().getIntOrFloatBitWidth();
  return createBuffer({OpFoldResult(partCount),
                       OpFoldResult(builder.getIndexAttr(part + line))},
                      getAccumulator());
}

Value Splitting::getRowOf(Value scratch, Value number) {
  auto all = cast<MemRefType>(scratch.getType());
  SmallVector<OpFoldResult> from{number, builder.getIndexAttr(0)},
      size{builder.getIndexAttr(1), builder.getIndexAttr(all.getDimSize(1))},
      strides(2, builder.getIndexAttr(1));
  auto type = memref::SubViewOp::inferRankReducedResultType(
      all.getDimSize(1), all, from, size, strides);
  return memref::SubViewOp::create(builder, loc, cast<MemRefType>(type),
                                   scratch, from, size, strides);
}

/// The state of one part, among those of all.
SmallVector<Value> Splitting::getStateOf(ValueRange states, OpFoldResult part) {
  SmallVector<OpFoldResult> from(outer.size() + 1, builder.getIndexAttr(0)),
      size{builder.getIndexAttr(1)},
      strides(outer.size() + 1, builder.getIndexAttr(1));
  from[0] = part;
  llvm::append_range(size, outer);
  SmallVector<int64_t> shape;
  for (OpFoldResult each : outer)
    shape.push_back(getConstantIntValue(each).value_or(ShapedType::kDynamic));
  SmallVector<Value> own;
  for (Value state : states) {
    auto type = memref::SubViewOp::inferRankReducedResultType(
        shape, cast<MemRefType>(state.getType()), from, size, strides);
    own.push_back(memref::SubViewOp::create(
        builder, loc, cast<MemRefType>(type), state, from, size, strides));
  }
  return own;
}

/// What is known before the first sweep.
void Splitting::findKnown() {
  TakenApart &parts = symbols.get(formula, policies);
  for (const RowValue &value : parts.getLayout(1).known) {
    if (value.meaning != "length" || !rows.getMask()) {
      known.push_back(length);
      continue;
    }
    Value count = createBuffer(outer, builder.getIndexType());
    SmallVector<Value> operands = getVarying(/*outputs=*/false);
    operands.insert(operands.begin(), rows.getMask());
    auto counting = RowsOp::create(
        builder, loc, TypeRange(),
        symbols.getUnmaskedLength(rows, formula, policies), operands, Value(),
        count, EmptyRowAttr(), PosInfAttr(), NaNPolicyAttr(), TiesAttr(),
        NegInfAttr(), FormAttr::get(builder.getContext(), Form::Recompute),
        rows.getThreadGrainAttr(), IntegerAttr());
    counting.setThreadPart(part);
    more.push_back(counting);
    known.push_back(count);
  }
}

/// The elements of one part, of all rows.
RowTile Splitting::getTile(Value part) {
  Value from = arith::MulIOp::create(builder, loc, part, partLength);
  Value left = arith::SubIOp::create(builder, loc, length, from);
  SmallVector<OpFoldResult> offsets(outer.size(), builder.getIndexAttr(0)),
      tileSizes(outer);
  offsets.push_back(from);
  tileSizes.push_back(
      arith::MinUIOp::create(builder, loc, left, partLength).getResult());
  return RowTile(builder, loc, outer.size(), offsets, tileSizes);
}

/// A formula over the rows' own operands and `more` on one part.
RowsOp Splitting::emitPart(RowTile &tile, FlatSymbolRefAttr symbol,
                           ValueRange more, ValueRange outputs) {
  SmallVector<Value> inputs;
  for (auto [i, input] : llvm::enumerate(rows.getInputs()))
    inputs.push_back(formula.isUniformArgument(i) ? input
                                                  : tile.sliceVarying(input));
  llvm::append_range(inputs, more);
  Value mask = rows.getMask() ? tile.sliceVarying(rows.getMask()) : Value();
  Value column =
      usesColumn(formula) ? tile.getColumn(rows.getColumn()) : rows.getColumn();
  auto found = RowsOp::create(
      builder, loc, TypeRange(), symbol, inputs, mask, rows.getRowBase(),
      rows.getRowStrides(), column, outputs, EmptyRowAttr(), PosInfAttr(),
      rows.getNanAttr(), TiesAttr(), NegInfAttr(), FormAttr(), IntegerAttr(),
      IntegerAttr(), /*along=*/IntegerAttr());
  found.setLossyMaxima(rows.getNan() != NaNPolicy::Ignore &&
                       symbols.get(formula, policies).sumsKeepNaN());
  return found;
}

scf::ParallelOp Splitting::emitParts() {
  return scf::ParallelOp::create(builder, loc, ValueRange{index(0)},
                                 ValueRange{partCount}, ValueRange{index(1)});
}

/// The state of each part, by whichever thread takes it, and its terms where
/// there is a place for them. A guessed maximum, where any number will do,
/// leaves one sweep over the part.
void Splitting::emitStats(int64_t sweep, ValueRange states, Value terms) {
  TakenApart &parts = symbols.get(formula, policies);
  std::string purpose = terms ? "terms" : "stats" + std::to_string(sweep);
  FlatSymbolRefAttr stats = symbols.getOrInsert(
      rows, formula, policies, purpose, [&](StringRef name) {
        return parts.buildStats(sweep, name, /*withTerm=*/terms != nullptr);
      });
  // What makes the terms is kept in scratch where it is not the terms.
  Value scratch = terms ? createScratch() : Value();
  scf::ParallelOp loop = emitParts();
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  Value part = loop.getInductionVars()[0];
  RowTile tile = getTile(part);
  SmallVector<Value> outputs;
  if (terms)
    outputs.push_back(tile.sliceVarying(terms));
  llvm::append_range(outputs, getStateOf(states, part));
  if (scratch)
    scratch = getRowOf(scratch, part);
  RowsOp found = emitPart(tile, stats, known, outputs);
  found.setFreeAnchor(parts.hasFreeAnchor());
  found.setInCache(terms != nullptr);
  if (scratch)
    found.getScratchMutable().assign(scratch);
  if (terms || found.getFreeAnchor())
    found.setForm(Form::Stored);
  else
    found.setForm(canRunOnline(found.resolveFormula()) ? Form::Online
                                                       : Form::Recompute);
  if (int64_t pages = getOwnPlan().getPages(); pages && !terms)
    found.setPages(pages);
  // Digits that the results have no room for.
  found.setNarrowRatios(parts.weighsByOneSum() &&
                        llvm::all_of(rows.getOutputs(), [](Value out) {
                          return getElementTypeOrSelf(out).isBF16();
                        }));
}

/// Neighbours first, then pairs of them, and so on: the order follows from the
/// number of parts, and errors grow with its logarithm.
void Splitting::emitMerges(int64_t sweep, ValueRange states) {
  SmallVector<Value> uniforms = formula.pickUniform(rows.getInputs());
  Type type = builder.getIndexType();
  auto loop = scf::WhileOp::create(builder, loc, type, index(1));
  OpBuilder::InsertionGuard guard(builder);
  Value step =
      builder.createBlock(&loop.getBefore(), {}, type, loc)->getArgument(0);
  Value goesOn = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult,
                                       step, partCount);
  scf::ConditionOp::create(builder, loc, goesOn, step);
  step = builder.createBlock(&loop.getAfter(), {}, type, loc)->getArgument(0);
  Value end = arith::SubIOp::create(builder, loc, partCount, step);
  Value twice = arith::AddIOp::create(builder, loc, step, step);
  auto pairs = scf::ForOp::create(builder, loc, index(0), end, twice);
  scf::YieldOp::create(builder, loc, twice);
  builder.setInsertionPointToStart(pairs.getBody());
  Value first = pairs.getInductionVar();
  Value second = arith::AddIOp::create(builder, loc, first, step);
  MergeOp::create(builder, loc, TypeRange(), rows.getFormulaAttr(),
                  builder.getI64IntegerAttr(sweep), getStateOf(states, second),
                  uniforms, known, getStateOf(states, first),
                  rows.getEmptyRowAttr(), rows.getNanAttr());
}

/// One sweep over the rows, which leaves the terms where there is a place.
void Splitting::emitSweep(int64_t sweep, Value terms) {
  TakenApart &parts = symbols.get(formula, policies);
  StateLayout values = parts.getLayout(sweep);
  bool isLast = sweep == parts.getNumSweeps();
  size_t statistics =
      parts.getLayout(isLast ? 0 : sweep + 1).known.size() - known.size();
  auto getType = [&](const RowValue &value) {
    return value.type.isF32() ? getAccumulator() : value.type;
  };
  SmallVector<OpFoldResult> all{OpFoldResult(partCount)};
  llvm::append_range(all, outer);
  SmallVector<Value> states, to, uniforms;
  for (const RowValue &slot : values.slots)
    states.push_back(createBuffer(all, getType(slot)));
  for (const RowValue &value : ArrayRef(values.finished).take_front(statistics))
    to.push_back(createBuffer(outer, getType(value)));
  for (auto [i, output] : llvm::enumerate(rows.getOutputs()))
    if (isLast && formula.isUniformResult(i))
      to.push_back(createBuffer(outer, getElementTypeOrSelf(output.getType())));
  llvm::append_range(uniforms, formula.pickUniform(rows.getInputs()));
  emitStats(sweep, states, terms);
  for (Value state : states)
    if (terms) {
      ownStates.push_back(createBuffer(all, getElementTypeOrSelf(state)));
      memref::CopyOp::create(builder, loc, state, ownStates.back());
    }
  emitMerges(sweep, states);
  FinishOp::create(builder, loc, TypeRange(), rows.getFormulaAttr(),
                   builder.getI64IntegerAttr(sweep),
                   getStateOf(states, builder.getIndexAttr(0)), uniforms, known,
                   to, rows.getEmptyRowAttr(), rows.getNanAttr());
  llvm::append_range(known, ArrayRef(to).take_front(statistics));
  results.assign(to.begin() + statistics, to.end());
}

/// Elementwise rows, which threads share without more ado.
void Splitting::emitWeights() {
  SmallVector<Value> to, inputs(rows.getInputs());
  for (auto [i, output] : llvm::enumerate(rows.getOutputs()))
    if (!formula.isUniformResult(i))
      to.push_back(output);
  if (to.empty())
    return;
  bool masked = static_cast<bool>(rows.getMask());
  FlatSymbolRefAttr weights = symbols.getOrInsert(
      rows, formula, policies, masked ? "weights.masked" : "weights",
      [&](StringRef name) {
        return symbols.get(formula, policies).buildWeights(masked, name);
      });
  llvm::append_range(inputs, known);
  if (masked)
    inputs.push_back(rows.getMask());
  auto written = RowsOp::create(
      builder, loc, TypeRange(), weights, inputs, Value(), rows.getRowBase(),
      rows.getRowStrides(), rows.getColumn(), to, EmptyRowAttr(), PosInfAttr(),
      NaNPolicyAttr(), TiesAttr(), NegInfAttr(),
      FormAttr::get(builder.getContext(), Form::Elementwise),
      rows.getThreadGrainAttr(),
      builder.getI64IntegerAttr(getOwnPlan().getStreamBytes()),
      /*along=*/IntegerAttr());
  if (int64_t pages = getOwnPlan().getPages())
    written.setPages(pages);
}

/// Where terms go: to the result, if that can hold them.
Value Splitting::getTerms() {
  for (auto [i, output] : llvm::enumerate(rows.getOutputs()))
    if (!formula.isUniformResult(i) &&
        getElementTypeOrSelf(output) == getAccumulator())
      return output;
  return createBuffer(sizes, getAccumulator());
}

/// The terms of each part times a factor of its own.
void Splitting::emitKeptWeights(Value terms) {
  FlatSymbolRefAttr weights =
      symbols.getOrInsert(rows, formula, policies, "kept", [&](StringRef name) {
        return symbols.get(formula, policies).buildKeptWeights(name);
      });
  scf::ParallelOp loop = emitParts();
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  Value part = loop.getInductionVars()[0];
  RowTile tile = getTile(part);
  SmallVector<Value> inputs{tile.sliceVarying(terms)}, outputs;
  llvm::append_range(inputs, getStateOf(ownStates, part));
  llvm::append_range(inputs, formula.pickUniform(rows.getInputs()));
  llvm::append_range(inputs, known);
  for (auto [i, output] : llvm::enumerate(rows.getOutputs()))
    if (!formula.isUniformResult(i))
      outputs.push_back(tile.sliceVarying(output));
  RowsOp::create(
      builder, loc, TypeRange(), weights, inputs, /*mask=*/Value(), outputs,
      EmptyRowAttr(), PosInfAttr(), NaNPolicyAttr(), TiesAttr(), NegInfAttr(),
      FormAttr::get(builder.getContext(), Form::Elementwise),
      /*thread_grain=*/IntegerAttr(), /*stream_bytes=*/IntegerAttr());
}

void Splitting::emitSplit(bool keepsTerms) {
  known.clear();
  buffers.clear();
  ownStates.clear();
  findKnown();
  Value terms = keepsTerms ? getTerms() : Value();
  for (int64_t sweep = 1, e = symbols.get(formula, policies).getNumSweeps();
       sweep <= e; ++sweep)
    emitSweep(sweep, terms);
  if (terms)
    emitKeptWeights(terms);
  else
    emitWeights();
  // Last, since a result may be the memory of an argument.
  const auto *result = results.begin();
  for (auto [i, output] : llvm::enumerate(rows.getOutputs()))
    if (formula.isUniformResult(i))
      memref::CopyOp::create(builder, loc, *result++, output);
  for (Value buffer : buffers)
    memref::DeallocOp::create(builder, loc, buffer);
}

/// Where whole rows would stay in the second-level cache, so do their parts'
/// terms, which are made once. Longer rows are read twice.
void Splitting::emitSplit() {
  partCount = arith::CeilDivUIOp::create(builder, loc, length, partLength);
  std::optional<int64_t> bound = getStoredBound();
  if (!symbols.get(formula, policies).keepsTerm() || bound == 0)
    return emitSplit(/*keepsTerms=*/false);
  if (!bound)
    return emitSplit(/*keepsTerms=*/true);
  Value count = length;
  for (OpFoldResult size : outer)
    count = arith::MulIOp::create(
        builder, loc, count,
        getValueOrCreateConstantIndexOp(builder, loc, size));
  Value stay = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ule,
                                     count, index(*bound));
  auto branch = scf::IfOp::create(builder, loc, stay, /*withElseRegion=*/true);
  builder = branch.getThenBodyBuilder();
  emitSplit(/*keepsTerms=*/true);
  builder = branch.getElseBodyBuilder();
  emitSplit(/*keepsTerms=*/false);
}

LogicalResult Splitting::run() {
  part = rows.getThreadPart().value_or(0);
  rows.removeThreadPartAttr();
  if (part == 0)
    return success();
  if (!rows.getResults().empty())
    return rows.emitOpError("works on tensors; bufferize before "
                            "weir-split-rows");
  if (rows.getRowDim() != rows.getRowRank() - 1)
    return rows.emitOpError("cannot be split: lanes run across rows");
  if (failed(symbols.get(formula, policies).check(0, [&] {
        return rows.emitOpError("cannot be split: ");
      })))
    return failure();
  sizes = getFullSizes(builder, loc, getVarying(/*outputs=*/true));
  outer.assign(sizes.begin(), sizes.end() - 1);
  length = getValueOrCreateConstantIndexOp(builder, loc, sizes.back());
  Value condition = emitCondition();
  if (!condition)
    return success();
  partLength = index(part);
  auto branch =
      scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/true);
  builder = branch.getThenBodyBuilder();
  emitSplit();
  rows->moveBefore(branch.elseBlock(), branch.elseBlock()->begin());
  return success();
}

namespace {
struct WeirSplitRows : weir::impl::WeirSplitRowsBase<WeirSplitRows> {
  void runOnOperation() override {
    SmallVector<RowsOp> all;
    getOperation().walk([&](RowsOp rows) { all.push_back(rows); });
    DerivedSymbols symbols;
    while (!all.empty())
      if (failed(Splitting(all.pop_back_val(), symbols, all).run()))
        return signalPassFailure();
  }
};
} // namespace
