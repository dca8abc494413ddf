// SPDX-License-Identifier: Apache-2.0
/// The code of a program of a test, its test bench with data, and all that channels carry in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/dataflow/interpreter.h"
#include "core/dataflow/program.h"

namespace st::test {

/// A build directory with what a test bench of the program's one unit needs.
class BenchBuild {
 public:
  BenchBuild(Program program, const std::string& name);

  struct Launch {
    int64_t tokens = 1, past = 0;
    std::function<void(DeviceState&)> set_inputs;
  };
  /// The bench's launches, one after another. Fails the test where the interpreter does.
  void launch(const std::vector<Launch>& launches);

  [[nodiscard]] const Program& program() const { return program_; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  /// By channel, as bytes.
  [[nodiscard]] const std::map<std::string, std::vector<uint8_t>>& carried() const {
    return carried_;
  }

 private:
  void put(const std::string& path, const std::string& content) const;
  std::string data(const std::string& item, const Memory& memory, const std::string& file,
                   const std::vector<uint8_t>& bytes) const;
  std::string parameters();
  std::string rows(const Memory& memory, const Tensor& value, int64_t launch) const;
  void keep_beats(const ProgramInterpreter& interpreter);

  Program program_;
  std::filesystem::path folder_;
  std::map<std::string, std::vector<uint8_t>> carried_;
};

/// Compiles and runs the bench: everything that moves is what the interpreter moves, bit for bit,
/// in loops of as many iterations as the nests have.
void expect_code_like_nests(const BenchBuild& build, size_t launches);

}  // namespace st::test
