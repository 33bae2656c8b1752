//===- WeirCPU.cpp - the weir_cpu dialect ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weir::cpu;

#include "weir/Dialect/WeirCPU/IR/WeirCPUDialect.cpp.inc"
#include "weir/Dialect/WeirCPU/IR/WeirCPUEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "weir/Dialect/WeirCPU/IR/WeirCPUAttributes.cpp.inc"
#define GET_OP_CLASSES
#include "weir/Dialect/WeirCPU/IR/WeirCPUOps.cpp.inc"

void WeirCPUDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "weir/Dialect/WeirCPU/IR/WeirCPUAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "weir/Dialect/WeirCPU/IR/WeirCPUOps.cpp.inc"
      >();
}

LogicalResult
WeirCPUDialect::verifyOperationAttribute(Operation *op,
                                         NamedAttribute attribute) {
  if (attribute.getName() != kVariantAttrName ||
      isa<ExpVariantAttr>(attribute.getValue()))
    return success();
  return op->emitOpError() << kVariantAttrName << " is no variant of exp";
}

LogicalResult ExpShiftedOp::verify() {
  if (getVariant() == ExpVariant::Accurate)
    return emitOpError("C1: no shifted exponential is accurate; use fast, "
                       "narrow or coarse");
  return success();
}

void FlushDenormalsOp::build(OpBuilder &builder, OperationState &state,
                             bool resultsOnly) {
  OpBuilder::InsertionGuard guard(builder);
  state.getOrAddProperties<Properties>().results_only =
      resultsOnly ? builder.getUnitAttr() : UnitAttr();
  builder.createBlock(state.addRegion());
}
