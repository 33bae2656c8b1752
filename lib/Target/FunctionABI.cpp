//===- FunctionABI.cpp - what a public function looks like from C ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Target/FunctionABI.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace weir;

SmallVector<int64_t> FunctionABI::encode() const {
  SmallVector<int64_t> table = {static_cast<int64_t>(slots.size()), symbols};
  for (const SlotABI &slot : slots) {
    table.append({slot.kind, slot.code, slot.bits});
    if (slot.kind == SlotABI::Scalar)
      continue;
    table.append({static_cast<int64_t>(slot.sizes.size()),
                  static_cast<int64_t>(slot.mayBe)});
    table.append(slot.sizes);
  }
  table.push_back(multiples.size());
  for (auto [size, of] : multiples)
    table.append({size, of});
  return table;
}

FunctionABI FunctionABI::decode(StringRef name, ArrayRef<int64_t> table) {
  FunctionABI abi;
  abi.name = name.str();
  abi.symbols = table[1];
  size_t at = 2;
  for (int64_t i = 0; i < table[0]; ++i) {
    SlotABI slot{static_cast<SlotABI::Kind>(table[at]),
                 table[at + 1],
                 table[at + 2],
                 {},
                 0};
    at += 3;
    if (slot.kind != SlotABI::Scalar) {
      slot.mayBe = static_cast<uint64_t>(table[at + 1]);
      slot.sizes.assign(table.begin() + at + 2,
                        table.begin() + at + 2 + table[at]);
      at += 2 + slot.sizes.size();
    }
    abi.slots.push_back(slot);
  }
  for (++at; at < table.size(); at += 2)
    abi.multiples.push_back({table[at], table[at + 1]});
  return abi;
}

Attribute FunctionABI::toAttribute(MLIRContext *context) const {
  Builder builder(context);
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("name", builder.getStringAttr(name)),
       builder.getNamedAttr("table", builder.getDenseI64ArrayAttr(encode()))});
}

FunctionABI FunctionABI::fromAttribute(DictionaryAttr attr) {
  return decode(attr.getAs<StringAttr>("name").getValue(),
                attr.getAs<DenseI64ArrayAttr>("table").asArrayRef());
}

FailureOr<std::pair<int64_t, int64_t>> weir::getDLPackType(Type type) {
  enum { Int = 0, Float = 2, BFloat = 4, Bool = 6 };
  if (type.isIndex())
    return std::pair<int64_t, int64_t>(Int, 64);
  if (type.isBF16())
    return std::pair<int64_t, int64_t>(BFloat, 16);
  if (type.isF16() || type.isF32() || type.isF64())
    return std::pair<int64_t, int64_t>(Float, type.getIntOrFloatBitWidth());
  if (type.isSignlessInteger(1))
    return std::pair<int64_t, int64_t>(Bool, 8);
  for (unsigned bits : {8, 16, 32, 64})
    if (type.isSignlessInteger(bits))
      return std::pair<int64_t, int64_t>(Int, bits);
  return failure();
}
