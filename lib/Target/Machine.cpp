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
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/TargetParser/X86TargetParser.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

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

/// True for features that a loader can check.
static bool isChecked(StringRef feature) {
  static constexpr StringLiteral known[] = {
#define WEIR_X86_FEATURE(name, leaf, subleaf, reg, bit, state) name,
#include "weir/Runtime/X86Features.def"
  };
  return llvm::is_contained(known, feature);
}

/// The host's features that code may use.
static std::string getHostFeatures() {
  std::string features;
  for (auto &feature : llvm::sys::getHostCPUFeatures())
    if (feature.second && isChecked(feature.first()))
      features += (features.empty() ? "+" : ",+") + feature.first().str();
  return features;
}

/// Takes from a CPU the features that no loader checks.
static std::string getWithheldFeatures(StringRef cpu) {
  SmallVector<StringRef> own, base;
  llvm::X86::getFeaturesForCPU(cpu, own);
  llvm::X86::getFeaturesForCPU("x86-64", base);
  std::string features;
  for (StringRef feature : own)
    if (!isChecked(feature) && !llvm::is_contained(base, feature) &&
        feature != "sse2" && feature != "64bit")
      features += (features.empty() ? "-" : ",-") + feature.str();
  return features;
}

/// True where the host says that its units work on 128 bits at once: AMD's
/// processors do (FP128 and not FP256), so that vectors of AVX take two turns.
static bool hasHalfUnits() {
#if defined(__x86_64__)
  constexpr unsigned kLeaf = 0x8000001A, kFP128 = 1 << 0, kFP256 = 1 << 2;
  unsigned eax, ebx, ecx, edx;
  return __get_cpuid(kLeaf, &eax, &ebx, &ecx, &edx) && (eax & kFP128) &&
         !(eax & kFP256);
#else
  return false;
#endif
}

/// What the system says of a data cache of the host, 0 when nothing. Index 1 is
/// the instructions' cache.
static int64_t readCacheSize(int index) {
  auto text = llvm::MemoryBuffer::getFileAsStream(
      "/sys/devices/system/cpu/cpu0/cache/index" + Twine(index) + "/size");
  int64_t kilobytes = 0;
  StringRef digits = text ? (*text)->getBuffer().trim() : StringRef();
  if (!digits.consume_back("K") || digits.getAsInteger(10, kilobytes))
    return 0;
  return kilobytes << 10;
}

/// A last-level cache serves many cores. No core has been seen to find more
/// than 48 MiB again at its speed.
static std::vector<int64_t> getHostCaches() {
  constexpr int64_t kMostOfLast = int64_t(48) << 20;
  int64_t first = readCacheSize(0), second = readCacheSize(2),
          last = std::min(readCacheSize(3), kMostOfLast);
  if (first == 0 || second < first || last < second)
    return {};
  return {first, second, last};
}

llvm::Expected<Machine> Machine::get(StringRef name) {
  auto target = getX86();
  if (!target)
    return target.takeError();
  Machine machine;
  machine.name = machine.cpu = name.str();
  std::string features;
  if (name == "host") {
    // The name of a virtual machine's CPU says little; its feature bits are
    // right.
    machine.cpu = "x86-64";
    features = getHostFeatures();
    machine.caches = getHostCaches();
  } else if (llvm::X86::parseArchX86(name, /*Only64Bit=*/false) ==
             llvm::X86::CK_None) {
    return llvm::createStringError("unknown target '" + name +
                                   "'; use host, x86-64, x86-64-v2, x86-64-v3, "
                                   "x86-64-v4 or a CPU that LLVM knows");
  } else {
    features = getWithheldFeatures(name);
  }
  std::unique_ptr<llvm::MCSubtargetInfo> info((*target)->createMCSubtargetInfo(
      llvm::Triple(kTriple), machine.cpu, features));
  if (!info->checkFeatures("+64bit"))
    return llvm::createStringError(
        "the target '" + name +
        "' has no 64-bit mode, which weir's code needs");
  machine.features = listFeatures(*info);
  machine.vectorBits = chooseVectorBits(machine.features);
  if (name == "host" && machine.vectorBits == 256 && hasHalfUnits())
    machine.unitBits = 128;
  for (const llvm::SubtargetFeatureKV &feature :
       info->getEnabledProcessorFeatures())
    if (isChecked(feature.Key))
      machine.needs.push_back(feature.Key);
  if (name != "host" && !features.empty())
    machine.features += "," + features;
  return machine;
}

static bool isMoreCapable(const Machine &a, const Machine &b) {
  return std::make_pair(a.vectorBits, a.needs.size()) >
         std::make_pair(b.vectorBits, b.needs.size());
}

llvm::Expected<std::vector<Machine>>
Machine::getAll(ArrayRef<std::string> names) {
  std::vector<Machine> machines;
  for (const std::string &name : names) {
    if (llvm::any_of(machines, [&](Machine &m) { return m.name == name; }))
      return llvm::createStringError("the target '" + name +
                                     "' is given twice");
    auto machine = get(name);
    if (!machine)
      return machine.takeError();
    auto place = llvm::upper_bound(machines, *machine, isMoreCapable);
    machines.insert(place, std::move(*machine));
  }
  return machines;
}

static constexpr StringLiteral kTiles = "amx-";

bool Machine::hasTiles() const {
  return llvm::any_of(needs,
                      [](StringRef need) { return need.starts_with(kTiles); });
}

Machine Machine::withoutTiles() const {
  Machine machine = *this;
  llvm::erase_if(machine.needs,
                 [](StringRef need) { return need.starts_with(kTiles); });
  // A CPU's own features must be taken from it by name.
  for (size_t at = 0;
       (at = machine.features.find("+amx-", at)) != std::string::npos;)
    machine.features[at] = '-';
  return machine;
}

std::string Machine::describe() const {
  std::string words = name;
  for (const std::string &need : needs)
    words += " " + need;
  return words;
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
  NamedAttrList target;
  target.append("features", builder.getStringAttr(features));
  target.append("vector_bits", builder.getI64IntegerAttr(vectorBits));
  if (unitBits > 0)
    target.append("unit_bits", builder.getI64IntegerAttr(unitBits));
  if (!caches.empty())
    target.append("caches", builder.getDenseI64ArrayAttr(caches));
  if (!rates.empty())
    target.append("rates", builder.getDenseF64ArrayAttr(rates));
  if (clock > 0)
    target.append("clock", builder.getF64FloatAttr(clock));
  module->setAttr(WeirDialect::kTargetAttrName,
                  target.getDictionary(module.getContext()));
}
