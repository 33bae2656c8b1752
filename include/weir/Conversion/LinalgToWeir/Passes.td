//===- Passes.td - conversions into the weir dialect -----*- tablegen -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_CONVERSION_LINALGTOWEIR_PASSES_TD
#define WEIR_CONVERSION_LINALGTOWEIR_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertLinalgToWeir : Pass<"convert-linalg-to-weir", "::mlir::ModuleOp"> {
  let summary = "Raise row programs in linalg on tensors to weir.apply";
  let description = [{
    Around each reduction along one dimension a group of linalg ops grows: other reductions along that dimension, elementwise ops on
    the same shape or on one value per row, broadcasts, and reshapes that add or drop dimensions of size 1. The group's scalar
    program becomes a `weir.formula`, the group a `weir.apply`. Which policies the apply carries follows from what the program gives
    in rows with infinities and NaN; a group that no policy fits is left as it is, and so are ops without a reduction beside them.
    `linalg.softmax`, `linalg.pack` and `linalg.unpack` are decomposed first, also with `enable=false`.

    Before:

    ```mlir
    func.func @shift(%x: tensor<4x8xf32>, %low: tensor<4xf32>, %e: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %m = linalg.reduce { arith.maximumf } ins(%x : tensor<4x8xf32>) outs(%low : tensor<4xf32>) dimensions = [1]
      %b = linalg.broadcast ins(%m : tensor<4xf32>) outs(%e : tensor<4x8xf32>) dimensions = [1]
      %d = linalg.sub ins(%x, %b : tensor<4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
      return %d : tensor<4x8xf32>
    }
    ```

    After:

    ```mlir
    weir.formula private @raised_0(%x: f32, %low: f32 {weir.uniform}) -> f32 {
      %r = weir.reduce max %x : f32
      %m = arith.maximumf %r, %low : f32
      %d = arith.subf %x, %m : f32
      weir.yield %d : f32
    }
    func.func @shift(%x: tensor<4x8xf32>, %low: tensor<4xf32>, %e: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %d = weir.apply @raised_0(%x, %low) {neg_inf = #weir.neg_inf<ordinary>} : (tensor<4x8xf32>, tensor<4xf32>) -> tensor<4x8xf32>
      return %d : tensor<4x8xf32>
    }
    ```
  }];
  let options = [
    Option<"enable", "enable", "bool", "true", "raise; otherwise softmax, pack and unpack are decomposed and nothing else is done">,
    Option<"explain", "explain", "bool", "false", "emit a remark for every group: what it became, or why it did not">
  ];
  let dependentDialects = ["::weir::WeirDialect", "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

#endif // WEIR_CONVERSION_LINALGTOWEIR_PASSES_TD
