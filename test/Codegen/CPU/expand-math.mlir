// RUN: weir-opt %s --weir-lower-cpu --canonicalize | FileCheck %s --check-prefix=AVX512
// RUN: sed 's/+avx512f,+avx512dq/+avx2,+fma,+f16c/' %s | weir-opt --weir-lower-cpu --canonicalize | FileCheck %s --check-prefix=AVX2
// RUN: sed 's/+avx512f,+avx512dq/+sse2/' %s | weir-opt --weir-lower-cpu --canonicalize | FileCheck %s --check-prefix=SSE2

// What LLVM would take lane by lane through the C library is gone; without fused multiply-adds in the
// machine there are none in the code, which would be calls as well.

module attributes {weir.target = {features = "+avx512f,+avx512dq", vector_bits = 512 : i64}} {
// AVX512-LABEL: func.func @logarithm
// AVX512-NOT: math.log
// AVX512: x86.avx512.mask.getmant.ps.512
// AVX512: x86.avx512.mask.getexp.ps.512
// AVX2-LABEL: func.func @logarithm
// AVX2-NOT: math.log
// AVX2: arith.shrui
// AVX2: math.fma
// SSE2-LABEL: func.func @logarithm
// SSE2-NOT: math.{{log|fma}}
// SSE2: return
func.func @logarithm(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.log %x : vector<16xf32>
  return %y : vector<16xf32>
}

// AVX512-LABEL: func.func @f64
// AVX512: x86.avx512.mask.scalef.pd.512
// AVX512-NOT: math.exp
// AVX2-LABEL: func.func @f64
// AVX2-NOT: math.exp
// AVX2: arith.shli {{.*}} : vector<8xi64>
// SSE2-LABEL: func.func @f64
// SSE2-NOT: math.{{exp|fma}}
// SSE2: return
func.func @f64(%x: vector<8xf64>) -> vector<8xf64> {
  %y = weir_cpu.exp fast %x : vector<8xf64>
  return %y : vector<8xf64>
}

// AVX512-LABEL: func.func @others
// AVX512-NOT: math.{{exp2|expm1|log2|log10|log1p|tanh|erf|atan|powf}}
// AVX512: return
// SSE2-LABEL: func.func @others
// SSE2-NOT: math.{{exp2|expm1|log2|log10|log1p|tanh|erf|atan|powf|fma|round}}
// SSE2: return
func.func @others(%x: vector<4xf32>) -> vector<4xf32> {
  %0 = math.exp2 %x : vector<4xf32>
  %1 = math.expm1 %0 : vector<4xf32>
  %2 = math.log2 %1 : vector<4xf32>
  %3 = math.log10 %2 : vector<4xf32>
  %4 = math.log1p %3 : vector<4xf32>
  %5 = math.tanh %4 : vector<4xf32>
  %6 = math.erf %5 : vector<4xf32>
  %7 = math.erfc %6 : vector<4xf32>
  %8 = math.atan %7 : vector<4xf32>
  %9 = math.atan2 %8, %x : vector<4xf32>
  %10 = math.powf %9, %x : vector<4xf32>
  return %10 : vector<4xf32>
}

// e to the power of -|x| is at most 1, so that its log1p needs no reduction.
// AVX512-LABEL: func.func @softplus_tail
// AVX512-NOT: getmant
// AVX512: return
func.func @softplus_tail(%x: vector<16xf32>) -> vector<16xf32> {
  %a = math.absf %x : vector<16xf32>
  %n = arith.negf %a : vector<16xf32>
  %t = weir_cpu.exp accurate %n : vector<16xf32>
  %y = math.log1p %t : vector<16xf32>
  return %y : vector<16xf32>
}

// Functions by pieces: one table for the centres, one for each coefficient, and no quotient.
// AVX512-LABEL: func.func @pieces
// AVX512-COUNT-6: llvm.x86.avx512.vpermi2var.ps.512
// AVX512-NOT: arith.divf
// AVX512: return
// AVX2-LABEL: func.func @pieces
// AVX2: arith.divf
func.func @pieces(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.tanh %x : vector<16xf32>
  return %y : vector<16xf32>
}

// The digits that a power needs of its logarithm are those of f64.
// AVX512-LABEL: func.func @power
// AVX512-COUNT-2: llvm.x86.avx512.mask.getmant.pd.512
// AVX512: vector.shuffle
// AVX2-LABEL: func.func @power
// AVX2-NOT: vector<{{[0-9]+}}xf64>
// AVX2: return
func.func @power(%x: vector<16xf32>, %y: vector<16xf32>) -> vector<16xf32> {
  %z = math.powf %x, %y : vector<16xf32>
  return %z : vector<16xf32>
}

// A choice that is a maximum: x t is the larger of x and x t where x is below 0, and the smaller where it is not.
// AVX2-LABEL: func.func @rectified
// AVX2-SAME: (%[[X:.*]]: vector<8xf32>)
// AVX2-NOT: arith.cmpf oge
// AVX2: %[[LARGER:.*]] = arith.cmpf olt, %[[X]], %[[XT:[0-9]+]] :
// AVX2: arith.select %[[LARGER]], %[[XT]], %[[X]]
func.func @rectified(%x: vector<8xf32>) -> vector<8xf32> {
  %zero = arith.constant dense<0.0> : vector<8xf32>
  %least = arith.constant dense<-800.0> : vector<8xf32>
  %a = math.absf %x : vector<8xf32>
  %n = arith.negf %a : vector<8xf32>
  %t = weir_cpu.exp accurate %n : vector<8xf32>
  %b = arith.maximumf %x, %least fastmath<nsz> : vector<8xf32>
  %bt = arith.mulf %b, %t : vector<8xf32>
  %up = arith.cmpf oge, %x, %zero : vector<8xf32>
  %y = arith.select %up, %x, %bt : vector<8xi1>, vector<8xf32>
  return %y : vector<8xf32>
}

// Without a bound, -inf t would be NaN; and a bound above 0 is not x where x is at least 0.
// AVX2-LABEL: func.func @not_rectified
// AVX2: arith.cmpf oge
// AVX2-COUNT-2: arith.select {{.*}}, %arg0, %
func.func @not_rectified(%x: vector<8xf32>) -> (vector<8xf32>, vector<8xf32>) {
  %zero = arith.constant dense<0.0> : vector<8xf32>
  %one = arith.constant dense<1.0> : vector<8xf32>
  %a = math.absf %x : vector<8xf32>
  %n = arith.negf %a : vector<8xf32>
  %t = weir_cpu.exp accurate %n : vector<8xf32>
  %xt = arith.mulf %x, %t : vector<8xf32>
  %b = arith.maximumf %x, %one fastmath<nsz> : vector<8xf32>
  %bt = arith.mulf %b, %t : vector<8xf32>
  %up = arith.cmpf oge, %x, %zero : vector<8xf32>
  %y = arith.select %up, %x, %xt : vector<8xi1>, vector<8xf32>
  %z = arith.select %up, %x, %bt : vector<8xi1>, vector<8xf32>
  return %y, %z : vector<8xf32>, vector<8xf32>
}

// The logistic function in one quotient, both sides of it 2^-32 times: e^-x would overflow where the result is a number still. A product with it
// would lose digits where it is denormal.
// AVX512-LABEL: func.func @logistic
// AVX512-NOT: math.absf
// AVX512: llvm.x86.avx512.mask.scalef.ps.512
// AVX512-NEXT: %[[SUM:.*]] = arith.addf %{{.*}}, %[[SCALE:.*]] :
// AVX512-NEXT: arith.divf %[[SCALE]], %[[SUM]]
// AVX512: cvtps2dq
// AVX2-LABEL: func.func @logistic
// AVX2-NOT: math.absf
// AVX2: arith.shli
// AVX2: %[[EXP:.*]] = arith.mulf %{{.*}}, %{{.*}} : vector<16xf32>
// AVX2-NEXT: %[[SUM:.*]] = arith.addf %[[EXP]], %[[SCALE:.*]] :
// AVX2-NEXT: arith.divf %[[SCALE]], %[[SUM]]
// AVX2: math.absf
// AVX2: return
func.func @logistic(%x: vector<16xf32>, %y: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>) {
  %zero = arith.constant dense<0.0> : vector<16xf32>
  %one = arith.constant dense<1.0> : vector<16xf32>
  %a = math.absf %x : vector<16xf32>
  %n = arith.negf %a : vector<16xf32>
  %t = weir_cpu.exp accurate %n : vector<16xf32>
  %u = arith.addf %one, %t : vector<16xf32>
  %up = arith.cmpf oge, %x, %zero : vector<16xf32>
  %c = arith.select %up, %one, %t : vector<16xi1>, vector<16xf32>
  %l = arith.divf %c, %u : vector<16xf32>
  %ay = math.absf %y : vector<16xf32>
  %ny = arith.negf %ay : vector<16xf32>
  %ty = weir_cpu.exp accurate %ny : vector<16xf32>
  %uy = arith.addf %one, %ty : vector<16xf32>
  %yt = arith.mulf %y, %ty : vector<16xf32>
  %upy = arith.cmpf oge, %y, %zero : vector<16xf32>
  %cy = arith.select %upy, %y, %yt : vector<16xi1>, vector<16xf32>
  %s = arith.divf %cy, %uy : vector<16xf32>
  return %l, %s : vector<16xf32>, vector<16xf32>
}

// Scalars stay with the C library.
// AVX512-LABEL: func.func @scalar
// AVX512: math.log1p
func.func @scalar(%x: f32) -> f32 {
  %y = math.log1p %x : f32
  return %y : f32
}

// AVX2-LABEL: func.func @half
// AVX2: arith.extf %{{.*}} : vector<8xf16> to vector<8xf32>
// AVX2: arith.truncf %{{.*}} : vector<8xf32> to vector<8xf16>
// SSE2-LABEL: func.func @half
// SSE2-NOT: arith.{{extf|truncf}}
// SSE2: return
func.func @half(%h: vector<8xf16>, %x: vector<8xf32>) -> (vector<8xf32>, vector<8xf16>) {
  %w = arith.extf %h : vector<8xf16> to vector<8xf32>
  %n = arith.truncf %x : vector<8xf32> to vector<8xf16>
  return %w, %n : vector<8xf32>, vector<8xf16>
}

// From f64 in two steps, the first to odd, so that it rounds once in all.
// AVX512-LABEL: func.func @once
// AVX512: arith.truncf %{{.*}} : vector<8xf64> to vector<8xf32>
// AVX512: arith.ori
// AVX512: arith.truncf %{{.*}} : vector<8xf32> to vector<8xbf16>
func.func @once(%x: vector<8xf64>) -> vector<8xbf16> {
  %n = arith.truncf %x : vector<8xf64> to vector<8xbf16>
  return %n : vector<8xbf16>
}
}
