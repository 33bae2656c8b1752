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
  let description = [{
    Operations of `math` and quotients may carry `weir_cpu.variant`, which says how exact they have to be, as the variant of `weir_cpu.exp`
    does. `coarse` is for results in bf16: relative errors of 2^-14 in quotients, `math.tanh` and `math.atan2`, 2^-16 in `math.log1p` of 0 to 1, 2^-12.7 in
    `math.erfc`. Denormal numbers, infinities and NaN are what they are without. Where there is no such form, the attribute means nothing.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let extraClassDeclaration = [{
    static constexpr ::llvm::StringLiteral kVariantAttrName = "weir_cpu.variant";
  }];
}

#endif // WEIR_DIALECT_WEIRCPU_IR_WEIRCPUDIALECT_TD
