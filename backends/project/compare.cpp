// SPDX-License-Identifier: Apache-2.0
#include "backends/project/compare.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>

#include "backends/project/test_data.h"
#include "core/dataflow/instances.h"
#include "core/dataflow/interpreter.h"
#include "core/packing/pack.h"

namespace st {
namespace fs = std::filesystem;
namespace {

/// Relative, to the expected value's magnitude; the second term is below what float32 sums of this
/// size resolve.
constexpr double Relative = 1e-5, Absolute = 1e-7;

std::vector<uint8_t> bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Channels that a unit's test bench records: those inside, and those to other units.
std::vector<ChannelId> seen_by(const Program& program, const Unit& unit) {
  std::vector<ChannelId> channels = channels_of(program, unit);
  for (const StreamArgument& stream : stream_arguments(program, unit))
    channels.push_back(stream.channel);
  return channels;
}

/// What each channel carried in one launch, as tensors; channels are cut out of the recordings one
/// launch after another.
class Recordings {
 public:
  Recordings(const Program& program, const Unit& unit, const fs::path& folder)
      : program_(program), fifos_(fifos_of(program)) {
    for (ChannelId c : seen_by(program, unit))
      bytes_[c] = bytes_of(folder / (program.channels[c].name + ".bin"));
  }

  Result<Tensor> next(ChannelId id, const TestLaunch& launch) {
    const Channel& channel = program_.channels[id];
    const ChannelId fifo = fifos_[id];
    const int64_t tokens = token_count(channel.type.itensor, in_launch(launch.tokens, launch.past));
    const auto size =
        static_cast<size_t>(tokens * channel.type.beats_per_token() * channel.type.beat_bytes());
    const std::vector<uint8_t>& all = bytes_[fifo];
    const size_t begin = position_[fifo], end = std::min(all.size(), begin + size);
    position_[fifo] = end;
    auto tensor = tensor_from_stream(
        {all.begin() + static_cast<std::ptrdiff_t>(begin),
         all.begin() + static_cast<std::ptrdiff_t>(end)},
        channel.type, shape_in_launch(program_.tensors[channel.tensor], launch.tokens, launch.past),
        launch.tokens, launch.past);
    if (!tensor.ok()) {
      Diagnostics problems = tensor.errors();
      for (Diagnostic& problem : problems) problem.where = "stream '" + channel.name + "'";
      return problems;
    }
    return tensor;
  }

  /// Errors: E0701 for channels that carried more than their types say.
  void check_ends(Diagnostics& problems) const {
    for (const auto& [id, bytes] : bytes_) {
      const size_t read = position_.count(id) ? position_.at(id) : 0;
      if (read != bytes.size()) {
        problems.push_back(
            {"E0701",
             "the emitted code sent " + std::to_string(bytes.size() - read) + " bytes too many",
             "stream '" + program_.channels[id].name + "'",
             {},
             ""});
      }
    }
  }

  /// Whether the unit's test bench recorded a channel.
  [[nodiscard]] bool has(ChannelId id) const { return bytes_.count(fifos_[id]) != 0; }

 private:
  const Program& program_;
  const std::vector<ChannelId> fifos_;  ///< by channel: the one that its recording is called like
  std::map<ChannelId, std::vector<uint8_t>> bytes_;
  std::map<ChannelId, size_t> position_;
};

/// Types with fractions that streams carry.
bool has_fractions(DType type) { return type == DType::F32 || type == DType::BF16; }

double value_of(const Tensor& tensor, int64_t i) {
  const auto at = static_cast<size_t>(i);
  if (tensor.dtype() == DType::BF16) return static_cast<double>(tensor.as<BFloat16>()[at]);
  return double{tensor.f32()[at]};
}

std::string element_text(const Tensor& tensor, int64_t i) {
  if (!has_fractions(tensor.dtype())) return std::to_string(tensor.integer(i));
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value_of(tensor, i));
  return text;
}

/// Index of the first element that differs, or -1; the worst relative difference goes to `worst`.
int64_t first_difference(const Tensor& is, const Tensor& should, double& worst) {
  if (is.dtype() != should.dtype() || is.size() != should.size()) return 0;
  for (int64_t i = 0; i < is.size(); ++i) {
    if (!has_fractions(is.dtype())) {
      if (is.integer(i) != should.integer(i)) return i;
      continue;
    }
    const double a = value_of(is, i), b = value_of(should, i), difference = std::fabs(a - b);
    if (a == b) continue;  // infinities have no difference
    if (!(difference <= Relative * std::fabs(b) + Absolute)) return i;  // NaN never agrees
    if (b != 0) worst = std::max(worst, difference / std::fabs(b));
  }
  return -1;
}

/// Compares what the kernels of a unit made with what the interpreter makes of the same inputs.
class Comparison {
 public:
  Comparison(const Program& program, const Unit& unit, const fs::path& build,
             const fs::path& records)
      : program_(program),
        unit_(unit),
        data_(build / "groups" / unit.name / "tb/data"),
        recordings_(program, unit, records),
        interpreter_(program) {}

  Result<std::vector<KernelComparison>> run() {
    launches_ = test_launches(program_);
    for (launch_ = 0; launch_ < launches_.size(); ++launch_) {
      ST_CHECK(read_inputs());
      if (program_.layers.streamed) {
        ST_CHECK(compare_streamed());
        continue;
      }
      for (const GroupRunOf& run : launch_order(program_)) {
        if (std::find(unit_.groups.begin(), unit_.groups.end(), run.group) != unit_.groups.end())
          ST_CHECK(compare_group(run));
      }
    }
    Diagnostics problems;
    recordings_.check_ends(problems);
    for (auto& [k, difference] : differences_) problems.push_back(std::move(difference));
    if (!problems.empty()) return problems;
    std::vector<KernelComparison> result;
    for (auto& [k, comparison] : comparisons_) result.push_back(std::move(comparison));
    return result;
  }

 private:
  [[nodiscard]] const TestLaunch& launch() const { return launches_[launch_]; }
  /// Those that the launch has of it: of results there is one.
  [[nodiscard]] int64_t rows_of(const Memory& memory) const {
    return std::min(launch().tokens, memory.rows);
  }

  /// What the host or another unit left in memory before the launch.
  Status read_inputs() {
    for (const MemoryId m : memories_of(program_, unit_)) {
      if (!is_given(program_, unit_, m)) continue;
      const Memory& memory = program_.memories[m];
      const std::vector<uint8_t> bytes =
          bytes_of(data_ / (memory.name + "." + std::to_string(launch_) + ".bin"));
      if (static_cast<int64_t>(bytes.size()) !=
          rows_of(memory) * memory.words_per_row() * (WordBits / 8)) {
        return Diagnostic{"E0602",
                          "test data of '" + memory.name + "' are missing or have the wrong size",
                          data_.filename().string(),
                          {},
                          "build again"};
      }
      Tensor rows = unpacked_rows(bytes, memory, rows_of(memory));
      rows.shape = shape_in_launch(program_.tensors[memory.tensor], launch().tokens, launch().past);
      interpreter_.state()[m] = std::move(rows);
    }
    return {};
  }

  /// Inside a unit memories hold what the emitted code stored: each store is run on what it got.
  Status compare_group(const GroupRunOf& run) {
    std::map<ChannelId, Tensor> carried;
    for (ChannelId c : seen_by(program_, unit_)) {
      if (program_.kernels[program_.channels[c].producer].group != run.group) continue;
      ST_TRY(tensor, recordings_.next(c, launch()));
      carried[c] = std::move(tensor);
    }
    for (KernelId k : kernels_of(program_, unit_)) {
      if (program_.kernels[k].group == run.group) ST_CHECK(compare_kernel(k, run, carried));
    }
    return {};
  }

  /// Where layers are streamed: what is before them, each of them, and what is behind, one after
  /// another. The nodes of an instance share recordings, in the order of their turns.
  Status compare_streamed() {
    enum Part { Before, Inside, Behind };
    const auto part_of = [](const Kernel& kernel) {
      return kernel.layered ? Inside : kernel.behind ? Behind : Before;
    };
    std::map<ChannelId, Tensor> carried;
    const auto compare = [&](Part part, int64_t layer) -> Status {
      for (const Kernel& kernel : program_.kernels) {
        if (part_of(kernel) == part) ST_CHECK(take_outputs(kernel, layer, carried));
      }
      for (KernelId k : kernels_of(program_, unit_)) {
        const Kernel& kernel = program_.kernels[k];
        // What only passes rows on to one of several streams is seen by who takes them.
        if (part_of(kernel) == part && !kernel_record(kernel.kind).by_layer)
          ST_CHECK(compare_kernel(k, {0, layer}, carried));
      }
      return {};
    };
    ST_CHECK(compare(Before, 0));
    for (int64_t layer = 0; layer < program_.layers.count; ++layer)
      ST_CHECK(compare(Inside, layer));
    return launch().results > 0 ? compare(Behind, 0) : Status();
  }

  /// What a kernel sent for a layer, as far as the unit saw it.
  Status take_outputs(const Kernel& kernel, int64_t layer, std::map<ChannelId, Tensor>& carried) {
    const Traffic moved =
        traffic(nest_of(program_, of_layer(kernel, layer)), kernel.inputs.size(),
                kernel.outputs.size(), in_launch(launch().tokens, launch().past, launch().results));
    for (size_t o = 0; o < kernel.outputs.size(); ++o) {
      const ChannelId c = kernel.outputs[o].channel;
      if (!recordings_.has(c) || moved.writes[o] == 0) continue;
      ST_TRY(tensor, recordings_.next(c, launch()));
      carried[c] = std::move(tensor);
    }
    return {};
  }

  Status compare_kernel(KernelId k, const GroupRunOf& run,
                        const std::map<ChannelId, Tensor>& carried) {
    const Kernel& kernel = program_.kernels[k];
    std::vector<const Tensor*> inputs;
    for (const Port& port : kernel.inputs) inputs.push_back(&carried.at(port.channel));
    ST_TRY(expected,
           interpreter_.evaluate(kernel, inputs, launch().tokens, launch().past, run.layer));
    KernelComparison& comparison = comparisons_[k];
    comparison.kernel = kernel.name;
    comparison.kind = kernel.kind;
    for (size_t i = 0; i < expected.size(); ++i) {
      const ChannelId c = kernel.outputs[i].channel;
      const Tensor& is = carried.at(c);
      comparison.values += is.size();
      const int64_t at = first_difference(is, expected[i], comparison.worst);
      if (at >= 0 && differences_.count(k) == 0)
        differences_[k] = difference(kernel, run, c, at, is, expected[i]);
    }
    return {};
  }

  [[nodiscard]] Diagnostic difference(const Kernel& kernel, const GroupRunOf& run,
                                      ChannelId channel, int64_t at, const Tensor& is,
                                      const Tensor& expected) const {
    const std::string layer = kernel.layered ? ", layer " + std::to_string(run.layer) : "";
    return {
        "E0701",
        "kernel '" + kernel.name + "' (" + kernel.kind + ") differs from the interpreter",
        group_name(run.group),
        {"launch " + std::to_string(launch_) + " of " + std::to_string(launch().tokens) +
             " tokens after " + std::to_string(launch().past) + layer + ", stream '" +
             program_.channels[channel].name + "', element " + std::to_string(at),
         "emitted code " + element_text(is, at) + ", interpreter " +
             (at < expected.size() ? element_text(expected, at) : "nothing")},
        kernel.origin.empty() ? "" : "the kernel is of node '" + printable(kernel.origin) + "'"};
  }

  const Program& program_;
  const Unit& unit_;
  const fs::path data_;
  Recordings recordings_;
  ProgramInterpreter interpreter_;
  std::vector<TestLaunch> launches_;
  size_t launch_ = 0;
  std::map<KernelId, KernelComparison> comparisons_;
  std::map<KernelId, Diagnostic> differences_;
};

}  // namespace

Result<std::vector<KernelComparison>> compare_kernels(const Program& program, const Unit& unit,
                                                      const fs::path& build,
                                                      const fs::path& records) {
  return Comparison(program, unit, build, records).run();
}

}  // namespace st
