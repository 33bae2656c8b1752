//===- FormulaGenerator.cpp - formulas that nobody wrote ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FormulaGenerator.h"

#include "llvm/ADT/STLExtras.h"

using namespace weir::test;

namespace {

struct Name {
  std::string text;
  bool varying;
};

class Generator {
public:
  explicit Generator(Random &random) : random(random) {}

  std::string run() {
    floats = {{"%x", true}, {"%g", true}, {"%b", false}};
    size_t steps = 3 + uniformIndex(random, 8);
    for (size_t i = 0; i < steps; ++i)
      addStep();
    Name w = floats.back();
    if (!w.varying)
      w = emit("arith.mulf " + w.text + ", %x", true);
    Name u = emit("weir.reduce add " + pickVarying().text, false);
    return "weir.formula @f(%x: f32, %g: f32, %b: f32 {weir.uniform}) -> "
           "(f32, f32 {weir.uniform}) {\n" +
           body + "  weir.yield " + w.text + ", " + u.text + " : f32, f32\n}";
  }

private:
  Name emit(const std::string &code, bool varying) {
    Name name{"%v" + std::to_string(count++), varying};
    body += "  " + name.text + " = " + code + " : f32\n";
    floats.push_back(name);
    return name;
  }

  Name constant(double value) {
    Name name{"%c" + std::to_string(count++), false};
    body += "  " + name.text + " = arith.constant " + std::to_string(value) +
            " : f32\n";
    return name;
  }

  Name unary(const char *op, const Name &a) {
    return emit(std::string(op) + " " + a.text, a.varying);
  }

  Name binary(const char *op, const Name &a, const Name &b) {
    return emit(std::string(op) + " " + a.text + ", " + b.text,
                a.varying || b.varying);
  }

  Name reduce(const char *kind, const Name &a) {
    return emit(std::string("weir.reduce ") + kind + " " + a.text, false);
  }

  /// Recent values are likelier, so that steps build on each other.
  Name pick() {
    size_t back = std::min(uniformIndex(random, floats.size()),
                           uniformIndex(random, floats.size()));
    return floats[floats.size() - 1 - back];
  }

  Name pickVarying() {
    for (int i = 0; i < 8; ++i)
      if (Name name = pick(); name.varying)
        return name;
    return floats[0];
  }

  /// Certainly positive, whatever it is made of.
  Name positive() {
    Name a = unary("math.absf", pick());
    return binary("arith.addf", a, constant(0.25));
  }

  void addStep() {
    switch (uniformIndex(random, 8)) {
    case 0:
    case 1:
      return addArithmetic();
    case 2:
      return addFunction();
    case 3:
      return addChoice();
    case 4:
    case 5:
      reduce(oneOf({"add", "add", "max", "min"}), pickVarying());
      return;
    case 6:
      return addWeights();
    default:
      return addMoments();
    }
  }

  const char *oneOf(std::initializer_list<const char *> all) {
    return all.begin()[uniformIndex(random, all.size())];
  }

  void addArithmetic() {
    if (uniformIndex(random, 4) == 0)
      binary("arith.divf", pick(), positive());
    else if (uniformIndex(random, 4) == 0)
      binary("arith.mulf", pick(),
             constant(oneOf({"a", "b"})[0] == 'a' ? 0.5 : -2));
    else
      binary(oneOf({"arith.addf", "arith.subf", "arith.mulf", "arith.addf",
                    "arith.subf"}),
             pick(), pick());
  }

  void addFunction() {
    switch (uniformIndex(random, 6)) {
    case 0:
      unary("math.log", positive());
      return;
    case 1:
      unary(oneOf({"math.sqrt", "math.rsqrt"}), positive());
      return;
    case 2: {
      Name a = pick();
      unary("math.sqrt", binary("arith.mulf", a, a));
      return;
    }
    case 3:
      binary("math.powf", pick(), constant(2));
      return;
    default:
      unary(oneOf({"math.absf", "arith.negf", "math.tanh", "math.expm1",
                   "math.exp", "math.exp2"}),
            pick());
    }
  }

  /// Comparisons are with numbers that nothing is equal to: both sides of a tie
  /// would be right.
  void addChoice() {
    if (random() & 1) {
      binary(oneOf({"arith.maximumf", "arith.minimumf"}), pick(),
             random() & 1 ? pick() : constant(0.0));
      return;
    }
    Name a = pick(), limit = constant(0.3711), x = pick(), y = pick();
    std::string c = "%i" + std::to_string(count++);
    body += "  " + c + " = arith.cmpf ogt, " + a.text + ", " + limit.text +
            " : f32\n";
    emit("arith.select " + c + ", " + x.text + ", " + y.text,
         a.varying || x.varying || y.varying);
  }

  /// Exponentials, anchored somewhere or nowhere, and what is made with them.
  void addWeights() {
    Name z = pickVarying();
    Name shifted = z;
    switch (uniformIndex(random, 5)) {
    case 0:
      break;
    case 1: {
      Name m = reduce("max", z);
      shifted =
          binary("arith.subf", z, binary("arith.maximumf", m, constant(0.5)));
      break;
    }
    case 2:
      shifted = binary("arith.subf", z, pick());
      break;
    default:
      shifted = binary("arith.subf", z, reduce("max", z));
    }
    Name e = unary("math.exp", shifted);
    Name s = reduce("add", e);
    switch (uniformIndex(random, 5)) {
    case 0:
      reduce("add", binary("arith.mulf", e, random() & 1 ? shifted : pick()));
      return;
    case 1:
      binary("arith.subf", shifted, unary("math.log", s));
      return;
    default:
      binary("arith.divf", e, s);
    }
  }

  /// Squares about something.
  void addMoments() {
    Name a = pickVarying();
    Name s = reduce("add", a);
    Name n = emitLength();
    Name mean = binary("arith.divf", s, n);
    Name d = binary("arith.subf", a, random() & 3 ? mean : pick());
    reduce("add", binary("arith.mulf", d, d));
  }

  Name emitLength() {
    std::string id = std::to_string(count++);
    body += "  %n" + id + " = weir.length : index\n  %l" + id +
            " = arith.index_cast %n" + id + " : index to i64\n  %f" + id +
            " = arith.sitofp %l" + id + " : i64 to f32\n";
    return {"%f" + id, false};
  }

  Random &random;
  std::vector<Name> floats;
  std::string body;
  size_t count = 0;
};

} // namespace

std::string weir::test::generateFormula(Random &random) {
  return Generator(random).run();
}
