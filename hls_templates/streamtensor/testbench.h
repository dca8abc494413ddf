// SPDX-License-Identifier: Apache-2.0
/// What emitted test benches share: launches and their data from a folder, comparison, and a
/// verdict that fails closed. Not for synthesis.
///
/// The folder's `launches.txt` (schema streamtensor.testdata/1) has one item per line:
///   memory <name> <file> <checksum>       what the memory holds before the first launch; zeroes
///   otherwise launch <tokens> <past> <results> input <name> <file> <checksum>        rows that the
///   host writes before this launch, or beats that another kernel sends in it expect <name> <file>
///   <checksum>      rows that this launch must write, or beats that it must send
/// Files of rows are little-endian words of 512 bits, those of beats are beats as they lie in
/// memory here; checksums (checksum() below) are in hexadecimal.
#pragma once

#include <ap_int.h>
#include <hls_stream.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "streamtensor/vec.h"

namespace st {

/// A memory as a kernel's port of so many bits sees it.
template <int Bits>
using Words = std::vector<ap_uint<Bits>>;

/// The folder of the test data: the first argument, or else tb/data or data from here, or data
/// beside the test bench's source.
inline std::string data_folder(int argc, char** argv, const std::string& source) {
  if (argc > 1) return argv[1];
  const std::size_t slash = source.rfind('/');
  const std::string beside =
      (slash == std::string::npos ? std::string() : source.substr(0, slash + 1)) + "data";
  for (const std::string& folder : {std::string("tb/data"), std::string("data"), beside}) {
    if (std::ifstream(folder + "/launches.txt")) return folder;
  }
  return "tb/data";
}

class TestBench {
 public:
  explicit TestBench(const std::string& folder) : folder_(folder) {
    std::ifstream list(folder + "/launches.txt");
    std::string line;
    if (!std::getline(list, line) || line != "streamtensor.testdata/1") {
      fail("cannot read " + folder +
           "/launches.txt (give the folder of the test data as argument)");
      return;
    }
    while (std::getline(list, line)) {
      std::istringstream words(line);
      std::string item;
      words >> item;
      if (item == "launch") {
        launches_.emplace_back();
        words >> launches_.back().tokens >> launches_.back().past >> launches_.back().results;
      } else {
        std::string name;
        File file;
        words >> name >> file.name >> std::hex >> file.checksum;
        if (!words || (item != "memory" && launches_.empty())) {
          fail("launches.txt: cannot read '" + line + "'");
        } else if (item == "memory") {
          memories_[name] = file;
        } else {
          (item == "input" ? launches_.back().inputs : launches_.back().expected)[name] = file;
        }
      }
    }
    if (launches_.empty()) fail("launches.txt lists no launch");
  }

  /// A memory of `bytes` bytes, filled from its file if it has one.
  template <int Bits>
  Words<Bits> memory(const std::string& name, std::size_t bytes) {
    Words<Bits> content(bytes * 8 / Bits);
    const auto found = memories_.find(name);
    if (found != memories_.end()) read(found->second, content);
    return content;
  }

  bool next_launch() {
    ++launch_;
    return launch_ < static_cast<int>(launches_.size());
  }
  int tokens() const { return launches_[launch_].tokens; }
  int past() const { return launches_[launch_].past; }
  int results() const { return launches_[launch_].results; }

  template <int Bits>
  void read_input(const std::string& name, Words<Bits>& words) {
    const auto found = launches_[launch_].inputs.find(name);
    if (found == launches_[launch_].inputs.end()) {
      fail("launch " + std::to_string(launch_) + " has no input '" + name + "'");
    } else {
      read(found->second, words);
    }
  }

  /// Compares the rows that this launch wrote, `rows` of them: integers exactly, floats within 1e-5
  /// of the expected value's magnitude.
  template <typename T, int L, int Beats, int WordBits>
  void compare(const std::string& name, const Words<WordBits>& words, int rows) {
    const auto found = launches_[launch_].expected.find(name);
    if (found == launches_[launch_].expected.end()) {
      fail("launch " + std::to_string(launch_) + " expects nothing of '" + name + "'");
      return;
    }
    constexpr int Bits = 8 * static_cast<int>(sizeof(T));
    constexpr int PerLine = 512 / (L * Bits);  // a row begins at a line of 512 bits
    constexpr int LinesPerRow = (Beats + PerLine - 1) / PerLine;
    Words<WordBits> expected(static_cast<std::size_t>(rows) * LinesPerRow * (512 / WordBits));
    read(found->second, expected);
    for (int row = 0; row < rows; ++row) {
      for (int i = 0; i < L * Beats; ++i) {
        const int beat = i / L;
        const long line = static_cast<long>(row) * LinesPerRow + beat / PerLine;
        const long first_bit = line * 512 + ((beat % PerLine) * L + i % L) * Bits;
        const auto word = static_cast<std::size_t>(first_bit / WordBits);
        const int bit = static_cast<int>(first_bit % WordBits);
        const T is = element<T>(words[word], bit);
        const T should = element<T>(expected[word], bit);
        ++compared_;
        if (!agrees(is, should)) {
          std::ostringstream text;
          text.precision(9);
          text << "launch " << launch_ << ", " << name << "[" << row << "][" << i << "] is " << +is
               << ", expected " << +should;
          fail(text.str());
        }
      }
    }
  }

  /// Fills a stream with what another kernel sends in this launch.
  template <typename Beat>
  void feed(const std::string& name, hls::stream<Beat>& stream) {
    for (const Beat& beat : beats<Beat>(launches_[launch_].inputs, name)) stream.write(beat);
  }

  /// Compares what this launch sent: integers exactly, floats as compare() does.
  template <typename T, int N>
  void compare_stream(const std::string& name, hls::stream<vec<T, N>>& stream) {
    std::size_t number = 0;
    for (const vec<T, N>& should : beats<vec<T, N>>(launches_[launch_].expected, name)) {
      if (stream.empty()) {
        fail("launch " + std::to_string(launch_) + ", " + name + " ends after " +
             std::to_string(number) + " beats");
        return;
      }
      const vec<T, N> is = stream.read();
      for (int lane = 0; lane < N; ++lane) {
        ++compared_;
        if (!agrees(is[lane], should[lane]))
          fail("launch " + std::to_string(launch_) + ", " + name + ": beat " +
               std::to_string(number) + " differs in lane " + std::to_string(lane));
      }
      ++number;
    }
    if (!stream.empty()) fail("launch " + std::to_string(launch_) + ", " + name + " goes on");
  }

  /// Prints the verdict; the exit status of the test bench.
  int finish() {
#ifdef STREAMTENSOR_CSIM
    hls::csim::finish();
    if (hls::csim::leftovers() != 0) fail("streams still hold tokens after the last launch");
#endif
    if (compared_ == 0) fail("nothing was compared");
    if (failures_ > 0) {
      std::printf("FAILED: %ld problems in %zu launches\n", failures_, launches_.size());
      return 1;
    }
    std::printf("passed: %ld values in %zu launches agree\n", compared_, launches_.size());
    return 0;
  }

 private:
  struct File {
    std::string name;
    std::uint64_t checksum = 0;
  };
  struct Launch {
    int tokens = 0, past = 0, results = 1;
    std::map<std::string, File> inputs, expected;
  };

  void fail(const std::string& message) {
    constexpr long Shown = 20;
    if (++failures_ <= Shown) std::printf("  %s\n", message.c_str());
  }

  /// The sum over all words of 8 bytes, the last one filled up with zeroes, of a hash of the word
  /// and its number, and a hash of the size.
  static std::uint64_t checksum(const std::vector<char>& bytes) {
    const auto mixed = [](std::uint64_t x) {
      constexpr std::uint64_t Factor = 0xd6e8feb86659fd93;  // of degski's mixer
      x = (x ^ x >> 32) * Factor;
      x = (x ^ x >> 32) * Factor;
      return x ^ x >> 32;
    };
    constexpr std::uint64_t Golden = 0x9e3779b97f4a7c15;
    std::uint64_t sum = mixed(~static_cast<std::uint64_t>(bytes.size())), number = 0;
    for (std::size_t at = 0; at < bytes.size(); at += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, &bytes[at], bytes.size() - at < 8 ? bytes.size() - at : 8);
      sum += mixed(word ^ ++number * Golden);
    }
    return sum;
  }

  /// The bytes of a file; damage is a failure, not the end.
  std::vector<char> bytes_of(const File& file) {
    std::ifstream in(folder_ + "/" + file.name, std::ios::binary);
    std::vector<char> bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (!in) fail("cannot read " + file.name);
    if (checksum(bytes) != file.checksum)
      fail(file.name + " differs from its checksum in launches.txt");
    return bytes;
  }

  template <typename Beat>
  std::vector<Beat> beats(const std::map<std::string, File>& files, const std::string& name) {
    const auto found = files.find(name);
    if (found == files.end()) {
      fail("launch " + std::to_string(launch_) + " has no stream '" + name + "'");
      return {};
    }
    const std::vector<char> bytes = bytes_of(found->second);
    std::vector<Beat> result(bytes.size() / sizeof(Beat));
    if (bytes.size() % sizeof(Beat) != 0) fail(found->second.name + " has a part of a beat");
    for (std::size_t i = 0; i < result.size(); ++i)
      std::memcpy(static_cast<void*>(&result[i]), &bytes[i * sizeof(Beat)], sizeof(Beat));
    return result;
  }

  /// Reads a whole file into the first words of `words`.
  template <int Bits>
  void read(const File& file, Words<Bits>& words) {
    constexpr std::size_t Bytes = Bits / 8;
    const std::vector<char> bytes = bytes_of(file);
    if (bytes.size() > words.size() * Bytes || bytes.size() % 64 != 0) {
      fail(file.name + " has " + std::to_string(bytes.size()) + " bytes, which do not fit");
      return;
    }
    for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
      std::uint32_t part = 0;
      std::memcpy(&part, &bytes[i], 4);
      const int bit = static_cast<int>(i % Bytes) * 8;
      words[i / Bytes].range(bit + 31, bit) = part;
    }
  }

  template <typename T, int WordBits>
  static T element(const ap_uint<WordBits>& word, int bit) {
    constexpr int Bits = 8 * static_cast<int>(sizeof(T));
    const auto raw =
        static_cast<std::uint32_t>(ap_uint<WordBits>(word).range(bit + Bits - 1, bit).to_uint64());
    T value;
    std::memcpy(&value, &raw, sizeof(T));
    return value;
  }

  template <typename T>
  static bool agrees(T is, T should) {
    if constexpr (std::is_floating_point<T>::value) {
      // Below the smallest magnitude that matters to a logit, the difference itself decides. NaN
      // never agrees.
      if (is == should) return true;  // infinities have no difference
      return std::fabs(is - should) <= 1e-5F * std::fabs(should) + 1e-7F;
    } else {
      return is == should;
    }
  }

  std::string folder_;
  std::map<std::string, File> memories_;
  std::vector<Launch> launches_;
  int launch_ = -1;
  long compared_ = 0, failures_ = 0;
};

}  // namespace st
