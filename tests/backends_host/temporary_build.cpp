// SPDX-License-Identifier: Apache-2.0
#include "tests/backends_host/temporary_build.h"

#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace st::testing {

namespace fs = std::filesystem;

TemporaryBuild::TemporaryBuild() {
  std::string name = (fs::temp_directory_path() / "streamtensor-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
  path_ = name;
}

TemporaryBuild::~TemporaryBuild() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void TemporaryBuild::write(const std::vector<EmittedFile>& files) const {
  for (const EmittedFile& file : files) {
    write(file.path, file.content);
    if (file.executable) {
      fs::permissions(path_ / file.path, fs::perms::owner_exec, fs::perm_options::add);
    }
  }
}

void TemporaryBuild::write(const std::string& path, const std::string& content) const {
  fs::create_directories((path_ / path).parent_path());
  std::ofstream(path_ / path, std::ios::binary) << content;
}

std::string TemporaryBuild::read(const std::string& path) const {
  std::ifstream in(path_ / path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

Outcome TemporaryBuild::run(const std::string& command, const std::string& input) const {
  write("run/in", input);
  const std::string line =
      "cd '" + path_.string() + "' && ( " + command + " ) <run/in >run/out 2>run/err";
  const int status = std::system(line.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read("run/out"), read("run/err")};
}

fs::path source_root() { return fs::absolute(__FILE__).parent_path().parent_path().parent_path(); }

}  // namespace st::testing
