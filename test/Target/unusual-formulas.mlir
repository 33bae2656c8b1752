// RUN: weirc %s --target=x86-64-v3 -o %t.so
// RUN: weirc %s --target=x86-64-v3 --form=online -o %t.so
// A softmax of scores that an earlier sweep goes into: its maximum is not known when that sweep is done. And a formula of which each step
// uses the one before twice, which analyses must not follow along every way.

weir.formula @twice(%x: f32) -> f32 {
  %s = weir.reduce add %x : f32
  %z = arith.mulf %x, %s : f32
  %m = weir.reduce max %z : f32
  %d = arith.subf %z, %m : f32
  %e = math.exp %d : f32
  %t = weir.reduce add %e : f32
  %w = arith.divf %e, %t : f32
  weir.yield %w : f32
}
func.func @sweeps(%x: tensor<?xf32>) -> tensor<?xf32> {
  %r = weir.apply @twice(%x) : (tensor<?xf32>) -> tensor<?xf32>
  return %r : tensor<?xf32>
}
weir.formula @deep(%x: f32) -> f32 {
  %t0 = math.exp %x : f32
  %t1 = arith.mulf %t0, %t0 : f32
  %t2 = arith.mulf %t1, %t1 : f32
  %t3 = arith.mulf %t2, %t2 : f32
  %t4 = arith.mulf %t3, %t3 : f32
  %t5 = arith.mulf %t4, %t4 : f32
  %t6 = arith.mulf %t5, %t5 : f32
  %t7 = arith.mulf %t6, %t6 : f32
  %t8 = arith.mulf %t7, %t7 : f32
  %t9 = arith.mulf %t8, %t8 : f32
  %t10 = arith.mulf %t9, %t9 : f32
  %t11 = arith.mulf %t10, %t10 : f32
  %t12 = arith.mulf %t11, %t11 : f32
  %t13 = arith.mulf %t12, %t12 : f32
  %t14 = arith.mulf %t13, %t13 : f32
  %t15 = arith.mulf %t14, %t14 : f32
  %t16 = arith.mulf %t15, %t15 : f32
  %t17 = arith.mulf %t16, %t16 : f32
  %t18 = arith.mulf %t17, %t17 : f32
  %t19 = arith.mulf %t18, %t18 : f32
  %t20 = arith.mulf %t19, %t19 : f32
  %t21 = arith.mulf %t20, %t20 : f32
  %t22 = arith.mulf %t21, %t21 : f32
  %t23 = arith.mulf %t22, %t22 : f32
  %t24 = arith.mulf %t23, %t23 : f32
  %t25 = arith.mulf %t24, %t24 : f32
  %t26 = arith.mulf %t25, %t25 : f32
  %t27 = arith.mulf %t26, %t26 : f32
  %t28 = arith.mulf %t27, %t27 : f32
  %t29 = arith.mulf %t28, %t28 : f32
  %t30 = arith.mulf %t29, %t29 : f32
  %t31 = arith.mulf %t30, %t30 : f32
  %t32 = arith.mulf %t31, %t31 : f32
  %t33 = arith.mulf %t32, %t32 : f32
  %t34 = arith.mulf %t33, %t33 : f32
  %t35 = arith.mulf %t34, %t34 : f32
  %t36 = arith.mulf %t35, %t35 : f32
  %t37 = arith.mulf %t36, %t36 : f32
  %t38 = arith.mulf %t37, %t37 : f32
  %t39 = arith.mulf %t38, %t38 : f32
  %t40 = arith.mulf %t39, %t39 : f32
  weir.yield %t40 : f32
}
func.func @squares(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %r = weir.apply @deep(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}
