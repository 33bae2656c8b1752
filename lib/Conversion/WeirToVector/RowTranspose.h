//===- RowTranspose.h - the rows of a block, one in each lane -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block has as many rows as a vector has lanes, L. A sweep leaves a vector of
// partial results for each of its rows. Reducing them one by one takes log2(L)
// shuffles and operations each, in a chain. A tree that transposes on the way
// takes 2 (L - 1) shuffles and L - 1 operations for all of them: joining two
// vectors halves the lanes that belong to one row and doubles the rows.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWTRANSPOSE_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWTRANSPOSE_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace weir {

/// Joins two partial results, each of one or several vectors, lane by lane.
using JoinPartials = llvm::function_ref<llvm::SmallVector<mlir::Value>(
    mlir::ValueRange a, mlir::ValueRange b)>;

/// Joins the lanes of each row's vector in `buffers`, square ones that a sweep
/// over a block has left: those of row j into lane j.
llvm::SmallVector<mlir::Value> joinRows(mlir::OpBuilder &builder,
                                        mlir::Location loc,
                                        mlir::ValueRange buffers,
                                        JoinPartials join);

/// Turns a square of vectors, one for each row: lane j of vector i becomes lane
/// i of vector j.
llvm::SmallVector<mlir::Value>
turnRows(mlir::OpBuilder &builder, mlir::Location loc, mlir::ValueRange rows);

/// The vector of each row in such a buffer.
llvm::SmallVector<mlir::Value> loadRows(mlir::OpBuilder &builder,
                                        mlir::Location loc, mlir::Value buffer);

/// The same as joinRows for one buffer and a kind of reduction. Flags, which
/// buffers hold as bytes, become flags again.
mlir::Value combineRows(mlir::OpBuilder &builder, mlir::Location loc,
                        mlir::vector::CombiningKind kind, mlir::Value buffer,
                        mlir::arith::FastMathFlags flags);

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWTRANSPOSE_H
