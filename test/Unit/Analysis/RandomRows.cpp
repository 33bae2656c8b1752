//===- RandomRows.cpp - rows that are hard on running states ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RandomRows.h"

#include <algorithm>
#include <numeric>

using namespace weir;
using namespace weir::test;

Real weir::test::uniformReal(Random &random, Real low, Real high) {
  return low + (high - low) * static_cast<Real>(random() >> 11) /
                   static_cast<Real>(1ull << 53);
}

size_t weir::test::uniformIndex(Random &random, size_t count) {
  return random() % count;
}

static Real makeScore(RowKind kind, Random &random) {
  Real score = uniformReal(random, -4, 4);
  switch (kind) {
  case RowKind::Raised:
    return 1e4 + score;
  case RowKind::Lowered:
    return -1e4 + score;
  case RowKind::Ties:
    return round(score / 3);
  case RowKind::Extremes:
    return copysign(80, score) + score / 100;
  case RowKind::Thousand:
    return copysign(1000, score) + score / 100;
  case RowKind::AllExcluded:
    return -kInfinity;
  case RowKind::Excluded:
    return uniformIndex(random, 3) ? score : -kInfinity;
  default:
    return score;
  }
}

Row weir::test::makeRow(FormulaOp formula, RowKind kind, Random &random) {
  size_t size = kind == RowKind::Single ? 1 : 2 + uniformIndex(random, 14);
  bool positive = random() & 1;
  Row row;
  row.length = 0;
  row.extent = static_cast<int64_t>(size);
  for (size_t i = 0; i < size; ++i) {
    bool masked = kind == RowKind::Excluded && uniformIndex(random, 4) == 0;
    row.mask.push_back(!masked);
    row.positions.push_back(static_cast<int64_t>(i));
    row.length += !masked;
  }
  bool isLarge = kind == RowKind::Raised || kind == RowKind::Lowered ||
                 kind == RowKind::Thousand;
  row.noise = isLarge ? 1e-11 : 1e-15;
  row.row = static_cast<int64_t>(uniformIndex(random, 100));
  for (unsigned a = 0; a < formula.getNumArguments(); ++a) {
    bool isUniform = formula.isUniformArgument(a);
    std::vector<Real> numbers(isUniform ? 1 : size);
    for (Real &number : numbers)
      number = !isUniform && a == formula.getScoreIndex()
                   ? makeScore(kind, random)
                   : uniformReal(random, positive || isUniform ? 0.1 : -2, 2);
    if (auto domain = formula.getArgAttrOfType<mlir::DenseF64ArrayAttr>(
            a, WeirDialect::kDomainAttrName))
      for (Real &number : numbers)
        number = std::clamp<Real>(number, domain[0], domain[1]);
    if (!formula.getArgumentTypes()[a].isF32())
      for (Real &number : numbers)
        number = static_cast<Real>(uniformIndex(random, size));
    row.arguments.push_back(std::move(numbers));
  }
  return row;
}
