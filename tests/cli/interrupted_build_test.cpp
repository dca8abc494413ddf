// SPDX-License-Identifier: Apache-2.0
/// Builds that are killed, that fail, or that run at the same time.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <thread>

#include "tests/cli/expect_error.h"
#include "tests/cli/good_build.h"
#include "tests/cli/snapshot.h"
#include "tests/common/tiny_model.h"

namespace st::test {
namespace fs = std::filesystem;
using std::chrono::milliseconds;
namespace {

/// A build that goes on while the test does something else. Its messages go to `log`.
class Running {
 public:
  Running(const fs::path& model, const fs::path& output, const fs::path& log,
          const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {ST_TEST_TOOL,     "build",  model.string(),  "--target",
                                          "u280",           "-o",     output.string(), "--cxxflags",
                                          ST_TEST_CXXFLAGS, "--fifo", FifoMethod};
    arguments.insert(arguments.end(), more.begin(), more.end());
    if (std::find(more.begin(), more.end(), "--cxx") == more.end())
      arguments.insert(arguments.end(), {"--cxx", ST_TEST_CXX});
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (const int end : {1, 2}) {
      posix_spawn_file_actions_addopen(&actions, end, log.c_str(), O_CREAT | O_WRONLY | O_APPEND,
                                       0644);
    }
    // With compilers that take their time.
    setenv("KEEP_OBJECTS", "no", 1);
    EXPECT_EQ(posix_spawn(&id_, ST_TEST_TOOL, &actions, nullptr, pointers.data(), environ), 0);
    unsetenv("KEEP_OBJECTS");
    posix_spawn_file_actions_destroy(&actions);
  }
  ~Running() {
    if (id_ > 0) kill();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  /// Kills it without warning; true if it was still running.
  bool kill() {
    ::kill(id_, SIGKILL);
    return WIFSIGNALED(ended());
  }
  int exit_code() { return WEXITSTATUS(ended()); }

 private:
  int ended() {
    int status = 0;
    while (waitpid(id_, &status, 0) < 0 && errno == EINTR) {
    }
    id_ = -1;
    return status;
  }
  pid_t id_ = -1;
};

/// What lies in `folder`, by name.
std::string listing(const fs::path& folder) {
  std::string names;
  for (const auto& entry : snapshot(folder)) {
    if (entry.first.find('/') == std::string::npos) names += entry.first + " ";
  }
  return names;
}

TEST(InterruptedBuild, LeavesTheEarlierOneUntouched) {
  const fs::path folder = own_folder("killed");
  const fs::path model = TinyModel().write(folder);
  fs::copy(good_build(), folder / "out", fs::copy_options::recursive);
  const Snapshot before = snapshot(folder / "out");
  int killed = 0;
  for (const int delay : {5, 20, 50, 100, 300, 1000, 2000}) {
    SCOPED_TRACE("killed after " + std::to_string(delay) + " ms");
    Running running(model, folder / "out", folder / "log");
    std::this_thread::sleep_for(milliseconds(delay));
    killed += running.kill();
    ASSERT_EQ(difference(before, snapshot(folder / "out")), "");
  }
  EXPECT_GE(killed, 4) << "most of these builds should have been cut short";
  EXPECT_NE(listing(folder).find(".out.partial"), std::string::npos)
      << "no build was killed late enough to leave something: " << listing(folder);

  // The next one starts at once, while compilers of the last one may still run.
  {
    const Running last(model, folder / "out", folder / "log");
    std::this_thread::sleep_for(milliseconds(700));
  }
  const Outcome again = write_only(model, folder / "out");
  EXPECT_EQ(again.status, 0) << again.err;
  fs::remove(folder / "log");
  EXPECT_EQ(listing(folder), "model.json out weights.h5 ");
  ASSERT_EQ(write_only(model, folder / "fresh").status, 0);
  EXPECT_EQ(difference(snapshot(folder / "fresh"), snapshot(folder / "out")), "");
}

TEST(InterruptedBuild, LeavesNothingWhereNothingWas) {
  const fs::path folder = own_folder("killed_first");
  const fs::path model = TinyModel().write(folder);
  for (const int delay : {100, 600}) {
    Running running(model, folder / "out", folder / "log");
    std::this_thread::sleep_for(milliseconds(delay));
    ASSERT_TRUE(running.kill());
    EXPECT_FALSE(fs::exists(folder / "out"));
  }
}

TEST(InterruptedBuild, CompilersEndWithTheToolThatStartedThem) {
  const fs::path folder = own_folder("killed_compilers");
  const fs::path model = TinyModel().write(folder);
  // A compiler that says when it starts, and would say when it ends.
  write(folder / "slow", "#!/bin/sh\n: > '" + (folder / "started").string() + "'\nsleep 2\n: > '" +
                             (folder / "ended").string() + "'\n");
  fs::permissions(folder / "slow", fs::perms::owner_all);
  {
    Running running(model, folder / "out", folder / "log", {"--cxx", (folder / "slow").string()});
    for (int i = 0; i < 500 && !fs::exists(folder / "started"); ++i)
      std::this_thread::sleep_for(milliseconds(20));
    ASSERT_TRUE(fs::exists(folder / "started")) << read(folder / "log");
    EXPECT_TRUE(running.kill());
  }
  std::this_thread::sleep_for(milliseconds(2500));
  EXPECT_FALSE(fs::exists(folder / "ended"));
}

TEST(InterruptedBuild, AFailingOneLeavesTheEarlierUntouched) {
  const fs::path folder = own_folder("failing");
  TinyModel model;
  ASSERT_EQ(write_only(model.write(folder), folder / "out").status, 0);
  const std::string names = listing(folder);
  const Snapshot before = snapshot(folder / "out");
  model.weights["up.weight"].values[3] = std::nanf("");  // found when parameters are packed
  EXPECT_EQ(write_only(model.write(folder), folder / "out").status, BadInput);
  EXPECT_EQ(difference(before, snapshot(folder / "out")), "");
  EXPECT_EQ(build(TinyModel().write(folder), folder / "out", {"--cxx", "false"}).status,
            Environment);
  EXPECT_EQ(difference(before, snapshot(folder / "out")), "");
  EXPECT_EQ(listing(folder), names);
}

TEST(InterruptedBuild, OfTwoAtOnceOneWins) {
  const fs::path folder = own_folder("two");
  const fs::path model = TinyModel().write(folder);
  write(folder / "slow",
        "#!/bin/sh\n: > '" + (folder / "started").string() + "'\nexec " ST_TEST_CXX " \"$@\"\n");
  fs::permissions(folder / "slow", fs::perms::owner_all);
  Running first(model, folder / "out", folder / "log", {"--cxx", (folder / "slow").string()});
  for (int i = 0; i < 500 && !fs::exists(folder / "started"); ++i)
    std::this_thread::sleep_for(milliseconds(20));
  expect_error(write_only(model, folder / "out"), Environment,
               {"error[E0504]: another build of", "is under way", "--output"});
  // A build next to it is no business of its.
  EXPECT_EQ(write_only(model, folder / "other").status, 0);
  EXPECT_EQ(first.exit_code(), 0) << read(folder / "log");
  EXPECT_EQ(difference(snapshot(good_build()), snapshot(folder / "out")), "");
  EXPECT_EQ(listing(folder), "log model.json other out slow started weights.h5 ");
}

}  // namespace
}  // namespace st::test
