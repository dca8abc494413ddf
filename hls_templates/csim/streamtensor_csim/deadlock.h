// SPDX-License-Identifier: Apache-2.0
/// The message about tasks that all wait for each other.
#ifndef STREAMTENSOR_CSIM_DEADLOCK_H
#define STREAMTENSOR_CSIM_DEADLOCK_H

#include <algorithm>
#include <cstdio>
#include <vector>

#include "channel.h"
#include "scheduler.h"

namespace hls::csim {

/// The task at the other end of the channel that `task` waits for; null if it is unknown or has
/// ended. A task that waits for its own children has handed the channel on to one of them, so it is
/// skipped.
inline const Task* waited_for(const Task& task) {
  const std::vector<Channel::User>& users = task.channel->users();
  for (auto user = users.rbegin(); user != users.rend(); ++user) {
    if (user->live() && user->task != &task && user->task->channel != nullptr) return user->task;
  }
  return nullptr;
}

/// Tasks of a circular wait, each waiting for the next and the last for the first; empty if none is
/// known.
inline std::vector<const Task*> find_cycle(const std::vector<const Task*>& blocked) {
  for (const Task* first : blocked) {
    std::vector<const Task*> path;
    for (const Task* task = first; task != nullptr; task = waited_for(*task)) {
      const auto seen = std::find(path.begin(), path.end(), task);
      if (seen != path.end()) return {seen, path.end()};
      path.push_back(task);
    }
  }
  return {};
}

inline void print_blocked(const Task& task) {
  const Channel& channel = *task.channel;
  if (task.wait == Wait::Write) {
    std::fprintf(stderr, "  task '%s' waits to write channel '%s' (full: %zu of %zu)", task.name,
                 channel.name(), channel.size(), channel.capacity());
  } else {
    std::fprintf(stderr, "  task '%s' waits to read channel '%s' (empty)", task.name,
                 channel.name());
  }
  const bool shared = channel.users().size() > 1;
  std::fputs(shared && waited_for(task) == nullptr ? ", whose other end is done\n" : "\n", stderr);
}

inline void report_deadlock(const Scheduler& scheduler) {
  std::vector<const Task*> blocked;
  const auto add = [&](const Task& task) {
    if (task.live && task.channel != nullptr) blocked.push_back(&task);
  };
  add(scheduler.root());
  for (const std::unique_ptr<Task>& task : scheduler.workers()) add(*task);
  std::sort(blocked.begin(), blocked.end(),
            [](const Task* a, const Task* b) { return a->serial < b->serial; });

  std::fprintf(stderr, "deadlock: %zu %s blocked\n", blocked.size(),
               blocked.size() == 1 ? "task is" : "tasks are");
  for (const Task* task : blocked) print_blocked(*task);
  const std::vector<const Task*> cycle = find_cycle(blocked);
  if (!cycle.empty()) {
    std::fputs("  cycle: ", stderr);
    for (const Task* task : cycle) {
      std::fprintf(stderr, "'%s' -> channel '%s' -> ", task->name, task->channel->name());
    }
    std::fprintf(stderr, "'%s'\n", cycle.front()->name);
  }
  end_process(DeadlockStatus);
}

}  // namespace hls::csim

#endif
