// Formulas that no library has, each with something the library's lack.

// Two exponents of the same score.
weir.formula @two_temperatures(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %dd = arith.addf %d, %d : f32
  %e1 = math.exp %d : f32
  %e2 = math.exp %dd : f32
  %e = arith.addf %e1, %e2 : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// A sum of squares of exponentials.
weir.formula @l2_softmax(%x: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %ee = arith.mulf %e, %e : f32
  %s = weir.reduce add %ee : f32
  %r = math.rsqrt %s : f32
  %w = arith.mulf %e, %r : f32
  weir.yield %w : f32
}

// A score that is made first.
weir.formula @log_sigmoid_softmax(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %a = math.absf %x : f32
  %na = arith.negf %a : f32
  %t = math.exp %na : f32
  %l = math.log1p %t : f32
  %lo = arith.minimumf %x, %zero : f32
  %z = arith.subf %lo, %l : f32
  %m = weir.reduce max %z : f32
  %d = arith.subf %z, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// The position as a number.
weir.formula @ramp_bias(%x: f32, %slope: f32 {weir.uniform}) -> f32 {
  %p = weir.position : index
  %i = arith.index_cast %p : index to i32
  %f = arith.sitofp %i : i32 to f32
  %b = arith.mulf %slope, %f : f32
  %z = arith.addf %x, %b : f32
  %m = weir.reduce max %z : f32
  %d = arith.subf %z, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// An integer operand per element.
weir.formula @bucket_softmax(%x: f32, %bucket: i32, %width: f32 {weir.uniform}) -> f32 {
  %f = arith.sitofp %bucket : i32 to f32
  %b = arith.mulf %f, %width : f32
  %z = arith.addf %x, %b : f32
  %m = weir.reduce max %z : f32
  %d = arith.subf %z, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// The row as a number.
weir.formula @row_scaled(%x: f32) -> f32 {
  %r = weir.row : index
  %i = arith.index_cast %r : index to i64
  %f = arith.sitofp %i : i64 to f32
  %z = arith.mulf %x, %f : f32
  %m = weir.reduce max %z : f32
  %d = arith.subf %z, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// A maximum that may be -inf in a row that is not empty.
weir.formula @least_below_zero(%x: f32) -> (f32 {weir.uniform}) {
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %below = arith.cmpf olt, %x, %zero : f32
  %y = arith.select %below, %x, %lowest : f32
  %m = weir.reduce max %y : f32
  weir.yield %m : f32
}

// A factor that f32 does not hold: in f64 it is 0.1.
weir.formula @tenth_softmax(%x: f32) -> f32 {
  %tenth = arith.constant 0.1 : f32
  %z = arith.mulf %x, %tenth : f32
  %m = weir.reduce max %z : f32
  %d = arith.subf %z, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w : f32
}

// Factors of queries before the normalizer and of values behind it, each with a part that grows with the index: selective self-attention
// (Zhang et al. 2024, "Selective attention: enhancing transformer through principled context control").
weir.formula @selective_softmax(%x: f32, %query: f32 {weir.uniform}, %value: f32, %alpha: f32 {weir.uniform}) -> f32 {
  %r = weir.row : index
  %p = weir.position : index
  %i = arith.index_cast %r : index to i64
  %j = arith.index_cast %p : index to i64
  %row = arith.sitofp %i : i64 to f32
  %at = arith.sitofp %j : i64 to f32
  %li = math.log1p %row : f32
  %lj = math.log1p %at : f32
  %pi = arith.mulf %alpha, %li : f32
  %pj = arith.mulf %alpha, %lj : f32
  %tq = arith.addf %query, %pi : f32
  %tv = arith.addf %value, %pj : f32
  %z = arith.mulf %x, %tq : f32
  %m = weir.reduce max %z : f32
  %d = arith.subf %z, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  %y = arith.mulf %w, %tv : f32
  weir.yield %y : f32
}

// The factor of a value alone.
weir.formula @weighed_softmax(%x: f32, %value: f32) -> f32 {
  %m = weir.reduce max %x : f32
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  %y = arith.mulf %w, %value : f32
  weir.yield %y : f32
}
