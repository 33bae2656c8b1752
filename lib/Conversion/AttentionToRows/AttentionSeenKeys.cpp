//===- AttentionSeenKeys.cpp - which keys queries see ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionTiling.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weir;

/// How many keys behind its own a query sees; none says that it is all.
std::optional<int64_t> AttentionTiling::getWindowRight() {
  return op.getCausal() ? 0 : op.getWindowRight();
}

/// The keys [first, end) that a query sees, but for the mask, of those that are
/// here. Both bounds rise with the query.
AttentionTiling::KeyRange AttentionTiling::getSeen(const AttentionTile &tile,
                                                   Value query) {
  Value zero = index.constant(0), last = index.add(query, tile.ahead);
  KeyRange seen{zero, tile.keyCount};
  std::optional<int64_t> right = getWindowRight();
  if (right)
    seen.end = index.clamp(index.add(last, index.constant(*right + 1)), zero,
                           tile.keyCount);
  if (std::optional<int64_t> left = op.getWindowLeft())
    seen.first =
        index.clamp(index.sub(last, index.constant(*left)), zero, seen.end);
  return seen;
}

void AttentionTiling::findKeys(AttentionTile &tile) {
  Value zero = index.constant(0);
  tile.allKeys = packed ? tile.sequence.keys : place.keys;
  if (Value lengths = op.getLengths()) {
    Value length = memref::LoadOp::create(builder, loc, lengths, tile.batch);
    length = arith::IndexCastOp::create(builder, loc, indexType, length);
    Value most = place.key ? index.max(place.keys, zero) : place.keys;
    tile.allKeys = index.clamp(length, zero, most);
  }
  tile.ahead =
      index.sub(tile.allKeys, packed ? tile.sequence.queries : place.queries);
  if (place.query && !packed)
    tile.ahead = index.add(tile.ahead, place.query);
  tile.keyCount = tile.allKeys;
  if (place.key) {
    tile.ahead = index.sub(tile.ahead, place.key);
    tile.keyCount =
        index.clamp(index.sub(tile.allKeys, place.key), zero, operands.keys);
  }
  findBounds(tile);
}

/// Which keys some of the tile's queries see, and which all.
void AttentionTiling::findBounds(AttentionTile &tile) {
  Value last =
      index.sub(index.add(tile.query, tile.queryCount), index.constant(1));
  KeyRange front = getSeen(tile, tile.query), back = getSeen(tile, last);
  tile.firstKey = front.first;
  tile.endCommon = front.end;
  tile.firstCommon = back.first;
  tile.endKey = back.end;
}

/// The keys that the mask leaves to a row.
static Value countUnmasked(OpBuilder &b, Location loc, Value mask, Value first,
                           Value end) {
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  auto loop = scf::ForOp::create(b, loc, first, end, one, zero);
  OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
  Value column = cast<MemRefType>(mask.getType()).getDimSize(0) == 1
                     ? zero
                     : Value(loop.getInductionVar());
  Value seen = memref::LoadOp::create(inner, loc, mask, column);
  Value more = arith::SelectOp::create(inner, loc, seen, one, zero);
  Value sum = arith::AddIOp::create(inner, loc, loop.getRegionIterArg(0), more);
  scf::YieldOp::create(inner, loc, sum);
  return loop.getResult(0);
}

/// How many keys of the whole a query sees.
Value AttentionTiling::countSeen(const AttentionTile &tile, Value head,
                                 Value query, KeyRange seen) {
  if (op.getMask())
    return countUnmasked(builder, loc,
                         sliceRow(op.getMask(), tile, head, query), seen.first,
                         seen.end);
  if (place.key) {
    AttentionTile whole = tile;
    whole.ahead = index.add(tile.ahead, place.key);
    whole.keyCount = tile.allKeys;
    seen = getSeen(whole, query);
  }
  return index.sub(seen.end, seen.first);
}
