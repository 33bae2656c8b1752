//===- RowTranspose.cpp - the rows of a block, one in each lane ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowTranspose.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace weir;

namespace {
/// How two vectors are joined: each lane of the result is made of one lane that
/// `low` and one that `high` takes from the two, counted one after the other.
struct Step {
  SmallVector<int64_t> low, high;
};
} // namespace

/// Takes from each of the two vectors, set by set, the first or second half of
/// every set of `size` lanes.
static void takeHalves(int64_t lanes, int64_t size, SmallVector<int64_t> &low,
                       SmallVector<int64_t> &high) {
  for (int64_t lane = 0; lane < 2 * lanes; ++lane)
    (lane % size < size / 2 ? low : high).push_back(lane);
}

/// Interleaves runs of `run` lanes of the two vectors within groups of `group`
/// lanes.
static void interleave(int64_t lanes, int64_t group, int64_t run, Step &step) {
  for (int64_t first = 0; first < lanes; first += group)
    for (int64_t lane = first; lane < first + group; lane += run)
      for (int64_t vector : {int64_t(0), lanes})
        for (int64_t i = 0; i < run; ++i)
          (lane < first + group / 2 ? step.low : step.high)
              .push_back(vector + lane + i);
}

/// The steps of the tree for vectors of `lanes` elements. Shuffles within 128
/// bits come first, since these are one cheap instruction each; then whole
/// groups of 128 bits move. Both keep the rows in order.
static SmallVector<Step> planSteps(int64_t lanes, int64_t elementBits) {
  int64_t group = std::min(lanes, 128 / elementBits);
  SmallVector<Step> steps;
  for (int64_t run = 1; run < group; run *= 2)
    interleave(lanes, group, run, steps.emplace_back());
  for (int64_t size = lanes; size > group; size /= 2) {
    Step &step = steps.emplace_back();
    takeHalves(lanes, size, step.low, step.high);
  }
  return steps;
}

/// The vectors of one row in all buffers.
static SmallVector<Value> loadRow(OpBuilder &b, Location loc,
                                  ValueRange buffers, int64_t row) {
  Value at = arith::ConstantIndexOp::create(b, loc, row),
        zero = arith::ConstantIndexOp::create(b, loc, 0);
  SmallVector<Value> vectors;
  for (Value buffer : buffers) {
    auto type = cast<MemRefType>(buffer.getType());
    vectors.push_back(vector::LoadOp::create(
        b, loc, VectorType::get(type.getDimSize(1), type.getElementType()),
        buffer, ValueRange{at, zero}));
  }
  return vectors;
}

SmallVector<Value> weir::joinRows(OpBuilder &b, Location loc,
                                  ValueRange buffers, JoinPartials join) {
  auto first = cast<MemRefType>(buffers[0].getType());
  int64_t lanes = first.getDimSize(0);
  // All buffers must agree on the order of lanes, whatever their width.
  int64_t bits =
      first.getElementType().isIndex() ? 64 : first.getElementTypeBitWidth();
  SmallVector<SmallVector<Value>> partials;
  for (int64_t row = 0; row < lanes; ++row)
    partials.push_back(loadRow(b, loc, buffers, row));
  auto shuffle = [&](ValueRange a, ValueRange c, ArrayRef<int64_t> mask) {
    SmallVector<Value> taken;
    for (auto [x, y] : llvm::zip_equal(a, c))
      taken.push_back(vector::ShuffleOp::create(b, loc, x, y, mask));
    return taken;
  };
  for (const Step &step : planSteps(lanes, bits)) {
    SmallVector<SmallVector<Value>> next;
    for (size_t i = 0; i < partials.size(); i += 2)
      next.push_back(join(shuffle(partials[i], partials[i + 1], step.low),
                          shuffle(partials[i], partials[i + 1], step.high)));
    partials = std::move(next);
  }
  return partials[0];
}

/// Where joinRows joins the two halves that a step takes, both are kept.
SmallVector<Value> weir::turnRows(OpBuilder &b, Location loc, ValueRange rows) {
  auto type = cast<VectorType>(rows[0].getType());
  int64_t lanes = type.getNumElements();
  // Each set has the same lanes of all rows; `first` are those of its first
  // vector, as numbers of the first row's lanes. A step halves them.
  struct Set {
    SmallVector<Value> vectors;
    SmallVector<int64_t> first;
  };
  SmallVector<Set> sets = {
      {SmallVector<Value>(rows), llvm::to_vector(llvm::seq<int64_t>(lanes))}};
  for (const Step &step : planSteps(lanes, type.getElementTypeBitWidth())) {
    SmallVector<Set> next;
    for (const Set &set : sets)
      for (ArrayRef<int64_t> taken :
           {ArrayRef(step.low), ArrayRef(step.high)}) {
        Set &half = next.emplace_back();
        for (size_t i = 0; i < set.vectors.size(); i += 2)
          half.vectors.push_back(vector::ShuffleOp::create(
              b, loc, set.vectors[i], set.vectors[i + 1], taken));
        for (int64_t lane : taken) // Of other rows, no matter which.
          half.first.push_back(lane < lanes ? set.first[lane] : -1);
      }
    sets = std::move(next);
  }
  SmallVector<Value> turned(lanes);
  for (const Set &set : sets)
    turned[set.first[0]] = set.vectors[0];
  return turned;
}

SmallVector<Value> weir::loadRows(OpBuilder &b, Location loc, Value buffer) {
  SmallVector<Value> rows;
  int64_t count = cast<MemRefType>(buffer.getType()).getDimSize(0);
  for (int64_t row = 0; row < count; ++row)
    rows.push_back(loadRow(b, loc, buffer, row)[0]);
  return rows;
}

Value weir::combineRows(OpBuilder &b, Location loc, vector::CombiningKind kind,
                        Value buffer, arith::FastMathFlags flags) {
  auto type = cast<MemRefType>(buffer.getType());
  auto fastMath = arith::FastMathFlagsAttr::get(b.getContext(), flags);
  auto join = [&](ValueRange x, ValueRange y) -> SmallVector<Value> {
    bool isFloat = isa<FloatType>(type.getElementType());
    return {vector::makeArithReduction(b, loc, kind, x[0], y[0],
                                       isFloat ? fastMath : nullptr)};
  };
  Value joined = joinRows(b, loc, buffer, join)[0];
  if (!type.getElementType().isInteger(8))
    return joined;
  Value zero =
      arith::ConstantOp::create(b, loc, b.getZeroAttr(joined.getType()));
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, joined, zero);
}
