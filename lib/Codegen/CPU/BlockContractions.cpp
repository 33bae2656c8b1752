//===- BlockContractions.cpp - products of linalg in blocks ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Codegen/CPU/Passes.h"

#include "Contraction.h"
#include "weir/Dialect/Weir/Analysis/MachineLimits.h"
#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace weir {
#define GEN_PASS_DEF_WEIRBLOCKCONTRACTIONS
#include "weir/Codegen/CPU/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

bool Contraction::Operand::isTransposed(unsigned first, unsigned second) const {
  return llvm::find(loops, second) < llvm::find(loops, first);
}

/// True when the last dimension is contiguous and is one of the two loops.
static bool isContiguousIn(const Contraction::Operand &operand, unsigned first,
                           unsigned second) {
  return cast<MemRefType>(operand.value.getType()).isLastDimUnitStride() &&
         (operand.loops.back() == first || operand.loops.back() == second);
}

/// The input that `value` is, widened or as it is.
static Value skipExtension(Value value) {
  auto extension = value.getDefiningOp<arith::ExtFOp>();
  return extension ? extension.getIn() : value;
}

/// True of a body that adds the product of both inputs to the output.
static bool isProductSum(Block &body) {
  if (body.getNumArguments() != 3)
    return false;
  auto sum = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum)
    return false;
  Value result = body.getArgument(2);
  Value term = sum.getLhs() == result ? sum.getRhs() : sum.getLhs();
  auto product = term.getDefiningOp<arith::MulFOp>();
  if (!product || (sum.getLhs() != result && sum.getRhs() != result))
    return false;
  Value x = skipExtension(product.getLhs()),
        y = skipExtension(product.getRhs());
  Value a = body.getArgument(0), b = body.getArgument(1);
  return (x == a && y == b) || (x == b && y == a);
}

static bool areTypesSupported(Type a, Type b, Type c) {
  auto isNarrow = [](Type type) {
    return type.isF32() || type.isBF16() || type.isF16();
  };
  if (c.isF64())
    return a.isF64() && b.isF64();
  return isNarrow(a) && isNarrow(b) && isNarrow(c);
}

static std::optional<Contraction::Operand> getOperand(Value value,
                                                      AffineMap map) {
  if (!map.isProjectedPermutation() || map.getNumResults() < 2)
    return std::nullopt;
  Contraction::Operand operand{value, {}};
  for (unsigned i = 0, e = map.getNumResults(); i < e; ++i)
    operand.loops.push_back(map.getDimPosition(i));
  return operand;
}

std::optional<Contraction> Contraction::match(linalg::LinalgOp op) {
  if (!op.hasPureBufferSemantics() || op.getNumDpsInputs() != 2 ||
      op.getNumDpsInits() != 1 || !isProductSum(*op.getBlock()))
    return std::nullopt;
  FailureOr<linalg::ContractionDimensions> dims =
      linalg::inferContractionDims(op);
  if (failed(dims) || dims->k.size() != 1)
    return std::nullopt;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  auto a = getOperand(op.getDpsInputs()[0], maps[0]),
       b = getOperand(op.getDpsInputs()[1], maps[1]),
       c = getOperand(op.getDpsInits()[0], maps[2]);
  if (!a || !b || !c ||
      !areTypesSupported(a->getElement(), b->getElement(), c->getElement()))
    return std::nullopt;
  Contraction result{op.getLoc(),    *a,         *b, *c, dims->m.back(),
                     dims->n.back(), dims->k[0], {}};
  // A result that lies transposed is the product of the others, transposed.
  if (c->isTransposed(result.row, result.column)) {
    std::swap(result.a, result.b);
    std::swap(result.row, result.column);
  }
  for (unsigned loop = 0, e = op.getNumLoops(); loop < e; ++loop)
    if (loop != result.row && loop != result.column && loop != result.sum)
      result.outer.push_back(loop);
  if (!isContiguousIn(result.a, result.row, result.sum) ||
      !isContiguousIn(result.b, result.sum, result.column) ||
      !isContiguousIn(result.c, result.column, result.column) ||
      result.outer.size() + 3 != op.getNumLoops())
    return std::nullopt;
  return result;
}

Value Contraction::getSize(OpBuilder &builder, unsigned loop) const {
  for (const Operand *operand : {&c, &a, &b})
    for (auto [dim, own] : llvm::enumerate(operand->loops))
      if (own == loop)
        return builder.createOrFold<memref::DimOp>(loc, operand->value,
                                                   int64_t(dim));
  llvm_unreachable("every loop is a dimension of some operand");
}

Blocking Blocking::get(ModuleOp module, ProductTarget target, Type element) {
  MachineLimits machine = MachineLimits::get(module);
  int64_t bytes = element.getIntOrFloatBitWidth() / 8;
  Blocking blocking;
  // Two tiles of AMX side by side, or the vectors of a register tile.
  constexpr int64_t kTileColumns = 32;
  blocking.strip = element.isBF16()
                       ? kTileColumns
                       : target.getMostVectors() * target.getLanes(element);
  auto fit = [&](int64_t room, int64_t other, int64_t unit, int64_t most) {
    int64_t count = room / (other * bytes) / unit * unit;
    return std::clamp(count, unit, most);
  };
  int64_t second = machine.caches[MachineLimits::L2];
  // Some rows of A in pairs stay in the first cache while strips pass, else a
  // strip does while rows pass.
  blocking.depth =
      fit(second / 16, blocking.strip, 128, element.isBF16() ? 512 : 1024);
  blocking.columns =
      fit(second / 2, blocking.depth, blocking.strip, 32 * blocking.strip);
  blocking.rows =
      fit(second / (element.isBF16() ? 16 : 8), blocking.depth, 96, 192);
  return blocking;
}

/// The fill of zeros just before `op` that makes what it adds to, if there is
/// one and nothing else reads it.
static linalg::FillOp findZeros(linalg::LinalgOp op) {
  Value result = op.getDpsInits()[0];
  for (Operation *before = op->getPrevNode(); before;
       before = before->getPrevNode()) {
    if (auto fill = dyn_cast<linalg::FillOp>(before)) {
      bool isZero = matchPattern(fill.getInputs()[0], m_AnyZeroFloat());
      return fill.getOutputs()[0] == result && isZero ? fill : linalg::FillOp();
    }
    if (!isMemoryEffectFree(before))
      return {};
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Results of 16 bits
//===----------------------------------------------------------------------===//

/// Writes each element of `from`, converted, to `to`.
static void emitConversion(OpBuilder &b, Location loc, Value from, Value to) {
  int64_t rank = cast<MemRefType>(to.getType()).getRank();
  SmallVector<AffineMap> maps(2, b.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  linalg::GenericOp::create(
      b, loc, ValueRange(from), ValueRange(to), maps, loops,
      [](OpBuilder &inner, Location at, ValueRange elements) {
        Type type = elements[1].getType();
        Value converted =
            type.isF32() ? arith::ExtFOp::create(inner, at, type, elements[0])
                               .getResult()
                         : arith::TruncFOp::create(inner, at, type, elements[0])
                               .getResult();
        linalg::YieldOp::create(inner, at, converted);
      });
}

/// Sums are formed in f32 and rounded once, at their end.
static void emitWidened(OpBuilder &b, Contraction contraction,
                        llvm::function_ref<void(const Contraction &)> emit) {
  Location loc = contraction.loc;
  Value narrow = contraction.c.value;
  auto type = cast<MemRefType>(narrow.getType());
  SmallVector<Value> sizes;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim))
      sizes.push_back(memref::DimOp::create(b, loc, narrow, dim));
  Value wide = memref::AllocOp::create(
      b, loc, MemRefType::get(type.getShape(), b.getF32Type()), sizes,
      b.getI64IntegerAttr(64));
  if (!contraction.addsToZeros)
    emitConversion(b, loc, narrow, wide);
  contraction.c.value = wide;
  emit(contraction);
  emitConversion(b, loc, wide, narrow);
  memref::DeallocOp::create(b, loc, wide);
}

/// The type that operands are packed in.
static Type getPackedType(const Contraction &contraction,
                          ProductTarget target) {
  Type a = contraction.a.getElement(), b = contraction.b.getElement();
  bool usesTiles =
      target.tiles && a.isBF16() && b.isBF16() && !contraction.isTransposedA();
  if (usesTiles || contraction.c.getElement().isF64())
    return a;
  return Float32Type::get(a.getContext());
}

namespace {
struct WeirBlockContractions
    : weir::impl::WeirBlockContractionsBase<WeirBlockContractions> {
  using WeirBlockContractionsBase::WeirBlockContractionsBase;
  void runOnOperation() override {
    ModuleOp module = getOperation();
    ProductTarget target = ProductTarget::get(module);
    SmallVector<linalg::LinalgOp> ops;
    module.walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    for (linalg::LinalgOp op : ops) {
      std::optional<Contraction> contraction = Contraction::match(op);
      if (!contraction)
        continue;
      OpBuilder builder(op);
      linalg::FillOp zeros = findZeros(op);
      contraction->addsToZeros = zeros != nullptr;
      auto emit = [&](const Contraction &wide) {
        Type packed = getPackedType(wide, target);
        emitContraction(builder, wide, packed,
                        Blocking::get(module, target, packed), target, threads);
      };
      Type element = contraction->c.getElement();
      if (element.isF32() || element.isF64())
        emit(*contraction);
      else
        emitWidened(builder, *contraction, emit);
      op.erase();
      if (zeros)
        zeros.erase();
    }
  }
};
} // namespace
