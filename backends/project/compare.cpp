// SPDX-License-Identifier: Apache-2.0
#include "backends/project/compare.h"

#include <cmath>
#include <fstream>
#include <iterator>
#include <map>

#include "backends/project/test_data.h"
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

/// What each channel carried in one launch, as tensors; channels are cut out of the recordings one
/// launch after another.
class Recordings {
 public:
  Recordings(const Program& program, int group, const fs::path& folder) : program_(program) {
    for (ChannelId c : program.channels_of(group))
      bytes_[c] = bytes_of(folder / (program.channels[c].name + ".bin"));
  }

  Result<Tensor> next(ChannelId id, const TestLaunch& launch) {
    const Channel& channel = program_.channels[id];
    const int64_t tokens =
        token_count(channel.type.itensor, {{Sequence, launch.tokens}, {Past, launch.past}});
    const auto size =
        static_cast<size_t>(tokens * channel.type.beats_per_token() * channel.type.beat_bytes());
    const std::vector<uint8_t>& all = bytes_[id];
    const size_t begin = position_[id], end = std::min(all.size(), begin + size);
    position_[id] = end;
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

 private:
  const Program& program_;
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
    if (!(difference <= Relative * std::fabs(b) + Absolute)) return i;  // NaN never agrees
    if (b != 0) worst = std::max(worst, difference / std::fabs(b));
  }
  return -1;
}

}  // namespace

Result<std::vector<KernelComparison>> compare_kernels(const Program& program, int group,
                                                      const fs::path& build,
                                                      const fs::path& records) {
  Recordings recordings(program, group, records);
  ProgramInterpreter interpreter(program);
  std::map<KernelId, KernelComparison> comparisons;
  std::map<KernelId, Diagnostic> differences;
  Diagnostics problems;
  const std::vector<TestLaunch> launches = test_launches(program);
  const fs::path data = build / "groups" / group_name(group) / "tb/data";
  for (size_t l = 0; l < launches.size(); ++l) {
    std::map<ChannelId, Tensor> carried;
    for (ChannelId c : program.channels_of(group)) {
      auto tensor = recordings.next(c, launches[l]);
      if (!tensor.ok()) return tensor.errors();
      carried[c] = std::move(*tensor);
    }
    for (KernelId k : program.kernels_of(group)) {
      const Kernel& kernel = program.kernels[k];
      if (kernel.kind == "load_rows") {
        const Memory& memory = program.memories[kernel.memories[0]];
        const std::vector<uint8_t> bytes =
            bytes_of(data / (memory.name + "." + std::to_string(l) + ".bin"));
        if (static_cast<int64_t>(bytes.size()) !=
            launches[l].tokens * memory.words_per_row() * (WordBits / 8)) {
          return Diagnostic{"E0602",
                            "test data of '" + memory.name + "' are missing or have the wrong size",
                            data.filename().string(),
                            {},
                            "build again"};
        }
        Tensor rows = unpacked_rows(bytes, memory, launches[l].tokens);
        rows.shape =
            shape_in_launch(program.tensors[memory.tensor], launches[l].tokens, launches[l].past);
        interpreter.state()[kernel.memories[0]] = std::move(rows);
      }
      std::vector<const Tensor*> inputs;
      for (const Port& port : kernel.inputs) inputs.push_back(&carried.at(port.channel));
      ST_TRY(expected, interpreter.evaluate(kernel, inputs, launches[l].tokens, launches[l].past));
      KernelComparison& comparison = comparisons[k];
      comparison.kernel = kernel.name;
      comparison.kind = kernel.kind;
      for (size_t i = 0; i < expected.size(); ++i) {
        const Tensor& is = carried.at(kernel.outputs[i].channel);
        comparison.values += is.size();
        const int64_t at = first_difference(is, expected[i], comparison.worst);
        if (at < 0 || differences.count(k)) continue;
        differences[k] = {
            "E0701",
            "kernel '" + kernel.name + "' (" + kernel.kind + ") differs from the interpreter",
            group_name(group),
            {"launch " + std::to_string(l) + " of " + std::to_string(launches[l].tokens) +
                 " tokens after " + std::to_string(launches[l].past) + ", stream '" +
                 program.channels[kernel.outputs[i].channel].name + "', element " +
                 std::to_string(at),
             "emitted code " + element_text(is, at) + ", interpreter " +
                 (at < expected[i].size() ? element_text(expected[i], at) : "nothing")},
            kernel.origin.empty() ? ""
                                  : "the kernel is of node '" + printable(kernel.origin) + "'"};
      }
    }
  }
  recordings.check_ends(problems);
  for (auto& [k, difference] : differences) problems.push_back(std::move(difference));
  if (!problems.empty()) return problems;
  std::vector<KernelComparison> result;
  for (auto& [k, comparison] : comparisons) result.push_back(std::move(comparison));
  return result;
}

}  // namespace st
