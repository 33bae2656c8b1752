//===- OutlineConditions.cpp - masks out of bodies ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OutlineConditions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace weir;

/// Collects what `value` is computed of in the body, in reverse order; false
/// where that is more than indices and what lies outside.
static bool collectIndexProgram(Block &body, Value value,
                                llvm::SetVector<Operation *> &program) {
  if (value.getParentBlock() != &body)
    return true;
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  for (Value operand : op->getOperands())
    if (!collectIndexProgram(body, operand, program))
      return false;
  program.insert(op);
  return true;
}

/// Conditions on indices that something else uses.
static SmallVector<Value> findConditions(Block &body) {
  SmallVector<Value> found;
  llvm::SmallPtrSet<Operation *, 8> ofIndices;
  for (Operation &op : llvm::reverse(body.without_terminator())) {
    if (op.getNumResults() != 1 || !op.getResult(0).getType().isInteger(1))
      continue;
    bool isPart = llvm::all_of(op.getUsers(), [&](Operation *user) {
      return ofIndices.contains(user);
    });
    llvm::SetVector<Operation *> program;
    if (!collectIndexProgram(body, op.getResult(0), program) ||
        llvm::none_of(program,
                      [](Operation *own) { return isa<linalg::IndexOp>(own); }))
      continue;
    ofIndices.insert(program.begin(), program.end());
    if (!isPart)
      found.push_back(op.getResult(0));
  }
  return found;
}

/// An op that makes a tensor of a condition, with the loops that this asks for.
static linalg::GenericOp createMask(OpBuilder &b, linalg::GenericOp op,
                                    Value condition, AffineMap &map) {
  Location loc = op.getLoc();
  llvm::SetVector<Operation *> program;
  collectIndexProgram(*op.getBlock(), condition, program);
  llvm::SmallSetVector<int64_t, 4> loops;
  for (int64_t loop = 0; loop < op.getNumLoops(); ++loop)
    if (llvm::any_of(program, [&](Operation *own) {
          auto index = dyn_cast<linalg::IndexOp>(own);
          return index && static_cast<int64_t>(index.getDim()) == loop;
        }))
      loops.insert(loop);
  AffineMap output = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  SmallVector<AffineExpr> exprs;
  SmallVector<OpFoldResult> sizes;
  for (int64_t loop : loops) {
    exprs.push_back(b.getAffineDimExpr(loop));
    sizes.push_back(tensor::getMixedSize(
        b, loc, op.getDpsInits()[0], *output.getResultPosition(exprs.back())));
  }
  map = AffineMap::get(op.getNumLoops(), 0, exprs, b.getContext());
  Value empty = tensor::EmptyOp::create(b, loc, sizes, b.getI1Type());
  return linalg::GenericOp::create(
      b, loc, empty.getType(), ValueRange(), empty,
      b.getMultiDimIdentityMap(loops.size()),
      SmallVector<utils::IteratorType>(loops.size(),
                                       utils::IteratorType::parallel),
      [&](OpBuilder &inner, Location, ValueRange) {
        IRMapping own;
        for (Operation *part : program) {
          if (auto index = dyn_cast<linalg::IndexOp>(part)) {
            auto *place = llvm::find(loops, index.getDim());
            own.map(index.getResult(), Value(linalg::IndexOp::create(
                                           inner, loc, place - loops.begin())));
          } else {
            inner.clone(*part, own);
          }
        }
        linalg::YieldOp::create(inner, loc, own.lookup(condition));
      });
}

linalg::LinalgOp weir::outlineConditions(linalg::LinalgOp op,
                                         SmallVectorImpl<Operation *> &made) {
  auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
  if (!generic || generic.getNumDpsInits() != 1)
    return op;
  SmallVector<Value> conditions = findConditions(*generic.getBlock());
  if (conditions.empty())
    return op;
  OpBuilder b(op);
  SmallVector<AffineMap> maps = generic.getIndexingMapsArray();
  SmallVector<Value> inputs(generic.getInputs());
  unsigned first = inputs.size();
  for (Value condition : conditions) {
    AffineMap map;
    linalg::GenericOp mask = createMask(b, generic, condition, map);
    made.push_back(mask);
    maps.insert(maps.begin() + inputs.size(), map);
    inputs.push_back(mask.getResult(0));
  }
  auto taking = linalg::GenericOp::create(
      b, op.getLoc(), op->getResultTypes(), inputs, generic.getOutputs(), maps,
      generic.getIteratorTypesArray(),
      [&](OpBuilder &inner, Location, ValueRange arguments) {
        IRMapping own;
        for (unsigned i = 0; i < first; ++i)
          own.map(generic.getBlock()->getArgument(i), arguments[i]);
        own.map(generic.getBlock()->getArguments().back(), arguments.back());
        for (auto [condition, mask] : llvm::zip_equal(
                 conditions, arguments.slice(first, conditions.size())))
          own.map(condition, mask);
        for (Operation &part : *generic.getBlock())
          if (part.getNumResults() != 1 || !own.contains(part.getResult(0)))
            inner.clone(part, own);
      });
  made.push_back(taking);
  return cast<linalg::LinalgOp>(taking.getOperation());
}
