//===- MathBuilder.cpp - arithmetic for the expansions ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MathBuilder.h"

#include "weir/Dialect/Weir/IR/TargetFeatures.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <cmath>

using namespace mlir;
using namespace weir;

MathTarget MathTarget::get(Operation *module) {
  auto target = TargetFeatures::get(module);
  MathTarget result;
  result.avx512 = target.has("avx512f") && target.has("avx512dq");
  result.fma = target.hasFMA();
  result.f16c = target.has("f16c") || target.has("avx512f");
  result.bf16 = result.avx512 && target.has("avx512bf16");
  return result;
}

MathBuilder::MathBuilder(OpBuilder &builder, Location loc, Type type,
                         MathTarget target)
    : b(builder), loc(loc), type(type), target(target),
      f64(getElementTypeOrSelf(type).isF64()) {
  integers = f64 ? b.getI64Type() : b.getI32Type();
  if (auto vector = dyn_cast<VectorType>(type))
    integers = vector.clone(integers);
}

bool MathBuilder::isAVX512() const {
  auto vector = dyn_cast<VectorType>(type);
  return target.avx512 && vector && vector.getRank() == 1 &&
         vector.getNumElements() % getLanes512() == 0;
}

static Value makeConstant(OpBuilder &b, Location loc, Type type,
                          TypedAttr attr) {
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, attr);
  return arith::ConstantOp::create(b, loc, attr);
}

Value MathBuilder::splat(double value) {
  return makeConstant(b, loc, type,
                      b.getFloatAttr(getElementTypeOrSelf(type), value));
}

Value MathBuilder::integer(int64_t value) {
  unsigned width = f64 ? 64 : 32;
  APInt bits(width, static_cast<uint64_t>(value), /*isSigned=*/true,
             /*implicitTrunc=*/true);
  return makeConstant(b, loc, integers,
                      b.getIntegerAttr(b.getIntegerType(width), bits));
}

Value MathBuilder::abs(Value x) { return math::AbsFOp::create(b, loc, x); }
Value MathBuilder::copySign(Value magnitude, Value sign) {
  return math::CopySignOp::create(b, loc, magnitude, sign);
}

Value MathBuilder::mulAdd(Value x, Value y, Value z) {
  return target.fma ? Value(math::FmaOp::create(b, loc, x, y, z))
                    : add(mul(x, y), z);
}

Value MathBuilder::isNegative(Value x) {
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, bits(x),
                               integer(0));
}

/// Adding 2^23 rounds to an integer what is below it; what is not has no
/// fraction.
Value MathBuilder::isInteger(Value x) {
  Value magnitude = abs(x), large = splat(0x1p+23, 0x1p+52);
  Value same =
      compare(Predicate::OEQ, sub(add(magnitude, large), large), magnitude);
  return arith::OrIOp::create(b, loc, same,
                              compare(Predicate::OGE, magnitude, large));
}

Value MathBuilder::polynomial(ArrayRef<double> coefficients, Value x) {
  Value p = splat(coefficients.front());
  for (double c : coefficients.drop_front())
    p = mulAdd(p, x, splat(c));
  return p;
}

MathBuilder::Whole MathBuilder::round(Value x, double excess) {
  if (isAVX512())
    return {math::RoundEvenOp::create(b, loc, x), Value()};
  Value large = makeLarge(excess);
  return takeExcess(add(x, large), large);
}

MathBuilder::Whole MathBuilder::roundProduct(Value x, Value y, double excess) {
  if (isAVX512())
    return round(mul(x, y), excess);
  Value large = makeLarge(excess);
  return takeExcess(mulAdd(x, y, large), large);
}

MathBuilder::Whole MathBuilder::takeExcess(Value shifted, Value large) {
  return {sub(shifted, large), bits(shifted)};
}

Value MathBuilder::halfPowerOfTwo(Whole n) {
  if (isAVX512())
    return scale(splat(0.5), n);
  return fromBits(subBits(shiftLeft(n.bits, mantissaBits()),
                          integer((bias() + 1) << mantissaBits())));
}

/// In two factors: the first product is exact, the second rounds once, as a
/// denormal or to infinity if it must. Half of n and twice the bias is an
/// exponent with its bias.
Value MathBuilder::scale(Value p, Whole n) {
  if (isAVX512())
    return masked512("llvm.x86.avx512.mask.scalef.", {p, n.number});
  Value half = shiftRight(n.bits, 1);
  for (Value exponent : {half, subBits(n.bits, half)})
    p = mul(p, fromBits(shiftLeft(exponent, mantissaBits())));
  return p;
}

/// The first product is a normal number.
Value MathBuilder::shrink(Value p, Whole n) {
  if (isAVX512())
    return scale(p, n);
  p = mul(p, fromBits(shiftLeft(n.bits, mantissaBits())));
  return mul(p, splat(std::ldexp(1.0, -headroom())));
}

Value MathBuilder::scaleShifted(Value p, Whole n, int64_t shift) {
  if (isAVX512())
    return scale(mul(p, splat(std::ldexp(1.0, shift))), n);
  return mul(p, fromBits(shiftLeft(n.bits, mantissaBits())));
}

/// In 1.5 2^19 the last place is a sixteenth.
MathBuilder::Whole MathBuilder::roundToSixteenth(Value x, Value y) {
  Value large = splat(0x1.8p+19);
  return takeExcess(mulAdd(x, y, large), large);
}

Value MathBuilder::lookUp(ArrayRef<double> table, Value index) {
  if (isWide())
    return inParts(index, [&](MathBuilder &m, ValueRange parts) {
      return m.lookUp(table, parts[0]);
    });
  auto half = [&](unsigned from) -> Value {
    SmallVector<float> entries(table.slice(from, 16));
    return arith::ConstantOp::create(
        b, loc,
        DenseElementsAttr::get(cast<ShapedType>(type), ArrayRef(entries)));
  };
  bool twofold = table.size() == 32;
  StringRef name = twofold ? "llvm.x86.avx512.vpermi2var.ps.512"
                           : "llvm.x86.avx512.permvar.sf.512";
  SmallVector<Value> operands = {half(0), index};
  if (twofold)
    operands.push_back(half(16));
  return LLVM::CallIntrinsicOp::create(b, loc, type, b.getStringAttr(name),
                                       operands)
      ->getResult(0);
}

/// Eighths of an octave are told apart by the exponent's last two bits and the
/// mantissa's first three.
Value MathBuilder::piecewise(const PiecewisePolynomial &p, Value x) {
  Value octaves = mulAdd(x, splat(p.scale), splat(0.5));
  Value index = shiftRight(bits(octaves), mantissaBits() - 3);
  Value t = p.centres ? sub(x, lookUp(*p.centres, index)) : x;
  Value y = lookUp(p.coefficients.front(), index);
  for (ArrayRef<double> c : p.coefficients.drop_front())
    y = mulAdd(y, t, lookUp(c, index));
  return y;
}

/// A denormal number's bits are the number over 2^-149.
Value MathBuilder::scaleDown(Value p, Value n, Value tiny) {
  if (isWide())
    return inParts({p, n, tiny}, [](MathBuilder &m, ValueRange parts) {
      return m.scaleDown(parts[0], parts[1], parts[2]);
    });
  Value scaled = masked512("llvm.x86.avx512.mask.scalef.",
                           {p, select(tiny, add(n, splat(149.0)), n)});
  Value mask = LLVM::BitcastOp::create(b, loc, b.getI16Type(), tiny);
  Value result = LLVM::CallIntrinsicOp::create(
                     b, loc, integers,
                     b.getStringAttr("llvm.x86.avx512.mask.cvtps2dq.512"),
                     ValueRange{scaled, bits(scaled), mask, i32(4)})
                     ->getResult(0);
  return fromBits(result);
}

MathBuilder::Pair MathBuilder::sum(Value x, Value y) {
  Value s = add(x, y), t = sub(s, x);
  return {s, add(sub(x, sub(s, t)), sub(y, t))};
}

MathBuilder::Pair MathBuilder::quickSum(Value x, Value y) {
  Value s = add(x, y);
  return {s, sub(y, sub(s, x))};
}

/// The upper half of the digits and the rest.
MathBuilder::Pair MathBuilder::split(Value x) {
  Value scaled = mul(x, splat(0x1p+12 + 1, 0x1p+27 + 1));
  Value high = sub(scaled, sub(scaled, x));
  return {high, sub(x, high)};
}

MathBuilder::Pair MathBuilder::product(Value x, Value y) {
  Value p = mul(x, y);
  if (target.fma)
    return {p, mulAdd(x, y, neg(p))};
  Pair a = split(x), c = split(y);
  Value e = sub(mul(a.high, c.high), p);
  e = add(add(e, mul(a.high, c.low)), mul(a.low, c.high));
  return {p, add(e, mul(a.low, c.low))};
}

Value MathBuilder::remainder(Value z, Value x, Value y) {
  if (target.fma)
    return subMul(z, x, y);
  Pair p = product(x, y);
  return sub(sub(z, p.high), p.low);
}

MathBuilder::Pair MathBuilder::multiply(Pair x, Pair y) {
  Pair p = product(x.high, y.high);
  return quickSum(p.high,
                  add(p.low, mulAdd(x.high, y.low, mul(x.low, y.high))));
}

Value MathBuilder::bits(Value x) {
  return arith::BitcastOp::create(b, loc, integers, x);
}
Value MathBuilder::fromBits(Value i) {
  return arith::BitcastOp::create(b, loc, type, i);
}

Value MathBuilder::i32(int32_t value) {
  return LLVM::ConstantOp::create(b, loc, b.getI32IntegerAttr(value));
}

bool MathBuilder::isWide() const {
  return cast<VectorType>(type).getNumElements() > getLanes512();
}

Value MathBuilder::inParts(
    ValueRange operands,
    llvm::function_ref<Value(MathBuilder &, ValueRange)> emit) {
  auto vector = cast<VectorType>(type);
  int64_t lanes = getLanes512();
  MathBuilder part(b, loc, VectorType::get(lanes, vector.getElementType()),
                   target);
  Value whole = splat(0.0);
  for (int64_t at = 0; at < vector.getNumElements(); at += lanes) {
    SmallVector<Value> parts;
    for (Value operand : operands)
      parts.push_back(isa<VectorType>(operand.getType())
                          ? vector::ExtractStridedSliceOp::create(
                                b, loc, operand, at, lanes, 1)
                          : operand);
    whole = vector::InsertStridedSliceOp::create(b, loc, emit(part, parts),
                                                 whole, at, 1);
  }
  return whole;
}

Value MathBuilder::nearReciprocal(Value x) {
  if (isWide())
    return inParts(x, [](MathBuilder &m, ValueRange parts) {
      return m.nearReciprocal(parts[0]);
    });
  Value all = LLVM::ConstantOp::create(b, loc, b.getI16IntegerAttr(-1));
  return LLVM::CallIntrinsicOp::create(
             b, loc, type, b.getStringAttr("llvm.x86.avx512.rcp14.ps.512"),
             ValueRange{x, splat(0.0), all})
      ->getResult(0);
}

Value MathBuilder::masked512(StringRef name, ValueRange operands) {
  if (isWide())
    return inParts(operands, [&](MathBuilder &m, ValueRange parts) {
      return m.masked512(name, parts);
    });
  SmallVector<Value> all(operands);
  all.push_back(splat(0.0));
  all.push_back(LLVM::ConstantOp::create(
      b, loc, f64 ? b.getI8IntegerAttr(-1) : b.getI16IntegerAttr(-1)));
  all.push_back(i32(4)); // The rounding mode in force.
  auto full = b.getStringAttr(name + (f64 ? "pd.512" : "ps.512"));
  return LLVM::CallIntrinsicOp::create(b, loc, type, full, all)->getResult(0);
}
