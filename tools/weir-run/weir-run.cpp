//===- weir-run.cpp - compiles in process and runs on files ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// weir-run IN.mlir --entry=f --input a.npy --scalar 0.5 ... --output o.npy ...
//
// Inputs are the function's tensor arguments in order, scalars its other
// arguments in order, outputs its results. The function is compiled to a
// library in a temporary folder and called through its C ABI.
//
//===----------------------------------------------------------------------===//

#include "NpyFile.h"
#include "weir/Pipelines/Compile.h"
#include "weir/Pipelines/Pipelines.h"
#include "weir/Target/Output.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/WithColor.h"

#include <csignal>
#include <dlfcn.h>
#include <dlpack/dlpack.h>
#include <ffi.h>
#include <map>

using namespace weir;
namespace cl = llvm::cl;

namespace {

/// The command line. Made after LLVM's own options are forgotten.
struct CommandLine {
  cl::OptionCategory category{"weir-run options"};
  cl::opt<std::string> input{cl::Positional, cl::desc("IN.mlir"), cl::Required,
                             cl::cat(category)};
  cl::opt<std::string> entry{"entry", cl::desc("the public function to run"),
                             cl::Required, cl::cat(category)};
  cl::list<std::string> inputs{"input", cl::desc("a tensor argument, .npy"),
                               cl::cat(category)};
  cl::list<std::string> scalars{
      "scalar", cl::desc("a scalar argument, a number"), cl::cat(category)};
  cl::list<std::string> outputs{"output", cl::desc("where a result goes, .npy"),
                                cl::cat(category)};
  cl::list<std::string> targets{"target", cl::desc("as weirc's"),
                                cl::CommaSeparated, cl::cat(category)};
  cl::opt<std::string> threads{"threads", cl::desc("as weirc's"),
                               cl::init("none"), cl::cat(category)};
};

union Scalar {
  float f32;
  double f64;
  int64_t integer;
  void *pointer;
};

/// One call of a compiled function.
class Call {
public:
  explicit Call(const FunctionABI &abi) : abi(abi) {}

  llvm::Error readArguments(const CommandLine &line);
  llvm::Error makeResults();
  llvm::Error run(void *library, const char *name);
  llvm::Error writeResults(const CommandLine &line);

private:
  void bind(const SlotABI &slot, const NpyArray &array);
  llvm::Error readScalar(const SlotABI &slot, llvm::StringRef text);
  static ffi_type *getType(const SlotABI &slot);

  const FunctionABI &abi;
  std::vector<NpyArray> arrays; // Arguments, then results.
  std::vector<Scalar> scalars;
  std::map<int64_t, int64_t> symbols;
};

} // namespace

/// Takes sizes of results from arguments; whether they agree is the library's
/// to check.
void Call::bind(const SlotABI &slot, const NpyArray &array) {
  for (auto [i, size] : llvm::enumerate(slot.sizes))
    if (size < 0 && i < array.shape.size())
      symbols.try_emplace(-1 - size, array.shape[i]);
}

llvm::Error Call::readScalar(const SlotABI &slot, llvm::StringRef text) {
  Scalar scalar{};
  double number;
  int64_t integer;
  if (slot.code == 2) {
    if (text.getAsDouble(number))
      return llvm::createStringError("--scalar '" + text + "' is not a number");
    slot.bits == 64 ? void(scalar.f64 = number)
                    : void(scalar.f32 = static_cast<float>(number));
  } else {
    if (text.getAsInteger(0, integer))
      return llvm::createStringError("--scalar '" + text +
                                     "' is not an integer");
    bool fits = slot.code == 6 ? integer == 0 || integer == 1
                               : slot.bits == 64 || llvm::isInt<32>(integer);
    if (!fits)
      return llvm::createStringError(
          "--scalar '" + text + "' does not fit " +
          (slot.code == 6 ? "a bool: give 0 or 1" : "an int32"));
    scalar.integer = integer;
  }
  scalars.push_back(scalar);
  return llvm::Error::success();
}

llvm::Error Call::readArguments(const CommandLine &line) {
  size_t nextInput = 0, nextScalar = 0;
  for (const SlotABI &slot : abi.slots) {
    if (slot.kind == SlotABI::Result)
      continue;
    bool isScalar = slot.kind == SlotABI::Scalar;
    size_t &next = isScalar ? nextScalar : nextInput;
    const auto &given = isScalar ? line.scalars : line.inputs;
    if (next == given.size())
      return llvm::createStringError(
          llvm::Twine("'") + abi.name + "' takes more " +
          (isScalar ? "scalars: give another --scalar"
                    : "tensors: give another --input"));
    const std::string &text = given[next++];
    if (isScalar) {
      if (llvm::Error error = readScalar(slot, text))
        return error;
      continue;
    }
    auto array = readNpy(text);
    if (!array)
      return array.takeError();
    bind(slot, *array);
    arrays.push_back(std::move(*array));
  }
  if (nextInput != line.inputs.size() || nextScalar != line.scalars.size())
    return llvm::createStringError(
        "'" + abi.name + "' takes " + llvm::Twine(nextInput) + " tensors and " +
        llvm::Twine(nextScalar) + " scalars, fewer than given");
  return llvm::Error::success();
}

llvm::Error Call::makeResults() {
  for (const SlotABI &slot : abi.slots) {
    if (slot.kind != SlotABI::Result)
      continue;
    NpyArray array;
    array.code = slot.code;
    array.bits = slot.bits;
    int64_t bytes = slot.bits / 8;
    for (int64_t size : slot.sizes) {
      array.shape.push_back(size < 0 ? symbols[-1 - size] : size);
      if (__builtin_mul_overflow(bytes, array.shape.back(), &bytes))
        return llvm::createStringError("a result of '" + abi.name +
                                       "' is larger than memory");
    }
    array.data.resize(bytes);
    arrays.push_back(std::move(array));
  }
  return llvm::Error::success();
}

ffi_type *Call::getType(const SlotABI &slot) {
  if (slot.kind != SlotABI::Scalar)
    return &ffi_type_pointer;
  if (slot.code == 2)
    return slot.bits == 64 ? &ffi_type_double : &ffi_type_float;
  return slot.code == 6    ? &ffi_type_uint8
         : slot.bits == 64 ? &ffi_type_sint64
                           : &ffi_type_sint32;
}

llvm::Error Call::run(void *library, const char *name) {
  std::vector<DLTensor> tensors(arrays.size());
  std::vector<void *> pointers(arrays.size());
  std::vector<void *> values;
  std::vector<ffi_type *> types;
  size_t nextTensor = 0, nextScalar = 0;
  for (const SlotABI &slot : abi.slots) {
    types.push_back(getType(slot));
    if (slot.kind == SlotABI::Scalar) {
      values.push_back(&scalars[nextScalar++]);
      continue;
    }
    NpyArray &array = arrays[nextTensor];
    tensors[nextTensor] = {
        array.data.data(),
        {kDLCPU, 0},
        static_cast<int32_t>(array.shape.size()),
        {static_cast<uint8_t>(array.code), static_cast<uint8_t>(array.bits), 1},
        array.shape.data(),
        nullptr,
        0};
    pointers[nextTensor] = &tensors[nextTensor];
    values.push_back(&pointers[nextTensor++]);
  }
  ffi_cif interface;
  if (ffi_prep_cif(&interface, FFI_DEFAULT_ABI, types.size(), &ffi_type_sint32,
                   types.data()) != FFI_OK)
    return llvm::createStringError("the call of '" + abi.name +
                                   "' could not be prepared");
  ffi_arg status = 0;
  ffi_call(&interface, FFI_FN(dlsym(library, name)), &status, values.data());
  if (static_cast<int32_t>(status) == 0)
    return llvm::Error::success();
  auto lastError =
      reinterpret_cast<const char *(*)()>(dlsym(library, "model_last_error"));
  return llvm::createStringError(llvm::Twine("'") + abi.name +
                                 "': " + lastError());
}

llvm::Error Call::writeResults(const CommandLine &line) {
  size_t results = llvm::count_if(abi.slots, [](const SlotABI &slot) {
    return slot.kind == SlotABI::Result;
  });
  StagedFiles files;
  for (size_t i = 0; i < results; ++i)
    if (llvm::Error error = files.add(
            line.outputs[i], encodeNpy(arrays[arrays.size() - results + i])))
      return error;
  return files.commit();
}

/// Compiles into `directory` and opens the library.
static llvm::Expected<void *>
compileAndOpen(mlir::ModuleOp module, CompileOptions options,
               llvm::StringRef directory,
               llvm::SmallVectorImpl<FunctionABI> &functions) {
  std::string path = (directory + "/model.so").str();
  options.library = "model";
  llvm::Error error =
      compile(module, options, EmitKind::Shared, path, &functions);
  if (error)
    return std::move(error);
  if (void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL))
    return library;
  return llvm::createStringError(dlerror());
}

static llvm::Error runFile(const CommandLine &line, const char *argv0) {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  llvm::SourceMgr sources;
  mlir::SourceMgrDiagnosticHandler handler(sources, &context);
  context.printOpOnDiagnostic(false);
  mlir::OwningOpRef<mlir::ModuleOp> module = parseInput(context, line.input);
  if (!module)
    return llvm::createStringError("'" + line.input + "' could not be read");
  CompileOptions options;
  if (line.threads != "none" && line.threads != "omp")
    return llvm::createStringError("unknown --threads=" + line.threads +
                                   "; use none or omp");
  options.threads = line.threads == "omp";
  if (!line.targets.empty())
    options.targets.assign(line.targets.begin(), line.targets.end());
  options.runtimeArchive = findRuntimeArchive(argv0);
  llvm::SmallString<128> directory;
  if (std::error_code code =
          llvm::sys::fs::createUniqueDirectory("weir-run", directory))
    return llvm::createStringError(code, "cannot make a temporary folder");
  llvm::SmallVector<FunctionABI> functions;
  auto library = compileAndOpen(*module, options, directory, functions);
  llvm::sys::fs::remove_directories(directory); // An open library stays usable.
  if (!library)
    return library.takeError();
  auto *function = llvm::find_if(
      functions, [&](const FunctionABI &f) { return f.name == line.entry; });
  if (function == functions.end())
    return llvm::createStringError(
        "'" + line.input + "' has no public function '" + line.entry + "'");
  size_t results = llvm::count_if(function->slots, [](const SlotABI &s) {
    return s.kind == SlotABI::Result;
  });
  if (results != line.outputs.size())
    return llvm::createStringError(
        "'" + line.entry + "' has " + llvm::Twine(results) + " results, but " +
        llvm::Twine(line.outputs.size()) + " --output are given");
  for (auto [i, output] : llvm::enumerate(line.outputs))
    if (llvm::is_contained(llvm::ArrayRef(&line.outputs[0], i), output))
      return llvm::createStringError("--output '" + output +
                                     "' is given twice");
  Call call(*function);
  if (llvm::Error error = call.readArguments(line))
    return error;
  if (llvm::Error error = call.makeResults())
    return error;
  if (llvm::Error error = call.run(*library, function->name.c_str()))
    return error;
  return call.writeResults(line);
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  std::signal(
      SIGXFSZ,
      SIG_IGN); // A file over the limit is an error of the write, not the end.
  cl::ResetCommandLineParser();
  CommandLine line;
  cl::ParseCommandLineOptions(
      argc, argv, "weir-run: compiles a function and runs it on .npy files\n");
  if (llvm::Error error = runFile(line, argv[0])) {
    llvm::WithColor::error(llvm::errs(), "weir-run")
        << llvm::toString(std::move(error)) << "\n";
    return 1;
  }
  return 0;
}
