// What weirc says of attention, from the formula's derivation to the library.
// RUN: weirc %s --threads=omp --explain -o %t.so 2>&1 | FileCheck %s
// RUN: llvm-nm -D --defined-only %t.so | FileCheck %s --check-prefix=SYMBOLS
// RUN: FileCheck %s --check-prefix=HEADER < %t.h
// RUN: weirc %s --explain --emit=object -o %t.o 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: sed 's/{window_left = 7 : i64}/{form = #weir.attention_form<one_pass>}/' %s > %t.mlir
// RUN: not weirc %t.mlir -o %t.other.so 2>&1 | FileCheck %s --check-prefix=MISFIT
// RUN: sed 's/x8x?x32xf32/x8x?x?xf32/g' %s > %t.mlir
// RUN: not weirc %t.mlir -o %t.other.so 2>&1 | FileCheck %s --check-prefix=DYNAMIC

// CHECK-DAG: [[@LINE+10]]:{{[0-9]+}}: remark: attention with @{{.*}}softmax runs in the form one_pass: one pass over the keys carries 1 sum of values
// CHECK-DAG: [[@LINE+9]]:{{[0-9]+}}: remark: attention runs on several threads where each gets 4096 elements or more: each score takes two products of heads
// CHECK-DAG: [[@LINE+14]]:{{[0-9]+}}: remark: attention with @{{.*}}sparsemax runs in the form blocks: a sweep has no state that could go from block to block
// NONE: remark: attention runs on one thread
// MISFIT: error: 'weir.attention' op C11: form one_pass does not fit @{{.*}}sparsemax: a sweep has no state that could go from block to block
// DYNAMIC: error: 'weir.attention' op C4: the size of a head, the last dimension of 'tensor<?x8x?x?xf32>', must be static and from 1 to 65536
// SYMBOLS-DAG: T attend
// SYMBOLS-DAG: T attend_to_few
// HEADER: int32_t attend(
func.func @attend(%q: tensor<?x8x?x32xf32>, %k: tensor<?x2x?x32xf32>, %v: tensor<?x2x?x32xf32>) -> tensor<?x8x?x32xf32> {
  %o = weir.attention @softmax(%q, %k, %v) {causal}
    : (tensor<?x8x?x32xf32>, tensor<?x2x?x32xf32>, tensor<?x2x?x32xf32>) -> tensor<?x8x?x32xf32>
  return %o : tensor<?x8x?x32xf32>
}

func.func @attend_to_few(%q: tensor<?x8x?x32xf32>) -> tensor<?x8x?x32xf32> {
  %o = weir.attention @sparsemax(%q, %q, %q) {window_left = 7 : i64}
    : (tensor<?x8x?x32xf32>, tensor<?x8x?x32xf32>, tensor<?x8x?x32xf32>) -> tensor<?x8x?x32xf32>
  return %o : tensor<?x8x?x32xf32>
}
