//===- weirc.cpp - the ahead-of-time compiler ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// weirc IN.mlir -o DIR/NAME.so writes NAME.so and NAME.h; other kinds of output
// go to the file named by -o.
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/IR/Weir.h"
#include "weir/Pipelines/Compile.h"
#include "weir/Pipelines/Pipelines.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/WithColor.h"

#include <cmath>
#include <csignal>

using namespace weir;
namespace cl = llvm::cl;

/// The command line. Made after LLVM's own options are forgotten: one of them
/// is called --threads too.
struct CommandLine {
  cl::OptionCategory category{"weirc options"};
  cl::opt<std::string> input{cl::Positional, cl::desc("IN.mlir"), cl::Required,
                             cl::cat(category)};
  cl::opt<std::string> output{
      "o", cl::desc("the file to write: DIR/NAME.so for a shared library"),
      cl::value_desc("file"), cl::Required, cl::cat(category)};
  cl::list<std::string> targets{
      "target",
      cl::desc(
          "host (default), x86-64, x86-64-v2, x86-64-v3, x86-64-v4 or a CPU; "
          "a list makes a library that picks at load what the machine has"),
      cl::value_desc("name,..."), cl::CommaSeparated, cl::cat(category)};
  cl::opt<std::string> prefix{
      "prefix", cl::desc("goes before every exported name"), cl::cat(category)};
  cl::opt<std::string> threads{
      "threads",
      cl::desc("none (default), or omp: rows are shared among OpenMP threads"),
      cl::init("none"), cl::cat(category)};
  cl::opt<bool> explain{"explain",
                        cl::desc("say how each weir op runs, and why"),
                        cl::cat(category)};
  cl::opt<std::string> form{
      "form",
      cl::desc("stored, recompute, online, transposed or two-pass: for all "
               "rows that it fits, in place of what the compiler would choose"),
      cl::cat(category)};
  cl::list<std::string> caches{
      "caches",
      cl::desc("bytes that one core has of the first, second and last cache, "
               "such as 48K,2M,32M; of the host they are known"),
      cl::value_desc("L1,L2,L3"), cl::CommaSeparated, cl::cat(category)};
  cl::list<double> rates{
      "rates",
      cl::desc("GB/s that one core moves to and from each cache and memory; "
               "what --explain predicts rests on them"),
      cl::value_desc("L1,L2,L3,memory"), cl::CommaSeparated, cl::cat(category)};
  cl::opt<double> clock{"clock", cl::desc("GHz, for what --explain predicts"),
                        cl::init(0), cl::cat(category)};
  cl::opt<bool> raise{
      "raise",
      cl::desc("run row programs in linalg (softmax, norms and the like) as "
               "formulas: true (default) or false"),
      cl::init(true), cl::cat(category)};
  cl::opt<bool> compose{
      "compose",
      cl::desc("run adjacent formulas, and elementwise linalg beside them, as "
               "one: true (default) or false"),
      cl::init(true), cl::cat(category)};
  cl::opt<std::string> emit{
      "emit", cl::desc("shared (default), object, asm, llvm or mlir"),
      cl::init("shared"), cl::cat(category)};
};

static int fail(const llvm::Twine &message) {
  llvm::WithColor::error(llvm::errs(), "weirc") << message << "\n";
  return 1;
}

static std::optional<EmitKind> parseEmit(llvm::StringRef name) {
  if (name == "shared")
    return EmitKind::Shared;
  if (name == "object")
    return EmitKind::Object;
  if (name == "asm")
    return EmitKind::Assembly;
  if (name == "llvm")
    return EmitKind::LLVMIR;
  if (name == "mlir")
    return EmitKind::MLIR;
  return std::nullopt;
}

/// A size such as 48K, 2M or 1G; 0 for anything else.
static int64_t parseSize(llvm::StringRef text) {
  int shift = text.consume_back("K")   ? 10
              : text.consume_back("M") ? 20
              : text.consume_back("G") ? 30
                                       : 0;
  int64_t number = 0;
  if (text.getAsInteger(10, number) || number <= 0 ||
      number > (INT64_MAX >> shift))
    return 0;
  return number << shift;
}

/// No speed is infinite, and 0 would be one of no machine.
static bool isSpeed(double value) { return value > 0 && std::isfinite(value); }

/// What is said of the machine. Returns a complaint, or nothing.
static std::string readMachine(const CommandLine &line,
                               CompileOptions &options) {
  for (const std::string &size : line.caches) {
    options.caches.push_back(parseSize(size));
    if (options.caches.back() == 0)
      return "'" + size + "' in --caches is no size such as 48K or 2M";
    if (options.caches.size() > 1 &&
        options.caches.back() < *(options.caches.end() - 2))
      return "--caches are given from the first to the last, and grow";
  }
  if (!options.caches.empty() && options.caches.size() != 3)
    return "--caches wants three sizes: of the first, second and last cache";
  options.rates.assign(line.rates.begin(), line.rates.end());
  if (!options.rates.empty() && options.rates.size() != 4)
    return "--rates wants four numbers: of three caches and of memory";
  if (!llvm::all_of(options.rates, isSpeed))
    return "--rates are positive numbers";
  options.clock = line.clock;
  if (line.clock.getNumOccurrences() && !isSpeed(options.clock))
    return "--clock is a positive number";
  return "";
}

static bool isIdentifier(llvm::StringRef name) {
  return toIdentifier(name) == name;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  std::signal(
      SIGXFSZ,
      SIG_IGN); // A file over the limit is an error of the write, not the end.
  cl::ResetCommandLineParser();
  CommandLine line;
  cl::ParseCommandLineOptions(argc, argv,
                              "weirc: compiles weir and linalg on tensors into "
                              "a library that C calls\n");
  std::optional<EmitKind> kind = parseEmit(line.emit);
  if (!kind)
    return fail("cannot emit '" + line.emit +
                "'; this build emits shared, object, asm, llvm and mlir");
  if (line.threads != "none" && line.threads != "omp")
    return fail("unknown --threads=" + line.threads + "; use none or omp");
  if (!line.prefix.empty() && !isIdentifier(line.prefix))
    return fail("the prefix '" + line.prefix + "' is not a C identifier");
  if (*kind == EmitKind::Shared &&
      !llvm::StringRef(line.output).ends_with(".so"))
    return fail("a shared library is named NAME.so, but -o names '" +
                line.output + "'");
  if (!line.form.empty() && !weir::parseFormOfRows(line.form))
    return fail("unknown --form=" + line.form + "; use " +
                weir::kFormsOfRows.str());
  CompileOptions options;
  if (std::string complaint = readMachine(line, options); !complaint.empty())
    return fail(complaint);

  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  llvm::SourceMgr sources;
  mlir::SourceMgrDiagnosticHandler handler(sources, &context);
  context.printOpOnDiagnostic(false);
  mlir::OwningOpRef<mlir::ModuleOp> module = parseInput(context, line.input);
  if (!module)
    return 1;
  if (!line.targets.empty())
    options.targets.assign(line.targets.begin(), line.targets.end());
  options.library = toIdentifier(llvm::sys::path::stem(line.output));
  options.prefix = line.prefix;
  options.threads = line.threads == "omp";
  options.explain = line.explain;
  options.raiseLinalg = line.raise;
  options.composeFormulas = line.compose;
  options.form = line.form;
  options.runtimeArchive = findRuntimeArchive(argv[0]);
  if (llvm::Error error = compile(*module, options, *kind, line.output))
    return fail(llvm::toString(std::move(error)));
  return 0;
}
