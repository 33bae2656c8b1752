//===- PlainCall.cpp - the way of nearly every call ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlainCall.h"

#include <dlpack/dlpack.h>

#include <cstddef>

using namespace mlir;
using namespace weir;

using Predicate = LLVM::ICmpPredicate;

// Rank and type are compared as one number.
static_assert(offsetof(DLTensor, dtype) == offsetof(DLTensor, ndim) + 4 &&
              sizeof(DLDataType) == 4);

/// Words of a memref descriptor: two pointers, offset, sizes, strides.
static int64_t getDescriptorWords(const SlotABI &slot) {
  return 3 + 2 * static_cast<int64_t>(slot.sizes.size());
}

static int64_t getRankAndType(const SlotABI &slot) {
  return static_cast<int64_t>(slot.sizes.size()) | slot.code << 32 |
         slot.bits << 40 | int64_t(1) << 48; // One lane.
}

PlainCall::PlainCall(OpBuilder &builder, Location loc, const FunctionABI &abi)
    : builder(builder), loc(loc), abi(abi), i64(builder.getI64Type()),
      pointer(LLVM::LLVMPointerType::get(builder.getContext())),
      symbols(abi.symbols) {}

bool PlainCall::isWorthwhile(const FunctionABI &abi) {
  int64_t words = 0;
  for (const SlotABI &slot : abi.slots)
    words += slot.kind == SlotABI::Scalar ? 0 : getDescriptorWords(slot);
  return abi.slots.size() <= 12 && words <= 128;
}

Value PlainCall::emit(ValueRange slots, Block *careful) {
  auto allocate = [&](Type type, int64_t count) -> Value {
    return LLVM::AllocaOp::create(builder, loc, pointer, type,
                                  constant(std::max<int64_t>(count, 1)));
  };
  Value arguments = allocate(pointer, slots.size());
  SmallVector<Tensor> tensors;
  for (auto [i, slot] : llvm::enumerate(abi.slots)) {
    Value argument = slots[i];
    if (slot.kind != SlotABI::Scalar) {
      argument = allocate(i64, getDescriptorWords(slot));
      tensors.push_back({slot, slots[i], Value(), argument});
    }
    store(argument, arguments, i);
  }
  requirePresent(tensors, careful);
  requireTypes(tensors, careful);
  unusual = Value();
  SmallVector<Extent> extents;
  for (const Tensor &tensor : tensors)
    extents.push_back(emitMemory(tensor, emitElements(tensor)));
  requireMultiples();
  requireApart(extents);
  if (unusual) {
    Value no = LLVM::ConstantOp::create(builder, loc, builder.getI1Type(),
                                        builder.getBoolAttr(false));
    require(compare(Predicate::eq, unusual, no), careful);
  }
  return arguments;
}

void PlainCall::requirePresent(ArrayRef<Tensor> tensors, Block *careful) {
  Value null = LLVM::ZeroOp::create(builder, loc, pointer);
  for (const Tensor &tensor : tensors)
    require(compare(Predicate::ne, tensor.given, null), careful);
}

/// Device, rank, type, and that there is a shape to read.
void PlainCall::requireTypes(MutableArrayRef<Tensor> tensors, Block *careful) {
  Value null = LLVM::ZeroOp::create(builder, loc, pointer);
  for (Tensor &tensor : tensors) {
    Value device = load(builder.getI32Type(), tensor.given,
                        offsetof(DLTensor, device.device_type));
    Value cpu = LLVM::ConstantOp::create(builder, loc, builder.getI32Type(),
                                         builder.getI32IntegerAttr(kDLCPU));
    require(compare(Predicate::eq, device, cpu), careful);
    Value word = load(i64, tensor.given, offsetof(DLTensor, ndim));
    require(
        compare(Predicate::eq, word, constant(getRankAndType(tensor.wanted))),
        careful);
    tensor.shape = load(pointer, tensor.given, offsetof(DLTensor, shape));
    if (!tensor.wanted.sizes.empty())
      require(compare(Predicate::ne, tensor.shape, null), careful);
  }
}

/// The number of elements. Notes sizes that are not positive or not as wanted,
/// and strides that are not compact.
Value PlainCall::emitElements(const Tensor &tensor) {
  int64_t rank = tensor.wanted.sizes.size();
  Value one = constant(1), elements = one;
  for (int64_t dim = rank - 1; dim >= 0; --dim) {
    int64_t want = tensor.wanted.sizes[dim];
    Value size = load(i64, tensor.shape, 8 * dim);
    if (want >= 0) {
      note(compare(Predicate::ne, size, constant(want)));
      size = constant(want);
    } else if (Value &symbol = symbols[-1 - want]) {
      note(compare(Predicate::ne, size, symbol));
      size = symbol;
    } else {
      symbol = size;
    }
    note(compare(Predicate::sle, size, constant(0)));
    store(size, tensor.words, 3 + dim);
    store(elements, tensor.words, 3 + rank + dim);
    auto pair = LLVM::LLVMStructType::getLiteral(builder.getContext(),
                                                 {i64, builder.getI1Type()});
    Value product =
        LLVM::SMulWithOverflowOp::create(builder, loc, pair, elements, size);
    note(LLVM::ExtractValueOp::create(builder, loc, product, 1));
    elements = LLVM::ExtractValueOp::create(builder, loc, product, 0);
  }
  // Strides that are not given are those that were stored.
  if (rank > 0) {
    Value given = load(pointer, tensor.given, offsetof(DLTensor, strides));
    Value null = LLVM::ZeroOp::create(builder, loc, pointer);
    Value compact = LLVM::GEPOp::create(
        builder, loc, pointer, i64, tensor.words,
        ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(3 + rank)});
    Value strides = LLVM::SelectOp::create(
        builder, loc, compare(Predicate::eq, given, null), compact, given);
    for (int64_t dim = 0; dim < rank; ++dim) {
      Value differs = compare(Predicate::ne, load(i64, strides, 8 * dim),
                              load(i64, compact, 8 * dim));
      Value size = load(i64, tensor.words, 8 * (3 + dim));
      Value matters = compare(Predicate::ne, size, one);
      note(LLVM::AndOp::create(builder, loc, differs, matters));
    }
  }
  return elements;
}

/// Where the elements lie. Notes memory that is missing, not aligned, or not
/// within the lower 2^56 bytes, where that of a process is.
PlainCall::Extent PlainCall::emitMemory(const Tensor &tensor, Value elements) {
  int64_t bytes = tensor.wanted.bits / 8;
  Value data = load(i64, tensor.given, offsetof(DLTensor, data));
  Value offset = load(i64, tensor.given, offsetof(DLTensor, byte_offset));
  note(compare(Predicate::eq, data, constant(0)));
  // More elements than 2^56 are seen before they are multiplied.
  Value size = LLVM::MulOp::create(builder, loc, elements, constant(bytes));
  Value all = LLVM::OrOp::create(builder, loc, data, offset);
  all = LLVM::OrOp::create(builder, loc, all, elements);
  all = LLVM::OrOp::create(builder, loc, all, size);
  Value high = LLVM::LShrOp::create(builder, loc, all, constant(56));
  note(compare(Predicate::ne, high, constant(0)));
  Value low = LLVM::AddOp::create(builder, loc, data, offset);
  Value rest = LLVM::AndOp::create(builder, loc, low, constant(bytes - 1));
  note(compare(Predicate::ne, rest, constant(0)));
  store(low, tensor.words, 0);
  store(low, tensor.words, 1);
  store(constant(0), tensor.words, 2);
  return {low, LLVM::AddOp::create(builder, loc, low, size),
          tensor.wanted.kind == SlotABI::Result};
}

/// A size of 0 is unusual already, and only must not be divided by.
void PlainCall::requireMultiples() {
  auto get = [&](int64_t size) {
    return size >= 0 ? constant(size) : symbols[-1 - size];
  };
  for (auto [size, of] : abi.multiples) {
    Value divisor = LLVM::UMaxOp::create(builder, loc, get(of), constant(1));
    Value left = LLVM::URemOp::create(builder, loc, get(size), divisor);
    note(compare(Predicate::ne, left, constant(0)));
  }
}

void PlainCall::requireApart(ArrayRef<Extent> extents) {
  for (auto [i, a] : llvm::enumerate(extents))
    for (const Extent &b : extents.take_front(i)) {
      if (!a.isResult && !b.isResult)
        continue;
      Value before = compare(Predicate::ult, a.low, b.high);
      Value after = compare(Predicate::ult, b.low, a.high);
      note(LLVM::AndOp::create(builder, loc, before, after));
    }
}

void PlainCall::require(Value good, Block *careful) {
  Block *next = builder.createBlock(builder.getInsertionBlock()->getParent(),
                                    Region::iterator(careful));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(next->getPrevNode());
  LLVM::CondBrOp::create(builder, loc, good, next, careful);
}

Value PlainCall::constant(int64_t value) {
  return LLVM::ConstantOp::create(builder, loc, i64,
                                  builder.getI64IntegerAttr(value));
}

Value PlainCall::load(Type type, Value base, int64_t byte) {
  Value address =
      LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), base,
                          ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(byte)});
  return LLVM::LoadOp::create(builder, loc, type, address);
}

void PlainCall::store(Value value, Value base, int64_t word) {
  Value address =
      LLVM::GEPOp::create(builder, loc, pointer, i64, base,
                          ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(word)});
  LLVM::StoreOp::create(builder, loc, value, address);
}

Value PlainCall::compare(Predicate predicate, Value a, Value b) {
  return LLVM::ICmpOp::create(builder, loc, predicate, a, b);
}

void PlainCall::note(Value condition) {
  unusual =
      unusual ? LLVM::OrOp::create(builder, loc, unusual, condition).getResult()
              : condition;
}
