//===- RowSweep.cpp - loops over one row ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowSweep.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

RowSweep::RowSweep(RowEmitter &emitter, OpBuilder &builder, int64_t groupSize)
    : RowSweep(&emitter, emitter.access, emitter.getSweepBegin(),
               emitter.getSweepEnd(), builder, emitter.rows.getLoc(),
               groupSize) {}

RowSweep::RowSweep(RowViews &access, OpBuilder &builder, Location loc,
                   int64_t groupSize)
    : RowSweep(nullptr, access, Value(), access.getRowLength(), builder, loc,
               groupSize) {}

/// A null `begin` stands for 0.
RowSweep::RowSweep(RowEmitter *emitter, RowViews &access, Value begin,
                   Value end, OpBuilder &builder, Location loc,
                   int64_t groupSize)
    : emitter(emitter), access(access), begin(begin), end(end),
      builder(&builder), loc(loc),
      groupSize(access.getLayout().fit(groupSize)) {
  startAt(begin);
}

Value RowSweep::index(OpBuilder &b, int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

void RowSweep::startAt(Value first) {
  Value span =
      first ? arith::SubIOp::create(*builder, loc, end, first).getResult()
            : end;
  Value rest = arith::RemUIOp::create(*builder, loc, span,
                                      index(*builder, getGroupLength()));
  groupsBegin = first;
  groupsEnd = arith::SubIOp::create(*builder, loc, end, rest);
}

void RowSweep::visitPagesInTurn() {
  int64_t count = emitter->rows.getPages().value_or(1);
  int64_t length = emitter->access.getPageLength();
  if (count == 1 || access.getLayout().isAcross() || emitter->compacted ||
      length % getGroupLength() != 0)
    return;
  pages = count;
  pageLength = length;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// Emits the body for `vectors` vectors from element `first` on. If there is
/// `maskedFrom`, lanes from that element on are masked.
SmallVector<Value> RowSweep::emitGroup(OpBuilder &b, Value first,
                                       int64_t vectors, Value maskedFrom,
                                       ValueRange carried, Body body) {
  const LaneLayout &layout = access.getLayout();
  SmallVector<Lanes> group;
  for (int64_t v = 0; v < vectors; ++v) {
    Value position = first;
    if (v)
      position = arith::AddIOp::create(b, loc, position,
                                       index(b, v * layout.getPositionCount()),
                                       arith::IntegerOverflowFlags::nsw);
    Value mask = layout.isAcross() ? layout.getRowMask() : Value();
    if (maskedFrom && !layout.isAcross()) {
      Value left = arith::SubIOp::create(b, loc, maskedFrom, position);
      mask = vector::CreateMaskOp::create(
          b, loc, access.getVectorType(b.getI1Type()), left);
    }
    group.push_back({position, mask});
  }
  return body(b, group, carried);
}

/// Ends the body of a loop.
static void yield(OpBuilder &b, Location loc, ValueRange next) {
  if (!next.empty()) // Without carried values it has its terminator already.
    scf::YieldOp::create(b, loc, next);
}

SmallVector<Value> RowSweep::emitLoop(OpBuilder &b, Value from, Value to,
                                      int64_t vectors, bool masked,
                                      ValueRange carried, Body body) {
  int64_t positions = access.getLayout().getPositionCount();
  auto loop = scf::ForOp::create(b, loc, from, to,
                                 index(b, vectors * positions), carried);
  if (&b == builder) // Not inside a block loop, which is the anchor then.
    anchorRowCode(loop);
  OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
  yield(inner, loc,
        emitGroup(inner, loop.getInductionVar(), vectors, masked ? to : Value(),
                  loop.getRegionIterArgs(), body));
  return SmallVector<Value>(loop.getResults());
}

/// A loop over the groups in blocks of `length` elements, the last one shorter.
SmallVector<Value> RowSweep::emitBlocks(int64_t length, ValueRange carried,
                                        Block block) {
  Value from = groupsBegin ? groupsBegin : index(*builder, 0);
  auto blocks = scf::ForOp::create(*builder, loc, from, groupsEnd,
                                   index(*builder, length), carried);
  OpBuilder inner = OpBuilder::atBlockBegin(blocks.getBody());
  anchorRowCode(blocks);
  yield(inner, loc,
        block(inner, blocks.getInductionVar(), blocks.getRegionIterArgs()));
  return SmallVector<Value>(blocks.getResults());
}

/// The groups of the block of pages at `from`, one of each page in turn. A
/// block that is not whole counts as a single page.
SmallVector<Value> RowSweep::emitPages(OpBuilder &b, Value from,
                                       ValueRange carried, Body body) {
  Value left = arith::SubIOp::create(b, loc, groupsEnd, from);
  Value whole = index(b, pages * pageLength), page = index(b, pageLength);
  Value isWhole =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge, left, whole);
  Value span = arith::SelectOp::create(b, loc, isWhole, page, left);
  Value reach = arith::SelectOp::create(b, loc, isWhole, whole, page);
  Value to = arith::AddIOp::create(b, loc, from, span);
  auto steps =
      scf::ForOp::create(b, loc, from, to, index(b, getGroupLength()), carried);
  OpBuilder inStep = OpBuilder::atBlockBegin(steps.getBody());
  Value first = steps.getInductionVar();
  Value beyond = arith::AddIOp::create(inStep, loc, first, reach);
  auto turns = scf::ForOp::create(inStep, loc, first, beyond, page,
                                  steps.getRegionIterArgs());
  OpBuilder inner = OpBuilder::atBlockBegin(turns.getBody());
  yield(inner, loc,
        emitGroup(inner, turns.getInductionVar(), groupSize, Value(),
                  turns.getRegionIterArgs(), body));
  yield(inStep, loc, turns.getResults());
  return SmallVector<Value>(steps.getResults());
}

//===----------------------------------------------------------------------===//
// Parts of a sweep
//===----------------------------------------------------------------------===//

SmallVector<Value>
RowSweep::visitRows(ValueRange carried,
                    llvm::function_ref<SmallVector<Value>()> row) {
  if (!emitter)
    return row();
  OpBuilder *outside = builder;
  SmallVector<Value> results =
      emitter->visitRows(*outside, carried, [&](OpBuilder &inside) {
        builder = &inside;
        return row();
      });
  builder = outside;
  return results;
}

SmallVector<Value> RowSweep::emit(ValueRange carried, Body body) {
  return visitRows(carried,
                   [&] { return emitRest(emitGroups(carried, body), body); });
}

SmallVector<Value> RowSweep::emitInBlocks(ValueRange carried, Start start,
                                          Body body, Fold fold, Body rest) {
  return visitRows(carried, [&] {
    return emitRest(emitGroupsInBlocks(carried, start, body, fold), rest);
  });
}

SmallVector<Value> RowSweep::emitHead(ValueRange carried, Body body) {
  return emitLoop(*builder, begin ? begin : index(*builder, 0), groupsBegin, 1,
                  /*masked=*/true, carried, body);
}

SmallVector<Value> RowSweep::emitGroups(ValueRange carried, Body body) {
  if (pages > 1)
    return emitBlocks(pages * pageLength, carried,
                      [&](OpBuilder &b, Value from, ValueRange c) {
                        return emitPages(b, from, c, body);
                      });
  return emitLoop(*builder, groupsBegin ? groupsBegin : index(*builder, 0),
                  groupsEnd, groupSize, /*masked=*/false, carried, body);
}

/// The groups of a row that is known to have a few, else 0.
int64_t RowSweep::countFewGroups() const {
  constexpr int64_t kFew = 4;
  if (pages > 1 || groupsBegin)
    return 0;
  int64_t groups = getKnownSize(end) / getGroupLength();
  return groups <= kFew ? groups : 0;
}

SmallVector<Value> RowSweep::emitGroupsInBlocks(ValueRange carried, Start start,
                                                Body body, Fold fold) {
  if (int64_t groups = countFewGroups()) {
    Value zero = index(*builder, 0);
    anchorRowCode(zero.getDefiningOp());
    SmallVector<Value> block = start(*builder, carried);
    for (int64_t g = 0; g < groups; ++g)
      block = emitGroup(*builder, index(*builder, g * getGroupLength()),
                        groupSize, Value(), block, body);
    return fold(*builder, carried, block);
  }
  int64_t length =
      pages > 1 ? pages * pageLength : kGroupsInBlock * getGroupLength();
  return emitBlocks(
      length, carried, [&](OpBuilder &b, Value from, ValueRange c) {
        if (pages > 1)
          return fold(b, c, emitPages(b, from, start(b, c), body));
        Value to = arith::AddIOp::create(b, loc, from, index(b, length));
        to = arith::MinUIOp::create(b, loc, to, groupsEnd);
        return fold(b, c,
                    emitLoop(b, from, to, groupSize, /*masked=*/false,
                             start(b, c), body));
      });
}

SmallVector<Value> RowSweep::emitRest(ValueRange carried, Body body) {
  return emitLoop(*builder, groupsEnd, end, 1, /*masked=*/true, carried, body);
}
