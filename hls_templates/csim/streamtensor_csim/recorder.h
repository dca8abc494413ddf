// SPDX-License-Identifier: Apache-2.0
/// What went through the named channels: counts, peaks, and on demand every token in a file.
#ifndef STREAMTENSOR_CSIM_RECORDER_H
#define STREAMTENSOR_CSIM_RECORDER_H

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace hls::csim {

/// All channels of one name, over all launches of this process.
struct ChannelRecord {
  std::string name;           ///< with characters that a file name should not have replaced by '_'
  std::size_t depth = 0;      ///< in tokens; the largest one, if launches differ
  std::uint64_t tokens = 0;   ///< written in total
  std::size_t peak = 0;       ///< tokens that waited at the same time, at most
  std::FILE* file = nullptr;  ///< open while a channel of this name lives and recording is on
  int users = 0;              ///< channels alive that write to `file`
  std::string opened_in;  ///< directory in which `file` was first opened; appended to from then on
};

/// The one recorder of the process.
class Recorder {
 public:
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// Never destroyed, so that streams with static storage may outlive everything else.
  static Recorder& instance() {
    static Recorder& recorder = *new Recorder;
    return recorder;
  }

  /// Starts recording channels that are constructed from now on; an empty name stops it. Files of
  /// an earlier process are replaced. Ends the process with a message if the folder cannot be made.
  void record(const std::string& directory) {
    directory_ = directory;
    if (directory_.empty()) return;
    std::error_code error;
    std::filesystem::create_directories(directory_, error);
    if (error) fail("cannot create the folder", directory_);
    static const bool registered = std::atexit([] { instance().finish(); }) == 0;
    (void)registered;
  }

  /// A channel of this name begins to live. Never null.
  ChannelRecord* open(const std::string& channel_name, std::size_t depth) {
    ChannelRecord& record = find(file_name(channel_name));
    if (depth > record.depth) record.depth = depth;
    if (directory_.empty() && record.file == nullptr) return &record;
    if (record.file == nullptr) {
      const bool again = record.opened_in == directory_;
      const std::string path = directory_ + "/" + record.name + ".bin";
      record.file = std::fopen(path.c_str(), again ? "ab" : "wb");
      if (record.file == nullptr) fail("cannot write the file", path);
      record.opened_in = directory_;
    }
    ++record.users;
    return &record;
  }

  /// A channel of this name ends. `recorded` says that it wrote to the record's file.
  void close(ChannelRecord& record, bool recorded, std::uint64_t tokens, std::size_t peak) {
    record.tokens += tokens;
    if (peak > record.peak) record.peak = peak;
    if (!recorded || --record.users > 0) return;
    if (std::fclose(record.file) != 0) fail("cannot write the file of channel", record.name);
    record.file = nullptr;
  }

  /// One line per channel, in order of first construction: name, depth, tokens, peak.
  void report(std::FILE* out) const {
    for (const std::unique_ptr<ChannelRecord>& record : records_) {
      std::fprintf(out, "%s %zu %llu %zu\n", record->name.c_str(), record->depth,
                   static_cast<unsigned long long>(record->tokens), record->peak);
    }
  }

  /// Flushes files that are still open, and writes channels.txt.
  void finish() {
    if (directory_.empty()) return;
    for (const std::unique_ptr<ChannelRecord>& record : records_) {
      if (record->file != nullptr) std::fflush(record->file);
    }
    const std::string path = directory_ + "/channels.txt";
    std::FILE* out = std::fopen(path.c_str(), "w");
    if (out == nullptr) fail("cannot write the file", path);
    report(out);
    if (std::fclose(out) != 0) fail("cannot write the file", path);
  }

  void add_leftovers(std::uint64_t tokens) { leftovers_ += tokens; }
  [[nodiscard]] std::uint64_t leftovers() const { return leftovers_; }

 private:
  Recorder() {
    const char* directory = std::getenv("STREAMTENSOR_RECORD");
    if (directory != nullptr && *directory != '\0') record(directory);
  }

  /// A recording that is not complete would be taken for a wrong result: better none.
  [[noreturn]] static void fail(const char* what, const std::string& which) {
    std::fprintf(stderr, "recorder: %s '%s'\n", what, which.c_str());
    std::_Exit(EXIT_FAILURE);
  }

  static std::string file_name(std::string name) {
    for (char& c : name) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
      if (!plain) c = '_';
    }
    if (name[0] == '.') name[0] = '_';
    return name;
  }

  ChannelRecord& find(const std::string& name) {
    const auto [position, is_new] = index_.emplace(name, records_.size());
    if (is_new) {
      records_.push_back(std::make_unique<ChannelRecord>());
      records_.back()->name = name;
    }
    return *records_[position->second];
  }

  std::string directory_;  ///< empty: nothing is recorded
  std::vector<std::unique_ptr<ChannelRecord>> records_;
  std::map<std::string, std::size_t> index_;
  std::uint64_t leftovers_ = 0;
};

/// Records every token of each named stream that is constructed from now on in
/// `<directory>/<name>.bin` (the raw bytes, one token after another, over all launches). The
/// environment variable STREAMTENSOR_RECORD does the same. An empty name stops it.
inline void record(const std::string& directory) { Recorder::instance().record(directory); }

/// Prints `name depth tokens peak`, one line per named channel that has been destroyed at least
/// once.
inline void report(std::FILE* out) { Recorder::instance().report(out); }

/// Completes the recording so far, including `<directory>/channels.txt`; also done at exit.
inline void finish() { Recorder::instance().finish(); }

/// Tokens that were left in streams when these were destroyed. Not zero: producer and consumer
/// disagree about how many there are.
inline std::uint64_t leftovers() { return Recorder::instance().leftovers(); }

}  // namespace hls::csim

#endif
