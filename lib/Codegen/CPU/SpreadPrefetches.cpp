//===- SpreadPrefetches.cpp - prefetches among arithmetic ----------------===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A prefetch and a store that goes past the caches take buffers of one kind,
// a prefetch for as long as memory takes. Where they stand side by side, the
// stores wait. Since nothing in a loop body depends on a prefetch, that is
// where LLVM leaves them: at the end. Spread over the arithmetic they cost
// nothing.
//
//===----------------------------------------------------------------------===//

#include "weir/Codegen/CPU/Passes.h"

#include "weir/Dialect/Weir/Analysis/MachineLimits.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace weir {
#define GEN_PASS_DEF_WEIRSPREADPREFETCHES
#include "weir/Codegen/CPU/Passes.h.inc"
} // namespace weir

using namespace mlir;

/// A line that is read and one that is written past the caches take some twenty
/// cycles, of two vector instructions each. Where elements are worth far more,
/// memory keeps up wherever prefetches stand, and a free choice of the order of
/// instructions is worth more than their place.
static constexpr int64_t kMostForALine = 50;

static bool isVectorArithmetic(Operation &op) {
  return op.getNumResults() == 1 &&
         isa<VectorType>(op.getResult(0).getType()) &&
         (isMemoryEffectFree(&op) || isa<LLVM::CallIntrinsicOp>(op));
}

static bool isArithmetic(Operation *op) {
  return op &&
         isa<math::FmaOp, arith::MulFOp, arith::AddFOp, arith::SubFOp>(op);
}

/// True when LLVM may make one instruction of `op` and what it takes from
/// `def`, which rounds once: were they held apart in one loop over a row and
/// not in another, elements would have other bits in each.
static bool mayFuse(Operation *def, Operation &op) {
  return isa<arith::MulFOp>(def) && isa<arith::AddFOp, arith::SubFOp>(op);
}

/// Where `op` takes the result of arithmetic in the same block, as one whole
/// register. Null where it does not, or is no arithmetic itself: an instruction
/// may be made of a load and its user, or of a comparison and its user.
static OpOperand *findChained(Operation &op, int64_t registerBits) {
  if (!isArithmetic(&op))
    return nullptr;
  auto type = dyn_cast<VectorType>(op.getResult(0).getType());
  if (!type || type.isScalable() ||
      type.getNumElements() * type.getElementTypeBitWidth() != registerBits)
    return nullptr;
  for (OpOperand &operand : op.getOpOperands())
    if (Operation *def = operand.get().getDefiningOp();
        isArithmetic(def) && def->getBlock() == op.getBlock() &&
        !mayFuse(def, op))
      return &operand;
  return nullptr;
}

/// Holds a chain of ops until what stands before `user` has been issued: an
/// instruction that is none, which LLVM moves neither memory accesses nor
/// prefetches across.
static void pin(OpOperand &chained) {
  Operation *user = chained.getOwner();
  OpBuilder b(user);
  auto dialect =
      LLVM::AsmDialectAttr::get(b.getContext(), LLVM::AsmDialect::AD_ATT);
  auto held = LLVM::InlineAsmOp::create(
      b, user->getLoc(), chained.get().getType(), chained.get(),
      /*asm_string=*/"", /*constraints=*/"=v,0", /*has_side_effects=*/true,
      /*is_align_stack=*/false, LLVM::TailCallKind::None, dialect,
      /*operand_attrs=*/ArrayAttr());
  chained.set(held.getResult(0));
}

static void spread(Block &block, int64_t registerBits) {
  SmallVector<memref::PrefetchOp> prefetches;
  SmallVector<OpOperand *> places; // Behind all prefetches, before all writes.
  bool writes = false;
  for (Operation &op : block.without_terminator()) {
    if (auto prefetch = dyn_cast<memref::PrefetchOp>(op)) {
      prefetches.push_back(prefetch);
      places.clear();
    } else if (op.getNumRegions() != 0 ||
               hasEffect<MemoryEffects::Write>(&op)) {
      writes = true;
      break;
    } else if (OpOperand *chained = findChained(op, registerBits)) {
      places.push_back(chained);
    }
  }
  int64_t arithmetic =
      llvm::count_if(block.without_terminator(), isVectorArithmetic);
  int64_t lines = prefetches.size();
  if (!writes || static_cast<int64_t>(places.size()) < lines ||
      arithmetic > kMostForALine * lines)
    return;
  for (auto [i, prefetch] : llvm::enumerate(prefetches)) {
    OpOperand *place =
        places[(2 * i + 1) * places.size() / (2 * prefetches.size())];
    prefetch->moveBefore(place->getOwner());
    pin(*place);
  }
}

namespace {
struct WeirSpreadPrefetches
    : weir::impl::WeirSpreadPrefetchesBase<WeirSpreadPrefetches> {
  void runOnOperation() override {
    int64_t bits = weir::MachineLimits::get(getOperation()).vectorBits;
    getOperation().walk(
        [&](scf::ForOp loop) { spread(*loop.getBody(), bits); });
  }
};
} // namespace
