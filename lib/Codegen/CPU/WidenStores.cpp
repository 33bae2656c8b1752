//===- WidenStores.cpp - half vectors that are stored as one ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A vector of 16 f32 becomes half a vector of bf16. The store port takes one
// store in each cycle, whole or half, and two vectors are rounded to one in the
// time in which an instruction rounds one.
//
// Both instructions take denormal numbers for zero. Where these count, vectors
// that hold some, which are rare, are rounded once more, as the integers that
// their bits are. Neighbours in a block share the look at whether there are
// any, so that the code before it is one block that can be ordered.
//
//===----------------------------------------------------------------------===//

#include "weir/Codegen/CPU/Passes.h"

#include "ExpandMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace weir {
#define GEN_PASS_DEF_WEIRWIDENSTORES
#include "weir/Codegen/CPU/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

static constexpr int64_t kLanes = 16, kHalfBytes = 32;
static constexpr StringLiteral kRoundOne =
    "llvm.x86.avx512bf16.cvtneps2bf16.512";
static constexpr StringLiteral kRoundTwo =
    "llvm.x86.avx512bf16.cvtne2ps2bf16.512";

namespace {
/// A sum of values times factors and a constant.
struct Address {
  llvm::SmallMapVector<Value, int64_t, 4> terms;
  int64_t constant = 0;

  void add(Value value, int64_t factor);
  /// How far `other` lies behind, where that is known.
  std::optional<int64_t> distanceTo(const Address &other) const;
};
} // namespace

void Address::add(Value value, int64_t factor) {
  APInt number;
  if (matchPattern(value, m_ConstantInt(&number))) {
    constant += factor * number.getSExtValue();
    return;
  }
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<LLVM::IntToPtrOp, arith::IndexCastOp>(op))
    return add(op->getOperand(0), factor);
  if (isa_and_nonnull<arith::AddIOp>(op)) {
    add(op->getOperand(0), factor);
    return add(op->getOperand(1), factor);
  }
  if (isa_and_nonnull<arith::MulIOp>(op) &&
      matchPattern(op->getOperand(1), m_ConstantInt(&number)))
    return add(op->getOperand(0), factor * number.getSExtValue());
  terms[value] += factor;
}

std::optional<int64_t> Address::distanceTo(const Address &other) const {
  Address difference = other;
  for (auto [value, factor] : terms)
    difference.terms[value] -= factor;
  for (auto [value, factor] : difference.terms)
    if (factor != 0)
      return std::nullopt;
  return other.constant - constant;
}

namespace {
/// A store of a register of f32, rounded to half a register of bf16 for it and
/// nothing else.
struct HalfStore {
  /// `vector` is null where `store` stores something else. `mends` says that
  /// truncations are to be instructions.
  HalfStore(LLVM::StoreOp store, bool mends);
  /// True when `next` stores the other half of a vector.
  bool isFollowedBy(HalfStore &next);
  /// Its ops, with nothing left that uses them.
  void erase();

  LLVM::StoreOp store;
  Operation *rounding = nullptr;
  Value vector;
  /// True where denormal numbers count.
  bool keepsDenormals = false;
  /// Hides from LLVM what is stored, or null.
  LLVM::InlineAsmOp hiding;
};
} // namespace

HalfStore::HalfStore(LLVM::StoreOp store, bool mends) : store(store) {
  if (!store || store.getVolatile_())
    return;
  Value stored = store.getValue();
  hiding = stored.getDefiningOp<LLVM::InlineAsmOp>();
  if (hiding && hiding->hasOneUse() && hiding->getNumOperands() == 1)
    stored = hiding->getOperand(0);
  auto bits = stored.getDefiningOp<arith::BitcastOp>();
  rounding = bits ? bits.getIn().getDefiningOp() : nullptr;
  if (!rounding || !bits->hasOneUse() || !rounding->hasOneUse())
    return;
  auto truncation = dyn_cast<arith::TruncFOp>(rounding);
  auto call = dyn_cast<LLVM::CallIntrinsicOp>(rounding);
  keepsDenormals = mends && truncation && isWholeTruncation(truncation);
  if (keepsDenormals || (call && call.getIntrin() == kRoundOne))
    vector = rounding->getOperand(0);
}

static Address getAddress(LLVM::StoreOp store) {
  Address address;
  address.add(store.getAddr(), 1);
  return address;
}

bool HalfStore::isFollowedBy(HalfStore &next) {
  return store.getNontemporal() == next.store.getNontemporal() &&
         keepsDenormals == next.keepsDenormals &&
         getAddress(store).distanceTo(getAddress(next.store)) == kHalfBytes;
}

void HalfStore::erase() {
  Operation *op = store;
  while (op && op->use_empty() && op != vector.getDefiningOp()) {
    Value from = op->getOperand(0);
    op->erase();
    op = from.getDefiningOp();
  }
}

/// One vector or two, rounded, as integers.
static Value roundAll(OpBuilder &b, Location loc, ArrayRef<Value> vectors) {
  bool two = vectors.size() == 2;
  int64_t lanes = kLanes * vectors.size();
  SmallVector<Value> operands(llvm::reverse(vectors)); // The low one is last.
  Value rounded = LLVM::CallIntrinsicOp::create(
                      b, loc, VectorType::get(lanes, b.getBF16Type()),
                      b.getStringAttr(two ? kRoundTwo : kRoundOne), operands)
                      ->getResult(0);
  return arith::BitcastOp::create(
      b, loc, VectorType::get(lanes, b.getI16Type()), rounded);
}

/// The same with denormal numbers.
static Value roundExactly(OpBuilder &b, Location loc, ArrayRef<Value> vectors) {
  SmallVector<Value> halves;
  for (Value x : vectors) {
    Value rounded = arith::TruncFOp::create(
        b, loc, VectorType::get(kLanes, b.getBF16Type()), x);
    halves.push_back(arith::BitcastOp::create(
        b, loc, VectorType::get(kLanes, b.getI16Type()), rounded));
  }
  if (halves.size() == 1)
    return halves[0];
  return vector::ShuffleOp::create(b, loc, halves[0], halves[1],
                                   llvm::to_vector(llvm::seq(2 * kLanes)));
}

/// Whether some lane of `vectors` is a denormal number.
static Value holdsDenormal(OpBuilder &b, Location loc,
                           ArrayRef<Value> vectors) {
  Value denormal = LLVM::ConstantOp::create(b, loc, b.getI32IntegerAttr(0x20));
  Value all;
  for (Value x : vectors) {
    Value holds = LLVM::CallIntrinsicOp::create(
                      b, loc, VectorType::get(kLanes, b.getI1Type()),
                      b.getStringAttr("llvm.x86.avx512.fpclass.ps.512"),
                      ValueRange{x, denormal})
                      ->getResult(0);
    all = all ? Value(arith::OrIOp::create(b, loc, all, holds)) : holds;
  }
  Value bits = LLVM::BitcastOp::create(b, loc, b.getI16Type(), all);
  return arith::CmpIOp::create(
      b, loc, arith::CmpIPredicate::ne, bits,
      arith::ConstantOp::create(b, loc, b.getI16IntegerAttr(0)));
}

/// Each of `groups`, one vector or two, rounded. One look for denormal numbers
/// serves all.
static SmallVector<Value> roundMended(OpBuilder &b, Location loc,
                                      ArrayRef<SmallVector<Value>> groups) {
  SmallVector<Value> vectors, rounded;
  for (const SmallVector<Value> &group : groups) {
    llvm::append_range(vectors, group);
    rounded.push_back(roundAll(b, loc, group));
  }
  Value any = holdsDenormal(b, loc, vectors);
  auto branch = scf::IfOp::create(b, loc, ValueRange(rounded).getTypes(), any,
                                  /*withElseRegion=*/true);
  OpBuilder rare = branch.getThenBodyBuilder(),
            usual = branch.getElseBodyBuilder();
  SmallVector<Value> exact;
  for (const SmallVector<Value> &group : groups)
    exact.push_back(roundExactly(rare, loc, group));
  scf::YieldOp::create(rare, loc, exact);
  scf::YieldOp::create(usual, loc, rounded);
  return branch.getResults();
}

/// Stores `bits` where `half` and its neighbours, if any, were to be.
static void storeBits(OpBuilder &b, HalfStore &half, Value bits) {
  if (LLVM::InlineAsmOp hiding = half.hiding) {
    Operation *copy = b.clone(*hiding);
    copy->setOperand(0, bits);
    copy->getResult(0).setType(bits.getType());
    bits = copy->getResult(0);
  }
  auto store =
      LLVM::StoreOp::create(b, half.store.getLoc(), bits, half.store.getAddr());
  store.setAlignmentAttr(half.store.getAlignmentAttr());
  store.setNontemporal(half.store.getNontemporal());
}

/// Rounds and stores all of `run`, stores with nothing that touches memory
/// between them, in the place of the last one, neighbours together.
static void widen(MutableArrayRef<HalfStore> run) {
  if (run.empty())
    return;
  SmallVector<SmallVector<HalfStore>> groups;
  for (HalfStore &half : run) {
    bool joins = !groups.empty() && groups.back().size() == 1 &&
                 groups.back()[0].isFollowedBy(half);
    if (!joins)
      groups.emplace_back();
    groups.back().push_back(half);
  }
  OpBuilder b(run.back().store);
  Location loc = run.back().store.getLoc();
  SmallVector<SmallVector<Value>> vectors, mended;
  for (const SmallVector<HalfStore> &group : groups) {
    vectors.emplace_back();
    for (const HalfStore &half : group)
      vectors.back().push_back(half.vector);
    if (group[0].keepsDenormals)
      mended.push_back(vectors.back());
  }
  SmallVector<Value> exact;
  if (!mended.empty())
    exact = roundMended(b, loc, mended);
  size_t next = 0;
  for (auto [group, operands] : llvm::zip_equal(groups, vectors)) {
    Value bits =
        group[0].keepsDenormals ? exact[next++] : roundAll(b, loc, operands);
    storeBits(b, group[0], bits);
  }
  for (HalfStore &half : run)
    half.erase();
}

/// True when `op` neither reads nor writes memory.
static bool leavesMemory(Operation *op) {
  if (isa<LLVM::CallIntrinsicOp>(op)) // Does not say that it is arithmetic.
    return op->getNumResults() == 1 &&
           llvm::none_of(op->getOperandTypes(),
                         llvm::IsaPred<LLVM::LLVMPointerType>);
  return isMemoryEffectFree(op);
}

static void widen(Block &block, bool mends) {
  SmallVector<HalfStore> run;
  auto end = [&] {
    widen(run);
    run.clear();
  };
  for (Operation &op : llvm::make_early_inc_range(block)) {
    auto store = dyn_cast<LLVM::StoreOp>(op);
    HalfStore half(store, mends);
    if (half.vector)
      run.push_back(half);
    else if (store || !leavesMemory(&op))
      end();
  }
  end();
}

/// Roundings for anything else than a store.
static void mend(arith::TruncFOp op) {
  OpBuilder b(op);
  Value bits =
      roundMended(b, op.getLoc(), {SmallVector<Value>{op.getIn()}}).front();
  op.replaceAllUsesWith(
      Value(arith::BitcastOp::create(b, op.getLoc(), op.getType(), bits)));
  op.erase();
}

/// Integers to bf16, which no instruction does, and LLVM by a function of a
/// compiler's runtime. Canonicalization has written it for a conversion to f32
/// that is rounded.
static void convertThroughF32(Operation *op) {
  Value result = op->getResult(0);
  if (!getElementTypeOrSelf(result.getType()).isBF16())
    return;
  OpBuilder b(op);
  Type single = b.getF32Type();
  if (auto vector = dyn_cast<VectorType>(result.getType()))
    single = vector.clone(single);
  Operation *wide = b.clone(*op);
  wide->getResult(0).setType(single);
  result.replaceAllUsesWith(Value(arith::TruncFOp::create(
      b, op->getLoc(), result.getType(), wide->getResult(0))));
  op->erase();
}

namespace {
struct WeirWidenStores : weir::impl::WeirWidenStoresBase<WeirWidenStores> {
  void runOnOperation() override {
    bool mends = MathTarget::get(getOperation()).bf16;
    SmallVector<Block *> blocks;
    llvm::DenseSet<Operation *> stored;
    SmallVector<arith::TruncFOp> others;
    getOperation().walk([](Operation *op) {
      if (isa<arith::SIToFPOp, arith::UIToFPOp>(op))
        convertThroughF32(op);
    });
    getOperation().walk([&](Block *block) { blocks.push_back(block); });
    getOperation().walk([&](LLVM::StoreOp op) {
      if (HalfStore half(op, mends); half.vector)
        stored.insert(half.rounding);
    });
    getOperation().walk([&](arith::TruncFOp op) {
      if (mends && isWholeTruncation(op) && !stored.contains(op))
        others.push_back(op);
    });
    for (Block *block : blocks)
      widen(*block, mends);
    llvm::for_each(others, mend);
  }
};
} // namespace
