//===- UpdatedArgument.cpp - results that are arguments, changed ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "UpdatedArgument.h"

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/LoopLikeInterface.h"

using namespace mlir;
using namespace weir;

/// The operand whose elements `result` has where its op changes none.
static OpOperand *getDestination(OpResult result) {
  Operation *op = result.getOwner();
  if (auto dps = dyn_cast<DestinationStyleOpInterface>(op))
    return dps.getTiedOpOperand(result);
  if (auto loop = dyn_cast<LoopLikeOpInterface>(op))
    return loop.getTiedLoopInit(result);
  return nullptr;
}

std::optional<UpdatedArgument> UpdatedArgument::find(Value result) {
  Type type = result.getType();
  OpOperand *first = nullptr;
  while (auto made = dyn_cast<OpResult>(result)) {
    first = getDestination(made);
    if (!first)
      return std::nullopt;
    result = first->get();
  }
  auto argument = cast<BlockArgument>(result);
  bool isOfFunction = isa<func::FuncOp>(argument.getOwner()->getParentOp());
  if (!first || !isOfFunction || argument.getType() != type)
    return std::nullopt;
  unsigned number = argument.getArgNumber();
  bool isOnlyUse =
      number < 64 && llvm::all_of(
                         argument.getUses(),
                         [&](OpOperand &use) {
                           return &use == first ||
                                  isa<tensor::DimOp>(use.getOwner());
                         });
  return UpdatedArgument{first, number, isOnlyUse,
                         /*isRead=*/!isa<RowsOp>(first->getOwner())};
}

void UpdatedArgument::moveTo(Value destination, Value source) const {
  Operation *op = first->getOwner();
  Location loc = op->getLoc();
  OpBuilder b(op);
  auto copy = [&](OpBuilder &at) {
    memref::CopyOp::create(at, loc, source, destination);
  };
  if (isRead && !isOnlyUse) {
    copy(b);
  } else if (isRead) {
    auto address = [&](Value memref) -> Value {
      return memref::ExtractAlignedPointerAsIndexOp::create(b, loc, memref);
    };
    Value differ = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne,
                                         address(source), address(destination));
    scf::IfOp::create(b, loc, differ, [&](OpBuilder &inner, Location) {
      copy(inner);
      scf::YieldOp::create(inner, loc);
    });
  }
  first->set(bufferization::ToTensorOp::create(b, loc, first->get().getType(),
                                               destination, /*restrict=*/true,
                                               /*writable=*/true));
}
