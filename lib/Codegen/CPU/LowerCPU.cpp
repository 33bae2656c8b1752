//===- LowerCPU.cpp - weir_cpu ops to instructions ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Codegen/CPU/Passes.h"

#include "ExpandMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace weir {
#define GEN_PASS_DEF_WEIRLOWERCPU
#include "weir/Codegen/CPU/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

/// Bits 15 and 6 of MXCSR: flush results to zero, take denormal operands as
/// zero.
static constexpr int32_t kFlushBits = 0x8040, kFlushResultsBit = 0x8000;

static Value mxcsrSlot(cpu::FlushDenormalsOp op, OpBuilder &builder) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(
      &op->getParentOfType<FunctionOpInterface>().getFunctionBody().front());
  Value one = LLVM::ConstantOp::create(builder, op.getLoc(),
                                       builder.getI32IntegerAttr(1));
  return LLVM::AllocaOp::create(builder, op.getLoc(),
                                LLVM::LLVMPointerType::get(op.getContext()),
                                builder.getI32Type(), one);
}

/// The mode is written only where it differs: loading MXCSR costs more than the
/// comparison.
static void lowerFlush(cpu::FlushDenormalsOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  Value slot = mxcsrSlot(op, builder);
  auto access = [&](StringRef name) {
    LLVM::CallIntrinsicOp::create(builder, loc, builder.getStringAttr(name),
                                  ValueRange{slot});
  };
  access("llvm.x86.sse.stmxcsr");
  Value callers =
      LLVM::LoadOp::create(builder, loc, builder.getI32Type(), slot);
  Value bits = LLVM::ConstantOp::create(
      builder, loc,
      builder.getI32IntegerAttr(op.getResultsOnly() ? kFlushResultsBit
                                                    : kFlushBits));
  Value flushing = LLVM::OrOp::create(builder, loc, callers, bits);
  Value differs = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::ne,
                                       flushing, callers);
  auto setMode = [&](Value mode) {
    auto branch =
        scf::IfOp::create(builder, loc, differs, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(branch.thenBlock());
    LLVM::StoreOp::create(builder, loc, mode, slot);
    access("llvm.x86.sse.ldmxcsr");
  };
  setMode(flushing);
  Block &body = op.getBody().front();
  op->getBlock()->getOperations().splice(op->getIterator(),
                                         body.getOperations());
  setMode(callers);
  op.erase();
}

static void lowerCompress(cpu::CompressOp op) {
  OpBuilder builder(op);
  Value rest = arith::ConstantOp::create(builder, op.getLoc(),
                                         builder.getZeroAttr(op.getType()));
  auto call = LLVM::CallIntrinsicOp::create(
      builder, op.getLoc(), op.getType(),
      builder.getStringAttr("llvm.x86.avx512.mask.compress"),
      ValueRange{op.getVector(), rest, op.getMask()});
  op.replaceAllUsesWith(call->getResult(0));
  op.erase();
}

/// A maximum or minimum with a constant, where zeros are one number. The
/// instruction gives its second operand where one is NaN, which the constant
/// is not.
static Value expandExtremum(OpBuilder &builder, Operation *op) {
  if (!isa<arith::MaximumFOp, arith::MinimumFOp>(op))
    return Value();
  auto flags = cast<arith::ArithFastMathInterface>(op).getFastMathFlagsAttr();
  if (!arith::bitEnumContainsAll(flags.getValue(), arith::FastMathFlags::nsz))
    return Value();
  Value number = op->getOperand(1), x = op->getOperand(0);
  APFloat constant(0.0f);
  if (!matchPattern(number, m_ConstantFloat(&constant)))
    std::swap(number, x);
  if (!matchPattern(number, m_ConstantFloat(&constant)) || constant.isNaN())
    return Value();
  bool isMax = isa<arith::MaximumFOp>(op);
  Value beats = arith::CmpFOp::create(
      builder, op->getLoc(),
      isMax ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT, number, x);
  return arith::SelectOp::create(builder, op->getLoc(), beats, number, x);
}

static void lowerDrain(cpu::DrainStoresOp op) {
  OpBuilder builder(op);
  LLVM::CallIntrinsicOp::create(builder, op.getLoc(),
                                builder.getStringAttr("llvm.x86.sse.sfence"),
                                ValueRange());
  op.erase();
}

namespace {
struct WeirLowerCPU : weir::impl::WeirLowerCPUBase<WeirLowerCPU> {
  void runOnOperation() override {
    MathTarget target = MathTarget::get(getOperation());
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) { ops.push_back(op); });
    // Users first: what an operand is tells how its user may be expanded.
    for (Operation *op : llvm::reverse(ops)) {
      if (op->getNumRegions() == 0 && isOpTriviallyDead(op)) {
        // Its user has left it.
        op->erase();
        continue;
      }
      OpBuilder builder(op);
      Value expanded = expandMath(builder, op, target);
      if (!expanded)
        expanded = expandHalf(builder, op, target);
      if (!expanded)
        expanded = expandExtremum(builder, op);
      if (!expanded)
        continue;
      op->replaceAllUsesWith(ValueRange(expanded));
      op->erase();
    }
    getOperation().walk([&](cpu::ExpSplitOp op) { expandSplit(op, target); });
    getOperation().walk(lowerCompress);
    getOperation().walk(lowerDrain);
    WalkResult walk = getOperation().walk<WalkOrder::PostOrder>(
        [&](cpu::FlushDenormalsOp op) {
          if (!op->getParentOfType<FunctionOpInterface>()) {
            op.emitOpError("must be inside a function to be lowered");
            return WalkResult::interrupt();
          }
          lowerFlush(op);
          return WalkResult::advance();
        });
    if (walk.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
