// SPDX-License-Identifier: Apache-2.0
/// The same input gives the same bytes, wherever and whenever it is built.
#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "tests/cli/good_build.h"
#include "tests/cli/snapshot.h"
#include "tests/common/tiny_model.h"

namespace st::test {
namespace fs = std::filesystem;
namespace {

/// Builds the tiny model again, in a folder of another name and depth, from another place.
void expect_same_again(const std::string& precision) {
  const Snapshot first = snapshot(good_build(precision));
  ASSERT_GT(first.size(), 40U);
  ASSERT_EQ(first.count("stub/host"), 1U);
  const fs::path folder = own_folder("again_" + precision);
  (void)TinyModel().write(folder / "elsewhere");
  fs::create_directories(folder / "deep/er");
  const Outcome built =
      run_program({ST_TEST_TOOL, "build", "../../elsewhere/model.json", "--fifo", FifoMethod,
                   "--target", "u280", "--precision", precision, "-o", "another name/", "--cxx",
                   ST_TEST_CXX, "--cxxflags", ST_TEST_CXXFLAGS},
                  folder / "deep/er",
                  {{"TZ", "Pacific/Apia"},
                   {"LC_ALL", "C.UTF-8"},
                   {"USER", "somebody"},
                   {"KEEP_OBJECTS", "no"}});
  ASSERT_EQ(built.status, 0) << built.err;
  EXPECT_EQ(difference(first, snapshot(folder / "deep/er/another name")), "");
}

/// Whether `text` holds `pattern`, in which '#' is any digit.
bool holds(const std::string& text, const std::string& pattern) {
  return std::search(text.begin(), text.end(), pattern.begin(), pattern.end(), [](char c, char p) {
           return p == '#' ? std::isdigit(static_cast<unsigned char>(c)) != 0 : c == p;
         }) != text.end();
}

TEST(Determinism, BuildsAreTheSameByteForByte) {
#ifdef ST_TEST_SANITIZED
  GTEST_SKIP() << "instrumented builds are slow; those without a stub device have to do";
#endif
  expect_same_again("w8a8");
}

TEST(Determinism, ABuildOverAnEarlierOneIsTheSame) {
  const fs::path folder = own_folder("over");
  const fs::path model = TinyModel().write(folder);
  ASSERT_EQ(write_only(model, folder / "fresh").status, 0);
  ASSERT_EQ(write_only(model, folder / "used", {"--precision", "w8a8"}).status, 0);
  write(folder / "used/notes.txt", "not ours");
  ASSERT_EQ(write_only(model, folder / "used").status, 0);
  EXPECT_EQ(difference(snapshot(folder / "fresh"), snapshot(folder / "used")), "");
}

TEST(Determinism, TheScriptOfABuildMakesItAgain) {
  const fs::path folder = own_folder("script");
  const fs::path model = TinyModel().write(folder);
  ASSERT_EQ(
      write_only(model, folder / "out",
                 {"--precision", "w8a8", "--parameter-ports", "2", "--dim", "sequence_length=1..5"})
          .status,
      0);
  // The script asks for a stub device; what it writes before that is what matters here.
  fs::create_directories(folder / "bin");
  write(folder / "bin/streamtensor",
        std::string("#!/bin/sh\nexec '") + ST_TEST_TOOL + "' \"$@\" --synth none\n");
  fs::permissions(folder / "bin/streamtensor", fs::perms::owner_all);
  const char* path = std::getenv("PATH");
  const Outcome again = run_program(
      {(folder / "out/cmd.sh").string(), (folder / "weights.h5").string(), (folder / "b").string()},
      folder, {{"PATH", (folder / "bin").string() + ":" + (path != nullptr ? path : "")}});
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(difference(snapshot(folder / "out"), snapshot(folder / "b")), "");
}

TEST(Determinism, NoFileTellsPlacesUsersOrTimes) {
  std::vector<std::string> places = {scratch().string(),
                                     fs::path(ST_TEST_TOOL).parent_path().string(),
                                     fs::path(ST_TEST_SOURCE_DIR).string()};
  if (const char* home = std::getenv("HOME"); home != nullptr && std::string(home).size() > 5)
    places.emplace_back(home);
  for (const char* precision : {"f32", "w8a8"}) {
    for (const auto& [path, content] : snapshot(good_build(precision))) {
      for (const std::string& place : places)
        EXPECT_EQ(content.find(place), std::string::npos) << path << " holds " << place;
      const bool text = content.find('\0') == std::string::npos;
      if (text) {
        EXPECT_FALSE(holds(content, "20##-##-##") || holds(content, "##:##:##")) << path;
      }
    }
  }
}

}  // namespace
}  // namespace st::test
