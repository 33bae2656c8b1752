//===- TensorAtoms.cpp - dimensions across reshapes ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TensorAtoms.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace weir;

Atoms weir::flatten(ArrayRef<Atoms> dims) {
  Atoms all;
  for (const Atoms &dim : dims)
    all.append(dim);
  return all;
}

Operation *weir::getOnlyUser(Value value) {
  Operation *only = nullptr;
  for (Operation *user : value.getUsers()) {
    if (isa<tensor::DimOp>(user))
      continue;
    if (only)
      return nullptr;
    only = user;
  }
  return only;
}

AtomDims weir::getBroadcastDims(Value value, ArrayRef<Atoms> full) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  AtomDims own;
  if (!type)
    return own;
  for (auto [size, atoms] :
       llvm::zip_equal(type.getShape(), full.take_back(type.getRank())))
    own.push_back(size == 1 ? Atoms() : atoms);
  return own;
}

int64_t AtomSpace::add(int64_t size) {
  Atom atom;
  atom.size = size;
  atoms.push_back(atom);
  return atoms.size() - 1;
}

Atoms AtomSpace::resolve(ArrayRef<int64_t> names) const {
  Atoms all;
  for (int64_t name : names) {
    if (!atoms[name].parts.empty())
      all.append(resolve(atoms[name].parts));
    else if (atoms[name].size != 1)
      all.push_back(name);
  }
  return all;
}

AtomDims AtomSpace::resolveDims(ArrayRef<Atoms> dims) const {
  AtomDims all;
  for (const Atoms &dim : dims)
    all.push_back(resolve(dim));
  return all;
}

void AtomSpace::setSize(int64_t atom, Value tensor, int64_t dim) {
  atoms[atom].tensor = tensor;
  atoms[atom].dim = dim;
  atoms[atom].value = {};
}

void AtomSpace::setSize(int64_t atom, OpFoldResult size) {
  if (!atoms[atom].tensor)
    atoms[atom].value = size;
}

OpFoldResult AtomSpace::getSize(OpBuilder &b, Location loc,
                                int64_t name) const {
  const Atom &atom = atoms[name];
  if (!ShapedType::isDynamic(atom.size))
    return b.getIndexAttr(atom.size);
  if (atom.tensor)
    return tensor::getMixedSize(b, loc, atom.tensor, atom.dim);
  return atom.value;
}

//===----------------------------------------------------------------------===//
// Reshapes
//===----------------------------------------------------------------------===//

AtomDims AtomSpace::merge(ArrayRef<Atoms> wide,
                          ArrayRef<ReassociationIndices> groups) const {
  AtomDims narrow;
  for (const ReassociationIndices &group : groups) {
    Atoms all;
    for (int64_t dim : group)
      all.append(wide[dim]);
    narrow.push_back(all);
  }
  return narrow;
}

/// Gives some dimensions of a tensor the atoms whose product theirs is: one
/// dimension all of them, or each of several a part of one atom.
bool AtomSpace::distributeTo(ArrayRef<int64_t> names, Value wide,
                             ArrayRef<int64_t> places, AtomDims &dims) {
  if (names.empty() || places.empty())
    return names.empty() && places.empty();
  if (places.size() == 1) {
    dims[places[0]] = Atoms(names);
    return true;
  }
  if (names.size() > 1)
    return false;
  Atoms parts;
  for (int64_t dim : places) {
    parts.push_back(
        add(cast<RankedTensorType>(wide.getType()).getDimSize(dim)));
    setSize(parts.back(), wide, dim);
    dims[dim] = {parts.back()};
  }
  atoms[names[0]].parts = parts;
  return true;
}

/// How many of `a` and of `b`, from the front, have the same product; none
/// where a size that counts is not known.
static std::pair<size_t, size_t> findEqualProducts(ArrayRef<int64_t> a,
                                                   ArrayRef<int64_t> b) {
  size_t i = 0, j = 0;
  int64_t productA = 1, productB = 1;
  do {
    bool takesA = productA <= productB;
    size_t &next = takesA ? i : j;
    ArrayRef<int64_t> sizes = takesA ? a : b;
    if (next == sizes.size() || ShapedType::isDynamic(sizes[next]))
      return {0, 0};
    (takesA ? productA : productB) *= sizes[next++];
  } while (productA != productB);
  return {i, j};
}

/// Gives the dimensions `group` of a tensor the atoms that their product is.
/// Known sizes say which, from both ends; what is left between is equal too.
bool AtomSpace::distributeGroup(ArrayRef<int64_t> names, Value wide,
                                ArrayRef<int64_t> group, AtomDims &dims) {
  auto type = cast<RankedTensorType>(wide.getType());
  Atoms own = resolve(names);
  SmallVector<int64_t> places, sizes, ownSizes;
  for (int64_t dim : group)
    if (type.getDimSize(dim) != 1) {
      places.push_back(dim);
      sizes.push_back(type.getDimSize(dim));
    }
  for (int64_t atom : own)
    ownSizes.push_back(atoms[atom].size);
  if (places.empty()) {
    dims[group.back()] = own; // Of size 1 after all.
    return true;
  }
  ArrayRef<int64_t> leftAtoms(own), leftPlaces(places);
  for (bool fromFront : {true, false}) {
    while (leftAtoms.size() > 1 || leftPlaces.size() > 1) {
      auto [i, j] = findEqualProducts(ownSizes, sizes);
      if (i == 0)
        break;
      auto take = [&](ArrayRef<int64_t> &all, size_t count) {
        ArrayRef<int64_t> some =
            fromFront ? all.take_front(count) : all.take_back(count);
        all = fromFront ? all.drop_front(count) : all.drop_back(count);
        return some;
      };
      ArrayRef<int64_t> some = take(leftAtoms, i), at = take(leftPlaces, j);
      if (!distributeTo(some, wide, at, dims))
        return false;
      ownSizes.erase(ownSizes.begin(), ownSizes.begin() + i);
      sizes.erase(sizes.begin(), sizes.begin() + j);
    }
    std::reverse(ownSizes.begin(), ownSizes.end());
    std::reverse(sizes.begin(), sizes.end());
  }
  return distributeTo(leftAtoms, wide, leftPlaces, dims);
}

std::optional<AtomDims>
AtomSpace::distribute(ArrayRef<Atoms> narrow, Value wide,
                      ArrayRef<ReassociationIndices> groups) {
  AtomDims dims(cast<RankedTensorType>(wide.getType()).getRank());
  for (auto [atoms, group] : llvm::zip_equal(narrow, groups))
    if (!distributeGroup(atoms, wide, group, dims))
      return std::nullopt;
  return dims;
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

/// True when the body gives its first argument, or a conversion of that.
static bool isMove(linalg::LinalgOp op, MovedCasts casts) {
  if (!op.hasPureTensorSemantics() || op.getNumReductionLoops() > 0 ||
      op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 ||
      !op.getMatchingIndexingMap(op.getDpsInputOperand(0))
           .isProjectedPermutation(/*allowZeroInResults=*/true) ||
      !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isPermutation())
    return false;
  Value given = op.getBlock()->getTerminator()->getOperand(0);
  Operation *cast = given.getDefiningOp();
  if ((isa_and_nonnull<arith::ExtFOp>(cast) && casts != MovedCasts::None) ||
      (isa_and_nonnull<arith::TruncFOp>(cast) && casts == MovedCasts::All))
    given = cast->getOperand(0);
  return given == op.getBlock()->getArgument(0);
}

/// The dimensions of one operand of `op` from those of the other.
static std::optional<AtomDims> cross(linalg::LinalgOp op, OpOperand *from,
                                     ArrayRef<Atoms> dims, OpOperand *to) {
  SmallVector<std::optional<Atoms>> loops(op.getNumLoops());
  for (auto [expr, atoms] :
       llvm::zip_equal(op.getMatchingIndexingMap(from).getResults(), dims))
    if (auto loop = dyn_cast<AffineDimExpr>(expr))
      loops[loop.getPosition()] = atoms;
  AtomDims other;
  for (auto [i, expr] :
       llvm::enumerate(op.getMatchingIndexingMap(to).getResults())) {
    auto loop = dyn_cast<AffineDimExpr>(expr);
    if (!loop)
      other.emplace_back();
    else if (loops[loop.getPosition()])
      other.push_back(*loops[loop.getPosition()]);
    else
      return std::nullopt;
  }
  return other;
}

Value AtomSpace::stepBack(Value value, AtomDims &dims, MovedCasts casts,
                          bool broadcasts) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return Value();
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    for (auto [atoms, size] : llvm::zip(dims, expand.getMixedOutputShape()))
      if (atoms.size() == 1)
        setSize(atoms[0], size);
    dims = merge(dims, expand.getReassociationIndices());
    return expand.getSrc();
  }
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    std::optional<AtomDims> wide =
        distribute(dims, collapse.getSrc(), collapse.getReassociationIndices());
    if (!wide)
      return Value();
    dims = *wide;
    return collapse.getSrc();
  }
  if (auto cast = dyn_cast<tensor::CastOp>(op))
    return isa<RankedTensorType>(cast.getSource().getType()) ? cast.getSource()
                                                             : Value();
  auto linalg = dyn_cast<linalg::LinalgOp>(op);
  if (!linalg || !isMove(linalg, casts))
    return Value();
  OpOperand *input = linalg.getDpsInputOperand(0);
  AffineMap map = linalg.getMatchingIndexingMap(input);
  if (!broadcasts && !map.isPermutation())
    return Value();
  std::optional<AtomDims> own =
      cross(linalg, linalg.getDpsInitOperand(0), dims, input);
  if (!own)
    return Value();
  dims = *own;
  return input->get();
}

Value AtomSpace::stepForward(Operation *op, AtomDims &dims, MovedCasts casts) {
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    dims = merge(dims, collapse.getReassociationIndices());
    return collapse.getResult();
  }
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    std::optional<AtomDims> wide =
        distribute(dims, expand.getResult(), expand.getReassociationIndices());
    if (!wide)
      return Value();
    dims = *wide;
    return expand.getResult();
  }
  if (auto cast = dyn_cast<tensor::CastOp>(op))
    return cast.getResult();
  auto linalg = dyn_cast<linalg::LinalgOp>(op);
  if (!linalg || !isMove(linalg, casts))
    return Value();
  OpOperand *input = linalg.getDpsInputOperand(0);
  std::optional<AtomDims> own =
      cross(linalg, input, dims, linalg.getDpsInitOperand(0));
  if (!own)
    return Value();
  dims = *own;
  return linalg->getResult(0);
}

//===----------------------------------------------------------------------===//
// Arrangement
//===----------------------------------------------------------------------===//

bool AtomSpace::canArrange(ArrayRef<Atoms> dims, ArrayRef<Atoms> groups) const {
  Atoms own = flatten(resolveDims(dims));
  size_t placed = 0;
  for (const Atoms &group : resolveDims(groups)) {
    size_t count = llvm::count_if(
        group, [&](int64_t atom) { return llvm::is_contained(own, atom); });
    if (count != 0 && count != group.size())
      return false;
    placed += count;
  }
  return placed == own.size();
}

/// Groups that put each of the dimensions that `isUnit` names beside another.
static SmallVector<ReassociationIndices> groupUnits(ArrayRef<bool> isUnit) {
  SmallVector<ReassociationIndices> groups;
  ReassociationIndices waiting;
  for (auto [i, unit] : llvm::enumerate(isUnit)) {
    waiting.push_back(i);
    if (unit)
      continue;
    groups.push_back(waiting);
    waiting.clear();
  }
  if (!groups.empty())
    groups.back().append(waiting);
  return groups;
}

static SmallVector<bool> findUnits(ArrayRef<Atoms> dims) {
  SmallVector<bool> isUnit;
  for (const Atoms &dim : dims)
    isUnit.push_back(dim.empty());
  return isUnit;
}

Value AtomSpace::dropUnits(OpBuilder &b, Location loc, Value tensor,
                           AtomDims &dims) const {
  SmallVector<bool> isUnit = findUnits(dims);
  if (!llvm::is_contained(isUnit, true))
    return tensor;
  auto type = cast<RankedTensorType>(tensor.getType());
  AtomDims left;
  SmallVector<int64_t> sizes;
  for (auto [i, dim] : llvm::enumerate(dims))
    if (!dim.empty()) {
      left.push_back(dim);
      sizes.push_back(type.getDimSize(i));
    }
  // What is known to be 1 from elsewhere only must be so here.
  SmallVector<int64_t> known(type.getShape());
  for (auto [size, unit] : llvm::zip(known, isUnit))
    if (unit)
      size = 1;
  auto exact = RankedTensorType::get(known, type.getElementType());
  if (exact != type)
    tensor = tensor::CastOp::create(b, loc, exact, tensor);
  dims = left;
  return tensor::CollapseShapeOp::create(
      b, loc, RankedTensorType::get(sizes, type.getElementType()), tensor,
      groupUnits(isUnit));
}

/// Gives each atom a dimension where it shares one but is not a group alone
/// with those.
Value AtomSpace::splitDims(OpBuilder &b, Location loc, Value tensor,
                           AtomDims &dims, ArrayRef<Atoms> groups) const {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<ReassociationIndices> splits;
  SmallVector<OpFoldResult> sizes;
  SmallVector<int64_t> shape;
  AtomDims apart;
  for (auto [i, dim] : llvm::enumerate(dims)) {
    bool isWhole = dim.size() == 1 || llvm::is_contained(groups, dim);
    ReassociationIndices split;
    for (unsigned j = 0, e = isWhole ? 1 : dim.size(); j < e; ++j) {
      split.push_back(shape.size());
      apart.push_back(isWhole ? dim : Atoms{dim[j]});
      shape.push_back(isWhole ? type.getDimSize(i) : atoms[dim[j]].size);
      sizes.push_back(isWhole ? tensor::getMixedSize(b, loc, tensor, i)
                              : getSize(b, loc, dim[j]));
    }
    splits.push_back(split);
  }
  if (apart.size() == dims.size())
    return tensor;
  dims = apart;
  return tensor::ExpandShapeOp::create(
      b, loc, RankedTensorType::get(shape, type.getElementType()), tensor,
      splits, sizes);
}

static Value transpose(OpBuilder &b, Location loc, Value tensor,
                       ArrayRef<int64_t> order) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim : order)
    sizes.push_back(tensor::getMixedSize(b, loc, tensor, dim));
  Value empty = tensor::EmptyOp::create(b, loc, sizes,
                                        getElementTypeOrSelf(tensor.getType()));
  return linalg::TransposeOp::create(b, loc, tensor, empty, order)
      ->getResult(0);
}

Value AtomSpace::arrange(OpBuilder &b, Location loc, Value tensor,
                         ArrayRef<Atoms> givenDims,
                         ArrayRef<Atoms> givenGroups) const {
  AtomDims dims = resolveDims(givenDims), groups = resolveDims(givenGroups);
  if (dims == groups)
    return tensor;
  tensor = dropUnits(b, loc, tensor, dims);
  tensor = splitDims(b, loc, tensor, dims, groups);
  Atoms wanted = flatten(groups);
  SmallVector<int64_t> order(llvm::to_vector(llvm::seq<int64_t>(dims.size())));
  llvm::sort(order, [&](int64_t i, int64_t j) {
    return llvm::find(wanted, dims[i][0]) < llvm::find(wanted, dims[j][0]);
  });
  if (!llvm::is_sorted(order)) {
    tensor = transpose(b, loc, tensor, order);
    AtomDims sorted;
    for (int64_t dim : order)
      sorted.push_back(dims[dim]);
    dims = sorted;
  }
  // Dimensions of a group become one; what has none of a group repeats.
  SmallVector<ReassociationIndices> merged;
  SmallVector<bool> isUnit;
  int64_t next = 0;
  for (const Atoms &group : groups) {
    ReassociationIndices own;
    while (next < static_cast<int64_t>(dims.size()) &&
           llvm::is_contained(group, dims[next][0]))
      own.push_back(next++);
    isUnit.push_back(own.empty());
    if (!own.empty())
      merged.push_back(own);
  }
  if (merged.size() < dims.size())
    tensor = tensor::CollapseShapeOp::create(b, loc, tensor, merged);
  if (!llvm::is_contained(isUnit, true))
    return tensor;
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> shape;
  for (int64_t i = 0, own = 0, e = isUnit.size(); i < e; ++i)
    shape.push_back(isUnit[i] ? 1 : type.getDimSize(own++));
  return tensor::ExpandShapeOp::create(
      b, loc, RankedTensorType::get(shape, type.getElementType()), tensor,
      groupUnits(isUnit));
}
