//===- PrepareABI.cpp - public functions to kernels on the caller's memory ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Target/Passes.h"

#include "ShapeRelations.h"
#include "UpdatedArgument.h"
#include "weir/Dialect/Weir/IR/Weir.h"
#include "weir/Target/FunctionABI.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"

namespace weir {
#define GEN_PASS_DEF_WEIRPREPAREABI
#include "weir/Target/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

namespace {

/// Makes one public function a kernel.
class Preparation {
public:
  explicit Preparation(func::FuncOp function)
      : function(function), relations(function),
        terminator(dyn_cast<func::ReturnOp>(
            function.getBody().back().getTerminator())) {}

  LogicalResult run() {
    abi.name = function.getSymName().str();
    if (!function.getBody().hasOneBlock() || !terminator)
      return function.emitError("a public function must have one block");
    if (failed(describeArguments()))
      return failure();
    if (terminator.getOperands().empty())
      return function.emitError("has no result, so that a call would do "
                                "nothing; make it private or return tensors");
    if (failed(describeResults()) || failed(describeMultiples()))
      return failure();
    rewrite();
    return success();
  }

private:
  LogicalResult describe(SlotABI &slot, Value value, const Twine &what) {
    auto type = getDLPackType(getElementTypeOrSelf(value.getType()));
    if (failed(type))
      return function.emitError() << what << " has element type "
                                  << getElementTypeOrSelf(value.getType())
                                  << ", which the C ABI cannot carry (f16, "
                                     "bf16, f32, f64, i1, i8, i16, i32, i64)";
    std::tie(slot.code, slot.bits) = *type;
    auto tensor = dyn_cast<RankedTensorType>(value.getType());
    if (tensor && tensor.getEncoding())
      return function.emitError() << what << " has type " << tensor
                                  << "; the C ABI carries dense tensors only";
    if (tensor && tensor.getRank() > 64)
      return function.emitError() << what << " has rank " << tensor.getRank()
                                  << "; the C ABI carries at most 64";
    for (int64_t dim = 0; tensor && dim < tensor.getRank(); ++dim)
      slot.sizes.push_back(getSize(value, dim));
    return success();
  }

  int64_t getSize(Value value, int64_t dim) {
    if (auto fixed = relations.getStaticSize(value, dim))
      return *fixed;
    auto [entry, isNew] =
        symbols.try_emplace(relations.getClass(value, dim), symbols.size());
    return -1 - static_cast<int64_t>(entry->second);
  }

  LogicalResult describeArguments() {
    for (BlockArgument argument : function.getArguments()) {
      Type type = argument.getType();
      bool isTensor = isa<RankedTensorType>(type);
      bool isScalar = type.isF32() || type.isF64() || type.isIndex() ||
                      type.isSignlessInteger(1) || type.isSignlessInteger(32) ||
                      type.isSignlessInteger(64);
      unsigned index = argument.getArgNumber();
      if (!isTensor && !isScalar)
        return function.emitError()
               << "argument " << index << " has type " << type
               << "; a public function takes ranked tensors, f32, f64, index, "
                  "i1, i32 and i64";
      SlotABI slot{isTensor ? SlotABI::Argument : SlotABI::Scalar, 0, 0, {}, 0};
      if (failed(describe(slot, argument, "argument " + Twine(index))))
        return failure();
      abi.slots.push_back(slot);
    }
    return success();
  }

  LogicalResult describeResults() {
    unsigned known = symbols.size();
    for (auto [i, value] : llvm::enumerate(terminator.getOperands())) {
      if (!isa<RankedTensorType>(value.getType()))
        return function.emitError()
               << "result " << i << " has type " << value.getType()
               << "; a public function returns ranked tensors (a scalar as "
                  "tensor<"
               << value.getType() << ">)";
      SlotABI slot{SlotABI::Result, 0, 0, {}, 0};
      if (failed(describe(slot, value, "result " + Twine(i))))
        return failure();
      for (auto [dim, size] : llvm::enumerate(slot.sizes))
        if (size < 0 && -1 - size >= static_cast<int64_t>(known))
          return function.emitError() << "no argument fixes the size of result "
                                      << i << " in dimension " << dim
                                      << "; return a tensor of a fixed "
                                         "capacity and a count beside it";
      slot.mayBe = getReusableArguments(value) | findUpdate(i, value);
      abi.slots.push_back(slot);
    }
    abi.symbols = symbols.size();
    return success();
  }

  /// The size of a dimension, if it is fixed or a tensor of the call has it.
  std::optional<int64_t> findSize(ShapeRelations::Dimension dimension) {
    auto [value, dim] = dimension;
    if (auto fixed = relations.getStaticSize(value, dim))
      return fixed;
    auto known = symbols.find(relations.getClass(value, dim));
    if (known == symbols.end())
      return std::nullopt;
    return -1 - static_cast<int64_t>(known->second);
  }

  LogicalResult describeMultiples() {
    for (auto [dimension, ofDimension] : relations.getMultiples()) {
      std::optional<int64_t> size = findSize(dimension),
                             of = findSize(ofDimension);
      if (!size || !of || size == of || of == 1)
        continue;
      std::pair multiple(*size, *of);
      if (*size >= 0 && *of >= 0) {
        if (*of == 0 || *size % *of != 0)
          return function.emitError()
                 << "a size of " << *size << " must be a multiple of " << *of;
      } else if (!llvm::is_contained(abi.multiples, multiple)) {
        abi.multiples.push_back(multiple);
      }
    }
    return success();
  }

  /// Arguments whose memory the result may be: those that one weir.rows reads
  /// element by element, in the result's own order, as the only reader.
  uint64_t getReusableArguments(Value value) {
    auto rows = value.getDefiningOp<RowsOp>();
    if (!rows || !value.hasOneUse())
      return 0;
    FormulaOp formula = rows.resolveFormula();
    // What a row has once is written while others are still read; and one
    // result may be before a sweep reads for another.
    if (formula.isUniformResult(cast<OpResult>(value).getResultNumber()) ||
        (rows.getOutputs().size() != 1 && formula.hasReduction()))
      return 0;
    uint64_t may = 0;
    for (auto [i, input] : llvm::enumerate(rows.getInputs())) {
      auto argument = dyn_cast<BlockArgument>(input);
      if (argument && argument.getArgNumber() < 64 &&
          !formula.isUniformArgument(i) && hasOnlyRowsAsReader(argument) &&
          argument.getType() == value.getType())
        may |= uint64_t(1) << argument.getArgNumber();
    }
    return may;
  }

  /// Notes that a result is an argument, changed. Returns the bit of the
  /// argument whose memory it may then be.
  uint64_t findUpdate(unsigned result, Value value) {
    auto update = UpdatedArgument::find(value);
    if (!update || llvm::any_of(updates, [&](auto &known) {
          return known.second.first == update->first;
        }))
      return 0;
    updates.insert({result, *update});
    return update->isOnlyUse ? uint64_t(1) << update->argument : 0;
  }

  static bool hasOnlyRowsAsReader(Value argument) {
    Operation *reader = nullptr;
    for (Operation *user : argument.getUsers()) {
      if (isa<tensor::DimOp>(user) || user == reader)
        continue;
      if (reader)
        return false;
      reader = user;
    }
    return reader;
  }

  static MemRefType getKernelType(Type type) {
    auto tensor = cast<RankedTensorType>(type);
    SmallVector<int64_t> strides(tensor.getRank(), ShapedType::kDynamic);
    if (strides.size() <= 1)
      return MemRefType::get(tensor.getShape(), tensor.getElementType());
    strides.back() = 1;
    auto layout = StridedLayoutAttr::get(type.getContext(), 0, strides);
    return MemRefType::get(tensor.getShape(), tensor.getElementType(), layout);
  }

  void rewrite() {
    Block &body = function.getBody().front();
    Location loc = function.getLoc();
    OpBuilder builder = OpBuilder::atBlockBegin(&body);
    SmallVector<Type> types;
    for (BlockArgument argument : body.getArguments()) {
      if (isa<RankedTensorType>(argument.getType())) {
        Type tensor = argument.getType();
        argument.setType(getKernelType(tensor));
        auto value = bufferization::ToTensorOp::create(
            builder, loc, tensor, argument, /*restrict=*/true);
        argument.replaceAllUsesExcept(value.getResult(), value);
      }
      types.push_back(argument.getType());
    }
    builder.setInsertionPoint(terminator);
    for (auto [i, result] : llvm::enumerate(terminator.getOperands())) {
      types.push_back(getKernelType(result.getType()));
      Value destination = body.addArgument(types.back(), loc);
      if (auto update = updates.find(i); update != updates.end()) {
        unsigned argument = update->second.argument;
        update->second.moveTo(destination, body.getArgument(argument));
      }
      bufferization::MaterializeInDestinationOp::create(
          builder, loc, /*result=*/Type(), result, destination,
          /*restrict=*/true, /*writable=*/true);
    }
    func::ReturnOp::create(builder, loc);
    terminator.erase();
    function.setType(builder.getFunctionType(types, {}));
    function.removeArgAttrsAttr();
    function.removeResAttrsAttr();
    function.setSymName(abi.name + ".kernel");
    function->setAttr(WeirDialect::kABIAttrName,
                      abi.toAttribute(function.getContext()));
    function->setAttr("llvm.emit_c_interface", builder.getUnitAttr());
  }

  func::FuncOp function;
  ShapeRelations relations;
  func::ReturnOp terminator;
  llvm::DenseMap<unsigned, unsigned> symbols;
  llvm::SmallDenseMap<unsigned, UpdatedArgument> updates; // By result.
  FunctionABI abi;
};

struct WeirPrepareABI : weir::impl::WeirPrepareABIBase<WeirPrepareABI> {
  using WeirPrepareABIBase::WeirPrepareABIBase;

  void runOnOperation() override {
    for (Operation &op : getOperation().getOps())
      if (failed(checkOp(op)))
        return signalPassFailure();
    SmallVector<func::FuncOp> functions;
    for (auto function :
         llvm::to_vector(getOperation().getOps<func::FuncOp>())) {
      if (failed(checkName(function)))
        return signalPassFailure();
      if (function.isPublic())
        functions.push_back(function);
    }
    if (functions.empty()) {
      getOperation().emitError("has no public function to compile");
      return signalPassFailure();
    }
    for (func::FuncOp function : functions)
      if (failed(Preparation(function).run()))
        return signalPassFailure();
  }

private:
  /// A library is one flat set of functions, complete in itself.
  LogicalResult checkOp(Operation &op) {
    if (isa<ModuleOp>(op))
      return op.emitError("is a module within the module; weir compiles the "
                          "functions of one module");
    if (op.hasAttr(WeirDialect::kABIAttrName))
      return op.emitError("has been prepared already: it carries 'weir.abi'");
    return failure(failed(checkSoftmax(op)) || failed(checkCalls(op)));
  }

  /// On memory a softmax is neither raised nor decomposed, and loops are not
  /// made of it.
  static LogicalResult checkSoftmax(Operation &op) {
    WalkResult walk = op.walk([](linalg::SoftmaxOp softmax) {
      if (softmax.hasPureTensorSemantics())
        return WalkResult::advance();
      softmax.emitOpError("works on memrefs, where weir does not compile it; "
                          "write it on tensors");
      return WalkResult::interrupt();
    });
    return failure(walk.wasInterrupted());
  }

  static LogicalResult checkCalls(Operation &op) {
    WalkResult walk = op.walk([&](func::CallOp call) {
      auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
          call, call.getCalleeAttr());
      bool onTensors =
          llvm::any_of(call->getOperandTypes(), llvm::IsaPred<TensorType>) ||
          llvm::any_of(call->getResultTypes(), llvm::IsaPred<TensorType>);
      if (!callee || (!callee.isPublic() && !onTensors))
        return WalkResult::advance();
      call.emitError("calls @")
          << call.getCallee()
          << (callee.isDeclaration()
                  ? ", which has no body; a library contains all it calls"
                  : ", which could not be inlined (it calls itself, or is "
                    "marked no_inline)");
      return WalkResult::interrupt();
    });
    return failure(walk.wasInterrupted());
  }

  /// Public names become C's. Private functions that are left get names that no
  /// C library has: code calls libm by name, and must not find them instead.
  LogicalResult checkName(func::FuncOp function) {
    if (function.isDeclaration())
      return function.isPublic()
                 ? function.emitError("is declared but has no body; a library "
                                      "contains all it calls")
                 : success();
    if (!function.isPublic()) {
      auto name =
          StringAttr::get(&getContext(), function.getSymName() + ".private");
      if (failed(SymbolTable::replaceAllSymbolUses(function, name,
                                                   getOperation())))
        return function.emitError("is used in a way that weir does not know");
      function.setSymNameAttr(name);
      return success();
    }
    std::string name = (StringRef(prefix) + function.getSymName()).str();
    std::string why = explainUnusableName(name);
    for (StringRef own : kOwnFunctions)
      if (!library.empty() && name == prefix + library + own.str())
        why = "is the name of the library's own function";
    if (why.empty())
      return success();
    return function.emitError()
           << "the name '" << name << "' cannot be exported: it " << why
           << "; rename the function or give a prefix";
  }
};

} // namespace
