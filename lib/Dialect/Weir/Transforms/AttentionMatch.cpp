//===- AttentionMatch.cpp - products around rows of weights ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionMatch.h"

#include "OutlineConditions.h"
#include "weir/Conversion/LinalgToWeir/RaiseElementwise.h"
#include "weir/Dialect/Weir/Analysis/FormulaEdges.h"
#include "weir/Dialect/Weir/Analysis/FormulaLimits.h"
#include "weir/Dialect/Weir/Transforms/RowTiles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace weir;

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

static bool isZero(Value tensor) {
  if (auto fill = tensor.getDefiningOp<linalg::FillOp>())
    return matchPattern(fill.getInputs()[0], m_AnyZeroFloat());
  return matchPattern(tensor, m_AnyZeroFloat());
}

/// An argument of the body, widened or not.
static bool isArgument(Value value, BlockArgument argument) {
  if (auto cast = value.getDefiningOp<arith::ExtFOp>())
    value = cast.getIn();
  return value == argument;
}

/// True for a body that adds the product of its inputs to its accumulator.
static bool isProductBody(Block &body) {
  auto sum = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum)
    return false;
  BlockArgument accumulator = body.getArgument(2);
  if (sum.getLhs() != accumulator && sum.getRhs() != accumulator)
    return false;
  Value other = sum.getLhs() == accumulator ? sum.getRhs() : sum.getLhs();
  auto product = other.getDefiningOp<arith::MulFOp>();
  if (!product)
    return false;
  BlockArgument a = body.getArgument(0), b = body.getArgument(1);
  return (isArgument(product.getLhs(), a) && isArgument(product.getRhs(), b)) ||
         (isArgument(product.getLhs(), b) && isArgument(product.getRhs(), a));
}

std::optional<Contraction> Contraction::match(Operation *op) {
  auto linalg = dyn_cast_or_null<linalg::LinalgOp>(op);
  if (!linalg || !linalg.hasPureTensorSemantics() ||
      linalg.getNumDpsInputs() != 2 || linalg.getNumDpsInits() != 1 ||
      linalg.getNumReductionLoops() != 1 ||
      linalg.getBlock()->getNumArguments() != 3 ||
      !isProductBody(*linalg.getBlock()) || !isZero(linalg.getDpsInits()[0]))
    return std::nullopt;
  SmallVector<unsigned> reduced;
  linalg.getReductionDims(reduced);
  for (OpOperand &operand : op->getOpOperands())
    if (!linalg.getMatchingIndexingMap(&operand).isProjectedPermutation())
      return std::nullopt;
  for (OpOperand *input : linalg.getDpsInputOperands())
    if (!linalg.getMatchingIndexingMap(input).isFunctionOfDim(reduced[0]))
      return std::nullopt;
  return Contraction{linalg, reduced[0]};
}

AtomDims Contraction::getDims(OpOperand &operand,
                              ArrayRef<std::optional<Atoms>> loops) {
  AtomDims dims;
  for (AffineExpr expr : op.getMatchingIndexingMap(&operand).getResults())
    dims.push_back(
        loops[cast<AffineDimExpr>(expr).getPosition()].value_or(Atoms()));
  return dims;
}

void Contraction::bind(OpOperand &operand, ArrayRef<Atoms> dims,
                       SmallVectorImpl<std::optional<Atoms>> &loops) {
  for (auto [expr, atoms] :
       llvm::zip_equal(op.getMatchingIndexingMap(&operand).getResults(), dims))
    loops[cast<AffineDimExpr>(expr).getPosition()] = atoms;
}

//===----------------------------------------------------------------------===//
// Before and behind the weights
//===----------------------------------------------------------------------===//

AttentionMatch::AttentionMatch(ApplyOp apply)
    : apply(apply), formula(apply.resolveFormula()) {
  weights = formula.getFirstVaryingResult();
  if (weights == formula.getResultTypes().size())
    return;
  auto type = cast<RankedTensorType>(apply.getResult(weights).getType());
  for (int64_t size : type.getShape())
    dims.push_back({space.add(size)});
}

void AttentionMatch::dropTemporary() {
  for (ApplyOp made : temporary) {
    FormulaOp own = made.resolveFormula();
    made.erase();
    own.erase();
  }
  temporary.clear();
  for (Operation *op : llvm::reverse(outlined))
    if (op->use_empty())
      op->erase();
  outlined.clear();
}

/// Looks for the product in what `op` takes as scores.
bool AttentionMatch::findScoresBehind(Operation *op, ArrayRef<Atoms> dims) {
  Value result = op->getResult(0);
  for (Value input : op->getOperands()) {
    auto type = dyn_cast<RankedTensorType>(input.getType());
    if (!type ||
        type.getShape() != cast<RankedTensorType>(result.getType()).getShape())
      continue;
    if (!findScores(input, AtomDims(dims)))
      continue;
    links.push_back({op, input, AtomDims(dims)});
    return true;
  }
  return false;
}

bool AttentionMatch::findScores(Value value, AtomDims dims) {
  Operation *op = value.getDefiningOp();
  if (!op || op->getBlock() != apply->getBlock() || !getOnlyUser(value))
    return false;
  bool found = false;
  if (std::optional<Contraction> product = Contraction::match(op)) {
    scoreProduct = *product;
    scoreDims = dims;
    found = true;
  } else if (Value source = space.stepBack(value, dims, MovedCasts::All,
                                           /*broadcasts=*/false)) {
    found = findScores(source, dims);
  } else if (op->getNumResults() == 1 && isElementwise(op)) {
    auto linalg = cast<linalg::LinalgOp>(op);
    found = llvm::all_of(linalg.getIndexingMapsArray(),
                         [](AffineMap map) {
                           return map.isProjectedPermutation(
                               /*allowZeroInResults=*/true);
                         }) &&
            findScoresBehind(op, dims);
  } else if (auto before = dyn_cast<ApplyOp>(op)) {
    found = before->getNumResults() == 1 && !before.getMask() &&
            before.resolveFormula().isPointwise() && findScoresBehind(op, dims);
  }
  if (found)
    before.insert(before.begin(), value);
  return found;
}

bool AttentionMatch::findValues(Value value, AtomDims dims) {
  Operation *user = getOnlyUser(value);
  if (!user || user->getBlock() != apply->getBlock())
    return false;
  if (std::optional<Contraction> product = Contraction::match(user)) {
    auto inputs = product->op.getDpsInputs();
    valueProduct = *product;
    weightsInProduct = {value, dims};
    return inputs[0] != inputs[1];
  }
  Value next = space.stepForward(user, dims, MovedCasts::All);
  if (!next)
    return false;
  behind.insert(behind.begin(), next);
  return findValues(next, dims);
}

bool AttentionMatch::isBetweenProducts() {
  if (dims.empty())
    return false;
  Value scores = apply.getInputs()[formula.getScoreIndex()];
  auto full = cast<RankedTensorType>(apply.getResult(weights).getType());
  if (cast<RankedTensorType>(scores.getType()).getShape() != full.getShape())
    return false;
  behind = {apply.getResult(weights)};
  return findScores(scores, dims) && findValues(apply.getResult(weights), dims);
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

AtomDims AttentionMatch::getOuterDims() {
  AtomDims outer(dims);
  outer.erase(outer.begin() + apply.getRowDim());
  return outer;
}

ScoreOperand AttentionMatch::getOperand(unsigned index) {
  Value operand = apply.getInputs()[index];
  return {operand, getBroadcastDims(operand, formula.isUniformArgument(index)
                                                 ? getOuterDims()
                                                 : dims)};
}

//===----------------------------------------------------------------------===//
// What is done to scores
//===----------------------------------------------------------------------===//

static std::string getName(Operation *op) {
  return op->getName().getStringRef().str();
}

/// Follows the score through a formula that runs over rows with the dimensions
/// `outer`.
Value AttentionMatch::followChain(
    FormulaOp step, BlockArgument score, bool takesTensors,
    ArrayRef<Atoms> outer,
    llvm::function_ref<ScoreOperand(BlockArgument)> operandOf) {
  SeenKeys seen(space, queries, keys);
  bool rowIsQuery = flatten(space.resolveDims(outer)) == queries;
  auto confine = [&](KeyWindow &window, Value condition, bool holds) {
    auto argument = dyn_cast<BlockArgument>(condition);
    if (argument && step.isUniformArgument(argument.getArgNumber()))
      return false;
    std::optional<SeenCondition> found =
        argument ? seen.ofMask(operandOf(argument))
                 : seen.ofFormula(condition, rowIsQuery);
    if (found && !holds)
      found = found->negate();
    return found && !found->mask && window.confine(*found, queries.empty());
  };
  return chain.follow(step, score, takesTensors, {operandOf, confine});
}

/// An op that weir.attention does in one of its steps.
std::string AttentionMatch::followLink(const Link &link) {
  std::string why;
  auto made = dyn_cast<ApplyOp>(link.op);
  auto *row = llvm::find(link.dims, dims[apply.getRowDim()]);
  if (!made) {
    auto type = cast<RankedTensorType>(link.op->getResult(0).getType());
    if (row == link.dims.end())
      return getName(link.op) + " runs over other dimensions than the rows";
    linalg::LinalgOp op =
        outlineConditions(cast<linalg::LinalgOp>(link.op), outlined);
    // What is used is raised.
    Value own = op->getResult(0), given = link.op->getResult(0);
    if (own != given)
      given.replaceAllUsesWith(own);
    FailureOr<RaisedElementwise> raised = raiseElementwise(
        op,
        {own, /*varying=*/true, SmallVector<int64_t>(type.getShape()),
         row - link.dims.begin()},
        "scores", why);
    if (own != given)
      own.replaceAllUsesWith(given);
    if (failed(raised))
      return getName(link.op) + " lies between: " + why;
    made = raised->apply;
    temporary.push_back(made);
  }
  FormulaOp step = made.resolveFormula();
  auto inputs = made.getInputs();
  unsigned index = llvm::find(inputs, link.score) - inputs.begin();
  if (index == inputs.size() || llvm::count(inputs, link.score) != 1)
    return getName(link.op) + " uses the scores twice";
  AtomDims outer(link.dims);
  if (row != link.dims.end())
    outer.erase(outer.begin() + (row - link.dims.begin()));
  Value reached = followChain(
      step, step.getBody().getArgument(index), /*takesTensors=*/true, outer,
      [&](BlockArgument argument) {
        Value operand = inputs[argument.getArgNumber()];
        return ScoreOperand{operand, getBroadcastDims(operand, link.dims)};
      });
  if (reached != step.getYieldedValues()[0])
    return getName(link.op) +
           " does more than the next of scale, cap, bias and mask, in this "
           "order";
  return "";
}

/// Takes the steps at the formula's beginning out of it. Returns the policy for
/// empty rows under which leaving out what they make -inf changes nothing.
std::optional<EmptyRow> AttentionMatch::cut(bool takesTensors) {
  BlockArgument score = formula.getBody().getArgument(formula.getScoreIndex());
  Value reached = followChain(formula, score, takesTensors, getOuterDims(),
                              [&](BlockArgument argument) {
                                return getOperand(argument.getArgNumber());
                              });
  arguments.clear();
  rest = cutFormula(formula, score, reached, formula.getSymName(), arguments);
  // The analysis looks at the body alone.
  FormulaEdges edges(*rest);
  if (!formula.hasReduction() || !edges.propagatesNaN() ||
      !edges.hasEmptinessWitness())
    return std::nullopt;
  std::optional<EmptyRow> found = edges.getEmptyRowIfExcluding();
  return found == EmptyRow::Uniform ? std::nullopt : found;
}

/// True when a formula without a reduction gives scores of -inf no weight.
static bool vanishesAtNegInf(FormulaOp formula, unsigned result) {
  return FormulaLimits(formula, /*scoreExcludes=*/true)
             .atExcluded(formula.getYieldedValues()[result]) == Limit::Zero;
}

std::string AttentionMatch::chooseFormula() {
  bool isOrdinary = apply.getNegInf() == NegInf::Ordinary;
  ScoreChain before = chain;
  for (bool takesTensors : {true, false}) {
    chain = before;
    std::optional<EmptyRow> found = cut(takesTensors);
    if (!chain.window.isAll() && !getClauses(chain.window))
      continue;
    bool tookTensors = chain.mayExclude() && !before.mayExclude();
    if (!formula.hasReduction()) {
      if (!chain.mayExclude() || vanishesAtNegInf(*rest, weights))
        return "";
      continue;
    }
    if (isOrdinary && found &&
        apply.getNan().value_or(NaNPolicy::Propagate) != NaNPolicy::Ignore) {
      // Now that a bias is part of the score, -inf may be left out; and now
      // that a mask is, what NaN is left reaches all results.
      emptyRow = found;
      (*rest)->removeAttr(WeirDialect::kAsWrittenAttrName);
      return "";
    }
    if (isOrdinary && !chain.mayExclude())
      return ""; // A product is no -inf.
    if (!isOrdinary &&
        (!tookTensors || found == apply.getEmptyRow().value_or(EmptyRow::Zero)))
      return "";
  }
  return "scores of -inf stay numbers, and weir.attention leaves them out";
}

std::string AttentionMatch::followLinks() {
  for (const Link &link : links)
    if (std::string why = followLink(link); !why.empty())
      return why;
  std::string why = chooseFormula();
  return why.empty() ? findWindow() : why;
}

//===----------------------------------------------------------------------===//
// Queries, keys, values
//===----------------------------------------------------------------------===//

static ScoreOperand chase(AtomSpace &space, ScoreOperand operand, bool casts,
                          bool broadcasts) {
  while (Value source = space.stepBack(
             operand.value, operand.dims,
             casts ? MovedCasts::Widening : MovedCasts::None, broadcasts))
    operand.value = source;
  return operand;
}

std::string AttentionMatch::findInputs() {
  SmallVector<std::optional<Atoms>> loops(scoreProduct.op.getNumLoops());
  scoreProduct.bind(scoreProduct.getResultOperand(), scoreDims, loops);
  int64_t size = scoreProduct.op.getStaticLoopRanges()[scoreProduct.reduced];
  if (ShapedType::isDynamic(size))
    return "the size of a head is not static";
  head = {space.add(size)};
  loops[scoreProduct.reduced] = head;
  SmallVector<ScoreOperand> inputs;
  for (OpOperand *input : scoreProduct.op.getDpsInputOperands())
    inputs.push_back({input->get(), scoreProduct.getDims(*input, loops)});
  auto hasKeys = [&](const ScoreOperand &input) {
    return llvm::is_contained(flatten(input.dims),
                              dims[apply.getRowDim()].front());
  };
  unsigned keyIndex = hasKeys(inputs[1]) ? 1 : 0;
  if (hasKeys(inputs[0]) == hasKeys(inputs[1]))
    return "the row is no dimension of the keys alone";
  ScoreOperand query0 = inputs[1 - keyIndex], key0 = inputs[keyIndex];

  loops.assign(valueProduct.op.getNumLoops(), std::nullopt);
  bool isFirst = valueProduct.op.getDpsInputs()[0] == weightsInProduct.value;
  OpOperand &own = *valueProduct.op.getDpsInputOperand(isFirst ? 0 : 1),
            &other = *valueProduct.op.getDpsInputOperand(isFirst ? 1 : 0);
  valueProduct.bind(own, weightsInProduct.dims, loops);
  if (!loops[valueProduct.reduced] ||
      space.resolve(*loops[valueProduct.reduced]) !=
          space.resolve(dims[apply.getRowDim()]))
    return "the values are not summed along the row";
  for (auto [i, loop] : llvm::enumerate(loops)) {
    if (loop)
      continue;
    int64_t width = valueProduct.op.getStaticLoopRanges()[i];
    if (!valueHead.empty() || ShapedType::isDynamic(width))
      return "the values have no single dimension of a static size of their "
             "own";
    valueHead = {space.add(width)};
    loop = valueHead;
  }
  if (valueHead.empty())
    return "the values have one element for each key";
  ScoreOperand value0{other.get(), valueProduct.getDims(other, loops)};
  output = valueProduct.op->getResult(0);
  outputDims = valueProduct.getDims(valueProduct.getResultOperand(), loops);

  bool isDouble =
      getElementTypeOrSelf(scoreProduct.op->getResult(0).getType()).isF64();
  for (bool broadcasts : {true, false})
    for (bool casts : {true, false}) {
      query = chase(space, query0, casts, /*broadcasts=*/false);
      key = chase(space, key0, casts, broadcasts);
      value = chase(space, value0, casts, broadcasts);
      Type element = getElementTypeOrSelf(query.value.getType());
      bool isAlike = getElementTypeOrSelf(key.value.getType()) == element &&
                     getElementTypeOrSelf(value.value.getType()) == element &&
                     element.isF64() == isDouble;
      if (isAlike && findGroups().empty())
        return "";
      if (!broadcasts && !casts)
        return isAlike ? findGroups()
                       : "queries, keys and values have different types";
    }
  return "";
}

/// Says which atoms are batches, heads, queries and keys.
std::string AttentionMatch::findGroups() {
  auto getAtoms = [&](const ScoreOperand &operand) {
    Atoms atoms = flatten(space.resolveDims(operand.dims));
    llvm::sort(atoms);
    return atoms;
  };
  Atoms outer = flatten(space.resolveDims(getOuterDims()));
  keys = space.resolve(dims[apply.getRowDim()]);
  if (keys.empty())
    return "rows have one element";
  Atoms ofQueries = outer, shared, extra;
  ofQueries.append(space.resolve(head));
  llvm::sort(ofQueries);
  if (getAtoms(query) != ofQueries)
    return "queries are not one for each row";
  Atoms ofKeys = getAtoms(key);
  for (int64_t atom : outer)
    (llvm::is_contained(ofKeys, atom) ? shared : extra).push_back(atom);
  auto isOf = [&](const ScoreOperand &operand, const Atoms &width) {
    Atoms wanted = shared;
    wanted.append(keys);
    wanted.append(space.resolve(width));
    llvm::sort(wanted);
    return getAtoms(operand) == wanted;
  };
  if (!isOf(key, head) || !isOf(value, valueHead))
    return "keys and values do not belong to the same rows";
  if (shared.size() > 2)
    return "there are more dimensions than batches, heads, queries and keys";
  batch.assign(shared.begin(), shared.begin() + !shared.empty());
  keyHeads.assign(shared.begin() + batch.size(), shared.end());
  queryHeads = keyHeads;
  queries.clear();
  if (!extra.empty())
    queries = {extra.pop_back_val()};
  queryHeads.append(extra);
  return "";
}

//===----------------------------------------------------------------------===//
// The whole
//===----------------------------------------------------------------------===//

std::string AttentionMatch::checkOperands() {
  SmallVector<Atoms> rows{batch, queryHeads, queries}, scores(rows);
  scores.push_back(keys);
  bool fits = true;
  for (unsigned index : ArrayRef(arguments).drop_front()) {
    ScoreOperand operand = getOperand(index);
    fits &= !isa<RankedTensorType>(operand.value.getType()) ||
            space.canArrange(operand.dims,
                             formula.isUniformArgument(index) ? rows : scores);
  }
  for (const std::optional<ScoreOperand> &operand : {chain.bias, mask})
    fits &= !operand || space.canArrange(operand->dims, scores);
  return fits ? ""
              : "an operand beside the scores repeats in part of the heads";
}

/// weir.attention counts queries, keys and rows of random numbers in its way.
std::string AttentionMatch::checkPlaces() {
  if (apply.getRowBase() || apply.getColumn())
    return "it is a tile of a larger whole";
  Block &body = rest->getBody().front();
  bool asksRow = false, asksRandom = false;
  body.walk([&](Operation *op) {
    asksRow |= isa<RowOp>(op);
    asksRandom |= isa<RandomOp>(op);
  });
  if (asksRow && !(batch.empty() && queryHeads.empty()))
    return "weir.row counts queries of all heads";
  Atoms order = batch;
  order.append(queryHeads);
  order.append(queries);
  if (asksRandom && flatten(space.resolveDims(getOuterDims())) != order)
    return "weir.random counts rows in another order";
  return "";
}

bool AttentionMatch::hasHeadsLast() const {
  auto isIn = [&](const ScoreOperand &operand, ArrayRef<Atoms> order) {
    return flatten(space.resolveDims(operand.dims)) ==
           space.resolve(flatten(order));
  };
  return isIn(query, {batch, queries, queryHeads, head}) &&
         isIn(key, {batch, keys, keyHeads, head}) &&
         isIn(value, {batch, keys, keyHeads, valueHead}) &&
         !(isIn(query, {batch, queryHeads, queries, head}) &&
           isIn(key, {batch, keyHeads, keys, head}));
}

std::string AttentionMatch::match() {
  unsigned varying = 0;
  for (unsigned i = 0, e = formula.getResultTypes().size(); i < e; ++i)
    varying += !formula.isUniformResult(i);
  if (varying != 1 || !formula.getResultTypes()[weights].isF32() ||
      !formula.getArgumentTypes()[formula.getScoreIndex()].isF32())
    return "its formula has more results than weights, or not of numbers";
  if (apply.getEmptyRow() == EmptyRow::Uniform)
    return "a query that sees no key has none to share the mass";
  if (std::string why = findInputs(); !why.empty())
    return why;
  if (std::string why = followLinks(); !why.empty())
    return why;
  if (std::string why = checkOperands(); !why.empty())
    return why;
  headsLast = hasHeadsLast();
  return checkPlaces();
}
