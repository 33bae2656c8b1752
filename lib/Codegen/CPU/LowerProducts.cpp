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
#include "TurnedProducts.h"
#include "TurnedTileProducts.h"
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
  VectorProduct(Location loc, ValueRange operands, cpu::ProductOp op,
                ProductTarget target)
      : loc(loc), left(operands[0]), right(operands[1]), result(operands[2]),
        accumulate(op.getAccumulate()), inTileOrder(op.getTileOrder()),
        prefetches(op.getPrefetch()), target(target),
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
  void emitTileInTileOrder(OpBuilder &b, const Tile &tile);
  Vectors loadSums(OpBuilder &b, const Tile &tile);
  Vectors getZeros(OpBuilder &b, const Tile &tile);
  void storeSums(OpBuilder &b, const Tile &tile, ValueRange sums);
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
  bool accumulate, inTileOrder, prefetches;
  ProductTarget target;
  Type element;
  Value rowsAhead; // None where B is near.
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
  Type stored = getElementTypeOrSelf(memref.getType());
  Vectors vectors;
  for (int64_t i = 0; i < tile.vectors; ++i) {
    Value vector = loadVector(
        b, loc, VectorType::get(tile.lanes, stored), memref,
        {row, emitSum(b, loc, tile.column, i * tile.lanes)}, tile.mask);
    if (stored != element)
      vector = arith::ExtFOp::create(b, loc, getType(tile.lanes), vector);
    vectors.push_back(vector);
  }
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
  if (rowsAhead) {
    Value ahead = arith::AddIOp::create(b, loc, k, rowsAhead);
    for (int64_t i = 0; i < tile.vectors; ++i)
      emitPrefetch(b, loc, right,
                   {ahead, emitSum(b, loc, tile.column, i * tile.lanes)});
  }
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

SmallVector<Value> VectorProduct::getZeros(OpBuilder &b, const Tile &tile) {
  Value zero =
      arith::ConstantOp::create(b, loc, b.getZeroAttr(getType(tile.lanes)));
  return Vectors(tile.rows * tile.vectors, zero);
}

SmallVector<Value> VectorProduct::loadSums(OpBuilder &b, const Tile &tile) {
  Vectors sums;
  for (int64_t i = 0; i < tile.rows; ++i)
    llvm::append_range(sums, loadRow(b, result, rowOf(b, tile, i), tile));
  return sums;
}

void VectorProduct::storeSums(OpBuilder &b, const Tile &tile, ValueRange sums) {
  for (int64_t i = 0; i < tile.rows; ++i)
    storeRow(b, rowOf(b, tile, i), tile,
             sums.slice(i * tile.vectors, tile.vectors));
}

void VectorProduct::emitTile(OpBuilder &b, const Tile &tile) {
  Vectors sums = accumulate ? loadSums(b, tile) : getZeros(b, tile);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0),
        one = arith::ConstantIndexOp::create(b, loc, 1);
  auto loop = scf::ForOp::create(
      b, loc, zero, size(b, left, 1), one, sums,
      [&](OpBuilder &inner, Location, Value k, ValueRange before) {
        scf::YieldOp::create(inner, loc, emitTerms(inner, tile, k, before));
      });
  storeSums(b, tile, loop.getResults());
}

/// The sum that a tile register would hold: of 32 k, those of even and of odd k
/// are summed apart, from 0 on; their sum is then added.
void VectorProduct::emitTileInTileOrder(OpBuilder &b, const Tile &tile) {
  constexpr int64_t kDepth = 32;
  auto index = [&](OpBuilder &at, int64_t value) -> Value {
    return arith::ConstantIndexOp::create(at, loc, value);
  };
  Value end = size(b, left, 1);
  if (!accumulate)
    storeSums(b, tile, getZeros(b, tile));
  auto emitBlock = [&](OpBuilder &outer, Location, Value begin, ValueRange) {
    Value own = arith::MinUIOp::create(outer, loc,
                                       emitSum(outer, loc, begin, kDepth), end);
    // Pairs of k; a last one that is alone stays even.
    Value odd = arith::AndIOp::create(outer, loc, own, index(outer, 1));
    Value pairsEnd = arith::SubIOp::create(outer, loc, own, odd);
    Vectors both = getZeros(outer, tile);
    size_t count = both.size();
    both.append(count, both.front()); // The sums of odd k.
    auto loop = scf::ForOp::create(
        outer, loc, begin, pairsEnd, index(outer, 2), both,
        [&](OpBuilder &inner, Location, Value k, ValueRange sums) {
          Vectors next = emitTerms(inner, tile, k, sums.take_front(count));
          next.append(emitTerms(inner, tile, emitSum(inner, loc, k, 1),
                                sums.drop_front(count)));
          scf::YieldOp::create(inner, loc, next);
        });
    auto last = scf::ForOp::create(
        outer, loc, pairsEnd, own, index(outer, 1),
        loop.getResults().take_front(count),
        [&](OpBuilder &inner, Location, Value k, ValueRange sums) {
          scf::YieldOp::create(inner, loc, emitTerms(inner, tile, k, sums));
        });
    Vectors sums = loadSums(outer, tile);
    for (auto [sum, x, y] : llvm::zip(sums, last.getResults(),
                                      loop.getResults().drop_front(count)))
      sum = arith::AddFOp::create(outer, loc, sum,
                                  arith::AddFOp::create(outer, loc, x, y));
    storeSums(outer, tile, sums);
    scf::YieldOp::create(outer, loc);
  };
  scf::ForOp::create(b, loc, index(b, 0), end, index(b, kDepth), ValueRange(),
                     emitBlock);
}

void VectorProduct::emitRows(OpBuilder &b, Value column, int64_t vectors,
                             int64_t lanes, Value mask) {
  // In the order of tiles, there are two sums for each element.
  int64_t most = target.getMostRows(inTileOrder ? 2 * vectors : vectors);
  emitInSteps(b, loc, size(b, result, 0), most, 1,
              [&](OpBuilder &inner, Value row, int64_t rows) {
                Tile tile = {row, column, rows, vectors, lanes, mask};
                if (inTileOrder)
                  emitTileInTileOrder(inner, tile);
                else
                  emitTile(inner, tile);
              });
}

void VectorProduct::emit(OpBuilder &b) {
  int64_t lanes = target.getLanes(element);
  Value columns = size(b, result, 1);
  int64_t most = target.getMostVectors() / (inTileOrder ? 2 : 1);
  // Only few registers make strips that are narrower than what memory sends.
  int64_t bits = getElementTypeOrSelf(right.getType()).getIntOrFloatBitWidth();
  int64_t strip = target.registers == 16 ? most * lanes * bits / 8 : 0;
  if (prefetches)
    rowsAhead = emitRowsAhead(b, loc, right, strip);
  Value rest = emitInSteps(b, loc, columns, most, lanes,
                           [&](OpBuilder &inner, Value column, int64_t count) {
                             emitRows(inner, column, count, lanes, Value());
                           });
  emitTail(b, loc, rest, columns, lanes, target.masks,
           [&](OpBuilder &inner, Value column, int64_t width, Value mask) {
             emitRows(inner, column, 1, width, mask);
           });
}

static void emitVectorProduct(OpBuilder &b, Location loc, ValueRange operands,
                              cpu::ProductOp op, ProductTarget target) {
  if (op.isInTurnedTiles())
    emitTurnedTileProduct(b, loc, operands, op);
  else if (op.getTransposeB())
    emitTurnedProduct(b, loc, operands, op, target);
  else
    VectorProduct(loc, operands, op, target).emit(b);
}

/// Reports products in tiles that the target has no instructions for.
static LogicalResult checkTiles(ModuleOp module, ProductTarget target) {
  if (target.tiles)
    return success();
  WalkResult walk = module.walk([](Operation *op) {
    auto product = dyn_cast<cpu::ProductOp>(op);
    auto pack = dyn_cast<cpu::PackOp>(op);
    if (!(product && (product.isInPairs() || product.isInTurnedTiles())) &&
        !(pack && pack.isInPairs()))
      return WalkResult::advance();
    op->emitOpError("works in tiles, for which the module's target must have "
                    "amx-tile, amx-bf16, avx512bw and avx512vl");
    return WalkResult::interrupt();
  });
  return failure(walk.wasInterrupted());
}

/// Whole tiles have one shape everywhere: where their products stand in the
/// caller, LLVM configures tiles once, and not in each (45 ns). Few rows make
/// shapes that are known at run time.
static constexpr StringLiteral kInline = "alwaysinline", kApart = "noinline";

namespace {
/// The functions that products are in.
class ProductFunctions {
public:
  ProductFunctions(ModuleOp module, ProductTarget target)
      : symbols(module), target(target) {}

  /// A function that computes what `op` does.
  func::FuncOp create(cpu::ProductOp op);

private:
  func::FuncOp create(Location loc, StringRef name, TypeRange types,
                      StringRef inlining, ProductEmitter body);
  /// A call of a function of those operands.
  void call(OpBuilder &b, Location loc, StringRef name, ValueRange operands,
            StringRef inlining, ProductEmitter body);

  SymbolTable symbols;
  ProductTarget target;
};
} // namespace

func::FuncOp ProductFunctions::create(Location loc, StringRef name,
                                      TypeRange types, StringRef inlining,
                                      ProductEmitter body) {
  Block &module = symbols.getOp()->getRegion(0).front();
  OpBuilder b = OpBuilder::atBlockEnd(&module);
  auto function =
      func::FuncOp::create(b, loc, name, b.getFunctionType(types, {}));
  function.setPrivate();
  function->setAttr("passthrough", b.getStrArrayAttr({inlining}));
  b.setInsertionPointToStart(function.addEntryBlock());
  body(b, function.getArguments());
  func::ReturnOp::create(b, loc);
  symbols.insert(function); // Gives it a name of its own.
  return function;
}

void ProductFunctions::call(OpBuilder &b, Location loc, StringRef name,
                            ValueRange operands, StringRef inlining,
                            ProductEmitter body) {
  func::FuncOp function =
      create(loc, name, operands.getTypes(), inlining, body);
  func::CallOp::create(b, loc, function, operands);
}

func::FuncOp ProductFunctions::create(cpu::ProductOp op) {
  Location loc = op.getLoc();
  bool accumulate = op.getAccumulate();
  auto callWhole = [&](OpBuilder &b, ValueRange operands) {
    call(b, loc, "weir.product.whole", operands, kInline,
         [&](OpBuilder &inner, ValueRange own) {
           emitWholeRowTileProduct(inner, loc, own, accumulate);
         });
  };
  auto callFew = [&](OpBuilder &b, ValueRange operands) {
    call(b, loc, "weir.product.few", operands, kApart,
         [&](OpBuilder &inner, ValueRange own) {
           emitFewRowTileProduct(inner, loc, own, accumulate);
         });
  };
  return create(loc, "weir.product", op->getOperandTypes(),
                op.isInPairs() ? kInline : kApart,
                [&](OpBuilder &b, ValueRange own) {
                  if (op.isInPairs())
                    emitProductInTiles(b, loc, own, callWhole, callFew);
                  else
                    emitVectorProduct(b, loc, own, op, target);
                });
}

/// Products of one type share a function; one that is alone stands where it is
/// if it needs no stack of its own.
static void lowerAlike(ProductFunctions &functions,
                       ArrayRef<cpu::ProductOp> alike, ProductTarget target) {
  cpu::ProductOp first = alike.front();
  bool standsAlone =
      alike.size() == 1 && !first.isInPairs() && !first.getTransposeB();
  func::FuncOp function;
  if (!standsAlone)
    function = functions.create(first);
  for (cpu::ProductOp op : alike) {
    OpBuilder b(op);
    if (standsAlone)
      emitVectorProduct(b, op.getLoc(), op->getOperands(), op, target);
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
             first.getAccumulate() == op.getAccumulate() &&
             first.getTileOrder() == op.getTileOrder() &&
             first.getTransposeB() == op.getTransposeB() &&
             first.getPrefetch() == op.getPrefetch();
    });
    if (group == groups.end()) {
      groups.emplace_back();
      group = &groups.back();
    }
    group->push_back(op);
  });
  ProductFunctions functions(module, target);
  for (ArrayRef<cpu::ProductOp> group : groups)
    lowerAlike(functions, group, target);
}

namespace {
struct WeirLowerProducts
    : weir::impl::WeirLowerProductsBase<WeirLowerProducts> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    ProductTarget target = ProductTarget::get(module);
    if (failed(checkTiles(module, target)))
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
