// SPDX-License-Identifier: Apache-2.0
#include "core/support/staged_directory.h"

#include <gtest/gtest.h>

#include "tests/common/tool.h"

namespace st {
namespace {
namespace fs = std::filesystem;

constexpr const char* Marker = "manifest.txt";

/// A folder that is new for each test.
fs::path place() {
  const auto* info = testing::UnitTest::GetInstance()->current_test_info();
  const fs::path path = test::scratch() / info->test_suite_name() / info->name();
  fs::create_directories(path);
  return path;
}

size_t entries(const fs::path& path) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(path), {}));
}

void build(const fs::path& target, const std::string& content) {
  auto staged = StagedDirectory::create(target, Marker);
  ASSERT_TRUE(staged.ok());
  ASSERT_TRUE(staged->write(Marker, content).ok());
  ASSERT_TRUE(staged->write("deep/er/file", content).ok());
  ASSERT_TRUE(staged->commit().ok());
}

TEST(StagedDirectory, AppearsOnlyWhenCommitted) {
  const fs::path target = place() / "out";
  auto staged = StagedDirectory::create(target, Marker);
  ASSERT_TRUE(staged.ok());
  ASSERT_TRUE(staged->write("a/b.txt", "text").ok());
  EXPECT_FALSE(fs::exists(target));
  ASSERT_TRUE(staged->commit().ok());
  EXPECT_EQ(test::read(target / "a/b.txt"), "text");
}

TEST(StagedDirectory, ReplacesAnEarlierOneWhole) {
  const fs::path target = place() / "out";
  build(target, "first");
  test::write(target / "left over", "x");
  build(target, "second");
  EXPECT_EQ(test::read(target / "deep/er/file"), "second");
  EXPECT_FALSE(fs::exists(target / "left over"));
  EXPECT_EQ(entries(target.parent_path()), 1U) << "nothing else stays behind";
}

TEST(StagedDirectory, WithoutCommitTheEarlierOneStays) {
  const fs::path target = place() / "out";
  build(target, "first");
  {
    auto staged = StagedDirectory::create(target, Marker);
    ASSERT_TRUE(staged.ok());
    ASSERT_TRUE(staged->write(Marker, "second").ok());
  }
  EXPECT_EQ(test::read(target / Marker), "first");
  EXPECT_EQ(entries(target.parent_path()), 1U);
}

TEST(StagedDirectory, RefusesWhatItDidNotMake) {
  const fs::path here = place();
  test::write(here / "mine/thesis.tex", "precious");
  test::write(here / "file", "x");
  for (const char* name : {"mine", "file"}) {
    const auto staged = StagedDirectory::create(here / name, Marker);
    ASSERT_FALSE(staged.ok()) << name;
    EXPECT_EQ(staged.errors()[0].code, "E0502");
  }
  EXPECT_EQ(test::read(here / "mine/thesis.tex"), "precious");
  fs::create_directories(here / "empty");
  EXPECT_TRUE(StagedDirectory::create(here / "empty", Marker).ok());
}

TEST(StagedDirectory, KeepsASecondRunOut) {
  const fs::path target = place() / "out";
  {
    auto first = StagedDirectory::create(target, Marker);
    ASSERT_TRUE(first.ok());
    const auto second = StagedDirectory::create(target, Marker);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.errors()[0].code, "E0504");
  }
  EXPECT_TRUE(StagedDirectory::create(target, Marker).ok());
}

TEST(StagedDirectory, RemovesWhatAKilledRunLeftBehind) {
  const fs::path target = place() / "out";
  test::write(target.parent_path() / ".out.partial/stale", "x");
  build(target, "new");
  EXPECT_FALSE(fs::exists(target / "stale"));
}

TEST(StagedDirectory, ATrailingSlashMeansTheSamePlace) {
  const fs::path here = place();
  build(here / "out/", "text");
  EXPECT_EQ(test::read(here / "out" / Marker), "text");
  EXPECT_EQ(entries(here), 1U);
}

TEST(StagedDirectory, AParentThatIsAFileIsAnError) {
  const fs::path here = place();
  test::write(here / "file", "x");
  const auto staged = StagedDirectory::create(here / "file/out", Marker);
  ASSERT_FALSE(staged.ok());
  EXPECT_EQ(staged.errors()[0].code, "E0501");
}

}  // namespace
}  // namespace st
