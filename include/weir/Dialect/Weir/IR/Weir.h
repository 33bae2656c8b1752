//===- Weir.h - the weir dialect -------------------------------*- C++ -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_IR_WEIR_H
#define WEIR_DIALECT_WEIR_IR_WEIR_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "weir/Dialect/Weir/IR/KnownAttributes.h"
#include "weir/Dialect/Weir/IR/StateLayout.h"

#include "weir/Dialect/Weir/IR/WeirDialect.h.inc"
#include "weir/Dialect/Weir/IR/WeirEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "weir/Dialect/Weir/IR/WeirAttributes.h.inc"
#define GET_OP_CLASSES
#include "weir/Dialect/Weir/IR/WeirOps.h.inc"

namespace weir {

/// How the dialect learns of the library without depending on it: the Library
/// room attaches an implementation to the dialect, and references are verified
/// through it.
class FormulaLibraryInterface
    : public mlir::DialectInterface::Base<FormulaLibraryInterface> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(FormulaLibraryInterface)
  explicit FormulaLibraryInterface(mlir::Dialect *dialect) : Base(dialect) {}
  /// The library's formula of that name, or null. The op stays owned by the
  /// library and is never modified; linking clones it.
  virtual FormulaOp lookup(llvm::StringRef name) const = 0;
};

/// True for the elementwise ops a formula may use: pure, total on scalars, and
/// with a meaning over the extended reals. Integer division is absent on
/// purpose: dividing by zero is undefined there.
bool isElementwiseBodyOp(mlir::Operation *op);

/// Resolves `name` from `from`: the nearest symbol table that has a formula of
/// that name, else the library. Null when neither has one.
FormulaOp resolveFormula(mlir::Operation *from, mlir::FlatSymbolRefAttr name);

/// Why rows of a full shape of rank `rowRank`, with lanes `across` them or not,
/// cannot run in the form `transposed`. Empty where they can.
llvm::StringRef getTransposedObstacle(FormulaOp formula, int64_t rowRank,
                                      bool across);

/// The form of that name, which may be written with hyphens: what a user may
/// ask for of all rows with a reduction. None for other names.
std::optional<Form> parseFormOfRows(llvm::StringRef name);
/// Those names, for messages.
inline constexpr llvm::StringLiteral kFormsOfRows =
    "stored, recompute, online, transposed or two-pass";

} // namespace weir

#endif // WEIR_DIALECT_WEIR_IR_WEIR_H
