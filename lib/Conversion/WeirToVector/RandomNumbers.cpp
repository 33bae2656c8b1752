//===- RandomNumbers.cpp - weir.random as vector code ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RandomNumbers.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace weir;

namespace {

/// Philox4x32-10 on vectors of counters.
class Philox {
public:
  Philox(OpBuilder &b, Location loc, VectorType type)
      : b(b), loc(loc), type(type) {}

  /// Ten rounds; `words` is the counter before and the numbers after.
  void run(Value (&words)[4], Value key0, Value key1) {
    for (int round = 0; round < 10; ++round) {
      if (round > 0) {
        key0 = arith::AddIOp::create(b, loc, key0, splat(0x9E3779B9u));
        key1 = arith::AddIOp::create(b, loc, key1, splat(0xBB67AE85u));
      }
      auto first =
          arith::MulUIExtendedOp::create(b, loc, words[0], splat(0xD2511F53u));
      auto second =
          arith::MulUIExtendedOp::create(b, loc, words[2], splat(0xCD9E8D57u));
      Value next0 = mix(second.getHigh(), words[1], key0);
      Value next2 = mix(first.getHigh(), words[3], key1);
      words[1] = second.getLow();
      words[3] = first.getLow();
      words[0] = next0;
      words[2] = next2;
    }
  }

  Value splat(uint32_t value) {
    return arith::ConstantOp::create(
        b, loc,
        DenseElementsAttr::get(
            type, b.getI32IntegerAttr(static_cast<int32_t>(value))));
  }

private:
  Value mix(Value x, Value y, Value z) {
    return arith::XOrIOp::create(b, loc, arith::XOrIOp::create(b, loc, x, y),
                                 z);
  }

  OpBuilder &b;
  Location loc;
  VectorType type;
};

} // namespace

Value weir::emitRandomNumbers(OpBuilder &b, Location loc, Value seed,
                              int64_t stream, Value row, Value positions,
                              Type floatType) {
  int64_t lanes = cast<VectorType>(positions.getType()).getNumElements();
  VectorType words32 = VectorType::get(lanes, b.getI32Type());
  VectorType words64 = VectorType::get(lanes, b.getI64Type());
  Philox philox(b, loc, words32);
  auto bits32 = [&](Type type) -> Value {
    TypedAttr attr = b.getI64IntegerAttr(32);
    if (auto vector = dyn_cast<VectorType>(type))
      attr = DenseElementsAttr::get(vector, attr);
    return arith::ConstantOp::create(b, loc, attr);
  };
  auto half = [&](Value whole, bool high) -> Value {
    if (high)
      whole = arith::ShRUIOp::create(b, loc, whole, bits32(whole.getType()));
    if (isa<VectorType>(whole.getType()))
      return arith::TruncIOp::create(b, loc, words32, whole);
    Value low = arith::TruncIOp::create(b, loc, b.getI32Type(), whole);
    return vector::BroadcastOp::create(b, loc, words32, low);
  };
  Value wideRow = arith::IndexCastOp::create(
      b, loc, isa<VectorType>(row.getType()) ? Type(words64) : b.getI64Type(),
      row);
  Value column = arith::IndexCastOp::create(b, loc, words64, positions);
  column = arith::TruncIOp::create(b, loc, words32, column);
  Value quad = arith::ShRUIOp::create(b, loc, column, philox.splat(2));
  Value words[4] = {quad, half(wideRow, false), half(wideRow, true),
                    philox.splat(static_cast<uint32_t>(stream))};
  philox.run(words, half(seed, false), half(seed, true));
  Value within = arith::AndIOp::create(b, loc, column, philox.splat(3));
  Value chosen = words[3];
  for (uint32_t word : {2u, 1u, 0u}) {
    Value is = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, within,
                                     philox.splat(word));
    chosen = arith::SelectOp::create(b, loc, is, words[word], chosen);
  }
  Value top = arith::ShRUIOp::create(b, loc, chosen, philox.splat(8));
  VectorType floats = VectorType::get(lanes, floatType);
  auto number = [&](double value) -> Value {
    return arith::ConstantOp::create(
        b, loc,
        DenseElementsAttr::get(floats, b.getFloatAttr(floatType, value)));
  };
  Value u = arith::SIToFPOp::create(b, loc, floats, top); // Below 2^24: exact.
  u = arith::MulFOp::create(b, loc, u, number(0x1p-24));
  u = arith::AddFOp::create(b, loc, u, number(0x1p-25));
  if (!floatType.isF32())
    return u;
  // (2^24 - 0.5) 2^-24 is no f32, and 1 must not come out.
  Value below = number(0x1.fffffep-1);
  Value is = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, u, below);
  return arith::SelectOp::create(b, loc, is, u, below);
}
