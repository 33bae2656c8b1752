//===- NpyFile.cpp - arrays in NumPy's file format ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NpyFile.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"

#include <optional>

using namespace weir;

namespace {
struct TypeName {
  const char *descr;
  int64_t code, bits;
};
constexpr TypeName kTypes[] = {{"<f4", 2, 32}, {"<f8", 2, 64}, {"<f2", 2, 16},
                               {"<V2", 4, 16}, {"|V2", 4, 16}, {"<i4", 0, 32},
                               {"<i8", 0, 64}, {"<i2", 0, 16}, {"|i1", 0, 8},
                               {"|b1", 6, 8}};
} // namespace

int64_t NpyArray::getElementCount() const {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

/// What stands after `key` in the header's dictionary, up to a character of
/// `ends`; nothing when the key is missing.
static std::optional<llvm::StringRef>
getField(llvm::StringRef header, llvm::StringRef key, llvm::StringRef ends) {
  size_t at = header.find(key);
  if (at == llvm::StringRef::npos)
    return std::nullopt;
  llvm::StringRef rest = header.substr(at + key.size()).ltrim(": ");
  return rest.take_until([&](char c) { return ends.contains(c); });
}

/// Reads "(3, 4". The parenthesis that closes is cut off already.
static bool parseShape(llvm::StringRef text,
                       llvm::SmallVectorImpl<int64_t> &shape) {
  if (!text.consume_front("("))
    return false;
  llvm::SmallVector<llvm::StringRef> parts;
  text.split(parts, ',');
  for (auto [i, part] : llvm::enumerate(parts)) {
    int64_t size;
    if (part.trim().empty() && i + 1 == parts.size())
      break; // After the last comma, or in ().
    if (part.trim().getAsInteger(10, size) || size < 0)
      return false;
    shape.push_back(size);
  }
  return true;
}

/// Reorders Fortran order to C order.
static void makeRowMajor(NpyArray &array) {
  int64_t bytes = array.bits / 8, count = array.getElementCount();
  std::vector<char> source = array.data;
  llvm::SmallVector<int64_t> index(array.shape.size(), 0);
  for (int64_t i = 0; i < count; ++i) {
    int64_t from = 0, step = 1;
    for (size_t d = 0; d < index.size(); ++d) {
      from += index[d] * step;
      step *= array.shape[d];
    }
    std::copy_n(source.begin() + from * bytes, bytes,
                array.data.begin() + i * bytes);
    for (size_t d = index.size(); d-- > 0;) {
      if (++index[d] < array.shape[d])
        break;
      index[d] = 0;
    }
  }
}

/// Reads type, shape and order from the header's dictionary.
static llvm::Error readHeader(llvm::StringRef header, NpyArray &array,
                              bool &isFortran) {
  auto descr = getField(header, "'descr'", "}");
  if (!descr)
    return llvm::createStringError("has a header without a type");
  if (descr->starts_with("["))
    return llvm::createStringError(
        "has records as elements; an array of plain numbers is needed");
  llvm::StringRef name =
      descr->take_until([](char c) { return c == ','; }).trim(" '");
  for (const TypeName &type : kTypes)
    if (name == type.descr)
      std::tie(array.code, array.bits) = std::pair(type.code, type.bits);
  if (name.starts_with(">"))
    return llvm::createStringError("has big-endian elements ('" + name +
                                   "'); little-endian ones are needed");
  if (!array.bits)
    return llvm::createStringError(
        "has elements of type '" + name +
        "'; f2, f4, f8, i1, i2, i4, i8, b1 and bfloat16 can be read");
  auto shape = getField(header, "'shape'", ")");
  if (!shape || !parseShape(*shape, array.shape))
    return llvm::createStringError("has a header without a shape");
  auto order = getField(header, "'fortran_order'", ",}");
  if (!order || (order->trim() != "True" && order->trim() != "False"))
    return llvm::createStringError("has a header without an order of elements");
  isFortran = order->trim() == "True";
  return llvm::Error::success();
}

llvm::Expected<NpyArray> weir::readNpy(llvm::StringRef path) {
  auto fail = [&](const llvm::Twine &why) {
    return llvm::createStringError("'" + path + "': " + why);
  };
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                          /*RequiresNullTerminator=*/false);
  if (!file)
    return fail(file.getError().message());
  llvm::StringRef text = (*file)->getBuffer();
  if (!text.consume_front("\x93NUMPY"))
    return fail("is not a .npy file");
  char version = text.empty() ? 0 : text[0];
  if (version < 1 || version > 3)
    return fail("has version " + llvm::Twine(int(version)) +
                " of the .npy format; 1, 2 and 3 can be read");
  size_t begin =
      version == 1 ? 4 : 6; // Two bytes of version, then the header's length.
  if (text.size() < begin)
    return fail("ends within its header");
  size_t length = version == 1
                      ? llvm::support::endian::read16le(text.data() + 2)
                      : llvm::support::endian::read32le(text.data() + 2);
  if (length > text.size() - begin)
    return fail("ends within its header");
  NpyArray array;
  bool isFortran = false;
  if (llvm::Error error =
          readHeader(text.substr(begin, length), array, isFortran))
    return fail(llvm::toString(std::move(error)));
  int64_t bytes = array.bits / 8;
  for (int64_t size : array.shape)
    if (__builtin_mul_overflow(bytes, size, &bytes))
      return fail("has a shape that no memory holds");
  llvm::StringRef data = text.substr(begin + length);
  if (static_cast<int64_t>(data.size()) < bytes)
    return fail("ends before its last element");
  array.data.assign(data.begin(), data.begin() + bytes);
  if (isFortran)
    makeRowMajor(array);
  return array;
}

std::string weir::encodeNpy(const NpyArray &array) {
  std::string descr, shape;
  for (const TypeName &type : llvm::reverse(kTypes))
    if (type.code == array.code && type.bits == array.bits)
      descr = type.descr;
  for (int64_t size : array.shape)
    shape += std::to_string(size) + ",";
  std::string header =
      llvm::formatv(
          "{{'descr': '{0}', 'fortran_order': False, 'shape': ({1}), }", descr,
          shape)
          .str();
  header.append(63 - (header.size() + 10) % 64, ' ');
  header += '\n';
  std::string text = "\x93NUMPY";
  text += {'\1', '\0', static_cast<char>(header.size() & 255),
           static_cast<char>(header.size() >> 8)};
  text += header;
  text.append(array.data.data(), array.data.size());
  return text;
}
