//===- NpyFile.h - arrays in NumPy's file format -------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_TOOLS_WEIRRUN_NPYFILE_H
#define WEIR_TOOLS_WEIRRUN_NPYFILE_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

/// An array with DLPack's name for its type. Data is compact and row-major.
struct NpyArray {
  int64_t code = 0, bits = 0;
  llvm::SmallVector<int64_t> shape;
  std::vector<char> data;

  int64_t getElementCount() const;
};

/// Reads a version 1, 2 or 3 file, little-endian, in C or Fortran order. `<V2`
/// is what NumPy writes for ml_dtypes' bfloat16. Fails with a message that
/// names the file.
llvm::Expected<NpyArray> readNpy(llvm::StringRef path);

/// The bytes of a version 1 file.
std::string encodeNpy(const NpyArray &array);

} // namespace weir

#endif // WEIR_TOOLS_WEIRRUN_NPYFILE_H
