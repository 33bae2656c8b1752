// RUN: weir-opt %s -verify-diagnostics

func.func @f(%x: f32, %s: f32) -> f32 {
  // expected-error@+1 {{C1: no shifted exponential is accurate; use fast, narrow or coarse}}
  %e = weir_cpu.exp_shifted accurate %x, %s : f32
  return %e : f32
}
