//===- FunctionABI.h - what a public function looks like from C -*- C++ -*-
//===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_TARGET_FUNCTIONABI_H
#define WEIR_TARGET_FUNCTIONABI_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Types.h"
#include "mlir/Support/LLVM.h"

#include <string>

namespace weir {

/// One argument or result of a public function. Results come after all
/// arguments.
struct SlotABI {
  enum Kind { Scalar = 0, Argument = 1, Result = 2 };
  Kind kind;
  int64_t code, bits; // DLPack's.
  /// Of a tensor: a size, or -1 - k for symbol k.
  llvm::SmallVector<int64_t> sizes;
  /// Of a result: bit i is set when it may be exactly the memory of argument i.
  uint64_t mayBe = 0;
};

/// The C face of one public function. Its encoded form is the table that the
/// runtime reads, kept on the kernel as the attribute `weir.abi`.
struct FunctionABI {
  std::string name;
  int64_t symbols = 0;
  llvm::SmallVector<SlotABI> slots;
  /// Pairs of sizes, given like those of slots: the first must be a multiple of
  /// the second. Their symbols are some slot's.
  llvm::SmallVector<std::pair<int64_t, int64_t>> multiples;

  llvm::SmallVector<int64_t> encode() const;
  static FunctionABI decode(llvm::StringRef name,
                            llvm::ArrayRef<int64_t> table);
  mlir::Attribute toAttribute(mlir::MLIRContext *context) const;
  static FunctionABI fromAttribute(mlir::DictionaryAttr attr);
};

/// DLPack's type code and bits for an element or scalar type; fails for types
/// the ABI has no name for. i1 is code 6 with 8 bits; index is int64.
mlir::FailureOr<std::pair<int64_t, int64_t>> getDLPackType(mlir::Type type);

/// The text of the header that declares `functions`, compiled for `variants`
/// (as Machine::describe).
std::string writeHeader(llvm::ArrayRef<FunctionABI> functions,
                        llvm::ArrayRef<std::string> variants,
                        llvm::StringRef library, llvm::StringRef prefix);

/// Why a library cannot export a function called `name`; empty when it can.
std::string explainUnusableName(llvm::StringRef name);

/// The functions that every library exports besides the compiled ones, less the
/// library's name.
constexpr llvm::StringLiteral kOwnFunctions[] = {"_last_error", "_set_threads",
                                                 "_set_stream", "_set_target"};

/// `name` as a C identifier.
std::string toIdentifier(llvm::StringRef name);

} // namespace weir

#endif // WEIR_TARGET_FUNCTIONABI_H
