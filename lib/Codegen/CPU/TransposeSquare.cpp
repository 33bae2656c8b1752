//===- TransposeSquare.cpp - a square of vectors, transposed ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// First within groups of 128 bits, where a shuffle of two vectors is one cheap
// instruction, then groups as wholes.
//
//===----------------------------------------------------------------------===//

#include "Packing.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

namespace {
class Transposition {
public:
  Transposition(OpBuilder &b, Location loc, VectorType type)
      : b(b), loc(loc), lanes(type.getNumElements()),
        group(std::min<int64_t>(lanes, 128 / type.getElementTypeBitWidth())) {}

  /// In each group of result j: element j of the group of each row. As many
  /// rows as a group has lanes.
  SmallVector<Value> inGroups(ArrayRef<Value> rows) {
    if (group == 1)
      return {rows[0]};
    if (group == 2)
      return {unpack(rows[0], rows[1], 1, false),
              unpack(rows[0], rows[1], 1, true)};
    Value low[2], high[2];
    for (int64_t i : {0, 1}) {
      low[i] = unpack(rows[2 * i], rows[2 * i + 1], 1, false);
      high[i] = unpack(rows[2 * i], rows[2 * i + 1], 1, true);
    }
    return {unpack(low[0], low[1], 2, false), unpack(low[0], low[1], 2, true),
            unpack(high[0], high[1], 2, false),
            unpack(high[0], high[1], 2, true)};
  }

  /// Result j holds group j of every vector. As many vectors as groups.
  SmallVector<Value> ofGroups(SmallVector<Value> vectors) {
    for (size_t done = 1; done < vectors.size(); done *= 2) {
      SmallVector<Value> even, odd;
      for (size_t i = 0; i < vectors.size(); i += 2) {
        even.push_back(takeGroups(vectors[i], vectors[i + 1], 0));
        odd.push_back(takeGroups(vectors[i], vectors[i + 1], 1));
      }
      even.append(odd);
      vectors = std::move(even);
    }
    return vectors;
  }

  int64_t getGroup() const { return group; }

private:
  /// Runs of `run` lanes of x and y in turn, from the lower or upper half of
  /// each group.
  Value unpack(Value x, Value y, int64_t run, bool upper) {
    SmallVector<int64_t> mask;
    for (int64_t first = 0; first < lanes; first += group)
      for (int64_t i = 0; i < group / 2; i += run)
        for (int64_t vector : {int64_t(0), lanes})
          for (int64_t lane = 0; lane < run; ++lane)
            mask.push_back(vector + first + (upper ? group / 2 : 0) + i + lane);
    return vector::ShuffleOp::create(b, loc, x, y, mask);
  }

  /// Every second group of x, then of y, from group `first` on.
  Value takeGroups(Value x, Value y, int64_t first) {
    SmallVector<int64_t> mask;
    for (int64_t at = first * group; at < 2 * lanes; at += 2 * group)
      for (int64_t lane = 0; lane < group; ++lane)
        mask.push_back(at + lane);
    return vector::ShuffleOp::create(b, loc, x, y, mask);
  }

  OpBuilder &b;
  Location loc;
  int64_t lanes, group;
};
} // namespace

SmallVector<Value> weir::emitTransposed(OpBuilder &b, Location loc,
                                        ArrayRef<Value> rows) {
  Transposition transposition(b, loc, cast<VectorType>(rows[0].getType()));
  int64_t lanes = rows.size(), group = transposition.getGroup();
  // inner[s][j]: element j of each group of rows s * group ...
  SmallVector<SmallVector<Value>> inner;
  for (int64_t row = 0; row < lanes; row += group)
    inner.push_back(transposition.inGroups(rows.slice(row, group)));
  SmallVector<Value> columns(lanes);
  for (int64_t j = 0; j < group; ++j) {
    SmallVector<Value> vectors;
    for (ArrayRef<Value> set : inner)
      vectors.push_back(set[j]);
    for (auto [i, vector] :
         llvm::enumerate(transposition.ofGroups(std::move(vectors))))
      columns[i * group + j] = vector;
  }
  return columns;
}
