//===- RowAccess.cpp - one row of the operands of weir.rows ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowAccess.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace weir;

/// All shaped operands that hold one value per element, the destinations first:
/// their sizes are exact, while an input may be broadcast.
static SmallVector<Value> getVaryingOperands(RowsOp rows, FormulaOp formula,
                                             bool writesRows) {
  SmallVector<Value> values;
  for (auto [i, output] : llvm::enumerate(rows.getOutputs()))
    if (writesRows && !formula.isUniformResult(i))
      values.push_back(output);
  llvm::append_range(values, formula.pickVarying(rows.getInputs()));
  if (rows.getMask())
    values.push_back(rows.getMask());
  return values;
}

/// Across rows, the elements of a vector are all that is used of the cache
/// lines and the page they lie on before the next position, which is far away.
/// Two lines are fetched together by hardware, and are two registers or more.
static LaneLayout chooseLayout(RowsOp rows, ArrayRef<Value> varying,
                               unsigned width, int64_t vectorBits) {
  constexpr int64_t kLineBits = 512;
  if (rows.getRowDim() == rows.getRowRank() - 1)
    return LaneLayout(rows.getLoc(), vectorBits / width, 1,
                      rows.getForm() == Form::Transposed ? LaneKind::Block
                                                         : LaneKind::Along);
  int64_t lanes = std::max(kLineBits, 2 * vectorBits) / width, last = 1;
  for (Value value : varying) {
    int64_t size = cast<MemRefType>(value.getType()).getShape().back();
    if (ShapedType::isDynamic(size))
      size = lanes;
    last = std::max(last, size);
  }
  if (last < lanes)
    lanes = std::max<int64_t>(2, llvm::PowerOf2Ceil(last));
  int64_t registers = llvm::divideCeil(lanes * width, vectorBits);
  return LaneLayout(rows.getLoc(), lanes, registers, LaneKind::Across);
}

FailureOr<RowAccess> RowAccess::create(RowsOp rows, FormulaOp formula,
                                       OpBuilder &builder, Type computeType,
                                       int64_t vectorBits, bool writesRows) {
  SmallVector<Value> varying = getVaryingOperands(rows, formula, writesRows);
  LaneLayout layout = chooseLayout(
      rows, varying, computeType.getIntOrFloatBitWidth(), vectorBits);
  RowAccess access(rows, formula, computeType, layout);
  if (!layout.isAcross() && failed(access.checkContiguous(varying)))
    return failure();
  access.emitSizes(builder, varying, rows.getRowRank(), rows.getRowDim());
  access.resultsAreLarge = access.emitResultsAreLarge(builder);
  if (writesRows)
    access.emitNextRows(builder);
  return access;
}

//===----------------------------------------------------------------------===//
// Writing past the caches
//===----------------------------------------------------------------------===//

/// Vectors across rows may lie anywhere on their cache lines: they are never
/// written past the caches.
Value RowAccess::emitResultsAreLarge(OpBuilder &b) {
  int64_t least = rows.getStreamBytes().value_or(0), bytes = 0;
  if (least == 0 || layout.hasRowVectors())
    return Value();
  for (auto [i, output] : llvm::enumerate(rows.getOutputs())) {
    if (formula.isUniformResult(i))
      continue;
    int64_t own = getByteSize(getElementTypeOrSelf(output.getType()));
    if (own * getLaneCount() < 16) // No instruction writes less.
      return Value();
    bytes += own;
  }
  Location loc = rows.getLoc();
  Value size = getRowLength();
  for (Value outer : getOuterSizes())
    size = arith::MulIOp::create(b, loc, size, outer);
  Value elements = arith::ConstantIndexOp::create(
      b, loc, llvm::divideCeil(least, std::max<int64_t>(bytes, 1)));
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge, size,
                               elements);
}

Value RowAccess::emitIsApart(OpBuilder &b, Value row) {
  Location loc = rows.getLoc();
  Value zero = arith::ConstantIndexOp::create(b, loc, 0), all;
  Value start = emitAddressAsIndex(b, loc, row, zero);
  for (Value input : inputRows) {
    if (!input)
      continue;
    Value differs =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, start,
                              emitAddressAsIndex(b, loc, input, zero));
    all = all ? Value(arith::AndIOp::create(b, loc, all, differs)) : differs;
  }
  return all ? all
             : Value(arith::ConstantOp::create(b, loc, b.getBoolAttr(true)));
}

/// How many elements from the beginning of the part at hand on lie before the
/// first whole vector of `row`.
Value RowAccess::emitHeadLength(OpBuilder &b, Value row) {
  Location loc = rows.getLoc();
  auto index = [&](int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  int64_t bytes = getByteSize(getElementTypeOrSelf(row.getType()));
  Value begin = getPartBegin() ? getPartBegin() : Value(index(0));
  Value start = emitAddressAsIndex(b, loc, row, begin);
  Value back = arith::SubIOp::create(b, loc, index(0), start);
  Value left =
      arith::AndIOp::create(b, loc, back, index(bytes * getLaneCount() - 1));
  return arith::DivUIOp::create(b, loc, left, index(bytes));
}

std::optional<RowAccess::Streams> RowAccess::emitStreams(OpBuilder &b) {
  if (!resultsAreLarge)
    return std::nullopt;
  // A head costs a vector whose lanes are masked.
  constexpr int64_t kLeastWithHead = 1024;
  Location loc = rows.getLoc();
  Value zero = arith::ConstantIndexOp::create(b, loc, 0), all = resultsAreLarge;
  auto also = [&](Value holds) {
    all = arith::AndIOp::create(b, loc, all, holds);
  };
  auto compare = [&](arith::CmpIPredicate predicate, Value x, Value y) {
    return arith::CmpIOp::create(b, loc, predicate, x, y);
  };
  Value head;
  for (Value result : resultRows) {
    if (!result)
      continue;
    Value own = emitHeadLength(b, result);
    if (head)
      also(compare(arith::CmpIPredicate::eq, own, head));
    head = own;
    for (Value input : inputRows)
      if (input)
        also(compare(arith::CmpIPredicate::ne,
                     emitAddressAsIndex(b, loc, result, zero),
                     emitAddressAsIndex(b, loc, input, zero)));
  }
  Value span = getPartEnd(), first = head;
  if (Value begin = getPartBegin()) {
    span = arith::SubIOp::create(b, loc, span, begin);
    first = arith::AddIOp::create(b, loc, begin, head);
  }
  Value least = arith::ConstantIndexOp::create(b, loc, kLeastWithHead);
  also(arith::OrIOp::create(b, loc,
                            compare(arith::CmpIPredicate::eq, head, zero),
                            compare(arith::CmpIPredicate::uge, span, least)));
  return Streams{all, first};
}

void RowAccess::enterRow(OpBuilder &builder, ValueRange outerIndices) {
  setIndices(outerIndices);
  gatheredRows.clear();
  if (!layout.isBlock())
    emitViews(builder);
}

void RowAccess::enterRowOfBlock(OpBuilder &builder, Value row) {
  setRowOfBlock(builder, row);
  emitViews(builder);
}

void RowAccess::emitViews(OpBuilder &builder) {
  inputRows.assign(rows.getInputs().size(), Value());
  resultRows.assign(rows.getOutputs().size(), Value());
  for (auto [i, input] : llvm::enumerate(rows.getInputs()))
    if (!formula.isUniformArgument(i))
      inputRows[i] = emitRowView(builder, input);
  for (auto [i, output] : llvm::enumerate(rows.getOutputs()))
    if (!formula.isUniformResult(i))
      resultRows[i] = emitRowView(builder, output);
  if (rows.getMask())
    maskRow = emitRowView(builder, rows.getMask());
}

Value RowAccess::emitRowIndex(OpBuilder &builder) {
  Value row = rows.getRowBase();
  if (!row)
    return emitOwnRowIndex(builder);
  Location loc = rows.getLoc();
  for (auto [index, stride] : llvm::zip(getIndices(), rows.getRowStrides()))
    row = arith::AddIOp::create(
        builder, loc, row, arith::MulIOp::create(builder, loc, index, stride));
  if (!layout.hasRowVectors())
    return row;
  Value lane = vector::StepOp::create(builder, loc,
                                      getVectorType(builder.getIndexType()));
  Value stride = layout.fromScalar(builder, rows.getRowStrides().back());
  return arith::AddIOp::create(
      builder, loc, layout.fromScalar(builder, row),
      arith::MulIOp::create(builder, loc, lane, stride));
}

void RowAccess::readGathered() {
  for (auto [argument, buffer] : llvm::zip_equal(gathered, gatherBuffers))
    gatheredRows[argument] = buffer;
}

Value RowAccess::emitBufferSize(OpBuilder &builder) {
  Location loc = rows.getLoc();
  int64_t line = 512 / getComputeType().getIntOrFloatBitWidth();
  Value size = getRowLength();
  auto index = [&](int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value);
  };
  if (layout.isAcross())
    size =
        arith::MulIOp::create(builder, loc, size, index(layout.getLaneCount()));
  Value lines = arith::CeilDivUIOp::create(builder, loc, size, index(line));
  return arith::MulIOp::create(builder, loc, lines, index(line));
}

/// An odd number of lines, so that rows do not meet on the same sets of a
/// cache.
Value RowAccess::emitPitch(OpBuilder &builder) {
  Location loc = rows.getLoc();
  int64_t line = 512 / getComputeType().getIntOrFloatBitWidth();
  Value size = emitBufferSize(builder);
  return arith::OrIOp::create(
      builder, loc, size, arith::ConstantIndexOp::create(builder, loc, line));
}

Value RowAccess::loadVarying(OpBuilder &builder, unsigned index,
                             const Lanes &lanes, Value padding) {
  if (Value buffer = gatheredRows.lookup(index))
    return loadVector(builder, buffer, lanes, padding);
  Value row = inputRows[index];
  Type element = cast<MemRefType>(row.getType()).getElementType();
  if (padding && lanes.mask &&
      element != getElementTypeOrSelf(padding.getType()))
    padding = toStorage(builder, padding, element);
  return toCompute(builder, loadView(builder, row, lanes, padding),
                   getScalarType(formula.getArgumentTypes()[index]));
}

bool RowAccess::isBroadcastAlongRow(unsigned index) const {
  FormulaOp op = formula;
  RowsOp rowsOp = rows;
  return !op.isUniformArgument(index) &&
         repeatsAlongRow(cast<MemRefType>(rowsOp.getInputs()[index].getType()));
}

Value RowAccess::loadScalar(OpBuilder &builder, unsigned index) {
  Value input = rows.getInputs()[index];
  Location loc = rows.getLoc();
  Type wanted = getScalarType(formula.getArgumentTypes()[index]);
  if (!formula.isUniformArgument(index)) {
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
    Value row = inputRows[index];
    return toCompute(
        builder,
        layout.isAcross()
            ? loadView(builder, row, {zero, Value()}, Value())
            : Value(memref::LoadOp::create(builder, loc, row, zero)),
        wanted);
  }
  auto type = dyn_cast<MemRefType>(input.getType());
  if (!type)
    return layout.fromScalar(builder, toCompute(builder, input, wanted));
  if (layout.hasRowVectors())
    return toCompute(builder, loadRowNumbers(builder, input), wanted);
  return toCompute(
      builder,
      memref::LoadOp::create(builder, loc, input,
                             getOuterIndices(input, type.getRank())),
      wanted);
}

//===----------------------------------------------------------------------===//
// Ahead of reading
//===----------------------------------------------------------------------===//

/// So far ahead a line arrives in time: a hundred nanoseconds at the pace of
/// main memory. Of pages in turn as much is read in each of them meanwhile: a
/// quarter of that there took 0.85 of the time of none in a sweep over 64M
/// scores of f32, and twice as much 0.9.
static constexpr int64_t kPrefetchBytes = 2048, kPrefetchInPage = 512;

/// The sizes of one argument's row, or block of rows, between which the next is
/// worth asking for. Shorter ones follow each other fast enough for the
/// processor's own prefetching, though not blocks, and longer ones would drive
/// the one at hand out of the first-level cache.
static constexpr int64_t kLeastAhead = 2048, kMostAhead = 8192,
                         kMostBlockAhead = 16384;

int64_t RowAccess::countVarying() const {
  return llvm::count_if(llvm::enumerate(inputRows), [&](auto row) {
    return row.value() && !isBroadcastAlongRow(row.index());
  });
}

void RowAccess::prefetch(OpBuilder &b, ArrayRef<Lanes> group) {
  if (rows.getInCache())
    return;
  int64_t bytes = visitsPages() ? kPrefetchInPage : kPrefetchBytes;
  for (auto [i, row] : llvm::enumerate(inputRows))
    if (row && !isBroadcastAlongRow(i))
      prefetchRow(b, row, group, Prefetch{emitAhead(b, row, bytes)});
}

Value RowAccess::emitScoresExceedCache(OpBuilder &b) {
  return emitExceedCache(b, rows.getInputs()[formula.getScoreIndex()]);
}

void RowAccess::prefetchPages(OpBuilder &b, ArrayRef<Lanes> group) {
  for (auto [i, row] : llvm::enumerate(inputRows))
    if (row && !isBroadcastAlongRow(i))
      RowViews::prefetchPages(b, row, group);
}

/// Whether all rows exceed a cache and the next one is worth asking for. Null
/// where it is known that it is not so.
Value RowAccess::emitExceedsCache(OpBuilder &b) {
  int64_t bytes = 0;
  for (Value value : getVaryingOperands(rows, formula, /*writesRows=*/true))
    if (cast<MemRefType>(value.getType()).getRank() == rows.getRowRank())
      bytes += getByteSize(getElementTypeOrSelf(value.getType()));
  Value score = rows.getInputs()[formula.getScoreIndex()];
  int64_t own = getByteSize(getElementTypeOrSelf(score.getType()));
  int64_t least = kLeastAhead / own, most = kMostAhead / own;
  if (layout.isBlock()) {
    least = 1;
    most = kMostBlockAhead / own / getLaneCount();
  }
  Location loc = rows.getLoc();
  Value size = getRowLength();
  int64_t known = getKnownSize(size);
  if (known && (known < least || known > most))
    return Value();
  auto compare = [&](arith::CmpIPredicate predicate, int64_t count) -> Value {
    return arith::CmpIOp::create(b, loc, predicate, size,
                                 arith::ConstantIndexOp::create(b, loc, count));
  };
  Value isLong = compare(arith::CmpIPredicate::uge, least),
        isShort = compare(arith::CmpIPredicate::ule, most);
  for (Value outer : getOuterSizes()) {
    known *= getKnownSize(outer);
    size = arith::MulIOp::create(b, loc, size, outer);
  }
  if (known && known * bytes < kCacheBytes)
    return Value();
  return arith::AndIOp::create(
      b, loc, arith::AndIOp::create(b, loc, isLong, isShort),
      compare(arith::CmpIPredicate::uge, kCacheBytes / bytes));
}

/// The last sweep over a row finds its arguments in a cache, so that memory
/// would idle. It fetches those of the next row, or block, meanwhile. The
/// online form is for rows that no cache holds.
void RowAccess::emitNextRows(OpBuilder &b) {
  nextRows.assign(rows.getInputs().size(), Value());
  if (!formula.hasReduction() || layout.isAcross() ||
      rows.getForm() == Form::Online || getOuterSizes().empty() ||
      rows.getInCache())
    return;
  Value exceeds = emitExceedsCache(b);
  if (!exceeds)
    return;
  Location loc = rows.getLoc();
  Value zero = arith::ConstantIndexOp::create(b, loc, 0),
        count = arith::ConstantIndexOp::create(
            b, loc, layout.isBlock() ? getLaneCount() : 1);
  for (auto [i, input] : llvm::enumerate(rows.getInputs())) {
    auto type = dyn_cast<MemRefType>(input.getType());
    if (formula.isUniformArgument(i) || isBroadcastAlongRow(i) ||
        type.getRank() < 2 || type.getDimSize(type.getRank() - 2) == 1)
      continue;
    auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, input);
    Value stride = metadata.getStrides().drop_back().back();
    nextRows[i] = arith::SelectOp::create(
        b, loc, exceeds, arith::MulIOp::create(b, loc, stride, count), zero);
  }
}

void RowAccess::prefetchNext(OpBuilder &b, ArrayRef<Lanes> group) {
  for (auto [i, ahead] : llvm::enumerate(nextRows))
    if (ahead)
      prefetchRow(b, inputRows[i], group, Prefetch{ahead});
}

//===----------------------------------------------------------------------===//
// Elements and row numbers
//===----------------------------------------------------------------------===//

bool RowAccess::hasWholeVectors() const {
  int64_t length = getKnownSize(getRowLength());
  return length && length % layout.getLaneCount() == 0;
}

int64_t RowAccess::getPageLength() {
  constexpr int64_t kPageBytes = 4096;
  Value score = rows.getInputs()[formula.getScoreIndex()];
  return kPageBytes / getByteSize(getElementTypeOrSelf(score.getType()));
}

Value RowAccess::loadMask(OpBuilder &builder, const Lanes &lanes) {
  return loadFlags(builder, maskRow, lanes);
}

void RowAccess::storeVarying(OpBuilder &builder, unsigned result,
                             const Lanes &lanes, Value value) {
  Value row = resultRows[result];
  Type element = cast<MemRefType>(row.getType()).getElementType();
  storeView(builder, row, lanes, toStorage(builder, value, element));
}

void RowAccess::storeScalar(OpBuilder &builder, unsigned result, Value value) {
  Value output = rows.getOutputs()[result];
  auto type = cast<MemRefType>(output.getType());
  value = toStorage(builder, value, type.getElementType());
  if (layout.hasRowVectors())
    return storeRowNumbers(builder, output, value);
  memref::StoreOp::create(builder, rows.getLoc(), value, output,
                          getOuterIndices(output, type.getRank()));
}
