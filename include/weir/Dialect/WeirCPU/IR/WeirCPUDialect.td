//===- WeirCPUDialect.td - the weir_cpu dialect -----------*- tablegen -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIRCPU_IR_WEIRCPUDIALECT_TD
#define WEIR_DIALECT_WEIRCPU_IR_WEIRCPUDIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def WeirCPU_Dialect : Dialect {
  let name = "weir_cpu";
  let cppNamespace = "::weir::cpu";
  let summary = "The few operations x86 row code needs above the vector dialect";
  let useDefaultAttributePrinterParser = 1;
}

#endif // WEIR_DIALECT_WEIRCPU_IR_WEIRCPUDIALECT_TD
