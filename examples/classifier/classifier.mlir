// A classifier's head: logits = x W + b, normalised by RMS, then softmax over the classes.
func.func @classify(%x: tensor<?x64xf32>, %w: tensor<64x10xf32>, %b: tensor<10xf32>, %gain: tensor<10xf32>)
    -> tensor<?x10xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %eps = arith.constant 1.0e-5 : f32
  %n = tensor.dim %x, %c0 : tensor<?x64xf32>
  %empty = tensor.empty(%n) : tensor<?x10xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x10xf32>) -> tensor<?x10xf32>
  %xw = linalg.matmul ins(%x, %w : tensor<?x64xf32>, tensor<64x10xf32>) outs(%init : tensor<?x10xf32>)
      -> tensor<?x10xf32>
  %wide = linalg.broadcast ins(%b : tensor<10xf32>) outs(%empty : tensor<?x10xf32>) dimensions = [0]
  %logits = linalg.add ins(%xw, %wide : tensor<?x10xf32>, tensor<?x10xf32>) outs(%empty : tensor<?x10xf32>)
      -> tensor<?x10xf32>
  %normed = weir.apply @rms_norm(%logits, %gain, %eps) : (tensor<?x10xf32>, tensor<10xf32>, f32) -> tensor<?x10xf32>
  %p = weir.apply @softmax(%normed) : (tensor<?x10xf32>) -> tensor<?x10xf32>
  return %p : tensor<?x10xf32>
}
