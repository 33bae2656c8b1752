//===- Spans.h - loops over whole vectors and what is left -*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CODEGEN_CPU_SPANS_H
#define WEIR_LIB_CODEGEN_CPU_SPANS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace weir {

/// What stands at `place`, `count` units of a span together.
using StepBody = llvm::function_ref<void(mlir::OpBuilder &builder,
                                         mlir::Value place, int64_t count)>;
/// What stands at `place`, `lanes` columns, of which `mask` says which count,
/// if it is given.
using TailBody =
    llvm::function_ref<void(mlir::OpBuilder &builder, mlir::Value place,
                            int64_t lanes, mlir::Value mask)>;

/// Visits the whole units of `unit` elements in [0, size): up to `most` of them
/// in a step, all steps much alike where `size` is known, else as many as there
/// are of the largest and then of halves. Returns where units end.
mlir::Value emitInSteps(mlir::OpBuilder &builder, mlir::Location loc,
                        mlir::Value size, int64_t most, int64_t unit,
                        StepBody body);

/// Visits [begin, end), which is less than `lanes` elements: at once with a
/// mask or one by one.
void emitTail(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value begin,
              mlir::Value end, int64_t lanes, bool masks, TailBody body);

/// `value` + `addend`.
mlir::Value emitSum(mlir::OpBuilder &builder, mlir::Location loc,
                    mlir::Value value, int64_t addend);

/// Where an element of a memref lies, as a pointer of the LLVM dialect.
mlir::Value emitAddress(mlir::OpBuilder &builder, mlir::Location loc,
                        mlir::Value memref, mlir::ValueRange indices);

/// Loads and stores of the lanes that count, of all without a mask. Others are
/// read as 0.
mlir::Value loadVector(mlir::OpBuilder &builder, mlir::Location loc,
                       mlir::VectorType type, mlir::Value memref,
                       mlir::ValueRange indices, mlir::Value mask);
void storeVector(mlir::OpBuilder &builder, mlir::Location loc,
                 mlir::Value vector, mlir::Value memref,
                 mlir::ValueRange indices, mlir::Value mask);

} // namespace weir

#endif // WEIR_LIB_CODEGEN_CPU_SPANS_H
