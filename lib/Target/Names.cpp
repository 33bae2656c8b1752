//===- Names.cpp - names that a library may export ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Target/FunctionABI.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/DynamicLibrary.h"

using namespace weir;

std::string weir::toIdentifier(llvm::StringRef name) {
  std::string identifier;
  for (char c : name)
    identifier += llvm::isAlnum(c) ? c : '_';
  if (identifier.empty() || llvm::isDigit(identifier[0]))
    identifier.insert(identifier.begin(), '_');
  return identifier;
}

/// Words that C or C++ keeps for itself, and macros that compilers define
/// without being asked.
static bool isKeyword(llvm::StringRef name) {
  static const llvm::StringSet<> words = [] {
    llvm::StringSet<> set;
    llvm::SmallVector<llvm::StringRef> list;
    llvm::StringRef(
        "alignas alignof and and_eq asm auto bitand bitor bool break case "
        "catch char char8_t char16_t char32_t class "
        "co_await co_return co_yield compl concept const const_cast consteval "
        "constexpr constinit continue decltype "
        "default delete do double dynamic_cast else enum explicit export "
        "extern false float for friend goto if inline "
        "int linux long mutable namespace new noexcept not not_eq nullptr "
        "operator or or_eq private protected "
        "public register reinterpret_cast requires restrict return short "
        "signed sizeof static static_assert "
        "static_cast struct switch template this thread_local throw true try "
        "typedef typeid typename typeof union unix "
        "unsigned using virtual void volatile wchar_t while xor xor_eq")
        .split(list, ' ');
    for (llvm::StringRef word : list)
      set.insert(word);
    return set;
  }();
  return words.contains(name);
}

/// True for what the header's own includes declare.
static bool isDeclaredByHeader(llvm::StringRef name) {
  bool isStandardType = name.ends_with("_t") &&
                        (name.starts_with("int") || name.starts_with("uint"));
  return isStandardType || name == "size_t" || name == "ptrdiff_t" ||
         name == "NULL" || name.starts_with("DL") || name.starts_with("kDL");
}

/// True for a symbol of the C or mathematics library that this compiler itself
/// runs on. A library that exported it would take its place for the whole
/// program.
static bool isInSystemLibrary(llvm::StringRef name) {
  static llvm::sys::DynamicLibrary libraries[] = {
      llvm::sys::DynamicLibrary::getLibrary("libc.so.6"),
      llvm::sys::DynamicLibrary::getLibrary("libm.so.6")};
  return llvm::any_of(libraries, [&](llvm::sys::DynamicLibrary &library) {
    return library.isValid() && library.getAddressOfSymbol(name.str().c_str());
  });
}

std::string weir::explainUnusableName(llvm::StringRef name) {
  if (toIdentifier(name) != name)
    return "is not a C identifier";
  if (isKeyword(name))
    return "is a keyword of C or C++";
  if (name == "main")
    return "is where a program starts";
  if (name.starts_with("_"))
    return "begins with an underscore, which C keeps for its implementation";
  if (name.starts_with("weir_"))
    return "begins with 'weir_', which the runtime in every library uses";
  if (isDeclaredByHeader(name))
    return "is declared by the headers that the generated header includes";
  if (isInSystemLibrary(name))
    return "is a function of the C library";
  return "";
}
