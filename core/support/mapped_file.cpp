// SPDX-License-Identifier: Apache-2.0
#include "core/support/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace st {
namespace {

Diagnostic unreadable(const std::filesystem::path& path, const std::string& why) {
  return {"E0101", "'" + printable(path.string()) + "' " + why, path.string(), {}, ""};
}

}  // namespace

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::filesystem::path& path) {
  // Opening a pipe would wait for its writer.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return unreadable(path, std::string("cannot be read: ") + std::strerror(errno));
  struct stat facts = {};
  const bool regular = fstat(file, &facts) == 0 && S_ISREG(facts.st_mode);
  const auto size = static_cast<size_t>(facts.st_size);
  void* data = nullptr;
  if (regular && size > 0) data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  const int error = errno;
  close(file);
  if (!regular) return unreadable(path, "is no regular file");
  if (data == MAP_FAILED)
    return unreadable(path, std::string("cannot be mapped: ") + std::strerror(error));
  if (data != nullptr) madvise(data, size, MADV_SEQUENTIAL);
  return std::shared_ptr<const MappedFile>(
      new MappedFile(static_cast<const std::byte*>(data), size));
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<std::byte*>(data_), size_);
}

void MappedFile::forget(std::span<const std::byte> part) const {
  // Whole pages inside of the part.
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const auto begin = static_cast<size_t>(part.data() - data_), end = begin + part.size();
  const size_t first = (begin + page - 1) / page * page, last = end / page * page;
  if (first < last) madvise(const_cast<std::byte*>(data_) + first, last - first, MADV_DONTNEED);
}

}  // namespace st
