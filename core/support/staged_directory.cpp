// SPDX-License-Identifier: Apache-2.0
#include "core/support/staged_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <thread>

namespace st {
namespace fs = std::filesystem;
namespace {

Diagnostic cannot_write(const fs::path& path, const std::string& why) {
  return {"E0501",
          "cannot write '" + printable(path.string()) + "'",
          "",
          {why},
          "choose another place with --output, or free disk space"};
}

/// Whether `lock` is still the file of that name: whoever held it before may have removed it, and a
/// lock on a file without a name keeps nobody out.
bool has_name(int lock, const std::string& name) {
  struct stat held = {}, named = {};
  return fstat(lock, &held) == 0 && stat(name.c_str(), &named) == 0 &&
         held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

/// An empty directory in the place of what a killed build left. Its compilers may still run for a
/// moment, and write into what is being removed.
std::string make_empty(const fs::path& path) {
  constexpr int Attempts = 100;
  std::error_code error;
  for (int i = 0; i < Attempts; ++i) {
    fs::remove_all(path, error);
    if (!error && mkdir(path.c_str(), 0777) == 0) return "";
    const int why = error ? error.value() : errno;
    if (why != EEXIST && why != ENOTEMPTY && why != ENOENT) return std::strerror(why);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return "it is being written by another program";
}

}  // namespace

Result<StagedDirectory> StagedDirectory::create(const fs::path& wanted, const std::string& marker) {
  std::error_code error;
  // A name such as "build/" or "." has no last part of its own.
  fs::path target = fs::absolute(wanted, error).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();
  const bool exists = fs::exists(target, error);
  if (exists && !fs::is_directory(target, error)) {
    return Diagnostic{"E0502",
                      "'" + printable(wanted.string()) + "' is a file",
                      "",
                      {},
                      "choose another place with --output"};
  }
  if (exists && !fs::is_empty(target, error) && !fs::exists(target / marker, error)) {
    return Diagnostic{"E0502",
                      "'" + printable(wanted.string()) + "' is not empty, and no build directory",
                      "",
                      {"it has no " + marker},
                      "choose another place with --output, or remove it yourself"};
  }
  fs::create_directories(target.parent_path(), error);
  if (error) return cannot_write(wanted, error.message());
  const fs::path partial = target.parent_path() / ("." + target.filename().string() + ".partial");
  const std::string lock_name = partial.string() + ".lock";
  const int lock = open(lock_name.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (lock < 0) return cannot_write(wanted, std::strerror(errno));
  if (flock(lock, LOCK_EX | LOCK_NB) != 0 || !has_name(lock, lock_name)) {
    close(lock);
    return Diagnostic{"E0504",
                      "another build of '" + printable(wanted.string()) + "' is under way",
                      "",
                      {},
                      "wait for it, or choose another place with --output"};
  }
  if (const std::string why = make_empty(partial); !why.empty()) {
    unlink(lock_name.c_str());
    close(lock);
    return cannot_write(wanted, why);
  }
  return StagedDirectory(target, partial, lock);
}

StagedDirectory::StagedDirectory(StagedDirectory&& other) noexcept
    : target_(std::move(other.target_)), partial_(std::move(other.partial_)), lock_(other.lock_) {
  other.lock_ = -1;
}

StagedDirectory::~StagedDirectory() {
  if (lock_ < 0) return;
  std::error_code error;
  fs::remove_all(partial_, error);
  unlink((partial_.string() + ".lock").c_str());
  close(lock_);
}

Status StagedDirectory::write(const std::string& relative, const std::string& content,
                              bool executable) const {
  const fs::path path = partial_ / relative;
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream out(path, std::ios::binary);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  if (!out) return cannot_write(relative, errno != 0 ? std::strerror(errno) : "write failed");
  if (executable) fs::permissions(path, fs::perms(0755), error);
  return {};
}

Status StagedDirectory::commit() {
  // The exchange is one step of the file system: at no time is there half a directory.
  if (renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) == 0)
    return {};
  if (errno != ENOENT && errno != EINVAL) return cannot_write(target_, std::strerror(errno));
  if (errno == EINVAL) {  // a file system without exchange
    const fs::path old = partial_.string() + ".old";
    std::error_code error;
    fs::remove_all(old, error);
    if (rename(target_.c_str(), old.c_str()) != 0 && errno != ENOENT)
      return cannot_write(target_, std::strerror(errno));
    const bool moved = rename(partial_.c_str(), target_.c_str()) == 0;
    const int why = errno;
    if (!moved) rename(old.c_str(), target_.c_str());
    fs::remove_all(old, error);
    if (!moved) return cannot_write(target_, std::strerror(why));
    return {};
  }
  if (rename(partial_.c_str(), target_.c_str()) != 0)
    return cannot_write(target_, std::strerror(errno));
  return {};
}

}  // namespace st
