//===- AttentionMatch.h - products around rows of weights ---*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_LIB_DIALECT_WEIR_TRANSFORMS_ATTENTIONMATCH_H
#define WEIR_LIB_DIALECT_WEIR_TRANSFORMS_ATTENTIONMATCH_H

#include "ScoreChain.h"

#include "mlir/IR/OwningOpRef.h"

namespace weir {

/// A sum over one loop of products of two tensors, from 0 on.
struct Contraction {
  static std::optional<Contraction> match(mlir::Operation *op);
  /// The dimensions of an operand whose loops run over `loops`; loops that are
  /// not known are none.
  AtomDims getDims(mlir::OpOperand &operand,
                   llvm::ArrayRef<std::optional<Atoms>> loops);
  /// Says what loops run over that `operand` has.
  void bind(mlir::OpOperand &operand, llvm::ArrayRef<Atoms> dims,
            llvm::SmallVectorImpl<std::optional<Atoms>> &loops);
  mlir::OpOperand &getResultOperand() { return *op.getDpsInitOperand(0); }

  mlir::linalg::LinalgOp op;
  unsigned reduced;
};

/// A window as weir.attention says it: clauses, and, where these do not count
/// from the last query at the last key on, where the first query stands.
struct WindowClauses {
  std::optional<int64_t> left, right;
  std::optional<LinearIndex> firstQuery;
};

/// A weir.apply whose scores are a product, and whose weights meet values in
/// another, as what weir.attention takes.
class AttentionMatch {
public:
  explicit AttentionMatch(ApplyOp apply);
  ~AttentionMatch() { dropTemporary(); }
  /// True when there are both products.
  bool isBetweenProducts();
  /// Why the whole is no weir.attention, or "".
  std::string match();
  /// Erases what was written to look at steps between the products.
  void dropTemporary();

  ApplyOp apply;
  FormulaOp formula;
  unsigned weights = 0; // Index of the varying result.
  Contraction scoreProduct, valueProduct;

  AtomSpace space;
  ScoreOperand query, key, value;
  mlir::Value output;
  AtomDims outputDims;
  /// What each dimension of weir.attention's tensors is.
  Atoms batch, queryHeads, keyHeads, queries, keys, head, valueHead;
  bool headsLast = false; // Tensors are [batch, length, head, element].

  ScoreChain chain;
  /// The formula on the scores behind `chain`, where it is not the one that is
  /// applied, and the arguments of that one that it has.
  mlir::OwningOpRef<FormulaOp> rest;
  llvm::SmallVector<unsigned> arguments;
  /// The policy for empty rows where the rest of the formula may leave out
  /// scores of -inf, which the whole may not.
  std::optional<EmptyRow> emptyRow;

  std::optional<ScoreOperand> mask;
  WindowClauses window;

  ScoreOperand getOperand(unsigned index);
  AtomDims getOuterDims();
  /// Values from the weights to the second product, and from the first product
  /// to the scores, each from the last to the first.
  llvm::SmallVector<mlir::Value> behind, before;

private:
  /// An op between the first product and the weir.apply.
  struct Link {
    mlir::Operation *op;
    mlir::Value score;
    AtomDims dims;
  };
  bool findScores(mlir::Value value, AtomDims dims);
  bool findValues(mlir::Value value, AtomDims dims);
  bool findScoresBehind(mlir::Operation *op, llvm::ArrayRef<Atoms> dims);
  std::string followLinks();
  std::string followLink(const Link &link);
  std::string chooseFormula();
  std::optional<EmptyRow> cut(bool takesTensors);
  mlir::Value
  followChain(FormulaOp formula, mlir::BlockArgument score, bool takesTensors,
              llvm::ArrayRef<Atoms> outer,
              llvm::function_ref<ScoreOperand(mlir::BlockArgument)> operandOf);
  std::string findWindow();
  std::optional<WindowClauses> getClauses(const KeyWindow &window);
  mlir::FailureOr<int64_t> getAlignment(const LinearIndex &offset);
  std::string findInputs();
  std::string findGroups();
  std::string checkOperands();
  std::string checkPlaces();
  bool hasHeadsLast() const;

  AtomDims dims; // Of the weir.apply's elements.
  AtomDims scoreDims;
  ScoreOperand weightsInProduct;
  llvm::SmallVector<Link> links;
  llvm::SmallVector<ApplyOp> temporary;
  llvm::SmallVector<mlir::Operation *> outlined;
};

} // namespace weir

#endif // WEIR_LIB_DIALECT_WEIR_TRANSFORMS_ATTENTIONMATCH_H
