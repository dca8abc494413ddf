// SPDX-License-Identifier: Apache-2.0
#include "backends/project/write_parameters.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>

#include "backends/host/launch_plan.h"
#include "core/packing/parameter_file.h"
#include "core/support/parallel.h"

namespace st {
namespace fs = std::filesystem;
namespace {

Diagnostic cannot_write(const fs::path& path, int error) {
  return {"E0501",
          "cannot write '" + path.filename().string() + "'",
          "",
          {std::generic_category().message(error)},
          "free disk space"};
}

/// A file that is written in any order.
class ParameterFile {
 public:
  explicit ParameterFile(const fs::path& path)
      : path_(path), file_(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
    if (file_ < 0) error_ = errno;
  }
  ~ParameterFile() {
    if (file_ >= 0) close(file_);
  }
  ParameterFile(const ParameterFile&) = delete;
  ParameterFile& operator=(const ParameterFile&) = delete;

  void write(const std::vector<uint8_t>& bytes, int64_t offset) {
    const int64_t size = static_cast<int64_t>(bytes.size());
    for (int64_t done = 0; done < size && error_ == 0;) {
      const ssize_t count = pwrite(file_, bytes.data() + done, static_cast<size_t>(size - done),
                                   static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) error_ = count < 0 ? errno : EIO;
      done += count;
    }
    constexpr size_t Word = sizeof(uint64_t);
    sum_ +=
        Checksum::of_words(bytes.data(), bytes.size() / Word, static_cast<uint64_t>(offset) / Word);
    bytes_ += bytes.size();
  }
  /// What closing says counts as well.
  Result<Checksum> finish() {
    if (file_ >= 0 && close(std::exchange(file_, -1)) != 0 && error_ == 0) error_ = errno;
    if (error_ != 0) return cannot_write(path_, error_);
    return Checksum::of_sum(sum_, bytes_);
  }

 private:
  fs::path path_;
  int file_;
  std::atomic<int> error_ = 0;
  std::atomic<uint64_t> sum_ = 0, bytes_ = 0;
};

/// Pieces that a thread packs one after another.
using Run = std::vector<size_t>;

/// What is packed, in this order: large constants first, so that no thread is left with one at the
/// end, and weights before their scales, which are then known. Ports with a part each of one
/// constant have it at one place of their files: these parts are a run, as it is made for them all.
std::vector<Run> runs_of(const Program& program, const std::vector<ParameterPiece>& pieces) {
  std::vector<size_t> order(pieces.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto is_part = [&](size_t i) { return !program.memories[pieces[i].memory].port.empty(); };
  const auto place = [&](size_t i) { return is_part(i) ? pieces[i].first_byte : -1; };
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(-pieces[a].constant_bytes, place(a)) <
           std::pair(-pieces[b].constant_bytes, place(b));
  });
  std::vector<Run> runs;
  for (const size_t i : order) {
    const bool joins = !runs.empty() && is_part(i) && place(runs.back()[0]) == place(i) &&
                       pieces[runs.back()[0]].constant_bytes == pieces[i].constant_bytes;
    if (!joins) runs.emplace_back();
    runs.back().push_back(i);
  }
  return runs;
}

}  // namespace

Result<std::map<MemoryId, Checksum>> write_parameters(const Program& program, const fs::path& root,
                                                      Progress& progress) {
  std::error_code error;
  fs::create_directories(root / "params", error);
  std::map<MemoryId, ParameterFile> files;
  std::vector<ParameterPiece> pieces;
  int64_t total = 0;
  for (MemoryId m = 0; m < static_cast<MemoryId>(program.memories.size()); ++m) {
    const std::string file = parameter_file(program.memories[m]);
    if (file.empty()) continue;
    files.try_emplace(m, root / file);
    total += program.memories[m].bytes;
    for (ParameterPiece& piece : pieces_of(program, m)) pieces.push_back(std::move(piece));
  }

  const std::vector<Run> runs = runs_of(program, pieces);
  std::vector<Diagnostics> problems(pieces.size());
  std::atomic<int64_t> done = 0;
  for_each_in_parallel(runs.size(), [&](size_t turn) {
    for (const size_t i : runs[turn]) {
      const ParameterPiece& piece = pieces[i];
      auto bytes = packed(piece);
      if (bytes.ok()) {
        files.at(piece.memory).write(*bytes, piece.first_byte);
      } else {
        problems[i] = bytes.errors();
      }
      progress.tick(static_cast<double>(done += piece.bytes), static_cast<double>(total));
    }
  });

  Diagnostics all;
  std::map<MemoryId, bool> told;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (problems[i].empty() || std::exchange(told[pieces[i].memory], true)) continue;
    all.insert(all.end(), problems[i].begin(), problems[i].end());
  }
  std::map<MemoryId, Checksum> sums;
  for (auto& [m, file] : files) {
    auto checksum = file.finish();
    if (checksum.ok()) {
      sums[m] = *checksum;
    } else if (!told[m]) {
      all.insert(all.end(), checksum.errors().begin(), checksum.errors().end());
    }
  }
  if (!all.empty()) return all;
  return sums;
}

}  // namespace st
