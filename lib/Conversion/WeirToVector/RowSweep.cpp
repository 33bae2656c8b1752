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
    : RowSweep(&emitter, emitter.access, emitter.getSweepLength(), builder,
               emitter.rows.getLoc(), groupSize) {}

RowSweep::RowSweep(RowViews &access, OpBuilder &builder, Location loc,
                   int64_t groupSize)
    : RowSweep(nullptr, access, access.getRowLength(), builder, loc,
               groupSize) {}

RowSweep::RowSweep(RowEmitter *emitter, RowViews &access, Value length,
                   OpBuilder &builder, Location loc, int64_t groupSize)
    : emitter(emitter), access(access), length(length), builder(builder),
      loc(loc), groupSize(access.getLayout().fit(groupSize)) {
  Value step =
      index(builder, this->groupSize * access.getLayout().getPositionCount());
  Value rest = arith::RemUIOp::create(builder, loc, length, step);
  groupsEnd = arith::SubIOp::create(builder, loc, length, rest);
}

Value RowSweep::index(OpBuilder &b, int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

SmallVector<Value> RowSweep::emitLoop(OpBuilder &b, Value from, Value to,
                                      int64_t vectors, bool masked,
                                      ValueRange carried, Body body) {
  const LaneLayout &layout = access.getLayout();
  int64_t positions = layout.getPositionCount();
  auto loop = scf::ForOp::create(b, loc, from, to,
                                 index(b, vectors * positions), carried);
  if (&b == &builder) // Not inside a block loop, which is the anchor then.
    anchorRowCode(loop);
  OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
  SmallVector<Lanes> group;
  for (int64_t v = 0; v < vectors; ++v) {
    Value position = loop.getInductionVar();
    if (v)
      position = arith::AddIOp::create(inner, loc, position,
                                       index(inner, v * positions),
                                       arith::IntegerOverflowFlags::nsw);
    Value mask = layout.getRowMask();
    if (masked && !layout.isAcross()) {
      Value left = arith::SubIOp::create(inner, loc, to, position);
      mask = vector::CreateMaskOp::create(
          inner, loc, access.getVectorType(inner.getI1Type()), left);
    }
    group.push_back({position, mask});
  }
  SmallVector<Value> next = body(inner, group, loop.getRegionIterArgs());
  // A loop without carried values has its terminator already.
  if (!carried.empty())
    scf::YieldOp::create(inner, loc, next);
  return SmallVector<Value>(loop.getResults());
}

SmallVector<Value> RowSweep::emitGroups(ValueRange carried, Body body) {
  return emitLoop(builder, index(builder, 0), groupsEnd, groupSize,
                  /*masked=*/false, carried, body);
}

SmallVector<Value> RowSweep::emitGroupsInBlocks(
    ValueRange carried,
    llvm::function_ref<SmallVector<Value>(OpBuilder &, ValueRange)> begin,
    Body body,
    llvm::function_ref<SmallVector<Value>(OpBuilder &, ValueRange, ValueRange)>
        fold) {
  Value step = index(builder, kGroupsInBlock * groupSize *
                                  access.getLayout().getPositionCount());
  auto blocks = scf::ForOp::create(builder, loc, index(builder, 0), groupsEnd,
                                   step, carried);
  OpBuilder inner = OpBuilder::atBlockBegin(blocks.getBody());
  anchorRowCode(blocks);
  Value end = arith::AddIOp::create(inner, loc, blocks.getInductionVar(), step);
  end = arith::MinUIOp::create(inner, loc, end, groupsEnd);
  SmallVector<Value> block = emitLoop(
      inner, blocks.getInductionVar(), end, groupSize, /*masked=*/false,
      begin(inner, blocks.getRegionIterArgs()), body);
  SmallVector<Value> next = fold(inner, blocks.getRegionIterArgs(), block);
  if (!carried.empty())
    scf::YieldOp::create(inner, loc, next);
  return SmallVector<Value>(blocks.getResults());
}

SmallVector<Value> RowSweep::emitRest(ValueRange carried, Body body) {
  return emitLoop(builder, groupsEnd, length, 1,
                  /*masked=*/true, carried, body);
}
