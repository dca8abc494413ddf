// SPDX-License-Identifier: Apache-2.0
// The form of emitted code that HLS relies on: one canonical dataflow region per group.
#include <algorithm>
#include <map>
#include <regex>
#include <set>

#include "tests/common/builds.h"
#include "tests/common/tool.h"
#include "tests/emission/group_code.h"

namespace st::test {
namespace {

/// Every group of a build, with a trace that says which.
template <typename Check>
void each_group(const Request& request, Check check) {
  const std::filesystem::path& build = built(request);
  int group = 0;
  for (; exists(build / "groups" / ("group" + std::to_string(group))); ++group) {
    SCOPED_TRACE(request.model + " " + request.precision + " group " + std::to_string(group));
    check(group_code(build, group));
  }
  EXPECT_GT(group, 0);
}

/// Builds that differ in form: precisions, models, and groups that pass activations on.
std::vector<Request> requests() {
  std::vector<Request> all = {
      {"adder", "f32", "u280", "none"},
      {"adder", "w8a8", "u280", "none"},
      {"adder", "f32", target_with_ports(8), "none"},
  };
#ifndef ST_TEST_SANITIZED  // what is looked at is text, which the other build makes too
  if (!shared("README.md").empty()) {
    all.push_back({"stories260k", "f32", "u280", "none"});
    all.push_back({"stories260k", "w8a8", target_with_ports(10), "none"});
    all.push_back({"char_shakespeare", "f32", "u280", "none"});
  }
#endif
  return all;
}

TEST(Form, EveryStreamHasADepthAnItensorTypeAndAStorage) {
  for (const Request& request : requests()) {
    each_group(request, [](const GroupCode& code) {
      EXPECT_FALSE(code.streams.empty());
      for (const StreamDefinition& stream : code.streams) {
        EXPECT_GE(std::stoll(stream.depth), 1) << stream.name;
        EXPECT_TRUE(stream.comment.starts_with(" itensor<")) << stream.name << stream.comment;
        EXPECT_NE(stream.comment.find("iter_space: "), std::string::npos) << stream.name;
        EXPECT_NE(stream.comment.find("iter_map: "), std::string::npos) << stream.name;
        const std::regex storage("#pragma HLS BIND_STORAGE variable=" + stream.name +
                                 " type=fifo impl=(srl|lutram|bram|uram)");
        EXPECT_TRUE(std::regex_match(stream.pragma, storage)) << stream.name << stream.pragma;
      }
    });
  }
}

TEST(Form, ARegionHoldsStreamsAndTaskCallsOnly) {
  for (const Request& request : requests()) {
    each_group(request, [](const GroupCode& code) {
      EXPECT_FALSE(code.tasks.empty());
      for (const std::string& other : code.others) ADD_FAILURE() << other;
    });
  }
}

TEST(Form, EachPointerHasAPortAndOneTaskThatUsesIt) {
  for (const Request& request : requests()) {
    each_group(request, [](const GroupCode& code) {
      EXPECT_FALSE(code.pointers.empty());
      for (const std::string& pointer : code.pointers) {
        const std::string port =
            "#pragma HLS INTERFACE mode=m_axi port=" + pointer + " bundle=" + pointer + " ";
        EXPECT_EQ(std::count_if(code.pragmas.begin(), code.pragmas.end(),
                                [&](const std::string& line) { return line.starts_with(port); }),
                  1)
            << pointer;
        int64_t users = 0;
        for (const TaskCall& task : code.tasks)
          users += std::count(task.arguments.begin(), task.arguments.end(), pointer);
        EXPECT_EQ(users, 1) << pointer;
      }
    });
  }
}

TEST(Form, EachStreamHasOneWriterBeforeOneReader) {
  for (const Request& request : requests()) {
    each_group(request, [](const GroupCode& code) {
      std::map<std::string, int> uses;
      for (const TaskCall& task : code.tasks) {
        std::set<std::string> once;
        for (const std::string& argument : task.arguments)
          EXPECT_TRUE(once.insert(argument).second) << task.function << " takes it twice";
        for (const std::string& argument : once) ++uses[argument];
      }
      std::set<std::string> names;
      for (const StreamDefinition& stream : code.streams) {
        EXPECT_TRUE(names.insert(stream.name).second) << stream.name << " is defined twice";
        EXPECT_EQ(uses[stream.name], 2) << stream.name;
      }
    });
  }
}

}  // namespace
}  // namespace st::test
