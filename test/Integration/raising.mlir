// Programs as other compilers write them, for test_raising.py.

#map = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>
#kept = affine_map<(d0, d1) -> (0, d1)>

// torch-mlir's log_softmax along dimension 0: the maximum comes with an index that nobody uses.
func.func @indexed(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %first = arith.constant 0 : i64
  %low = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %h = tensor.dim %x, %c0 : tensor<?x?xf32>
  %w = tensor.dim %x, %c1 : tensor<?x?xf32>
  %ei = tensor.empty(%w) : tensor<?xi64>
  %fi = linalg.fill ins(%first : i64) outs(%ei : tensor<?xi64>) -> tensor<?xi64>
  %em = tensor.empty(%w) : tensor<?xf32>
  %fm = linalg.fill ins(%low : f32) outs(%em : tensor<?xf32>) -> tensor<?xf32>
  %m:2 = linalg.generic {indexing_maps = [#map, #column, #column], iterator_types = ["reduction", "parallel"]}
      ins(%x : tensor<?x?xf32>) outs(%fm, %fi : tensor<?xf32>, tensor<?xi64>) {
  ^bb0(%in: f32, %out: f32, %at: i64):
    %i = linalg.index 0 : index
    %i64 = arith.index_cast %i : index to i64
    %most = arith.maximumf %in, %out : f32
    %better = arith.cmpf ogt, %in, %out : f32
    %winner = arith.select %better, %i64, %at : i64
    linalg.yield %most, %winner : f32, i64
  } -> (tensor<?xf32>, tensor<?xi64>)
  %wide = tensor.expand_shape %m#0 [[0, 1]] output_shape [1, %w] : tensor<?xf32> into tensor<1x?xf32>
  %e = tensor.empty(%h, %w) : tensor<?x?xf32>
  %d = linalg.generic {indexing_maps = [#map, #kept, #map], iterator_types = ["parallel", "parallel"]}
      ins(%x, %wide : tensor<?x?xf32>, tensor<1x?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%in: f32, %most: f32, %out: f32):
    %r = arith.subf %in, %most : f32
    linalg.yield %r : f32
  } -> tensor<?x?xf32>
  %es = tensor.empty(%w) : tensor<1x?xf32>
  %fs = linalg.fill ins(%zero : f32) outs(%es : tensor<1x?xf32>) -> tensor<1x?xf32>
  %s = linalg.generic {indexing_maps = [#map, #kept], iterator_types = ["reduction", "parallel"]}
      ins(%d : tensor<?x?xf32>) outs(%fs : tensor<1x?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %p = math.exp %in : f32
    %r = arith.addf %p, %out : f32
    linalg.yield %r : f32
  } -> tensor<1x?xf32>
  %l = linalg.generic {indexing_maps = [#kept, #map], iterator_types = ["parallel", "parallel"]}
      ins(%s : tensor<1x?xf32>) outs(%es : tensor<1x?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = math.log %in : f32
    linalg.yield %r : f32
  } -> tensor<1x?xf32>
  %y = linalg.generic {indexing_maps = [#map, #kept, #map], iterator_types = ["parallel", "parallel"]}
      ins(%d, %l : tensor<?x?xf32>, tensor<1x?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%in: f32, %log: f32, %out: f32):
    %r = arith.subf %in, %log : f32
    linalg.yield %r : f32
  } -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// Named ops: scale, softmax with reduce and broadcast.
func.func @named(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %low = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %factor = arith.constant 0.25 : f32
  %h = tensor.dim %x, %c0 : tensor<?x?xf32>
  %w = tensor.dim %x, %c1 : tensor<?x?xf32>
  %e = tensor.empty(%h, %w) : tensor<?x?xf32>
  %r = tensor.empty(%h) : tensor<?xf32>
  %factors = linalg.fill ins(%factor : f32) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %z = linalg.mul ins(%x, %factors : tensor<?x?xf32>, tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %lows = linalg.fill ins(%low : f32) outs(%r : tensor<?xf32>) -> tensor<?xf32>
  %m = linalg.reduce { arith.maximumf } ins(%z : tensor<?x?xf32>) outs(%lows : tensor<?xf32>) dimensions = [1]
  %mm = linalg.broadcast ins(%m : tensor<?xf32>) outs(%e : tensor<?x?xf32>) dimensions = [1]
  %d = linalg.sub ins(%z, %mm : tensor<?x?xf32>, tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %p = linalg.elementwise kind=#linalg.elementwise_kind<exp> ins(%d : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%r : tensor<?xf32>) -> tensor<?xf32>
  %s = linalg.reduce { arith.addf } ins(%p : tensor<?x?xf32>) outs(%zeros : tensor<?xf32>) dimensions = [1]
  %ss = linalg.broadcast ins(%s : tensor<?xf32>) outs(%e : tensor<?x?xf32>) dimensions = [1]
  %y = linalg.div ins(%p, %ss : tensor<?x?xf32>, tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// Attention by hand: products stay, what lies between them is one formula, with a causal mask by index.
func.func @attention(%q: tensor<24x16xf32>, %k: tensor<16x40xf32>, %v: tensor<40x8xf32>, %bias: tensor<40xf32>) -> tensor<24x8xf32> {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %scale = arith.constant 0.25 : f32
  %e = tensor.empty() : tensor<24x40xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%e : tensor<24x40xf32>) -> tensor<24x40xf32>
  %scores = linalg.matmul ins(%q, %k : tensor<24x16xf32>, tensor<16x40xf32>) outs(%zeros : tensor<24x40xf32>) -> tensor<24x40xf32>
  %z = linalg.generic {indexing_maps = [#map, #column, #map], iterator_types = ["parallel", "parallel"]}
      ins(%scores, %bias : tensor<24x40xf32>, tensor<40xf32>) outs(%e : tensor<24x40xf32>) {
  ^bb0(%in: f32, %b: f32, %out: f32):
    %row = linalg.index 0 : index
    %at = linalg.index 1 : index
    %seen = arith.cmpi ule, %at, %row : index
    %scaled = arith.mulf %in, %scale : f32
    %biased = arith.addf %scaled, %b : f32
    %r = arith.select %seen, %biased, %low : f32
    linalg.yield %r : f32
  } -> tensor<24x40xf32>
  %w = linalg.softmax dimension(1) ins(%z : tensor<24x40xf32>) outs(%e : tensor<24x40xf32>) -> tensor<24x40xf32>
  %ey = tensor.empty() : tensor<24x8xf32>
  %zy = linalg.fill ins(%zero : f32) outs(%ey : tensor<24x8xf32>) -> tensor<24x8xf32>
  %y = linalg.matmul ins(%w, %v : tensor<24x40xf32>, tensor<40x8xf32>) outs(%zy : tensor<24x8xf32>) -> tensor<24x8xf32>
  return %y : tensor<24x8xf32>
}
