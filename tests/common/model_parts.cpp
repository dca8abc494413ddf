// SPDX-License-Identifier: Apache-2.0
#include "tests/common/model_parts.h"

#include <gtest/gtest.h>
#include <hdf5.h>

#include <algorithm>

namespace st::test {
namespace {

/// Dimensions that are numbers are sizes, others symbols.
Json value_info(const std::string& name, int type, const std::vector<std::string>& dims) {
  Json shape = Json::array();
  for (const std::string& dim : dims) {
    const bool symbol = dim.find_first_not_of("0123456789") != std::string::npos;
    shape.push_back({{symbol ? "dimParam" : "dimValue", dim}});
  }
  return {{"name", name},
          {"type", {{"tensorType", {{"elemType", type}, {"shape", {{"dim", shape}}}}}}}};
}

}  // namespace

Json integer(const std::string& name, int64_t value) {
  return {{"name", name}, {"type", "INT"}, {"i", std::to_string(value)}};
}

Json real(const std::string& name, double value) {
  return {{"name", name}, {"type", "FLOAT"}, {"f", value}};
}

DecoderJson::DecoderJson(const std::string& name)
    : json_({{"irVersion", "10"},
             {"opsetImport", {{{"domain", ""}, {"version", "24"}}}},
             {"graph",
              {{"name", name},
               {"node", Json::array()},
               {"initializer", Json::array()},
               {"input", Json::array()},
               {"output", Json::array()},
               {"valueInfo", Json::array()}}},
             {"metadataProps", Json::array()}}) {}

std::string DecoderJson::weight(const std::string& name, const Extents& shape) {
  Json dims = Json::array();
  for (const auto extent : shape) dims.push_back(std::to_string(extent));
  json_["graph"]["initializer"].push_back(
      {{"name", name},
       {"dataType", 1},
       {"dims", dims},
       {"dataLocation", "EXTERNAL"},
       {"externalData",
        {{{"key", "location"}, {"value", "weights.h5"}}, {{"key", "dataset"}, {"value", name}}}}});
  return name;
}

std::string DecoderJson::integers(const std::string& name, const std::vector<int64_t>& values) {
  Json data = Json::array();
  for (const int64_t value : values) data.push_back(std::to_string(value));
  json_["graph"]["initializer"].push_back({{"name", name},
                                           {"dataType", 7},
                                           {"dims", {std::to_string(values.size())}},
                                           {"int64Data", data}});
  return name;
}

std::string DecoderJson::node(const std::string& name, const std::string& op,
                              const std::vector<std::string>& inputs,
                              const std::vector<Json>& attributes,
                              std::vector<std::string> outputs) {
  if (outputs.empty()) outputs.push_back(name);
  json_["graph"]["node"].push_back({{"name", name},
                                    {"opType", op},
                                    {"input", inputs},
                                    {"output", outputs},
                                    {"attribute", attributes}});
  return name;
}

std::string DecoderJson::attention(const std::string& name,
                                   const std::vector<std::string>& projected, int heads,
                                   int kv_heads, double scale) {
  std::vector<std::string> inputs = projected;
  inputs.insert(inputs.end(), {"", "past_key_values.0.key", "past_key_values.0.value"});
  return node(name, "Attention", inputs,
              {integer("is_causal", 1), integer("kv_num_heads", kv_heads),
               integer("q_num_heads", heads), real("scale", scale)},
              {name, "present.0.key", "present.0.value"});
}

void DecoderJson::interface(const Interface& interface) {
  Json& graph = json_["graph"];
  const std::string heads = std::to_string(interface.heads);
  const std::string head_dim = std::to_string(interface.head_dim);
  for (const char* name : {"input_ids", "position_ids"})
    graph["input"].push_back(value_info(name, 7, {"1", "sequence_length"}));
  graph["output"].push_back(
      value_info("logits", 1, {"1", "sequence_length", std::to_string(interface.vocabulary)}));
  for (const std::string part : {"key", "value"}) {
    graph["input"].push_back(
        value_info("past_key_values.0." + part, 1, {"1", heads, "past_sequence_length", head_dim}));
    graph["output"].push_back(
        value_info("present.0." + part, 1, {"1", heads, "total_sequence_length", head_dim}));
  }
  metadata("streamtensor.context", std::to_string(interface.context));
  metadata("streamtensor.dim.sequence_length", "1.." + std::to_string(interface.sequence));
  metadata("streamtensor.dim.past_sequence_length", "0.." + std::to_string(interface.context - 1));
}

void DecoderJson::metadata(const std::string& key, const std::string& value) {
  json_["metadataProps"].push_back({{"key", key}, {"value", value}});
}

WeightFile::WeightFile(const std::filesystem::path& path)
    : file_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)) {
  EXPECT_GE(file_, 0) << path;
}

WeightFile::~WeightFile() { H5Fclose(file_); }

void WeightFile::add(const std::string& name, const Extents& shape,
                     const std::function<float()>& next) {
  constexpr hsize_t Most = hsize_t{1} << 18;  // elements in memory: 1 MiB
  const auto rank = static_cast<int>(shape.size());
  const std::vector<hsize_t> extents(shape.begin(), shape.end());
  hsize_t row = 1;
  for (size_t d = 1; d < extents.size(); ++d) row *= extents[d];
  const hid_t space = H5Screate_simple(rank, extents.data(), nullptr);
  const hid_t set =
      H5Dcreate2(file_, name.c_str(), H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  EXPECT_GE(set, 0) << name;
  const hsize_t rows = std::max<hsize_t>(1, Most / row);
  std::vector<hsize_t> start(extents.size(), 0), count = extents;
  for (; start[0] < extents[0]; start[0] += count[0]) {
    count[0] = std::min(rows, extents[0] - start[0]);
    std::vector<float> values(count[0] * row);
    std::generate(values.begin(), values.end(), next);
    const hid_t part = H5Screate_simple(rank, count.data(), nullptr);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr);
    EXPECT_GE(H5Dwrite(set, H5T_NATIVE_FLOAT, part, space, H5P_DEFAULT, values.data()), 0) << name;
    H5Sclose(part);
  }
  H5Dclose(set);
  H5Sclose(space);
}

}  // namespace st::test
