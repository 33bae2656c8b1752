//===- EmitABI.cpp - the C functions around the kernels ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Target/Passes.h"

#include "weir/Dialect/Weir/IR/Weir.h"
#include "weir/Target/FunctionABI.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/DenseSet.h"

namespace weir {
#define GEN_PASS_DEF_WEIREMITABI
#include "weir/Target/Passes.h.inc"
} // namespace weir

using namespace mlir;
using namespace weir;

namespace {

/// Builds LLVM functions at the end of a module.
class Emitter {
public:
  Emitter(ModuleOp module, StringRef library, StringRef prefix)
      : module(module), library(library), prefix(prefix),
        builder(OpBuilder::atBlockEnd(module.getBody())), loc(module.getLoc()),
        pointer(LLVM::LLVMPointerType::get(module.getContext())),
        i32(builder.getI32Type()),
        none(LLVM::LLVMVoidType::get(module.getContext())) {}

  void emitFunction(LLVM::LLVMFuncOp kernel, const FunctionABI &abi) {
    LLVM::LLVMFuncOp packed = emitPacked(kernel, abi);
    SmallVector<Type> types;
    for (const SlotABI &slot : abi.slots)
      types.push_back(slot.kind == SlotABI::Scalar ? getScalarType(slot)
                                                   : Type(pointer));
    LLVM::LLVMFuncOp entry =
        begin((prefix + abi.name).str(), i32, types, LLVM::Linkage::External);
    Value count = constant(builder.getI64IntegerAttr(abi.slots.size() + 1));
    Value slots = LLVM::AllocaOp::create(builder, loc, pointer, pointer, count);
    for (auto [i, slot] : llvm::enumerate(abi.slots)) {
      Value value = entry.getArgument(i);
      if (slot.kind == SlotABI::Scalar) {
        Value one = constant(builder.getI64IntegerAttr(1));
        Value place =
            LLVM::AllocaOp::create(builder, loc, pointer, value.getType(), one);
        LLVM::StoreOp::create(builder, loc, value, place);
        value = place;
      }
      LLVM::StoreOp::create(builder, loc, value, elementPointer(slots, i));
    }
    Value status =
        call("weir_rt_call", i32,
             {addressOf(emitName(abi.name)), addressOf(emitTable(abi)),
              addressOfFunction(packed), slots});
    finish(status);
  }

  /// True for the C functions that have been written so far.
  bool isExported(LLVM::LLVMFuncOp function) const {
    return exported.contains(function);
  }

  void emitLibraryFunctions() {
    LLVM::LLVMFuncOp error = begin((prefix + library + "_last_error").str(),
                                   pointer, {}, LLVM::Linkage::External);
    (void)error;
    finish(call("weir_rt_last_error", pointer, {}));
    LLVM::LLVMFuncOp threads = begin((prefix + library + "_set_threads").str(),
                                     i32, {i32}, LLVM::Linkage::External);
    finish(call("weir_rt_set_threads", i32, {threads.getArgument(0)}));
    LLVM::LLVMFuncOp stream = begin((prefix + library + "_set_stream").str(),
                                    i32, {pointer}, LLVM::Linkage::External);
    finish(call("weir_rt_set_stream", i32, {stream.getArgument(0)}));
  }

private:
  Type getScalarType(const SlotABI &slot) {
    if (slot.code == 2)
      return slot.bits == 64 ? Type(builder.getF64Type())
                             : Type(builder.getF32Type());
    return slot.code == 6 ? builder.getI1Type()
                          : builder.getIntegerType(slot.bits);
  }

  /// void packed(void **slots): hands descriptors and scalars to the kernel's C
  /// interface.
  LLVM::LLVMFuncOp emitPacked(LLVM::LLVMFuncOp kernel, const FunctionABI &abi) {
    LLVM::LLVMFuncOp packed =
        begin(abi.name + ".packed", none, {pointer}, LLVM::Linkage::Internal);
    SmallVector<Value> operands;
    for (auto [i, slot] : llvm::enumerate(abi.slots)) {
      Value value = LLVM::LoadOp::create(
          builder, loc, pointer, elementPointer(packed.getArgument(0), i));
      if (slot.kind == SlotABI::Scalar)
        value = LLVM::LoadOp::create(builder, loc, getScalarType(slot), value);
      operands.push_back(value);
    }
    auto face = module.lookupSymbol<LLVM::LLVMFuncOp>(
        ("_mlir_ciface_" + kernel.getSymName()).str());
    face.setLinkage(LLVM::Linkage::Internal);
    kernel.setLinkage(LLVM::Linkage::Internal);
    LLVM::CallOp::create(builder, loc, face, operands);
    finish(Value());
    return packed;
  }

  LLVM::LLVMFuncOp begin(StringRef name, Type result, ArrayRef<Type> inputs,
                         LLVM::Linkage linkage) {
    builder.setInsertionPointToEnd(module.getBody());
    auto function = LLVM::LLVMFuncOp::create(
        builder, loc, name, LLVM::LLVMFunctionType::get(result, inputs),
        linkage);
    builder.setInsertionPointToStart(function.addEntryBlock(builder));
    if (linkage == LLVM::Linkage::External)
      exported.insert(function);
    return function;
  }
  void finish(Value result) {
    LLVM::ReturnOp::create(builder, loc,
                           result ? ValueRange(result) : ValueRange());
  }

  Value constant(TypedAttr attr) {
    return LLVM::ConstantOp::create(builder, loc, attr.getType(), attr);
  }
  Value elementPointer(Value array, int64_t index) {
    return LLVM::GEPOp::create(
        builder, loc, pointer, pointer, array,
        ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
  }

  Value call(StringRef name, Type result, ValueRange operands) {
    auto callee = module.lookupSymbol<LLVM::LLVMFuncOp>(name);
    if (!callee) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(module.getBody());
      auto type = LLVM::LLVMFunctionType::get(
          result, llvm::to_vector(operands.getTypes()));
      callee = LLVM::LLVMFuncOp::create(builder, loc, name, type);
      callee.setVisibility_(LLVM::Visibility::Hidden);
    }
    return LLVM::CallOp::create(builder, loc, callee, operands).getResult();
  }

  LLVM::GlobalOp emitGlobal(const Twine &name, Type type, Attribute value) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    return LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/true,
                                  LLVM::Linkage::Internal, name.str(), value);
  }
  LLVM::GlobalOp emitName(StringRef name) {
    std::string text = name.str() + '\0';
    return emitGlobal(
        name + ".name",
        LLVM::LLVMArrayType::get(builder.getI8Type(), text.size()),
        builder.getStringAttr(text));
  }
  LLVM::GlobalOp emitTable(const FunctionABI &abi) {
    SmallVector<int64_t> table = abi.encode();
    auto shape = RankedTensorType::get({static_cast<int64_t>(table.size())},
                                       builder.getI64Type());
    return emitGlobal(
        abi.name + ".table",
        LLVM::LLVMArrayType::get(builder.getI64Type(), table.size()),
        DenseElementsAttr::get(shape, ArrayRef<int64_t>(table)));
  }
  Value addressOf(LLVM::GlobalOp global) {
    return LLVM::AddressOfOp::create(builder, loc, global);
  }
  Value addressOfFunction(LLVM::LLVMFuncOp function) {
    return LLVM::AddressOfOp::create(builder, loc, function);
  }

  ModuleOp module;
  StringRef library, prefix;
  llvm::DenseSet<Operation *> exported;
  OpBuilder builder;
  Location loc;
  LLVM::LLVMPointerType pointer;
  Type i32, none;
};

/// True when the kernel may ask the runtime for memory. Functions with a body
/// that it calls are not looked into.
bool allocates(LLVM::LLVMFuncOp kernel) {
  ModuleOp module = kernel->getParentOfType<ModuleOp>();
  return kernel
      .walk([&](LLVM::CallOp call) {
        auto callee =
            call.getCallee()
                ? module.lookupSymbol<LLVM::LLVMFuncOp>(*call.getCallee())
                : LLVM::LLVMFuncOp();
        bool harmless = callee && callee.isExternal() &&
                        !callee.getSymName().contains("alloc");
        return harmless ? WalkResult::advance() : WalkResult::interrupt();
      })
      .wasInterrupted();
}

struct WeirEmitABI : weir::impl::WeirEmitABIBase<WeirEmitABI> {
  using WeirEmitABIBase::WeirEmitABIBase;
  void runOnOperation() override {
    ModuleOp module = getOperation();
    Emitter emitter(module, library, prefix);
    for (auto kernel : llvm::to_vector(module.getOps<LLVM::LLVMFuncOp>())) {
      auto attr =
          kernel->getAttrOfType<DictionaryAttr>(WeirDialect::kABIAttrName);
      if (!attr || kernel.getSymName().starts_with("_mlir_ciface_"))
        continue;
      FunctionABI abi = FunctionABI::fromAttribute(attr);
      auto face = module.lookupSymbol<LLVM::LLVMFuncOp>(
          ("_mlir_ciface_" + kernel.getSymName()).str());
      if (!face || face.getNumArguments() != abi.slots.size() ||
          kernel.isExternal()) {
        kernel.emitError("has no C interface that fits its 'weir.abi'; it must "
                         "come from weir-prepare-abi and convert-func-to-llvm");
        return signalPassFailure();
      }
      abi.allocates = allocates(kernel);
      emitter.emitFunction(kernel, abi);
    }
    // What is not asked for by name is nobody else's.
    for (auto function : module.getOps<LLVM::LLVMFuncOp>())
      if (!function.isExternal() && !emitter.isExported(function))
        function.setLinkage(LLVM::Linkage::Internal);
    emitter.emitLibraryFunctions();
    for (auto function : module.getOps<LLVM::LLVMFuncOp>())
      function->removeAttr(WeirDialect::kABIAttrName);
  }
};

} // namespace
