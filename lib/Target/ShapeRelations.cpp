//===- ShapeRelations.cpp - which sizes of a function agree ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ShapeRelations.h"

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/LoopLikeInterface.h"

using namespace mlir;
using namespace weir;

ShapeRelations::ShapeRelations(func::FuncOp function) {
  function.walk([&](Operation *op) { visit(op); });
}

unsigned ShapeRelations::getId(Value value, int64_t dim) {
  auto [entry, isNew] = ids.try_emplace({value, dim}, parents.size());
  if (isNew) {
    parents.push_back(entry->second);
    sizes.push_back(cast<ShapedType>(value.getType()).getDimSize(dim));
  }
  return entry->second;
}

unsigned ShapeRelations::find(unsigned id) {
  while (parents[id] != id)
    id = parents[id] = parents[parents[id]];
  return id;
}

std::optional<int64_t> ShapeRelations::getStaticSize(Value value, int64_t dim) {
  int64_t size = sizes[find(getId(value, dim))];
  return ShapedType::isDynamic(size) ? std::nullopt
                                     : std::optional<int64_t>(size);
}

void ShapeRelations::equate(Value a, int64_t aDim, Value b, int64_t bDim) {
  unsigned x = find(getId(a, aDim)), y = find(getId(b, bDim));
  if (x == y)
    return;
  parents[y] = x;
  if (ShapedType::isDynamic(sizes[x]))
    sizes[x] = sizes[y];
}

void ShapeRelations::equateAll(Value a, Value b) {
  for (int64_t dim = 0, rank = cast<ShapedType>(a.getType()).getRank();
       dim < rank; ++dim)
    equate(a, dim, b, dim);
}

/// Varying values are aligned from the right, uniform ones with the shape less
/// the row. A dimension of static size 1 repeats and says nothing.
void ShapeRelations::visitRows(ValueRange values, ValueRange uniforms,
                               int64_t rank, int64_t rowDim) {
  SmallVector<std::pair<Value, int64_t>> first(rank);
  auto meet = [&](Value value, int64_t dim, int64_t full) {
    if (cast<ShapedType>(value.getType()).getDimSize(dim) == 1)
      return;
    if (first[full].first)
      equate(first[full].first, first[full].second, value, dim);
    else
      first[full] = {value, dim};
  };
  for (Value value : values) {
    int64_t own = cast<ShapedType>(value.getType()).getRank();
    for (int64_t dim = 0; dim < own; ++dim)
      meet(value, dim, rank - own + dim);
  }
  for (Value value : uniforms)
    if (auto type = dyn_cast<ShapedType>(value.getType()))
      for (int64_t dim = 0; dim < type.getRank(); ++dim)
        meet(value, dim, dim < rowDim ? dim : dim + 1);
}

static void sortOperands(FormulaOp formula, ValueRange inputs, Value mask,
                         ValueRange outputs, SmallVector<Value> &varying,
                         SmallVector<Value> &uniform) {
  for (auto [i, input] : llvm::enumerate(inputs))
    (formula.isUniformArgument(i) ? uniform : varying).push_back(input);
  for (auto [i, output] : llvm::enumerate(outputs))
    (formula.isUniformResult(i) ? uniform : varying).push_back(output);
  if (mask)
    varying.push_back(mask);
}

/// Of the dimensions that a reshape joins or splits, one that is not of static
/// size 1 keeps its size.
void ShapeRelations::visitReshape(Value wide, Value narrow,
                                  ArrayRef<ReassociationIndices> groups) {
  auto type = cast<RankedTensorType>(wide.getType());
  for (auto [dim, group] : llvm::enumerate(groups)) {
    SmallVector<int64_t> kept;
    for (int64_t i : group)
      if (type.getDimSize(i) != 1)
        kept.push_back(i);
    if (kept.size() == 1)
      equate(narrow, dim, wide, kept[0]);
  }
}

/// A slice that is as large as a tensor somewhere says so by its sizes.
void ShapeRelations::visitSlice(tensor::ExtractSliceOp slice) {
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  int64_t own = 0;
  for (auto [i, size] : llvm::enumerate(slice.getMixedSizes())) {
    if (dropped[i])
      continue;
    auto value = dyn_cast<Value>(size);
    auto dim = value ? value.getDefiningOp<tensor::DimOp>() : tensor::DimOp();
    if (std::optional<int64_t> source =
            dim ? dim.getConstantIndex() : std::nullopt)
      equate(dim.getSource(), *source, slice.getResult(), own);
    ++own;
  }
}

/// Scores and mask share the full shape; values and indices have k where the
/// row is, and otherwise the outer shape, like the count.
void ShapeRelations::visitTopK(TopKRowsOp topk) {
  Value scores = topk.getScores();
  int64_t rank = cast<ShapedType>(scores.getType()).getRank();
  SmallVector<Value> varying{scores}, uniform;
  FormulaOp formula = topk.resolveFormula();
  for (auto [i, input] : llvm::enumerate(topk.getInputs()))
    if (i > 0)
      (formula.isUniformArgument(i) ? uniform : varying).push_back(input);
  if (topk.getMask())
    varying.push_back(topk.getMask());
  if (topk.getThreshold())
    uniform.push_back(topk.getThreshold());
  visitRows(varying, uniform, rank, rank - 1);
  for (Value output : topk.getOutputs())
    for (int64_t dim = 0; dim + 1 < rank; ++dim)
      equate(scores, dim, output, dim);
}

/// Batches, heads, queries and keys; what broadcasts to the scores, and what
/// rows have once.
void ShapeRelations::visitAttention(AttentionRowsOp op) {
  int64_t head = op.getHeadDim(), length = op.getLengthDim(),
          element = op.getElementDim();
  Value query = op.getQuery(), key = op.getKey(), value = op.getValue();
  equate(key, head, value, head);
  equate(key, length, value, length);
  // A head of keys serves as many heads of queries as any other.
  multiples.push_back({{query, head}, {key, head}});
  SmallVector<std::pair<Value, int64_t>> dims{
      {query, head}, {query, length}, {key, length}};
  if (op.isPacked()) {
    equate(op.getPacked()[0], 0, op.getPacked()[1], 0);
  } else {
    dims.insert(dims.begin(), {query, 0});
    for (Value other : {key, value})
      equate(query, 0, other, 0);
  }
  auto meet = [&](Value tensor, ArrayRef<std::pair<Value, int64_t>> full) {
    auto type = dyn_cast<ShapedType>(tensor.getType());
    for (int64_t dim = 0, rank = type ? type.getRank() : 0; dim < rank; ++dim)
      if (type.getDimSize(dim) != 1) {
        auto [of, at] = full[full.size() - rank + dim];
        equate(of, at, tensor, dim);
      }
  };
  FormulaOp formula = op.resolveFormula();
  ArrayRef rows = ArrayRef(dims).drop_back();
  for (auto [i, operand] : llvm::enumerate(op.getFormulaOperands()))
    meet(operand, formula.isUniformArgument(i + 1) ? rows : ArrayRef(dims));
  for (Value operand : {op.getMask(), op.getBias()})
    if (operand)
      meet(operand, dims);
  if (op.getLengths())
    equate(query, 0, op.getLengths(), 0);
  SmallVector<std::pair<Value, int64_t>> all;
  for (int64_t dim = 0; dim < element; ++dim)
    all.push_back({query, dim});
  all.push_back({value, element});
  for (Value operand : op.getEpilogueOperands())
    meet(operand, all);
  for (auto [i, output] : llvm::enumerate(op.getOutputs())) {
    // One number per row; sums of a state are of values, in no layout.
    if (op.getState() || formula.isUniformResult(i)) {
      for (auto [dim, of] : llvm::enumerate(rows))
        equate(of.first, of.second, output, dim);
      if (op.getState() && cast<ShapedType>(output.getType()).getRank() == 4)
        equate(value, element, output, element);
      continue;
    }
    for (auto [dim, of] : llvm::enumerate(all))
      equate(of.first, of.second, output, dim);
  }
}

void ShapeRelations::visit(Operation *op) {
  SmallVector<Value> varying, uniform;
  if (auto apply = dyn_cast<ApplyOp>(op)) {
    sortOperands(apply.resolveFormula(), apply.getInputs(), apply.getMask(),
                 apply.getResults(), varying, uniform);
    visitRows(varying, uniform, apply.getRowRank(), apply.getRowDim());
  } else if (auto rows = dyn_cast<RowsOp>(op)) {
    sortOperands(rows.resolveFormula(), rows.getInputs(), rows.getMask(),
                 rows.getOutputs(), varying, uniform);
    visitRows(varying, uniform, rows.getRowRank(), rows.getRowDim());
  } else if (auto topk = dyn_cast<TopKRowsOp>(op)) {
    visitTopK(topk);
  } else if (auto attention = dyn_cast<AttentionRowsOp>(op)) {
    visitAttention(attention);
  } else if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
    DenseMap<unsigned, std::pair<Value, int64_t>> loops;
    for (OpOperand &operand : op->getOpOperands())
      for (auto [dim, expr] : llvm::enumerate(
               linalgOp.getMatchingIndexingMap(&operand).getResults()))
        if (auto loop = dyn_cast<AffineDimExpr>(expr)) {
          auto [entry, isNew] =
              loops.try_emplace(loop.getPosition(), operand.get(), dim);
          if (!isNew)
            equate(entry->second.first, entry->second.second, operand.get(),
                   dim);
        }
  } else if (auto empty = dyn_cast<tensor::EmptyOp>(op)) {
    unsigned next =
        0; // Dynamic sizes are listed in the order of the dynamic dimensions.
    for (int64_t d = 0, e = empty.getType().getRank(); d < e; ++d)
      if (empty.getType().isDynamicDim(d))
        if (auto dim =
                empty.getDynamicSizes()[next++].getDefiningOp<tensor::DimOp>())
          if (std::optional<int64_t> source = dim.getConstantIndex())
            equate(dim.getSource(), *source, empty, d);
  } else if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
    visitSlice(slice);
  } else if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    visitReshape(expand.getResult(), expand.getSrc(),
                 expand.getReassociationIndices());
  } else if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    visitReshape(collapse.getSrc(), collapse.getResult(),
                 collapse.getReassociationIndices());
  } else if (auto cast = dyn_cast<tensor::CastOp>(op)) {
    if (isa<RankedTensorType>(cast.getType()) &&
        isa<RankedTensorType>(cast.getSource().getType()))
      equateAll(cast.getSource(), cast.getResult());
  }
  // What a loop carries keeps its shape in the loops that tiling makes.
  if (auto loop = dyn_cast<LoopLikeOpInterface>(op))
    for (OpOperand &init : loop.getInitsMutable()) {
      OpResult result = loop.getTiedLoopResult(&init);
      if (!isa<RankedTensorType>(init.get().getType()) || !result)
        continue;
      equateAll(init.get(), result);
      equateAll(init.get(), loop.getTiedLoopRegionIterArg(&init));
    }
  if (auto dps = dyn_cast<DestinationStyleOpInterface>(op))
    for (OpResult result : op->getResults())
      equateAll(dps.getTiedOpOperand(result)->get(), result);
}
