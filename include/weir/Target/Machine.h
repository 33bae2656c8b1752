//===- Machine.h - what is known of the machine -----------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_TARGET_MACHINE_H
#define WEIR_TARGET_MACHINE_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <vector>

namespace llvm {
class TargetMachine;
} // namespace llvm

namespace weir {

/// An x86-64 to generate code for: instructions by feature bits, never by a
/// CPU's name.
struct Machine {
  std::string name;         // As the user wrote it.
  std::string cpu;          // LLVM's scheduling model and base features.
  std::string features;     // All features in LLVM's notation, "+avx2,...".
  int64_t vectorBits = 128; // Widest vectors worth using.
  int64_t unitBits = 0;     // Of the host's units, where these are narrower.
  /// What code for it needs beyond x86-64. The loader checks these, so code is
  /// never given a feature that the loader does not know of.
  std::vector<std::string> needs;
  /// Bytes that one core finds again in the first, second and last cache, GB/s
  /// that it moves to and from them and memory, GHz. Empty and 0 where nothing
  /// is known; only of the host the caches are.
  std::vector<int64_t> caches;
  std::vector<double> rates;
  double clock = 0;

  /// `name` is host, x86-64, x86-64-v2, -v3, -v4 or an LLVM CPU name. Fails
  /// with a message that lists what there is.
  static llvm::Expected<Machine> get(llvm::StringRef name);

  /// Machines for the variants of one library, the most capable first. Fails
  /// when a name is unknown or given twice.
  static llvm::Expected<std::vector<Machine>>
  getAll(llvm::ArrayRef<std::string> names);

  /// True when code for it may use AMX, which systems may refuse to permit.
  bool hasTiles() const;
  /// The same machine without AMX.
  Machine withoutTiles() const;

  /// `name` and `needs` as the runtime reads them: words on one line.
  std::string describe() const;

  /// An LLVM target machine for it; fails when LLVM has no x86 target.
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
  createTargetMachine() const;

  /// Writes the module attribute `weir.target` from which passes learn of the
  /// machine.
  void annotate(mlir::ModuleOp module) const;
};

} // namespace weir

#endif // WEIR_TARGET_MACHINE_H
