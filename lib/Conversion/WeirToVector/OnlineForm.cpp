//===- OnlineForm.cpp - one sweep with corrected running values ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OnlineForm.h"

#include "PairSums.h"
#include "RunningState.h"
#include "Searches.h"
#include "StoredForm.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weir;

void OnlineForm::emitSweep(OpBuilder &builder, const DerivedSweep &sweep) {
  emitReductions(builder, sweep);
  emitSearches(builder, sweep);
}

void OnlineForm::emitSearches(OpBuilder &builder, const DerivedSweep &sweep) {
  for (const Law &law : sweep.laws)
    if (law.kind == Law::Search)
      emitSearch(emitter, builder, law.op);
}

void OnlineForm::emitReductions(OpBuilder &builder, const DerivedSweep &sweep) {
  auto emitCorrected = [&](SweepCompanion *with) {
    emitter.anchorRowCode(builder);
    RunningState state(emitter, sweep, laws);
    emitRunning(builder, sweep, state, with);
  };
  if (companion)
    return emitCorrected(std::exchange(companion, nullptr));
  // A sweep that leans on nothing unfinished runs as written.
  bool plain = llvm::all_of(sweep.laws, [](const Law &law) {
    return law.kind == Law::Plain || law.kind == Law::Search;
  });
  if (plain) {
    SmallVector<ReduceOp> reduces;
    for (const Law &law : sweep.laws)
      if (ReduceOp reduce = law.getReduce())
        reduces.push_back(reduce);
    emitStatistics(emitter, builder, reduces, /*keeps=*/false);
    return;
  }
  emitCorrected(/*with=*/nullptr);
}

static void emitIf(OpBuilder &b, Value condition,
                   llvm::function_ref<void(OpBuilder &)> then) {
  auto branch = scf::IfOp::create(b, condition.getLoc(), condition,
                                  /*withElseRegion=*/false);
  OpBuilder inside = branch.getThenBodyBuilder();
  then(inside);
}

/// What the companion carries stands in front of the state.
void OnlineForm::emitRunning(OpBuilder &builder, const DerivedSweep &sweep,
                             CarriedState &state, SweepCompanion *with) {
  RowSweep loops(emitter, builder, /*groupSize=*/8);
  if (!with) // Of equal elements a selection takes the first.
    loops.visitPagesInTurn();
  // A group is worth many instructions, and long rows run in this form. Groups
  // that wait for the quotients of the one before gain nothing from asking, and
  // lose what it takes.
  bool prefetches = llvm::none_of(
      sweep.laws, [](const Law &law) { return law.kind == Law::Recentre; });
  SmallVector<Value> carried;
  Value isFar;
  if (with) {
    carried = with->begin(builder);
    isFar = emitter.access.emitScoresExceedCache(builder);
  }
  size_t own = carried.size();
  auto behindOwn = [&](ValueRange c, ArrayRef<Value> states) {
    SmallVector<Value> all(c.take_front(own));
    llvm::append_range(all, states);
    return all;
  };
  auto update = [&](OpBuilder &b, ArrayRef<Lanes> lanes, ValueRange c,
                    bool inBlock) {
    SmallVector<Element> group(lanes.begin(), lanes.end());
    SmallVector<Value> found(c.take_front(own));
    if (with)
      found = with->update(b, group, found);
    ValueRange states = c.drop_front(own);
    return behindOwn(found, inBlock ? state.updateBlock(b, group, states)
                                    : state.update(b, group, states));
  };
  llvm::append_range(carried, state.begin(builder));
  carried = loops.emitGroupsInBlocks(
      carried,
      [&](OpBuilder &b, ValueRange c) {
        return behindOwn(c, state.beginBlock(b, c.drop_front(own)));
      },
      [&](OpBuilder &b, ArrayRef<Lanes> lanes, ValueRange c) {
        if (with)
          emitIf(b, isFar, [&](OpBuilder &then) {
            emitter.access.prefetchPages(then, lanes);
          });
        else if (prefetches)
          emitter.access.prefetch(b, lanes);
        return update(b, lanes, c, /*inBlock=*/true);
      },
      [&](OpBuilder &b, ValueRange c, ValueRange block) {
        return behindOwn(
            block, state.endBlock(b, c.drop_front(own), block.drop_front(own)));
      });
  carried = loops.emitRest(
      carried, [&](OpBuilder &b, ArrayRef<Lanes> lanes, ValueRange c) {
        return update(b, lanes, c, /*inBlock=*/false);
      });
  if (with)
    with->finish(builder, ValueRange(carried).take_front(own));
  state.finish(builder, ValueRange(carried).drop_front(own));
}

/// The first sweep must be emitted at all, before the row's code splits into
/// versions, and have a state; and scores must be what they were in memory.
bool OnlineForm::canJoin() const {
  bool splitsFirst = emitter.canFuseShifts && emitter.areShiftsFinished();
  return joins && !splitsFirst && !laws.getSweeps().empty() &&
         canCarryState(laws.getSweeps().front()) &&
         emitter.rows.getPosInf() != PosInf::Share;
}

/// A sweep may fuse shifts that it finishes when the finished ones tell whether
/// that was right: lanes may hold greater ones only if the row does. It should
/// when that is likely, since a row that was swept wrongly is swept again.
bool OnlineForm::fusesRunningShifts(const DerivedSweep &sweep) const {
  if (!emitter.shifts.suitMostRows())
    return false;
  auto isOfSweep = [&](Operation *op) {
    return llvm::any_of(sweep.laws,
                        [&](const Law &law) { return law.op == op; });
  };
  bool anyRuns = false;
  for (Value u : emitter.shifts.getShifts()) {
    anyRuns |= !emitter.isFinished(u);
    if (!emitter.shifts.growsWithRow(u) || !emitter.isFinished(u, isOfSweep))
      return false;
  }
  SweepState state(sweep);
  return anyRuns && llvm::all_of(state.sums, [](const SweepState::Sum &sum) {
           return static_cast<bool>(sum.reduce);
         });
}

void OnlineForm::emitRow(OpBuilder &builder) {
  emitRowPrologue(emitter, builder);
  if (companion && !canJoin()) {
    std::exchange(companion, nullptr)->runAlone(builder);
    emitter.anchorRowCode(builder);
  }
  emitSweeps(builder, 0, /*versioned=*/!emitter.canFuseShifts);
}

void OnlineForm::emitSweeps(OpBuilder &builder, size_t first, bool versioned) {
  auto sweeps = laws.getSweeps();
  for (size_t i = first; i <= sweeps.size(); ++i) {
    if (!versioned && emitter.areShiftsFinished())
      return emitter.emitVersions(builder, [&](OpBuilder &inside) {
        emitSweeps(inside, i, /*versioned=*/true);
      });
    if (i == sweeps.size())
      break;
    if (extended && extended->covers(sweeps[i]))
      return emitPairs(builder, i, versioned);
    if (versioned || !fusesRunningShifts(sweeps[i])) {
      emitSweep(builder, sweeps[i]);
      continue;
    }
    // The sweep assumes moderate shifts. A row that turns out otherwise, which
    // is rare, is swept again.
    RowEmitter::RowValues before = emitter.saveRow();
    emitter.fusesShifts = true;
    emitSweep(builder, sweeps[i]);
    return emitter.emitVersions(builder, [&](OpBuilder &inside) {
      if (!emitter.fusesShifts) {
        emitter.restoreRow(before);
        emitSweep(inside, sweeps[i]);
      }
      emitSweeps(inside, i + 1, /*versioned=*/true);
    });
  }
  emitRowResults(emitter, builder);
}

/// A sweep whose sums are pairs. A row that is out of their reach, which is
/// rare, is swept again with its maxima.
void OnlineForm::emitPairs(OpBuilder &builder, size_t at, bool versioned) {
  const DerivedSweep &sweep = laws.getSweeps()[at];
  Location loc = emitter.rows.getLoc();
  bool fuses = !versioned && fusesRunningShifts(sweep);
  RowEmitter::RowValues before = emitter.saveRow();
  emitter.anchorRowCode(builder);
  PairSums state(emitter, sweep, *extended, fuses);
  emitRunning(builder, sweep, state, /*with=*/nullptr);
  emitter.anchorRowCode(builder);
  Value inReach = state.emitIsInReach(builder);
  if (fuses)
    inReach = arith::AndIOp::create(builder, loc, inReach,
                                    emitter.emitAreShiftsModerate(builder));
  auto branch =
      scf::IfOp::create(builder, loc, inReach, /*withElseRegion=*/true);
  OpBuilder inside = branch.getThenBodyBuilder(),
            outside = branch.getElseBodyBuilder();
  RowEmitter::RowValues after = emitter.saveRow();

  emitter.anchorRowCode(outside);
  emitter.restoreRow(before);
  const ExtendedExponents *left = std::exchange(extended, nullptr);
  emitSweeps(outside, at, versioned);
  extended = left;

  emitter.anchorRowCode(inside);
  emitter.restoreRow(after);
  emitter.fusesShifts = fuses;
  emitter.isKnownNotEmpty = !extended->getFreeExtrema().empty();
  emitSearches(inside, sweep);
  emitSweeps(inside, at + 1, versioned || fuses);
  emitter.isKnownNotEmpty = false;
  emitter.fusesShifts = false;
  emitter.anchorRowCode(builder);
}
