// RUN: not weir-opt %s --weir-choose-form=form=fast 2>&1 | FileCheck %s
// CHECK: unknown form 'fast'; use stored, recompute, online, transposed or two-pass
