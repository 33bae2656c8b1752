//===- Syntax.h - custom parts of assembly formats -------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_IR_SYNTAX_H
#define WEIR_LIB_DIALECT_WEIR_IR_SYNTAX_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/OpImplementation.h"

namespace weir {

/// A formula with its operands, `@f(%x, %a)`, or the scores alone, `%x`.
mlir::ParseResult parseTopKInputs(
    mlir::OpAsmParser &parser, mlir::FlatSymbolRefAttr &formula,
    llvm::SmallVectorImpl<mlir::OpAsmParser::UnresolvedOperand> &inputs);
void printTopKInputs(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                     mlir::FlatSymbolRefAttr formula,
                     mlir::OperandRange inputs);

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_IR_SYNTAX_H
