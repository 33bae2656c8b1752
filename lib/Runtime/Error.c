/*===- Error.c - the last error of each thread -*- C -*-===*\
|*
|* Part of the weir project, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/

#include "Internal.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char message[512];

int32_t weir_fail(int32_t status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  return status;
}

void weir_clear_error(void) { message[0] = 0; }

const char *weir_rt_last_error(void) { return message; }
