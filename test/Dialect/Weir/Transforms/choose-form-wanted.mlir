// RUN: weir-opt %s --weir-choose-form=form=online -verify-diagnostics | FileCheck %s
// A form for all rows that it fits.

weir.formula @winner(%x: f32) -> (f32, index {weir.uniform}) {
  %m, %i = weir.reduce max %x : f32, index
  %d = arith.subf %x, %m : f32
  %e = math.exp %d : f32
  %s = weir.reduce add %e : f32
  %w = arith.divf %e, %s : f32
  weir.yield %w, %i : f32, index
}

// CHECK-LABEL: func.func @f
func.func @f(%x: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?xindex>) {
  // CHECK: @softmax({{.*}}{form = #weir.form<online>}
  %a = weir.apply @softmax(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  // CHECK: @softmax({{.*}}{form = #weir.form<stored>}
  %b = weir.apply @softmax(%a) {form = #weir.form<stored>} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  // CHECK: @silu({{.*}}{form = #weir.form<elementwise>
  %c = weir.apply @silu(%b) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  // CHECK: @softmax({{.*}}plans = [#weir.plan<form = transposed, {{.*}}, #weir.plan<form = stored>]
  // expected-warning@+1 {{form online does not fit @softmax: -inf is an ordinary score there}}
  %d = weir.apply @softmax(%c) {neg_inf = #weir.neg_inf<ordinary>} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  // CHECK: @winner({{.*}}plans = [#weir.plan<form = transposed, {{.*}}, #weir.plan<form = stored>]
  // expected-warning@+1 {{form online does not fit @winner: the winner of a maximum has no running form beside sums}}
  %e:2 = weir.apply @winner(%d) : (tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?xindex>)
  return %e#0, %e#1 : tensor<?x?xf32>, tensor<?xindex>
}
