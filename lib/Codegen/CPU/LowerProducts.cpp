//===- LowerProducts.cpp - matrix products as register tiles ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// C is cut into tiles of a few rows by a few vectors. A tile stays in registers
// while one loop over k adds to it: a row of B, in vectors, times an element of
// A for each row. Columns are the outer loop, so that a strip of B stays in the
// first-level cache while rows of A pass.
//
//===----------------------------------------------------------------------===//

#include "weir/Codegen/CPU/Passes.h"

#include "Packing.h"
#include "ProductTarget.h"
#include "Spans.h"
#include "TileProducts.h"
#include "weir/Dialect/WeirCPU/IR/WeirCPU.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace weir {
#define GEN_PASS_DEF_WEIRLOWERPRODUCTS
#include "weir/Codegen/CPU/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

namespace {
/// Writes one product.
class VectorProduct {
public:
  VectorProduct(Location loc, ValueRange operands, bool accumulate,
                ProductTarget target)
      : loc(loc), left(operands[0]), right(operands[1]), result(operands[2]),
        accumulate(accumulate), target(target),
        element(getElementTypeOrSelf(result.getType())) {}
  void emit(OpBuilder &builder);

private:
  using Vectors = SmallVector<Value>;
  /// A tile of C: `rows` from row `row` on, and `vectors` of `lanes` columns
  /// from `column` on. With a mask it is one vector, of which some lanes count.
  struct Tile {
    Value row, column;
    int64_t rows, vectors, lanes;
    Value mask;
  };

  void emitRows(OpBuilder &b, Value column, int64_t vectors, int64_t lanes,
                Value mask);
  void emitTile(OpBuilder &b, const Tile &tile);
  /// Adds the terms of one k.
  Vectors emitTerms(OpBuilder &b, const Tile &tile, Value k, ValueRange sums);
  Vectors loadRow(OpBuilder &b, Value memref, Value row, const Tile &tile);
  void storeRow(OpBuilder &b, Value row, const Tile &tile, ValueRange vectors);
  Value multiplyAdd(OpBuilder &b, Value x, Value y, Value sum);
  Value rowOf(OpBuilder &b, const Tile &tile, int64_t i) {
    return emitSum(b, loc, tile.row, i);
  }
  VectorType getType(int64_t lanes) { return VectorType::get(lanes, element); }
  Value size(OpBuilder &b, Value memref, int64_t dim) {
    return b.createOrFold<memref::DimOp>(loc, memref, dim);
  }

  Location loc;
  Value left, right, result; // A, B and C.
  bool accumulate;
  ProductTarget target;
  Type element;
};
} // namespace

Value VectorProduct::multiplyAdd(OpBuilder &b, Value x, Value y, Value sum) {
  // A fused one that the target has not would be a call.
  if (target.fma)
    return math::FmaOp::create(b, loc, x, y, sum);
  return arith::AddFOp::create(b, loc, sum,
                               arith::MulFOp::create(b, loc, x, y));
}

SmallVector<Value> VectorProduct::loadRow(OpBuilder &b, Value memref, Value row,
                                          const Tile &tile) {
  VectorType type = getType(tile.lanes);
  Vectors vectors;
  for (int64_t i = 0; i < tile.vectors; ++i)
    vectors.push_back(loadVector(
        b, loc, type, memref,
        {row, emitSum(b, loc, tile.column, i * tile.lanes)}, tile.mask));
  return vectors;
}

void VectorProduct::storeRow(OpBuilder &b, Value row, const Tile &tile,
                             ValueRange vectors) {
  for (auto [i, vector] : llvm::enumerate(vectors))
    storeVector(b, loc, vector, result,
                {row, emitSum(b, loc, tile.column, i * tile.lanes)}, tile.mask);
}

SmallVector<Value> VectorProduct::emitTerms(OpBuilder &b, const Tile &tile,
                                            Value k, ValueRange sums) {
  Vectors row = loadRow(b, right, k, tile), next;
  for (int64_t i = 0; i < tile.rows; ++i) {
    Value element =
        memref::LoadOp::create(b, loc, left, ValueRange{rowOf(b, tile, i), k});
    Value factor =
        vector::BroadcastOp::create(b, loc, getType(tile.lanes), element);
    for (auto [j, vector] : llvm::enumerate(row))
      next.push_back(
          multiplyAdd(b, factor, vector, sums[i * tile.vectors + j]));
  }
  return next;
}

void VectorProduct::emitTile(OpBuilder &b, const Tile &tile) {
  Vectors sums;
  for (int64_t i = 0; i < tile.rows; ++i) {
    if (accumulate)
      llvm::append_range(sums, loadRow(b, result, rowOf(b, tile, i), tile));
    else
      sums.append(tile.vectors,
                  arith::ConstantOp::create(
                      b, loc, b.getZeroAttr(getType(tile.lanes))));
  }
  Value zero = arith::ConstantIndexOp::create(b, loc, 0),
        one = arith::ConstantIndexOp::create(b, loc, 1);
  auto loop = scf::ForOp::create(
      b, loc, zero, size(b, left, 1), one, sums,
      [&](OpBuilder &inner, Location, Value k, ValueRange before) {
        scf::YieldOp::create(inner, loc, emitTerms(inner, tile, k, before));
      });
  for (int64_t i = 0; i < tile.rows; ++i)
    storeRow(b, rowOf(b, tile, i), tile,
             loop.getResults().slice(i * tile.vectors, tile.vectors));
}

void VectorProduct::emitRows(OpBuilder &b, Value column, int64_t vectors,
                             int64_t lanes, Value mask) {
  emitInSteps(b, loc, size(b, result, 0), target.getMostRows(vectors), 1,
              [&](OpBuilder &inner, Value row, int64_t rows) {
                emitTile(inner, {row, column, rows, vectors, lanes, mask});
              });
}

void VectorProduct::emit(OpBuilder &b) {
  int64_t lanes = target.getLanes(element);
  Value columns = size(b, result, 1);
  Value rest = emitInSteps(b, loc, columns, target.getMostVectors(), lanes,
                           [&](OpBuilder &inner, Value column, int64_t count) {
                             emitRows(inner, column, count, lanes, Value());
                           });
  emitTail(b, loc, rest, columns, lanes, target.masks,
           [&](OpBuilder &inner, Value column, int64_t width, Value mask) {
             emitRows(inner, column, 1, width, mask);
           });
}

/// Reports products in pairs that the target has no instructions for.
static LogicalResult checkPairs(ModuleOp module, ProductTarget target) {
  if (target.tiles)
    return success();
  WalkResult walk = module.walk([](Operation *op) {
    auto product = dyn_cast<cpu::ProductOp>(op);
    auto pack = dyn_cast<cpu::PackOp>(op);
    if (!(product && product.isInPairs()) && !(pack && pack.isInPairs()))
      return WalkResult::advance();
    op->emitOpError("works in pairs, for which the module's target must have "
                    "amx-tile, amx-bf16, avx512bw and avx512vl");
    return WalkResult::interrupt();
  });
  return failure(walk.wasInterrupted());
}

static void emitProduct(OpBuilder &b, cpu::ProductOp op, ValueRange operands,
                        ProductTarget target) {
  if (op.isInPairs())
    emitTileProduct(b, op.getLoc(), operands, op.getAccumulate());
  else
    VectorProduct(op.getLoc(), operands, op.getAccumulate(), target).emit(b);
}

/// A function that computes what `op` does.
static func::FuncOp createFunction(SymbolTable &symbols, cpu::ProductOp op,
                                   ProductTarget target) {
  OpBuilder b = OpBuilder::atBlockEnd(&symbols.getOp()->getRegion(0).front());
  Location loc = op.getLoc();
  auto function = func::FuncOp::create(
      b, loc, "weir.product", b.getFunctionType(op->getOperandTypes(), {}));
  function.setPrivate();
  function->setAttr("passthrough", b.getStrArrayAttr({"noinline"}));
  b.setInsertionPointToStart(function.addEntryBlock());
  emitProduct(b, op, function.getArguments(), target);
  func::ReturnOp::create(b, loc);
  symbols.insert(function); // Gives it a name of its own.
  return function;
}

/// Products of one type share a function; one that is alone stands where it is
/// if it may.
static void lowerAlike(SymbolTable &symbols, ArrayRef<cpu::ProductOp> alike,
                       ProductTarget target) {
  cpu::ProductOp first = alike.front();
  bool standsAlone = alike.size() == 1 && !first.isInPairs();
  func::FuncOp function;
  if (!standsAlone)
    function = createFunction(symbols, first, target);
  for (cpu::ProductOp op : alike) {
    OpBuilder b(op);
    if (standsAlone)
      emitProduct(b, op, op->getOperands(), target);
    else
      func::CallOp::create(b, op.getLoc(), function, op->getOperands());
    op.erase();
  }
}

static void lowerProducts(ModuleOp module, ProductTarget target) {
  SmallVector<SmallVector<cpu::ProductOp>> groups;
  module.walk([&](cpu::ProductOp op) {
    auto *group = llvm::find_if(groups, [&](ArrayRef<cpu::ProductOp> known) {
      cpu::ProductOp first = known.front();
      return first->getOperandTypes() == op->getOperandTypes() &&
             first.getAccumulate() == op.getAccumulate();
    });
    if (group == groups.end()) {
      groups.emplace_back();
      group = &groups.back();
    }
    group->push_back(op);
  });
  SymbolTable symbols(module);
  for (ArrayRef<cpu::ProductOp> group : groups)
    lowerAlike(symbols, group, target);
}

namespace {
struct WeirLowerProducts
    : weir::impl::WeirLowerProductsBase<WeirLowerProducts> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    ProductTarget target = ProductTarget::get(module);
    if (failed(checkPairs(module, target)))
      return signalPassFailure();
    lowerProducts(module, target);
    module.walk([&](cpu::PackOp op) {
      OpBuilder builder(op);
      emitPack(builder, op, target);
      op.erase();
    });
  }
};
} // namespace
