//===- AttentionSequences.cpp - the table of packed sequences ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionSequences.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weir;

using Predicate = arith::CmpIPredicate;

PackedSequences::PackedSequences(OpBuilder &builder, Location loc,
                                 ValueRange starts, Value queries, Value keys,
                                 llvm::function_ref<Value(Value rows)> allocate)
    : b(builder), loc(loc), index(builder, loc) {
  auto count = [&](Value tensor) -> Value {
    return b.createOrFold<memref::DimOp>(loc, tensor, 0);
  };
  last = index.min(count(starts[0]), count(starts[1]));
  table = allocate(index.add(last, index.constant(2)));
  findStarts(starts, queries, keys);
}

Value PackedSequences::load(Value sequence, Column column) {
  return memref::LoadOp::create(b, loc, table,
                                ValueRange{sequence, index.constant(column)});
}

void PackedSequences::store(Value value, Value sequence, Column column) {
  memref::StoreOp::create(b, loc, value, table,
                          ValueRange{sequence, index.constant(column)});
}

/// Row s + 1 is where sequence s begins. Starts that do not rise, or lie
/// outside, are taken for the nearest that do not, so nothing that is made of
/// them lies outside, and no query is of two sequences.
void PackedSequences::findStarts(ValueRange starts, Value queries, Value keys) {
  OpBuilder::InsertionGuard guard(b);
  Value zero = index.constant(0), one = index.constant(1);
  for (Column column : {Queries, Keys})
    store(zero, zero, column);
  auto loop =
      scf::ForOp::create(b, loc, zero, last, one, ValueRange{zero, zero, zero});
  b.setInsertionPointToStart(loop.getBody());
  Value at = loop.getInductionVar(), next = index.add(at, one);
  SmallVector<Value> found, lengths;
  for (Column column : {Queries, Keys}) {
    Value start = memref::LoadOp::create(b, loc, starts[column], at),
          before = loop.getRegionIterArg(column);
    start = arith::IndexCastOp::create(b, loc, b.getIndexType(), start);
    found.push_back(
        index.clamp(start, before, column == Queries ? queries : keys));
    lengths.push_back(index.sub(found.back(), before));
    store(found.back(), next, column);
  }
  Value isFirst = index.compare(Predicate::eq, at, zero);
  Value own = index.select(isFirst, zero, index.mul(lengths[0], lengths[1]));
  found.push_back(index.add(loop.getRegionIterArg(2), own));
  scf::YieldOp::create(b, loc, found);
  b.setInsertionPointAfter(loop);
  pairs = loop.getResult(2);
  Value end = index.add(last, one);
  store(queries, end, Queries);
  store(keys, end, Keys);
}

AttentionSequence PackedSequences::load(Value sequence) {
  Value zero = index.constant(0), next = index.add(sequence, index.constant(1));
  AttentionSequence found;
  found.firstQuery = load(sequence, Queries);
  found.firstKey = load(sequence, Keys);
  found.queries = index.sub(load(next, Queries), found.firstQuery);
  Value isFirst = index.compare(Predicate::eq, sequence, zero),
        isLast = index.compare(Predicate::eq, sequence, last);
  Value isNone = arith::OrIOp::create(b, loc, isFirst, isLast);
  found.keys =
      index.select(isNone, zero, index.sub(load(next, Keys), found.firstKey));
  return found;
}

SequenceTotals PackedSequences::cut(
    llvm::function_ref<SequenceTotals(AttentionSequence &)> cutOne) {
  OpBuilder::InsertionGuard guard(b);
  Value zero = index.constant(0), one = index.constant(1);
  Value end = index.add(last, one);
  auto loop =
      scf::ForOp::create(b, loc, zero, end, one, SmallVector<Value>(6, zero));
  b.setInsertionPointToStart(loop.getBody());
  Value at = loop.getInductionVar();
  AttentionSequence sequence = load(at);
  SequenceTotals own = cutOne(sequence);
  auto before = loop.getRegionIterArgs();
  store(before[0], at, Tiles);
  store(before[1], at, Panels);
  scf::YieldOp::create(
      b, loc,
      ValueRange{
          index.add(before[0], own.tiles), index.add(before[1], own.panels),
          index.max(before[2], own.longest), index.max(before[3], own.keyParts),
          index.max(before[4], own.rows), index.max(before[5], own.scores)});
  b.setInsertionPointAfter(loop);
  auto all = loop.getResults();
  store(all[0], end, Tiles);
  store(all[1], end, Panels);
  return {all[0], all[1], all[2], all[3], all[4], all[5]};
}

/// The last sequence whose first is not behind the number, by halving; those
/// before it with the same first have none.
AttentionSequence PackedSequences::find(Value &number, Column column) {
  Value zero = index.constant(0), one = index.constant(1);
  SmallVector<Type> types(2, b.getIndexType());
  SmallVector<Location> locs(2, loc);
  auto loop = scf::WhileOp::create(b, loc, types,
                                   ValueRange{zero, index.add(last, one)});
  {
    OpBuilder::InsertionGuard guard(b);
    Block *before = b.createBlock(&loop.getBefore(), {}, types, locs);
    auto range = before->getArguments();
    Value several =
        index.compare(Predicate::ugt, index.sub(range[1], range[0]), one);
    scf::ConditionOp::create(b, loc, several, range);
    Block *after = b.createBlock(&loop.getAfter(), {}, types, locs);
    range = after->getArguments();
    Value middle = index.div(index.add(range[0], range[1]), index.constant(2));
    Value isBehind =
        index.compare(Predicate::ugt, load(middle, column), number);
    scf::YieldOp::create(b, loc,
                         ValueRange{index.select(isBehind, range[0], middle),
                                    index.select(isBehind, middle, range[1])});
  }
  Value found = loop.getResult(0);
  number = index.sub(number, load(found, column));
  AttentionSequence sequence = load(found);
  sequence.firstPanel = load(found, Panels);
  return sequence;
}
