//===- TopKLanes.cpp - the few lanes of a row that pass a test ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TopKForms.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

SmallVector<Value> weir::emitIfAnyLane(
    OpBuilder &b, Location loc, ArrayRef<Value> masks, ValueRange carried,
    llvm::function_ref<SmallVector<Value>(OpBuilder &, ValueRange)> then) {
  Value any = masks.front();
  for (Value mask : masks.drop_front())
    any = arith::OrIOp::create(b, loc, any, mask);
  Value hit =
      vector::ReductionOp::create(b, loc, vector::CombiningKind::OR, any);
  auto branch = scf::IfOp::create(
      b, loc, hit,
      [&](OpBuilder &inner, Location) {
        scf::YieldOp::create(inner, loc, then(inner, carried));
      },
      [&](OpBuilder &inner, Location) {
        scf::YieldOp::create(inner, loc, carried);
      });
  return SmallVector<Value>(branch.getResults());
}

/// One bit for each lane of `masks`, the first lane's lowest.
static Value emitBits(OpBuilder &b, Location loc, ArrayRef<Value> masks) {
  Value bits;
  int64_t shift = 0;
  for (Value mask : masks) {
    int64_t lanes = cast<VectorType>(mask.getType()).getNumElements();
    Type own = VectorType::get(1, b.getIntegerType(lanes));
    Value word = vector::ExtractOp::create(
        b, loc, vector::BitCastOp::create(b, loc, own, mask), 0);
    if (lanes < 64)
      word = arith::ExtUIOp::create(b, loc, b.getI64Type(), word);
    if (shift) {
      Value by = arith::ConstantIntOp::create(b, loc, shift, 64);
      word = arith::ShLIOp::create(b, loc, word, by);
    }
    bits = bits ? Value(arith::OrIOp::create(b, loc, bits, word)) : word;
    shift += lanes;
  }
  assert(shift <= 64 && "a group has more lanes than a word has bits");
  return bits;
}

SmallVector<Value> weir::emitForEachLane(
    OpBuilder &b, Location loc, ArrayRef<Value> masks, Value position,
    ValueRange carried,
    llvm::function_ref<SmallVector<Value>(OpBuilder &, Value, ValueRange)>
        visit) {
  SmallVector<Value> inits{emitBits(b, loc, masks)};
  llvm::append_range(inits, carried);
  auto loop = scf::WhileOp::create(
      b, loc, ValueRange(inits).getTypes(), inits,
      [&](OpBuilder &inner, Location, ValueRange now) {
        Value zero = arith::ConstantIntOp::create(inner, loc, 0, 64);
        Value more = arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::ne,
                                           now[0], zero);
        scf::ConditionOp::create(inner, loc, more, now);
      },
      [&](OpBuilder &inner, Location, ValueRange now) {
        Value lane = math::CountTrailingZerosOp::create(inner, loc, now[0]);
        lane =
            arith::IndexCastOp::create(inner, loc, inner.getIndexType(), lane);
        Value at = arith::AddIOp::create(inner, loc, position, lane);
        Value one = arith::ConstantIntOp::create(inner, loc, 1, 64);
        Value rest = arith::AndIOp::create(
            inner, loc, now[0], arith::SubIOp::create(inner, loc, now[0], one));
        SmallVector<Value> next{rest};
        llvm::append_range(next, visit(inner, at, now.drop_front()));
        scf::YieldOp::create(inner, loc, next);
      });
  return SmallVector<Value>(loop.getResults().drop_front());
}
