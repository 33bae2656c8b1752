// The functions that are measured.
func.func @topk_5(%x: tensor<?x?xf32>) -> (tensor<?x5xf32>, tensor<?x5xi32>, tensor<?xi32>) {
  %v, %i, %n = weir.topk %x {k = 5 : i64} : (tensor<?x?xf32>) -> (tensor<?x5xf32>, tensor<?x5xi32>, tensor<?xi32>)
  return %v, %i, %n : tensor<?x5xf32>, tensor<?x5xi32>, tensor<?xi32>
}
func.func @topk_64(%x: tensor<?x?xf32>) -> (tensor<?x64xf32>, tensor<?x64xi32>, tensor<?xi32>) {
  %v, %i, %n = weir.topk %x {k = 64 : i64} : (tensor<?x?xf32>) -> (tensor<?x64xf32>, tensor<?x64xi32>, tensor<?xi32>)
  return %v, %i, %n : tensor<?x64xf32>, tensor<?x64xi32>, tensor<?xi32>
}
func.func @topk_2048(%x: tensor<?x?xf32>) -> (tensor<?x2048xf32>, tensor<?x2048xi32>, tensor<?xi32>) {
  %v, %i, %n = weir.topk %x {k = 2048 : i64}
    : (tensor<?x?xf32>) -> (tensor<?x2048xf32>, tensor<?x2048xi32>, tensor<?xi32>)
  return %v, %i, %n : tensor<?x2048xf32>, tensor<?x2048xi32>, tensor<?xi32>
}
