//===- InterleaveChains.cpp - independent chains side by side ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A loop body holds several vectors, one written after the other. A processor's
// schedulers hold about a hundred waiting instructions. While one vector's
// chain of dependent operations is longer than those can bridge, the next ones
// wait outside with nothing to wait for.
//
//===----------------------------------------------------------------------===//

#include "weir/Codegen/CPU/Passes.h"

#include "weir/Dialect/Weir/Analysis/MachineLimits.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"

namespace weir {
#define GEN_PASS_DEF_WEIRINTERLEAVECHAINS
#include "weir/Codegen/CPU/Passes.h.inc"
} // namespace weir

using namespace mlir;

/// A hundred waiting instructions, two of which start in each cycle.
static constexpr int64_t kBridgedCycles = 48;
/// How long the divider is busy with a vector of 512 bits.
static constexpr int64_t kDivisionCycles = 11;

/// True when `op` may change places with any op that it does not use.
static bool isMovable(Operation *op) {
  if (op->getNumRegions() != 0)
    return false;
  // Intrinsics do not say that they are arithmetic.
  if (isa<LLVM::CallIntrinsicOp>(op))
    return op->getNumResults() == 1 &&
           llvm::none_of(op->getOperandTypes(),
                         llvm::IsaPred<LLVM::LLVMPointerType>);
  return isMemoryEffectFree(op);
}

static bool isDivision(Operation *op) {
  return isa<arith::DivFOp, math::SqrtOp, math::RsqrtOp>(op) &&
         isa<VectorType>(op->getResult(0).getType());
}

/// Cycles until the result of `op` can be used, for vectors of 512 bits.
static int64_t getLatency(Operation *op) {
  if (isDivision(op))
    return 18;
  if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, math::FmaOp,
          math::RoundEvenOp, LLVM::CallIntrinsicOp>(op))
    return 4;
  return op->getNumResults() == 0 ? 0 : 1;
}

/// What `op` uses, the ops in its regions included.
static llvm::SetVector<Value> getUsed(Operation &op) {
  llvm::SetVector<Value> used;
  used.insert_range(op.getOperands());
  getUsedValuesDefinedAbove(op.getRegions(), used);
  return used;
}

namespace {
/// The cycle in which each op of a block can start at the earliest.
struct Timetable {
  explicit Timetable(Block &block) {
    int64_t lastEffect = 0;
    for (Operation &op : block.without_terminator()) {
      int64_t start = 0;
      for (Value operand : getUsed(op))
        if (Operation *def = operand.getDefiningOp();
            def && def->getBlock() == &block)
          start = std::max(start, starts.lookup(def) + getLatency(def));
      bool movable = isMovable(&op);
      if (!movable) // Effects keep their order.
        start = lastEffect = std::max(start, lastEffect);
      starts[&op] = start;
      length = std::max(length, start);
      arithmetic += movable;
      divisions += isDivision(&op);
    }
  }

  /// Where the divider is busy for two thirds of the time, at two ops in each
  /// cycle, an order helps little.
  bool isWorthIt() const {
    return length > kBridgedCycles &&
           divisions * kDivisionCycles * 3 < arithmetic;
  }

  llvm::DenseMap<Operation *, int64_t> starts;
  int64_t length = 0, arithmetic = 0, divisions = 0;
};
} // namespace

/// Puts the ops in the order of their start.
static void interleave(Block &block) {
  Timetable times(block);
  if (!times.isWorthIt())
    return;
  // Ops that start together stay as they were.
  SmallVector<std::pair<int64_t, Operation *>> order;
  for (Operation &op : block.without_terminator())
    order.push_back({times.starts.lookup(&op), &op});
  llvm::sort(order, [](auto a, auto b) {
    return a.first != b.first ? a.first < b.first
                              : a.second->isBeforeInBlock(b.second);
  });
  Operation *end = block.getTerminator();
  for (auto [start, op] : order)
    op->moveBefore(end);
}

/// With 16 registers the vectors' values would not fit side by side.
static bool hasManyRegisters(ModuleOp module) {
  return weir::MachineLimits::get(module).vectorBits == 512;
}

namespace {
struct WeirInterleaveChains
    : weir::impl::WeirInterleaveChainsBase<WeirInterleaveChains> {
  void runOnOperation() override {
    if (!hasManyRegisters(getOperation()))
      return;
    getOperation().walk([](scf::ForOp loop) {
      bool innermost = llvm::all_of(*loop.getBody(), [](Operation &op) {
        return op.getNumRegions() == 0 || isa<scf::IfOp>(op);
      });
      if (innermost)
        interleave(*loop.getBody());
    });
  }
};
} // namespace
