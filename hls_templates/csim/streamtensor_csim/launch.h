// SPDX-License-Identifier: Apache-2.0
/// Turns a call into a task: what the macro TASK expands to in simulation.
#ifndef STREAMTENSOR_CSIM_LAUNCH_H
#define STREAMTENSOR_CSIM_LAUNCH_H

#include <tuple>
#include <type_traits>
#include <utility>

#include "channel.h"
#include "scheduler.h"

namespace hls::csim {

template <typename Argument>
constexpr bool IsChannel = std::is_base_of_v<Channel, std::decay_t<Argument>>;

/// How a task keeps an argument of its call: streams by reference, all else (pointers, numbers) by
/// value, because the caller's variables may change before the task looks at them.
template <typename Argument>
using Kept =
    std::conditional_t<IsChannel<Argument>, std::decay_t<Argument>&, std::decay_t<Argument>>;

template <typename Argument>
void attach(Argument& argument) {
  if constexpr (IsChannel<Argument>) argument.attach();
}

/// Body of a task: takes the closure from the starter's stack, and makes the call.
template <typename Closure>
void run_closure(void* closure) {
  Closure own = std::move(*static_cast<Closure*>(closure));
  std::apply(
      [](auto& function, auto&... arguments) {
        (attach(arguments), ...);
        function(arguments...);
      },
      own);
}

/// A function that, when called, runs as a task.
template <typename Function>
class Launcher {
 public:
  Launcher(const char* name, Function function) : name_(name), function_(function) {}

  template <typename... Arguments>
  void operator()(Arguments&&... arguments) const {
    using Closure = std::tuple<Function, Kept<Arguments>...>;
    Closure closure(function_, arguments...);
    Scheduler::instance().start(name_, &run_closure<Closure>, &closure);
  }

 private:
  const char* name_;
  Function function_;
};

/// `name` must outlive the task.
template <typename Function>
Launcher<Function> task(const char* name, Function function) {
  return Launcher<Function>(name, function);
}

}  // namespace hls::csim

#endif
