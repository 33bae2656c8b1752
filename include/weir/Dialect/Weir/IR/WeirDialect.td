//===- WeirDialect.td - the weir dialect and its attributes -----*- tablegen -*-===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_DIALECT_WEIR_IR_WEIRDIALECT_TD
#define WEIR_DIALECT_WEIR_IR_WEIRDIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def Weir_Dialect : Dialect {
  let name = "weir";
  let cppNamespace = "::weir";
  let summary = "Row formulas: softmax and its relatives, gates, norms";
  let description = [{
    A `weir.formula` is the mathematics of one row of scores. `weir.apply` runs it along a dimension of
    tensors. Everything else (sweeps, the online form, split and merge) is derived from the formula.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let extraClassDeclaration = [{
    /// Marks an argument or a result of a formula that has one value per row.
    static constexpr ::llvm::StringLiteral kUniformAttrName{"weir.uniform"};
    /// The closed interval, array<f64: low, high>, that a uniform f32 argument of a formula must lie in. What the
    /// formula gives outside is the formula's business; a constant outside is an error where it is applied.
    static constexpr ::llvm::StringLiteral kDomainAttrName{"weir.domain"};
    /// What a uniform f32 result is in a row with nothing left, where the identities of the reductions do not say it:
    /// a loss is NaN there, a confidence 0.
    static constexpr ::llvm::StringLiteral kEmptyAttrName{"weir.empty"};
    /// On a module: what passes may know of the machine, {features = "+avx2,...", vector_bits = 256} and, where known,
    /// caches = array<i64: 49152, 2097152, 67108864>, the bytes that one core has of each level, rates = array<f64: ...>, the
    /// gigabytes that a core moves in a second to and from each level and memory, clock = 3.4 : f64 in GHz, unit_bits = 128,
    /// what its units work on at once where that is less than a vector.
    /// Features are LLVM's names; nothing is inferred from a CPU's name.
    static constexpr ::llvm::StringLiteral kTargetAttrName{"weir.target"};
    /// On a kernel: how the function around it looks from C. The Target room writes and reads it.
    static constexpr ::llvm::StringLiteral kABIAttrName{"weir.abi"};
    /// On an arith.constant of type f32 in a formula: its value in f64, for f64 data.
    static constexpr ::llvm::StringLiteral kF64AttrName{"weir.f64"};
    /// On a formula: its ops are meant as they are written, infinities and NaN included, and are not normalised.
    static constexpr ::llvm::StringLiteral kAsWrittenAttrName{"weir.as_written"};
    /// On a formula that was made of a part of another: a denormal number it gives may decide something in the whole, so it
    /// is not taken for zero.
    static constexpr ::llvm::StringLiteral kKeepsDenormalsAttrName{"weir.keeps_denormals"};
    /// On a uniform f32 argument of a formula that was made of a part of another: a maximum or a minimum over the row, found
    /// before. Exponentials that lean on it are anchored.
    static constexpr ::llvm::StringLiteral kExtremumAttrName{"weir.extremum"};
    /// On a formula without a reduction: the last step of one with reductions, which are its arguments. An earlier sweep has
    /// read the row, and the results are of that formula's accuracy class.
    static constexpr ::llvm::StringLiteral kAfterSweepsAttrName{"weir.after_sweeps"};
    /// Library formulas, once linked into a module, carry this symbol prefix.
    static constexpr ::llvm::StringLiteral kLibraryPrefix{"weir.lib."};
  }];
}

//===----------------------------------------------------------------------===//
// Enumerations
//===----------------------------------------------------------------------===//

class Weir_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::weir";
  let genSpecializedAttr = 0;
}
// Prints a space of its own: an op's format puts `` before it.
class Weir_EnumAttr<EnumInfo info, string mnemonic> : EnumAttr<Weir_Dialect, info, mnemonic>;
class Weir_BracketedEnumAttr<EnumInfo info, string mnemonic> : EnumAttr<Weir_Dialect, info, mnemonic> {
  let assemblyFormat = "`<` $value `>`";
}

def Weir_ReductionKind : Weir_Enum<"ReductionKind", "how a row is reduced", [
  I32EnumAttrCase<"Add", 0, "add">, I32EnumAttrCase<"Max", 1, "max">, I32EnumAttrCase<"Min", 2, "min">]>;
def Weir_ReductionKindAttr : Weir_EnumAttr<Weir_ReductionKind, "reduction">;

def Weir_SolveDirection : Weir_Enum<"SolveDirection", "how the function of a root search moves", [
  I32EnumAttrCase<"Decreasing", 0, "decreasing">, I32EnumAttrCase<"Increasing", 1, "increasing">]>;
def Weir_SolveDirectionAttr : Weir_EnumAttr<Weir_SolveDirection, "direction">;

def Weir_EmptyRow : Weir_Enum<"EmptyRow", "what a row with nothing left becomes", [
  I32EnumAttrCase<"Zero", 0, "zero">, I32EnumAttrCase<"NaN", 1, "nan">, I32EnumAttrCase<"Uniform", 2, "uniform">]>;
def Weir_EmptyRowAttr : Weir_BracketedEnumAttr<Weir_EmptyRow, "empty_row">;

def Weir_PosInf : Weir_Enum<"PosInf", "what scores of +inf do", [
  I32EnumAttrCase<"NaN", 0, "nan">, I32EnumAttrCase<"Share", 1, "share">]>;
def Weir_PosInfAttr : Weir_BracketedEnumAttr<Weir_PosInf, "pos_inf">;

def Weir_NegInf : Weir_Enum<"NegInf", "what scores of -inf do", [
  I32EnumAttrCase<"Exclude", 0, "exclude">, I32EnumAttrCase<"Ordinary", 1, "ordinary">]>;
def Weir_NegInfAttr : Weir_BracketedEnumAttr<Weir_NegInf, "neg_inf">;

def Weir_NaNPolicy : Weir_Enum<"NaNPolicy", "what NaN scores do", [
  I32EnumAttrCase<"Propagate", 0, "propagate">, I32EnumAttrCase<"Ignore", 1, "ignore">,
  I32EnumAttrCase<"Arithmetic", 2, "arithmetic">]>;
def Weir_NaNPolicyAttr : Weir_BracketedEnumAttr<Weir_NaNPolicy, "nan">;

def Weir_Ties : Weir_Enum<"Ties", "which of equal scores a selection takes", [
  I32EnumAttrCase<"LowestIndex", 0, "lowest_index">, I32EnumAttrCase<"Unspecified", 1, "unspecified">,
  I32EnumAttrCase<"AllEqual", 2, "all_equal">]>;
def Weir_TiesAttr : Weir_BracketedEnumAttr<Weir_Ties, "ties">;

def Weir_Form : Weir_Enum<"Form", "the way a row program runs", [
  I32EnumAttrCase<"Elementwise", 0, "elementwise">, I32EnumAttrCase<"Stored", 1, "stored">,
  I32EnumAttrCase<"Recompute", 2, "recompute">, I32EnumAttrCase<"Online", 3, "online">,
  I32EnumAttrCase<"Transposed", 4, "transposed">, I32EnumAttrCase<"TwoPass", 5, "two_pass">]>;
def Weir_FormAttr : Weir_BracketedEnumAttr<Weir_Form, "form">;

// One of several ways to run rows whose number and length are known at run time only.
def Weir_PlanAttr : AttrDef<Weir_Dialect, "Plan"> {
  let mnemonic = "plan";
  let summary = "a form, and the sizes that it is meant for";
  let description = [{
    The form to run in when there are `min_rows` rows or more along the last outer dimension, of at most `max_length` elements, and at most `max_elements`
    elements in all rows; a bound that is absent or 0 does not hold anything back. `stream_bytes` and `pages` are those of
    `weir.apply`, 0 where there are none.
  }];
  let parameters = (ins EnumParameter<Weir_Form>:$form, OptionalParameter<"int64_t">:$min_rows,
    OptionalParameter<"int64_t">:$max_length, OptionalParameter<"int64_t">:$max_elements, OptionalParameter<"int64_t">:$stream_bytes,
    OptionalParameter<"int64_t">:$pages);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// True for a plan that fits all sizes.
    bool fitsAll() const { return getMinRows() <= 1 && getMaxLength() == 0 && getMaxElements() == 0; }
  }];
}
def Weir_PlansAttr : TypedArrayAttrBase<Weir_PlanAttr, "plans, of which the first that fits is taken">;

def Weir_TopKMode : Weir_Enum<"TopKMode", "how many of the largest elements are selected", [
  I32EnumAttrCase<"Count", 0, "count">, I32EnumAttrCase<"Gap", 1, "gap">, I32EnumAttrCase<"Mass", 2, "mass">,
  I32EnumAttrCase<"Threshold", 3, "threshold">]>;
def Weir_TopKModeAttr : Weir_BracketedEnumAttr<Weir_TopKMode, "topk_mode">;

def Weir_TopKForm : Weir_Enum<"TopKForm", "the way the largest elements are found", [
  I32EnumAttrCase<"Insert", 0, "insert">, I32EnumAttrCase<"Select", 1, "select">]>;
def Weir_TopKFormAttr : Weir_BracketedEnumAttr<Weir_TopKForm, "topk_form">;

def Weir_LaneDirection : Weir_Enum<"LaneDirection", "where the lanes of vectors lie", [
  I32EnumAttrCase<"Along", 0, "along">, I32EnumAttrCase<"Across", 1, "across">]>;
def Weir_LaneDirectionAttr : Weir_BracketedEnumAttr<Weir_LaneDirection, "lanes">;

def Weir_AttentionLayout : Weir_Enum<"AttentionLayout", "the order of an attention's dimensions", [
  I32EnumAttrCase<"BHLD", 0, "bhld">, I32EnumAttrCase<"BLHD", 1, "blhd">]>;
def Weir_AttentionLayoutAttr : Weir_BracketedEnumAttr<Weir_AttentionLayout, "attention_layout">;

def Weir_AttentionForm : Weir_Enum<"AttentionForm", "the way attention runs", [
  I32EnumAttrCase<"Blocks", 0, "blocks">, I32EnumAttrCase<"OnePass", 1, "one_pass">, I32EnumAttrCase<"TwoPass", 2, "two_pass">]>;
def Weir_AttentionFormAttr : Weir_BracketedEnumAttr<Weir_AttentionForm, "attention_form">;

#endif // WEIR_DIALECT_WEIR_IR_WEIRDIALECT_TD
