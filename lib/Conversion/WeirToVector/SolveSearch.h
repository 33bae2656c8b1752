//===- SolveSearch.h - root searches over a row ------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Newton's steps where they stay inside the bracket, halving where they do not
// (or where the body has no derivative). From the end of the bracket where a
// convex function is positive, Newton's steps never leave it.
//
// A sum of squares is convex but far from straight: from where it is large, a
// step gets half way at best. Its root is a norm, as convex, which is straight
// where the row is flat. So steps are made on a root of such sums.
//
// Where weights are sparse, few elements are above the root. A bound on it
// comes from some elements that are at hand; those above the bound are copied
// together, and when a few vectors hold them the search stays in registers.
// There a sum of hinges or of their squares is solved as the line or parabola
// that it is until an element is passed.
//
// The unknown is kept as its distance from one end of the bracket: a score of
// 1000 less a threshold of 999.3 would lose three digits, their distances from
// 1000 lose none.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_SOLVESEARCH_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_SOLVESEARCH_H

#include "HingeSums.h"
#include "RowEmitter.h"
#include "SolveSupport.h"

namespace weir {

class SolveSearch {
public:
  SolveSearch(RowEmitter &emitter, SolveOp solve)
      : emitter(emitter), solve(solve), loc(solve.getLoc()),
        layout(emitter.access.getLayout()), type(emitter.access.getRowType()),
        yield(mlir::cast<YieldOp>(solve.getBody().front().getTerminator())),
        searched(getSearchedValue(solve, emitter.schedule.getVariance())),
        hinges(knowsSlope() ? getHingeSum(solve, searched) : std::nullopt) {}

  void emit(mlir::OpBuilder &builder);

private:
  /// What the loop carries; `low`, `high`, `at` and `before` are distances from
  /// the base. `unsettled` says which rows go on. `before` is where the
  /// function was evaluated last; `sum`, `slope` and `curvature` are what it
  /// was there, the last 0 where it is not known.
  struct Step {
    mlir::Value low, high, at, count, unsettled, before, sum, slope, curvature;

    static constexpr mlir::Value Step::*kFields[] = {
        &Step::low,   &Step::high,      &Step::at,
        &Step::count, &Step::unsettled, &Step::before,
        &Step::sum,   &Step::slope,     &Step::curvature};
    llvm::SmallVector<mlir::Value> pack() const {
      return llvm::map_to_vector(
          kFields, [&](mlir::Value Step::*f) { return this->*f; });
    }
    static Step unpack(mlir::ValueRange values) {
      Step step;
      for (auto [field, value] : llvm::zip(kFields, values))
        step.*field = value;
      return step;
    }
  };
  /// Elements that the function is evaluated on when not on the row.
  using Held = llvm::ArrayRef<Element>;

  mlir::Value emitStart(mlir::OpBuilder &b, mlir::Value low);
  mlir::Value emitMargin(mlir::OpBuilder &b, mlir::Value low);
  mlir::Value emitStartStep(mlir::OpBuilder &b, mlir::Value low, Held held);
  mlir::Value copyAbove(mlir::OpBuilder &b, mlir::Value cut,
                        mlir::Value buffer);
  void turnCopies(mlir::OpBuilder &b, mlir::Value lengths);
  void compact(mlir::OpBuilder &b, mlir::Value cut);
  Step searchHeld(mlir::OpBuilder &b, const Step &from);
  void reduceHeld(mlir::OpBuilder &b, llvm::ArrayRef<ReduceOp> reduces,
                  Held held);
  void evaluateAt(mlir::OpBuilder &b, mlir::Value at, Held held);
  mlir::Value evaluate(mlir::OpBuilder &b, unsigned index);
  mlir::Value emitNewton(mlir::OpBuilder &b, mlir::Value at, mlir::Value f,
                         mlir::Value slope);
  mlir::Value emitAbove(mlir::OpBuilder &b, const Element &element,
                        mlir::Value at);
  mlir::Value emitCount(mlir::OpBuilder &b, mlir::Value mask);
  mlir::Value emitCurvature(mlir::OpBuilder &b, mlir::Value at, Held held);
  mlir::Value emitParabola(mlir::OpBuilder &b, mlir::Value at, mlir::Value f,
                           const Step &step);
  mlir::Value emitPasses(mlir::OpBuilder &b, const Step &step, Held held);
  mlir::Value next(mlir::OpBuilder &b, Step &step, Held held);
  mlir::Value isUnsettled(mlir::OpBuilder &b, const Step &step, Held held);
  mlir::Value goesOn(mlir::OpBuilder &b, const Step &step);
  Step advance(mlir::OpBuilder &b, const Step &from, Held held);
  mlir::Value finish(mlir::OpBuilder &b, const Step &last);
  double getResolution() const {
    return emitter.access.getComputeType().isF64() ? 0x1p-51 : 0x1p-22;
  }
  /// True when steps on these elements lead to the root unless they pass one.
  bool knowsPieces(Held held) {
    return hinges && hinges->isSimple() && !held.empty();
  }
  bool knowsSlope() { return yield.getValues().size() == 2; }
  mlir::Value number(mlir::OpBuilder &b, double value) {
    return emitter.constant(b, type, value);
  }

  RowEmitter &emitter;
  SolveOp solve;
  mlir::Location loc;
  const LaneLayout &layout;
  mlir::Type type;
  YieldOp yield;
  /// The varying value that decides whether an element takes part, and the
  /// function as a sum of hinges of it, where they exist.
  mlir::Value searched;
  std::optional<HingeSum> hinges;
  mlir::Value base;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_SOLVESEARCH_H
