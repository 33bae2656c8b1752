//===- RowBlock.cpp - the rows of a block, one after the other ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowBlock.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace weir;

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

/// The block whose code runs on one thread, once for each call: what is
/// allocated at its start lies in a frame of its own.
static Block *getFrame(Block *block) {
  Operation *parent = block->getParentOp();
  while (!isa<FunctionOpInterface, scf::ParallelOp, scf::ForallOp>(parent)) {
    block = parent->getBlock();
    parent = parent->getParentOp();
  }
  return &block->getParent()->front();
}

Value RowBlock::take(ArrayRef<int64_t> shape, Type element) {
  auto type = MemRefType::get(shape, element);
  Pool &pool = pools[type];
  if (pool.taken == pool.buffers.size()) {
    // Regions may be part of no op yet while they are filled.
    OpBuilder frame = OpBuilder::atBlockBegin(getFrame(rows->getBlock()));
    pool.buffers.push_back(memref::AllocaOp::create(
        frame, loc, type, frame.getI64IntegerAttr(64)));
  }
  return pool.buffers[pool.taken++];
}

/// Flags lie in memory as bytes: vectors of i1 would be packed.
static Type getStoredType(Type element) {
  return element.isInteger(1) ? Type(IntegerType::get(element.getContext(), 8))
                              : element;
}

static Value emitStored(OpBuilder &b, Location loc, Value vector) {
  auto type = cast<VectorType>(vector.getType());
  Type stored = getStoredType(type.getElementType());
  if (stored == type.getElementType())
    return vector;
  return arith::ExtUIOp::create(b, loc, type.clone(stored), vector);
}

//===----------------------------------------------------------------------===//
// Row numbers
//===----------------------------------------------------------------------===//

/// True for a vector whose lanes are known to be the same.
static bool isSplat(Value vector) {
  DenseElementsAttr constant;
  if (matchPattern(vector, m_Constant(&constant)))
    return constant.isSplat();
  auto broadcast = vector.getDefiningOp<vector::BroadcastOp>();
  return broadcast && !isa<VectorType>(broadcast.getSourceType());
}

Value RowBlock::loadOwn(OpBuilder &ahead, Value rowNumber) {
  auto type = cast<VectorType>(rowNumber.getType());
  Type element = type.getElementType(), stored = getStoredType(element);
  Value &buffer = saved[rowNumber];
  if (!buffer) {
    buffer = take(type.getShape(), stored);
    Value zero = arith::ConstantIndexOp::create(ahead, loc, 0);
    vector::StoreOp::create(ahead, loc, emitStored(ahead, loc, rowNumber),
                            buffer, zero);
  }
  Value number = memref::LoadOp::create(rowBuilder, loc, buffer, row);
  if (stored == element)
    return number;
  Value zero = arith::ConstantIntOp::create(rowBuilder, loc, stored, 0);
  return arith::CmpIOp::create(rowBuilder, loc, arith::CmpIPredicate::ne,
                               number, zero);
}

Value RowBlock::spread(OpBuilder &ahead, Value rowNumber) {
  assert(row && "spread where no row is at hand");
  if (isSplat(rowNumber))
    return rowNumber;
  Value number = loadOwn(ahead, rowNumber);
  return vector::BroadcastOp::create(
      rowBuilder, loc, access.getVectorType(number.getType()), number);
}

Value RowBlock::getOwnPart(Value buffer) {
  Value pitch = access.emitPitch(rowBuilder);
  Value first = arith::MulIOp::create(rowBuilder, loc, row, pitch,
                                      arith::IntegerOverflowFlags::nsw);
  auto type = memref::SubViewOp::inferRankReducedResultType(
      {ShapedType::kDynamic}, cast<MemRefType>(buffer.getType()),
      ArrayRef<OpFoldResult>{first}, ArrayRef<OpFoldResult>{pitch},
      ArrayRef<OpFoldResult>{rowBuilder.getIndexAttr(1)});
  return memref::SubViewOp::create(
      rowBuilder, loc, cast<MemRefType>(type), buffer,
      ArrayRef<OpFoldResult>{first}, ArrayRef<OpFoldResult>{pitch},
      ArrayRef<OpFoldResult>{rowBuilder.getIndexAttr(1)});
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

void RowBlock::beginLoop() {
  saved.clear();
  for (auto &[type, pool] : pools)
    pool.taken = 0;
}

void RowBlock::enterRow(OpBuilder &builder, Value index) {
  row = index;
  access.enterRowOfBlock(builder, index);
  rowBuilder.restoreInsertionPoint(builder.saveInsertionPoint());
}

void RowBlock::storePartials(OpBuilder &builder, Value index,
                             ValueRange vectors, ValueRange buffers) {
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  for (auto [vector, buffer] : llvm::zip_equal(vectors, buffers))
    vector::StoreOp::create(builder, loc, emitStored(builder, loc, vector),
                            buffer, ValueRange{index, zero});
}

SmallVector<Value>
RowBlock::emitLoop(OpBuilder &builder, ValueRange carried, bool backwards,
                   llvm::function_ref<void(Operation *)> anchor, Row emitRow) {
  beginLoop();
  int64_t lanes = access.getLaneCount();
  SmallVector<Value> buffers;
  for (Value each : carried)
    buffers.push_back(
        take({lanes, lanes},
             getStoredType(cast<VectorType>(each.getType()).getElementType())));
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0),
        one = arith::ConstantIndexOp::create(builder, loc, 1),
        all = arith::ConstantIndexOp::create(builder, loc, lanes),
        count = access.emitRowCount(builder);
  Value last = arith::SubIOp::create(builder, loc, count, one);
  auto loop = scf::ForOp::create(builder, loc, zero, count, one);
  anchor(loop);
  OpBuilder inside(loop.getBody()->getTerminator());
  Value index = loop.getInductionVar();
  if (backwards)
    index = arith::SubIOp::create(inside, loc, last, index);
  enterRow(inside, index);
  storePartials(inside, row, emitRow(inside), buffers);
  row = Value();
  if (access.getLayout().getRowMask() && !carried.empty()) {
    auto absent = scf::ForOp::create(builder, loc, count, all, one);
    OpBuilder rest(absent.getBody()->getTerminator());
    storePartials(rest, absent.getInductionVar(), carried, buffers);
  }
  return buffers;
}

Value RowBlock::emitLoopForNumber(
    OpBuilder &builder, llvm::function_ref<void(Operation *)> anchor,
    llvm::function_ref<Value(OpBuilder &)> emitRow) {
  VectorType type = access.getVectorType(builder.getI32Type());
  Value buffer;
  emitLoop(builder, {}, /*backwards=*/false, anchor, [&](OpBuilder &inside) {
    OpBuilder ahead(inside.getInsertionBlock()->getParentOp());
    buffer = take(type.getShape(), type.getElementType());
    Value none = arith::ConstantOp::create(ahead, loc, ahead.getZeroAttr(type));
    vector::StoreOp::create(
        ahead, loc, none, buffer,
        arith::ConstantIndexOp::create(ahead, loc, 0).getResult());
    memref::StoreOp::create(inside, loc, emitRow(inside), buffer, row);
    return SmallVector<Value>();
  });
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  return vector::LoadOp::create(builder, loc, type, buffer, zero);
}

void RowBlock::emitLoopWhere(OpBuilder &builder, Value chosen,
                             llvm::function_ref<void(Operation *)> anchor,
                             llvm::function_ref<void(OpBuilder &)> emitRow) {
  emitLoop(builder, {}, /*backwards=*/false, anchor, [&](OpBuilder &inside) {
    OpBuilder ahead(inside.getInsertionBlock()->getParentOp());
    Value is = loadOwn(ahead, chosen);
    auto branch = scf::IfOp::create(inside, loc, is, /*withElseRegion=*/false);
    OpBuilder own = branch.getThenBodyBuilder();
    emitRow(own);
    return SmallVector<Value>();
  });
}
