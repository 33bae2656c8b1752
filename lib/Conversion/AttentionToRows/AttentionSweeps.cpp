//===- AttentionSweeps.cpp - score rows read block by block ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A tile of queries meets one block of keys at a time, and a state per query
// goes from block to block. Each sweep of the formula but the last makes its
// scores anew. The last one carries the weighted values along (one pass, where
// it is the only one), or is followed by a pass that makes the weights.
//
//===----------------------------------------------------------------------===//

#include "AttentionForms.h"
#include "AttentionGuess.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weir;

namespace {

class Sweeps : public AttentionForms {
public:
  Sweeps(FlatSymbolRefAttr attended, std::unique_ptr<BlockwiseRows> blockwise)
      : attended(attended), blockwise(std::move(blockwise)),
        formulas(this->blockwise->parts) {}

  Value chooseQueries(AttentionTiling &, const AttentionSequence &,
                      Value most) override {
    return most;
  }
  void allocate(AttentionTiling &t, Value parts) override;
  void emitTile(AttentionTiling &t, const AttentionTile &tile) override;

  bool meetsKeysInParts() const override {
    return formulas.getNumSweeps() == 1 && carries(1);
  }
  void emitPart(AttentionTiling &t, const AttentionTile &tile) override;
  void emitMerge(AttentionTiling &t, const AttentionTile &tile,
                 Value from) override;
  void emitEnd(AttentionTiling &t, const AttentionTile &tile) override;

private:
  Value allocateRows(AttentionTiling &t, Value parts, Type type);
  Value allocateState(AttentionTiling &t, Type type);
  SmallVector<Value> getState(AttentionTiling &t, const AttentionTile &tile,
                              int64_t sweep);
  FlatSymbolRefAttr insert(AttentionTiling &t, const Twine &purpose,
                           llvm::function_ref<FormulaOp(StringRef)> make,
                           ArrayRef<bool> perRow = {});
  void emitIdentities(AttentionTiling &t, const AttentionTile &tile,
                      int64_t sweep);
  void emitStep(AttentionTiling &t, const AttentionTile &rows, Value block,
                int64_t sweep, ArrayRef<Value> weights,
                TakenApart::Anchors anchors);
  void emitGuessedStep(AttentionTiling &t, const AttentionTile &rows,
                       Value block, ArrayRef<Value> weights);
  void emitSweep(AttentionTiling &t, const AttentionTile &tile, int64_t sweep);
  void emitWeights(AttentionTiling &t, const AttentionTile &tile);
  SmallVector<Value> emitFinish(AttentionTiling &t, const AttentionTile &tile,
                                int64_t sweep);
  void emitAttempts(AttentionTiling &t, const AttentionTile &tile,
                    int64_t sweep);
  void emitOutput(AttentionTiling &t, const AttentionTile &tile,
                  ArrayRef<Value> found);
  SmallVector<Value> getUniformInputs(AttentionTiling &t,
                                      const AttentionTile &tile,
                                      SmallVector<bool> &perRow);
  void scaleSums(AttentionTiling &t, const AttentionTile &tile, Value sums,
                 Value factors);
  Value getScores(AttentionTiling &t, const AttentionTile &tile, Value all);
  Value getColumns(AttentionTiling &t, const AttentionTile &tile, Value all,
                   Value width);
  Value getWeights(AttentionTiling &t, const AttentionTile &tile, Value all);
  Value getSums(AttentionTiling &t, const AttentionTile &tile, unsigned i);
  SmallVector<Value> getRows(AttentionTiling &t, const AttentionTile &tile,
                             ArrayRef<Value> all);

  bool carries(int64_t sweep) const {
    return blockwise->carries() && sweep == formulas.getNumSweeps();
  }

  FlatSymbolRefAttr attended; // The formula on the scores of a tile.
  std::unique_ptr<BlockwiseRows> blockwise;
  TakenApart &formulas;
  /// For each part: scores and terms, weighted sums of values, what a sweep
  /// knows of rows.
  /// What a block of transposed rows may keep: as many as a vector has lanes.
  static int64_t getKeptSize(AttentionTiling &t) {
    constexpr int64_t kMostLanes = 16, kLine = 64;
    return kMostLanes * (t.keysPerBlock + kLine);
  }

  Value scores, kept;
  std::optional<AttentionGuess> guess; // Where maxima may be guessed.
  SmallVector<Value> terms, sums, factors, mergeFactors, coefficients, uniforms;
  std::vector<SmallVector<Value>> states, statistics;
  std::vector<SmallVector<TypedAttr>> identities;
};

} // namespace

//===----------------------------------------------------------------------===//
// Scratch
//===----------------------------------------------------------------------===//

Value Sweeps::allocateRows(AttentionTiling &t, Value parts, Type type) {
  return t.allocateApart({parts, t.builder.getIndexAttr(t.rowsPerTile)},
                         type.isF32() ? t.operands.accumulator : type);
}

Value Sweeps::allocateState(AttentionTiling &t, Type type) {
  return t.allocateApart({t.slots, t.slotRows},
                         type.isF32() ? t.operands.accumulator : type);
}

/// Rows of scratch are longer than their contents: at a power of two apart they
/// would lie in few sets of the first-level cache.
static constexpr int64_t kKeyPad = 32, kValuePad = 16;

void Sweeps::allocate(AttentionTiling &t, Value parts) {
  OpFoldResult rows = t.builder.getIndexAttr(t.rowsPerTile),
               keys = t.builder.getIndexAttr(t.keysPerBlock + kKeyPad),
               width = t.builder.getIndexAttr(t.operands.valueSize + kValuePad);
  Type element = t.operands.accumulator, f32 = t.builder.getF32Type();
  bool carries = blockwise->carries();
  if (t.operands.inPairs)
    scores = t.allocateApart({parts, rows, keys}, element);
  for (unsigned i = 0, e = blockwise->getRank(); i < e; ++i) {
    terms.push_back(
        t.allocateApart({parts, rows, keys}, t.operands.getStorage()));
    sums.push_back(t.allocateApart({t.slots, t.slotRows, width}, element));
    if (!carries)
      continue;
    factors.push_back(allocateRows(t, parts, f32));
    for (int side = 0; meetsKeysInParts() && side < 2; ++side)
      mergeFactors.push_back(allocateRows(t, parts, f32));
    coefficients.push_back(allocateRows(t, parts, f32));
  }
  if (carries && formulas.mayOverride())
    coefficients.push_back(allocateRows(t, parts, f32)); // An offset.
  if (formulas.getHoldable())
    guess.emplace(t).allocate(parts);
  kept =
      t.allocateApart({parts, t.builder.getIndexAttr(getKeptSize(t))}, element);
  if (!t.operands.inPairs) // The first take the place of the scores.
    scores = terms[0];
  int64_t count = formulas.getNumSweeps();
  for (int64_t sweep = 1; sweep <= count; ++sweep) {
    StateLayout layout = formulas.getLayout(sweep);
    SmallVector<Value> state, found;
    SmallVector<TypedAttr> identity;
    for (const RowValue &slot : layout.slots) {
      state.push_back(allocateState(t, slot.type));
      identity.push_back(slot.identity);
    }
    size_t statisticCount =
        formulas.getLayout(sweep == count ? 0 : sweep + 1).known.size() -
        layout.known.size();
    for (size_t i = 0; i < statisticCount; ++i)
      found.push_back(allocateRows(t, parts, layout.finished[i].type));
    states.push_back(std::move(state));
    statistics.push_back(std::move(found));
    identities.push_back(std::move(identity));
  }
  for (auto [i, type] : llvm::enumerate(t.formula.getResultTypes()))
    if (i != t.weights)
      uniforms.push_back(allocateRows(t, parts, type));
}

SmallVector<Value> Sweeps::getRows(AttentionTiling &t,
                                   const AttentionTile &tile,
                                   ArrayRef<Value> all) {
  SmallVector<Value> own;
  for (Value each : all)
    own.push_back(t.perRow(each, tile));
  return own;
}

/// What the state of a sweep is of the tile's rows.
SmallVector<Value> Sweeps::getState(AttentionTiling &t,
                                    const AttentionTile &tile, int64_t sweep) {
  AttentionTile own = tile;
  own.part = tile.slot;
  return getRows(t, own, states[sweep - 1]);
}

Value Sweeps::getScores(AttentionTiling &t, const AttentionTile &tile,
                        Value all) {
  OpFoldResult zero = t.builder.getIndexAttr(0);
  return t.view(
      all, {tile.part, tile.row, zero},
      {nullptr, tile.rowCount, t.builder.getIndexAttr(t.keysPerBlock)});
}

/// The first columns of scores or weights; beside varying operands a formula
/// takes them itself.
Value Sweeps::getColumns(AttentionTiling &t, const AttentionTile &tile,
                         Value all, Value width) {
  if (t.hasVaryingOperands())
    return all;
  OpFoldResult zero = t.builder.getIndexAttr(0);
  return t.view(all, {zero, zero}, {tile.rowCount, width});
}

/// Where the weights of a block go. Products of pairs take all of it, beyond
/// the columns that operands of the formula have.
Value Sweeps::getWeights(AttentionTiling &t, const AttentionTile &tile,
                         Value all) {
  Value own = getScores(t, tile, all);
  if (t.operands.inPairs && t.hasVaryingOperands())
    t.fill(own, 0.0);
  return own;
}

Value Sweeps::getSums(AttentionTiling &t, const AttentionTile &tile,
                      unsigned i) {
  OpFoldResult zero = t.builder.getIndexAttr(0);
  return t.view(
      sums[i], {tile.slot, tile.row, zero},
      {nullptr, tile.rowCount, t.builder.getIndexAttr(t.operands.valueSize)});
}

/// Which arguments are one per row, for formulas that differ in this alone.
static std::string describe(ArrayRef<bool> perRow) {
  std::string text;
  for (bool own : perRow)
    text += own ? 'r' : 's';
  return text;
}

FlatSymbolRefAttr Sweeps::insert(AttentionTiling &t, const Twine &purpose,
                                 llvm::function_ref<FormulaOp(StringRef)> make,
                                 ArrayRef<bool> perRow) {
  return t.symbols.getOrInsert(t.op, resolveFormula(t.op, attended),
                               {t.op.getEmptyRow(), t.op.getNan()},
                               purpose.str(), make, describe(perRow));
}

//===----------------------------------------------------------------------===//
// A tile
//===----------------------------------------------------------------------===//

/// Multiplies the sums of rows whose factor is not 1.
void Sweeps::scaleSums(AttentionTiling &t, const AttentionTile &tile, Value own,
                       Value factors) {
  OpBuilder::InsertionGuard guard(t.builder);
  OpBuilder &b = t.builder;
  Value zero = t.index.constant(0), step = t.index.constant(1);
  auto rows = scf::ForOp::create(b, t.loc, zero, tile.rowCount, step);
  b.setInsertionPointToStart(rows.getBody());
  Value row = rows.getInductionVar();
  Value factor = memref::LoadOp::create(b, t.loc, factors, row);
  Value one = arith::ConstantOp::create(b, t.loc,
                                        b.getFloatAttr(factor.getType(), 1.0));
  Value moves =
      arith::CmpFOp::create(b, t.loc, arith::CmpFPredicate::UNE, factor, one);
  auto branch = scf::IfOp::create(b, t.loc, moves, /*withElseRegion=*/false);
  b.setInsertionPointToStart(branch.thenBlock());
  auto columns = scf::ForOp::create(
      b, t.loc, zero, t.index.constant(t.operands.valueSize), step);
  b.setInsertionPointToStart(columns.getBody());
  SmallVector<Value, 2> at{row, columns.getInductionVar()};
  Value old = memref::LoadOp::create(b, t.loc, own, at);
  Value moved = arith::MulFOp::create(b, t.loc, old, factor);
  memref::StoreOp::create(b, t.loc, moved, own, at);
}

/// What a sweep starts with.
void Sweeps::emitIdentities(AttentionTiling &t, const AttentionTile &tile,
                            int64_t sweep) {
  SmallVector<Value> state = getState(t, tile, sweep);
  for (auto [slot, identity] : llvm::zip(state, identities[sweep - 1])) {
    Type type = getElementTypeOrSelf(slot.getType());
    TypedAttr value = identity;
    if (auto number = dyn_cast<FloatAttr>(identity))
      value = t.builder.getFloatAttr(type, number.getValueAsDouble());
    Value nothing = arith::ConstantOp::create(t.builder, t.loc, value);
    linalg::FillOp::create(t.builder, t.loc, nothing, slot);
  }
  if (carries(sweep))
    for (unsigned i = 0; i < sums.size(); ++i)
      t.fill(getSums(t, tile, i), 0.0);
}

/// A step of the formula over the scores of some rows and a block; with
/// `weights`, the terms go there.
void Sweeps::emitStep(AttentionTiling &t, const AttentionTile &rows,
                      Value block, int64_t sweep, ArrayRef<Value> weights,
                      TakenApart::Anchors anchors) {
  bool carry = carries(sweep), held = anchors == TakenApart::Anchors::Held;
  StringRef kind = held ? "held" : carry ? "carry" : "step";
  FlatSymbolRefAttr symbol =
      insert(t, kind + Twine(sweep), [&](StringRef name) {
        return formulas.buildStep(sweep, carry, name, anchors);
      });
  SmallVector<Value> inputs, outputs(weights);
  SmallVector<Value> running = getState(t, rows, sweep);
  for (int64_t s = 1; s < sweep; ++s)
    llvm::append_range(inputs, getRows(t, rows, statistics[s - 1]));
  llvm::append_range(inputs, running);
  if (anchors == TakenApart::Anchors::HeldWhereTold)
    inputs.push_back(guess->getHolds(rows));
  llvm::append_range(outputs, running);
  if (carry && !held)
    llvm::append_range(outputs, getRows(t, rows, factors));
  Value firstKey = t.index.mul(block, t.index.constant(t.keysPerBlock));
  t.withWidth(rows, firstKey, [&](Value width) {
    SmallVector<Value> own = outputs;
    for (size_t i = 0; i < weights.size(); ++i)
      own[i] = getColumns(t, rows, weights[i], width);
    t.emitRows(rows, symbol,
               getColumns(t, rows, getScores(t, rows, scores), width), firstKey,
               width, inputs, own, Form::Transposed,
               held                     ? RowPolicies::Ordinary
               : formulas.sumsKeepNaN() ? RowPolicies::Lossy
                                        : RowPolicies::NaNOnly,
               t.view(kept, {rows.part, t.builder.getIndexAttr(0)},
                      {nullptr, t.builder.getIndexAttr(getKeptSize(t))}));
  });
  if (!carry || held)
    return;
  for (unsigned i = 0; i < weights.size(); ++i)
    if (!formulas.getCarried()[i].exponent.empty())
      scaleSums(t, rows, getSums(t, rows, i), t.perRow(factors[i], rows));
}

/// Rows that hold their anchors take the short step.
void Sweeps::emitGuessedStep(AttentionTiling &t, const AttentionTile &rows,
                             Value block, ArrayRef<Value> weights) {
  OpBuilder::InsertionGuard guard(t.builder);
  Value all = guess->emitAllHold(rows);
  auto branch =
      scf::IfOp::create(t.builder, t.loc, all, /*withElseRegion=*/true);
  t.builder.setInsertionPointToStart(branch.thenBlock());
  emitStep(t, rows, block, 1, weights, TakenApart::Anchors::Held);
  t.builder.setInsertionPointToStart(branch.elseBlock());
  emitStep(t, rows, block, 1, weights, TakenApart::Anchors::HeldWhereTold);
  guess->emitHold(rows, getState(t, rows, 1)[formulas.getHoldable()->anchor]);
}

/// One pass over the blocks, from the identity of the sweep's state on.
void Sweeps::emitSweep(AttentionTiling &t, const AttentionTile &tile,
                       int64_t sweep) {
  bool carry = carries(sweep);
  emitIdentities(t, tile, sweep);
  if (guess)
    guess->emitStart(tile);
  t.forEachStrip(tile, [&](const AttentionTile &rows, Value block) {
    SmallVector<Value> weights;
    if (carry)
      for (Value term : terms)
        weights.push_back(getWeights(t, rows, term));
    t.emitScores(rows, block, getScores(t, rows, scores));
    if (guess)
      emitGuessedStep(t, rows, block, weights);
    else
      emitStep(t, rows, block, sweep, weights, TakenApart::Anchors::Running);
    for (auto [i, term] : llvm::enumerate(weights))
      t.emitValues(rows, block, term, getSums(t, rows, i));
  });
}

/// The formula's arguments that rows have once, and whether each row its own.
SmallVector<Value> Sweeps::getUniformInputs(AttentionTiling &t,
                                            const AttentionTile &tile,
                                            SmallVector<bool> &perRow) {
  SmallVector<Value> inputs = t.getRowInputs(tile);
  for (Value value : inputs)
    perRow.push_back(isa<MemRefType>(value.getType()));
  return inputs;
}

static RowsOp createRows(AttentionTiling &t, FlatSymbolRefAttr symbol,
                         ArrayRef<Value> inputs, ArrayRef<Value> outputs) {
  return RowsOp::create(
      t.builder, t.loc, TypeRange(), symbol, inputs, Value(), outputs,
      EmptyRowAttr(), PosInfAttr(), NaNPolicyAttr(), TiesAttr(), NegInfAttr(),
      FormAttr::get(t.builder.getContext(), Form::Elementwise), IntegerAttr(),
      IntegerAttr());
}

/// What the state says once all was seen. Returns the uniform results, if it
/// was the last sweep.
SmallVector<Value> Sweeps::emitFinish(AttentionTiling &t,
                                      const AttentionTile &tile,
                                      int64_t sweep) {
  bool carry = carries(sweep), isLast = sweep == formulas.getNumSweeps();
  SmallVector<Value> inputs = getState(t, tile, sweep), outputs, found;
  // Behind the state: the formula's uniforms, then what is known.
  SmallVector<bool> perRow;
  llvm::append_range(inputs, getUniformInputs(t, tile, perRow));
  for (int64_t s = 1; s < sweep; ++s)
    for (Value value : getRows(t, tile, statistics[s - 1])) {
      inputs.push_back(value);
      perRow.push_back(true);
    }
  outputs = getRows(t, tile,
                    carry ? ArrayRef<Value>(coefficients)
                          : ArrayRef<Value>(statistics[sweep - 1]));
  if (isLast)
    found = getRows(t, tile, uniforms);
  llvm::append_range(outputs, found);
  if (outputs.empty())
    return found;
  FlatSymbolRefAttr symbol = insert(
      t, (carry ? "carried" : "finish") + Twine(sweep),
      [&](StringRef name) {
        return carry ? formulas.buildCarriedFinish(perRow, name)
                     : formulas.buildFinish(sweep, perRow, name);
      },
      perRow);
  createRows(t, symbol, inputs, outputs);
  return found;
}

/// A pass of its own for the weights.
void Sweeps::emitWeights(AttentionTiling &t, const AttentionTile &tile) {
  t.fill(getSums(t, tile, 0), 0.0);
  FlatSymbolRefAttr symbol = attended;
  if (formulas.getNumSweeps() > 0)
    symbol = insert(t, "weights", [&](StringRef name) {
      return formulas.buildWeights(/*masked=*/false, name);
    });
  t.forEachStrip(tile, [&](const AttentionTile &rows, Value block) {
    SmallVector<Value> known;
    for (ArrayRef<Value> found : statistics)
      llvm::append_range(known, getRows(t, rows, found));
    Value own = getScores(t, rows, scores);
    Value weights = getWeights(t, rows, terms[0]);
    t.emitScores(rows, block, own);
    Value firstKey = t.index.mul(block, t.index.constant(t.keysPerBlock));
    t.withWidth(rows, firstKey, [&](Value width) {
      t.emitRows(rows, symbol, getColumns(t, rows, own, width), firstKey, width,
                 known, getColumns(t, rows, weights, width), Form::Elementwise,
                 RowPolicies::None);
    });
    t.emitValues(rows, block, weights, getSums(t, rows, 0));
  });
}

/// A sweep, done once more where guessed maxima fail.
void Sweeps::emitAttempts(AttentionTiling &t, const AttentionTile &tile,
                          int64_t sweep) {
  if (!guess)
    return emitSweep(t, tile, sweep);
  guess->emit(tile, [&] {
    emitSweep(t, tile, sweep);
    return getState(t, tile, 1)[formulas.getHoldable()->witness];
  });
}

void Sweeps::emitOutput(AttentionTiling &t, const AttentionTile &tile,
                        ArrayRef<Value> found) {
  SmallVector<Value> all;
  for (unsigned i = 0; i < sums.size(); ++i)
    all.push_back(getSums(t, tile, i));
  t.emitResults(tile, all, getRows(t, tile, coefficients), found);
}

/// The state, or what follows from it.
void Sweeps::emitEnd(AttentionTiling &t, const AttentionTile &tile) {
  if (!t.op.getState())
    return emitOutput(t, tile, emitFinish(t, tile, /*sweep=*/1));
  SmallVector<Value> slots, all;
  if (formulas.getNumSweeps() > 0)
    slots = getState(t, tile, /*sweep=*/1);
  for (unsigned i = 0; i < sums.size(); ++i)
    all.push_back(getSums(t, tile, i));
  t.emitState(tile, slots, all);
}

void Sweeps::emitTile(AttentionTiling &t, const AttentionTile &tile) {
  if (t.op.getState()) {
    if (formulas.getNumSweeps() > 0)
      emitAttempts(t, tile, /*sweep=*/1);
    else
      emitWeights(t, tile);
    return emitEnd(t, tile);
  }
  SmallVector<Value> found;
  for (int64_t sweep = 1; sweep <= formulas.getNumSweeps(); ++sweep) {
    emitAttempts(t, tile, sweep);
    found = emitFinish(t, tile, sweep);
  }
  if (!blockwise->carries())
    emitWeights(t, tile);
  emitOutput(t, tile, found);
}

//===----------------------------------------------------------------------===//
// Parts of the keys
//===----------------------------------------------------------------------===//

void Sweeps::emitPart(AttentionTiling &t, const AttentionTile &tile) {
  emitAttempts(t, tile, /*sweep=*/1);
}

void Sweeps::emitMerge(AttentionTiling &t, const AttentionTile &tile,
                       Value from) {
  AttentionTile other = tile;
  other.slot = from;
  SmallVector<Value> inputs = getState(t, tile, 1), outputs = inputs,
                     moved = getRows(t, tile, mergeFactors);
  llvm::append_range(inputs, getState(t, other, 1));
  SmallVector<bool> perRow;
  llvm::append_range(inputs, getUniformInputs(t, tile, perRow));
  llvm::append_range(outputs, moved);
  FlatSymbolRefAttr symbol = insert(
      t, "merge.carry",
      [&](StringRef name) {
        return formulas.buildMerge(1, perRow, name, /*carries=*/true);
      },
      perRow);
  createRows(t, symbol, inputs, outputs).setInCache(true);
  FlatSymbolRefAttr both = insert(t, "merge.sums", [&](StringRef name) {
    return buildMergedSum(t.loc, name);
  });
  for (unsigned i = 0; i < sums.size(); ++i) {
    Value own = getSums(t, tile, i);
    createRows(t, both,
               {own, getSums(t, other, i), moved[2 * i], moved[2 * i + 1]}, own)
        .setInCache(true);
  }
}

std::unique_ptr<AttentionForms>
weir::createSweepsForm(FlatSymbolRefAttr attended,
                       std::unique_ptr<BlockwiseRows> rows) {
  return std::make_unique<Sweeps>(attended, std::move(rows));
}
