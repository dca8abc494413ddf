// SPDX-License-Identifier: Apache-2.0
/// What models that tests write are made of: ONNX in protobuf's JSON form, and HDF5 datasets.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace st::test {

using Json = nlohmann::ordered_json;
using Extents = std::vector<unsigned long long>;

/// Numbers in [-1, 1) from a 32-bit linear congruential generator.
class Noise {
 public:
  float next() {
    state_ = state_ * 1664525U + 1013904223U;
    return static_cast<float>(state_ >> 8) / static_cast<float>(1 << 23) - 1.0F;
  }

 private:
  uint32_t state_ = 7;
};

Json integer(const std::string& name, int64_t value);
Json real(const std::string& name, double value);

/// Sizes and symbols of a decoder's interface.
struct Interface {
  int vocabulary = 0, heads = 0, head_dim = 0;  ///< heads: those of keys and values
  int context = 0, sequence = 0;                ///< positions, and rows of the longest launch
};

/// A decoder of one layer whose graph grows node by node.
class DecoderJson {
 public:
  explicit DecoderJson(const std::string& name);

  /// An initializer in dataset `name` of weights.h5.
  std::string weight(const std::string& name, const Extents& shape);
  /// An int64 initializer in the model file.
  std::string integers(const std::string& name, const std::vector<int64_t>& values);
  /// Without `outputs` the one output has the node's name.
  std::string node(const std::string& name, const std::string& op,
                   const std::vector<std::string>& inputs, const std::vector<Json>& attributes = {},
                   std::vector<std::string> outputs = {});
  /// Causal attention over the cache and new rows; outputs `name` and the cache.
  std::string attention(const std::string& name, const std::vector<std::string>& projected,
                        int heads, int kv_heads, double scale);
  /// Graph inputs and outputs, and the metadata of bounds.
  void interface(const Interface& interface);
  void metadata(const std::string& key, const std::string& value);

  [[nodiscard]] const Json& json() const { return json_; }

 private:
  Json json_;
};

/// A file of float32 datasets.
class WeightFile {
 public:
  explicit WeightFile(const std::filesystem::path& path);
  ~WeightFile();
  WeightFile(const WeightFile&) = delete;
  WeightFile& operator=(const WeightFile&) = delete;

  /// Writes a few rows of the outermost dimension at a time, so that memory stays small; `next`
  /// gives the elements in order.
  void add(const std::string& name, const Extents& shape, const std::function<float()>& next);

 private:
  int64_t file_;
};

}  // namespace st::test
