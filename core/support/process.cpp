// SPDX-License-Identifier: Apache-2.0
#include "core/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace st {
namespace {

struct Pipe {
  int read = -1, write = -1;
  bool open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    read = ends[0];
    write = ends[1];
    return true;
  }
  static void close(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
  ~Pipe() {
    close(read);
    close(write);
  }
};

[[noreturn]] void become(const Command& command, Pipe& in, Pipe& out, Pipe& err) {
  dup2(in.read, STDIN_FILENO);
  dup2(out.write, STDOUT_FILENO);
  dup2(err.write, STDERR_FILENO);
  std::signal(SIGPIPE, SIG_DFL);
  // A compiler must not go on when this program is killed.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (!command.directory.empty() && chdir(command.directory.c_str()) != 0) _exit(127);
  for (const auto& [name, value] : command.environment) setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> arguments;
  for (const std::string& argument : command.arguments)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

/// Passes on what is there to read; false at the end of the stream.
bool forward(int end, const std::function<void(std::string_view)>& sink) {
  std::array<char, 65536> bytes;
  const ssize_t count = read(end, bytes.data(), bytes.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  if (count > 0 && sink) sink(std::string_view(bytes.data(), static_cast<size_t>(count)));
  return count > 0;
}

}  // namespace

Result<int> run(const Command& command) {
  auto failed = [&](const std::string& why) {
    return Diagnostic{
        "E0503", "cannot run '" + printable(command.arguments[0]) + "'", "", {why}, ""};
  };
  Pipe in, out, err;
  if (!in.open() || !out.open() || !err.open()) return failed(std::strerror(errno));
  const pid_t child = fork();
  if (child < 0) return failed(std::strerror(errno));
  if (child == 0) become(command, in, out, err);
  Pipe::close(in.read);
  Pipe::close(out.write);
  Pipe::close(err.write);
  // A child that stops reading must not end this process.
  auto* const earlier = std::signal(SIGPIPE, SIG_IGN);
  fcntl(in.write, F_SETFL, O_NONBLOCK);
  size_t written = 0;
  if (command.input.empty()) Pipe::close(in.write);
  while (out.read >= 0 || err.read >= 0 || in.write >= 0) {
    std::array<pollfd, 3> ends = {
        {{out.read, POLLIN, 0}, {err.read, POLLIN, 0}, {in.write, POLLOUT, 0}}};
    if (poll(ends.data(), ends.size(), -1) < 0 && errno != EINTR) break;
    if (ends[0].revents != 0 && !forward(out.read, command.on_output)) Pipe::close(out.read);
    if (ends[1].revents != 0 && !forward(err.read, command.on_error)) Pipe::close(err.read);
    if (ends[2].revents != 0) {
      const ssize_t count =
          write(in.write, command.input.data() + written, command.input.size() - written);
      if (count > 0) written += static_cast<size_t>(count);
      const bool broken = count < 0 && errno != EAGAIN && errno != EINTR;
      if (written == command.input.size() || broken) Pipe::close(in.write);
    }
    // With both outputs closed nobody reads the input either.
    if (out.read < 0 && err.read < 0) Pipe::close(in.write);
  }
  std::signal(SIGPIPE, earlier);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
  if (WEXITSTATUS(status) == 127)
    return failed("the program was not found, or could not be started");
  return WEXITSTATUS(status);
}

}  // namespace st
