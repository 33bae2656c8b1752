//===- RowEmitter.h - values of a formula as code ----------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWEMITTER_H
#define WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWEMITTER_H

#include "DigitBudget.h"
#include "ExpDifferences.h"
#include "FormulaShifts.h"
#include "RowBlock.h"
#include "weir/Dialect/Weir/Analysis/FormulaLimits.h"
#include "weir/Dialect/Weir/Analysis/FormulaSchedule.h"
#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

namespace weir {

/// The formula's values for one group of lanes, emitted when first asked for.
struct Element {
  explicit Element(Lanes lanes) : lanes(lanes) {}
  Lanes lanes;
  llvm::DenseMap<mlir::Value, mlir::Value> values;
  /// Shifts of exponentials times log2(e), where they are given per lane.
  llvm::DenseMap<mlir::Value, mlir::Value> scaledShifts;
  /// Lanes whose element takes part; null until asked for, or when all do.
  mlir::Value included;
};

/// Emits the values of one formula for one row: uniform ones as scalars ahead
/// of the loops, varying ones as vectors inside them. Every form is written in
/// terms of this class. Across rows and in blocks "the row" is a group of rows,
/// and where this class says scalar, a vector holds one for each of them
/// (LaneLayout.h); the elements of a block are those of the row that its loop
/// visits (RowBlock.h).
class RowEmitter {
public:
  RowEmitter(RowsOp rows, FormulaOp formula, RowAccess &access);

  /// Forgets the previous row. Uniform values are from now on emitted at
  /// `builder`'s position, which `anchorRowCode` moves.
  void enterRow(mlir::OpBuilder &builder);
  /// Emits further uniform values just before `op`, a loop of the row's own
  /// block.
  void anchorRowCode(mlir::Operation *op) {
    getSplatBuilder().setInsertionPoint(op);
  }
  /// Emits further uniform values where `builder` stands.
  void anchorRowCode(mlir::OpBuilder &builder) {
    rowBuilder.restoreInsertionPoint(builder.saveInsertionPoint());
  }

  /// A uniform value as a scalar. Its reductions must be finished.
  mlir::Value getScalar(mlir::Value value);
  /// A uniform value in all lanes.
  mlir::Value getBroadcast(mlir::Value value);
  /// In a layout of blocks, visits the rows of the block: emits their loop and
  /// in it, with `row`, the code of one. What goes through the loop, and what
  /// comes back, is as of RowBlock::emitLoop. In others, `row` once.
  llvm::SmallVector<mlir::Value> visitRows(mlir::OpBuilder &builder,
                                           mlir::ValueRange carried,
                                           RowBlock::Row row);
  /// Visits the rows of a block. Returns the row number that has what `row`
  /// makes, an i32, in the lane of each, and 0 in lanes without a row.
  mlir::Value
  visitRowsForNumber(mlir::OpBuilder &builder,
                     llvm::function_ref<mlir::Value(mlir::OpBuilder &)> row);
  /// Visits those rows of the block for which the row number `chosen` is true.
  void visitRowsWhere(mlir::OpBuilder &builder, mlir::Value chosen,
                      llvm::function_ref<void(mlir::OpBuilder &)> row);
  /// Gives a uniform value of the formula its scalar: a reduction's result, the
  /// row's length.
  void setScalar(mlir::Value value, mlir::Value scalar) {
    scalars[value] = scalar;
  }
  /// True when a uniform value has its scalar.
  bool hasScalar(mlir::Value value) const { return scalars.contains(value); }
  /// A part of the row that was copied together: for code that looks at `value`
  /// only, whose first `length` elements lie in `buffer`.
  struct Compacted {
    mlir::Value value, buffer, length;
  };
  std::optional<Compacted> compacted;
  /// What the last search copied together, which no element above its root is
  /// missing from.
  struct Support {
    Compacted elements;
    mlir::Value root;
  };
  std::optional<Support> support;
  /// Maxima over the row with what each was taken of last: values of different
  /// elements, or -inf. Along rows these are the lanes of one vector, in blocks
  /// there is a vector for each of them with a lane for each row.
  struct LaneMaxima {
    ReduceOp reduce;
    llvm::SmallVector<mlir::Value> vectors;
  };
  llvm::SmallVector<LaneMaxima, 2> laneMaxima;
  /// Elements that were selected, when results are those of these elements:
  /// their scores as they were read, -inf where there are fewer.
  struct Selected {
    mlir::Value scores, length;
  };
  std::optional<Selected> selected;
  /// Sweeps visit the selected elements, if there are such, while one of these
  /// lives.
  class SelectedScope {
  public:
    explicit SelectedScope(RowEmitter &emitter) : emitter(emitter) {
      emitter.visitsSelected = emitter.selected.has_value();
    }
    ~SelectedScope() { emitter.visitsSelected = false; }

  private:
    RowEmitter &emitter;
  };
  /// While one of these lives, code on the rows of a block is as code across
  /// rows is: lane j of every vector belongs to row j.
  class AcrossScope {
  public:
    explicit AcrossScope(RowEmitter &emitter)
        : emitter(emitter), kind(emitter.access.getLayout().getKind()) {
      enter(LaneKind::Across);
    }
    ~AcrossScope() { enter(kind); }

  private:
    void enter(LaneKind next) {
      emitter.access.setLaneKind(next);
      emitter.forgetSplats();
    }
    RowEmitter &emitter;
    LaneKind kind;
  };
  /// True when the target can move the lanes of a row together.
  bool canCompact = false;
  /// A buffer as long as the row, for the row's own use, or null. In blocks
  /// such a buffer for each row, and behind them one for all at once.
  mlir::Value scratch;
  /// The part of `buffer` that belongs to the row of a block that is visited.
  mlir::Value getOwnPart(mlir::Value buffer) {
    return block.isInRow() ? block.getOwnPart(buffer) : buffer;
  }
  /// Keeps the schedule's stored value of every element from the last sweep for
  /// the results: in `buffer`, or in the row of result 0 where that is null.
  void keepStoredValue(mlir::Value buffer) {
    keepsValue = true;
    keptBuffer = buffer;
  }
  bool keepsStoredValue() const { return keepsValue; }
  /// Keeps terms of a sum with 0 in lanes that take no part, as the sum takes
  /// them: what results make of them then is 0, too, and asks no score.
  void maskKeptTerms();
  /// The stored value as it is kept.
  mlir::Value getKept(mlir::OpBuilder &builder, Element &element);
  /// The varying result that the stored value is, where it is written as such
  /// by the sweep that makes it, and there is no other.
  std::optional<unsigned> storedResult;
  /// Where it is kept for the row at hand.
  mlir::Value getKeptRow();
  /// Which elements sweeps visit now: up to an end, and from 0 on if the
  /// beginning is null.
  mlir::Value getSweepBegin() {
    return visitsSelected || compacted ? mlir::Value() : access.getPartBegin();
  }
  mlir::Value getSweepEnd() {
    if (visitsSelected)
      return selected->length;
    return compacted ? compacted->length : access.getPartEnd();
  }

  /// Gives an unknown, or the root that was found, the value base + distance.
  /// Differences from it are taken from the base first.
  void setUnknown(mlir::Value value, mlir::Value base, mlir::Value distance,
                  mlir::OpBuilder &builder);
  /// Gives every reduction its identity where `empty` holds, for what is asked
  /// for from now on: a sum whose operand vanishes by itself holds no 0 in a
  /// row with nothing left.
  void resetReductionsWhere(mlir::OpBuilder &builder, mlir::Value empty);
  /// Any scalar of the row in all lanes.
  mlir::Value splat(mlir::Value scalar);

  /// A value of the formula in the lanes of `element`.
  mlir::Value getVector(mlir::OpBuilder &builder, Element &element,
                        mlir::Value value);
  /// Where the lanes of `element` lie in the whole row.
  mlir::Value emitPosition(mlir::OpBuilder &builder, Element &element);
  /// Which lanes take part. Null means all.
  mlir::Value getIncluded(mlir::OpBuilder &builder, Element &element);
  /// The operand of a reduction with the identity in lanes that take no part.
  mlir::Value getReduced(mlir::OpBuilder &builder, Element &element,
                         ReduceOp reduce);
  /// Result `index` with the masked value in excluded lanes.
  mlir::Value getResult(mlir::OpBuilder &builder, Element &element,
                        unsigned index);

  /// The value result `index` has for excluded elements: 0, or -inf for
  /// log-weights.
  double getMaskedValue(unsigned index);
  /// True when excluded lanes of result `index` need no select: their limit is
  /// the masked value, and a row with nothing left, where the limit does not
  /// exist, is recognised apart.
  bool resultMasksItself(unsigned index);
  /// True when no element can be excluded, so that the arithmetic decides what
  /// every row becomes.
  bool allTakePart();
  /// A maximum over the row that is -inf exactly when nothing is left of it, or
  /// null.
  ReduceOp getEmptinessWitness();

  /// Combines two partial results of a reduction, on vectors or scalars.
  mlir::Value combine(mlir::OpBuilder &builder, ReduceOp reduce, mlir::Value a,
                      mlir::Value b);
  /// True when the sums of long rows are to keep what additions of blocks lose:
  /// where a lane is a row of its own it adds up all of it, sixteen times as
  /// many blocks as where sixteen lanes share one.
  bool keepsLosses() const { return access.getLayout().isAcross(); }
  /// Adds `term`, the sum of a block, to the lanes of `total`. `loss` is what
  /// the additions before have added too much.
  void addWithLoss(mlir::OpBuilder &builder, mlir::Value &total,
                   mlir::Value &loss, mlir::Value term);
  /// Combines the lanes of a partial result that belong to one row.
  mlir::Value combineLanes(mlir::OpBuilder &builder, ReduceOp reduce,
                           mlir::Value vector);
  mlir::Value getIdentity(mlir::OpBuilder &builder, ReductionKind kind,
                          mlir::Type scalarType);

  mlir::Value constant(mlir::OpBuilder &builder, mlir::Type type, double value);
  /// Result `resultIndex` of the elementwise `op` on operands in the lanes of
  /// an element, or, without `asVector`, on scalars of the row.
  mlir::Value emitElementwise(mlir::OpBuilder &builder, mlir::Operation *op,
                              unsigned resultIndex, mlir::ValueRange operands,
                              bool asVector);
  /// While true, exponentials of x - u are formed by one multiply-add: only in
  /// code for rows whose shifts are moderate.
  bool fusesShifts = false;
  /// True when the target has a fused multiply-add and the formula a shift.
  bool canFuseShifts = false;
  /// True when the target has a fused multiply-add.
  bool hasFMA = false;
  /// True when the reductions that `value` leans on have their scalars.
  /// With `soon`, what will be finished behind those ops is so.
  bool isFinished(
      mlir::Value value, llvm::function_ref<bool(mlir::Operation *)> soon =
                             [](mlir::Operation *) { return false; }) const;
  bool areShiftsFinished() const {
    return llvm::all_of(shifts.getShifts(),
                        [&](mlir::Value u) { return isFinished(u); });
  }
  /// The shift u times log2(e), in the lanes of `element` or of the row.
  mlir::Value getScaledShift(mlir::OpBuilder &builder, Element &element,
                             mlir::Value u);
  /// Whether all shifts of the row are below the bound, one scalar for all rows
  /// at hand. They must be finished.
  mlir::Value emitAreShiftsModerate(mlir::OpBuilder &builder);
  /// The same of a shift's value; for formulas without shifts, whether it is a
  /// finite number.
  mlir::Value emitIsModerate(mlir::OpBuilder &builder, mlir::Value shift);
  /// A sum whose value shows afterwards whether excluded elements vanished by
  /// themselves.
  ReduceOp trustedSum;
  /// True in code for rows that have an element, and of which no score is
  /// infinite or NaN.
  bool isKnownFinite = false;
  /// True in code for rows that some element is known to take part in.
  bool isKnownNotEmpty = false;
  /// Emits `rest` twice: for rows whose shifts are moderate, where they are
  /// fused, and for others.
  void emitVersions(mlir::OpBuilder &builder,
                    llvm::function_ref<void(mlir::OpBuilder &)> rest);
  /// The shift of `op` that is to be fused now, or null.
  mlir::Value getFusedShift(mlir::Operation *op) const {
    return fusesShifts ? shifts.getShift(op) : mlir::Value();
  }

  /// What a row was found to hold before a sweep stores where its scores may
  /// lie: nothing that takes part; NaN. Null where nothing asks for it.
  struct Findings {
    mlir::Value empty, holdsNaN;
  };
  std::optional<Findings> findings;

  /// Begins code that seldom runs after other code on the same row: it reads
  /// the row again. Else LLVM would keep what that code read, and would spill
  /// it there.
  void beginSeldomRun(mlir::OpBuilder &builder);

  /// What is known of the row, to return to after another version of its code.
  struct RowValues {
    llvm::DenseMap<mlir::Value, mlir::Value> scalars, broadcasts, scaledShifts;
    llvm::DenseMap<mlir::Value, std::pair<mlir::Value, mlir::Value>> unknowns;
    mlir::Value rowIndex;
    std::optional<Support> support;
    llvm::SmallVector<LaneMaxima, 2> laneMaxima;
    std::optional<Findings> findings;
  };
  RowValues saveRow() const {
    return {scalars,  broadcasts, scaledShifts, unknowns,
            rowIndex, support,    laneMaxima,   findings};
  }
  void restoreRow(const RowValues &values) {
    scalars = values.scalars;
    broadcasts = values.broadcasts;
    scaledShifts = values.scaledShifts;
    unknowns = values.unknowns;
    rowIndex = values.rowIndex;
    support = values.support;
    laneMaxima = values.laneMaxima;
    findings = values.findings;
  }

  /// The shift u times log2(e) as a row number, u finished.
  mlir::Value emitScaledShift(mlir::Value u);
  /// How exact the anchored exponentials that `value` is made of have to be.
  cpu::ExpVariant getAnchoredVariant(mlir::Value value);
  /// e to an exponent that leans on a maximum: its error is that of the class.
  mlir::Value emitAnchoredExp(mlir::OpBuilder &builder, mlir::Value exponent);

  /// Uniform values that are not final yet and differ from lane to lane while a
  /// sweep runs: they are evaluated as vectors, from what the element at hand
  /// says of them.
  llvm::DenseSet<mlir::Value> running;

  /// With the policy `pos_inf = share` and a row that holds +inf, scores are
  /// read as 0 where they are +inf and as excluded elsewhere.
  void setSharesInfinity(mlir::Value scalarCondition) {
    sharesInfinity = scalarCondition;
  }
  /// Which of the score's values are read as they are; set while the largest
  /// score is being found.
  mlir::Value getScore() const { return score; }

  RowsOp rows;
  FormulaOp formula;
  RowAccess &access;
  /// A score of -inf excludes its element.
  bool scoreExcludes;
  FormulaLimits limits;
  FormulaSchedule schedule;
  FormulaShifts shifts;
  ExpDifferences differences;
  DigitBudget digits;
  /// A NaN in the row reaches every result through a sum, so maxima may lose
  /// it.
  bool maximaMayLoseNaN;
  /// A NaN in the row may not reach every result, since comparisons drop it: it
  /// is looked for.
  bool looksForNaN;

private:
  /// How exact the anchored exponential `op` has to be.
  cpu::ExpVariant getAnchoredVariant(mlir::Operation *op);
  mlir::Value emitExp(mlir::OpBuilder &builder, mlir::Operation *op,
                      mlir::Value operand);
  mlir::Value loadArgument(mlir::OpBuilder &builder, Element &element,
                           mlir::BlockArgument argument);
  mlir::Value applyPolicies(mlir::OpBuilder &builder, Element &element,
                            mlir::Value score);
  mlir::Value getRowIndex();
  mlir::Value emitShiftedScalar(mlir::Operation *op, mlir::Value u);
  mlir::Value emitRandom(mlir::OpBuilder &builder, Element &element,
                         RandomOp random);
  mlir::Value emitQuotient(mlir::OpBuilder &builder, Element &element,
                           mlir::arith::DivFOp div);
  void forgetSplats();
  /// Stands where scalars are spread over lanes: with the row's other code, or
  /// in a block with that of the row which is visited.
  mlir::OpBuilder &getSplatBuilder() {
    return block.isInRow() ? block.getRowBuilder() : rowBuilder;
  }

  mlir::Location loc;
  mlir::OpBuilder rowBuilder;
  RowBlock block;
  bool keepsValue = false;
  mlir::Value keptBuffer;
  /// The sum whose terms are kept as it takes them, and what is known then.
  ReduceOp keptTerms;
  std::optional<FormulaLimits> limitsOfKept;
  bool visitsSelected = false;
  mlir::Value score;
  mlir::Value sharesInfinity;
  mlir::Value rowIndex;
  /// Base and distance of roots, as scalars.
  llvm::DenseMap<mlir::Value, std::pair<mlir::Value, mlir::Value>> unknowns;
  llvm::DenseMap<mlir::Value, mlir::Value> scalars, broadcasts, scaledShifts;
};

} // namespace weir

#endif // WEIR_LIB_CONVERSION_WEIRTOVECTOR_ROWEMITTER_H
