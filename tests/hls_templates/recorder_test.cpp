// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "streamtensor/task.h"

namespace {

void count(hls::stream<short>& out, int n) {
  for (int i = 0; i < n; ++i) out.write(static_cast<short>(i));
}
void drop(hls::stream<short>& in, int n) {
  for (int i = 0; i < n; ++i) in.read();
}

void launch(int n) {
  hls::stream<short, 4> recorded("recorded");
  hls::stream<short, 2> odd_name("a/b c");
  hls::stream<short, 2> unnamed;
  TASK(count)(recorded, n);
  TASK(drop)(recorded, n);
  TASK(count)(odd_name, 1);
  TASK(drop)(odd_name, 1);
  TASK(count)(unnamed, 1);
  TASK(drop)(unnamed, 1);
}

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST(Recorder, WritesTokensAndStatisticsOverLaunches) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("recorder_test." + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "recorded.bin") << "from an earlier run";

  hls::csim::record(folder.string());
  launch(3);
  launch(2);
  hls::csim::finish();
  hls::csim::record("");
  launch(1);

  EXPECT_EQ(content(folder / "recorded.bin"), std::string("\0\0\1\0\2\0\0\0\1\0", 10));
  EXPECT_EQ(content(folder / "a_b_c.bin"), std::string("\0\0\0\0", 4));
  const std::string channels = content(folder / "channels.txt");
  EXPECT_NE(channels.find("recorded 4 5 3\na_b_c 2 2 1\n"), std::string::npos) << channels;
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files += entry.is_regular_file() ? 1 : 0;
  }
  EXPECT_EQ(files, 3u);
  std::filesystem::remove_all(folder);
}

TEST(Recorder, ReportCountsWithoutRecording) {
  launch(4);
  std::FILE* out = std::tmpfile();
  hls::csim::report(out);
  std::rewind(out);
  char line[64];
  bool found = false;
  while (std::fgets(line, sizeof line, out) != nullptr) {
    found = found || std::string(line).rfind("recorded 4 ", 0) == 0;
  }
  std::fclose(out);
  EXPECT_TRUE(found);
}
