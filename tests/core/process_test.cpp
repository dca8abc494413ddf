// SPDX-License-Identifier: Apache-2.0
#include "core/support/process.h"

#include <gtest/gtest.h>

#include <csignal>

#include "tests/common/tool.h"

namespace st {
namespace {

Command shell(const std::string& script) {
  Command command;
  command.arguments = {"sh", "-c", script};
  return command;
}

TEST(Process, GivesTheExitStatus) {
  for (const int status : {0, 1, 2, 70, 126}) {
    const auto result = run(shell("exit " + std::to_string(status)));
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(*result, status);
  }
}

TEST(Process, ReportsASignalAsAShellDoes) {
  const auto result = run(shell("kill -TERM $$"));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(*result, 128 + SIGTERM);
}

TEST(Process, AProgramThatIsNotThereIsAnError) {
  Command command;
  command.arguments = {"no-such-program-of-that-name"};
  const auto result = run(command);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.errors()[0].code, "E0503");
  EXPECT_NE(result.errors()[0].message.find("no-such-program-of-that-name"), std::string::npos);
}

TEST(Process, ArgumentsReachTheProgramUntouched) {
  Command command;
  const std::string hostile = "$(false) `x` \"'; *";
  command.arguments = {"printf", "%s|%s", hostile, ""};
  std::string out;
  command.on_output = [&](std::string_view text) { out += text; };
  ASSERT_TRUE(run(command).ok());
  EXPECT_EQ(out, hostile + "|");
}

TEST(Process, EnvironmentAndDirectoryAreSet) {
  Command command = shell("printf '%s %s' \"$ST_TEST_VALUE\" \"$(pwd -P)\"");
  command.environment = {{"ST_TEST_VALUE", "a b"}};
  command.directory = "/";
  std::string out;
  command.on_output = [&](std::string_view text) { out += text; };
  ASSERT_TRUE(run(command).ok());
  EXPECT_EQ(out, "a b /");
}

TEST(Process, MuchInputAndOutputAtOnceDoNotBlockEachOther) {
  // More than any pipe holds, echoed to both outputs while the input is still being written.
  constexpr size_t Size = 4 << 20;
  Command command = shell("tee /dev/stderr");
  command.input.resize(Size);
  for (size_t i = 0; i < Size; ++i) command.input[i] = static_cast<char>('a' + i % 23);
  std::string out, err;
  command.on_output = [&](std::string_view text) { out += text; };
  command.on_error = [&](std::string_view text) { err += text; };
  const auto result = run(command);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(*result, 0);
  EXPECT_TRUE(out == command.input);
  EXPECT_TRUE(err == command.input);
}

TEST(Process, AChildThatDoesNotReadItsInputEndsAsItLikes) {
  Command command = shell("exit 3");
  command.input.assign(1 << 20, 'x');
  const auto result = run(command);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(*result, 3);
}

TEST(Process, OutputWithoutAListenerIsDropped) {
  const auto result = run(shell("head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2"));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(*result, 0);
}

}  // namespace
}  // namespace st
