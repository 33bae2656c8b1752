// RUN: weir-opt %s -verify-diagnostics --split-input-file

func.func @f(%x: f32, %s: f32) -> f32 {
  // expected-error@+1 {{C1: no shifted exponential is accurate; use fast, narrow or coarse}}
  %e = weir_cpu.exp_shifted accurate %x, %s : f32
  return %e : f32
}

// -----

func.func @variant(%x: vector<16xf32>) -> vector<16xf32> {
  // expected-error@+1 {{weir_cpu.variant is no variant of exp}}
  %y = math.tanh %x {weir_cpu.variant = "coarse"} : vector<16xf32>
  return %y : vector<16xf32>
}
