// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// The wall clock as it will be: loaded before a program (LD_PRELOAD), it adds the seconds of
// XL_TEST_CLOCK_AHEAD to the time of day. Waits and measurements go on by the monotonic clock.
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec* out) {
  const int failed = (int)syscall(SYS_clock_gettime, clock, out);
  const char* ahead = getenv("XL_TEST_CLOCK_AHEAD");
  if (!failed && clock == CLOCK_REALTIME && ahead) out->tv_sec += atol(ahead);
  return failed;
}
