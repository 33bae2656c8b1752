//===- WidenStores.cpp - half vectors that are stored as one ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A vector of 16 f32 becomes half a vector of bf16. The store port takes one
// store in each cycle, whole or half, and two vectors are rounded to one by
// less than two instructions that round one each.
//
//===----------------------------------------------------------------------===//

#include "weir/Codegen/CPU/Passes.h"

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace weir {
#define GEN_PASS_DEF_WEIRWIDENSTORES
#include "weir/Codegen/CPU/Passes.h.inc"
} // namespace weir

using namespace mlir;

static constexpr int64_t kLanes = 16, kHalfBytes = 32;
static constexpr StringLiteral kRoundOne =
    "llvm.x86.avx512bf16.cvtneps2bf16.512";
static constexpr StringLiteral kRoundTwo =
    "llvm.x86.avx512bf16.cvtne2ps2bf16.512";

namespace {
/// A sum of values times factors and a constant.
struct Address {
  llvm::SmallMapVector<Value, int64_t, 4> terms;
  int64_t constant = 0;

  void add(Value value, int64_t factor);
  /// How far `other` lies behind, where that is known.
  std::optional<int64_t> distanceTo(const Address &other) const;
};
} // namespace

void Address::add(Value value, int64_t factor) {
  APInt number;
  if (matchPattern(value, m_ConstantInt(&number))) {
    constant += factor * number.getSExtValue();
    return;
  }
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<LLVM::IntToPtrOp, arith::IndexCastOp>(op))
    return add(op->getOperand(0), factor);
  if (isa_and_nonnull<arith::AddIOp>(op)) {
    add(op->getOperand(0), factor);
    return add(op->getOperand(1), factor);
  }
  if (isa_and_nonnull<arith::MulIOp>(op) &&
      matchPattern(op->getOperand(1), m_ConstantInt(&number)))
    return add(op->getOperand(0), factor * number.getSExtValue());
  terms[value] += factor;
}

std::optional<int64_t> Address::distanceTo(const Address &other) const {
  Address difference = other;
  for (auto [value, factor] : terms)
    difference.terms[value] -= factor;
  for (auto [value, factor] : difference.terms)
    if (factor != 0)
      return std::nullopt;
  return other.constant - constant;
}

/// The f32 vector that is rounded for `store` and nothing else; null where it
/// stores something else.
static Value getRounded(LLVM::StoreOp store) {
  auto bits = store.getValue().getDefiningOp<arith::BitcastOp>();
  auto call = bits ? bits.getIn().getDefiningOp<LLVM::CallIntrinsicOp>()
                   : LLVM::CallIntrinsicOp();
  bool isOnly = call && call.getIntrin() == kRoundOne && bits->hasOneUse() &&
                call->hasOneUse();
  return isOnly ? call.getArgs()[0] : Value();
}

static Address getAddress(LLVM::StoreOp store) {
  Address address;
  address.add(store.getAddr(), 1);
  return address;
}

/// Where `first` is followed by a store right behind it, both become one in the
/// place of the second.
static bool join(LLVM::StoreOp first, LLVM::StoreOp second) {
  Value low = getRounded(first), high = getRounded(second);
  if (!low || !high || first.getVolatile_() || second.getVolatile_() ||
      first.getNontemporal() != second.getNontemporal() ||
      getAddress(first).distanceTo(getAddress(second)) != kHalfBytes)
    return false;
  OpBuilder b(second);
  Location loc = second.getLoc();
  auto halves = VectorType::get(2 * kLanes, b.getBF16Type());
  auto rounded =
      LLVM::CallIntrinsicOp::create(b, loc, halves, b.getStringAttr(kRoundTwo),
                                    ValueRange{high, low})
          ->getResult(0);
  Value bits = arith::BitcastOp::create(
      b, loc, VectorType::get(2 * kLanes, b.getI16Type()), rounded);
  auto store = LLVM::StoreOp::create(b, loc, bits, first.getAddr());
  store.setAlignmentAttr(first.getAlignmentAttr());
  store.setNontemporal(first.getNontemporal());
  for (LLVM::StoreOp half : {first, second}) {
    Operation *bits = half.getValue().getDefiningOp(),
              *call = bits->getOperand(0).getDefiningOp();
    for (Operation *op : {half.getOperation(), bits, call})
      op->erase();
  }
  return true;
}

/// True when `op` neither reads nor writes memory.
static bool leavesMemory(Operation *op) {
  if (isa<LLVM::CallIntrinsicOp>(op)) // Does not say that it is arithmetic.
    return op->getNumResults() == 1 &&
           llvm::none_of(op->getOperandTypes(),
                         llvm::IsaPred<LLVM::LLVMPointerType>);
  return isMemoryEffectFree(op);
}

/// Joins neighbours with nothing that touches memory between them.
static void widen(Block &block) {
  LLVM::StoreOp open;
  for (Operation &op : llvm::make_early_inc_range(block)) {
    auto store = dyn_cast<LLVM::StoreOp>(op);
    if (store && open && join(open, store)) {
      open = LLVM::StoreOp();
      continue;
    }
    if (store)
      open = store;
    else if (!leavesMemory(&op))
      open = LLVM::StoreOp();
  }
}

namespace {
struct WeirWidenStores : weir::impl::WeirWidenStoresBase<WeirWidenStores> {
  void runOnOperation() override {
    getOperation().walk([](Block *block) { widen(*block); });
  }
};
} // namespace
