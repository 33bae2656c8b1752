//===- AttentionStrips.cpp - rows that see alike ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where queries of a tile see different parts of a block of keys, some rows at
// a time do the part that they see and little more.
//
//===----------------------------------------------------------------------===//

#include "AttentionTiling.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weir;

using Predicate = arith::CmpIPredicate;

/// Rows of a strip at the edge of what they see: whole blocks of transposed
/// rows, and of register tiles.
static constexpr int64_t kStripRows = 48, kStripRowsInPairs = 32;
/// Elsewhere, in pairs: scores and weights of so many rows, 96 KiB of 256 keys,
/// are nearer than those of a tile, and products of fewer take their panel too
/// often. Vectors' panels come with all rows.
static constexpr int64_t kNearRowsInPairs = 64;

void AttentionTiling::forEachStrip(
    const AttentionTile &tile,
    llvm::function_ref<void(const AttentionTile &, Value)> body) {
  bool seeAlike = !op.getWindowLeft() && !getWindowRight();
  bool inPairs = operands.inPairs;
  if (seeAlike && !inPairs)
    return forEachBlock(tile, body);
  forEachBlock(tile, [&](const AttentionTile &own, Value block) {
    OpBuilder::InsertionGuard guard(builder);
    Value size = index.constant(keysPerBlock), one = index.constant(1);
    Value firstKey = index.mul(block, size), endKey = index.add(firstKey, size);
    Value all = index.max(own.rowCount, one);
    Value strip = inPairs ? index.constant(kNearRowsInPairs) : all;
    if (!seeAlike) {
      Value seeWhole = arith::AndIOp::create(
          builder, loc,
          index.compare(Predicate::sge, firstKey, tile.firstCommon),
          index.compare(Predicate::sle, endKey, tile.endCommon));
      strip = index.select(
          seeWhole, strip,
          index.constant(inPairs ? kStripRowsInPairs : kStripRows));
    }
    // Of several heads rows that see alike do not lie side by side.
    Value severalHeads = index.compare(Predicate::ne, own.headCount, one);
    strip = index.select(severalHeads, all, strip);
    Value end = index.add(own.row, own.rowCount);
    auto loop = scf::ForOp::create(builder, loc, own.row, end, strip);
    builder.setInsertionPointToStart(loop.getBody());
    AttentionTile rows = own;
    rows.row = loop.getInductionVar();
    rows.rowCount = index.min(strip, index.sub(end, rows.row));
    rows.query = index.add(own.query, index.sub(rows.row, own.row));
    rows.queryCount = index.select(severalHeads, own.queryCount, rows.rowCount);
    if (seeAlike)
      return body(rows, block);
    findBounds(rows);
    Value seesSome = arith::AndIOp::create(
        builder, loc, index.compare(Predicate::sgt, rows.endKey, firstKey),
        index.compare(Predicate::slt, rows.firstKey, endKey));
    auto branch =
        scf::IfOp::create(builder, loc, seesSome, /*withElseRegion=*/false);
    builder.setInsertionPointToStart(branch.thenBlock());
    body(rows, block);
  });
}

void AttentionTiling::withWidth(const AttentionTile &rows, Value firstKey,
                                llvm::function_ref<void(Value width)> body) {
  Value width = getWidth(rows, firstKey);
  if (getConstantIntValue(width) || hasVaryingOperands())
    return body(width);
  OpBuilder::InsertionGuard guard(builder);
  Value whole = index.constant(keysPerBlock);
  auto branch = scf::IfOp::create(builder, loc,
                                  index.compare(Predicate::eq, width, whole),
                                  /*withElseRegion=*/true);
  builder.setInsertionPointToStart(branch.thenBlock());
  body(index.constant(keysPerBlock));
  builder.setInsertionPointToStart(branch.elseBlock());
  body(width);
}
