//===- BufferizableOpInterfaceImpl.cpp - weir's ops under one-shot bufferization
//===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "weir/Dialect/Weir/Transforms/Passes.h"

#include "weir/Dialect/Weir/IR/Weir.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace weir;

/// True for the ops whose destinations hold a state that is read.
static bool readsDestinations(Operation *op) {
  return isa<StatsOp, MergeOp>(op);
}

namespace {
/// Other destinations are written whole, so their old contents need no copy.
template <typename OpTy>
struct DstModel
    : DstBufferizableOpInterfaceExternalModel<DstModel<OpTy>, OpTy> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    return readsDestinations(op) ||
           !cast<DestinationStyleOpInterface>(op).isDpsInit(&operand);
  }

  /// An elementwise formula reads a group of elements before it writes the
  /// results there: an argument may be the memory of a result.
  bool bufferizesToElementwiseAccess(Operation *op, const AnalysisState &,
                                     ArrayRef<OpOperand *> operands) const {
    auto rows = dyn_cast<RowsOp>(op);
    if (!rows || rows.resolveFormula().hasReduction())
      return false;
    auto shape = cast<ShapedType>(rows.getOutputs()[0].getType()).getShape();
    return llvm::all_of(operands, [&](OpOperand *operand) {
      auto type = dyn_cast<ShapedType>(operand->get().getType());
      return type && type.getShape() == shape;
    });
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      if (!isa<TensorType>(operand.getType())) {
        operands.push_back(operand);
        continue;
      }
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      operands.push_back(*buffer);
    }
    rewriter.setInsertionPoint(op);
    SmallVector<Value> outputs;
    for (OpOperand &init :
         cast<DestinationStyleOpInterface>(op).getDpsInitsMutable())
      outputs.push_back(operands[init.getOperandNumber()]);
    OperationState newState(op->getLoc(), op->getName(), operands, TypeRange(),
                            op->getAttrs());
    newState.propertiesAttr = op->getPropertiesAsAttribute();
    rewriter.create(newState);
    replaceOpWithBufferizedValues(rewriter, op, outputs);
    return success();
  }
};
} // namespace

void weir::registerBufferizableOpInterfaceModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, WeirDialect *) {
    RowsOp::attachInterface<DstModel<RowsOp>>(*context);
    StatsOp::attachInterface<DstModel<StatsOp>>(*context);
    MergeOp::attachInterface<DstModel<MergeOp>>(*context);
    FinishOp::attachInterface<DstModel<FinishOp>>(*context);
    WeightsOp::attachInterface<DstModel<WeightsOp>>(*context);
    TopKRowsOp::attachInterface<DstModel<TopKRowsOp>>(*context);
    AttentionRowsOp::attachInterface<DstModel<AttentionRowsOp>>(*context);
  });
}
