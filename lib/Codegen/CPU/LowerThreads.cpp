//===- LowerThreads.cpp - parallel loops on OpenMP threads ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Codegen/CPU/Passes.h"

#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Utils/Utils.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"

namespace weir {
#define GEN_PASS_DEF_WEIRLOWERTHREADS
#include "weir/Codegen/CPU/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

/// The runtime's answer to weir_cpu.parts, `int64_t weir_rt_parts(int64_t)`.
static constexpr StringLiteral kParts = "weir_rt_parts";

static void lowerParts(cpu::PartsOp op, ModuleOp module) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  Type i64 = builder.getI64Type();
  if (!module.lookupSymbol(kParts)) {
    OpBuilder atStart = OpBuilder::atBlockBegin(module.getBody());
    func::FuncOp::create(atStart, module.getLoc(), kParts,
                         builder.getFunctionType(i64, i64))
        .setPrivate();
  }
  Value wanted = arith::IndexCastOp::create(builder, loc, i64, op.getWanted());
  Value parts =
      func::CallOp::create(builder, loc, kParts, i64, wanted).getResult(0);
  op.replaceAllUsesWith(
      arith::IndexCastOp::create(builder, loc, builder.getIndexType(), parts)
          .getResult());
  op.erase();
}

/// Emits `call`, the body of the loop, for iteration `part`.
static void emitCall(OpBuilder &builder, func::CallOp call, Value part) {
  auto clone = cast<func::CallOp>(builder.clone(*call));
  clone.setOperand(0, part);
}

/// `count` iterations one after the other.
static void emitAlone(OpBuilder &builder, Location loc, Value count,
                      func::CallOp call) {
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  if (count.getDefiningOp<cpu::PartsOp>()) // There is one.
    return emitCall(builder, call, zero);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  auto loop = scf::ForOp::create(builder, loc, zero, count, one);
  OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
  emitCall(inner, call, loop.getInductionVar());
}

/// A team of `threads` threads, among which `count` iterations are shared:
/// consecutive ones for each. The host may allow fewer.
static void emitTeam(OpBuilder &builder, Location loc, Value threads,
                     Value count, func::CallOp call) {
  Type i32 = builder.getI32Type(), i64 = builder.getI64Type();
  omp::ParallelOperands team;
  team.numThreads = arith::IndexCastOp::create(builder, loc, i32, threads);
  Value end = arith::IndexCastOp::create(builder, loc, i64, count);
  auto parallel = omp::ParallelOp::create(builder, loc, team);
  builder.createBlock(&parallel.getRegion());
  omp::WsloopOperands sharing;
  sharing.scheduleKind = omp::ClauseScheduleKindAttr::get(
      builder.getContext(), omp::ClauseScheduleKind::Static);
  sharing.nowait = builder.getUnitAttr(); // The team's own end waits.
  auto shared = omp::WsloopOp::create(builder, loc, sharing);
  omp::TerminatorOp::create(builder, loc);
  builder.createBlock(&shared.getRegion());
  Value zero = arith::ConstantIntOp::create(builder, loc, i64, 0);
  Value one = arith::ConstantIntOp::create(builder, loc, i64, 1);
  zero.getDefiningOp()->moveBefore(parallel);
  one.getDefiningOp()->moveBefore(parallel);
  omp::LoopNestOperands bounds;
  bounds.loopLowerBounds = {zero};
  bounds.loopUpperBounds = {end};
  bounds.loopSteps = {one};
  auto loop = omp::LoopNestOp::create(builder, loc, bounds);
  Block *body = builder.createBlock(&loop.getRegion(), {}, {i64}, {loc});
  Value part = arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                          body->getArgument(0));
  emitCall(builder, call, part);
  omp::YieldOp::create(builder, loc);
}

static LogicalResult lowerParallel(scf::ParallelOp loop, StringRef name) {
  if (loop.getNumLoops() != 1 || !loop.getInitVals().empty() ||
      !isConstantIntValue(loop.getLowerBound()[0], 0) ||
      !isConstantIntValue(loop.getStep()[0], 1))
    return loop.emitOpError("only loops from 0 in steps of 1 run on threads");
  IRRewriter rewriter(loop.getContext());
  Location loc = loop.getLoc();
  func::CallOp call;
  auto part =
      outlineSingleBlockRegion(rewriter, loc, loop.getRegion(), name, &call);
  if (failed(part))
    return failure();
  part->setPrivate();
  rewriter.setInsertionPoint(loop);
  // A loop that does not say how many threads it wants may have one for each
  // iteration.
  Value count = loop.getUpperBound()[0], threads = count;
  if (!count.getDefiningOp<cpu::PartsOp>())
    threads =
        cpu::PartsOp::create(rewriter, loc, rewriter.getIndexType(), count);
  Value one = arith::ConstantIndexOp::create(rewriter, loc, 1);
  Value alone = arith::CmpIOp::create(rewriter, loc, arith::CmpIPredicate::ule,
                                      threads, one);
  auto branch =
      scf::IfOp::create(rewriter, loc, alone, /*withElseRegion=*/true);
  rewriter.setInsertionPointToStart(branch.thenBlock());
  emitAlone(rewriter, loc, count, call);
  rewriter.setInsertionPointToStart(branch.elseBlock());
  emitTeam(rewriter, loc, threads, count, call);
  rewriter.eraseOp(loop);
  return success();
}

namespace {
struct WeirLowerThreads : weir::impl::WeirLowerThreadsBase<WeirLowerThreads> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<scf::ParallelOp> loops;
    module.walk([&](scf::ParallelOp loop) { loops.push_back(loop); });
    for (scf::ParallelOp loop : loops) {
      auto function = loop->getParentOfType<func::FuncOp>();
      if (!function) {
        loop.emitOpError("must be inside a function to run on threads");
        return signalPassFailure();
      }
      std::string name = (function.getSymName() + ".part").str();
      for (unsigned n = 0; module.lookupSymbol(name); ++n)
        name = (function.getSymName() + ".part" + Twine(n)).str();
      if (failed(lowerParallel(loop, name)))
        return signalPassFailure();
    }
    module.walk([&](cpu::PartsOp op) { lowerParts(op, module); });
  }
};
} // namespace
