// With AVX-512 a search whose sums vanish below the unknown looks at the elements above its bracket's lower end only.
// RUN: weir-opt %s --convert-weir-to-vector --canonicalize --cse | FileCheck %s
// RUN: sed 's/vector_bits = 512/vector_bits = 256/' %s | weir-opt --convert-weir-to-vector | FileCheck %s --check-prefix=NARROW

// NARROW-NOT: weir_cpu.compress

module attributes {weir.target = {features = "+avx512f,+avx512dq", vector_bits = 512 : i64}} {
weir.formula @sparse(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %hi = weir.reduce max %x : f32
  %lo = arith.subf %hi, %one : f32
  %tau = weir.solve %lo to %hi decreasing {max_iterations = 40 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%t: f32):
    %d = arith.subf %x, %t : f32
    %r = arith.maximumf %d, %zero : f32
    %s = weir.reduce add %r : f32
    %f = arith.subf %s, %one : f32
    weir.yield %f : f32
  }
  %d = arith.subf %x, %tau : f32
  %w = arith.maximumf %d, %zero : f32
  weir.yield %w : f32
}
weir.formula @everywhere(%x: f32) -> (f32 {weir.uniform}) {
  %hi = weir.reduce max %x : f32
  %lo = weir.reduce min %x : f32
  %tau = weir.solve %lo to %hi decreasing {max_iterations = 40 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%t: f32):
    %d = arith.subf %x, %t : f32
    %s = weir.reduce add %d : f32
    weir.yield %s : f32
  }
  weir.yield %tau : f32
}

// A sum after the search may look at the same elements, when it vanishes below the root; `@moment` does not. The sum that was
// searched with is known.
weir.formula @shares(%x: f32) -> (f32, f32 {weir.uniform}) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %hi = weir.reduce max %x : f32
  %lo = arith.subf %hi, %one : f32
  %tau = weir.solve %lo to %hi decreasing {max_iterations = 40 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%t: f32):
    %d = arith.subf %x, %t : f32
    %r = arith.maximumf %d, %zero : f32
    %s = weir.reduce add %r : f32
    %f = arith.subf %s, %one : f32
    weir.yield %f : f32
  }
  %d = arith.subf %x, %tau : f32
  %w = arith.maximumf %d, %zero : f32
  %total = weir.reduce add %w : f32
  %ww = arith.mulf %w, %w : f32
  %squares = weir.reduce add %ww : f32
  %share = arith.divf %w, %total : f32
  weir.yield %share, %squares : f32, f32
}
weir.formula @differentiated(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %hi = weir.reduce max %x : f32
  %lo = arith.subf %hi, %one : f32
  %tau = weir.solve %lo to %hi decreasing {max_iterations = 40 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%t: f32):
    %minus = arith.constant -2.0 : f32
    %d = arith.subf %x, %t : f32
    %r = arith.maximumf %d, %zero : f32
    %q = arith.mulf %r, %r : f32
    %dq = arith.mulf %r, %minus : f32
    %s = weir.reduce add %q : f32
    %ds = weir.reduce add %dq : f32
    %f = arith.subf %s, %one : f32
    weir.yield %f, %ds : f32, f32
  }
  %d = arith.subf %x, %tau : f32
  %w = arith.maximumf %d, %zero : f32
  weir.yield %w : f32
}
weir.formula @moment(%x: f32) -> (f32 {weir.uniform}) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %hi = weir.reduce max %x : f32
  %lo = arith.subf %hi, %one : f32
  %tau = weir.solve %lo to %hi decreasing {max_iterations = 40 : i64, tolerance = 0.0 : f64} : f32 {
  ^bb0(%t: f32):
    %d = arith.subf %x, %t : f32
    %r = arith.maximumf %d, %zero : f32
    %s = weir.reduce add %r : f32
    %f = arith.subf %s, %one : f32
    weir.yield %f : f32
  }
  %d = arith.subf %x, %tau : f32
  %w = arith.maximumf %d, %zero : f32
  %wx = arith.mulf %w, %x : f32
  %total = weir.reduce add %wx : f32
  weir.yield %total : f32
}

// CHECK-LABEL: func.func @few
// CHECK:         %[[BUFFER:.*]] = memref.alloc
// CHECK:         weir_cpu.compress
// CHECK:         vector.store %{{.*}}, %[[BUFFER]]
// CHECK:         scf.while
// CHECK:           vector.load %[[BUFFER]]
// CHECK:           scf.yield
func.func @few(%x: memref<?xf32>, %y: memref<?xf32>) {
  weir.rows @sparse ins(%x : memref<?xf32>) outs(%y : memref<?xf32>)
  return
}

// Where the lanes of the maximum, which are elements of the row, are above the bracket's lower end, a step on these alone gives a
// better one. What lies above it is held in registers where four vectors do. There the sum is a parabola while no element
// is passed, which is seen by comparing where the step comes from and where it leads.
// CHECK-LABEL: func.func @held
// CHECK:         %[[BUFFER:.*]] = memref.alloc
// CHECK:         %[[MAX:.*]] = vector.reduction <{{.*}}>, %[[LANES:.*]] {{.*}} vector<16xf32> into f32
// CHECK:         math.ctpop
// CHECK:         %[[MANY:.*]] = arith.cmpi ugt
// CHECK:         %[[START:.*]] = scf.if %[[MANY]] -> (f32)
// CHECK-COUNT-2:   vector.reduction <add>
// CHECK:           math.sqrt
// CHECK:           arith.divf
// CHECK:         weir_cpu.compress
// CHECK:         %[[SMALL:.*]] = arith.cmpi ule, %{{.*}}, %c64
// CHECK:         scf.if %[[SMALL]]
// CHECK-COUNT-4:   vector.maskedload %[[BUFFER]]
// CHECK:           scf.while
// CHECK-NOT:         vector.load
// CHECK-COUNT-4:     math.ctpop
// CHECK:             arith.xori
// CHECK:             vector.reduction <or>
// CHECK:             scf.condition
// CHECK:         scf.while
// CHECK:           vector.load %[[BUFFER]]
func.func @held(%x: memref<?xf32>, %y: memref<?xf32>) {
  weir.rows @differentiated ins(%x : memref<?xf32>) outs(%y : memref<?xf32>)
  return
}

// What lies below the unknown counts here.
// CHECK-LABEL: func.func @all
// CHECK-NOT:     weir_cpu.compress
// CHECK:         scf.while
func.func @all(%x: memref<?xf32>, %y: memref<f32>) {
  weir.rows @everywhere ins(%x : memref<?xf32>) outs(%y : memref<f32>)
  return
}

// CHECK-LABEL: func.func @after
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<?xf32>
// CHECK:         %[[BUFFER:.*]] = memref.alloc
// CHECK:         weir_cpu.compress
// CHECK:         scf.while
// CHECK:         } do {
// CHECK:         }
// CHECK-NOT:     vector.load %[[X]]
// CHECK:         vector.load %[[BUFFER]]
// CHECK-NOT:     vector.load %[[X]]
// CHECK:         vector.reduction <add>
// CHECK:         vector.load %[[X]]
func.func @after(%x: memref<?xf32>, %y: memref<?xf32>, %z: memref<f32>) {
  weir.rows @shares ins(%x : memref<?xf32>) outs(%y, %z : memref<?xf32>, memref<f32>)
  return
}

// CHECK-LABEL: func.func @whole
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<?xf32>
// CHECK:         scf.while
// CHECK:         } do {
// CHECK:         vector.load %[[X]]
func.func @whole(%x: memref<?xf32>, %z: memref<f32>) {
  weir.rows @moment ins(%x : memref<?xf32>) outs(%z : memref<f32>)
  return
}

// The rows of a block copy one after the other, each to a part of its own, lines apart from the next. What they have copied is turned, and
// the search runs with a row in each lane: nothing is reduced over lanes but whether some row goes on.
// CHECK-LABEL: func.func @block
// CHECK:         %[[SCRATCH:.*]] = memref.alloc() {alignment = 64 : i64} : memref<2304xf32>
// CHECK:         vector.shuffle
// CHECK-NOT:     vector.reduction
// CHECK:         math.sqrt %{{.*}} : vector<16xf32>
// CHECK:         scf.for %[[ROW:.*]] = %c0 to %c16
// CHECK:           %[[FIRST:.*]] = arith.muli %[[ROW]], %c80
// CHECK:           memref.subview %[[SCRATCH]][%[[FIRST]]] [80] [1]
// CHECK:           weir_cpu.compress
// CHECK:         %[[TURNED:.*]] = memref.subview %[[SCRATCH]][1280] [1024] [1]
// CHECK:         vector.reduction <maxui>, %{{.*}} : vector<16xi32> into i32
// CHECK:         scf.for {{.*}} step %c16
// CHECK-NOT:       scf.for
// CHECK:           vector.shuffle
// CHECK:           vector.store %{{.*}}, %[[TURNED]]
// CHECK:         scf.while
// CHECK:           vector.reduction <or>
// CHECK:           scf.condition
// CHECK-NOT:       vector.reduction
// CHECK:           scf.yield
func.func @block(%x: memref<32x64xf32>, %y: memref<32x64xf32>) {
  weir.rows @differentiated ins(%x : memref<32x64xf32>) outs(%y : memref<32x64xf32>) {form = #weir.form<transposed>}
  return
}
}
