//===- AttentionPanels.cpp - keys and values as products want them ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block of keys, transposed and converted, is a panel, and so is a block of
// values that are not used where they lie. All panels are packed ahead where
// several tiles share them, else each by the tile that uses it.
//
//===----------------------------------------------------------------------===//

#include "AttentionTiling.h"

#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weir;

using Predicate = arith::CmpIPredicate;

/// Rows of pairs are longer than their contents: at a power of two apart the
/// rows of a tile register would lie in few sets of the first-level cache.
static constexpr int64_t kPairPad = 16;

void AttentionTiling::allocatePanels(Value parts) {
  Value panels = packed ? index.add(totals.panels, parts)
                        : index.select(each.packsAhead, totals.panels, parts);
  auto make = [&](int64_t depth, int64_t length) {
    SmallVector<OpFoldResult> sizes{panels, builder.getIndexAttr(depth),
                                    builder.getIndexAttr(length)};
    if (operands.inPairs) {
      sizes[1] = builder.getIndexAttr(llvm::divideCeil(depth, 2));
      sizes[2] = builder.getIndexAttr(length + kPairPad);
      sizes.push_back(builder.getIndexAttr(2));
    }
    return allocate(sizes, operands.getStorage());
  };
  keyPanels = make(operands.headSize, keysPerBlock);
  if (!operands.valuesAreReady)
    valuePanels = make(keysPerBlock, operands.valueSize);
}

/// One of the panels of keys or values, of which `keys` are used.
Value AttentionTiling::getPanel(Packed what, Value number, OpFoldResult keys) {
  bool isKeys = what == Packed::Keys;
  Value panels = isKeys ? keyPanels : valuePanels;
  OpFoldResult zero = builder.getIndexAttr(0),
               depth = builder.getIndexAttr(operands.headSize),
               size = builder.getIndexAttr(operands.valueSize);
  if (!operands.inPairs)
    return view(panels, {number, zero, zero},
                {nullptr, isKeys ? depth : keys, isKeys ? keys : size});
  OpFoldResult pairs =
                   builder.getIndexAttr(llvm::divideCeil(operands.headSize, 2)),
               two = builder.getIndexAttr(2);
  if (!isKeys) {
    std::optional<int64_t> known = getConstantIntValue(keys);
    pairs =
        known
            ? OpFoldResult(builder.getIndexAttr(llvm::divideCeil(*known, 2)))
            : OpFoldResult(index.ceilDiv(cast<Value>(keys), index.constant(2)));
  }
  return view(panels, {number, zero, zero, zero},
              {nullptr, pairs, isKeys ? keys : size, two});
}

/// A block of keys, transposed, or of values.
void AttentionTiling::packPanel(Packed what, const AttentionSequence &s,
                                Value batch, Value head, Value block,
                                Value panel) {
  bool isKeys = what == Packed::Keys;
  Value first = index.mul(block, index.constant(keysPerBlock));
  Value count =
      index.min(index.sub(s.keys, first), index.constant(keysPerBlock));
  int64_t size = isKeys ? operands.headSize : operands.valueSize;
  Value source =
      view(isKeys ? operands.key : operands.value,
           {batch, head, s.getKey(index, first), builder.getIndexAttr(0)},
           {nullptr, nullptr, count, builder.getIndexAttr(size)});
  Value target = getPanel(what, panel, builder.getIndexAttr(keysPerBlock));
  cpu::PackOp::create(builder, loc, source, target, /*transpose=*/isKeys);
}

/// The panel of a block, packed now where that did not happen ahead.
Value AttentionTiling::emitPanel(Packed what, const AttentionTile &tile,
                                 Value block) {
  const AttentionSequence &s = tile.sequence;
  Value head =
      index.add(index.mul(tile.batch, operands.keyHeads), tile.keyHead);
  Value ahead = index.add(index.mul(head, s.blocks), block), own = tile.part;
  if (packed) { // Behind all that are packed ahead.
    ahead = index.add(ahead, s.firstPanel);
    own = index.add(own, totals.panels);
  }
  Value panel = index.select(s.packsAhead, ahead, own);
  OpBuilder::InsertionGuard guard(builder);
  Value later =
      arith::XOrIOp::create(builder, loc, s.packsAhead,
                            arith::ConstantIntOp::create(builder, loc, 1, 1));
  auto branch =
      scf::IfOp::create(builder, loc, later, /*withElseRegion=*/false);
  builder.setInsertionPointToStart(branch.thenBlock());
  packPanel(what, s, tile.batch, tile.keyHead, block, panel);
  return panel;
}

/// All keys ahead of all tiles, where several tiles share them.
void AttentionTiling::emitPacking(Value parts, AttentionForms &form) {
  OpBuilder::InsertionGuard guard(builder);
  Value any = index.compare(Predicate::ugt, totals.panels, index.constant(0));
  auto branch = scf::IfOp::create(builder, loc, any, /*withElseRegion=*/false);
  builder.setInsertionPointToStart(branch.thenBlock());
  Value ownHeads = shareHeads(parts);
  forEachPart(parts, [&](Value part) {
    Value from = part, end = totals.panels, step = parts;
    if (ownHeads) {
      Value each = index.div(totals.panels, parts);
      from = index.select(ownHeads, index.mul(part, each), from);
      end = index.select(ownHeads, index.add(from, each), end);
      step = index.select(ownHeads, index.constant(1), step);
    }
    auto loop = scf::ForOp::create(builder, loc, from, end, step);
    builder.setInsertionPointToStart(loop.getBody());
    Value panel = loop.getInductionVar(), own = panel;
    AttentionSequence s = findSequence(own, PackedSequences::Panels, form);
    Value head = index.div(own, s.blocks);
    for (Packed what : {Packed::Keys, Packed::Values})
      if (what == Packed::Keys || !operands.valuesAreReady)
        packPanel(what, s, getBatch(index.div(head, operands.keyHeads)),
                  index.rem(head, operands.keyHeads), index.rem(own, s.blocks),
                  panel);
  });
}
