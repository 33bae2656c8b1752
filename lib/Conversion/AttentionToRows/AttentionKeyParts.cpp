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
/// a row beside as many as there are keys, which are faster in pairs. A part's
/// first block also looks for its maximum. Few queries wait for memory rather
/// than for that, and have too few tiles for threads.
struct PartSizes {
  int64_t ofMany, ofFew;
};
static constexpr PartSizes kInPairs = {8192, 2048}, kAlone = {4096, 1024};

/// Whole blocks, fewer where few queries meet each key.
Value AttentionTiling::getKeysPerPart(Value meetsFew) {
  PartSizes sizes = operands.inPairs ? kInPairs : kAlone;
  auto wholeBlocks = [&](int64_t keys) {
    return index.constant(llvm::divideCeil(keys, keysPerBlock) * keysPerBlock);
  };
  return index.select(meetsFew, wholeBlocks(sizes.ofFew),
                      wholeBlocks(sizes.ofMany));
}

/// How many parts of the keys there are, and whether threads share them.
/// Returns how many threads work.
Value AttentionTiling::findKeyParts(AttentionForms &form, Value threads) {
  Value one = index.constant(1);
  Value tiles = totals.tiles;
  items = tiles;
  if (form.meetsKeysInParts())
    keyParts = totals.keyParts;
  if (keyParts && getConstantIntValue(keyParts) == 1)
    keyParts = Value();
  if (keyParts) {
    auto both = [&](Value a, Value b) {
      return builder.createOrFold<arith::AndIOp>(loc, a, b);
    };
    Value enough = index.mul(threads, index.constant(kTilesPerThread));
    Value few = index.compare(Predicate::ult, tiles, enough);
    Value several = index.compare(Predicate::ugt, keyParts, one);
    Value share = index.compare(Predicate::ugt, threads, one);
    spreads = both(both(few, several), share);
    bool areAlike = !op.getLengths() && !packed && !getWindowRight();
    if (areAlike) // They may come out even.
      spreads =
          both(spreads, index.compare(Predicate::ne, index.rem(tiles, threads),
                                      index.constant(0)));
    items = index.select(spreads, index.mul(tiles, keyParts), tiles);
  }
  bool isOne = getConstantIntValue(threads) == 1;
  return isOne ? threads : index.min(threads, index.max(items, one));
}

/// The parts with keys that some query of the tile sees; one, where none has.
AttentionTiling::KeyRange
AttentionTiling::getKeyParts(const AttentionTile &tile) {
  Value size = tile.sequence.keysPerPart, one = index.constant(1);
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
    Value size = tile.sequence.keysPerPart;
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
  // One tile is merged where it is, which is sooner than threads are woken.
  Value some = index.min(parts, totals.tiles);
  forEachPart(some, [&](Value part) {
    auto loop = scf::ForOp::create(builder, loc, part, totals.tiles, some);
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
