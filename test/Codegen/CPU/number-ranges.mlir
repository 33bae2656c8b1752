// RUN: weir-opt %s --weir-lower-cpu --canonicalize --cse | FileCheck %s

// What is known of an operand's range leaves work out.

module attributes {weir.target = {features = "+avx512f,+avx512dq", vector_bits = 512 : i64}} {
// Anything: a bound on each side, and results below the normal numbers as integers.
// CHECK-LABEL: func.func @any
// CHECK:         arith.cmpf olt
// CHECK:         arith.cmpf ogt
// CHECK:         llvm.x86.avx512.permvar.sf.512
// CHECK:         llvm.x86.avx512.mask.scalef.ps.512
// CHECK:         llvm.x86.avx512.mask.cvtps2dq.512
func.func @any(%x: vector<16xf32>) -> vector<16xf32> {
  %e = weir_cpu.exp accurate %x : vector<16xf32>
  return %e : vector<16xf32>
}

// -|x| is bounded above.
// CHECK-LABEL: func.func @below
// CHECK-NOT:     arith.cmpf ogt
// CHECK:         llvm.x86.avx512.mask.cvtps2dq.512
func.func @below(%x: vector<16xf32>) -> vector<16xf32> {
  %a = math.absf %x : vector<16xf32>
  %n = arith.negf %a : vector<16xf32>
  %e = weir_cpu.exp accurate %n : vector<16xf32>
  return %e : vector<16xf32>
}

// CHECK-LABEL: func.func @between
// CHECK-NOT:     arith.cmpf
// CHECK-NOT:     cvtps2dq
// CHECK:         return
func.func @between(%x: vector<16xf32>) -> vector<16xf32> {
  %least = arith.constant dense<-2.0> : vector<16xf32>
  %most = arith.constant dense<2.0> : vector<16xf32>
  %low = arith.maximumf %x, %least : vector<16xf32>
  %t = arith.minimumf %low, %most : vector<16xf32>
  %c = arith.constant dense<40.0> : vector<16xf32>
  %y = arith.mulf %t, %c : vector<16xf32>
  %e = weir_cpu.exp accurate %y : vector<16xf32>
  return %e : vector<16xf32>
}

// A constant divisor, here pi from two parts, is a factor.
// CHECK-LABEL: func.func @constant
// CHECK-DAG:     %[[R:.*]] = arith.constant dense<0.318309873> : vector<16xf32>
// CHECK-NOT:     arith.divf
// CHECK:         arith.mulf %{{.*}}, %[[R]]
func.func @constant(%x: vector<16xf32>) -> vector<16xf32> {
  %high = arith.constant 3.1415927410125732 : f32
  %low = arith.constant -8.742277657347586e-08 : f32
  %pi = arith.addf %high, %low : f32
  %d = vector.broadcast %pi : f32 to vector<16xf32>
  %q = arith.divf %x, %d fastmath<arcp> : vector<16xf32>
  return %q : vector<16xf32>
}

// Two quotients by one divisor within [1, 2] take one division.
// CHECK-LABEL: func.func @shared
// CHECK:         %[[R:.*]] = arith.divf %{{.*}}, %{{.*}} : vector<16xf32>
// CHECK-NOT:     arith.divf
// CHECK-COUNT-2: arith.mulf %{{.*}}, %[[R]]
func.func @shared(%x: vector<16xf32>, %y: vector<16xf32>, %z: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>) {
  %one = arith.constant dense<1.0> : vector<16xf32>
  %a = math.absf %x : vector<16xf32>
  %n = arith.negf %a : vector<16xf32>
  %t = math.exp %n : vector<16xf32>
  %u = arith.addf %one, %t : vector<16xf32>
  %p = arith.divf %y, %u fastmath<arcp> : vector<16xf32>
  %q = arith.divf %z, %u fastmath<arcp> : vector<16xf32>
  return %p, %q : vector<16xf32>, vector<16xf32>
}

// A divisor that may be 0 or infinite has no such reciprocal, and LLVM is not to think of one.
// CHECK-LABEL: func.func @unknown
// CHECK-COUNT-2: arith.divf %{{.*}}, %{{.*}} : vector<16xf32>
func.func @unknown(%x: vector<16xf32>, %y: vector<16xf32>, %z: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>) {
  %p = arith.divf %y, %x fastmath<arcp> : vector<16xf32>
  %q = arith.divf %z, %x fastmath<arcp> : vector<16xf32>
  return %p, %q : vector<16xf32>, vector<16xf32>
}

// A quotient that no formula has asked for is IEEE's.
// CHECK-LABEL: func.func @exact
// CHECK:         arith.divf
func.func @exact(%x: vector<16xf32>) -> vector<16xf32> {
  %three = arith.constant dense<3.0> : vector<16xf32>
  %q = arith.divf %x, %three : vector<16xf32>
  return %q : vector<16xf32>
}

// With a positive first operand and a second that is never large, zeros and infinities need no care.
// CHECK-LABEL: func.func @upper
// CHECK-NOT:     arith.cmpf oeq
// CHECK:         return
func.func @upper(%x: vector<16xf32>) -> vector<16xf32> {
  %one = arith.constant dense<1.0> : vector<16xf32>
  %least = arith.constant dense<-1.0e8> : vector<16xf32>
  %b = arith.maximumf %x, %least : vector<16xf32>
  %n = arith.negf %b : vector<16xf32>
  %y = math.atan2 %one, %n : vector<16xf32>
  return %y : vector<16xf32>
}

// CHECK-LABEL: func.func @anywhere
// CHECK:         arith.cmpf oeq
func.func @anywhere(%x: vector<16xf32>) -> vector<16xf32> {
  %one = arith.constant dense<1.0> : vector<16xf32>
  %y = math.atan2 %one, %x : vector<16xf32>
  return %y : vector<16xf32>
}
}
