// RUN: weirc %s --target=x86-64-v3 --emit=mlir -o - | FileCheck %s
// RUN: weirc %s --target=x86-64-v3,x86-64 -o %t.so && llvm-objdump -d %t.so | FileCheck %s --check-prefix=SEVERAL

// A call whose tensors are as the function wants them, compact and apart, runs the kernel at once; any other is the runtime's.
// CHECK-LABEL: llvm.func @gate(
// CHECK-SAME:    %[[X:.*]]: !llvm.ptr, %[[Y:.*]]: !llvm.ptr
// CHECK-DAG:   %[[KERNELS:.*]] = llvm.mlir.addressof @gate.kernels
// CHECK-DAG:   %[[CHOSEN:.*]] = llvm.mlir.addressof @weir_rt_chosen
// Rank 2, code 2 (float), 32 bits, one lane.
// CHECK-DAG:   %[[TYPE:.*]] = llvm.mlir.constant(316667938734082 : i64)
// CHECK:       llvm.icmp "ne" %[[X]], %{{.*}} : !llvm.ptr
// CHECK:       llvm.cond_br %{{.*}}, ^{{.*}}, ^[[CAREFUL:.*]]
// CHECK:       llvm.icmp "ne" %[[Y]], %{{.*}} : !llvm.ptr
// CHECK:       llvm.cond_br %{{.*}}, ^{{.*}}, ^[[CAREFUL]]
// CHECK:       llvm.icmp "eq" %{{.*}}, %[[TYPE]]
// CHECK:       "llvm.intr.smul.with.overflow"
// CHECK:       llvm.load %[[CHOSEN]]
// CHECK:       llvm.cond_br %{{.*}}, ^[[PLAIN:.*]], ^[[CAREFUL]]
// CHECK:       ^[[PLAIN]]:
// CHECK:       %[[PLACE:.*]] = llvm.getelementptr %[[KERNELS]][%{{.*}}]
// CHECK:       %[[KERNEL:.*]] = llvm.load %[[PLACE]]
// CHECK:       llvm.call @weir_rt_clear_error()
// CHECK:       llvm.call %[[KERNEL]](%{{.*}}) : !llvm.ptr, (!llvm.ptr) -> ()
// CHECK:       ^[[CAREFUL]]:
// CHECK:       llvm.call @weir_rt_call(
func.func @gate(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = weir.apply @silu(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// Heads of queries are a multiple of those of keys; of none the runtime looks again.
// CHECK-LABEL: llvm.func @attend(
// CHECK:       %[[KEYS:.*]] = llvm.intr.umax(%{{.*}}, %{{.*}})
// CHECK:       %[[LEFT:.*]] = llvm.urem %{{.*}}, %[[KEYS]] : i64
// CHECK:       llvm.icmp "ne" %[[LEFT]], %{{.*}} : i64
// CHECK:       llvm.call @weir_rt_call(
func.func @attend(%q: tensor<1x?x4x8xf32>, %k: tensor<1x?x4x8xf32>) -> tensor<1x?x4x8xf32> {
  %o = weir.attention @softmax(%q, %k, %k) : (tensor<1x?x4x8xf32>, tensor<1x?x4x8xf32>, tensor<1x?x4x8xf32>) -> tensor<1x?x4x8xf32>
  return %o : tensor<1x?x4x8xf32>
}

// A kernel that may ask for memory runs where it can end for want of it.
// CHECK-LABEL: llvm.func @twice(
// CHECK:       llvm.call @weir_rt_run(
// CHECK:       llvm.call @weir_rt_call(
func.func @twice(%x: tensor<?x4xbf16>) -> tensor<?x4xbf16> {
  %y = weir.apply @softmax(%x) {form = #weir.form<stored>} : (tensor<?x4xbf16>) -> tensor<?x4xbf16>
  return %y : tensor<?x4xbf16>
}

// With this many tensors a loop over a table is shorter.
// CHECK-LABEL: llvm.func @many(
// CHECK-NOT:   llvm.cond_br
// CHECK:       llvm.call @weir_rt_call(
func.func @many(%0: tensor<4xf32>, %1: tensor<4xf32>, %2: tensor<4xf32>, %3: tensor<4xf32>, %4: tensor<4xf32>,
                %5: tensor<4xf32>, %6: tensor<4xf32>, %7: tensor<4xf32>, %8: tensor<4xf32>, %9: tensor<4xf32>,
                %10: tensor<4xf32>, %11: tensor<4xf32>) -> tensor<4xf32> {
  %y = weir.apply @silu(%11) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// One library for several targets cannot tell from one of them that none asks for memory.
// SEVERAL-LABEL: <gate>:
// SEVERAL:       call{{.*}}<weir_rt_run>
