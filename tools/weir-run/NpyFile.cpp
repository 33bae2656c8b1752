//===- NpyFile.cpp - arrays in NumPy's file format ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NpyFile.h"

#include "weir/Target/Output.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"

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

/// The text between `key` and the next character of `ends` in the header's
/// dictionary.
static llvm::StringRef getField(llvm::StringRef header, llvm::StringRef key,
                                llvm::StringRef ends) {
  size_t at = header.find(key);
  if (at == llvm::StringRef::npos)
    return {};
  llvm::StringRef rest = header.substr(at + key.size()).ltrim(": ");
  return rest.take_until([&](char c) { return ends.contains(c); });
}

static bool parseShape(llvm::StringRef text,
                       llvm::SmallVectorImpl<int64_t> &shape) {
  llvm::SmallVector<llvm::StringRef> parts;
  text.split(parts, ',', -1, /*KeepEmpty=*/false);
  for (llvm::StringRef part : parts) {
    int64_t size;
    if (part.trim().empty())
      continue;
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

llvm::Expected<NpyArray> weir::readNpy(llvm::StringRef path) {
  auto fail = [&](const llvm::Twine &why) {
    return llvm::createStringError("'" + path + "': " + why);
  };
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                          /*RequiresNullTerminator=*/false);
  if (!file)
    return fail(file.getError().message());
  llvm::StringRef text = (*file)->getBuffer();
  if (text.size() < 12 || !text.starts_with("\x93NUMPY"))
    return fail("is not a .npy file");
  bool version1 = text[6] == 1;
  size_t begin = version1 ? 10 : 12;
  size_t length = version1 ? llvm::support::endian::read16le(text.data() + 8)
                           : llvm::support::endian::read32le(text.data() + 8);
  if (begin + length > text.size())
    return fail("ends within its header");
  llvm::StringRef header = text.substr(begin, length);
  llvm::StringRef descr = getField(header, "'descr'", ",}").trim(" '");
  NpyArray array;
  for (const TypeName &type : kTypes)
    if (descr == type.descr) {
      array.code = type.code;
      array.bits = type.bits;
    }
  if (!array.bits)
    return fail("has elements of type '" + descr +
                "'; f2, f4, f8, i1, i2, i4, i8, b1 and bfloat16 can be read");
  if (!parseShape(getField(header, "'shape'", ")").ltrim("("), array.shape))
    return fail("has a header without a shape");
  int64_t bytes = array.bits / 8;
  for (int64_t size : array.shape)
    if (__builtin_mul_overflow(bytes, size, &bytes))
      return fail("has a shape that no memory holds");
  llvm::StringRef data = text.substr(begin + length);
  if (static_cast<int64_t>(data.size()) < bytes)
    return fail("ends before its last element");
  array.data.assign(data.begin(), data.begin() + bytes);
  if (getField(header, "'fortran_order'", ",}").trim() == "True")
    makeRowMajor(array);
  return array;
}

llvm::Error weir::writeNpy(llvm::StringRef path, const NpyArray &array) {
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
  return writeFile(path, [&](llvm::raw_pwrite_stream &os) {
    os << "\x93NUMPY" << '\1' << '\0' << static_cast<char>(header.size() & 255)
       << static_cast<char>(header.size() >> 8) << header;
    os.write(array.data.data(), array.data.size());
    return llvm::Error::success();
  });
}
