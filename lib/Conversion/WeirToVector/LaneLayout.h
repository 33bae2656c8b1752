//===- LaneLayout.h - how rows lie in vectors --------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Along the row, the lanes of a vector are neighbouring elements of one row,
// and what a row has once is a scalar. Across rows, lane j belongs to row j of
// a group of neighbouring rows: a vector holds their elements at one position,
// and what a row has once is a vector too. A block of rows has both: vectors of
// elements lie along one of its rows, and what each row has once is in lane j
// of a vector for row j. Everything that the layouts do not share is here.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_LANELAYOUT_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_LANELAYOUT_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace weir {

enum class LaneKind { Along, Across, Block };

/// A number that each row has once is called a row number below: a scalar along
/// rows, a vector with a lane for each row across them and in blocks.
class LaneLayout {
public:
  /// A vector of `laneCount` lanes takes `registerCount` of the target's
  /// registers.
  LaneLayout(mlir::Location loc, int64_t laneCount, int64_t registerCount,
             LaneKind kind)
      : loc(loc), laneCount(laneCount), registerCount(registerCount),
        kind(kind) {}

  /// True when lanes of elements belong to different rows.
  bool isAcross() const { return kind == LaneKind::Across; }
  /// True when a block of rows is at hand, whose elements each sweep visits row
  /// by row.
  bool isBlock() const { return kind == LaneKind::Block; }
  /// True when as many rows as there are lanes are at hand at once, so that row
  /// numbers are vectors.
  bool hasRowVectors() const { return kind != LaneKind::Along; }
  LaneKind getKind() const { return kind; }
  void setKind(LaneKind value) { kind = value; }
  int64_t getLaneCount() const { return laneCount; }
  /// How many positions of a row one vector covers.
  int64_t getPositionCount() const { return isAcross() ? 1 : laneCount; }

  /// As many vectors as fit the registers where `count` of one register do.
  int64_t fit(int64_t count) const {
    return std::max<int64_t>(1, count / registerCount);
  }

  /// The type of elements in lanes.
  mlir::VectorType getVectorType(mlir::Type element) const {
    return mlir::VectorType::get(laneCount, element);
  }
  /// The type of row numbers.
  mlir::Type getRowType(mlir::Type scalar) const {
    return hasRowVectors() ? mlir::Type(getVectorType(scalar)) : scalar;
  }

  /// The same scalar for every row at hand.
  mlir::Value fromScalar(mlir::OpBuilder &builder, mlir::Value scalar) const;
  /// A row number in the lanes of its row. In blocks that takes the row at hand
  /// (RowBlock.h).
  mlir::Value spread(mlir::OpBuilder &builder, mlir::Value rowNumber) const;
  /// Combines the lanes of each row of what a sweep has carried: a vector, or
  /// in blocks a buffer with a vector for each row.
  mlir::Value combine(mlir::OpBuilder &builder,
                      mlir::vector::CombiningKind kind, mlir::Value vector,
                      mlir::arith::FastMathFlags flags =
                          mlir::arith::FastMathFlags::none) const;
  /// Whether a condition on rows holds for some row, or for every row, at hand;
  /// a scalar.
  mlir::Value emitAny(mlir::OpBuilder &builder, mlir::Value condition) const;
  mlir::Value emitAll(mlir::OpBuilder &builder, mlir::Value condition) const;
  /// The positions of the elements in lanes, as index, for a vector whose first
  /// one is at `position`.
  mlir::Value emitPositions(mlir::OpBuilder &builder,
                            mlir::Value position) const;

  /// Which lanes of row numbers have a row, or null where all have. Along rows,
  /// null.
  mlir::Value getRowMask() const { return rowMask; }
  void setRowMask(mlir::Value mask) { rowMask = mask; }

private:
  mlir::Location loc;
  int64_t laneCount, registerCount;
  LaneKind kind;
  mlir::Value rowMask;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_LANELAYOUT_H
