// RUN: weir-opt %s --weir-lower-cpu --canonicalize | FileCheck %s
// RUN: sed 's/+avx512f,+avx512dq/+avx2,+fma,+f16c/' %s | weir-opt --weir-lower-cpu --canonicalize | FileCheck %s --check-prefix=AVX2
// Functions that few digits are asked of: shorter polynomials, a reciprocal in place of a quotient. Without AVX-512 there are no tables and no
// reciprocals, and tanh is what it is elsewhere.

module attributes {weir.target = {features = "+avx512f,+avx512dq", vector_bits = 512 : i64}} {
// Of degree 3. What would be denormal is made as an integer.
// CHECK-LABEL: func.func @exponential
// CHECK:         %[[T:.*]] = arith.mulf
// CHECK:         %[[TINY:.*]] = arith.cmpf olt, %[[T]]
// CHECK:         x86.avx512.mask.reduce.ps.512
// CHECK-COUNT-3: math.fma
// CHECK-NOT:     math.fma
// CHECK:         x86.avx512.mask.scalef.ps.512
// CHECK:         x86.avx512.mask.cvtps2dq.512
// AVX2-LABEL: func.func @exponential
// AVX2-COUNT-3: math.fma
// AVX2-NOT:     math.fma
// AVX2-COUNT-2: arith.bitcast %{{.*}} : vector<16xi32> to vector<16xf32>
// AVX2:         return
func.func @exponential(%x: vector<16xf32>) -> vector<16xf32> {
  %y = weir_cpu.exp coarse gradual %x : vector<16xf32>
  return %y : vector<16xf32>
}

// No result is denormal.
// CHECK-LABEL: func.func @bounded
// CHECK-NOT:     cvtps2dq
// CHECK:         x86.avx512.mask.scalef.ps.512
// CHECK-NEXT:    return
func.func @bounded(%x: vector<16xf32>) -> vector<16xf32> {
  %least = arith.constant dense<-20.0> : vector<16xf32>
  %b = arith.maximumf %x, %least : vector<16xf32>
  %y = weir_cpu.exp coarse gradual %b : vector<16xf32>
  return %y : vector<16xf32>
}

// CHECK-LABEL: func.func @tanh
// CHECK-COUNT-3: x86.avx512.vpermi2var.ps.512
// CHECK-NOT:     x86.avx512.vpermi2var.ps.512
// CHECK:         return
// AVX2-LABEL: func.func @tanh
// AVX2:         arith.divf
func.func @tanh(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.tanh %x {weir_cpu.variant = #weir_cpu<exp_variant coarse>} : vector<16xf32>
  return %y : vector<16xf32>
}

// The exponential is too large by what the polynomial is too small, so that only their product is denormal.
// CHECK-LABEL: func.func @erfc
// CHECK-COUNT-3: x86.avx512.vpermi2var.ps.512
// CHECK-NOT:     x86.avx512.vpermi2var.ps.512
// CHECK-NOT:     cvtps2dq
// CHECK:         return
// AVX2-LABEL: func.func @erfc
// AVX2-COUNT-3: math.fma
// AVX2:         arith.divf
// AVX2-COUNT-6: math.fma
// AVX2-NOT:     math.fma
// AVX2:         return
func.func @erfc(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.erfc %x {weir_cpu.variant = #weir_cpu<exp_variant coarse>} : vector<16xf32>
  return %y : vector<16xf32>
}

// A choice over 1 + e^-|x| is a product with 1 / (1 + e^-x), in which nothing is denormal.
// CHECK-LABEL: func.func @logistic
// CHECK-NOT:     math.absf
// CHECK:         x86.avx512.mask.reduce.ps.512
// CHECK-COUNT-3: math.fma
// CHECK-NEXT:    x86.avx512.mask.scalef.ps.512
// CHECK-NEXT:    arith.addf
// CHECK-NEXT:    x86.avx512.rcp14.ps.512
// CHECK-NEXT:    arith.mulf
// CHECK-NEXT:    return
// AVX2-LABEL: func.func @logistic
// AVX2-NOT:     math.absf
// AVX2-COUNT-3: math.fma
// AVX2:         %[[SUM:.*]] = arith.addf
// AVX2-NEXT:    arith.divf %{{.*}}, %[[SUM]]
// AVX2-NEXT:    return
func.func @logistic(%x: vector<16xf32>) -> vector<16xf32> {
  %zero = arith.constant dense<0.0> : vector<16xf32>
  %one = arith.constant dense<1.0> : vector<16xf32>
  %a = math.absf %x : vector<16xf32>
  %n = arith.negf %a : vector<16xf32>
  %t = weir_cpu.exp coarse gradual %n : vector<16xf32>
  %u = arith.addf %one, %t : vector<16xf32>
  %up = arith.cmpf oge, %x, %zero : vector<16xf32>
  %c = arith.select %up, %one, %t : vector<16xi1>, vector<16xf32>
  %y = arith.divf %c, %u {weir_cpu.variant = #weir_cpu<exp_variant coarse>} : vector<16xf32>
  return %y : vector<16xf32>
}

// So it is where |k x| is taken for a k that is not negative, and x is limited below.
// CHECK-LABEL: func.func @quick_gelu
// CHECK-SAME:    (%[[X:.*]]: vector<16xf32>)
// CHECK-NOT:     math.absf
// CHECK:         %[[LIMITED:.*]] = arith.select %{{.*}}, %{{.*}}, %[[X]]
// CHECK:         x86.avx512.rcp14.ps.512
// CHECK-NEXT:    %[[LOGISTIC:.*]] = arith.mulf
// CHECK-NEXT:    arith.mulf %[[LIMITED]], %[[LOGISTIC]]
// CHECK-NEXT:    return
func.func @quick_gelu(%x: vector<16xf32>) -> vector<16xf32> {
  %zero = arith.constant dense<0.0> : vector<16xf32>
  %one = arith.constant dense<1.0> : vector<16xf32>
  %k = arith.constant dense<1.702> : vector<16xf32>
  %least = arith.constant dense<-500.0> : vector<16xf32>
  %z = arith.mulf %x, %k : vector<16xf32>
  %a = math.absf %z : vector<16xf32>
  %n = arith.negf %a : vector<16xf32>
  %t = weir_cpu.exp coarse gradual %n : vector<16xf32>
  %u = arith.addf %one, %t : vector<16xf32>
  %b = arith.maximumf %x, %least fastmath<nsz> : vector<16xf32>
  %bt = arith.mulf %b, %t : vector<16xf32>
  %up = arith.cmpf oge, %x, %zero : vector<16xf32>
  %c = arith.select %up, %x, %bt : vector<16xi1>, vector<16xf32>
  %y = arith.divf %c, %u {weir_cpu.variant = #weir_cpu<exp_variant coarse>} : vector<16xf32>
  return %y : vector<16xf32>
}

// Not where the signs may differ, nor where e^-|x| is wanted besides.
// CHECK-LABEL: func.func @not_logistic
// CHECK-COUNT-2: cvtps2dq
// CHECK:         return
func.func @not_logistic(%x: vector<16xf32>, %k: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>) {
  %zero = arith.constant dense<0.0> : vector<16xf32>
  %one = arith.constant dense<1.0> : vector<16xf32>
  %z = arith.mulf %x, %k : vector<16xf32>
  %a = math.absf %z : vector<16xf32>
  %n = arith.negf %a : vector<16xf32>
  %t = weir_cpu.exp coarse gradual %n : vector<16xf32>
  %u = arith.addf %one, %t : vector<16xf32>
  %up = arith.cmpf oge, %x, %zero : vector<16xf32>
  %c = arith.select %up, %one, %t : vector<16xi1>, vector<16xf32>
  %y = arith.divf %c, %u {weir_cpu.variant = #weir_cpu<exp_variant coarse>} : vector<16xf32>
  %ax = math.absf %x : vector<16xf32>
  %nx = arith.negf %ax : vector<16xf32>
  %tx = weir_cpu.exp coarse gradual %nx : vector<16xf32>
  %ux = arith.addf %one, %tx : vector<16xf32>
  %cx = arith.select %up, %one, %tx : vector<16xi1>, vector<16xf32>
  %yx = arith.divf %cx, %ux {weir_cpu.variant = #weir_cpu<exp_variant coarse>} : vector<16xf32>
  return %y, %yx, %tx : vector<16xf32>, vector<16xf32>, vector<16xf32>
}

// CHECK-LABEL: func.func @logarithm
// CHECK:         cvtps2dq
// CHECK-COUNT-5: math.fma
// CHECK-NEXT:    arith.mulf
// CHECK-NEXT:    return
// AVX2-LABEL: func.func @logarithm
// AVX2-COUNT-8: math.fma
// AVX2-NEXT:    arith.mulf
// AVX2-NEXT:    return
func.func @logarithm(%x: vector<16xf32>) -> vector<16xf32> {
  %a = math.absf %x : vector<16xf32>
  %n = arith.negf %a : vector<16xf32>
  %t = weir_cpu.exp coarse gradual %n : vector<16xf32>
  %y = math.log1p %t {weir_cpu.variant = #weir_cpu<exp_variant coarse>} : vector<16xf32>
  return %y : vector<16xf32>
}

// CHECK-LABEL: func.func @angle
// CHECK-NOT:     arith.divf
// CHECK:         x86.avx512.rcp14.ps.512
// CHECK:         return
// AVX2-LABEL: func.func @angle
// AVX2:         arith.divf
func.func @angle(%x: vector<16xf32>) -> vector<16xf32> {
  %one = arith.constant dense<1.0> : vector<16xf32>
  %most = arith.constant dense<1.0e+8> : vector<16xf32>
  %b = arith.minimumf %x, %most : vector<16xf32>
  %y = math.atan2 %one, %b {weir_cpu.variant = #weir_cpu<exp_variant coarse>} : vector<16xf32>
  return %y : vector<16xf32>
}

// Of two registers, each has its own. Divisors that may be 0 or infinite are divided by.
// CHECK-LABEL: func.func @quotient
// CHECK-COUNT-2: x86.avx512.rcp14.ps.512
// CHECK:         arith.divf
func.func @quotient(%x: vector<32xf32>, %y: vector<32xf32>) -> (vector<32xf32>, vector<32xf32>) {
  %one = arith.constant dense<1.0> : vector<32xf32>
  %nine = arith.constant dense<9.0> : vector<32xf32>
  %a = arith.maximumf %y, %one : vector<32xf32>
  %b = arith.minimumf %a, %nine : vector<32xf32>
  %q = arith.divf %x, %b fastmath<arcp> {weir_cpu.variant = #weir_cpu<exp_variant coarse>} : vector<32xf32>
  %r = arith.divf %x, %y fastmath<arcp> {weir_cpu.variant = #weir_cpu<exp_variant coarse>} : vector<32xf32>
  return %q, %r : vector<32xf32>, vector<32xf32>
}
}
