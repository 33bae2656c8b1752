//===- FormPlans.cpp - which form for which sizes ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FormPlans.h"

#include "weir/Dialect/Weir/Analysis/ExtendedExponents.h"
#include "weir/Dialect/Weir/Analysis/FreeAnchor.h"
#include "weir/Dialect/Weir/IR/Variance.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;
using namespace weir;

//===----------------------------------------------------------------------===//
// The question
//===----------------------------------------------------------------------===//

/// Bytes per element, 0 for what is read once for the whole row or for all of
/// several rows: a cache has it.
static double getBytes(Type type, int64_t rowDim, int64_t rank, bool isOneRow) {
  auto shaped = dyn_cast<ShapedType>(type);
  int64_t own = shaped ? rowDim - (rank - shaped.getRank()) : -1;
  if (own < 0 || shaped.getDimSize(own) == 1)
    return 0;
  bool repeats = !isOneRow;
  for (auto [dim, size] : llvm::enumerate(shaped.getShape()))
    repeats &= static_cast<int64_t>(dim) == own || size == 1;
  if (repeats)
    return 0;
  Type element = shaped.getElementType();
  return element.isIndex() ? 8 : element.getIntOrFloatBitWidth() / 8.0;
}

FormQuestion FormQuestion::ask(ApplyOp apply) {
  FormQuestion question;
  FormulaOp formula = question.formula = apply.resolveFormula();
  question.machine = MachineLimits::get(apply->getParentOfType<ModuleOp>());
  int64_t rank = apply.getRowRank(), rowDim = apply.getRowDim();
  SmallVector<int64_t> sizes(rank, 1);
  auto join = [&](Type type) {
    auto shaped = cast<ShapedType>(type);
    for (auto [dim, size] : llvm::enumerate(shaped.getShape()))
      if (size != 1)
        sizes[rank - shaped.getRank() + dim] = size;
  };
  for (auto [i, input] : llvm::enumerate(apply.getInputs()))
    if (!formula.isUniformArgument(i))
      join(input.getType());
  for (auto [i, type] : llvm::enumerate(apply.getResultTypes()))
    if (!formula.isUniformResult(i))
      join(type);
  question.sizes.length = sizes[rowDim];
  question.sizes.rows = 1;
  for (auto [dim, size] : llvm::enumerate(sizes))
    if (static_cast<int64_t>(dim) != rowDim)
      question.sizes.rows =
          ShapedType::isDynamic(size) || question.sizes.rows < 0
              ? -1
              : question.sizes.rows * size;
  if (ShapedType::isDynamic(question.sizes.length))
    question.sizes.length = -1;
  question.rank = rank;
  if (int64_t last = rank - 1 - (rowDim == rank - 1); last < 0)
    question.sizes.neighbours = 1;
  else if (!ShapedType::isDynamic(sizes[last]))
    question.sizes.neighbours = sizes[last];
  auto measure = [&](Type type, bool uniform) {
    return uniform ? 0 : getBytes(type, rowDim, rank, question.sizes.rows == 1);
  };
  for (auto [i, input] : llvm::enumerate(apply.getInputs()))
    question.inputBytes.push_back(
        measure(input.getType(), formula.isUniformArgument(i)));
  for (auto [i, type] : llvm::enumerate(apply.getResultTypes()))
    question.outputBytes.push_back(measure(type, formula.isUniformResult(i)));
  Type score = getElementTypeOrSelf(
      apply.getInputs()[formula.getScoreIndex()].getType());
  question.computeBits = score.isF64() ? 64 : 32;
  question.mayExclude = apply.getNegInf() != NegInf::Ordinary;
  question.isAcross = apply.getLanes() == LaneDirection::Across;
  return question;
}

//===----------------------------------------------------------------------===//
// What fits
//===----------------------------------------------------------------------===//

std::optional<Misfit> weir::getMisfit(FormulaOp formula, Form form) {
  bool elementwise = form == Form::Elementwise;
  if (elementwise && formula.hasReduction())
    return Misfit{", which has a reduction", Value()};
  if (!elementwise && !formula.hasReduction())
    return Misfit{", which is elementwise", Value()};
  bool runs = form == Form::Online || form == Form::TwoPass;
  if (runs && !canRunOnline(formula))
    return Misfit{": the winner of a maximum has no running form beside sums",
                  Value()};
  if (form != Form::TwoPass)
    return std::nullopt;
  RowLaws laws(formula);
  std::optional<Refusal> refusal =
      ExtendedExponents(formula, laws).getRefusal();
  if (!refusal)
    return std::nullopt;
  return Misfit{(": " + refusal->why).str(), refusal->value};
}

//===----------------------------------------------------------------------===//
// What wins
//===----------------------------------------------------------------------===//

/// True when some value of an element is worth keeping for a second use.
static bool isDear(FormulaOp formula) {
  Variance variance(formula);
  bool dear = false;
  formula.getBody().walk([&](Operation *op) {
    dear |= isa<math::MathDialect>(op->getDialect()) &&
            !isa<math::AbsFOp>(op) && variance.isVarying(op->getResult(0));
  });
  return dear;
}

/// Pages of a row that are visited in turn. Memory then serves a core faster by
/// a third; caches do not mind.
static constexpr int64_t kPages = 8, kPageBytes = 4096;
/// As many serve a row that is read once, and shorter rows have them too.
static constexpr int64_t kFewPages = 4;
/// The most instructions that an element may be worth for the machine to run
/// ahead in each page by itself.
static constexpr double kFewOperations = 8;

namespace {

/// Lays down plans, and leaves out those that the known sizes decide.
class PlanList {
public:
  PlanList(const FormQuestion &question) : question(question) {}

  struct Bounds {
    int64_t minRows = 0, maxLength = 0, maxElements = 0;
  };

  void add(Form form, const Twine &why, Bounds bounds, int64_t streamBytes,
           int64_t pages) {
    if (isDecided)
      return;
    const RowSizes &sizes = question.sizes;
    // A bound that is known to hold is dropped, and one that is known not to
    // drops the plan.
    auto settle = [&](int64_t &bound, bool isKnown, bool holds) {
      if (bound == 0 || !isKnown)
        return true;
      bound = 0;
      return holds;
    };
    if (!settle(bounds.minRows, sizes.neighbours >= 0,
                sizes.neighbours >= bounds.minRows) ||
        !settle(bounds.maxLength, sizes.length >= 0,
                sizes.length <= bounds.maxLength) ||
        !settle(bounds.maxElements, sizes.areKnown(),
                sizes.getElements() <= bounds.maxElements))
      return;
    auto plan = PlanAttr::get(FormulaOp(question.formula).getContext(), form,
                              bounds.minRows, bounds.maxLength,
                              bounds.maxElements, streamBytes, pages);
    isDecided = plan.fitsAll();
    plans.push_back({plan, why.str()});
  }

  SmallVector<ReasonedPlan> plans;

private:
  const FormQuestion &question;
  bool isDecided = false;
};

} // namespace

/// True where the target takes longer to compute an element than to move its
/// bytes to and from the last cache.
static bool isBoundByArithmetic(const RowCost &cost,
                                const MachineLimits &machine) {
  RowSizes inLast;
  inLast.rows = 1;
  inLast.length = machine.caches[2] / (2 * cost.getMoved());
  return !cost.getLimit(machine, inLast).second;
}

/// The size of the results with which all that is moved exceeds the last cache.
/// Writing past the caches then spares reading what is overwritten, a third of
/// the traffic; before, it costs a later reader what the caches would have
/// held.
static int64_t getStreamBytes(const FormQuestion &question,
                              const RowCost &cost) {
  if (question.isAcross || cost.least.bytesWritten == 0)
    return 0;
  return question.machine.caches[2] / cost.getMoved() * cost.least.bytesWritten;
}

/// True when what is kept of a row lies in its result, where it cannot be
/// written past the caches.
static bool keepsInResult(const FormQuestion &question) {
  double compute = question.computeBits / 8;
  return llvm::all_of(question.outputBytes, [&](double bytes) {
    return bytes == 0 || bytes == compute;
  });
}

/// Longer rows whose maximum need not be the true one guess it, which blocks do
/// not, and have one sweep less.
static constexpr int64_t kLongestUnguessed = 256;

/// Short rows in blocks. A block, what it keeps included, stays in the first
/// cache from sweep to sweep; where memory is what takes time nothing is won.
/// The steps of a search wait for one another, unless those of many rows are
/// one: that is worth a way to the second cache, and to memory.
static void planBlocks(const FormQuestion &question, PlanList &list, bool keeps,
                       const RowCost &cost) {
  FormulaOp formula = question.formula;
  const MachineLimits &machine = question.machine;
  if (!getTransposedObstacle(formula, question.rank, question.isAcross).empty())
    return;
  int64_t lanes = machine.vectorBits / question.computeBits;
  double compute = question.computeBits / 8.0, bytes = cost.getMoved();
  if (keeps && !keepsInResult(question))
    bytes += 2 * compute; // Written and read.
  PlanList::Bounds bounds;
  bounds.minRows = lanes;
  bool searches = formula.hasSearch();
  int64_t most = searches ? machine.caches[1] / 16 : machine.caches[0] * 2 / 3;
  bounds.maxLength = most / lanes / bytes;
  if (!searches && findFreeAnchor(formula))
    bounds.maxLength = std::min(bounds.maxLength, kLongestUnguessed);
  if (!searches && !isBoundByArithmetic(cost, machine))
    bounds.maxElements = machine.caches[1] / cost.getMoved();
  StringRef what =
      searches ? "the steps of searches" : "the ends of reductions";
  list.add(Form::Transposed,
           "in short rows " + what + " take long, unless those of " +
               Twine(lanes) + " rows are one",
           bounds, 0, 0);
}

/// The form that reads long rows least: pairs in the place of running maxima
/// where those take fewer instructions.
static Form chooseRunning(const FormQuestion &question) {
  if (getMisfit(question.formula, Form::TwoPass))
    return Form::Online;
  auto count = [&](Form form) {
    return RowCost(question.formula, form, question.inputBytes,
                   question.outputBytes)
        .getOperations();
  };
  return count(Form::TwoPass) < count(Form::Online) ? Form::TwoPass
                                                    : Form::Online;
}

/// What reading once less has to save of the time of a row in the last cache
/// where vectors are short: there it took 1.2 times as long as it should.
static constexpr double kWorthSaving = 0.2;

/// True where one reading less is worth computing what is dear again: of one
/// row that moves so many bytes. Units half as wide as vectors take longer for
/// an exponential than memory for what is read and written of it.
static bool isWorthRunning(const FormQuestion &question, Form running,
                           const RowCost &inCache, int64_t bytes) {
  const MachineLimits &machine = question.machine;
  if (machine.unitBits < machine.vectorBits)
    return false;
  if (!isDear(question.formula))
    return true;
  RowSizes row;
  row.rows = 1;
  row.length = bytes / inCache.getMoved();
  RowCost cost(question.formula, running, question.inputBytes,
               question.outputBytes);
  bool isShort = machine.vectorBits < 512;
  bool isNear = machine.getLevel(bytes) < MachineLimits::Memory;
  double saving = isShort && isNear ? kWorthSaving : 0;
  return cost.getTime(machine, row) <
         (1 - saving) * inCache.getTime(machine, row);
}

/// The pages that are visited in turn by rows with a reduction, where memory is
/// what takes time. Pages share their sets of the first cache, in which
/// processors with short vectors have eight ways: there, and with several
/// arguments, lines would go before they are used.
static int64_t choosePagesOfSweeps(const FormQuestion &question,
                                   double bytesRead) {
  FormulaOp formula = question.formula;
  auto isVarying = [&](unsigned i) { return !formula.isUniformArgument(i); };
  bool isAlone = llvm::count_if(llvm::seq<unsigned>(question.inputBytes.size()),
                                isVarying) == 1;
  bool isShort = question.sizes.length >= 0 &&
                 question.sizes.length * bytesRead < kPages * kPageBytes;
  return isAlone && !isShort && question.machine.vectorBits >= 512 ? kPages : 0;
}

/// Forms of rows with a reduction that also run online.
static void planBySize(const FormQuestion &question, PlanList &list,
                       Form inCache, StringRef why, const RowCost &cost) {
  const MachineLimits &machine = question.machine;
  int64_t l2 = machine.caches[1], l3 = machine.caches[2];
  double bytes = std::max(1.0, cost.least.bytesRead);
  auto fit = [&](int64_t cache) -> int64_t { return cache / cost.getMoved(); };
  // Of rows of a quarter of the L2 the later passes find all in it. Where
  // neighbouring rows, too, pass through it, less is found again, which matters
  // where the last cache is what takes time. Memory is slow enough for a
  // quarter again, and its pages want to be visited in turn. So do those of
  // long rows that fill more than half of the last cache, since other work has
  // its share of that.
  bool patient = isBoundByArithmetic(cost, machine);
  int64_t few = l2 / 4 / bytes, fewer = patient ? few : l2 / 32 / bytes;
  int64_t stream = getStreamBytes(question, cost);
  int64_t pages = choosePagesOfSweeps(question, bytes);
  Form running = chooseRunning(question);
  StringRef whyRunning =
      "the row is read once less, and is too long to be found in a cache again";
  auto isWorth = [&](int64_t size) {
    return isWorthRunning(question, running, cost, size);
  };
  if (patient && pages > 0)
    list.add(inCache, why, {0, few, fit(l3 / 2)}, 0, 0);
  list.add(inCache, why, {0, fewer, fit(l3)}, 0, patient ? pages : 0);
  list.add(inCache, why, {0, 0, fit(l2)}, 0, 0);
  if (isWorth(l3 / 2))
    list.add(running, whyRunning, {0, 0, fit(l3)}, 0, 0);
  else
    list.add(inCache, why, {0, 0, fit(l3)}, 0, 0);
  list.add(inCache, why, {0, few, 0}, stream, pages);
  // What is kept of so long a row must not go past the caches.
  if (!isWorth(2 * l3))
    list.add(inCache, why, {0, fit(2 * l3), 0},
             inCache == Form::Stored ? 0 : stream, pages);
  list.add(running, whyRunning, {}, stream, pages);
}

/// Of a single argument pages are visited in turn; several are as many streams
/// anyway. Arithmetic that takes longer asks for what comes later by itself.
static void planElementwise(const FormQuestion &question, PlanList &list,
                            const RowCost &cost) {
  StringRef why = "the formula has no reduction";
  int64_t stream = getStreamBytes(question, cost);
  bool inTurn = !question.isAcross && cost.least.operations <= kFewOperations &&
                llvm::count_if(question.inputBytes,
                               [](double bytes) { return bytes > 0; }) == 1;
  if (inTurn)
    list.add(Form::Elementwise, why,
             {0, 0, int64_t(question.machine.caches[2] / cost.getMoved())}, 0,
             0);
  list.add(Form::Elementwise, why, {}, stream, inTurn ? kFewPages : 0);
}

SmallVector<ReasonedPlan> weir::choosePlans(const FormQuestion &question) {
  FormulaOp formula = question.formula;
  PlanList list(question);
  if (!formula.hasReduction()) {
    RowCost cost(formula, Form::Elementwise, question.inputBytes,
                 question.outputBytes);
    planElementwise(question, list, cost);
    return list.plans;
  }
  bool dear = isDear(formula);
  Form inCache = dear ? Form::Stored : Form::Recompute;
  StringRef why = dear ? "exponentials are evaluated once and kept in the row"
                       : "nothing in the row is dear enough to be kept";
  RowCost cost(formula, inCache, question.inputBytes, question.outputBytes);
  planBlocks(question, list, dear, cost);
  bool mayRunOnline = question.mayExclude && !question.isAcross &&
                      !formula.hasSearch() && !getMisfit(formula, Form::Online);
  if (mayRunOnline &&
      RowCost(formula, Form::Online, question.inputBytes, question.outputBytes)
              .getReads() < cost.getReads())
    planBySize(question, list, inCache, why, cost);
  else
    list.add(inCache, why, {},
             dear && keepsInResult(question) ? 0
                                             : getStreamBytes(question, cost),
             0);
  return list.plans;
}

//===----------------------------------------------------------------------===//
// What is said of it
//===----------------------------------------------------------------------===//

StringRef weir::getPlainName(FormulaOp formula) {
  StringRef name = formula.getSymName();
  name.consume_front(WeirDialect::kLibraryPrefix);
  return name;
}

std::string weir::describeSizes(PlanAttr plan) {
  std::string text;
  auto add = [&](int64_t bound, const Twine &words) {
    if (bound > 0)
      text += ((text.empty() ? " for " : " and ") + words).str();
  };
  add(plan.getMinRows(), Twine(plan.getMinRows()) + " rows or more");
  add(plan.getMaxLength(),
      "rows of at most " + Twine(plan.getMaxLength()) + " elements");
  add(plan.getMaxElements(),
      "at most " + Twine(plan.getMaxElements()) + " elements in all");
  return text;
}

static std::string formatNumber(double number) {
  bool isWhole = number == std::floor(number);
  return isWhole ? llvm::formatv("{0:f0}", number).str()
                 : llvm::formatv("{0:f1}", number).str();
}

static std::string formatTime(double ns) {
  static constexpr std::pair<double, const char *> units[] = {
      {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
  for (auto [size, name] : units)
    if (ns >= size)
      return llvm::formatv("{0:f2} {1}", ns / size, name);
  return llvm::formatv("{0:f3} ns", ns);
}

std::string weir::describeCost(const FormQuestion &question, PlanAttr plan) {
  RowCost cost(question.formula, plan.getForm(), question.inputBytes,
               question.outputBytes);
  RowSizes sizes = question.sizes;
  double moved = cost.getMoved();
  auto streams = [&](RowSizes sizes) {
    return plan.getStreamBytes() > 0 &&
           cost.least.bytesWritten * sizes.getElements() >=
               plan.getStreamBytes();
  };
  std::string text = llvm::formatv(
      "per element {0} bytes read and {1} written in {2} (at least {3}), {4} "
      "vector operations",
      formatNumber(cost.getReads()), formatNumber(cost.getWrites()),
      cost.sweeps.size() == 1 ? "one pass"
                              : formatNumber(cost.sweeps.size()) + " passes",
      formatNumber(moved), formatNumber(cost.getOperations()));
  auto predict = [&](RowSizes sizes) {
    cost.writesPastCaches = streams(sizes);
    auto [limit, level] = cost.getLimit(question.machine, sizes);
    std::string words = llvm::formatv(
        "{0} predicted, limit {1}: ",
        formatTime(cost.getTime(question.machine, sizes)), formatTime(limit));
    if (level)
      words += ("the bytes, at " + stringifyLevel(*level)).str();
    else
      words += "arithmetic";
    return words;
  };
  if (plan.getStreamBytes() > 0)
    text += llvm::formatv(
        "; results of {0} bytes or more are written past the caches",
        plan.getStreamBytes());
  if (plan.getPages() > 1)
    text += llvm::formatv("; {0} pages of a row are visited in turn",
                          plan.getPages());
  if (sizes.areKnown()) {
    text += "; " + predict(sizes);
    double all = cost.getTime(question.machine, sizes) * sizes.getElements();
    return text + "; in all " + formatTime(all);
  }
  // Small, and larger than any cache.
  int64_t length = sizes.length >= 0         ? sizes.length
                   : plan.getMaxLength() > 0 ? plan.getMaxLength()
                                             : int64_t(1) << 20;
  text += "; in a cache " + predict({1, std::min<int64_t>(length, 1024)});
  int64_t many = 2 * question.machine.caches[2] / std::max(1.0, moved);
  if (plan.getMaxElements() == 0)
    text += "; from memory " +
            predict({std::max<int64_t>(1, many / length), length});
  return text;
}
