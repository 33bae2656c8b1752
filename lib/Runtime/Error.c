/*===- Error.c - the last error of each thread -*- C -*-===*\
|*
|* Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/

#include "Internal.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

static _Thread_local char message[512];
/* Whether any thread has ever failed: until then there is nothing to clear, and
 * a call need not find its thread's own memory. */
static _Atomic int failed = 0;

int32_t weir_fail(int32_t status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  atomic_store_explicit(&failed, 1, memory_order_relaxed);
  return status;
}

void weir_rt_clear_error(void) {
  if (atomic_load_explicit(&failed, memory_order_relaxed))
    message[0] = 0;
}

const char *weir_rt_last_error(void) { return message; }
