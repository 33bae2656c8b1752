//===- ContractionPanels.h - operands of products in caches -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the loops of a contraction read: parts of operands as they lie, panels
// of B and blocks of A that are packed, and the memory for these.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CODEGEN_CPU_CONTRACTIONPANELS_H
#define WEIR_LIB_CODEGEN_CPU_CONTRACTIONPANELS_H

#include "Contraction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace weir {

class ContractionPanels {
protected:
  using OpBuilder = mlir::OpBuilder;
  using Type = mlir::Type;
  using Value = mlir::Value;
  using Body = llvm::function_ref<void(OpBuilder &, Value begin, Value size)>;

  /// A part of a loop.
  struct Range {
    Value begin, end;
  };
  /// A panel of B for each part, packed: [part][strip][row][column], rows in
  /// pairs or not.
  struct Panels {
    Blocking blocking;
    Value memory;
  };

  ContractionPanels(const Contraction &contraction, Type packed,
                    const Blocking &blocking, ProductTarget target)
      : contraction(contraction), loc(contraction.loc), packed(packed),
        blocking(blocking), inPairs(packed.isBF16() && target.tiles) {}

  /// Buffers for each part.
  void allocate(OpBuilder &b, Value parts);
  void packPanel(OpBuilder &b, const Panels &panels, Value part, Value sum,
                 Value depth, Value column, Value width);

  /// The matrix of `rows` and `columns` of an operand, as it lies.
  Value view(OpBuilder &b, const Contraction::Operand &operand, unsigned first,
             unsigned second, Value row, Value column, Value rows,
             Value columns);
  Value viewStrip(OpBuilder &b, const Panels &panels, Value part, Value strip,
                  Value row, Value column, Value depth, Value width);
  Value viewStrips(OpBuilder &b, const Panels &panels, Value part, Value depth,
                   Value width);
  Value viewBlockA(OpBuilder &b, Value blocks, Value part, Value height,
                   Value depth);
  Value getA(OpBuilder &b, Value part, Value row, Value height, Value sum,
             Value depth, Value width);

  /// So many rows of A are few; beside tiles of pairs vectors are faster for
  /// less. Of few, so many columns and rows of B are packed and used at once.
  static constexpr int64_t kFewRows = 16, kFewVectorRows = 6, kFewColumns = 512,
                           kFewTerms = 128;
  /// Where B lies as products read it, so many rows of A are too few to pack it
  /// for. Tiles of pairs pay for the packing sooner.
  int64_t getDirectRows() const { return inPairs ? kFewVectorRows : kFewRows; }
  /// So many terms of B are then met at a time, row by row.
  int64_t getDirectTerms() const;

  void forBlocks(OpBuilder &b, Range range, int64_t size, Body body);
  Value index(OpBuilder &b, int64_t value) {
    return mlir::arith::ConstantIndexOp::create(b, loc, value);
  }
  Value multiply(OpBuilder &b, Value x, Value y) {
    return b.createOrFold<mlir::arith::MulIOp>(loc, x, y);
  }
  Value divideUp(OpBuilder &b, Value x, int64_t y) {
    return b.createOrFold<mlir::arith::CeilDivUIOp>(loc, x, index(b, y));
  }
  Value smaller(OpBuilder &b, Value x, Value y) {
    return b.createOrFold<mlir::arith::MinUIOp>(loc, x, y);
  }

  const Contraction &contraction;
  mlir::Location loc;
  Type packed;
  Blocking blocking;
  bool inPairs;
  Value height, width, depth; // The sizes of the loops.
  llvm::SmallVector<Value> outerSizes, outerIndices, buffers;
  Panels many, few;      // For many rows of A and for few.
  Value blocks, directA; // Of A, for each part.

private:
  Value allocatePanels(OpBuilder &b, Value parts, const Blocking &sizes,
                       int64_t length);
  bool mustPackA() const {
    return contraction.isTransposedA() || contraction.a.getElement() != packed;
  }
  bool mayPackA() const { return inPairs || mustPackA(); }
};

} // namespace weir

#endif // WEIR_LIB_CODEGEN_CPU_CONTRACTIONPANELS_H
