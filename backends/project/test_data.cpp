// SPDX-License-Identifier: Apache-2.0
#include "backends/project/test_data.h"

#include <algorithm>

#include "core/dataflow/interpreter.h"
#include "core/dataflow/units.h"
#include "core/graph/sample.h"
#include "core/packing/checksum.h"
#include "core/packing/pack.h"

namespace st {
namespace {

/// Inputs that are the same for every build: a linear congruential sequence (Numerical Recipes'
/// constants).
class IdSequence {
 public:
  explicit IdSequence(int64_t vocabulary) : vocabulary_(vocabulary) {}
  int32_t next() { return below(vocabulary_); }
  /// Rows of draws for sampling (core/graph/sample.h): temperatures from 0, any number of logits.
  Tensor draws(int64_t rows, int64_t width) {
    Tensor made = Tensor::zeros(DType::F32, {rows, width});
    for (int64_t row = 0; row < rows; ++row) {
      float* draw = made.f32().data() + row * width;
      draw[0] = static_cast<float>(below(4)) / 2.0f;
      draw[1] = static_cast<float>(below(1024)) / 1024.0f;
      draw[2] = static_cast<float>(1 + below(MostTopK));
    }
    return made;
  }

 private:
  int32_t below(int64_t bound) {
    state_ = state_ * 1664525U + 1013904223U;
    return static_cast<int32_t>((state_ >> 8) % static_cast<uint64_t>(bound));
  }

  uint32_t state_ = 1;
  int64_t vocabulary_;
};

std::string text_of_bytes(const std::vector<uint8_t>& bytes) {
  return {bytes.begin(), bytes.end()};
}

class TestData {
 public:
  TestData(const Program& program, const FileSink& sink)
      : program_(program),
        sink_(sink),
        units_(units_of(program)),
        lists_(units_.size(), "streamtensor.testdata/1\n") {}

  [[nodiscard]] const std::vector<Unit>& units() const { return units_; }
  void memory(size_t unit, MemoryId m, const std::string& checksum) {
    const std::string& name = program_.memories[m].name;
    lists_[unit] += "memory " + name + " " + name + ".bin " + checksum + "\n";
  }
  void launch(size_t unit, const TestLaunch& launch) {
    lists_[unit] += "launch " + std::to_string(launch.tokens) + " " + std::to_string(launch.past) +
                    " " + std::to_string(launch.results) + "\n";
  }
  Status rows(size_t unit, const char* item, MemoryId m, size_t launch, const Tensor& value) {
    const Memory& memory = program_.memories[m];
    const std::vector<uint8_t> bytes = packed_rows(value, memory);
    Checksum checksum;
    checksum.add(bytes.data(), bytes.size());
    const std::string file = memory.name + "." + std::to_string(launch) + ".bin";
    lists_[unit] +=
        std::string(item) + " " + memory.name + " " + file + " " + checksum.text() + "\n";
    return sink_(folder(unit) + file, text_of_bytes(bytes));
  }
  Status beats(size_t unit, const StreamArgument& stream, size_t launch,
               const std::vector<uint8_t>& bytes) {
    const std::string& name = program_.channels[stream.channel].name;
    Checksum checksum;
    checksum.add(bytes.data(), bytes.size());
    const std::string file = name + "." + std::to_string(launch) + ".bin";
    lists_[unit] += std::string(stream.written ? "expect " : "input ") + name + " " + file + " " +
                    checksum.text() + "\n";
    return sink_(folder(unit) + file, text_of_bytes(bytes));
  }
  Status finish() {
    for (size_t unit = 0; unit < units_.size(); ++unit)
      ST_CHECK(sink_(folder(unit) + "launches.txt", lists_[unit]));
    return {};
  }

 private:
  [[nodiscard]] std::string folder(size_t unit) const {
    return "groups/" + units_[unit].name + "/tb/data/";
  }
  const Program& program_;
  const FileSink& sink_;
  const std::vector<Unit> units_;
  std::vector<std::string> lists_;
};

}  // namespace

bool is_large(const Program& program) {
  constexpr int64_t Most = int64_t{32} << 20;
  int64_t bytes = 0;
  for (const Memory& memory : program.memories) {
    if (memory.role == MemoryRole::Parameters) bytes += memory.bytes;
  }
  return bytes > Most;
}

std::vector<TestLaunch> test_launches(const Program& program) {
  constexpr int64_t Prefill = 5, Steps = 2;
  if (is_large(program)) return {{1, std::min<int64_t>(Prefill, program.max_positions - 1)}};
  std::vector<TestLaunch> launches = {
      {std::min({Prefill, program.max_sequence, program.max_positions}), 0}};
  for (int64_t i = 0; i < Steps; ++i) {
    const int64_t past = launches.back().past + launches.back().tokens;
    if (past < program.max_positions) launches.push_back({1, past});
  }
  if (program.layers.streamed && launches.size() > 1) launches[1].results = 0;
  return launches;
}

Status emit_test_data(const Program& program, int64_t vocabulary,
                      const std::function<std::string(MemoryId)>& checksum_of,
                      const FileSink& sink) {
  TestData data(program, sink);
  // Streams between units may be those of parameters, which are there only if they are streamed.
  const bool whole = is_large(program) && !program.unit_per_slr;
  ProgramInterpreter interpreter(program, whole ? Parameters::Whole : Parameters::Streamed);
  for (const Unit& unit : data.units()) {
    for (const StreamArgument& stream : stream_arguments(program, unit))
      interpreter.record({stream.channel});
  }
  for (size_t u = 0; u < data.units().size(); ++u) {
    for (MemoryId m : memories_of(program, data.units()[u])) {
      const MemoryRole role = program.memories[m].role;
      if (role == MemoryRole::Parameters || role == MemoryRole::Table)
        data.memory(u, m, checksum_of(m));
    }
  }
  IdSequence ids(vocabulary);
  const std::vector<TestLaunch> launches = test_launches(program);
  for (size_t l = 0; l < launches.size(); ++l) {
    for (MemoryId m = 0; m < static_cast<MemoryId>(program.memories.size()); ++m) {
      const Memory& memory = program.memories[m];
      if (memory.role != MemoryRole::Input) continue;
      if (memory.dtype == DType::F32) {
        interpreter.state()[m] = ids.draws(std::min(launches[l].tokens, memory.rows), memory.lanes);
        continue;
      }
      Tensor input = Tensor::zeros(DType::I32, {launches[l].tokens});
      const bool positions = program.tensors[memory.tensor].name == "position_ids";
      for (int64_t t = 0; t < launches[l].tokens; ++t) {
        input.as<int32_t>()[t] =
            positions ? static_cast<int32_t>(launches[l].past + t) : ids.next();
      }
      interpreter.state()[m] = std::move(input);
    }
    ST_CHECK(interpreter.launch(launches[l].tokens, launches[l].past, launches[l].results));
    for (size_t u = 0; u < data.units().size(); ++u) {
      const Unit& unit = data.units()[u];
      data.launch(u, launches[l]);
      for (MemoryId m : memories_of(program, unit)) {
        const bool made = is_made(program, unit, m);
        if (!made && !is_given(program, unit, m)) continue;
        ST_CHECK(data.rows(u, made ? "expect" : "input", m, l, interpreter.state().at(m)));
      }
      for (const StreamArgument& stream : stream_arguments(program, unit))
        ST_CHECK(data.beats(u, stream, l, interpreter.recorded().at(stream.channel)));
    }
  }
  return data.finish();
}

}  // namespace st
