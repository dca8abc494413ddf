// SPDX-License-Identifier: Apache-2.0
#include "frontends/huggingface/check_weights.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace st::huggingface {
namespace {

constexpr size_t MostTensors = 8;  ///< details of a message

std::string text_of(const std::vector<int64_t>& shape) {
  std::string text;
  for (const int64_t extent : shape) text += (text.empty() ? "" : ",") + std::to_string(extent);
  return "[" + text + "]";
}

/// "[64,96], by the config [64 width, 128 vocab_size]"
std::string contradiction(const std::vector<int64_t>& found, const std::vector<Dimension>& wanted) {
  std::string text;
  for (const Dimension& dimension : wanted)
    text += (text.empty() ? "" : ", ") + std::to_string(dimension.size) + " " + dimension.meaning;
  return "is " + text_of(found) + ", by config.json [" + text + "]";
}

bool same(const std::vector<int64_t>& shape, const std::vector<Dimension>& wanted) {
  return std::equal(shape.begin(), shape.end(), wanted.begin(), wanted.end(),
                    [](int64_t extent, const Dimension& d) { return extent == d.size; });
}

/// The number behind `prefix` in `name`, up to the next '.'; -1 where there is none.
int64_t layer_of(const std::string& name, const std::string& prefix) {
  if (!name.starts_with(prefix)) return -1;
  int64_t number = -1;
  const char* end = name.data() + name.size();
  const auto read = std::from_chars(name.data() + prefix.size(), end, number);
  return read.ec == std::errc() && read.ptr != end && *read.ptr == '.' ? number : -1;
}

/// One error for all tensors with the same fault.
class Fault {
 public:
  void add(const std::string& tensor, const std::string& what) {
    if (++count_ <= MostTensors)
      details_.push_back("'" + printable(tensor) + "'" + (what.empty() ? "" : " " + what));
  }
  /// `what`: behind "3 tensors ".
  void report(Diagnostics& problems, const std::string& code, const std::string& what,
              const std::string& where, const std::string& help) {
    if (count_ == 0) return;
    if (count_ > MostTensors)
      details_.push_back("and " + std::to_string(count_ - MostTensors) + " more");
    problems.push_back({code,
                        std::to_string(count_) + (count_ == 1 ? " tensor " : " tensors ") + what,
                        where, std::move(details_), help});
  }

 private:
  size_t count_ = 0;
  std::vector<std::string> details_;
};

}  // namespace

Result<std::vector<std::string>> check_weights(const std::vector<Weight>& weights,
                                               const TensorSource& source, const ReadConfig& config,
                                               const std::string& prefix,
                                               const std::string& where) {
  Fault missing, shaped, typed;
  std::set<std::string> used;
  for (const Weight& weight : weights) {
    if (weight.computed || !used.insert(weight.tensor).second) continue;
    const auto found = source.find(weight.tensor);
    if (!found) {
      missing.add(weight.tensor, "");
      continue;
    }
    if (!same(found->shape, weight.tensor_shape))
      shaped.add(weight.tensor, contradiction(found->shape, weight.tensor_shape));
    if (!found->dtype) typed.add(weight.tensor, "is " + found->type_text);
  }
  const TensorNames& names = config.family->names;
  const std::string layers = prefix + std::string(names.layers) + ".";
  std::vector<std::string> extra;
  for (const std::string& name : source.names()) {
    const bool buffer = std::any_of(names.buffers.begin(), names.buffers.end(),
                                    [&](std::string_view end) { return name.ends_with(end); });
    // Some checkpoints hold a tied head twice; the embedding is what counts.
    const bool tied = config.decoder.tied && name == std::string(names.head) + ".weight";
    if (buffer || tied || used.count(name) != 0) continue;
    if (layer_of(name, layers) >= static_cast<int64_t>(config.decoder.layers.size()))
      shaped.add(name, "is of a layer beyond the " + std::to_string(config.decoder.layers.size()) +
                           " of config.json");
    else
      extra.push_back(name);
  }
  Diagnostics problems;
  missing.report(problems, "E0202", "of the model are not in the checkpoint", where,
                 "check that config.json and weights are of the same model");
  shaped.report(problems, "E0203", "of the checkpoint contradict config.json", where,
                "check that config.json and weights are of the same model");
  typed.report(problems, "E0208", "of the checkpoint have an element type that weights cannot have",
               where, "supported: F32, F16 and BF16; give the checkpoint that was not quantised");
  if (!problems.empty()) return problems;
  return extra;
}

}  // namespace st::huggingface
