//===- StoredForm.cpp - one sweep per level of reductions ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StoredForm.h"

#include "GuessedAnchor.h"
#include "RowTranspose.h"
#include "Searches.h"
#include "SolveSupport.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

//===----------------------------------------------------------------------===//
// Statistics
//===----------------------------------------------------------------------===//

/// Partial results of a group of reductions, laid out as [reduction][copy],
/// where a winner's index vectors follow those of its value.
namespace {
struct Partials {
  Partials(RowEmitter &emitter, ArrayRef<ReduceOp> reduces, int64_t copies)
      : emitter(emitter), reduces(reduces), copies(copies),
        keepsLosses(emitter.keepsLosses() || hasManyBlocks(emitter, copies)) {}

  /// Where a row of tens of millions has equal numbers, adding up its blocks
  /// loses in the same direction each time. A loss costs little beside a block.
  static bool hasManyBlocks(RowEmitter &emitter, int64_t copies) {
    constexpr int64_t kFew = 16;
    const RowAccess &access = emitter.access;
    int64_t known = getKnownSize(access.getRowLength());
    return known == 0 || known > kFew * RowSweep::kGroupsInBlock * copies *
                                     access.getLayout().getPositionCount();
  }

  static int64_t slotsOf(ReduceOp reduce) { return reduce.getWinner() ? 2 : 1; }

  /// True when the total has a loss (RowEmitter::addWithLoss), which stands
  /// behind all totals.
  bool keepsLoss(ReduceOp reduce) const {
    return keepsLosses && reduce.getKind() == ReductionKind::Add &&
           isa<FloatType>(reduce.getValue().getType());
  }

  SmallVector<Value> totalInits(OpBuilder &b) {
    SmallVector<Value> values = inits(b, 1);
    for (ReduceOp reduce : reduces)
      if (keepsLoss(reduce))
        values.push_back(emitter.getIdentity(
            b, ReductionKind::Add,
            emitter.access.getVectorType(
                emitter.access.getScalarType(reduce.getValue().getType()))));
    return values;
  }

  SmallVector<Value> inits(OpBuilder &b, int64_t count) {
    SmallVector<Value> values;
    for (ReduceOp reduce : reduces) {
      Type scalar = emitter.access.getScalarType(reduce.getValue().getType());
      Value identity = emitter.getIdentity(
          b, reduce.getKind(), emitter.access.getVectorType(scalar));
      identities.insert(identity);
      values.append(count, identity);
      if (reduce.getWinner())
        values.append(
            count, emitter.constant(
                       b, emitter.access.getVectorType(b.getIndexType()), -1));
    }
    return values;
  }

  /// Takes operand vectors of `group` into `accumulators`, copy v for vector v.
  /// What meets an identity takes its place, a NaN in it, too: where maxima may
  /// lose that, it is lost when the copies are folded.
  SmallVector<Value> accumulate(OpBuilder &b, MutableArrayRef<Element> group,
                                ValueRange accumulators, int64_t count) const {
    SmallVector<Value> next(accumulators);
    int64_t base = 0;
    for (ReduceOp reduce : reduces) {
      for (auto [v, element] : llvm::enumerate(group)) {
        Value operand = emitter.getReduced(b, element, reduce);
        Value &value = next[base + v];
        if (reduce.getWinner())
          updateWinner(b, reduce, element, operand, value,
                       next[base + count + v]);
        value = identities.contains(value)
                    ? operand
                    : emitter.combine(b, reduce, value, operand);
      }
      base += slotsOf(reduce) * count;
    }
    return next;
  }

  void updateWinner(OpBuilder &b, ReduceOp reduce, Element &element,
                    Value operand, Value best, Value &winner) const {
    Location loc = reduce.getLoc();
    bool isMax = reduce.getKind() == ReductionKind::Max;
    Value better;
    if (isa<FloatType>(getElementTypeOrSelf(operand.getType())))
      better = arith::CmpFOp::create(
          b, loc, isMax ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT,
          operand, best);
    else
      better = arith::CmpIOp::create(
          b, loc, isMax ? arith::CmpIPredicate::sgt : arith::CmpIPredicate::slt,
          operand, best);
    Value position = emitter.emitPosition(b, element);
    winner = arith::SelectOp::create(b, loc, better, position, winner);
  }

  /// Folds `count` copies of each reduction in `from` onto the single one in
  /// `onto`.
  SmallVector<Value> fold(OpBuilder &b, ValueRange onto, ValueRange from,
                          int64_t count) const {
    int64_t base = 0, slot = 0, lossSlot = 0;
    for (ReduceOp reduce : reduces)
      lossSlot += slotsOf(reduce);
    SmallVector<Value> next, losses;
    for (ReduceOp reduce : reduces) {
      SmallVector<std::pair<Value, Value>> terms;
      bool winner = static_cast<bool>(reduce.getWinner());
      for (int64_t v = 0; v < count; ++v)
        terms.push_back(
            {from[base + v], winner ? from[base + count + v] : Value()});
      while (terms.size() > 1) { // A tree, so that sums stay balanced.
        SmallVector<std::pair<Value, Value>> half;
        for (size_t i = 0; i + 1 < terms.size(); i += 2)
          half.push_back(join(b, reduce, terms[i], terms[i + 1]));
        if (terms.size() % 2)
          half.push_back(terms.back());
        terms = std::move(half);
      }
      base += slotsOf(reduce) * count;
      if (keepsLoss(reduce)) {
        next.push_back(onto[slot++]);
        losses.push_back(onto[lossSlot++]);
        emitter.addWithLoss(b, next.back(), losses.back(), terms[0].first);
        continue;
      }
      auto total = join(
          b, reduce, {onto[slot], winner ? onto[slot + 1] : Value()}, terms[0]);
      next.push_back(total.first);
      if (winner)
        next.push_back(total.second);
      slot += slotsOf(reduce);
    }
    llvm::append_range(next, losses);
    return next;
  }

  std::pair<Value, Value> join(OpBuilder &b, ReduceOp reduce,
                               std::pair<Value, Value> a,
                               std::pair<Value, Value> c) const {
    Value value = emitter.combine(b, reduce, a.first, c.first);
    if (!reduce.getWinner())
      return {value, Value()};
    return {value, joinWinners(b, reduce, a, c)};
  }

  /// The better of two partial winners; of equal ones the lower index. An index
  /// of -1 is the largest unsigned number, so it never wins.
  Value joinWinners(OpBuilder &b, ReduceOp reduce, std::pair<Value, Value> a,
                    std::pair<Value, Value> c) const {
    Location loc = reduce.getLoc();
    bool isMax = reduce.getKind() == ReductionKind::Max;
    auto greater = [&](Value x, Value y) -> Value {
      if (!isMax)
        std::swap(x, y);
      if (isa<FloatType>(getElementTypeOrSelf(x.getType())))
        return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, x, y);
      return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sgt, x, y);
    };
    Value lower = arith::MinUIOp::create(b, loc, a.second, c.second);
    Value second = arith::SelectOp::create(b, loc, greater(c.first, a.first),
                                           c.second, lower);
    return arith::SelectOp::create(b, loc, greater(a.first, c.first), a.second,
                                   second);
  }

  /// Combines the lanes and gives the reductions their scalars.
  void finish(OpBuilder &b, ValueRange vectors) const {
    int64_t slot = 0;
    for (ReduceOp reduce : reduces) {
      if (emitter.access.getLayout().isBlock()) {
        finishBlock(b, reduce, vectors.slice(slot, slotsOf(reduce)));
        slot += slotsOf(reduce);
        continue;
      }
      Value vector = vectors[slot];
      Value scalar = emitter.combineLanes(b, reduce, vector);
      emitter.setScalar(reduce.getResult(), scalar);
      if (reduce.getKind() == ReductionKind::Max &&
          !emitter.access.getLayout().isAcross())
        emitter.laneMaxima.push_back({reduce, {vector}});
      if (reduce.getWinner())
        emitter.setScalar(
            reduce.getWinner(),
            winnerOf(b, reduce, vector, vectors[slot + 1], scalar));
      slot += slotsOf(reduce);
    }
  }

  /// Does so for the rows of a block, whose partial results lie in `buffers`.
  void finishBlock(OpBuilder &b, ReduceOp reduce, ValueRange buffers) const {
    auto side = [](ValueRange vectors) -> std::pair<Value, Value> {
      return {vectors[0], vectors.size() > 1 ? vectors[1] : Value()};
    };
    SmallVector<Value> rows =
        joinRows(b, reduce.getLoc(), buffers, [&](ValueRange x, ValueRange y) {
          auto [value, winner] = join(b, reduce, side(x), side(y));
          SmallVector<Value> joined = {value};
          if (winner)
            joined.push_back(winner);
          return joined;
        });
    emitter.setScalar(reduce.getResult(), rows[0]);
    if (reduce.getWinner())
      emitter.setScalar(reduce.getWinner(), rows[1]);
    if (reduce.getKind() == ReductionKind::Max && emitter.canCompact)
      emitter.laneMaxima.push_back(
          {reduce, turnRows(b, reduce.getLoc(),
                            loadRows(b, reduce.getLoc(), buffers[0]))});
  }

  Value winnerOf(OpBuilder &b, ReduceOp reduce, Value values, Value indices,
                 Value best) const {
    if (emitter.access.getLayout().isAcross())
      return indices;
    Location loc = reduce.getLoc();
    Value splat = vector::BroadcastOp::create(b, loc, values.getType(), best);
    Value isBest;
    if (isa<FloatType>(best.getType()))
      isBest = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, values,
                                     splat);
    else
      isBest = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, values,
                                     splat);
    Value none = emitter.constant(b, indices.getType(), -1);
    Value candidates = arith::SelectOp::create(b, loc, isBest, indices, none);
    return vector::ReductionOp::create(b, loc, vector::CombiningKind::MINUI,
                                       candidates);
  }

  RowEmitter &emitter;
  ArrayRef<ReduceOp> reduces;
  int64_t copies;
  bool keepsLosses;
  llvm::DenseSet<Value> identities;
};
} // namespace

/// Vectors per group: more independent accumulators hide latency, too many
/// spill. A sweep with an exp in it is bound by arithmetic and needs fewer.
static int64_t chooseGroupSize(RowEmitter &emitter,
                               ArrayRef<ReduceOp> reduces) {
  bool heavy = false;
  for (ReduceOp reduce : reduces)
    if (Operation *op = reduce.getValue().getDefiningOp())
      heavy |= getElementwiseCost(op) > 4;
  int64_t most = heavy ? 4 : 8;
  while (most > 1 && most * static_cast<int64_t>(reduces.size()) > 12)
    most /= 2;
  return most;
}

void weir::emitStatistics(RowEmitter &emitter, OpBuilder &builder,
                          ArrayRef<ReduceOp> reduces, bool keeps) {
  if (reduces.empty())
    return;
  int64_t groupSize = chooseGroupSize(emitter, reduces);
  int64_t copies = emitter.access.getLayout().fit(groupSize);
  Partials partials(emitter, reduces, copies);
  auto body = [&](int64_t count) {
    return [&, count](OpBuilder &b, ArrayRef<Lanes> lanes, ValueRange carried) {
      if (count == copies && emitter.access.visitsPages())
        emitter.access.prefetch(b, lanes);
      SmallVector<Element> group(lanes.begin(), lanes.end());
      SmallVector<Value> next = partials.accumulate(b, group, carried, count);
      for (Element &element : group) {
        if (!keeps)
          break;
        Value value = emitter.getKept(b, element);
        if (emitter.storedResult)
          emitter.access.storeVarying(b, *emitter.storedResult, element.lanes,
                                      value);
        else
          emitter.access.storeVector(b, emitter.getKeptRow(), element.lanes,
                                     value);
      }
      return next;
    };
  };
  emitter.anchorRowCode(builder);
  RowSweep sweep(emitter, builder, groupSize);
  // Of equal scores, the one that is seen first wins.
  if (llvm::none_of(reduces, [](ReduceOp r) { return !!r.getWinner(); }))
    sweep.visitPagesInTurn();
  SmallVector<Value> inits = partials.totalInits(builder),
                     blockInits = partials.inits(builder, copies);
  SmallVector<Value> totals = sweep.emitInBlocks(
      inits, [&](OpBuilder &, ValueRange) { return blockInits; }, body(copies),
      [&](OpBuilder &b, ValueRange carried, ValueRange block) {
        return partials.fold(b, carried, block, copies);
      },
      body(1));
  partials.finish(builder, totals);
}

bool StoredForm::storesInResult(RowEmitter &emitter) {
  RowsOp rows = emitter.rows;
  Value kept = emitter.schedule.getStoredValue();
  // Only when nothing else is read while results are written: another argument
  // of the row could be the very memory of the result. Across rows a buffer of
  // the row's own takes fewer cache lines. What is written past the caches is
  // written once.
  if (!kept || rows.getStreamBytes().value_or(0) > 0 ||
      emitter.formula.isUniformResult(0) || rows.getOutputs().size() != 1 ||
      emitter.access.getLayout().isAcross())
    return false;
  if (cast<MemRefType>(rows.getOutputs()[0].getType()).getElementType() !=
      emitter.access.getComputeType())
    return false;
  SmallVector<Value> work(emitter.formula.getYieldedValues());
  while (!work.empty()) {
    Value value = work.pop_back_val();
    if (value == kept || !emitter.schedule.getVariance().isVarying(value))
      continue;
    if (!value.getDefiningOp())
      return false;
    llvm::append_range(work, value.getDefiningOp()->getOperands());
  }
  return emitter.resultMasksItself(0);
}

std::optional<unsigned> StoredForm::findStoredResult(RowEmitter &emitter) {
  std::optional<unsigned> found;
  FormulaOp formula = emitter.formula;
  for (auto [i, value] : llvm::enumerate(formula.getYieldedValues())) {
    if (formula.isUniformResult(i))
      continue;
    if (found || value != emitter.schedule.getStoredValue())
      return std::nullopt;
    found = i;
  }
  bool fits = found && emitter.rows.getInCache() &&
              !emitter.access.getLayout().isAcross() &&
              emitter.resultMasksItself(*found);
  return fits ? found : std::nullopt;
}

void StoredForm::emitRow(OpBuilder &builder) {
  emitRowPrologue(emitter, builder);
  auto ordinary = [&](OpBuilder &b) {
    emitSweeps(b, 0, /*versioned=*/!emitter.canFuseShifts);
  };
  std::optional<GuessedAnchor> guess = GuessedAnchor::find(emitter);
  if (!guess) {
    ReduceOp sum = findTellingSum();
    return sum ? emitFiniteFirst(builder, sum, ordinary) : ordinary(builder);
  }
  Value keptRow = emitter.keepsStoredValue() ? emitter.getKeptRow() : Value();
  guess->emitRow(
      builder, keptRow,
      [&](OpBuilder &b) {
        for (size_t i = 1, e = emitter.schedule.getStages().size(); i < e; ++i)
          emitStage(b, i);
      },
      [&](OpBuilder &b) { emitRowResults(emitter, b); }, ordinary);
}

/// A sum of the first sweep that is finite only if all scores are; null where
/// nothing is gained by knowing, or where that sweep writes over scores.
ReduceOp StoredForm::findTellingSum() {
  auto stages = emitter.schedule.getStages();
  // Which code a row runs in must not follow from rows beside it.
  if (!emitter.scoreExcludes || emitter.access.hasMask() ||
      emitter.access.getLayout().hasRowVectors() || stages.empty() ||
      llvm::any_of(stages, [](const auto &s) { return !s.searches.empty(); }))
    return ReduceOp();
  if (stages.size() == 1 && emitter.keepsStoredValue() &&
      (emitter.storedResult ||
       emitter.getKeptRow() == emitter.access.getResultRow(0)))
    return ReduceOp();
  bool gains = emitter.looksForNaN;
  for (const auto &stage : stages)
    for (ReduceOp reduce : stage.reduces)
      gains |= !emitter.limits.vanishesWhenExcluded(reduce);
  for (unsigned i = 0, e = emitter.formula.getResultTypes().size(); i < e; ++i)
    gains |=
        !emitter.formula.isUniformResult(i) && !emitter.resultMasksItself(i);
  for (ReduceOp reduce : stages[0].reduces)
    if (gains && reduce.getKind() == ReductionKind::Add &&
        reduce.getValue().getType().isF32() &&
        emitter.limits.isInfiniteAtExcluded(reduce.getValue()))
      return reduce;
  return ReduceOp();
}

/// The first sweep as if all scores were finite; the rest, too, if its sum says
/// that they are, and else the row from the beginning.
void StoredForm::emitFiniteFirst(
    OpBuilder &builder, ReduceOp sum,
    llvm::function_ref<void(OpBuilder &)> ordinary) {
  Location loc = emitter.rows.getLoc();
  RowEmitter::RowValues known = emitter.saveRow();
  emitter.isKnownFinite = true;
  emitStage(builder, 0);
  emitter.anchorRowCode(builder);
  Value total = emitter.getScalar(sum.getResult());
  Value isFinite = arith::CmpFOp::create(
      builder, loc, arith::CmpFPredicate::OLT,
      math::AbsFOp::create(builder, loc, total),
      emitter.constant(builder, total.getType(), INFINITY));
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value hasElements = builder.createOrFold<arith::CmpIOp>(
      loc, arith::CmpIPredicate::ne, emitter.access.getRowLength(), zero);
  Value both = builder.createOrFold<arith::AndIOp>(loc, isFinite, hasElements);
  auto branch = scf::IfOp::create(builder, loc, both, /*withElseRegion=*/true);
  OpBuilder finite = branch.getThenBodyBuilder(),
            other = branch.getElseBodyBuilder();
  emitter.anchorRowCode(finite);
  emitSweeps(finite, 1, /*versioned=*/!emitter.canFuseShifts);
  emitter.isKnownFinite = false;
  emitter.restoreRow(known);
  emitter.beginSeldomRun(other);
  emitter.anchorRowCode(other);
  ordinary(other);
  emitter.anchorRowCode(builder);
}

/// The sweep of stage `i`, and the searches after it.
void StoredForm::emitStage(OpBuilder &builder, size_t i) {
  auto stages = emitter.schedule.getStages();
  bool keeps = i + 1 == stages.size() && emitter.keepsStoredValue();
  SmallVector<ReduceOp> reduces(stages[i].reduces);
  if (!keeps) // A search may have found some of them on its way.
    llvm::erase_if(reduces, [&](ReduceOp reduce) {
      return emitter.hasScalar(reduce.getResult());
    });
  if (keeps && (emitter.storedResult ||
                emitter.getKeptRow() == emitter.access.getResultRow(0)))
    emitFindings(emitter, builder); // The scores may lie there, too.
  emitter.compacted = keeps ? std::nullopt : getSupport(reduces);
  emitStatistics(emitter, builder, reduces, keeps);
  emitter.compacted.reset();
  for (Operation *search : stages[i].searches)
    emitSearch(emitter, builder, search);
}

/// The elements that a search has copied together, when `reduces` need no
/// others.
std::optional<RowEmitter::Compacted>
StoredForm::getSupport(ArrayRef<ReduceOp> reduces) {
  const auto &support = emitter.support;
  if (!support || reduces.empty() ||
      !llvm::all_of(reduces, [&](ReduceOp reduce) {
        return sumsSupportOnly(reduce, support->elements.value, support->root,
                               emitter.schedule.getVariance());
      }))
    return std::nullopt;
  return support->elements;
}

/// The sweeps from `first` on and the results, in two versions from where the
/// shifts of exponentials are known.
void StoredForm::emitSweeps(OpBuilder &builder, size_t first, bool versioned) {
  auto stages = emitter.schedule.getStages();
  for (size_t i = first; i <= stages.size(); ++i) {
    if (!versioned && emitter.areShiftsFinished())
      return emitter.emitVersions(builder, [&](OpBuilder &inside) {
        emitSweeps(inside, i, /*versioned=*/true);
      });
    if (i == stages.size())
      break;
    emitStage(builder, i);
  }
  emitRowResults(emitter, builder);
}
