//===- AttentionKeyParts.cpp - keys met in parts ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decoding has few queries and many keys, and fewer tiles than there may be
// threads. Where a state goes from block to block, keys are cut into parts that
// each start from the state of nothing; the states are merged in the order of
// the keys. Where a part ends follows from nothing but the key's index, so that
// a row becomes the same number whoever takes its parts: one thread after the
// other, as where there are tiles enough, or several.
//
//===----------------------------------------------------------------------===//

#include "AttentionTiling.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weir;

using Predicate = arith::CmpIPredicate;

/// A merge is to be little beside what a part takes: one step over the sums of
/// a row beside as many as there are keys, which are faster in pairs.
static constexpr int64_t kKeysPerPart = 4096, kKeysPerPartInPairs = 8192;

static int64_t getKeysPerPart(const AttentionTiling &t) {
  int64_t keys = t.operands.inPairs ? kKeysPerPartInPairs : kKeysPerPart;
  return llvm::divideCeil(keys, t.keysPerBlock) * t.keysPerBlock;
}

/// How many parts of the keys there are, and whether threads share them.
/// Returns how many threads work.
Value AttentionTiling::findKeyParts(AttentionForms &form, Value threads) {
  Value one = index.constant(1);
  Value tiles = totals.tiles;
  items = tiles;
  if (form.meetsKeysInParts())
    keyParts = index.max(
        index.ceilDiv(totals.longest, index.constant(getKeysPerPart(*this))),
        one);
  if (keyParts && getConstantIntValue(keyParts) == 1)
    keyParts = Value();
  if (keyParts) {
    Value enough = index.mul(threads, index.constant(kTilesPerThread));
    Value few = index.compare(Predicate::ult, tiles, enough);
    Value several = index.compare(Predicate::ugt, keyParts, one);
    Value share = index.compare(Predicate::ugt, threads, one);
    spreads = builder.createOrFold<arith::AndIOp>(
        loc, builder.createOrFold<arith::AndIOp>(loc, few, several), share);
    items = index.select(spreads, index.mul(tiles, keyParts), tiles);
  }
  bool isOne = getConstantIntValue(threads) == 1;
  return isOne ? threads : index.min(threads, index.max(items, one));
}

/// The parts with keys that some query of the tile sees; one, where none has.
AttentionTiling::KeyRange
AttentionTiling::getKeyParts(const AttentionTile &tile) {
  Value size = index.constant(getKeysPerPart(*this)), one = index.constant(1);
  Value first =
      index.min(index.div(tile.firstKey, size), index.sub(keyParts, one));
  Value end =
      index.max(index.ceilDiv(tile.endKey, size), index.add(first, one));
  return {first, end};
}

/// All parts of a tile one after the other, or, where threads share them, one.
void AttentionTiling::emitKeyParts(Value number, Value part,
                                   AttentionForms &form) {
  Value one = index.constant(1), zero = index.constant(0);
  Value tileNumber = index.select(spreads, index.div(number, keyParts), number);
  Value own = index.rem(number, keyParts);
  withTile(tileNumber, part, form, [&](AttentionTile &tile) {
    Value size = index.constant(getKeysPerPart(*this));
    tile.slot = index.mul(part, index.constant(2));
    KeyRange range = getKeyParts(tile);
    Value from =
        index.select(spreads, index.max(own, range.first), range.first);
    Value to = index.select(spreads, index.min(index.add(own, one), range.end),
                            range.end);
    auto loop = scf::ForOp::create(builder, loc, from, to, one);
    builder.setInsertionPointToStart(loop.getBody());
    Value at = loop.getInductionVar();
    AttentionTile some = tile;
    some.firstKey = index.max(tile.firstKey, index.mul(at, size));
    some.endKey = index.min(tile.endKey, index.mul(index.add(at, one), size));
    Value isFirst = index.compare(Predicate::eq, at, range.first);
    Value second = index.add(tile.slot, index.select(isFirst, zero, one));
    some.slot = index.select(spreads, number, second);
    form.emitPart(*this, some);
    auto emitUnless = [&](Value condition, llvm::function_ref<void()> body) {
      OpBuilder::InsertionGuard guard(builder);
      auto branch = scf::IfOp::create(builder, loc, TypeRange(), condition,
                                      /*withElseRegion=*/true);
      builder.setInsertionPointToStart(branch.elseBlock());
      body();
    };
    Value alone = arith::OrIOp::create(builder, loc, spreads, isFirst);
    emitUnless(alone, [&] { form.emitMerge(*this, tile, some.slot); });
    builder.setInsertionPointAfter(loop);
    emitUnless(spreads, [&] { form.emitEnd(*this, tile); });
  });
}

/// Where threads shared parts: what these left becomes that of the tile.
void AttentionTiling::emitMerges(Value parts, AttentionForms &form) {
  OpBuilder::InsertionGuard guard(builder);
  auto branch =
      scf::IfOp::create(builder, loc, spreads, /*withElseRegion=*/false);
  builder.setInsertionPointToStart(branch.thenBlock());
  Value one = index.constant(1);
  forEachPart(parts, [&](Value part) {
    auto loop = scf::ForOp::create(builder, loc, part, totals.tiles, parts);
    builder.setInsertionPointToStart(loop.getBody());
    Value number = loop.getInductionVar();
    withTile(number, part, form, [&](AttentionTile &tile) {
      KeyRange range = getKeyParts(tile);
      Value first = index.mul(number, keyParts);
      tile.slot = index.add(first, range.first);
      auto others = scf::ForOp::create(
          builder, loc, index.add(range.first, one), range.end, one);
      builder.setInsertionPointToStart(others.getBody());
      form.emitMerge(*this, tile, index.add(first, others.getInductionVar()));
      builder.setInsertionPointAfter(others);
      form.emitEnd(*this, tile);
    });
  });
}
