//===- RowGroup.cpp - ops that are one row program ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowGroup.h"

#include "RowBody.h"

using namespace mlir;
using namespace weir;

static bool isReshape(Operation *op) {
  return isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op);
}

static bool isCandidate(Operation *op) {
  auto linalg = dyn_cast<linalg::LinalgOp>(op);
  return (linalg && !isa<linalg::FillOp>(op) && !isProduct(linalg)) ||
         isReshape(op);
}

std::optional<RowGroup> RowGroup::grow(linalg::LinalgOp seed,
                                       std::string &why) {
  RowGroup group;
  why = group.enter(seed);
  if (!why.empty())
    return std::nullopt;
  if (!group.tryAdd(seed)) {
    why = "its operands are permuted or have other dimensions than its row";
    return std::nullopt;
  }
  // Members are added at the end while others are looked at.
  for (size_t i = 0; i < group.members.size(); ++i)
    group.growAround(group.members[i]);
  group.dropSharedHeads();
  llvm::sort(group.members,
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  return group;
}

std::optional<RowGroup> RowGroup::ofElementwise(linalg::LinalgOp op,
                                                const RowSpace &space,
                                                Value known, bool varying) {
  if (space.shape[space.rowDim] == 1 || !isCandidate(op))
    return std::nullopt;
  RowGroup group;
  group.block = op->getBlock();
  group.space = space;
  group.layouts[known] = getApplyLayout(space, varying);
  if (!group.addLinalg(op))
    return std::nullopt;
  group.members.push_back(op);
  bool fits = llvm::all_of(op->getResults(), [&](Value result) {
    ArrayRef<int64_t> layout = group.getLayout(result);
    return layout == ArrayRef<int64_t>(
                         getApplyLayout(space, group.space.isVarying(layout)));
  });
  return fits ? std::optional(std::move(group)) : std::nullopt;
}

//===----------------------------------------------------------------------===//
// The row
//===----------------------------------------------------------------------===//

/// The loop that a reduction runs along; loops of extent 1 reduce nothing.
static FailureOr<unsigned> getReducedLoop(linalg::LinalgOp op,
                                          std::string &why) {
  SmallVector<unsigned> reduced;
  for (auto [i, type, extent] :
       llvm::enumerate(op.getIteratorTypesArray(), op.getStaticLoopRanges()))
    if (type == utils::IteratorType::reduction && extent != 1)
      reduced.push_back(i);
  if (reduced.size() == 1)
    return reduced[0];
  why = reduced.empty() ? "its rows have one element"
                        : "it reduces " + std::to_string(reduced.size()) +
                              " dimensions; a row is one";
  return failure();
}

/// True when an operand with this map has a dimension for every loop that runs.
static bool coversLoops(linalg::LinalgOp op, AffineMap map) {
  if (!map.isProjectedPermutation(/*allowZeroInResults=*/true))
    return false;
  for (auto [i, extent] : llvm::enumerate(op.getStaticLoopRanges()))
    if (extent != 1 && !map.isFunctionOfDim(i))
      return false;
  return true;
}

bool weir::isProduct(linalg::LinalgOp op) {
  return linalg::isaContractionOpInterface(op) &&
         !llvm::all_of(op.getDpsInputOperands(), [&](OpOperand *input) {
           return coversLoops(op, op.getMatchingIndexingMap(input));
         });
}

std::string RowGroup::enter(linalg::LinalgOp seed) {
  block = seed->getBlock();
  if (std::string why = findObstacle(seed); !why.empty())
    return why;
  std::string why;
  FailureOr<unsigned> reduced = getReducedLoop(seed, why);
  if (failed(reduced))
    return why;
  for (OpOperand *input : seed.getDpsInputOperands()) {
    AffineMap map = seed.getMatchingIndexingMap(input);
    auto type = dyn_cast<RankedTensorType>(input->get().getType());
    if (!type || !coversLoops(seed, map))
      continue;
    SmallVector<int64_t> extents = seed.getStaticLoopRanges();
    Layout layout;
    for (auto [i, expr] : llvm::enumerate(map.getResults())) {
      auto loop = dyn_cast<AffineDimExpr>(expr);
      int64_t extent = loop ? extents[loop.getPosition()] : 1;
      space.shape.push_back(extent);
      layout.push_back(extent == 1 ? kUnit : static_cast<int64_t>(i));
      if (loop && loop.getPosition() == *reduced)
        space.rowDim = i;
    }
    layouts[input->get()] = layout;
    return "";
  }
  return "no operand has all dimensions that it runs over";
}

//===----------------------------------------------------------------------===//
// Growth
//===----------------------------------------------------------------------===//

/// What uses `op` in the same block, inside of regions or not.
static SmallVector<Operation *> getUsersInBlock(Operation *op) {
  SmallVector<Operation *> users;
  for (Operation *user : op->getUsers())
    if (Operation *own = op->getBlock()->findAncestorOpInBlock(*user))
      users.push_back(own);
  return users;
}

void RowGroup::growAround(Operation *op) {
  for (Value operand : op->getOperands())
    if (Operation *producer = operand.getDefiningOp())
      tryAdd(producer);
  for (Operation *user : getUsersInBlock(op)) {
    if (tryAdd(user) || contains(user) || !isCandidate(user))
      continue;
    // What an op that only repeats a value along the row runs over is known
    // from those that take it beside others.
    for (Operation *next : getUsersInBlock(user))
      tryAdd(next);
  }
}

bool RowGroup::tryAdd(Operation *op) {
  if (contains(op) || op->getBlock() != block || !isCandidate(op))
    return false;
  size_t count = members.size();
  auto knownLayouts = layouts;
  if (addWithProducers(op) && isConvex())
    return true;
  for (Operation *added : ArrayRef(members).drop_front(count))
    loops.erase(added);
  members.truncate(count);
  layouts = std::move(knownLayouts);
  return false;
}

/// Adds `op` and, before it, what lies between it and the group.
bool RowGroup::addWithProducers(Operation *op) {
  bool added =
      isReshape(op) ? addReshape(op) : addLinalg(cast<linalg::LinalgOp>(op));
  if (!added)
    return false;
  members.push_back(op);
  for (Value operand : op->getOperands()) {
    Operation *producer = operand.getDefiningOp();
    if (producer && producer->getBlock() == block && !contains(producer) &&
        leansOnMember(producer) &&
        (!isCandidate(producer) || !addWithProducers(producer)))
      return false;
  }
  return true;
}

/// Whether a value's layout is `layout`, also from now on.
bool RowGroup::setLayout(Value value, ArrayRef<int64_t> layout) {
  auto [known, isNew] = layouts.try_emplace(value, Layout(layout));
  return (isNew || ArrayRef<int64_t>(known->second) == layout) &&
         isOrdered(layout);
}

/// What is the same number everywhere needs no layout.
static bool isConstantOperand(Value value) {
  return getSplat(value) || getFilling(value);
}

/// What the loops of `op` run over, as the layouts of its operands and results
/// that are known say. None when they do not say it, or contradict.
std::optional<Layout> RowGroup::findLoops(linalg::LinalgOp op) const {
  Layout dims = getUnboundLoops(op);
  auto bind = [&](Value value, AffineMap map) {
    auto known = layouts.find(value);
    return known == layouts.end() || bindLoops(map, known->second, dims);
  };
  for (OpOperand &operand : op->getOpOperands())
    if (!bind(operand.get(), op.getMatchingIndexingMap(&operand)))
      return std::nullopt;
  for (OpResult result : op->getResults())
    if (!bind(result, op.getIndexingMapMatchingResult(result)))
      return std::nullopt;
  return llvm::is_contained(dims, kUnknown) ? std::nullopt
                                            : std::optional(dims);
}

/// True when a reduction runs along the row, over whole elements.
bool RowGroup::reducesRow(linalg::LinalgOp op, ArrayRef<int64_t> dims) const {
  std::string why;
  FailureOr<unsigned> reduced = getReducedLoop(op, why);
  return succeeded(reduced) && dims[*reduced] == space.rowDim &&
         dropUnits(dims).size() == space.getDims(/*varying=*/true).size();
}

/// True when the indices that a body asks for are the element's or, in a
/// program of two dimensions, the row's: the language has no others.
bool RowGroup::hasOnlyRowIndices(linalg::LinalgOp op,
                                 ArrayRef<int64_t> dims) const {
  return llvm::all_of(getUsedBody(op), [&](Operation *inner) {
    auto index = dyn_cast<linalg::IndexOp>(inner);
    if (!index)
      return true;
    int64_t dim = dims[index.getDim()];
    return dim == space.rowDim || (dim != kUnit && space.getRank() == 2);
  });
}

bool RowGroup::addLinalg(linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics() || !findObstacle(op).empty())
    return false;
  std::optional<Layout> dims = findLoops(op);
  if (!dims || !hasOnlyRowIndices(op, *dims) ||
      (op.getNumReductionLoops() > 0 && !reducesRow(op, *dims)))
    return false;
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    if (!type || isConstantOperand(operand.get()) ||
        (op.isDpsInit(&operand) && !op.payloadUsesValueFromOperand(&operand)))
      continue;
    auto layout =
        weir::getLayout(op.getMatchingIndexingMap(&operand), *dims, type);
    if (!layout || !setLayout(operand.get(), *layout))
      return false;
  }
  for (OpResult result : op->getResults()) {
    auto layout =
        weir::getLayout(op.getIndexingMapMatchingResult(result), *dims,
                        cast<RankedTensorType>(result.getType()));
    if (!layout || !setLayout(result, *layout) || !space.isComplete(*layout))
      return false;
  }
  loops[op] = *dims;
  return true;
}

bool RowGroup::addReshape(Operation *op) {
  Value source = op->getOperand(0), result = op->getResult(0);
  auto expand = dyn_cast<tensor::ExpandShapeOp>(op);
  auto groups =
      expand ? expand.getReassociationIndices()
             : cast<tensor::CollapseShapeOp>(op).getReassociationIndices();
  auto wide = cast<RankedTensorType>((expand ? result : source).getType());
  Value known = layouts.contains(source) ? source : result;
  if (!layouts.contains(known))
    return false;
  bool widens = static_cast<bool>(expand) == (known == source);
  std::optional<Layout> other =
      widens ? widenLayout(layouts[known], wide, groups)
             : narrowLayout(layouts[known], wide, groups);
  if (!other || !setLayout(known == source ? result : source, *other) ||
      !space.isComplete(layouts[result]))
    return false;
  loops[op] = Layout();
  return true;
}

//===----------------------------------------------------------------------===//
// Shape of the group
//===----------------------------------------------------------------------===//

static Operation *getFirst(ArrayRef<Operation *> ops) {
  return *std::min_element(
      ops.begin(), ops.end(),
      [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
}

/// True when a value of the group reaches `op`.
bool RowGroup::leansOnMember(Operation *op) const {
  Operation *first = getFirst(members);
  SmallVector<Operation *> work{op};
  llvm::DenseSet<Operation *> seen;
  while (!work.empty()) {
    Operation *next = work.pop_back_val();
    if (contains(next))
      return true;
    if (!seen.insert(next).second || next->isBeforeInBlock(first))
      continue;
    next->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands()) {
        Operation *def = operand.getDefiningOp();
        if (def && def->getBlock() == block)
          work.push_back(def);
      }
    });
  }
  return false;
}

bool RowGroup::isConvex() const {
  llvm::DenseSet<Operation *> behind; // Outside, and reached by a member.
  size_t left = members.size();
  for (Operation *op = getFirst(members); left > 0; op = op->getNextNode()) {
    bool isMember = contains(op), fromMember = false, fromBehind = false;
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (Operation *def = operand.getDefiningOp()) {
          fromMember |= contains(def);
          fromBehind |= behind.contains(def);
        }
    });
    if (isMember && fromBehind)
      return false;
    left -= isMember;
    if (!isMember && (fromMember || fromBehind))
      behind.insert(op);
  }
  return true;
}

SmallVector<Value> RowGroup::getResults() const {
  SmallVector<Value> results;
  for (Operation *op : members)
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) {
            Operation *own = block->findAncestorOpInBlock(*user);
            return !own || !contains(own);
          }))
        results.push_back(result);
  return results;
}

int64_t RowGroup::countReductions() const {
  return llvm::count_if(members, [](Operation *op) {
    auto linalg = dyn_cast<linalg::LinalgOp>(op);
    return linalg && linalg.getNumReductionLoops() > 0;
  });
}

void RowGroup::dropSharedHeads() {
  bool changed = true;
  while (changed) {
    changed = false;
    llvm::DenseSet<Value> outside;
    for (Value result : getResults())
      outside.insert(result);
    for (Operation *op : llvm::make_early_inc_range(members)) {
      auto linalg = dyn_cast<linalg::LinalgOp>(op);
      bool isHead = llvm::none_of(op->getOperands(), [&](Value operand) {
        Operation *def = operand.getDefiningOp();
        return def && contains(def);
      });
      bool isShared = llvm::any_of(op->getResults(), [&](Value result) {
        return outside.contains(result);
      });
      if (!isHead || !isShared || (linalg && linalg.getNumReductionLoops() > 0))
        continue;
      loops.erase(op);
      members.erase(llvm::find(members, op));
      changed = true;
      break;
    }
  }
}
