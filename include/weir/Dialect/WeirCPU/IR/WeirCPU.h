//===- WeirCPU.h - the weir_cpu dialect --------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIRCPU_IR_WEIRCPU_H
#define WEIR_DIALECT_WEIRCPU_IR_WEIRCPU_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "weir/Dialect/WeirCPU/IR/WeirCPUDialect.h.inc"
#include "weir/Dialect/WeirCPU/IR/WeirCPUEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "weir/Dialect/WeirCPU/IR/WeirCPUAttributes.h.inc"
#define GET_OP_CLASSES
#include "weir/Dialect/WeirCPU/IR/WeirCPUOps.h.inc"

#endif // WEIR_DIALECT_WEIRCPU_IR_WEIRCPU_H
