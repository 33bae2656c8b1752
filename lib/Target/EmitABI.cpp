//===- EmitABI.cpp - the C functions around the kernels ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Target/Passes.h"

#include "PlainCall.h"

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
  Emitter(ModuleOp module, StringRef library, StringRef prefix,
          int64_t variantCount)
      : module(module), library(library), prefix(prefix),
        variantCount(variantCount),
        builder(OpBuilder::atBlockEnd(module.getBody())), loc(module.getLoc()),
        pointer(LLVM::LLVMPointerType::get(module.getContext())),
        i32(builder.getI32Type()),
        none(LLVM::LLVMVoidType::get(module.getContext())) {}

  /// void packed(void **slots): hands descriptors and scalars to the kernel's C
  /// interface. Its name, and so its callers, is another for each variant.
  void emitPacked(LLVM::LLVMFuncOp kernel, const FunctionABI &abi,
                  int64_t variant) {
    LLVM::LLVMFuncOp packed = begin(getPackedName(abi, variant), none,
                                    {pointer}, LLVM::Linkage::External);
    packed.setVisibility_(LLVM::Visibility::Hidden);
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
    LLVM::CallOp::create(builder, loc, face, operands);
    finish(Value());
  }

  void emitFunction(const FunctionABI &abi, bool allocates) {
    SmallVector<Type> types;
    for (const SlotABI &slot : abi.slots)
      types.push_back(slot.kind == SlotABI::Scalar ? getScalarType(slot)
                                                   : Type(pointer));
    LLVM::LLVMFuncOp entry =
        beginExported((prefix + abi.name).str(), i32, types);
    SmallVector<Value> slots;
    for (auto [i, slot] : llvm::enumerate(abi.slots)) {
      Value value = entry.getArgument(i);
      if (slot.kind == SlotABI::Scalar) {
        Value place = allocate(value.getType(), 1);
        LLVM::StoreOp::create(builder, loc, value, place);
        value = place;
      }
      slots.push_back(value);
    }
    Value array = allocate(pointer, abi.slots.size() + 1);
    Block *careful = new Block();
    entry.getBody().push_back(careful);
    if (PlainCall::isWorthwhile(abi))
      emitPlainCall(abi, allocates, slots, careful);
    else
      LLVM::BrOp::create(builder, loc, careful);
    builder.setInsertionPointToStart(careful);
    for (auto [i, slot] : llvm::enumerate(slots))
      LLVM::StoreOp::create(builder, loc, slot, elementPointer(array, i));
    Value status =
        call("weir_rt_call", i32,
             {addressOf(emitText(abi.name + ".name", abi.name)),
              addressOf(emitTable(abi)), addressOf(emitKernels(abi)), array});
    finish(status);
  }

  /// Calls the kernel at once when the call is plain and the variant is chosen;
  /// else goes to `careful`.
  void emitPlainCall(const FunctionABI &abi, bool allocates, ValueRange slots,
                     Block *careful) {
    Value arguments = PlainCall(builder, loc, abi).emit(slots, careful);
    LLVM::GlobalOp chosen =
        declareGlobal("weir_rt_chosen", builder.getI32Type());
    Value number = LLVM::LoadOp::create(builder, loc, i32, addressOf(chosen));
    Value zero = constant(builder.getI32IntegerAttr(0));
    Value isChosen = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::ne,
                                          number, zero);
    Block *plain =
        builder.createBlock(careful->getParent(), Region::iterator(careful));
    builder.setInsertionPointToEnd(plain->getPrevNode());
    LLVM::CondBrOp::create(builder, loc, isChosen, plain, careful);
    builder.setInsertionPointToStart(plain);
    // Variants are counted from 1.
    Value index = LLVM::SubOp::create(builder, loc, number,
                                      constant(builder.getI32IntegerAttr(1)));
    Value place = LLVM::GEPOp::create(builder, loc, pointer, pointer,
                                      addressOf(emitKernels(abi)),
                                      ArrayRef<LLVM::GEPArg>{index});
    Value kernel = LLVM::LoadOp::create(builder, loc, pointer, place);
    if (allocates)
      return finish(call("weir_rt_run", i32, {kernel, arguments}));
    call("weir_rt_clear_error", none, {});
    LLVM::CallOp::create(builder, loc,
                         LLVM::LLVMFunctionType::get(none, {pointer}),
                         ValueRange{kernel, arguments});
    finish(constant(builder.getI32IntegerAttr(0)));
  }

  void emitLibraryFunctions(ArrayRef<std::string> variants, bool threads) {
    std::string lines;
    for (const std::string &variant : variants)
      lines += variant + "\n";
    LLVM::GlobalOp text = emitText("weir_rt_variants", lines);
    text.setLinkage(LLVM::Linkage::External);
    text.setVisibility_(LLVM::Visibility::Hidden);
    std::string base = (prefix + library).str();
    beginExported(base + "_last_error", pointer, {});
    finish(call("weir_rt_last_error", pointer, {}));
    LLVM::LLVMFuncOp setThreads =
        beginExported(base + "_set_threads", i32, {i32});
    finish(threads
               ? call("weir_rt_set_threads", i32, {setThreads.getArgument(0)})
               : constant(builder.getI32IntegerAttr(1)));
    LLVM::LLVMFuncOp setTarget =
        beginExported(base + "_set_target", i32, {pointer});
    finish(call("weir_rt_set_target", i32, {setTarget.getArgument(0)}));
    LLVM::LLVMFuncOp setStream =
        beginExported(base + "_set_stream", i32, {pointer});
    finish(call("weir_rt_set_stream", i32, {setStream.getArgument(0)}));
  }

private:
  Type getScalarType(const SlotABI &slot) {
    if (slot.code == 2)
      return slot.bits == 64 ? Type(builder.getF64Type())
                             : Type(builder.getF32Type());
    return slot.code == 6 ? builder.getI1Type()
                          : builder.getIntegerType(slot.bits);
  }

  std::string getPackedName(const FunctionABI &abi, int64_t variant) {
    std::string name = abi.name + ".packed";
    return variantCount == 1 ? name : name + "." + std::to_string(variant);
  }

  /// What users call runs on any x86-64: it finds out what else the machine
  /// can.
  LLVM::LLVMFuncOp beginExported(StringRef name, Type result,
                                 ArrayRef<Type> inputs) {
    LLVM::LLVMFuncOp function =
        begin(name, result, inputs, LLVM::Linkage::External);
    function.setTargetCpu("x86-64");
    function.setTargetFeaturesAttr(LLVM::TargetFeaturesAttr::get(
        builder.getContext(), ArrayRef<StringRef>{"+sse2"}));
    return function;
  }

  LLVM::LLVMFuncOp begin(StringRef name, Type result, ArrayRef<Type> inputs,
                         LLVM::Linkage linkage) {
    builder.setInsertionPointToEnd(module.getBody());
    auto function = LLVM::LLVMFuncOp::create(
        builder, loc, name, LLVM::LLVMFunctionType::get(result, inputs),
        linkage);
    builder.setInsertionPointToStart(function.addEntryBlock(builder));
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

  /// A function of this library, of this object or another.
  LLVM::LLVMFuncOp declare(StringRef name, LLVM::LLVMFunctionType type) {
    if (auto known = module.lookupSymbol<LLVM::LLVMFuncOp>(name))
      return known;
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    auto function = LLVM::LLVMFuncOp::create(builder, loc, name, type);
    function.setVisibility_(LLVM::Visibility::Hidden);
    return function;
  }

  Value call(StringRef name, Type result, ValueRange operands) {
    LLVM::LLVMFuncOp callee =
        declare(name, LLVM::LLVMFunctionType::get(
                          result, llvm::to_vector(operands.getTypes())));
    auto made = LLVM::CallOp::create(builder, loc, callee, operands);
    return made.getNumResults() ? made.getResult() : Value();
  }

  /// A variable of the runtime.
  LLVM::GlobalOp declareGlobal(StringRef name, Type type) {
    if (auto known = module.lookupSymbol<LLVM::GlobalOp>(name))
      return known;
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    auto global =
        LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/false,
                               LLVM::Linkage::External, name, Attribute());
    global.setVisibility_(LLVM::Visibility::Hidden);
    return global;
  }

  Value allocate(Type type, int64_t count) {
    return LLVM::AllocaOp::create(builder, loc, pointer, type,
                                  constant(builder.getI64IntegerAttr(count)));
  }

  LLVM::GlobalOp emitGlobal(const Twine &name, Type type, Attribute value) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    return LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/true,
                                  LLVM::Linkage::Internal, name.str(), value);
  }
  LLVM::GlobalOp emitText(const Twine &name, StringRef text) {
    std::string terminated = text.str() + '\0';
    return emitGlobal(
        name, LLVM::LLVMArrayType::get(builder.getI8Type(), terminated.size()),
        builder.getStringAttr(terminated));
  }
  /// The variants of a kernel, as the runtime wants them.
  LLVM::GlobalOp emitKernels(const FunctionABI &abi) {
    if (auto known = module.lookupSymbol<LLVM::GlobalOp>(abi.name + ".kernels"))
      return known;
    auto type = LLVM::LLVMArrayType::get(pointer, variantCount);
    LLVM::GlobalOp global =
        emitGlobal(abi.name + ".kernels", type, Attribute());
    OpBuilder::InsertionGuard guard(builder);
    builder.createBlock(&global.getInitializerRegion());
    Value array = LLVM::UndefOp::create(builder, loc, type);
    for (int64_t i = 0; i < variantCount; ++i) {
      LLVM::LLVMFuncOp kernel = declare(
          getPackedName(abi, i), LLVM::LLVMFunctionType::get(none, {pointer}));
      Value address = LLVM::AddressOfOp::create(builder, loc, kernel);
      array = LLVM::InsertValueOp::create(builder, loc, array, address, i);
    }
    LLVM::ReturnOp::create(builder, loc, array);
    return global;
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

  ModuleOp module;
  StringRef library, prefix;
  int64_t variantCount;
  OpBuilder builder;
  Location loc;
  LLVM::LLVMPointerType pointer;
  Type i32, none;
};

/// True when `function`, or one it calls, may ask the runtime for memory. What
/// is not known might.
bool allocates(LLVM::LLVMFuncOp function,
               llvm::SmallPtrSetImpl<Operation *> &visited) {
  if (!visited.insert(function).second)
    return false;
  ModuleOp module = function->getParentOfType<ModuleOp>();
  return function
      .walk([&](LLVM::CallOp call) {
        auto callee =
            call.getCallee()
                ? module.lookupSymbol<LLVM::LLVMFuncOp>(*call.getCallee())
                : LLVM::LLVMFuncOp();
        bool may = !callee ||
                   (callee.isExternal() ? callee.getSymName().contains("alloc")
                                        : allocates(callee, visited));
        return may ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

struct WeirEmitABI : weir::impl::WeirEmitABIBase<WeirEmitABI> {
  using WeirEmitABIBase::WeirEmitABIBase;
  void runOnOperation() override {
    ModuleOp module = getOperation();
    // Only the functions written here are seen from outside.
    for (auto function : module.getOps<LLVM::LLVMFuncOp>())
      if (!function.isExternal())
        function.setLinkage(LLVM::Linkage::Internal);
    // Without variants the code is all there is, and is taken to run anywhere.
    SmallVector<std::string> all(variants.begin(), variants.end());
    if (all.empty())
      all.push_back("any");
    Emitter emitter(module, library, prefix, all.size());
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
      llvm::SmallPtrSet<Operation *, 8> visited;
      emitter.emitPacked(kernel, abi, variant);
      if (variant == 0)
        // The code of other variants is not seen from here.
        emitter.emitFunction(abi, all.size() > 1 || allocates(kernel, visited));
    }
    if (variant == 0)
      emitter.emitLibraryFunctions(all, threads);
    for (auto function : module.getOps<LLVM::LLVMFuncOp>())
      function->removeAttr(WeirDialect::kABIAttrName);
  }
};

} // namespace
