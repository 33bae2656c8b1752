//===- AttentionTile.cpp - what is done in one tile of attention ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionTiling.h"

#include "weir/Dialect/Weir/Transforms/RowTiles.h"
#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weir;

using Predicate = arith::CmpIPredicate;

//===----------------------------------------------------------------------===//
// What rows have once
//===----------------------------------------------------------------------===//

/// As many of the indices from the right as there are dimensions.
static ValueRange takeBack(ValueRange indices, Value memref) {
  return indices.take_back(cast<MemRefType>(memref.getType()).getRank());
}

/// What a tensor that broadcasts to the rows, from the right, has at one.
static Value loadPerRow(OpBuilder &b, Location loc, Value memref,
                        ArrayRef<Value> indices) {
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<Value> own;
  for (int64_t dim = 0, rank = type.getRank(); dim < rank; ++dim)
    own.push_back(type.getDimSize(dim) == 1
                      ? Value(arith::ConstantIndexOp::create(b, loc, 0))
                      : indices[indices.size() - rank + dim]);
  return memref::LoadOp::create(b, loc, memref, own);
}

/// Keys that products take together: a whole register tile.
static constexpr int64_t kProductStep = 32;

static RowsOp createElementwise(OpBuilder &b, Location loc,
                                FlatSymbolRefAttr formula, ValueRange inputs,
                                Value output) {
  auto rows = RowsOp::create(b, loc, TypeRange(), formula, inputs, Value(),
                             output, EmptyRowAttr(), PosInfAttr(),
                             NaNPolicyAttr(), TiesAttr(), NegInfAttr(),
                             FormAttr::get(b.getContext(), Form::Elementwise),
                             IntegerAttr(), IntegerAttr());
  rows.setInCache(true);
  return rows;
}

/// Puts what rows have once into scratch, and the queries.
void AttentionTiling::gatherRows(const AttentionTile &tile) {
  OpFoldResult zero = builder.getIndexAttr(0),
               size = builder.getIndexAttr(operands.headSize);
  const AttentionSequence &s = tile.sequence;
  Value first = s.getQuery(index, tile.query);
  forEachHead(tile, [&](Value head, Value firstRow) {
    Value source = view(operands.query, {tile.batch, head, first, zero},
                        {nullptr, nullptr, tile.queryCount, size});
    Value target = view(queryScratch, {tile.part, firstRow, zero},
                        {nullptr, tile.queryCount, size});
    if (operands.inPairs)
      createElementwise(builder, loc, copy, source, target);
    else
      cpu::PackOp::create(builder, loc, source, target, /*transpose=*/false);
  });
  if (scaleQueries) {
    Value queries = getQueries(tile);
    createElementwise(builder, loc, scaleQueries, queries, queries);
  }
  forEachRow(tile, [&](Value head, Value query, Value row) {
    auto store = [&](Value value, Value memref) {
      memref::StoreOp::create(builder, loc, value, memref,
                              ValueRange{tile.part, row});
    };
    KeyRange seen = getSeen(tile, query);
    store(seen.first, firstKeys);
    store(seen.end, endKeys);
    for (auto [operand, own] : llvm::zip(op.getFormulaOperands(), rowOperands))
      if (own)
        store(loadPerRow(builder, loc, operand,
                         {tile.batch, head, s.getQuery(index, query)}),
              own);
    if (Value lengths = rowIndices[0])
      store(countSeen(tile, head, query, seen), lengths);
    if (rowIndices[1])
      store(place.query && !packed ? index.add(query, place.query) : query,
            rowIndices[1]);
  });
}

//===----------------------------------------------------------------------===//
// Parts of operands
//===----------------------------------------------------------------------===//

/// Part of an operand that broadcasts to the scores, from the right: offsets
/// and sizes of all four dimensions; those without a size vanish.
Value AttentionTiling::slice(Value operand, ArrayRef<OpFoldResult> offsets,
                             ArrayRef<OpFoldResult> sizes) {
  if (cast<MemRefType>(operand.getType()).getRank() == 0)
    operand = memref::ExpandShapeOp::create( // A row lies along a dimension.
        builder, loc, ArrayRef<int64_t>{1}, operand,
        ArrayRef<ReassociationIndices>());
  auto type = cast<MemRefType>(operand.getType());
  int64_t missing = 4 - type.getRank();
  SmallVector<OpFoldResult> from, size;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    bool repeats = type.getDimSize(dim) == 1;
    OpFoldResult wanted = sizes[missing + dim];
    from.push_back(repeats ? builder.getIndexAttr(0) : offsets[missing + dim]);
    size.push_back(repeats && wanted ? builder.getIndexAttr(1) : wanted);
  }
  return view(operand, from, size);
}

/// Scores of one head, as operands have them.
Value AttentionTiling::sliceVarying(Value operand, const AttentionTile &tile,
                                    Value head, Value firstKey, Value width) {
  const AttentionSequence &s = tile.sequence;
  return slice(operand,
               {tile.batch, head, s.getQuery(index, tile.query),
                s.getKey(index, firstKey)},
               {nullptr, nullptr, tile.queryCount, width});
}

/// What an operand of the epilogue has beside the tile's queries of one head.
Value AttentionTiling::sliceOutput(Value operand, const AttentionTile &tile,
                                   Value head) {
  if (!isa<MemRefType>(operand.getType()))
    return operand;
  OpFoldResult zero = builder.getIndexAttr(0),
               size = builder.getIndexAttr(operands.valueSize);
  SmallVector<OpFoldResult> offsets{
      tile.batch, head, tile.sequence.getQuery(index, tile.query), zero},
      sizes{nullptr, nullptr, tile.queryCount, size};
  if (op.hasHeadsLast()) {
    std::swap(offsets[1], offsets[2]);
    std::swap(sizes[1], sizes[2]);
  }
  return slice(operand, offsets, sizes);
}

Value AttentionTiling::sliceRow(Value operand, const AttentionTile &tile,
                                Value head, Value query) {
  const AttentionSequence &s = tile.sequence;
  OpFoldResult first = builder.getIndexAttr(0);
  if (s.firstKey)
    first = s.firstKey;
  return slice(operand, {tile.batch, head, s.getQuery(index, query), first},
               {nullptr, nullptr, nullptr, s.keys});
}

Value AttentionTiling::perRow(Value all, const AttentionTile &tile) {
  return view(all, {tile.part, tile.row}, {nullptr, tile.rowCount});
}

Value AttentionTiling::getQueries(const AttentionTile &tile) {
  OpFoldResult zero = builder.getIndexAttr(0);
  return view(
      queryScratch, {tile.part, tile.row, zero},
      {nullptr, tile.rowCount, builder.getIndexAttr(operands.headSize)});
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

/// Scale and cap, bias and mask.
void AttentionTiling::prepareScores(const AttentionTile &tile, Value firstKey,
                                    Value scores) {
  if (!prepare)
    return;
  Value count = index.min(index.sub(tile.sequence.keys, firstKey),
                          index.constant(keysPerBlock));
  forEachHead(tile, [&](Value head, Value firstRow) {
    Value own = view(scores, {firstRow, builder.getIndexAttr(0)},
                     {tile.queryCount, count});
    SmallVector<Value> inputs{own};
    for (Value operand : {op.getBias(), op.getMask()})
      if (operand)
        inputs.push_back(sliceVarying(operand, tile, head, firstKey, count));
    createElementwise(builder, loc, prepare, inputs, own);
  });
}

/// Makes scores of keys that a row does not see -inf, in blocks that not all
/// rows see whole.
void AttentionTiling::exclude(const AttentionTile &tile, Value firstKey,
                              Value scores) {
  OpBuilder::InsertionGuard guard(builder);
  Value size = getWidth(tile, firstKey), zero = index.constant(0),
        one = index.constant(1);
  Value early = index.compare(Predicate::slt, firstKey, tile.firstCommon);
  Value late =
      index.compare(Predicate::sgt, index.add(firstKey, size), tile.endCommon);
  Value either = arith::OrIOp::create(builder, loc, early, late);
  auto branch =
      scf::IfOp::create(builder, loc, either, /*withElseRegion=*/false);
  builder.setInsertionPointToStart(branch.thenBlock());
  Value nothing = arith::ConstantOp::create(
      builder, loc,
      builder.getFloatAttr(operands.accumulator,
                           -std::numeric_limits<double>::infinity()));
  auto rows = scf::ForOp::create(builder, loc, zero, tile.rowCount, one);
  builder.setInsertionPointToStart(rows.getBody());
  Value row = rows.getInductionVar();
  auto column = [&](Value bounds) {
    Value key = memref::LoadOp::create(
        builder, loc, bounds, ValueRange{tile.part, index.add(tile.row, row)});
    return index.clamp(index.sub(key, firstKey), zero, size);
  };
  Value first = column(firstKeys), end = column(endKeys);
  for (auto [from, to] : {std::pair(zero, first), std::pair(end, size)}) {
    auto columns = scf::ForOp::create(builder, loc, from, to, one);
    OpBuilder inner = OpBuilder::atBlockBegin(columns.getBody());
    memref::StoreOp::create(inner, loc, nothing, scores,
                            ValueRange{row, columns.getInductionVar()});
  }
}

/// How many keys of a block are used: where the tile's last queries see only
/// some of them, these, up to a whole number of `step`.
OpFoldResult AttentionTiling::getUsedWidth(const AttentionTile &tile,
                                           Value firstKey, int64_t step) {
  if ((!getWindowRight() && !op.getLengths() && !packed) ||
      step >= keysPerBlock)
    return builder.getIndexAttr(keysPerBlock);
  Value unit = index.constant(step);
  Value seen = index.max(index.sub(tile.endKey, firstKey), index.constant(0));
  return index.min(index.mul(index.ceilDiv(seen, unit), unit),
                   index.constant(keysPerBlock));
}

/// What is done where few queries meet each key, and where many do.
void AttentionTiling::emitFewOrMany(const AttentionTile &tile,
                                    llvm::function_ref<void()> few,
                                    llvm::function_ref<void()> many) {
  if (!tile.sequence.meetsFew)
    return many();
  OpBuilder::InsertionGuard guard(builder);
  auto branch = scf::IfOp::create(builder, loc, tile.sequence.meetsFew,
                                  /*withElseRegion=*/true);
  builder.setInsertionPointToStart(branch.thenBlock());
  few();
  builder.setInsertionPointToStart(branch.elseBlock());
  many();
}

/// Queries times keys where these lie.
void AttentionTiling::multiplyInPlace(const AttentionTile &tile, Value firstKey,
                                      Value scores) {
  Value count =
      index.min(index.sub(tile.endKey, firstKey), index.constant(keysPerBlock));
  OpFoldResult zero = builder.getIndexAttr(0),
               size = builder.getIndexAttr(operands.headSize);
  Value keys = view(
      operands.key,
      {tile.batch, tile.keyHead, tile.sequence.getKey(index, firstKey), zero},
      {nullptr, nullptr, count, size});
  Value used = view(scores, {zero, zero}, {tile.rowCount, count});
  auto product = cpu::ProductOp::create(builder, loc, getQueries(tile), keys,
                                        used, /*accumulate=*/false);
  product.setTransposeB(true);
  product.setPrefetch(true);
  if (!operands.inPairs)
    return;
  product.setTileOrder(true);
  // Scores of packed keys that do not exist are 0.
  Value width = getValueOrCreateConstantIndexOp(
      builder, loc, getUsedWidth(tile, firstKey, kProductStep));
  fill(view(scores, {zero, count}, {tile.rowCount, index.sub(width, count)}),
       0.0);
}

void AttentionTiling::multiplyPacked(const AttentionTile &tile, Value block,
                                     Value firstKey, Value scores) {
  OpFoldResult width = getUsedWidth(tile, firstKey, kProductStep),
               zero = builder.getIndexAttr(0);
  Value keys =
      getPanel(Packed::Keys, emitPanel(Packed::Keys, tile, block), width);
  Value used = view(scores, {zero, zero}, {tile.rowCount, width});
  cpu::ProductOp::create(builder, loc, getQueries(tile), keys, used,
                         /*accumulate=*/false);
}

void AttentionTiling::emitScores(const AttentionTile &tile, Value block,
                                 Value scores) {
  Value firstKey = index.mul(block, index.constant(keysPerBlock));
  emitFewOrMany(
      tile, [&] { multiplyInPlace(tile, firstKey, scores); },
      [&] { multiplyPacked(tile, block, firstKey, scores); });
  prepareScores(tile, firstKey, scores);
  exclude(tile, firstKey, scores);
}

//===----------------------------------------------------------------------===//
// The formula
//===----------------------------------------------------------------------===//

bool AttentionTiling::hasVaryingOperands() {
  return llvm::any_of(
      llvm::seq<size_t>(0, op.getFormulaOperands().size()),
      [&](size_t i) { return !formula.isUniformArgument(i + 1); });
}

Value AttentionTiling::getWidth(const AttentionTile &rows, Value firstKey) {
  if (hasVaryingOperands())
    return index.min(index.sub(rows.sequence.keys, firstKey),
                     index.constant(keysPerBlock));
  // A row's sum is formed in steps of some vectors. As long as these are whole,
  // its bits do not follow from how far the rows beside it see.
  constexpr int64_t kStep = 128;
  return getValueOrCreateConstantIndexOp(builder, loc,
                                         getUsedWidth(rows, firstKey, kStep));
}

SmallVector<Value> AttentionTiling::getRowInputs(const AttentionTile &tile) {
  SmallVector<Value> inputs;
  for (auto [operand, own] : llvm::zip(op.getFormulaOperands(), rowOperands))
    if (own || !isa<MemRefType>(operand.getType()))
      inputs.push_back(own ? perRow(own, tile) : Value(operand));
  if (rowIndices[0])
    inputs.push_back(perRow(rowIndices[0], tile));
  if (attended.extent)
    inputs.push_back(tile.allKeys);
  if (rowIndices[1])
    inputs.push_back(perRow(rowIndices[1], tile));
  return inputs;
}

void AttentionTiling::emitRows(const AttentionTile &tile,
                               FlatSymbolRefAttr symbol, Value scores,
                               Value firstKey, Value width,
                               ArrayRef<Value> moreInputs,
                               ArrayRef<Value> outputs, Form form,
                               RowPolicies policies, Value scratch) {
  FormulaOp made = resolveFormula(op, symbol);
  // All of a row's arguments, as one value per row, per score, or one for all.
  SmallVector<Value> inputs{scores};
  for (auto [operand, own] : llvm::zip(op.getFormulaOperands(), rowOperands))
    inputs.push_back(own ? perRow(own, tile) : Value(operand));
  if (rowIndices[0])
    inputs.push_back(perRow(rowIndices[0], tile));
  if (attended.extent)
    inputs.push_back(tile.allKeys);
  if (rowIndices[1])
    inputs.push_back(perRow(rowIndices[1], tile));
  llvm::append_range(inputs, moreInputs);
  Value column = usesColumn(made) ? place.getKey(index, firstKey) : Value();
  bool all = policies == RowPolicies::All,
       ordinary = policies == RowPolicies::Ordinary;
  auto emit = [&](Value head, ArrayRef<Value> ins, ArrayRef<Value> outs) {
    Value base;
    SmallVector<Value> strides;
    if (usesRowIndex(made)) {
      base = place.getRow(index, tile.batch, head,
                          tile.sequence.getQuery(index, tile.query));
      strides.push_back(index.constant(1));
    }
    auto rows = RowsOp::create(
        builder, loc, TypeRange(), symbol, ins, Value(), base, strides, column,
        outs, all ? op.getEmptyRowAttr() : EmptyRowAttr(),
        all ? op.getPosInfAttr() : PosInfAttr(),
        ordinary
            ? NaNPolicyAttr::get(builder.getContext(), NaNPolicy::Arithmetic)
        : policies == RowPolicies::None ? NaNPolicyAttr()
                                        : op.getNanAttr(),
        all ? op.getTiesAttr() : TiesAttr(),
        ordinary ? NegInfAttr::get(builder.getContext(), NegInf::Ordinary)
                 : NegInfAttr(),
        FormAttr::get(builder.getContext(),
                      made.hasReduction() ? form : Form::Elementwise),
        IntegerAttr(), IntegerAttr(), IntegerAttr());
    rows.setInCache(true);
    rows.setLossyMaxima(policies == RowPolicies::Lossy);
    if (scratch)
      rows.getScratchMutable().assign(scratch);
    // Of statistics in f32 nobody takes more than the output's precision.
    rows.setNarrowRatios(operands.inPairs && op.getOutputs().size() == 1 &&
                         !op.getState());
  };
  if (!hasVaryingOperands())
    return emit(tile.head, inputs, outputs);
  // Scores that operands are beside lie in one head.
  forEachHead(tile, [&](Value head, Value firstRow) {
    auto own = [&](Value value) -> Value {
      auto type = dyn_cast<MemRefType>(value.getType());
      if (!type)
        return value;
      OpFoldResult zero = builder.getIndexAttr(0);
      if (type.getRank() == 1)
        return view(value, {firstRow}, {tile.queryCount});
      return view(value, {firstRow, zero}, {tile.queryCount, width});
    };
    SmallVector<Value> ins, outs;
    for (auto [i, input] : llvm::enumerate(inputs)) {
      bool isOperand = i >= 1 && i <= rowOperands.size() &&
                       !rowOperands[i - 1] && isa<MemRefType>(input.getType());
      ins.push_back(isOperand ? sliceVarying(input, tile, head, firstKey, width)
                              : own(input));
    }
    for (Value output : outputs)
      outs.push_back(own(output));
    emit(head, ins, outs);
  });
}

//===----------------------------------------------------------------------===//
// Values and results
//===----------------------------------------------------------------------===//

void AttentionTiling::fill(Value memref, double value) {
  Value number = arith::ConstantOp::create(
      builder, loc, builder.getFloatAttr(getElementTypeOrSelf(memref), value));
  linalg::FillOp::create(builder, loc, number, memref);
}

void AttentionTiling::emitValues(const AttentionTile &tile, Value block,
                                 Value weights, Value sums) {
  Value firstKey = index.mul(block, index.constant(keysPerBlock));
  if (operands.inPairs) { // Weights of what is not seen are 0, and so are
                          // packed values that do not exist.
    OpFoldResult width = getUsedWidth(tile, firstKey, kProductStep),
                 zero = builder.getIndexAttr(0);
    Value values =
        getPanel(Packed::Values, emitPanel(Packed::Values, tile, block), width);
    Value used = view(weights, {zero, zero}, {tile.rowCount, width});
    cpu::ProductOp::create(builder, loc, used, values, sums,
                           /*accumulate=*/true);
    return;
  }
  Value count =
      index.min(index.sub(tile.endKey, firstKey), index.constant(keysPerBlock));
  OpFoldResult zero = builder.getIndexAttr(0),
               size = builder.getIndexAttr(operands.valueSize);
  Value seen = view(weights, {zero, zero}, {tile.rowCount, count});
  Value values =
      operands.valuesAreReady
          ? view(operands.value,
                 {tile.batch, tile.keyHead,
                  tile.sequence.getKey(index, firstKey), zero},
                 {nullptr, nullptr, count, size})
          : view(valuePanels,
                 {emitPanel(Packed::Values, tile, block), zero, zero},
                 {nullptr, count, size});
  auto multiply = [&](bool prefetch) {
    cpu::ProductOp::create(builder, loc, seen, values, sums,
                           /*accumulate=*/true)
        .setPrefetch(prefetch);
  };
  if (!operands.valuesAreReady)
    return multiply(false);
  emitFewOrMany(tile, [&] { multiply(true); }, [&] { multiply(false); });
}

void AttentionTiling::emitState(const AttentionTile &tile, ValueRange slots,
                                ValueRange sums) {
  SmallVector<Value> perRow(slots);
  // What the formula was told lies behind the slots.
  for (Value told :
       {rowIndices[0], attended.extent ? tile.allKeys : Value(), rowIndices[1]})
    if (told)
      perRow.push_back(
          isa<MemRefType>(told.getType()) ? this->perRow(told, tile) : told);
  ValueRange outputs = op.getOutputs();
  forEachRow(tile, [&](Value head, Value query, Value row) {
    for (auto [value, output] : llvm::zip(perRow, outputs)) {
      if (isa<MemRefType>(value.getType()))
        value = memref::LoadOp::create(builder, loc, value, row);
      memref::StoreOp::create(builder, loc, value, output,
                              ValueRange{tile.batch, head, query});
    }
  });
  OpFoldResult zero = builder.getIndexAttr(0),
               size = builder.getIndexAttr(operands.valueSize);
  forEachHead(tile, [&](Value head, Value firstRow) {
    for (auto [sum, output] :
         llvm::zip_equal(sums, outputs.drop_front(perRow.size()))) {
      Value own = view(sum, {firstRow, zero}, {tile.queryCount, size});
      Value target = view(output, {tile.batch, head, tile.query, zero},
                          {nullptr, nullptr, tile.queryCount, size});
      createElementwise(builder, loc, copy, own, target);
    }
  });
}

void AttentionTiling::emitResults(const AttentionTile &tile, ValueRange sums,
                                  ValueRange coefficients,
                                  ValueRange uniforms) {
  // Behind the coefficients there may be an offset.
  unsigned rank = coefficients.empty() ? 0 : sums.size();
  bool hasOffset = coefficients.size() > rank;
  std::string purpose =
      "output" + std::to_string(rank) + (hasOffset ? ".offset" : "");
  FormulaOp epilogue = op.resolveEpilogue();
  if (epilogue)
    purpose += "." + epilogue.getSymName().str();
  FlatSymbolRefAttr symbol =
      symbols.getOrInsert(op, formula, {}, purpose, [&](StringRef name) {
        return buildOutput(loc, rank, hasOffset, name, epilogue);
      });
  OpFoldResult zero = builder.getIndexAttr(0),
               size = builder.getIndexAttr(operands.valueSize);
  Value first = tile.sequence.getQuery(index, tile.query);
  forEachHead(tile, [&](Value head, Value firstRow) {
    SmallVector<Value> inputs;
    for (Value sum : sums)
      inputs.push_back(view(sum, {firstRow, zero}, {tile.queryCount, size}));
    for (Value coefficient : coefficients)
      inputs.push_back(view(coefficient, {firstRow}, {tile.queryCount}));
    for (Value operand : op.getEpilogueOperands())
      inputs.push_back(sliceOutput(operand, tile, head));
    Value output = view(operands.output, {tile.batch, head, first, zero},
                        {nullptr, nullptr, tile.queryCount, size});
    createElementwise(builder, loc, symbol, inputs, output);
  });
  if (uniforms.empty())
    return;
  forEachRow(tile, [&](Value head, Value query, Value row) {
    unsigned next = 0;
    for (auto [i, output] : llvm::enumerate(op.getOutputs())) {
      if (i == weights)
        continue;
      Value found = memref::LoadOp::create(builder, loc, uniforms[next++], row);
      Value at = tile.sequence.getQuery(index, query);
      memref::StoreOp::create(
          builder, loc, found, output,
          takeBack(ValueRange{tile.batch, head, at}, output));
    }
  });
}
