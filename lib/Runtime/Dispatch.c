/*===- Dispatch.c - which of a library's variants runs -*- C -*-===*\
|*
|* Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The choice is made by the first call and kept as a number; making it twice
gives the same number, so threads need no lock, and
|* nothing happens while the library is being loaded.
|*
\*===----------------------------------------------------------------------===*/

#include "Internal.h"

#include <cpuid.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct feature {
  const char *name;
  uint32_t leaf, subleaf;
  enum { EAX, EBX, ECX, EDX } reg;
  uint32_t bit, state;
};

static const struct feature features[] = {
#define WEIR_X86_FEATURE(name, leaf, subleaf, reg, bit, state)                 \
  {name, leaf, subleaf, reg, bit, state},
#include "weir/Runtime/X86Features.def"
};

/* The registers that the system saves for each thread: XCR0, or none. */
static uint32_t saved_state(void) {
  uint32_t eax, ebx, ecx, edx;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx >> 27 & 1))
    return 0;
  __asm__("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
  return eax;
}

/* The contents of AMX's tiles are large, so Linux saves them only for processes
 * that have asked for it; the threads of one that has may use them. It refuses
 * where a thread's signal stack has no room for them, and where a host has
 * forbidden the call. Asking twice is harmless. */
static int may_use_tiles(void) {
  enum { ARCH_REQ_XCOMP_PERM = 0x1023, TILE_DATA = 18 };
  int error = errno;
  int may = syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, TILE_DATA) == 0;
  errno = error;
  return may;
}

static int machine_has(const char *name, size_t length) {
  for (size_t i = 0; i < sizeof features / sizeof *features; ++i) {
    const struct feature *f = &features[i];
    if (strlen(f->name) != length || memcmp(f->name, name, length) != 0)
      continue;
    uint32_t regs[4];
    if (!__get_cpuid_count(f->leaf, f->subleaf, &regs[EAX], &regs[EBX],
                           &regs[ECX], &regs[EDX]))
      return 0;
    enum { TILE_STATE = 1 << 18 };
    return (regs[f->reg] >> f->bit & 1) && (f->state & ~saved_state()) == 0 &&
           (!(f->state & TILE_STATE) || may_use_tiles());
  }
  return 0;
}

/* A variant's line holds its name and the features it needs. Steps over a word
 * and the space after it. */
static const char *next_word(const char *at) {
  at += strcspn(at, " \n");
  return *at == ' ' ? at + 1 : at;
}

static const char *next_line(const char *line) {
  return line + strcspn(line, "\n") + 1;
}

/* Writes what the machine lacks of a variant's needs to `lacks`, as far as
 * there is room. Returns how many. */
static int count_lacking(const char *line, char *lacks, size_t room) {
  int count = 0;
  size_t used = 0;
  for (const char *at = next_word(line); *at != '\n'; at = next_word(at)) {
    size_t length = strcspn(at, " \n");
    if (machine_has(at, length))
      continue;
    ++count;
    if (used + length + 2 > room)
      continue;
    if (used)
      lacks[used++] = ' ';
    memcpy(lacks + used, at, length);
    used += length;
  }
  lacks[used] = 0;
  return count;
}

static int32_t fail_lacking(const char *line, const char *lacks) {
  return weir_fail(WEIR_MACHINE, "this machine lacks %s, needed by %.*s", lacks,
                   (int)strcspn(line, " \n"), line);
}

_Atomic int32_t weir_rt_chosen = 0;

/* The best comes first. What is said when none fits is said of the last, which
 * asks for the least. */
static int32_t choose_best(void) {
  const char *line = weir_rt_variants, *last = line;
  char lacks[256];
  int32_t number = 0;
  for (; *line; line = next_line(line), ++number) {
    last = line;
    if (count_lacking(line, lacks, sizeof lacks) == 0) {
      atomic_store_explicit(&weir_rt_chosen, number + 1, memory_order_relaxed);
      return WEIR_OK;
    }
  }
  return fail_lacking(last, lacks);
}

int32_t weir_variant(int32_t *number) {
  *number = atomic_load_explicit(&weir_rt_chosen, memory_order_relaxed) - 1;
  if (*number >= 0)
    return WEIR_OK;
  int32_t status = choose_best();
  *number = atomic_load_explicit(&weir_rt_chosen, memory_order_relaxed) - 1;
  return status;
}

int32_t weir_rt_set_target(const char *name) {
  weir_rt_clear_error();
  if (!name)
    return choose_best();
  int32_t number = 0;
  for (const char *line = weir_rt_variants; *line;
       line = next_line(line), ++number) {
    size_t length = strcspn(line, " \n");
    if (strlen(name) != length || memcmp(name, line, length) != 0)
      continue;
    char lacks[256];
    if (count_lacking(line, lacks, sizeof lacks) != 0)
      return fail_lacking(line, lacks);
    atomic_store_explicit(&weir_rt_chosen, number + 1, memory_order_relaxed);
    return WEIR_OK;
  }
  return weir_fail(WEIR_MACHINE,
                   "this library was not compiled for a target '%.64s'", name);
}
