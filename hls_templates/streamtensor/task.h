// SPDX-License-Identifier: Apache-2.0
/// TASK(f)(arguments) calls kernel f as one process of a dataflow region.
#ifndef STREAMTENSOR_TASK_H
#define STREAMTENSOR_TASK_H

#include <hls_stream.h>

#ifdef STREAMTENSOR_CSIM
// The call goes through a lambda because the kernel may be a template whose last arguments are
// deduced.
#define TASK(...) \
  ::hls::csim::task(#__VA_ARGS__, [](auto&... arguments_) { __VA_ARGS__(arguments_...); })
#else
// Synthesis sees a plain call in a DATAFLOW region; other simulators run the calls one after
// another.
#define TASK(...) __VA_ARGS__
#endif

#endif
