//===- Header.cpp - the header beside a generated library ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Target/FunctionABI.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace weir;

static std::string getTypeName(const SlotABI &slot) {
  const char *kind = slot.code == 0   ? "int"
                     : slot.code == 2 ? "float"
                     : slot.code == 4 ? "bfloat"
                                      : "bool";
  return slot.code == 6 ? "bool (DLPack code 6, 8 bits)"
                        : llvm::formatv("{0}{1}", kind, slot.bits).str();
}

static std::string getScalarType(const SlotABI &slot) {
  if (slot.code == 2)
    return slot.bits == 64 ? "double" : "float";
  return slot.code == 6 ? "bool" : llvm::formatv("int{0}_t", slot.bits).str();
}

static std::string getSize(int64_t size) {
  return size >= 0 ? std::to_string(size) : "n" + std::to_string(-1 - size);
}

static std::string getShape(const SlotABI &slot) {
  std::string shape = "[";
  for (auto [i, size] : llvm::enumerate(slot.sizes))
    shape += (i ? ", " : "") + getSize(size);
  return shape + "]";
}

static void writeFunction(llvm::raw_ostream &os, const FunctionABI &function,
                          llvm::StringRef prefix) {
  std::string parameters;
  unsigned results = 0;
  os << "/* " << function.name << "\n";
  for (auto [i, slot] : llvm::enumerate(function.slots)) {
    bool isResult = slot.kind == SlotABI::Result;
    std::string name = (isResult ? "result" : "arg") +
                       std::to_string(isResult ? results++ : i);
    os << " *   " << name << ": " << getTypeName(slot);
    if (slot.kind != SlotABI::Scalar)
      os << " " << getShape(slot);
    for (unsigned arg = 0; arg < 64; ++arg)
      if (slot.mayBe >> arg & 1)
        os << "; may be exactly arg" << arg << "'s memory";
    os << "\n";
    parameters += parameters.empty() ? "" : ", ";
    parameters += slot.kind == SlotABI::Scalar
                      ? getScalarType(slot) + " " + name
                  : isResult ? "DLTensor *" + name
                             : "const DLTensor *" + name;
  }
  for (auto [size, of] : function.multiples)
    os << " *   " << getSize(size) << " must be a multiple of " << getSize(of)
       << "\n";
  os << " */\nint32_t " << prefix << function.name << "("
     << (parameters.empty() ? "void" : parameters) << ");\n\n";
}

/// The variants and the instructions each needs, in lines of readable length.
static void writeVariants(llvm::raw_ostream &os,
                          llvm::ArrayRef<std::string> variants) {
  os << "/* Compiled for the targets below. The first whose instructions the "
        "machine has runs; where it has none's, every\n"
        " * call returns 10.\n";
  for (llvm::StringRef variant : variants) {
    llvm::SmallVector<llvm::StringRef> words;
    variant.split(words, ' ');
    std::string line = (" *   " + words[0] + ":").str();
    for (llvm::StringRef word : llvm::drop_begin(words)) {
      if (line.size() + word.size() > 110) {
        os << line << "\n";
        line = " *    ";
      }
      line += " " + word.str();
    }
    os << line << (words.size() == 1 ? " any x86-64\n" : "\n");
  }
  os << " */\n\n";
}

std::string weir::writeHeader(llvm::ArrayRef<FunctionABI> functions,
                              llvm::ArrayRef<std::string> variants,
                              llvm::StringRef library, llvm::StringRef prefix) {
  std::string text;
  llvm::raw_string_ostream os(text);
  std::string guard =
      "WEIR_" +
      llvm::StringRef(toIdentifier((prefix + library).str())).upper() + "_H";
  os << "/* Made by weirc. Tensors are DLPack's, in CPU memory; the caller "
        "owns every one, and results are\n"
        " * written in place. NULL strides mean compact row-major; byte_offset "
        "is honoured; data may be NULL when a\n"
        " * size is 0. Sizes of one name must be equal. Memory of a result may "
        "not overlap another tensor's\n"
        " * unless said below. Functions are re-entrant and thread safe. They "
        "return 0, or\n"
        " *   1 NULL pointer, 2 wrong device, 3 wrong rank, 4 wrong dtype, 5 "
        "wrong size, 6 strides or an offset that leave\n"
        " *   the address space or let a result's elements share memory, 7 "
        "misaligned data, 8 overlapping result,\n"
        " *   9 out of memory, 10 the machine lacks instructions,\n"
        " * with a message in "
     << prefix << library << "_last_error() that names the argument.\n */\n\n"
     << "#ifndef " << guard << "\n#define " << guard
     << "\n\n#include <dlpack/dlpack.h>\n#include <stdbool.h>\n"
     << "#include <stdint.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  writeVariants(os, variants);
  for (const FunctionABI &function : functions)
    writeFunction(os, function, prefix);
  os << "/* The message of this thread's last failed call; \"\" when there was "
        "none. */\nconst char *"
     << prefix << library << "_last_error(void);\n\n"
     << "/* How many threads later calls may use: n, or for 0 as many as "
        "OpenMP would take, which is how it is at first. A\n"
        " * negative n changes nothing. Returns the number in force; 1 always "
        "where compiled with --threads=none. */\nint32_t "
     << prefix << library << "_set_threads(int32_t threads);\n\n"
     << "/* Makes later calls run the code for one target, named as above, or "
        "for NULL the best for the machine.\n"
        " * Returns 0, or 10 where that target is not in the library or not "
        "for "
        "this machine. Meant for tests. */\nint32_t "
     << prefix << library << "_set_target(const char *target);\n\n"
     << "/* The stream of this thread's GPU functions. This library has none: "
        "NULL is taken, all else is code 2. */\n"
     << "int32_t " << prefix << library
     << "_set_stream(void *stream);\n\n#ifdef __cplusplus\n}\n#endif\n\n#endif "
        "/* "
     << guard << " */\n";
  return text;
}
