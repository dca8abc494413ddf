// SPDX-License-Identifier: Apache-2.0
/// The child process that reads weights: it stays, and what kills it does not kill us.
#include "frontends/hdf5/isolated.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <vector>

namespace st::hdf5 {
namespace {

constexpr std::chrono::seconds Limit{1};

/// Tells its process; "crash" and "sleep" do that, "body" is followed by as many bytes as it says.
Answer work(const std::string& request) {
  if (request == "crash") (void)raise(SIGSEGV);
  if (request == "throw") throw std::bad_alloc();
  if (request == "sleep") pause();
  if (request != "body") return {std::to_string(getpid())};
  auto memory = std::make_unique<Memory>(1 << 20);
  std::memset(memory->data(), 'x', memory->size());
  return {std::to_string(memory->size()), std::move(memory)};
}

class IsolatedWorker : public ::testing::Test {
 protected:
  /// The answer's head, or the failure.
  std::string asked(const std::string& request) {
    std::string answer;
    const std::string failure =
        worker_.ask(request, Limit, [&](const std::string& head) -> std::span<std::byte> {
          answer = head;
          return {};
        });
    return failure.empty() ? answer : failure;
  }

  Worker worker_{work};
};

TEST_F(IsolatedWorker, IsOneProcessForAllRequests) {
  const std::string first = asked("who");
  EXPECT_NE(first, std::to_string(getpid()));
  EXPECT_EQ(asked("who"), first);
  worker_.restart();
  EXPECT_NE(asked("who"), first);
}

TEST_F(IsolatedWorker, SendsABody) {
  std::vector<std::byte> body;
  const auto room = [&](const std::string& head) {
    body.resize(std::stoul(head));
    return std::span(body);
  };
  ASSERT_EQ(worker_.ask("body", Limit, room), "");
  EXPECT_EQ(body, std::vector<std::byte>(1 << 20, std::byte{'x'}));
  EXPECT_NE(asked("who"), "") << "nothing of the body is left";
}

TEST_F(IsolatedWorker, ThatCrashesOrGivesUpIsToldAndFollowedByAnother) {
  for (const char* end : {"crash", "throw"}) {
    const std::string first = asked("who");
    EXPECT_EQ(asked(end), "HDF5 failed in a way that it does not expect itself");
    const std::string second = asked("who");
    EXPECT_NE(second, first);
    EXPECT_EQ(asked("who"), second);
  }
}

TEST_F(IsolatedWorker, ThatTakesTooLongIsEnded) {
  const std::string first = asked("who");
  EXPECT_EQ(asked("sleep"), "reading did not end within 1 seconds");
  EXPECT_NE(kill(static_cast<pid_t>(std::stol(first)), 0), 0) << "it still runs";
}

}  // namespace
}  // namespace st::hdf5
