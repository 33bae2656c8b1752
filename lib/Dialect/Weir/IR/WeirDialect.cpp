//===- WeirDialect.cpp - registration and attributes of the dialect ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Transforms/InliningUtils.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace weir;

#include "weir/Dialect/Weir/IR/WeirDialect.cpp.inc"
#include "weir/Dialect/Weir/IR/WeirEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "weir/Dialect/Weir/IR/WeirAttributes.cpp.inc"

namespace {
/// Functions that use weir ops on tensors may be inlined; bodies of formulas
/// stay where they are.
struct WeirInlinerInterface : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(Operation *op, Region *, bool, IRMapping &) const final {
    return isa<ApplyOp, RowsOp, StatsOp, MergeOp, FinishOp, WeightsOp, TopKOp,
               TopKRowsOp, AttentionOp, AttentionRowsOp, AttentionStatsOp,
               AttentionMergeOp, AttentionFinishOp>(op);
  }
};
} // namespace

void WeirDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "weir/Dialect/Weir/IR/WeirAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "weir/Dialect/Weir/IR/WeirOps.cpp.inc"
      >();
  addInterfaces<WeirInlinerInterface>();
}

/// The end of a table, of a function whose tensors have the symbols `bound`.
static bool areWellFormedMultiples(ArrayRef<int64_t> rest,
                                   const llvm::SmallDenseSet<int64_t> &bound) {
  if (rest.empty() || rest.size() % 2 == 0 ||
      rest[0] != static_cast<int64_t>(rest.size() / 2))
    return false;
  return llvm::all_of(rest.drop_front(), [&](int64_t size) {
    return size >= 0 || bound.contains(size);
  });
}

/// `weir.abi` is read by the Target room without further checks, so a table
/// must be what it says.
static bool isWellFormedABI(Attribute attr) {
  auto face = dyn_cast<DictionaryAttr>(attr);
  if (!face || !face.getAs<StringAttr>("name") ||
      !face.getAs<DenseI64ArrayAttr>("table"))
    return false;
  ArrayRef<int64_t> table = face.getAs<DenseI64ArrayAttr>("table");
  if (table.size() < 2 || table[0] < 0 || table[1] < 0 ||
      table[1] > static_cast<int64_t>(table.size()))
    return false;
  int64_t slots = table[0], symbols = table[1];
  ArrayRef<int64_t> rest = table.drop_front(2);
  llvm::SmallDenseSet<int64_t> bound;
  for (int64_t i = 0; i < slots; ++i) {
    bool isScalar = !rest.empty() && rest[0] == 0;
    size_t words = isScalar ? 3 : 5;
    if (rest.size() < words || rest[0] < 0 || rest[0] > 2 ||
        !llvm::is_contained({8, 16, 32, 64}, rest[2]))
      return false;
    if (!isScalar) {
      if (rest[3] < 0 || static_cast<uint64_t>(rest[3]) > rest.size() - words)
        return false;
      for (int64_t size : rest.slice(words, rest[3])) {
        if (size < -symbols)
          return false;
        if (size < 0)
          bound.insert(size);
      }
    }
    rest = rest.drop_front(isScalar ? words : words + rest[3]);
  }
  return areWellFormedMultiples(rest, bound);
}

/// The attribute of the op that `name` may be a misspelling of; empty if none.
static StringRef findSimilar(Operation *op, StringRef name) {
  unsigned allowed = name.size() < 6 ? 1 : 2;
  for (StringAttr own : op->getName().getAttributeNames())
    if (name.edit_distance(own.getValue(), /*AllowReplacements=*/true,
                           allowed) <= allowed)
      return own.getValue();
  return "";
}

static bool isAttributeOfOthers(Operation *op, StringRef name) {
  return llvm::any_of(op->getContext()->getRegisteredOperations(),
                      [&](RegisteredOperationName other) {
                        return isa<WeirDialect>(other.getDialect()) &&
                               llvm::any_of(other.getAttributeNames(),
                                            [&](StringAttr own) {
                                              return own.getValue() == name;
                                            });
                      });
}

LogicalResult weir::verifyKnownAttributes(Operation *op) {
  for (NamedAttribute attribute : op->getDiscardableAttrs()) {
    StringRef name = attribute.getName(), similar = findSimilar(op, name);
    if (similar.empty() && !isAttributeOfOthers(op, name))
      continue;
    InFlightDiagnostic error = op->emitOpError("has no attribute '")
                               << name << "'";
    if (!similar.empty())
      error << "; did you mean '" << similar << "'?";
    return error;
  }
  return success();
}

static bool isWellFormedTarget(Attribute attr) {
  auto target = dyn_cast<DictionaryAttr>(attr);
  if (!target || !target.getAs<StringAttr>("features"))
    return false;
  auto isWidth = [](Attribute attr) {
    auto bits = dyn_cast_or_null<IntegerAttr>(attr);
    return bits && bits.getType().isInteger(64) &&
           llvm::is_contained({128, 256, 512}, bits.getInt());
  };
  if (!isWidth(target.get("vector_bits")))
    return false;
  auto isPositive = [](int64_t value) { return value > 0; };
  auto isSpeed = [](double value) { return value > 0 && std::isfinite(value); };
  for (NamedAttribute entry : target) {
    StringRef name = entry.getName();
    auto caches = dyn_cast<DenseI64ArrayAttr>(entry.getValue());
    auto rates = dyn_cast<DenseF64ArrayAttr>(entry.getValue());
    auto clock = dyn_cast<FloatAttr>(entry.getValue());
    bool known = name == "features" || name == "vector_bits" ||
                 (name == "unit_bits" && isWidth(entry.getValue())) ||
                 (name == "caches" && caches && caches.size() == 3 &&
                  llvm::all_of(caches.asArrayRef(), isPositive)) ||
                 (name == "rates" && rates && rates.size() == 4 &&
                  llvm::all_of(rates.asArrayRef(), isSpeed)) ||
                 (name == "clock" && clock && clock.getType().isF64() &&
                  isSpeed(clock.getValueAsDouble()));
    if (!known)
      return false;
  }
  return true;
}

/// The digits must be those of the same number: rounded to f32 they give the
/// constant.
static LogicalResult verifyF64Digits(Operation *op, Attribute attr) {
  auto digits = dyn_cast<FloatAttr>(attr);
  auto value = op->getAttrOfType<FloatAttr>("value");
  if (!isa<arith::ConstantOp>(op) || !value || !value.getType().isF32() ||
      !digits || !digits.getType().isF64())
    return op->emitOpError(
        "'weir.f64' is a number of type f64 on an arith.constant of type f32");
  APFloat rounded = digits.getValue();
  bool inexact;
  rounded.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven,
                  &inexact);
  if (rounded.bitwiseIsEqual(value.getValue()))
    return success();
  return op->emitOpError("'weir.f64' is another number than the constant: "
                         "rounded to f32 it is ")
         << rounded.convertToDouble();
}

LogicalResult WeirDialect::verifyOperationAttribute(Operation *op,
                                                    NamedAttribute attr) {
  if (attr.getName() == kABIAttrName) {
    if (isa<FunctionOpInterface>(op) && isWellFormedABI(attr.getValue()))
      return success();
    return op->emitOpError("'weir.abi' belongs on a function and is written by "
                           "weir-prepare-abi only");
  }
  if (attr.getName() == kF64AttrName)
    return verifyF64Digits(op, attr.getValue());
  if (attr.getName() == kAsWrittenAttrName ||
      attr.getName() == kKeepsDenormalsAttrName ||
      attr.getName() == kAfterSweepsAttrName) {
    if (isa<FormulaOp>(op) && isa<UnitAttr>(attr.getValue()))
      return success();
    return op->emitOpError() << "'" << attr.getName().getValue()
                             << "' is a unit attribute of a weir.formula";
  }
  if (attr.getName() != kTargetAttrName)
    return op->emitOpError() << "carries '" << attr.getName().getValue()
                             << "', which weir does not define on operations";
  if (!isa<ModuleOp>(op) || !isWellFormedTarget(attr.getValue()))
    return op->emitOpError(
        "'weir.target' belongs on a module and has the form {features = "
        "\"+avx2,...\", "
        "vector_bits = 256 : i64}, with 128, 256 or 512 bits; besides there "
        "may be unit_bits, another such number, caches = array<i64: ...>, "
        "three sizes in bytes, rates = "
        "array<f64: ...>, four in GB/s, and clock = 3.4 : f64 in GHz");
  return success();
}

static LogicalResult verifyUniformAttr(Operation *op, NamedAttribute attr,
                                       StringRef what, unsigned index) {
  if (!isa<FormulaOp>(op))
    return op->emitOpError()
           << what << " " << index << " is '" << attr.getName().getValue()
           << "', which only weir.formula has";
  if (!isa<UnitAttr>(attr.getValue()))
    return op->emitOpError() << "'weir.uniform' on " << what << " " << index
                             << " must be a unit attribute";
  return success();
}

static LogicalResult verifyDomainAttr(Operation *op, NamedAttribute attr,
                                      unsigned index) {
  auto formula = dyn_cast<FormulaOp>(op);
  auto bounds = dyn_cast<DenseF64ArrayAttr>(attr.getValue());
  if (formula && formula.isUniformArgument(index) &&
      formula.getArgumentTypes()[index].isF32() && bounds &&
      bounds.size() == 2 && bounds[0] <= bounds[1])
    return success();
  return op->emitOpError() << "'weir.domain' on argument " << index
                           << " has the form array<f64: low, high> and belongs "
                              "on a uniform f32 argument of a formula";
}

static LogicalResult verifyExtremumAttr(Operation *op, NamedAttribute attr,
                                        unsigned index) {
  auto formula = dyn_cast<FormulaOp>(op);
  if (formula && formula.isUniformArgument(index) &&
      formula.getArgumentTypes()[index].isF32() &&
      isa<UnitAttr>(attr.getValue()))
    return success();
  return op->emitOpError() << "'weir.extremum' on argument " << index
                           << " is a unit attribute and belongs on a uniform "
                              "f32 argument of a formula";
}

static LogicalResult verifyEmptyAttr(Operation *op, NamedAttribute attr,
                                     unsigned index) {
  auto formula = dyn_cast<FormulaOp>(op);
  auto value = dyn_cast<FloatAttr>(attr.getValue());
  if (formula && formula.isUniformResult(index) && value &&
      value.getType() == formula.getResultTypes()[index])
    return success();
  return op->emitOpError() << "'weir.empty' on result " << index
                           << " must be an f32 number and belongs on a uniform "
                              "f32 result of a formula";
}

static LogicalResult refuseUnknown(Operation *op, NamedAttribute attr,
                                   StringRef what, unsigned index) {
  return op->emitOpError() << what << " " << index << " carries '"
                           << attr.getName().getValue()
                           << "', which weir does not define";
}

LogicalResult WeirDialect::verifyRegionArgAttribute(Operation *op, unsigned,
                                                    unsigned argIndex,
                                                    NamedAttribute attr) {
  if (attr.getName() == kUniformAttrName)
    return verifyUniformAttr(op, attr, "argument", argIndex);
  if (attr.getName() == kDomainAttrName)
    return verifyDomainAttr(op, attr, argIndex);
  if (attr.getName() == kExtremumAttrName)
    return verifyExtremumAttr(op, attr, argIndex);
  return refuseUnknown(op, attr, "argument", argIndex);
}

LogicalResult WeirDialect::verifyRegionResultAttribute(Operation *op, unsigned,
                                                       unsigned resultIndex,
                                                       NamedAttribute attr) {
  if (attr.getName() == kUniformAttrName)
    return verifyUniformAttr(op, attr, "result", resultIndex);
  if (attr.getName() == kEmptyAttrName)
    return verifyEmptyAttr(op, attr, resultIndex);
  return refuseUnknown(op, attr, "result", resultIndex);
}

FormulaOp weir::resolveFormula(Operation *from, FlatSymbolRefAttr name) {
  for (Operation *table = SymbolTable::getNearestSymbolTable(from); table;
       table = table->getParentOp()
                   ? SymbolTable::getNearestSymbolTable(table->getParentOp())
                   : nullptr)
    if (auto formula = dyn_cast_or_null<FormulaOp>(
            SymbolTable::lookupSymbolIn(table, name.getAttr())))
      return formula;
  auto *dialect = from->getContext()->getLoadedDialect<WeirDialect>();
  auto *library = dialect->getRegisteredInterface<FormulaLibraryInterface>();
  return library ? library->lookup(name.getValue()) : FormulaOp();
}
