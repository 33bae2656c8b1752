//===- OnlineForm.cpp - one sweep with corrected running values ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OnlineForm.h"

#include "RunningState.h"
#include "Searches.h"
#include "StoredForm.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weir;

void OnlineForm::emitSweep(OpBuilder &builder, const DerivedSweep &sweep) {
  emitReductions(builder, sweep);
  for (const Law &law : sweep.laws)
    if (law.kind == Law::Search)
      emitSearch(emitter, builder, law.op);
}

void OnlineForm::emitReductions(OpBuilder &builder, const DerivedSweep &sweep) {
  if (companion)
    return emitRunning(builder, sweep, std::exchange(companion, nullptr));
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
  emitRunning(builder, sweep, /*with=*/nullptr);
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
                             SweepCompanion *with) {
  emitter.anchorRowCode(builder);
  RunningState state(emitter, sweep, laws);
  RowSweep loops(emitter, builder, /*groupSize=*/8);
  if (!with) // Of equal elements a selection takes the first.
    loops.visitPagesInTurn();
  // A group is worth many instructions, and long rows run in this form. Pages
  // in turn are far apart, and memory runs ahead in each by itself.
  bool prefetches = emitter.rows.getPages().value_or(1) == 1;
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
                    int64_t copies) {
    SmallVector<Element> group(lanes.begin(), lanes.end());
    SmallVector<Value> found(c.take_front(own));
    if (with)
      found = with->update(b, group, found);
    return behindOwn(found, state.update(b, group, c.drop_front(own), copies));
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
        return update(b, lanes, c, state.getCopyCount());
      },
      [&](OpBuilder &b, ValueRange, ValueRange block) {
        return behindOwn(block, state.endBlock(b, block.drop_front(own)));
      });
  carried = loops.emitRest(
      carried, [&](OpBuilder &b, ArrayRef<Lanes> lanes, ValueRange c) {
        return update(b, lanes, c, /*copies=*/0);
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

/// A sweep may fuse shifts that still run when the finished ones tell whether
/// that was right: lanes may hold greater ones only if the row does. It should
/// when that is likely, since a row that was swept wrongly is swept again.
bool OnlineForm::fusesRunningShifts(const DerivedSweep &sweep) const {
  if (!emitter.shifts.suitMostRows())
    return false;
  bool anyRuns = false;
  for (Value u : emitter.shifts.getShifts()) {
    anyRuns |= !emitter.isFinished(u);
    if (!emitter.shifts.growsWithRow(u))
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
