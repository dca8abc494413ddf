// SPDX-License-Identifier: Apache-2.0
#include "frontends/hdf5/isolated.h"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

namespace st::hdf5 {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int DoneWell = 0;
constexpr int GaveUp = 1;

/// False if the other end is closed.
bool send_all(int socket, const void* data, size_t size) {
  const char* from = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t count = send(socket, from, size, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    from += count;
    size -= static_cast<size_t>(count);
  }
  return true;
}

bool send_text(int socket, const std::string& text) {
  const uint64_t size = text.size();
  return send_all(socket, &size, sizeof size) && send_all(socket, text.data(), text.size());
}

/// Whether there is something to receive, be it the end, before the deadline.
bool wait_for(int socket, Clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    pollfd waiting = {socket, POLLIN, 0};
    constexpr int64_t LongestWait = 1'000'000;  // keeps the argument within an int
    const int ready =
        poll(&waiting, 1, static_cast<int>(std::min<int64_t>(left.count(), LongestWait)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

enum class Received { All, Ended, Late };

Received receive_all(int socket, void* data, size_t size, Clock::time_point deadline) {
  char* to = static_cast<char*>(data);
  while (size > 0) {
    if (!wait_for(socket, deadline)) return Received::Late;
    const ssize_t count = recv(socket, to, size, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return Received::Ended;
    to += count;
    size -= static_cast<size_t>(count);
  }
  return Received::All;
}

Received receive_text(int socket, std::string& text, Clock::time_point deadline) {
  uint64_t size = 0;
  const Received received = receive_all(socket, &size, sizeof size, deadline);
  if (received != Received::All) return received;
  constexpr uint64_t Largest = uint64_t{1} << 30;  // a list of all datasets has less
  if (size > Largest) return Received::Ended;
  text.resize(size);
  return receive_all(socket, text.data(), text.size(), deadline);
}

/// The child's part, until the parent closes its end: never returns, and leaves everything behind
/// it alone (no destructors, no atexit).
[[noreturn]] void serve(const Worker::Work& work, int socket) {
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  for (const int caught : {SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGILL}) signal(caught, SIG_DFL);
  // Locks and ends of other sockets would outlive the parent.
  constexpr unsigned FirstOwn = STDERR_FILENO + 1;
  const auto own = static_cast<unsigned>(socket);
  if (own > FirstOwn) close_range(FirstOwn, own - 1, 0);
  close_range(own + 1, ~0U, 0);
  try {
    std::string request;
    while (receive_text(socket, request, Clock::time_point::max()) == Received::All) {
      const Answer answer = work(request);
      if (!send_text(socket, answer.head)) break;
      if (answer.body && !send_all(socket, answer.body->data(), answer.body->size())) break;
    }
  } catch (...) {
    _exit(GaveUp);
  }
  _exit(DoneWell);
}

/// The request answered in this process.
void answer_here(const Worker::Work& work, const std::string& request, const Worker::Room& room) {
  const Answer answer = work(request);
  const std::span<std::byte> to = room(answer.head);
  if (answer.body && !to.empty())
    std::memcpy(to.data(), answer.body->data(), std::min(to.size(), answer.body->size()));
}

}  // namespace

bool Worker::start() {
  if (child_ > 0) return true;
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return false;
  child_ = fork();
  if (child_ == 0) serve(work_, ends[1]);
  close(ends[1]);
  socket_ = ends[0];
  if (child_ < 0) close(std::exchange(socket_, -1));
  return child_ > 0;
}

void Worker::end() {
  if (child_ <= 0) return;
  close(std::exchange(socket_, -1));
  kill(child_, SIGKILL);
  while (waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
  child_ = -1;
}

void Worker::restart() {
  const std::lock_guard<std::mutex> lock(mutex_);
  end();
}

std::string Worker::ask(const std::string& request, std::chrono::seconds limit, const Room& room) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!start()) {
    answer_here(work_, request, room);
    return "";
  }
  const auto deadline = Clock::now() + limit;
  std::string head;
  Received received =
      send_text(socket_, request) ? receive_text(socket_, head, deadline) : Received::Ended;
  if (received == Received::All) {
    const std::span<std::byte> to = room(head);
    received = receive_all(socket_, to.data(), to.size(), deadline);
  }
  if (received == Received::All) return "";
  end();
  return received == Received::Ended
             ? "HDF5 failed in a way that it does not expect itself"
             : "reading did not end within " + std::to_string(limit.count()) + " seconds";
}

}  // namespace st::hdf5
