//===- FormAttention.cpp - products around rows become weir.attention ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "AttentionMatch.h"
#include "weir/Conversion/LinalgToWeir/RaiseElementwise.h"
#include "weir/Dialect/Weir/IR/EraseDead.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Dominance.h"

namespace weir {
#define GEN_PASS_DEF_WEIRFORMATTENTION
#include "weir/Dialect/Weir/Transforms/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

namespace {

/// Puts a weir.attention in the place of what was matched.
class AttentionWriter {
public:
  AttentionWriter(AttentionMatch &match, FlatSymbolRefAttr formula)
      : m(match), formula(formula), builder(match.apply.getContext()),
        loc(match.valueProduct.op.getLoc()) {}
  AttentionOp write();

private:
  void findSizes();
  void findResult();
  Value arrange(const ScoreOperand &operand, ArrayRef<Atoms> groups) {
    return m.space.arrange(builder, loc, operand.value, operand.dims, groups);
  }
  AtomDims getGroups(const Atoms &heads, const Atoms &length,
                     const Atoms &element);
  AttentionOp create();
  void setWindow(AttentionOp op);
  Value materialize(const LinearIndex &index);
  void replace(Value old, Value value, ArrayRef<Atoms> dims,
               ArrayRef<Atoms> wanted);

  AttentionMatch &m;
  FlatSymbolRefAttr formula;
  OpBuilder builder;
  Location loc;
  Value result; // What the attention's output stands for.
  AtomDims resultDims;
};

} // namespace

/// Where inputs say how large an atom is.
void AttentionWriter::findSizes() {
  for (const ScoreOperand *operand : {&m.query, &m.key, &m.value})
    for (auto [i, dim] : llvm::enumerate(m.space.resolveDims(operand->dims)))
      if (dim.size() == 1)
        m.space.setSize(dim[0], operand->value, i);
}

/// The output, or what a conversion of it gives.
void AttentionWriter::findResult() {
  result = m.output;
  resultDims = m.outputDims;
  if (!result.hasOneUse())
    return;
  AtomDims dims = resultDims;
  auto narrowing = dyn_cast<linalg::LinalgOp>(*result.user_begin());
  if (!narrowing || narrowing->getBlock() != m.apply->getBlock())
    return;
  Value next = m.space.stepForward(narrowing, dims, MovedCasts::All);
  if (!next || getElementTypeOrSelf(next) == getElementTypeOrSelf(result) ||
      getElementTypeOrSelf(next).isF64())
    return;
  result = next;
  resultDims = dims;
}

AtomDims AttentionWriter::getGroups(const Atoms &heads, const Atoms &length,
                                    const Atoms &element) {
  return m.headsLast ? AtomDims{m.batch, length, heads, element}
                     : AtomDims{m.batch, heads, length, element};
}

AttentionOp AttentionWriter::create() {
  AtomDims rows{m.batch, m.queryHeads, m.queries}, scores(rows);
  scores.push_back(m.keys);
  SmallVector<Value> inputs{
      arrange(m.query, getGroups(m.queryHeads, m.queries, m.head)),
      arrange(m.key, getGroups(m.keyHeads, m.keys, m.head)),
      arrange(m.value, getGroups(m.keyHeads, m.keys, m.valueHead))};
  SmallVector<Value> operands;
  for (unsigned index : ArrayRef(m.arguments).drop_front()) {
    ScoreOperand operand = m.getOperand(index);
    bool isScalar = !isa<RankedTensorType>(operand.value.getType());
    operands.push_back(
        isScalar ? operand.value
                 : arrange(operand,
                           m.formula.isUniformArgument(index) ? rows : scores));
  }
  auto getShape = [](Value value) {
    return cast<RankedTensorType>(value.getType()).getShape();
  };
  SmallVector<int64_t> shape(getShape(inputs[0]));
  SmallVector<int64_t> outer{shape[0], shape[m.headsLast ? 2 : 1],
                             shape[m.headsLast ? 1 : 2]};
  shape[3] = getShape(inputs[2])[3];
  SmallVector<Type> types;
  for (auto [i, type] : llvm::enumerate(m.apply.getResultTypes()))
    types.push_back(
        i == m.weights
            ? RankedTensorType::get(shape, getElementTypeOrSelf(result))
            : RankedTensorType::get(outer, getElementTypeOrSelf(type)));
  FloatAttr scale = builder.getF64FloatAttr(m.chain.scale), cap;
  if (m.chain.softCap)
    cap = builder.getF64FloatAttr(*m.chain.softCap);
  auto made = AttentionOp::create(
      builder, loc, types, formula, inputs, operands,
      m.mask ? arrange(*m.mask, scores) : Value(),
      m.chain.bias ? arrange(*m.chain.bias, scores) : Value(),
      /*lengths=*/Value(), /*packed=*/ValueRange(),
      /*epilogue=*/FlatSymbolRefAttr(),
      /*epilogue_operands=*/ValueRange(), /*place=*/ValueRange(),
      /*causal=*/UnitAttr(),
      /*window_left=*/IntegerAttr(), /*window_right=*/IntegerAttr(), scale, cap,
      AttentionLayoutAttr(), EmptyRowAttr(), m.apply.getPosInfAttr(),
      m.emptyRow ? NaNPolicyAttr() : m.apply.getNanAttr(),
      m.apply.getTiesAttr(), AttentionFormAttr(),
      /*query_tile=*/IntegerAttr(), /*key_tile=*/IntegerAttr(),
      /*thread_grain=*/IntegerAttr());
  if (m.headsLast)
    made.setLayout(AttentionLayout::BLHD);
  EmptyRow empty =
      m.emptyRow.value_or(m.apply.getEmptyRow().value_or(EmptyRow::Zero));
  if (empty != EmptyRow::Zero && m.formula.hasReduction())
    made.setEmptyRow(empty);
  setWindow(made);
  return made;
}

Value AttentionWriter::materialize(const LinearIndex &index) {
  Value sum = arith::ConstantIndexOp::create(builder, loc, index.constant);
  for (auto [value, count] : index.others) {
    Value factor = arith::ConstantIndexOp::create(builder, loc, count);
    if (!value.getType().isIndex())
      value = arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                         value);
    value = builder.createOrFold<arith::MulIOp>(loc, value, factor);
    sum = builder.createOrFold<arith::AddIOp>(loc, sum, value);
  }
  return sum;
}

void AttentionWriter::setWindow(AttentionOp op) {
  const WindowClauses &window = m.window;
  if (window.right == 0)
    op.setCausal(true);
  else if (window.right)
    op.setWindowRight(*window.right);
  if (window.left)
    op.setWindowLeft(*window.left);
  if (!window.firstQuery)
    return;
  // As if there were as many queries as keys, the first at the first.
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(op);
  auto getSize = [&](Value tensor, int64_t dim) {
    return builder.createOrFold<tensor::DimOp>(loc, tensor, dim);
  };
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  op.getPlaceMutable().assign({zero, zero, materialize(*window.firstQuery),
                               getSize(op.getQuery(), op.getHeadDim()),
                               getSize(op.getKey(), op.getLengthDim())});
}

/// Questions after the sizes of a value that goes are asked of others.
static void askElsewhere(OpBuilder &builder, Value value) {
  Operation *op = value.getDefiningOp();
  unsigned index = cast<OpResult>(value).getResultNumber();
  for (Operation *user : llvm::make_early_inc_range(value.getUsers())) {
    auto dim = dyn_cast<tensor::DimOp>(user);
    if (!dim || !dim.getConstantIndex())
      continue;
    builder.setInsertionPoint(dim);
    ReifiedRankedShapedTypeDims sizes;
    SmallVector<OpFoldResult> own;
    if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
      own = expand.getMixedOutputShape();
    else if (auto shaped = dyn_cast<ReifyRankedShapedTypeOpInterface>(op);
             shaped && succeeded(shaped.reifyResultShapes(builder, sizes)))
      own = sizes[index];
    else
      continue;
    dim.replaceAllUsesWith(getValueOrCreateConstantIndexOp(
        builder, dim.getLoc(), own[*dim.getConstantIndex()]));
    dim.erase();
  }
}

void AttentionWriter::replace(Value old, Value value, ArrayRef<Atoms> dims,
                              ArrayRef<Atoms> wanted) {
  if (old.use_empty())
    return;
  value = m.space.arrange(builder, loc, value, dims, wanted);
  if (value.getType() != old.getType())
    value = tensor::CastOp::create(builder, loc, old.getType(), value);
  old.replaceAllUsesWith(value);
}

AttentionOp AttentionWriter::write() {
  findSizes();
  findResult();
  SmallVector<Value> gone{result, m.output};
  llvm::append_range(gone, m.behind);
  for (OpResult other : m.apply.getResults())
    gone.push_back(other);
  llvm::append_range(gone, m.before);
  for (Value value : gone)
    askElsewhere(builder, value);
  builder.setInsertionPoint(m.valueProduct.op);
  AttentionOp made = create();
  m.dropTemporary();
  replace(result, made.getResult(m.weights),
          getGroups(m.queryHeads, m.queries, m.valueHead), resultDims);
  for (auto [i, old] : llvm::enumerate(m.apply.getResults()))
    if (i != m.weights)
      replace(old, made.getResult(i), {m.batch, m.queryHeads, m.queries},
              m.getOuterDims());
  SmallVector<Operation *> ops{result.getDefiningOp()};
  if (m.output != result)
    ops.push_back(m.output.getDefiningOp());
  ops.push_back(m.apply);
  eraseDead(ops);
  return made;
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// Uniform results must not be used before the values are there.
static bool isUsedTooEarly(AttentionMatch &match) {
  DominanceInfo dominance;
  Operation *place = match.valueProduct.op;
  for (auto [i, result] : llvm::enumerate(match.apply.getResults())) {
    if (i == match.weights)
      continue;
    for (Operation *user : result.getUsers())
      if (!isa<tensor::DimOp>(user) && !dominance.dominates(place, user))
        return true;
  }
  return false;
}

namespace {
struct WeirFormAttention
    : weir::impl::WeirFormAttentionBase<WeirFormAttention> {
  using WeirFormAttentionBase::WeirFormAttentionBase;

  /// The formula that the scores go through now, in the module.
  FlatSymbolRefAttr getFormula(AttentionMatch &match) {
    bool isWhole = match.rest->isEquivalentTo(match.formula);
    if (isWhole)
      return match.apply.getFormulaAttr();
    Operation *table = SymbolTable::getNearestSymbolTable(match.apply);
    for (FormulaOp known : made[table])
      if (known.isEquivalentTo(*match.rest))
        return FlatSymbolRefAttr::get(known.getSymNameAttr());
    Operation *beside = match.apply;
    while (beside->getParentOp() != table)
      beside = beside->getParentOp();
    FormulaOp formula = match.rest.release();
    StringAttr name = SymbolTable(table).insert(formula, beside->getIterator());
    made[table].push_back(formula);
    return FlatSymbolRefAttr::get(name);
  }

  void eraseIfUnused(FormulaOp formula) {
    Operation *table =
        SymbolTable::getNearestSymbolTable(formula->getParentOp());
    if (SymbolTable::getSymbolVisibility(formula) ==
            SymbolTable::Visibility::Private &&
        SymbolTable::symbolKnownUseEmpty(formula, table) &&
        !llvm::is_contained(made[table], formula))
      formula.erase();
  }

  void explainAttention(AttentionOp op, const ScoreChain &chain) {
    InFlightDiagnostic remark = op.emitRemark("raised to attention with @")
                                << op.getFormula() << ": scores are products";
    if (chain.scale != 1.0)
      remark << " times " << chain.scale;
    if (chain.softCap)
      remark << ", capped at " << *chain.softCap;
    if (chain.bias)
      remark << ", with a bias";
    if (op.getMask())
      remark << ", under a mask";
    if (op.getCausal())
      remark << ", causal";
    if (op.getWindowLeft() || op.getWindowRight())
      remark << ", in a window";
    remark << "; neither scores nor weights are stored";
  }

  void form(ApplyOp apply) {
    FormulaOp formula = apply.resolveFormula();
    {
      AttentionMatch match(apply);
      if (!match.isBetweenProducts())
        return;
      std::string why = match.match();
      if (why.empty() && isUsedTooEarly(match))
        why = "a result per row is used before the values are there";
      if (!why.empty()) {
        if (explain)
          apply.emitRemark("not raised to attention: ") << why;
        return;
      }
      ScoreChain chain = match.chain;
      AttentionOp made = AttentionWriter(match, getFormula(match)).write();
      if (explain)
        explainAttention(made, chain);
    }
    eraseIfUnused(formula);
  }

  /// What alone reads an output, an elementwise op of linalg, becomes a
  /// weir.apply, so that it may be composed with others, and be an epilogue.
  void raiseReader(AttentionOp op) {
    unsigned weights = op.resolveFormula().getFirstVaryingResult();
    Value output = op.getResult(weights);
    AtomSpace space;
    AtomDims dims;
    for (int64_t size : cast<RankedTensorType>(output.getType()).getShape())
      dims.push_back({space.add(size)});
    Operation *user = getOnlyUser(output);
    while (user && user->getBlock() == op->getBlock()) {
      Value next = space.stepForward(user, dims, MovedCasts::All);
      if (!next)
        break;
      output = next;
      user = getOnlyUser(output);
    }
    if (!user || user->getBlock() != op->getBlock() || !isElementwise(user) ||
        user->getNumResults() != 1)
      return;
    SmallVector<int64_t> shape(
        cast<RankedTensorType>(output.getType()).getShape());
    int64_t last = static_cast<int64_t>(shape.size()) - 1;
    std::string why;
    FailureOr<RaisedElementwise> raised =
        raiseElementwise(cast<linalg::LinalgOp>(user),
                         {output, /*varying=*/true, shape, last}, "map", why);
    if (failed(raised))
      return;
    user->getResult(0).replaceAllUsesWith(raised->apply.getResult(0));
    user->erase();
  }

  void runOnOperation() override {
    if (!enable)
      return;
    SmallVector<ApplyOp> all;
    getOperation().walk([&](ApplyOp apply) { all.push_back(apply); });
    for (ApplyOp apply : all)
      form(apply);
    SmallVector<AttentionOp> formed;
    getOperation().walk([&](AttentionOp op) { formed.push_back(op); });
    for (AttentionOp op : formed)
      raiseReader(op);
  }

  DenseMap<Operation *, SmallVector<FormulaOp>> made; // By symbol table.
};
} // namespace
