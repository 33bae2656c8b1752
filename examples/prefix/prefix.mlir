// Attention over keys that lie in two places: a prefix that many calls share, and what came behind it. Each part leaves a state; states are
// merged in place and finished.

func.func @part(%q: tensor<?x8x?x64xf32>, %k: tensor<?x2x?x64xf32>, %v: tensor<?x2x?x64xf32>, %first: index, %all: index)
    -> (tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x64xf32>) {
  %max, %sum, %values = weir.attention_stats @softmax(%q, %k, %v) keys(%first of %all) {causal}
    : (tensor<?x8x?x64xf32>, tensor<?x2x?x64xf32>, tensor<?x2x?x64xf32>) -> (tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x64xf32>)
  return %max, %sum, %values : tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x64xf32>
}

func.func @join(%max0: tensor<?x8x?xf32>, %sum0: tensor<?x8x?xf32>, %values0: tensor<?x8x?x64xf32>,
                %max1: tensor<?x8x?xf32>, %sum1: tensor<?x8x?xf32>, %values1: tensor<?x8x?x64xf32>)
    -> (tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x64xf32>) {
  %max, %sum, %values = weir.attention_merge @softmax(%max0, %sum0, %values0) and(%max1, %sum1, %values1)
    : tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x64xf32>
  return %max, %sum, %values : tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x64xf32>
}

func.func @finish(%max: tensor<?x8x?xf32>, %sum: tensor<?x8x?xf32>, %values: tensor<?x8x?x64xf32>) -> tensor<?x8x?x64xf32> {
  %o = weir.attention_finish @softmax(%max, %sum, %values)
    : (tensor<?x8x?xf32>, tensor<?x8x?xf32>, tensor<?x8x?x64xf32>) -> tensor<?x8x?x64xf32>
  return %o : tensor<?x8x?x64xf32>
}

// The same over keys that lie together, to compare with.
func.func @whole(%q: tensor<?x8x?x64xf32>, %k: tensor<?x2x?x64xf32>, %v: tensor<?x2x?x64xf32>) -> tensor<?x8x?x64xf32> {
  %o = weir.attention @softmax(%q, %k, %v) {causal}
    : (tensor<?x8x?x64xf32>, tensor<?x2x?x64xf32>, tensor<?x2x?x64xf32>) -> tensor<?x8x?x64xf32>
  return %o : tensor<?x8x?x64xf32>
}
