//===- ScalarOps.h - elementwise ops on numbers -------------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_TEST_UNIT_ANALYSIS_SCALAROPS_H
#define WEIR_TEST_UNIT_ANALYSIS_SCALAROPS_H

#include "Row.h"

namespace weir::test {

/// The result of an elementwise op. Integers and conditions are whole numbers.
/// An op that is not known here is a failure of the test program.
Real evaluate(mlir::Operation *op, llvm::ArrayRef<Real> operands);

/// While one exists, results beyond the range of f64 are infinite or 0, as they
/// are in f64.
class RangeOfF64 {
public:
  RangeOfF64();
  ~RangeOfF64();
};

Real inRange(Real value);

} // namespace weir::test

#endif // WEIR_TEST_UNIT_ANALYSIS_SCALAROPS_H
