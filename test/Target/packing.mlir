// RUN: %python -c "import numpy as n; n.save(r'%t.x.npy', n.arange(63, dtype=n.float32).reshape(9, 7))"
// RUN: weir-run %s --entry=pack --input %t.x.npy --output %t.p.npy
// RUN: %python -c "import numpy as n; x = n.pad(n.load(r'%t.x.npy'), ((0, 3), (0, 1)), constant_values=-1); assert n.array_equal(n.load(r'%t.p.npy'), x.reshape(3, 4, 4, 2).transpose(2, 0, 3, 1))"
// RUN: weir-run %s --entry=unpack --input %t.p.npy --output %t.y.npy
// RUN: %python -c "import numpy as n; assert n.array_equal(n.load(r'%t.y.npy'), n.load(r'%t.x.npy'))"
// RUN: weir-run %s --entry=blocks --input %t.x.npy --output %t.y.npy
// RUN: %python -c "import numpy as n; assert n.array_equal(n.load(r'%t.y.npy'), 2 * n.load(r'%t.x.npy'))"
// RUN: weir-run %s --entry=with_tiles_of --input %t.p.npy --input %t.x.npy --scalar 2 --scalar 4 --output %t.y.npy
// RUN: %python -c "import numpy as n; assert n.array_equal(n.load(r'%t.y.npy'), n.load(r'%t.x.npy'))"
// Tensors are packed into tiles, padded where these do not fit, and unpacked; sizes may be dynamic.

func.func @pack(%x: tensor<9x7xf32>) -> tensor<4x3x2x4xf32> {
  %pad = arith.constant -1.0 : f32
  %e = tensor.empty() : tensor<4x3x2x4xf32>
  %y = linalg.pack %x padding_value(%pad : f32) outer_dims_perm = [1, 0] inner_dims_pos = [1, 0] inner_tiles = [2, 4]
    into %e : tensor<9x7xf32> -> tensor<4x3x2x4xf32>
  return %y : tensor<4x3x2x4xf32>
}

func.func @unpack(%x: tensor<4x3x2x4xf32>) -> tensor<9x7xf32> {
  %e = tensor.empty() : tensor<9x7xf32>
  %y = linalg.unpack %x outer_dims_perm = [1, 0] inner_dims_pos = [1, 0] inner_tiles = [2, 4]
    into %e : tensor<4x3x2x4xf32> -> tensor<9x7xf32>
  return %y : tensor<9x7xf32>
}

func.func @blocks(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %m = tensor.dim %x, %c0 : tensor<?x?xf32>
  %n = tensor.dim %x, %c1 : tensor<?x?xf32>
  %rows = arith.ceildivui %m, %c8 : index
  %columns = arith.ceildivui %n, %c8 : index
  %tiles = tensor.empty(%rows, %columns) : tensor<?x?x8x8xf32>
  %p = linalg.pack %x padding_value(%zero : f32) inner_dims_pos = [0, 1] inner_tiles = [8, 8]
    into %tiles : tensor<?x?xf32> -> tensor<?x?x8x8xf32>
  %twice = linalg.add ins(%p, %p : tensor<?x?x8x8xf32>, tensor<?x?x8x8xf32>) outs(%tiles : tensor<?x?x8x8xf32>) -> tensor<?x?x8x8xf32>
  %e = tensor.empty(%m, %n) : tensor<?x?xf32>
  %y = linalg.unpack %twice inner_dims_pos = [0, 1] inner_tiles = [8, 8] into %e : tensor<?x?x8x8xf32> -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

func.func @with_tiles_of(%x: tensor<?x?x?x?xf32>, %to: tensor<?x?xf32>, %a: index, %b: index) -> tensor<?x?xf32> {
  %y = linalg.unpack %x outer_dims_perm = [1, 0] inner_dims_pos = [1, 0] inner_tiles = [%a, %b]
    into %to : tensor<?x?x?x?xf32> -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
