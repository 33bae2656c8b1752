//===- NumberKinds.cpp - what arithmetic does with infinities and NaN ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Analysis/NumberKinds.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weir;

using K = Kinds;

Kinds Kinds::ofAny(Type type) {
  if (isa<FloatType>(type))
    return K::AnyFloat;
  return type.isInteger(1) ? K::AnyTruth : 0;
}

/// The union of what `function` makes of each kind in `kinds`.
static Kinds each(Kinds kinds,
                  llvm::function_ref<unsigned(unsigned)> function) {
  Kinds result;
  for (unsigned kind = 1; kind <= K::PosInf; kind <<= 1)
    if (kinds.has(kind))
      result = result | function(kind);
  return result;
}

static Kinds each(Kinds a, Kinds b,
                  llvm::function_ref<unsigned(unsigned, unsigned)> function) {
  return each(a, [&](unsigned x) {
    return each(b, [&](unsigned y) { return function(x, y); }).bits;
  });
}

/// -1, 0 or 1; not for NaN.
static int getSign(unsigned kind) {
  return kind & (K::NegInf | K::Negative) ? -1 : kind == K::Zero ? 0 : 1;
}
static bool isInfinite(unsigned kind) { return kind & (K::NegInf | K::PosInf); }
static unsigned getInfinity(int sign) {
  return sign < 0 ? K::NegInf : K::PosInf;
}
static unsigned getFinite(int sign) {
  return sign < 0 ? K::Negative : sign ? K::Positive : K::Zero;
}

static unsigned negate(unsigned kind) {
  if (kind == K::NaN)
    return kind;
  int sign = -getSign(kind);
  return isInfinite(kind) ? getInfinity(sign) : getFinite(sign);
}

static unsigned add(unsigned a, unsigned b) {
  if (a == K::NaN || b == K::NaN)
    return K::NaN;
  if (isInfinite(a) && isInfinite(b))
    return a == b ? a : K::NaN;
  if (isInfinite(a) || b == K::Zero)
    return a;
  if (isInfinite(b) || a == K::Zero || a == b)
    return b;
  return K::Finite;
}

static unsigned multiply(unsigned a, unsigned b) {
  if (a == K::NaN || b == K::NaN)
    return K::NaN;
  int sign = getSign(a) * getSign(b);
  if (isInfinite(a) || isInfinite(b))
    return sign ? getInfinity(sign) : unsigned(K::NaN);
  return getFinite(sign);
}

static unsigned divide(unsigned a, unsigned b) {
  if (a == K::NaN || b == K::NaN)
    return K::NaN;
  if (isInfinite(b))
    return isInfinite(a) ? K::NaN : K::Zero;
  if (b == K::Zero) // Whose sign is not known.
    return a == K::Zero ? unsigned(K::NaN) : K::NegInf | K::PosInf;
  int sign = getSign(a) * getSign(b);
  return isInfinite(a) ? getInfinity(sign) : getFinite(sign);
}

static unsigned maximum(unsigned a, unsigned b) {
  return a == K::NaN || b == K::NaN ? unsigned(K::NaN) : std::max(a, b);
}

/// The maximum that prefers a number to NaN.
static unsigned maximumNumber(unsigned a, unsigned b) {
  return a == K::NaN ? b : b == K::NaN ? a : std::max(a, b);
}

static unsigned exponential(unsigned a) {
  return a == K::NaN || a == K::PosInf ? a
         : a == K::NegInf              ? K::Zero
                                       : K::Positive;
}

static unsigned logarithm(unsigned a) {
  if (a == K::NaN || getSign(a) < 0)
    return K::NaN;
  return a == K::Zero ? K::NegInf : a == K::PosInf ? a : unsigned(K::Finite);
}

static unsigned squareRoot(unsigned a) {
  return a == K::NaN || getSign(a) < 0 ? unsigned(K::NaN) : a;
}

static unsigned keepSign(unsigned a, bool bounded) {
  return a == K::NaN ? a : bounded ? getFinite(getSign(a)) : a;
}

/// Kinds other than NaN have the order of their numbers; equal ones may hold
/// different numbers unless they hold just one.
static Kinds compare(arith::CmpFPredicate predicate, unsigned a, unsigned b) {
  using P = arith::CmpFPredicate;
  if (a == K::NaN || b == K::NaN)
    return predicate >= P::UEQ && predicate <= P::AlwaysTrue ? K::True
                                                             : K::False;
  bool less = a<b, greater = a> b, equal = a == b;
  if (equal && (a == K::Negative || a == K::Positive))
    less = greater = true;
  auto when = [&](bool yes, bool no) {
    return Kinds((yes ? K::True : 0) | (no ? K::False : 0));
  };
  switch (predicate) {
  case P::OEQ:
  case P::UEQ:
    return when(equal, less || greater);
  case P::ONE:
  case P::UNE:
    return when(less || greater, equal);
  case P::OLT:
  case P::ULT:
    return when(less, equal || greater);
  case P::OLE:
  case P::ULE:
    return when(less || equal, greater);
  case P::OGT:
  case P::UGT:
    return when(greater, equal || less);
  case P::OGE:
  case P::UGE:
    return when(greater || equal, less);
  case P::ORD:
  case P::AlwaysTrue:
    return K::True;
  case P::UNO:
  case P::AlwaysFalse:
    return K::False;
  }
  llvm_unreachable("unknown predicate");
}

static Kinds ofConstant(arith::ConstantOp op) {
  if (auto truth = dyn_cast<BoolAttr>(op.getValue()))
    return truth.getValue() ? K::True : K::False;
  auto attr = dyn_cast<FloatAttr>(op.getValue());
  if (!attr)
    return 0;
  APFloat value = attr.getValue();
  if (value.isNaN())
    return K::NaN;
  int sign = value.isZero() ? 0 : value.isNegative() ? -1 : 1;
  return value.isInfinity() ? getInfinity(sign) : getFinite(sign);
}

static Kinds selectBy(Kinds condition, Kinds yes, Kinds no) {
  return (condition.has(K::True) ? yes : Kinds()) |
         (condition.has(K::False) ? no : Kinds());
}

/// And, or, exclusive or of truth values.
static Kinds applyTruth(Operation *op, Kinds a, Kinds b) {
  Kinds result;
  for (bool x : {false, true})
    for (bool y : {false, true}) {
      if (!a.has(x ? K::True : K::False) || !b.has(y ? K::True : K::False))
        continue;
      bool z = isa<arith::AndIOp>(op)  ? x && y
               : isa<arith::OrIOp>(op) ? x || y
                                       : x != y;
      result = result | (z ? K::True : K::False);
    }
  return result;
}

/// Tests of one number: is it NaN, infinite, finite.
static Kinds test(Kinds kinds, unsigned wanted) {
  return each(kinds,
              [&](unsigned a) { return a & wanted ? K::True : K::False; });
}

/// Of a function that is not looked into it is known that NaN stays NaN.
static Kinds applyUnknown(Operation *op, ArrayRef<Kinds> in) {
  if (!isa<FloatType>(op->getResult(0).getType()))
    return K::ofAny(op->getResult(0).getType());
  bool keepsNaN = in.size() == 1 && isa<FloatType>(op->getOperand(0).getType());
  return keepsNaN && in[0].isWithin(K::NaN) ? Kinds(K::NaN)
                                            : Kinds(K::AnyFloat);
}

static Kinds applyFunction(Operation *op, ArrayRef<Kinds> in) {
  return llvm::TypeSwitch<Operation *, Kinds>(op)
      .Case<math::ExpOp, math::Exp2Op>(
          [&](auto) { return each(in[0], exponential); })
      .Case<math::LogOp, math::Log2Op, math::Log10Op>(
          [&](auto) { return each(in[0], logarithm); })
      .Case<math::SqrtOp>([&](auto) { return each(in[0], squareRoot); })
      .Case<math::RsqrtOp>([&](auto) {
        return each(each(in[0], squareRoot), [](unsigned root) {
          return root == K::Zero ? K::NegInf | K::PosInf
                                 : divide(K::Positive, root);
        });
      })
      .Case<math::AbsFOp>([&](auto) {
        return each(in[0], [](unsigned a) {
          return a == K::NaN || getSign(a) >= 0 ? a : negate(a);
        });
      })
      .Case<math::TanhOp, math::ErfOp, math::AtanOp>([&](auto) {
        return each(in[0], [](unsigned a) { return keepSign(a, true); });
      })
      .Case<math::CbrtOp, math::SinhOp, math::AsinhOp>([&](auto) {
        return each(in[0], [](unsigned a) { return keepSign(a, false); });
      })
      .Case<math::ExpM1Op>([&](auto) {
        return each(in[0], [](unsigned a) {
          return a == K::NegInf ? unsigned(K::Negative) : a;
        });
      })
      .Case<math::Log1pOp>([&](auto) {
        return each(in[0], [](unsigned a) {
          return a == K::NegInf     ? unsigned(K::NaN)
                 : a == K::Negative ? K::Negative | K::NegInf | K::NaN
                                    : a;
        });
      })
      .Case<math::ErfcOp>([&](auto) {
        return each(in[0], [](unsigned a) {
          return a == K::NaN      ? a
                 : a == K::PosInf ? unsigned(K::Zero)
                                  : unsigned(K::Positive);
        });
      })
      .Case<math::FmaOp>(
          [&](auto) { return each(each(in[0], in[1], multiply), in[2], add); })
      .Case<math::IsNaNOp>([&](auto) { return test(in[0], K::NaN); })
      .Case<math::IsInfOp>(
          [&](auto) { return test(in[0], K::NegInf | K::PosInf); })
      .Case<math::IsFiniteOp>([&](auto) { return test(in[0], K::Finite); })
      .Default([&](Operation *) { return applyUnknown(op, in); });
}

Kinds weir::applyElementwise(Operation *op, ArrayRef<Kinds> in) {
  auto minimum = [](unsigned a, unsigned b) {
    return negate(maximum(negate(a), negate(b)));
  };
  auto minimumNumber = [](unsigned a, unsigned b) {
    return negate(maximumNumber(negate(a), negate(b)));
  };
  bool isTruth = op->getResult(0).getType().isInteger(1);
  return llvm::TypeSwitch<Operation *, Kinds>(op)
      .Case<arith::ConstantOp>(ofConstant)
      .Case<arith::AddFOp>([&](auto) { return each(in[0], in[1], add); })
      .Case<arith::SubFOp>(
          [&](auto) { return each(in[0], each(in[1], negate), add); })
      .Case<arith::MulFOp>([&](arith::MulFOp mul) {
        if (mul.getLhs() == mul.getRhs()) // A square.
          return each(in[0], [](unsigned a) { return multiply(a, a); });
        return each(in[0], in[1], multiply);
      })
      .Case<arith::DivFOp>([&](auto) { return each(in[0], in[1], divide); })
      .Case<arith::NegFOp>([&](auto) { return each(in[0], negate); })
      .Case<arith::MaximumFOp>(
          [&](auto) { return each(in[0], in[1], maximum); })
      .Case<arith::MinimumFOp>(
          [&](auto) { return each(in[0], in[1], minimum); })
      .Case<arith::MaxNumFOp>(
          [&](auto) { return each(in[0], in[1], maximumNumber); })
      .Case<arith::MinNumFOp>(
          [&](auto) { return each(in[0], in[1], minimumNumber); })
      .Case<arith::CmpFOp>([&](arith::CmpFOp cmp) {
        return each(in[0], in[1], [&](unsigned a, unsigned b) {
          return compare(cmp.getPredicate(), a, b).bits;
        });
      })
      .Case<arith::SelectOp>(
          [&](auto) { return selectBy(in[0], in[1], in[2]); })
      .Case<arith::SIToFPOp>([&](auto) { return Kinds(K::Finite); })
      .Case<arith::UIToFPOp>([&](auto) { return Kinds(K::Zero | K::Positive); })
      .Case<arith::AndIOp, arith::OrIOp, arith::XOrIOp>([&](auto) {
        return isTruth ? applyTruth(op, in[0], in[1]) : Kinds();
      })
      .Default([&](Operation *) { return applyFunction(op, in); });
}

Kinds weir::sumOf(Kinds kinds) {
  Kinds sums = kinds;
  while (true) {
    Kinds more = sums | each(sums, kinds, add);
    if (more == sums)
      return sums;
    sums = more;
  }
}
