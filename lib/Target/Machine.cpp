//===- Machine.cpp - what is known of the machine ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Target/Machine.h"

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/IR/Builders.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"

using namespace mlir;
using namespace weir;

static constexpr const char *kTriple = "x86_64-unknown-linux-gnu";

static llvm::Expected<const llvm::Target *> getX86() {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  std::string error;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(llvm::Triple(kTriple), error);
  if (!target)
    return llvm::createStringError(error);
  return target;
}

/// The features that `info` has switched on, as LLVM writes them.
static std::string listFeatures(const llvm::MCSubtargetInfo &info) {
  std::string features;
  for (const llvm::SubtargetFeatureKV &feature :
       info.getEnabledProcessorFeatures())
    features += (features.empty() ? "+" : ",+") + std::string(feature.Key);
  return features;
}

static int64_t chooseVectorBits(StringRef features) {
  SmallVector<StringRef> list;
  features.split(list, ',');
  auto has = [&](StringRef name) { return llvm::is_contained(list, name); };
  if (has("+avx512f") && has("+avx512vl") && has("+avx512bw") &&
      has("+avx512dq"))
    return 512;
  return has("+avx2") && has("+fma") ? 256 : 128;
}

llvm::Expected<Machine> Machine::get(StringRef name) {
  auto target = getX86();
  if (!target)
    return target.takeError();
  std::string features;
  Machine machine{name.str(), "", 128};
  if (name == "host") {
    // The name of a virtual machine's CPU says little; its feature bits are
    // right.
    machine.cpu = "x86-64";
    for (auto &feature : llvm::sys::getHostCPUFeatures())
      features += (features.empty() ? "" : ",") +
                  std::string(feature.second ? "+" : "-") +
                  feature.first().str();
  }
  std::unique_ptr<llvm::MCSubtargetInfo> generic(
      (*target)->createMCSubtargetInfo(llvm::Triple(kTriple), "x86-64", ""));
  if (!generic->isCPUStringValid(machine.cpu))
    return llvm::createStringError("unknown target '" + name +
                                   "'; use host, x86-64, x86-64-v2, x86-64-v3, "
                                   "x86-64-v4 or a CPU that LLVM knows");
  std::unique_ptr<llvm::MCSubtargetInfo> info((*target)->createMCSubtargetInfo(
      llvm::Triple(kTriple), machine.cpu, features));
  if (!info->checkFeatures("+64bit"))
    return llvm::createStringError(
        "the target '" + name +
        "' has no 64-bit mode, which weir's code needs");
  machine.features = listFeatures(*info);
  machine.vectorBits = chooseVectorBits(machine.features);
  return machine;
}

llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
Machine::createTargetMachine() const {
  auto target = getX86();
  if (!target)
    return target.takeError();
  llvm::TargetOptions options;
  return std::unique_ptr<llvm::TargetMachine>((*target)->createTargetMachine(
      llvm::Triple(kTriple), cpu, features, options, llvm::Reloc::PIC_,
      std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

void Machine::annotate(ModuleOp module) const {
  Builder builder(module.getContext());
  module->setAttr(
      WeirDialect::kTargetAttrName,
      builder.getDictionaryAttr(
          {builder.getNamedAttr("features", builder.getStringAttr(features)),
           builder.getNamedAttr("vector_bits",
                                builder.getI64IntegerAttr(vectorBits))}));
}
