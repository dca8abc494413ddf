// SPDX-License-Identifier: Apache-2.0
#include "tests/common/kept_build.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace st::test {
namespace fs = std::filesystem;
namespace {

/// The words of a command, with size and time of those that are files.
std::string origin(const std::vector<std::string>& command) {
  std::string text = ST_TEST_CXX " " ST_TEST_CXXFLAGS "\n";
  for (const std::string& word : command) {
    text += word;
    if (fs::is_regular_file(word)) {
      text += " " + std::to_string(fs::file_size(word)) + " " +
              std::to_string(fs::last_write_time(word).time_since_epoch().count());
    }
    text += "\n";
  }
  return text;
}

/// Holds a file's lock, which ends with the process if not before.
class Lock {
 public:
  explicit Lock(const fs::path& path)
      : file_(open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644)) {
    EXPECT_EQ(flock(file_, LOCK_EX), 0) << "cannot lock " << path;
  }
  ~Lock() { close(file_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  int file_;
};

}  // namespace

KeptBuild kept_build(const std::string& name, std::vector<std::string> build) {
  const fs::path folder = fs::path(ST_TEST_BUILDS) / name, made_from = folder / "made_from";
  fs::create_directories(folder);
  KeptBuild kept{folder / "out", {}};
  kept.outcome.status = 0;
  std::vector<std::string> command = build;
  command.insert(command.begin(), ST_TEST_TOOL);
  const std::string wanted = origin(command);
  const Lock lock(folder / "lock");
  if (fs::exists(made_from) && read(made_from) == wanted) return kept;
  fs::remove(made_from);
  build.insert(build.end(), {"-o", kept.path.string()});
  kept.outcome = streamtensor(build);
  if (kept.outcome.status == 0) write(made_from, wanted);
  return kept;
}

}  // namespace st::test
