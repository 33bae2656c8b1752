//===- OnlineForm.cpp - one sweep with corrected running values ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OnlineForm.h"

#include "RunningState.h"
#include "StoredForm.h"

using namespace mlir;
using namespace weir;

void OnlineForm::emitSweep(OpBuilder &builder, const DerivedSweep &sweep) {
  // A sweep that leans on nothing unfinished runs as written.
  bool plain = llvm::all_of(
      sweep.laws, [](const Law &law) { return law.kind == Law::Plain; });
  if (plain) {
    SmallVector<ReduceOp> reduces;
    for (const Law &law : sweep.laws)
      reduces.push_back(law.getReduce());
    emitStatistics(emitter, builder, reduces, Value());
    return;
  }
  emitter.anchorRowCode(builder);
  RunningState state(emitter, sweep, laws);
  RowSweep loops(emitter, builder, /*groupSize=*/8);
  SmallVector<Value> carried = state.begin(builder);
  carried = loops.emitGroupsInBlocks(
      carried,
      [&](OpBuilder &b, ValueRange c) { return state.beginBlock(b, c); },
      [&](OpBuilder &b, ArrayRef<Lanes> lanes, ValueRange c) {
        return state.update(b, lanes, c, RunningState::kCopies);
      },
      [&](OpBuilder &b, ValueRange, ValueRange block) {
        return state.endBlock(b, block);
      });
  carried = loops.emitRest(
      carried, [&](OpBuilder &b, ArrayRef<Lanes> lanes, ValueRange c) {
        return state.update(b, lanes, c, /*copies=*/0);
      });
  state.finish(builder, carried);
}

void OnlineForm::emitRow(OpBuilder &builder) {
  emitRowPrologue(emitter, builder);
  for (const DerivedSweep &sweep : laws.getSweeps())
    emitSweep(builder, sweep);
  emitRowResults(emitter, builder, Value());
}
