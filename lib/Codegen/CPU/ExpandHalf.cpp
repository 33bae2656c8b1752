//===- ExpandHalf.cpp - conversions from and to 16-bit floats ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// F16C converts between f16 and f32 in one instruction; without it LLVM calls a
// library function lane by lane, and so it does for f64 on any x86. Conversions
// between f64 and 16 bits go through f32, rounding once in all.
//
//===----------------------------------------------------------------------===//

#include "ExpandMath.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace weir;

static Type withElement(Type type, Type element) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? Type(vector.clone(element)) : element;
}

namespace {
/// Integer code around one conversion, on lanes of 32 bits.
class HalfConversion {
public:
  HalfConversion(OpBuilder &b, Location loc, Type type, MathTarget target)
      : b(b), loc(loc), type(type),
        m(b, loc, withElement(type, b.getF32Type()), target) {}

  /// A normal number's exponent is moved from one bias to the other. A denormal
  /// one is an integer times 2^-24: taken as such, since the region's mode may
  /// read denormal f32 as 0.
  Value widen(Value x) {
    Value h =
        arith::BitcastOp::create(b, loc, withElement(type, b.getI16Type()), x);
    Value wide =
        arith::ExtUIOp::create(b, loc, withElement(type, b.getI32Type()), h);
    Value magnitude = m.andBits(wide, m.integer(0x7fff));
    Value sign = m.shiftLeft(m.andBits(wide, m.integer(0x8000)), 16);
    Value moved = m.addBits(m.shiftLeft(magnitude, 13), m.integer(112 << 23));
    Value special =
        compare(arith::CmpIPredicate::sgt, magnitude, m.integer(0x7bff));
    moved = m.select(special, m.addBits(moved, m.integer(112 << 23)), moved);
    Value count = arith::SIToFPOp::create(
        b, loc, withElement(type, b.getF32Type()), magnitude);
    Value tiny = m.bits(m.mul(count, m.splat(0x1p-24)));
    Value denormal =
        compare(arith::CmpIPredicate::slt, magnitude, m.integer(0x400));
    return m.fromBits(m.orBits(m.select(denormal, tiny, moved), sign));
  }

  /// A normal result's bits are rounded as an integer, to even. For a denormal
  /// one, adding 0.5 makes the processor round at 2^-24, the step of denormal
  /// f16.
  Value narrow(Value x) {
    Value all = m.bits(x), magnitude = m.andBits(all, m.integer(0x7fffffff));
    Value sign = m.andBits(m.shiftRight(all, 16), m.integer(0x8000));
    Value odd = m.andBits(m.shiftRight(magnitude, 13), m.integer(1));
    Value rounded =
        m.addBits(m.addBits(magnitude, m.integer(0xfff - (112 << 23))), odd);
    Value normal = m.shiftRight(rounded, 13);
    Value half = m.splat(0.5);
    Value tiny =
        m.subBits(m.bits(m.add(m.fromBits(magnitude), half)), m.bits(half));
    Value quiet =
        m.orBits(m.andBits(m.shiftRight(magnitude, 13), m.integer(0x3ff)),
                 m.integer(0x7e00));
    auto from = [&](int32_t bits) {
      return compare(arith::CmpIPredicate::sge, magnitude, m.integer(bits));
    };
    Value h = m.select(from(0x38800000), normal, tiny); // 2^-14
    h = m.select(from(0x477ff000), m.integer(0x7c00),
                 h); // 65520, which rounds to infinity
    h = m.select(from(0x7f800001), quiet, h);
    h = arith::TruncIOp::create(b, loc, withElement(type, b.getI16Type()),
                                m.orBits(h, sign));
    return arith::BitcastOp::create(b, loc, withElement(type, b.getF16Type()),
                                    h);
  }

  /// The f32 below |x|, with its last bit set when x is not exact: it then
  /// rounds to 16 bits as x does.
  Value roundToOdd(Value x) {
    Value near =
        arith::TruncFOp::create(b, loc, withElement(type, b.getF32Type()), x);
    MathBuilder wide(b, loc, x.getType(), MathTarget());
    Value back = arith::ExtFOp::create(b, loc, x.getType(), near);
    Value inexact = wide.compare(arith::CmpFPredicate::ONE, back, x);
    Value away =
        wide.compare(arith::CmpFPredicate::OGT, wide.abs(back), wide.abs(x));
    Value bits = m.bits(near);
    bits = m.select(away, m.subBits(bits, m.integer(1)), bits);
    return m.fromBits(m.select(inexact, m.orBits(bits, m.integer(1)), bits));
  }

private:
  Value compare(arith::CmpIPredicate predicate, Value x, Value y) {
    return arith::CmpIOp::create(b, loc, predicate, x, y);
  }

  OpBuilder &b;
  Location loc;
  Type type;
  MathBuilder m;
};
} // namespace

static Value expandExtension(OpBuilder &b, arith::ExtFOp op,
                             MathTarget target) {
  Type from = getElementTypeOrSelf(op.getIn().getType()),
       to = getElementTypeOrSelf(op.getType());
  bool half = from.isF16(), throughF32 = to.isF64() && (half || from.isBF16());
  if (!throughF32 && (!half || target.f16c))
    return Value();
  Type single = withElement(op.getType(), b.getF32Type());
  Value wide =
      half && !target.f16c
          ? HalfConversion(b, op.getLoc(), op.getType(), target)
                .widen(op.getIn())
          : Value(arith::ExtFOp::create(b, op.getLoc(), single, op.getIn()));
  return throughF32
             ? Value(arith::ExtFOp::create(b, op.getLoc(), op.getType(), wide))
             : wide;
}

/// One instruction rounds f32 to bf16, but takes denormal numbers as zero: it
/// serves by itself where all code does.
static Value truncateToBF16(OpBuilder &b, arith::TruncFOp op) {
  return LLVM::CallIntrinsicOp::create(
             b, op.getLoc(), op.getType(),
             b.getStringAttr("llvm.x86.avx512bf16.cvtneps2bf16.512"),
             op.getIn())
      ->getResult(0);
}

bool weir::isWholeTruncation(arith::TruncFOp op) {
  auto from = dyn_cast<VectorType>(op.getIn().getType());
  return from && from.getElementType().isF32() && from.getRank() == 1 &&
         from.getNumElements() == 16 &&
         getElementTypeOrSelf(op.getType()).isBF16();
}

static Value expandTruncation(OpBuilder &b, arith::TruncFOp op,
                              MathTarget target) {
  Type from = getElementTypeOrSelf(op.getIn().getType()),
       to = getElementTypeOrSelf(op.getType());
  bool half = to.isF16(), throughF32 = from.isF64() && (half || to.isBF16());
  if (target.bf16 && isWholeTruncation(op))
    return op->getParentOfType<cpu::FlushDenormalsOp>()
               ? truncateToBF16(b, op)
               : Value(); // Left to weir-widen-stores.
  if (!throughF32 && (!half || target.f16c))
    return Value();
  HalfConversion conversion(b, op.getLoc(), op.getType(), target);
  Value single = throughF32 ? conversion.roundToOdd(op.getIn()) : op.getIn();
  if (half && !target.f16c)
    return conversion.narrow(single);
  return arith::TruncFOp::create(b, op.getLoc(), op.getType(), single);
}

Value weir::expandHalf(OpBuilder &builder, Operation *op, MathTarget target) {
  if (auto extension = dyn_cast<arith::ExtFOp>(op))
    return expandExtension(builder, extension, target);
  if (auto truncation = dyn_cast<arith::TruncFOp>(op))
    return expandTruncation(builder, truncation, target);
  return Value();
}
