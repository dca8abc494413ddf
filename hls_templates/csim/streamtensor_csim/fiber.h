// SPDX-License-Identifier: Apache-2.0
/// Stacks of tasks, and what the address sanitizer has to be told when one task gives way to
/// another.
#ifndef STREAMTENSOR_CSIM_FIBER_H
#define STREAMTENSOR_CSIM_FIBER_H

#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define STREAMTENSOR_CSIM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STREAMTENSOR_CSIM_ASAN 1
#endif
#endif
#ifdef STREAMTENSOR_CSIM_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace hls::csim {

/// Bytes of address space for one task. Kernels keep their on-chip buffers in local arrays, so this
/// is as large as a thread's default; pages that are not touched cost nothing, and a guard page
/// ends it.
constexpr std::size_t StackBytes = std::size_t{8} << 20;

/// An execution context together with the bounds of its stack.
struct Fiber {
  boost::context::fiber context;       ///< empty while this fiber is the one that runs
  const void* stack_bottom = nullptr;  ///< lowest address
  std::size_t stack_size = 0;          ///< in bytes
  void* fake_stack = nullptr;          ///< the sanitizer's, while this fiber is suspended
};

/// To be called right before `next` is resumed by `self`.
inline void before_switch([[maybe_unused]] Fiber& self, [[maybe_unused]] const Fiber& next) {
#ifdef STREAMTENSOR_CSIM_ASAN
  __sanitizer_start_switch_fiber(&self.fake_stack, next.stack_bottom, next.stack_size);
#endif
}

/// To be called by `self` right after it was resumed by `previous`. The bounds of the thread's own
/// stack become known here, the first time that it gives way.
inline void after_switch([[maybe_unused]] Fiber& self, [[maybe_unused]] Fiber& previous) {
#ifdef STREAMTENSOR_CSIM_ASAN
  __sanitizer_finish_switch_fiber(self.fake_stack, &previous.stack_bottom, &previous.stack_size);
#endif
}

/// Gives `fiber` a stack of its own on which `body` starts when it is first resumed. `body` takes
/// the context of whoever resumed it, and never returns.
template <typename Body>
void create(Fiber& fiber, Body body) {
  boost::context::protected_fixedsize_stack allocator(StackBytes);
  boost::context::stack_context stack = allocator.allocate();
  fiber.stack_bottom = static_cast<const char*>(stack.sp) - stack.size;
  fiber.stack_size = stack.size;
  fiber.context = boost::context::fiber(std::allocator_arg,
                                        boost::context::preallocated(stack.sp, stack.size, stack),
                                        allocator, body);
}

}  // namespace hls::csim

#endif
