//===- UnpoisonedLLVM.h - LLVM's allocators under asan --------*- C++ -*- ===//
//
// Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Included ahead of every C++ file of the asan preset. LLVM's bump allocators
// poison what they have not handed out yet. They are inline code, of which this
// build has an instrumented copy and the packaged libMLIR a plain one: a slab
// that ours has poisoned serves allocations of theirs, which take no poison
// away, and every such object would be reported on first use. So neither
// poisons.
//
//===----------------------------------------------------------------------===//

#ifndef WEIR_CMAKE_UNPOISONEDLLVM_H
#define WEIR_CMAKE_UNPOISONEDLLVM_H

#include <sanitizer/asan_interface.h>

#define __asan_poison_memory_region(address, size) ((void)0)
#define __asan_unpoison_memory_region(address, size) ((void)0)

#endif // WEIR_CMAKE_UNPOISONEDLLVM_H
