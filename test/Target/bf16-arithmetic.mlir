// RUN: weirc %s --target=x86-64-v3 --compose=false -o %t.so && nm -u %t.so | FileCheck %s
// What linalg does in bf16 needs no function of a compiler's runtime, which libraries are not linked with.
// CHECK-NOT: bf2

func.func @scaled(%x: tensor<?x5xbf16>) -> tensor<?x5xbf16> {
  %zero = arith.constant 0 : index
  %n = tensor.dim %x, %zero : tensor<?x5xbf16>
  %e = tensor.empty(%n) : tensor<?x5xbf16>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x5xbf16>) outs(%e : tensor<?x5xbf16>) {
  ^bb0(%a: bf16, %b: bf16):
    %c = arith.mulf %a, %a : bf16
    %d = math.log %c : bf16
    %s = arith.addf %d, %a : bf16
    linalg.yield %s : bf16
  } -> tensor<?x5xbf16>
  return %y : tensor<?x5xbf16>
}

// Nor does a position that is rounded to bf16.
weir.formula @ramp_of(%x: f32) -> f32 {
  %p = weir.position : index
  %i = arith.index_cast %p : index to i64
  %f = arith.sitofp %i : i64 to f32
  weir.yield %f : f32
}
func.func @ramp(%x: tensor<?x?xbf16>) -> tensor<?x?xbf16> {
  %r = weir.apply @ramp_of(%x) : (tensor<?x?xbf16>) -> tensor<?x?xbf16>
  return %r : tensor<?x?xbf16>
}
