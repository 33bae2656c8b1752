// The functions that are measured, with their forms fixed.
func.func @softmax_stored(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @softmax(%x) {form = #weir.form<stored>} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @softmax_online(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @softmax(%x) {form = #weir.form<online>} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @swiglu_rows(%g: tensor<?x?xf32>, %v: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @swiglu(%g, %v) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @sparsemax_rows(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @sparsemax(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
func.func @entmax15_rows(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %y = weir.apply @entmax15(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
