// A block of a decoder: RMS norm, attention of 8 heads on 2 heads of keys and values, a gate on what it found, RMS norm, SwiGLU.
// 512 features, heads of 64, 1408 features in the middle. With bf16 in the next line weights, keys and values have 16 bits; what
// goes from block to block stays f32.
!weight = f32

// Two features as a complex number, turned by an angle that grows with the position.
weir.formula private @turn(%re: f32, %im: f32, %cos: f32, %sin: f32) -> (f32, f32) {
  %a = arith.mulf %re, %cos : f32
  %b = arith.mulf %im, %sin : f32
  %x = arith.subf %a, %b : f32
  %c = arith.mulf %re, %sin : f32
  %d = arith.mulf %im, %cos : f32
  %y = arith.addf %c, %d : f32
  weir.yield %x, %y : f32, f32
}
// Rounds to the element type of the result.
weir.formula private @store(%x: f32) -> f32 {
  weir.yield %x : f32
}

// What attention needs of n tokens whose positions have these angles: queries, keys, values, gates.
func.func private @project(%x: tensor<?x512xf32>, %gain: tensor<512xf32>, %w: tensor<512x1280x!weight>, %cos: tensor<?x32xf32>,
                           %sin: tensor<?x32xf32>)
    -> (tensor<?x8x64x!weight>, tensor<?x2x64x!weight>, tensor<?x2x64x!weight>, tensor<?x512xf32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %eps = arith.constant 1.0e-5 : f32
  %n = tensor.dim %x, %c0 : tensor<?x512xf32>
  %h = weir.apply @rms_norm(%x, %gain, %eps) : (tensor<?x512xf32>, tensor<512xf32>, f32) -> tensor<?x512x!weight>
  %pe = tensor.empty(%n) : tensor<?x1280xf32>
  %pz = linalg.fill ins(%zero : f32) outs(%pe : tensor<?x1280xf32>) -> tensor<?x1280xf32>
  %p = linalg.matmul ins(%h, %w : tensor<?x512x!weight>, tensor<512x1280x!weight>) outs(%pz : tensor<?x1280xf32>) -> tensor<?x1280xf32>
  %heads = tensor.expand_shape %p [[0], [1, 2]] output_shape [%n, 20, 64] : tensor<?x1280xf32> into tensor<?x20x64xf32>

  // The ten heads of queries and keys lie side by side.
  %re = tensor.extract_slice %heads[0, 0, 0] [%n, 10, 32] [1, 1, 1] : tensor<?x20x64xf32> to tensor<?x10x32xf32>
  %im = tensor.extract_slice %heads[0, 0, 32] [%n, 10, 32] [1, 1, 1] : tensor<?x20x64xf32> to tensor<?x10x32xf32>
  %cos1 = tensor.expand_shape %cos [[0], [1, 2]] output_shape [%n, 1, 32] : tensor<?x32xf32> into tensor<?x1x32xf32>
  %sin1 = tensor.expand_shape %sin [[0], [1, 2]] output_shape [%n, 1, 32] : tensor<?x32xf32> into tensor<?x1x32xf32>
  %a, %b = weir.apply @turn(%re, %im, %cos1, %sin1)
    : (tensor<?x10x32xf32>, tensor<?x10x32xf32>, tensor<?x1x32xf32>, tensor<?x1x32xf32>) -> (tensor<?x10x32x!weight>, tensor<?x10x32x!weight>)
  %te = tensor.empty(%n) : tensor<?x10x64x!weight>
  %ta = tensor.insert_slice %a into %te[0, 0, 0] [%n, 10, 32] [1, 1, 1] : tensor<?x10x32x!weight> into tensor<?x10x64x!weight>
  %turned = tensor.insert_slice %b into %ta[0, 0, 32] [%n, 10, 32] [1, 1, 1] : tensor<?x10x32x!weight> into tensor<?x10x64x!weight>
  %q = tensor.extract_slice %turned[0, 0, 0] [%n, 8, 64] [1, 1, 1] : tensor<?x10x64x!weight> to tensor<?x8x64x!weight>
  %k = tensor.extract_slice %turned[0, 8, 0] [%n, 2, 64] [1, 1, 1] : tensor<?x10x64x!weight> to tensor<?x2x64x!weight>

  %v0 = tensor.extract_slice %heads[0, 10, 0] [%n, 2, 64] [1, 1, 1] : tensor<?x20x64xf32> to tensor<?x2x64xf32>
  %v = weir.apply @store(%v0) : (tensor<?x2x64xf32>) -> tensor<?x2x64x!weight>
  %g = tensor.extract_slice %p[0, 768] [%n, 512] [1, 1] : tensor<?x1280xf32> to tensor<?x512xf32>
  return %q, %k, %v, %g : tensor<?x8x64x!weight>, tensor<?x2x64x!weight>, tensor<?x2x64x!weight>, tensor<?x512xf32>
}

// What attention found goes through the gates and back to the features; then comes the part that works on each token by itself.
func.func private @finish(%x: tensor<?x512xf32>, %found: tensor<?x512xf32>, %g: tensor<?x512xf32>, %w_out: tensor<512x512x!weight>,
                          %gain: tensor<512xf32>, %w_up: tensor<512x2816x!weight>, %w_down: tensor<1408x512x!weight>) -> tensor<?x512xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %eps = arith.constant 1.0e-5 : f32
  %n = tensor.dim %x, %c0 : tensor<?x512xf32>
  %gated = weir.apply @sigmoid_gate(%g, %found) : (tensor<?x512xf32>, tensor<?x512xf32>) -> tensor<?x512x!weight>
  %y = linalg.matmul ins(%gated, %w_out : tensor<?x512x!weight>, tensor<512x512x!weight>) outs(%x : tensor<?x512xf32>) -> tensor<?x512xf32>
  %h = weir.apply @rms_norm(%y, %gain, %eps) : (tensor<?x512xf32>, tensor<512xf32>, f32) -> tensor<?x512x!weight>
  %ue = tensor.empty(%n) : tensor<?x2816xf32>
  %uz = linalg.fill ins(%zero : f32) outs(%ue : tensor<?x2816xf32>) -> tensor<?x2816xf32>
  %u = linalg.matmul ins(%h, %w_up : tensor<?x512x!weight>, tensor<512x2816x!weight>) outs(%uz : tensor<?x2816xf32>) -> tensor<?x2816xf32>
  %gate = tensor.extract_slice %u[0, 0] [%n, 1408] [1, 1] : tensor<?x2816xf32> to tensor<?x1408xf32>
  %value = tensor.extract_slice %u[0, 1408] [%n, 1408] [1, 1] : tensor<?x2816xf32> to tensor<?x1408xf32>
  %m = weir.apply @swiglu(%gate, %value) : (tensor<?x1408xf32>, tensor<?x1408xf32>) -> tensor<?x1408x!weight>
  %z = linalg.matmul ins(%m, %w_down : tensor<?x1408x!weight>, tensor<1408x512x!weight>) outs(%y : tensor<?x512xf32>) -> tensor<?x512xf32>
  return %z : tensor<?x512xf32>
}

// Tokens past, past + 1, ... of one sequence, whose keys and values become rows of the caches. past + n must not exceed the caches.
func.func @prefill(%x: tensor<?x512xf32>, %gain_in: tensor<512xf32>, %w_in: tensor<512x1280x!weight>, %w_out: tensor<512x512x!weight>,
                   %gain_up: tensor<512xf32>, %w_up: tensor<512x2816x!weight>, %w_down: tensor<1408x512x!weight>,
                   %cos: tensor<?x32xf32>, %sin: tensor<?x32xf32>, %k_cache: tensor<?x2x64x!weight>, %v_cache: tensor<?x2x64x!weight>,
                   %past: index) -> (tensor<?x512xf32>, tensor<?x2x64x!weight>, tensor<?x2x64x!weight>) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x512xf32>
  %s = tensor.dim %k_cache, %c0 : tensor<?x2x64x!weight>
  %end = arith.addi %past, %n : index
  %length = arith.index_cast %end : index to i64
  %lengths = tensor.from_elements %length : tensor<1xi64>
  %own_cos = tensor.extract_slice %cos[%past, 0] [%n, 32] [1, 1] : tensor<?x32xf32> to tensor<?x32xf32>
  %own_sin = tensor.extract_slice %sin[%past, 0] [%n, 32] [1, 1] : tensor<?x32xf32> to tensor<?x32xf32>
  %q, %k, %v, %g = call @project(%x, %gain_in, %w_in, %own_cos, %own_sin)
    : (tensor<?x512xf32>, tensor<512xf32>, tensor<512x1280x!weight>, tensor<?x32xf32>, tensor<?x32xf32>)
    -> (tensor<?x8x64x!weight>, tensor<?x2x64x!weight>, tensor<?x2x64x!weight>, tensor<?x512xf32>)
  %keys = tensor.insert_slice %k into %k_cache[%past, 0, 0] [%n, 2, 64] [1, 1, 1] : tensor<?x2x64x!weight> into tensor<?x2x64x!weight>
  %values = tensor.insert_slice %v into %v_cache[%past, 0, 0] [%n, 2, 64] [1, 1, 1] : tensor<?x2x64x!weight> into tensor<?x2x64x!weight>
  %q4 = tensor.expand_shape %q [[0, 1], [2], [3]] output_shape [1, %n, 8, 64] : tensor<?x8x64x!weight> into tensor<1x?x8x64x!weight>
  %k4 = tensor.expand_shape %keys [[0, 1], [2], [3]] output_shape [1, %s, 2, 64] : tensor<?x2x64x!weight> into tensor<1x?x2x64x!weight>
  %v4 = tensor.expand_shape %values [[0, 1], [2], [3]] output_shape [1, %s, 2, 64] : tensor<?x2x64x!weight> into tensor<1x?x2x64x!weight>
  %o4 = weir.attention @softmax(%q4, %k4, %v4) lengths(%lengths : tensor<1xi64>) {causal, layout = #weir.attention_layout<blhd>}
    : (tensor<1x?x8x64x!weight>, tensor<1x?x2x64x!weight>, tensor<1x?x2x64x!weight>) -> tensor<1x?x8x64xf32>
  %o = tensor.collapse_shape %o4 [[0, 1], [2, 3]] : tensor<1x?x8x64xf32> into tensor<?x512xf32>
  %y = call @finish(%x, %o, %g, %w_out, %gain_up, %w_up, %w_down)
    : (tensor<?x512xf32>, tensor<?x512xf32>, tensor<?x512xf32>, tensor<512x512x!weight>, tensor<512xf32>, tensor<512x2816x!weight>,
       tensor<1408x512x!weight>) -> tensor<?x512xf32>
  return %y, %keys, %values : tensor<?x512xf32>, tensor<?x2x64x!weight>, tensor<?x2x64x!weight>
}

// One token of each of b sequences. Sequence i has lengths(i) tokens with this one.
func.func @decode(%x: tensor<?x512xf32>, %gain_in: tensor<512xf32>, %w_in: tensor<512x1280x!weight>, %w_out: tensor<512x512x!weight>,
                  %gain_up: tensor<512xf32>, %w_up: tensor<512x2816x!weight>, %w_down: tensor<1408x512x!weight>,
                  %cos: tensor<?x32xf32>, %sin: tensor<?x32xf32>, %k_cache: tensor<?x?x2x64x!weight>, %v_cache: tensor<?x?x2x64x!weight>,
                  %lengths: tensor<?xi32>) -> (tensor<?x512xf32>, tensor<?x?x2x64x!weight>, tensor<?x?x2x64x!weight>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %x, %c0 : tensor<?x512xf32>
  %cos_e = tensor.empty(%b) : tensor<?x32xf32>
  %own_cos, %own_sin = scf.for %i = %c0 to %b step %c1 iter_args(%ci = %cos_e, %si = %cos_e) -> (tensor<?x32xf32>, tensor<?x32xf32>) {
    %at = func.call @position(%lengths, %i) : (tensor<?xi32>, index) -> index
    %c = tensor.extract_slice %cos[%at, 0] [1, 32] [1, 1] : tensor<?x32xf32> to tensor<1x32xf32>
    %s = tensor.extract_slice %sin[%at, 0] [1, 32] [1, 1] : tensor<?x32xf32> to tensor<1x32xf32>
    %cn = tensor.insert_slice %c into %ci[%i, 0] [1, 32] [1, 1] : tensor<1x32xf32> into tensor<?x32xf32>
    %sn = tensor.insert_slice %s into %si[%i, 0] [1, 32] [1, 1] : tensor<1x32xf32> into tensor<?x32xf32>
    scf.yield %cn, %sn : tensor<?x32xf32>, tensor<?x32xf32>
  }
  %q, %k, %v, %g = call @project(%x, %gain_in, %w_in, %own_cos, %own_sin)
    : (tensor<?x512xf32>, tensor<512xf32>, tensor<512x1280x!weight>, tensor<?x32xf32>, tensor<?x32xf32>)
    -> (tensor<?x8x64x!weight>, tensor<?x2x64x!weight>, tensor<?x2x64x!weight>, tensor<?x512xf32>)
  %keys, %values = scf.for %i = %c0 to %b step %c1 iter_args(%ki = %k_cache, %vi = %v_cache)
      -> (tensor<?x?x2x64x!weight>, tensor<?x?x2x64x!weight>) {
    %at = func.call @position(%lengths, %i) : (tensor<?xi32>, index) -> index
    %kr = tensor.extract_slice %k[%i, 0, 0] [1, 2, 64] [1, 1, 1] : tensor<?x2x64x!weight> to tensor<2x64x!weight>
    %vr = tensor.extract_slice %v[%i, 0, 0] [1, 2, 64] [1, 1, 1] : tensor<?x2x64x!weight> to tensor<2x64x!weight>
    %kn = tensor.insert_slice %kr into %ki[%i, %at, 0, 0] [1, 1, 2, 64] [1, 1, 1, 1] : tensor<2x64x!weight> into tensor<?x?x2x64x!weight>
    %vn = tensor.insert_slice %vr into %vi[%i, %at, 0, 0] [1, 1, 2, 64] [1, 1, 1, 1] : tensor<2x64x!weight> into tensor<?x?x2x64x!weight>
    scf.yield %kn, %vn : tensor<?x?x2x64x!weight>, tensor<?x?x2x64x!weight>
  }
  %q4 = tensor.expand_shape %q [[0, 1], [2], [3]] output_shape [%b, 1, 8, 64] : tensor<?x8x64x!weight> into tensor<?x1x8x64x!weight>
  %o4 = weir.attention @softmax(%q4, %keys, %values) lengths(%lengths : tensor<?xi32>) {layout = #weir.attention_layout<blhd>}
    : (tensor<?x1x8x64x!weight>, tensor<?x?x2x64x!weight>, tensor<?x?x2x64x!weight>) -> tensor<?x1x8x64xf32>
  %o = tensor.collapse_shape %o4 [[0, 1], [2, 3]] : tensor<?x1x8x64xf32> into tensor<?x512xf32>
  %y = call @finish(%x, %o, %g, %w_out, %gain_up, %w_up, %w_down)
    : (tensor<?x512xf32>, tensor<?x512xf32>, tensor<?x512xf32>, tensor<512x512x!weight>, tensor<512xf32>, tensor<512x2816x!weight>,
       tensor<1408x512x!weight>) -> tensor<?x512xf32>
  return %y, %keys, %values : tensor<?x512xf32>, tensor<?x?x2x64x!weight>, tensor<?x?x2x64x!weight>
}

// Where the last token of a sequence stands.
func.func private @position(%lengths: tensor<?xi32>, %i: index) -> index {
  %c1 = arith.constant 1 : index
  %l = tensor.extract %lengths[%i] : tensor<?xi32>
  %n = arith.index_cast %l : i32 to index
  %at = arith.subi %n, %c1 : index
  return %at : index
}
