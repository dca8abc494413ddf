// SPDX-License-Identifier: Apache-2.0
#include "frontends/hdf5/isolated.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace st::hdf5 {
namespace {

constexpr int DoneWell = 0;
constexpr int GaveUp = 1;

/// The child's part: never returns, and leaves everything behind it alone (no destructors, no
/// atexit).
[[noreturn]] void run_child(const std::function<std::string()>& work, int out) {
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  for (const int caught : {SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGILL}) signal(caught, SIG_DFL);
  try {
    const std::string bytes = work();
    size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t count = write(out, bytes.data() + sent, bytes.size() - sent);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) _exit(GaveUp);
      sent += static_cast<size_t>(count);
    }
  } catch (...) {
    _exit(GaveUp);
  }
  _exit(DoneWell);
}

/// Reads until the child closes its end; false after `limit`.
bool collect(int in, std::chrono::seconds limit, std::string& bytes) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  std::array<char, 1 << 14> buffer{};
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd waiting = {in, POLLIN, 0};
    constexpr int64_t LongestWait = 1'000'000;  // keeps the argument within an int
    const int ready =
        poll(&waiting, 1, static_cast<int>(std::min<int64_t>(left.count(), LongestWait)));
    if (ready < 0 && errno != EINTR) return false;
    if (ready <= 0) continue;
    const ssize_t count = read(in, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return true;
    bytes.append(buffer.data(), static_cast<size_t>(count));
  }
}

}  // namespace

Outcome run_isolated(const std::function<std::string()>& work, std::chrono::seconds limit) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return {work(), ""};
  const pid_t child = fork();
  if (child < 0) {
    close(ends[0]);
    close(ends[1]);
    return {work(), ""};
  }
  if (child == 0) {
    close(ends[0]);
    run_child(work, ends[1]);
  }
  close(ends[1]);
  Outcome outcome;
  const bool in_time = collect(ends[0], limit, outcome.bytes);
  close(ends[0]);
  if (!in_time) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) {
    outcome.failure = "reading did not end within " + std::to_string(limit.count()) + " seconds";
  } else if (!WIFEXITED(status) || WEXITSTATUS(status) != DoneWell) {
    outcome.failure = "HDF5 failed in a way that it does not expect itself";
  }
  return outcome;
}

}  // namespace st::hdf5
