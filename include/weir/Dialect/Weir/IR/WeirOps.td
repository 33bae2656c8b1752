//===- WeirOps.td - the operations of the weir dialect ----------*- tablegen -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_IR_WEIROPS_TD
#define WEIR_DIALECT_WEIR_IR_WEIROPS_TD

include "weir/Dialect/Weir/IR/WeirFormulaOps.td"
include "weir/Dialect/Weir/IR/WeirRowOps.td"
include "weir/Dialect/Weir/IR/WeirStateOps.td"
include "weir/Dialect/Weir/IR/WeirTopKOps.td"
include "weir/Dialect/Weir/IR/WeirAttentionOps.td"
include "weir/Dialect/Weir/IR/WeirAttentionStateOps.td"

#endif // WEIR_DIALECT_WEIR_IR_WEIROPS_TD
