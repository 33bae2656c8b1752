//===- AttentionTiling.cpp - attention as loops over tiles ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionTiling.h"

#include "weir/Dialect/Weir/IR/TargetFeatures.h"
#include "weir/Dialect/Weir/Transforms/RowTiles.h"
#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weir;

using Predicate = arith::CmpIPredicate;

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// The tensor with its dimensions in the order batch, head, length, element.
static Value orderDims(OpBuilder &b, AttentionRowsOp op, Value tensor) {
  if (op.isPacked()) {
    SmallVector<int64_t> shape(cast<MemRefType>(tensor.getType()).getShape());
    shape.insert(shape.begin(), 1);
    tensor = memref::ExpandShapeOp::create(
        b, op.getLoc(), shape, tensor,
        ArrayRef<ReassociationIndices>{{0, 1}, {2}, {3}});
  }
  if (!op.hasHeadsLast())
    return tensor;
  auto map = AffineMap::getPermutationMap(ArrayRef<int64_t>{0, 2, 1, 3},
                                          op.getContext());
  return memref::TransposeOp::create(b, op.getLoc(), tensor,
                                     AffineMapAttr::get(map));
}

static bool hasUnitStride(Value memref) {
  SmallVector<int64_t> strides;
  int64_t offset;
  return succeeded(cast<MemRefType>(memref.getType())
                       .getStridesAndOffset(strides, offset)) &&
         strides.back() == 1;
}

AttentionOperands::AttentionOperands(OpBuilder &b, AttentionRowsOp op) {
  Location loc = op.getLoc();
  query = orderDims(b, op, op.getQuery());
  key = orderDims(b, op, op.getKey());
  value = orderDims(b, op, op.getValue());
  FormulaOp formula = op.resolveFormula();
  if (!op.getState())
    output = orderDims(b, op, op.getOutputs()[formula.getFirstVaryingResult()]);
  auto size = [&](Value memref, int64_t dim) -> Value {
    return b.createOrFold<memref::DimOp>(loc, memref, dim);
  };
  batches = size(query, 0);
  queryHeads = size(query, 1);
  queries = size(query, 2);
  // Without heads of keys there are no keys.
  IndexMath index(b, loc);
  Value heads = size(key, 1);
  Value none = index.compare(Predicate::eq, heads, index.constant(0));
  keyHeads = index.max(heads, index.constant(1));
  keys = index.select(none, index.constant(0), size(key, 2));
  headSize = cast<MemRefType>(query.getType()).getDimSize(3);
  valueSize = cast<MemRefType>(value.getType()).getDimSize(3);
  Type element = getElementTypeOrSelf(query.getType());
  accumulator = element.isF64() ? element : Type(b.getF32Type());
  inPairs = element.isBF16() &&
            TargetFeatures::get(op->getParentOfType<ModuleOp>()).hasTiles();
  keysAreReady = hasUnitStride(key);
  valuesAreReady = element == accumulator && hasUnitStride(value);
}

Type AttentionOperands::getStorage() const {
  return inPairs ? Type(BFloat16Type::get(accumulator.getContext()))
                 : accumulator;
}

AttentionPlace::AttentionPlace(AttentionRowsOp op,
                               const AttentionOperands &operands)
    : heads(operands.queryHeads), queries(operands.queries),
      key(op.getFirstKey()), keys(operands.keys) {
  if (key)
    keys = op.getAllKeys();
  if (op.getPlace().empty())
    return;
  batch = op.getPlace()[0];
  head = op.getPlace()[1];
  query = op.getPlace()[2];
  heads = op.getPlace()[3];
  queries = op.getPlace()[4];
}

Value AttentionPlace::getRow(IndexMath &index, Value ownBatch, Value ownHead,
                             Value ownQuery) const {
  if (query) {
    ownBatch = index.add(ownBatch, batch);
    ownHead = index.add(ownHead, head);
    ownQuery = index.add(ownQuery, query);
  }
  Value row = index.add(index.mul(ownBatch, heads), ownHead);
  return index.add(index.mul(row, queries), ownQuery);
}

//===----------------------------------------------------------------------===//
// Set-up
//===----------------------------------------------------------------------===//

/// A block of packed keys, or of values, fills two thirds of the first-level
/// cache; what a tile has of queries, scores and sums, half a megabyte of the
/// second.
static constexpr int64_t kBlockBytes = int64_t(32) * 1024,
                         kTileBytes = int64_t(512) * 1024;
/// Keys in a block: what two register tiles are wide at least.
static constexpr int64_t kLeastKeys = 32, kMostKeys = 256;
/// With fewer tiles in all, scratch that is touched for the first time is a
/// good part of the work.
static constexpr int64_t kFewTiles = 8;
/// Rows of a tile: whole blocks of transposed rows.
static constexpr int64_t kRowStep = 16, kMostRows = 256;
/// Rows of a slot of states: numbers of 4 bytes that fill two lines of a cache.
static constexpr int64_t kSlotStep = 32;
/// So few queries, at least, are in a tile where there are more; tiles of fewer
/// may have several heads.
static constexpr int64_t kLeastRows = 2 * kRowStep;
/// Rows of a tile that several heads lie in: they have few queries each.
static constexpr int64_t kSharedRows = 128;
/// Queries that keys are not packed for: each key meets so few that putting it
/// in place is more work than adding up lanes.
static constexpr int64_t kFewRows = 16;

static int64_t roundDown(int64_t value, int64_t step, int64_t least,
                         int64_t most) {
  return std::clamp(value / step * step, least, most);
}

static int64_t chooseKeys(const AttentionOperands &operands) {
  int64_t row =
      std::max<int64_t>(std::max(operands.headSize, operands.valueSize), 1);
  int64_t bytes = operands.accumulator.getIntOrFloatBitWidth() / 8;
  if (operands.inPairs) // Tiles want long sums, and rows long sweeps.
    return kMostKeys;
  return roundDown(kBlockBytes / (row * bytes), kLeastKeys, kLeastKeys,
                   kMostKeys);
}

/// In pairs, scores and weights of a tile lie beside each other.
static constexpr int64_t kMostRowsInPairs = 128;

static int64_t chooseRows(const AttentionOperands &operands, int64_t keys) {
  int64_t bytes = operands.accumulator.getIntOrFloatBitWidth() / 8;
  int64_t row = operands.headSize + operands.valueSize + keys;
  return roundDown(kTileBytes / (row * bytes), kRowStep, 2 * kRowStep,
                   operands.inPairs ? kMostRowsInPairs : kMostRows);
}

static std::optional<double> toDouble(std::optional<APFloat> value) {
  return value ? std::optional<double>(value->convertToDouble()) : std::nullopt;
}

AttentionTiling::AttentionTiling(AttentionRowsOp op,
                                 const AttentionOperands &operands,
                                 DerivedSymbols &symbols)
    : op(op), formula(op.resolveFormula()), symbols(symbols), builder(op),
      loc(op.getLoc()), index(builder, loc), operands(operands),
      place(op, operands),
      keysPerBlock(op.getKeyTile().value_or(chooseKeys(operands))),
      rowsPerTile(
          op.getQueryTile().value_or(chooseRows(operands, keysPerBlock))),
      attended(getAttendedArguments(formula)),
      weights(formula.getFirstVaryingResult()),
      indexType(builder.getIndexType()) {
  if (op.isPacked())
    packed.emplace(builder, loc, op.getPacked(), operands.queries,
                   operands.keys, [&](Value rows) {
                     return allocate({rows, builder.getIndexAttr(
                                                PackedSequences::kColumns)},
                                     indexType);
                   });
  ScoreScale scale(op, operands);
  preparation.softCap = toDouble(op.getSoftCap());
  preparation.hasBias = static_cast<bool>(op.getBias());
  preparation.hasMask = static_cast<bool>(op.getMask());
  preparation.scale = scale.inPreparation;
  queryScale = scale.inQueries;
}

/// bf16 queries stay as they are, or they would be rounded once more. A state
/// is that of the formula without a scale, whatever the target.
ScoreScale::ScoreScale(AttentionRowsOp op, const AttentionOperands &operands) {
  double scale = toDouble(op.getScale())
                     .value_or(1.0 / std::sqrt(double(operands.headSize)));
  if (op.getSoftCap() || (operands.inPairs && (op.getBias() || op.getMask() ||
                                               op.getState() || scale <= 0)))
    inPreparation = scale;
  else if (operands.inPairs)
    inFormula = scale;
  else
    inQueries = scale;
}

Value AttentionTiling::allocate(ArrayRef<OpFoldResult> sizes, Type element) {
  auto alloc = memref::AllocOp::create(builder, loc, sizes, element);
  alloc.setAlignment(64);
  buffers.push_back(alloc);
  return alloc;
}

/// Bytes between what two threads write: what one fetches beside its own, some
/// lines ahead, must not be the other's.
static constexpr int64_t kApart = 4096;

Value AttentionTiling::allocateApart(ArrayRef<OpFoldResult> sizes,
                                     Type element) {
  int64_t bytes = element.isIndex() ? 8 : element.getIntOrFloatBitWidth() / 8;
  for (OpFoldResult size : sizes.drop_front(2))
    bytes *= getConstantIntValue(size).value_or(1);
  SmallVector<OpFoldResult> padded(sizes);
  int64_t pad = llvm::divideCeil(kApart, std::max<int64_t>(bytes, 1));
  if (std::optional<int64_t> known = getConstantIntValue(sizes[1]))
    padded[1] = builder.getIndexAttr(*known + pad);
  else
    padded[1] = index.add(cast<Value>(sizes[1]), index.constant(pad));
  return allocate(padded, element);
}

Value AttentionTiling::view(Value memref, ArrayRef<OpFoldResult> offsets,
                            ArrayRef<OpFoldResult> sizes) {
  SmallVector<OpFoldResult> whole(sizes),
      ones(sizes.size(), builder.getIndexAttr(1));
  for (OpFoldResult &size : whole)
    if (std::optional<int64_t> known = size ? getConstantIntValue(size) : 1)
      size = builder.getIndexAttr(*known);
  auto all = cast<MemRefType>(memref::SubViewOp::inferResultType(
      cast<MemRefType>(memref.getType()), offsets, whole, ones));
  auto [strides, offset] = all.getStridesAndOffset();
  // Of several dimensions of size 1 it matters which vanish: what is left keeps
  // its stride.
  SmallVector<int64_t> ownShape, ownStrides;
  for (auto [dim, size] : llvm::enumerate(sizes))
    if (size) {
      ownShape.push_back(all.getDimSize(dim));
      ownStrides.push_back(strides[dim]);
    }
  auto layout =
      StridedLayoutAttr::get(builder.getContext(), offset, ownStrides);
  auto type = MemRefType::get(ownShape, all.getElementType(), layout,
                              all.getMemorySpace());
  return memref::SubViewOp::create(builder, loc, type, memref, offsets, whole,
                                   ones);
}

/// How a sequence is cut into tiles, which follows from its lengths and from
/// how many queries a tile may have.
SequenceTotals AttentionTiling::cutTiles(AttentionSequence &s,
                                         AttentionForms &form) {
  Value one = index.constant(1), zero = index.constant(0);
  s.blocks = index.ceilDiv(s.keys, index.constant(keysPerBlock));
  Value most = form.chooseQueries(*this, s, mostQueries);
  s.queriesPerTile = index.max(index.min(s.queries, most), one);
  // Rows of a block of transposed rows may follow each other in their last
  // bits, so which rows lie beside each other must not depend on threads.
  Value shared = most, few = most;
  if (!form.rowsFollowTiles()) {
    shared = index.constant(std::min(rowsPerTile, kSharedRows));
    few = index.constant(std::min(rowsPerTile, kLeastRows));
  }
  Value group = index.ceilDiv(operands.queryHeads, operands.keyHeads);
  s.headsPerTile = index.select(index.compare(Predicate::ule, s.queries, few),
                                index.clamp(index.div(shared, s.queriesPerTile),
                                            one, index.max(group, one)),
                                one);
  // Rows of several heads of a larger whole do not follow each other in that,
  // nor do those of a sequence among others.
  if ((place.query || packed) && usesRowIndex(formula))
    s.headsPerTile = one;
  s.headTiles = index.ceilDiv(group, s.headsPerTile);
  s.queryTiles = index.ceilDiv(s.queries, s.queriesPerTile);
  Value perHead = index.mul(s.headTiles, s.queryTiles);
  s.packsAhead = index.compare(Predicate::ugt, perHead, one);
  // Whether they are few follows from the sizes alone, not from the tiles.
  Value fewRows = index.constant(kFewRows), rows = index.mul(group, s.queries);
  Value meetsFew = index.compare(Predicate::ule, rows, fewRows);
  s.keysPerPart = getKeysPerPart(meetsFew);
  if (operands.keysAreReady) {
    s.meetsFew = meetsFew;
    Value meetsMany = index.compare(Predicate::ugt, rows, fewRows);
    if (operands.inPairs) // Values are packed all the same, and once.
      s.meetsFew = index.select(
          s.packsAhead, arith::ConstantIntOp::create(builder, loc, 0, 1),
          meetsFew);
    else
      s.packsAhead =
          builder.createOrFold<arith::AndIOp>(loc, s.packsAhead, meetsMany);
  }
  Value heads = index.mul(operands.batches, operands.keyHeads);
  SequenceTotals own;
  own.tiles = index.mul(heads, perHead);
  own.panels = index.select(s.packsAhead, index.mul(heads, s.blocks), zero);
  own.longest = s.keys;
  own.keyParts = index.max(index.ceilDiv(s.keys, s.keysPerPart), one);
  own.rows = index.mul(s.headsPerTile, s.queriesPerTile);
  own.scores = index.mul(own.rows, getRowLength(s.blocks));
  return own;
}

/// The sequence of a tile or panel, whose number becomes that in the sequence.
AttentionSequence AttentionTiling::findSequence(Value &number,
                                                PackedSequences::Column column,
                                                AttentionForms &form) {
  if (!packed)
    return each;
  AttentionSequence found = packed->find(number, column);
  cutTiles(found, form);
  return found;
}

/// How many threads there may be, and how many queries a tile has. A tile with
/// many reads keys and values less often; with few there are enough tiles for
/// all threads. Results depend on neither.
Value AttentionTiling::findTiles(AttentionForms &form) {
  Value one = index.constant(1);
  Value threads = one;
  int64_t grain = op.getThreadGrain().value_or(0);
  if (grain > 0) {
    Value scores =
        index.mul(index.mul(operands.batches, operands.queryHeads),
                  packed ? packed->getPairs()
                         : index.mul(operands.queries, operands.keys));
    Value wanted = index.ceilDiv(scores, index.constant(grain));
    threads = cpu::PartsOp::create(builder, loc, indexType, wanted);
  }
  mostQueries = index.constant(rowsPerTile);
  Value rows = index.mul(index.mul(operands.batches, operands.queryHeads),
                         operands.queries);
  Value enough = index.max(index.mul(threads, index.constant(kTilesPerThread)),
                           index.constant(kFewTiles));
  int64_t least = form.rowsFollowTiles() ? rowsPerTile : kLeastRows;
  for (int64_t fewer = rowsPerTile / 2; fewer >= least; fewer /= 2) {
    Value found = index.div(rows, index.max(mostQueries, one));
    Value suffices = index.compare(Predicate::uge, found, enough);
    mostQueries = index.select(
        suffices, mostQueries,
        index.min(mostQueries, index.constant(fewer / kRowStep * kRowStep)));
  }
  auto cut = [&](AttentionSequence &sequence) {
    return cutTiles(sequence, form);
  };
  each.queries = operands.queries;
  each.keys = operands.keys;
  totals = packed ? packed->cut(cut) : cut(each);
  Value parts = findKeyParts(form, threads);
  slots = parts;
  slotRows = builder.getIndexAttr(rowsPerTile);
  if (keyParts) {
    Value perPart = index.mul(parts, index.constant(2));
    slots = index.select(spreads, items, perPart);
    // What threads write beside each other is not to share lines of a cache,
    // which come in pairs.
    Value line = index.constant(kSlotStep);
    slotRows = index.mul(index.ceilDiv(totals.rows, line), line);
  }
  return parts;
}

void AttentionTiling::allocateAll(Value parts) {
  OpFoldResult rows = builder.getIndexAttr(rowsPerTile),
               head = builder.getIndexAttr(operands.headSize);
  allocatePanels(parts);
  queryScratch = allocateApart({parts, rows, head}, operands.getStorage());
  firstKeys = allocateApart({parts, rows}, indexType);
  endKeys = allocateApart({parts, rows}, indexType);
  for (auto [i, operand] : llvm::enumerate(op.getFormulaOperands())) {
    auto type = dyn_cast<MemRefType>(operand.getType());
    bool perRow = type && formula.isUniformArgument(i + 1);
    rowOperands.push_back(
        perRow ? allocateApart({parts, rows}, type.getElementType()) : Value());
  }
  for (bool wanted : {attended.length, attended.row})
    rowIndices.push_back(wanted ? allocateApart({parts, rows}, indexType)
                                : Value());
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

void AttentionTiling::forEachPart(Value parts,
                                  llvm::function_ref<void(Value part)> body) {
  OpBuilder::InsertionGuard guard(builder);
  Value zero = index.constant(0);
  if (getConstantIntValue(parts) == 1)
    return body(zero);
  auto loop =
      scf::ParallelOp::create(builder, loc, zero, parts, index.constant(1));
  builder.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVars()[0]);
}

/// Whether each part can have heads of its own: as many as the others. What it
/// packed of them is in its cache then, and not in another's. Null if never.
Value AttentionTiling::shareHeads(Value parts) {
  if (packed || getConstantIntValue(parts) == 1)
    return Value();
  Value heads = index.mul(operands.batches, operands.keyHeads);
  Value comeOutEven =
      index.compare(Predicate::eq, index.rem(heads, parts), index.constant(0));
  if (!keyParts)
    return comeOutEven;
  Value isWhole = arith::ConstantIntOp::create(builder, loc, 0, 1);
  isWhole =
      arith::CmpIOp::create(builder, loc, Predicate::eq, spreads, isWhole);
  return arith::AndIOp::create(builder, loc, comeOutEven, isWhole);
}

/// Parts take tiles in turn, and back again, so that each gets its share of
/// long rows and short ones, or those of their heads.
void AttentionTiling::emitLoop(Value parts, AttentionForms &form) {
  Value ownHeads = shareHeads(parts);
  forEachPart(parts, [&](Value part) {
    Value zero = index.constant(0), one = index.constant(1);
    Value rounds = index.ceilDiv(items, parts);
    auto loop = scf::ForOp::create(builder, loc, zero, rounds, one);
    builder.setInsertionPointToStart(loop.getBody());
    Value round = loop.getInductionVar();
    Value odd =
        index.compare(Predicate::ne, index.rem(round, index.constant(2)), zero);
    Value back = index.sub(index.sub(parts, one), part);
    Value number =
        index.add(index.mul(round, parts), index.select(odd, back, part));
    if (ownHeads)
      number = index.select(ownHeads, index.add(index.mul(part, rounds), round),
                            number);
    Value exists = index.compare(Predicate::ult, number, items);
    auto branch =
        scf::IfOp::create(builder, loc, exists, /*withElseRegion=*/false);
    builder.setInsertionPointToStart(branch.thenBlock());
    if (keyParts)
      emitKeyParts(number, part, form);
    else
      withTile(number, part, form,
               [&](AttentionTile &tile) { form.emitTile(*this, tile); });
  });
}

/// The tile of a number, if there is one, with its keys and rows.
void AttentionTiling::withTile(
    Value number, Value part, AttentionForms &form,
    llvm::function_ref<void(AttentionTile &tile)> body) {
  OpBuilder::InsertionGuard guard(builder);
  AttentionTile tile;
  tile.part = tile.slot = part;
  tile.sequence = findSequence(number, PackedSequences::Tiles, form);
  const AttentionSequence &s = tile.sequence;
  Value queryTile = index.rem(number, s.queryTiles);
  number = index.div(number, s.queryTiles);
  Value headTile = index.rem(number, s.headTiles);
  number = index.div(number, s.headTiles);
  tile.keyHead = index.rem(number, operands.keyHeads);
  tile.batch = getBatch(index.div(number, operands.keyHeads));
  // The heads h whose h * Hkv / Hq is this one.
  auto firstHead = [&](Value keyHead) {
    return index.ceilDiv(index.mul(keyHead, operands.queryHeads),
                         operands.keyHeads);
  };
  tile.head =
      index.add(firstHead(tile.keyHead), index.mul(headTile, s.headsPerTile));
  Value end = firstHead(index.add(tile.keyHead, index.constant(1)));
  tile.headCount = index.min(index.sub(end, tile.head), s.headsPerTile);
  tile.query = index.mul(queryTile, s.queriesPerTile);
  tile.queryCount =
      index.min(index.sub(s.queries, tile.query), s.queriesPerTile);
  tile.row = index.constant(0);
  tile.rowCount = index.mul(tile.headCount, tile.queryCount);
  Value exists =
      index.compare(Predicate::sgt, tile.headCount, index.constant(0));
  auto branch =
      scf::IfOp::create(builder, loc, exists, /*withElseRegion=*/false);
  builder.setInsertionPointToStart(branch.thenBlock());
  findKeys(tile);
  gatherRows(tile);
  body(tile);
}

void AttentionTiling::forEachHead(
    const AttentionTile &tile,
    llvm::function_ref<void(Value head, Value firstRow)> body) {
  OpBuilder::InsertionGuard guard(builder);
  auto loop = scf::ForOp::create(builder, loc, index.constant(0),
                                 tile.headCount, index.constant(1));
  builder.setInsertionPointToStart(loop.getBody());
  body(index.add(tile.head, loop.getInductionVar()),
       index.mul(loop.getInductionVar(), tile.queryCount));
}

void AttentionTiling::forEachRow(
    const AttentionTile &tile,
    llvm::function_ref<void(Value head, Value query, Value row)> body) {
  forEachHead(tile, [&](Value head, Value firstRow) {
    auto loop = scf::ForOp::create(builder, loc, index.constant(0),
                                   tile.queryCount, index.constant(1));
    builder.setInsertionPointToStart(loop.getBody());
    body(head, index.add(tile.query, loop.getInductionVar()),
         index.add(firstRow, loop.getInductionVar()));
  });
}

/// The rows of the tile that may see keys of the block, whole blocks of rows.
/// Of one head that is a range.
AttentionTile AttentionTiling::restrictTo(const AttentionTile &tile,
                                          Value firstKey) {
  std::optional<int64_t> left = op.getWindowLeft(), right = getWindowRight();
  if (!left && !right)
    return tile;
  Value zero = index.constant(0), step = index.constant(kRowStep);
  Value before = index.add(tile.ahead, tile.query);
  AttentionTile own = tile;
  Value first = zero, end = tile.rowCount;
  if (right) { // The first query whose last key is not before the block.
    first = index.sub(firstKey, index.add(before, index.constant(*right)));
    first = index.clamp(first, zero, tile.rowCount);
    first = index.mul(index.div(first, step), step);
  }
  if (left) { // The last query whose first key is not behind the block.
    Value last = index.add(firstKey, index.constant(keysPerBlock + *left));
    end = index.clamp(index.sub(last, before), zero, tile.rowCount);
    end = index.min(index.mul(index.ceilDiv(end, step), step), tile.rowCount);
  }
  Value isOne = index.compare(Predicate::eq, tile.headCount, index.constant(1));
  own.row = index.select(isOne, first, zero);
  own.rowCount = index.select(isOne, index.max(index.sub(end, first), zero),
                              tile.rowCount);
  own.query = index.add(tile.query, own.row);
  own.queryCount = index.select(isOne, own.rowCount, tile.queryCount);
  return own;
}

void AttentionTiling::forEachBlock(
    const AttentionTile &tile,
    llvm::function_ref<void(const AttentionTile &, Value)> body) {
  OpBuilder::InsertionGuard guard(builder);
  Value size = index.constant(keysPerBlock);
  auto loop =
      scf::ForOp::create(builder, loc, index.div(tile.firstKey, size),
                         index.ceilDiv(tile.endKey, size), index.constant(1));
  builder.setInsertionPointToStart(loop.getBody());
  Value block = loop.getInductionVar();
  body(restrictTo(tile, index.mul(block, size)), block);
}

//===----------------------------------------------------------------------===//
// The pass over one op
//===----------------------------------------------------------------------===//

void AttentionTiling::run(AttentionForms &form) {
  auto insert = [&](StringRef purpose, const ScorePreparation &what) {
    std::string detail;
    llvm::raw_string_ostream(detail)
        << llvm::bit_cast<uint64_t>(what.scale) << " "
        << llvm::bit_cast<uint64_t>(what.softCap.value_or(0)) << " "
        << what.hasBias << what.hasMask;
    return symbols.getOrInsert(
        op, formula, {}, purpose,
        [&](StringRef name) { return buildPreparation(loc, what, name); },
        detail);
  };
  if (!preparation.isNothing())
    prepare = insert("prepare", preparation);
  if (queryScale != 1.0) {
    ScorePreparation scaling;
    scaling.scale = queryScale;
    scaleQueries = insert("scale", scaling);
  }
  copy = symbols.getOrInsert(op, formula, {}, "copy", [&](StringRef name) {
    return buildOutput(loc, /*rank=*/0, /*hasOffset=*/false, name);
  });
  Value parts = findTiles(form);
  allocateAll(parts);
  form.allocate(*this, parts);
  emitPacking(parts, form);
  emitLoop(parts, form);
  if (keyParts)
    emitMerges(parts, form);
  for (Value buffer : buffers)
    memref::DeallocOp::create(builder, loc, buffer);
  op.erase();
}
