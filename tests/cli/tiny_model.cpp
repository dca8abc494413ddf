// SPDX-License-Identifier: Apache-2.0
#include "tests/cli/tiny_model.h"

#include <hdf5.h>

#include <algorithm>
#include <cmath>

namespace st::test {
namespace fs = std::filesystem;
namespace {

constexpr int Width = 8, Heads = 2, HeadDim = 4, Hidden = 16, Context = 16;
const std::string Vocabulary = "0123456789+=$";

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

Json integer(const std::string& name, int64_t value) {
  return {{"name", name}, {"type", "INT"}, {"i", std::to_string(value)}};
}

Json real(const std::string& name, double value) {
  return {{"name", name}, {"type", "FLOAT"}, {"f", value}};
}

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

/// The element of `list` whose `key` is `name`.
Json& entry(Json& list, const char* key, const std::string& name) {
  for (Json& item : list) {
    if (item.at(key) == name) return item;
  }
  ADD_FAILURE() << "the tiny model has no '" << name << "'";
  return list.front();
}

class Builder {
 public:
  explicit Builder(TinyModel& model) : model_(model) {}

  std::string weight(const std::string& name, const std::vector<unsigned long long>& shape) {
    TinyModel::Dataset dataset{shape, {}};
    size_t size = 1;
    for (const auto extent : shape) size *= extent;
    const float scale = shape.size() == 1 ? 0.5F : 1.0F / std::sqrt(static_cast<float>(Width));
    for (size_t i = 0; i < size; ++i) dataset.values.push_back(scale * noise_.next());
    model_.weights[name] = std::move(dataset);
    Json dims = Json::array();
    for (const auto extent : shape) dims.push_back(std::to_string(extent));
    model_.json["graph"]["initializer"].push_back({{"name", name},
                                                   {"dataType", 1},
                                                   {"dims", dims},
                                                   {"dataLocation", "EXTERNAL"},
                                                   {"externalData",
                                                    {{{"key", "location"}, {"value", "weights.h5"}},
                                                     {{"key", "dataset"}, {"value", name}}}}});
    return name;
  }

  /// Without `outputs` the one output has the node's name.
  std::string node(const std::string& name, const std::string& op,
                   const std::vector<std::string>& inputs, const std::vector<Json>& attributes = {},
                   std::vector<std::string> outputs = {}) {
    if (outputs.empty()) outputs.push_back(name);
    model_.json["graph"]["node"].push_back({{"name", name},
                                            {"opType", op},
                                            {"input", inputs},
                                            {"output", outputs},
                                            {"attribute", attributes}});
    return name;
  }

  std::string linear(const std::string& name, const std::string& x, int in, int out) {
    const std::string product = node(
        name + ".product", "MatMul",
        {x, weight(name + ".weight",
                   {static_cast<unsigned long long>(in), static_cast<unsigned long long>(out)})});
    return node(name, "Add",
                {product, weight(name + ".bias", {static_cast<unsigned long long>(out)})});
  }

  std::string norm(const std::string& name, const std::string& x) {
    return node(name, "LayerNormalization",
                {x, weight(name + ".weight", {Width}), weight(name + ".bias", {Width})},
                {integer("axis", -1), real("epsilon", 1e-5)});
  }

 private:
  TinyModel& model_;
  Noise noise_;
};

}  // namespace

TinyModel::TinyModel() {
  json = {{"irVersion", "10"},
          {"opsetImport", {{{"domain", ""}, {"version", "24"}}}},
          {"graph",
           {{"name", "tiny"},
            {"node", Json::array()},
            {"initializer", Json::array()},
            {"input", Json::array()},
            {"output", Json::array()},
            {"valueInfo", Json::array()}}},
          {"metadataProps", Json::array()}};
  Builder b(*this);
  const auto size = static_cast<unsigned long long>(Vocabulary.size());
  const std::string token = b.node("token", "Gather", {b.weight("wte", {size, Width}), "input_ids"},
                                   {integer("axis", 0)});
  const std::string position =
      b.node("position", "Gather", {b.weight("wpe", {Context, Width}), "position_ids"},
             {integer("axis", 0)});
  std::string x = b.node("embedding", "Add", {token, position});
  const std::string fused = b.linear("qkv", b.norm("ln_1", x), Width, 3 * Width);
  b.node("split", "Split", {fused}, {integer("axis", -1), integer("num_outputs", 3)},
         {"query", "key", "value"});
  b.node("attention", "Attention",
         {"query", "key", "value", "", "past_key_values.0.key", "past_key_values.0.value"},
         {integer("is_causal", 1), integer("kv_num_heads", Heads), integer("q_num_heads", Heads),
          real("scale", 0.5)},
         {"attention", "present.0.key", "present.0.value"});
  x = b.node("residual_1", "Add", {x, b.linear("projection", "attention", Width, Width)});
  const std::string hidden =
      b.node("gelu", "Gelu", {b.linear("up", b.norm("ln_2", x), Width, Hidden)});
  x = b.node("residual_2", "Add", {x, b.linear("down", hidden, Hidden, Width)});
  b.node("head", "MatMul", {b.norm("ln_f", x), b.weight("lm_head", {Width, size})}, {}, {"logits"});

  Json& graph = json["graph"];
  const std::string heads = std::to_string(Heads), head_dim = std::to_string(HeadDim);
  for (const char* name : {"input_ids", "position_ids"})
    graph["input"].push_back(value_info(name, 7, {"1", "sequence_length"}));
  graph["output"].push_back(
      value_info("logits", 1, {"1", "sequence_length", std::to_string(Vocabulary.size())}));
  for (const std::string part : {"key", "value"}) {
    graph["input"].push_back(
        value_info("past_key_values.0." + part, 1, {"1", heads, "past_sequence_length", head_dim}));
    graph["output"].push_back(
        value_info("present.0." + part, 1, {"1", heads, "total_sequence_length", head_dim}));
  }
  Json vocabulary = Json::array();
  for (const char c : Vocabulary) vocabulary.push_back(std::string(1, c));
  const Json tokenizer = {{"type", "characters"}, {"vocabulary", vocabulary}};
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
           {"streamtensor.context", std::to_string(Context)},
           {"streamtensor.dim.sequence_length", "1..16"},
           {"streamtensor.dim.past_sequence_length", "0..15"},
           {"streamtensor.tokenizer", tokenizer.dump()}}) {
    json["metadataProps"].push_back({{"key", key}, {"value", value}});
  }
}

Json& TinyModel::node(const std::string& name) {
  return entry(json["graph"]["node"], "name", name);
}

Json& TinyModel::initializer(const std::string& name) {
  return entry(json["graph"]["initializer"], "name", name);
}

Json& TinyModel::input(const std::string& name) {
  return entry(json["graph"]["input"], "name", name);
}

Json& TinyModel::metadata(const std::string& key) {
  return entry(json["metadataProps"], "key", key)["value"];
}

void TinyModel::remove_node(const std::string& name) {
  Json kept = Json::array();
  for (const Json& node : json["graph"]["node"]) {
    if (node.at("name") != name) kept.push_back(node);
  }
  json["graph"]["node"] = std::move(kept);
}

void TinyModel::rename(const std::function<std::string(const std::string&)>& new_name) {
  auto value_name = [&](Json& name) {
    const auto old = name.get<std::string>();
    const bool fixed = old.empty() || old == "input_ids" || old == "position_ids" ||
                       old == "logits" || old.rfind("past_key_values.", 0) == 0 ||
                       old.rfind("present.", 0) == 0;
    if (!fixed) name = new_name(old);
  };
  Json& graph = json["graph"];
  graph["name"] = new_name(graph["name"]);
  for (Json& initializer : graph["initializer"]) value_name(initializer["name"]);
  for (Json& node : graph["node"]) {
    node["name"] = new_name(node["name"]);
    for (Json& name : node["input"]) value_name(name);
    for (Json& name : node["output"]) value_name(name);
  }
}

fs::path TinyModel::write(const fs::path& folder) const {
  fs::create_directories(folder);
  const hid_t file =
      H5Fcreate((folder / "weights.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  EXPECT_GE(file, 0);
  for (const auto& [name, dataset] : weights) {
    const std::vector<hsize_t> shape(dataset.shape.begin(), dataset.shape.end());
    const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
    const hid_t set = H5Dcreate2(file, name.c_str(), H5T_IEEE_F32LE, space, H5P_DEFAULT,
                                 H5P_DEFAULT, H5P_DEFAULT);
    EXPECT_GE(set, 0) << name;
    EXPECT_GE(H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, dataset.values.data()),
              0);
    H5Dclose(set);
    H5Sclose(space);
  }
  H5Fclose(file);
  test::write(folder / "model.json", json.dump(1, ' ', true) + "\n");
  return folder / "model.json";
}

fs::path own_folder(const std::string& name) {
  const fs::path folder = scratch() / name;
  EXPECT_FALSE(fs::exists(folder)) << folder;
  fs::create_directories(folder);
  return folder;
}

Outcome build(const fs::path& model, const fs::path& output, const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"build", model.string(), "--target",
                                        "u280",  "--output",     output.string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return streamtensor(arguments);
}

Outcome write_only(const fs::path& model, const fs::path& output, std::vector<std::string> more) {
  more.insert(more.end(), {"--synth", "none"});
  return build(model, output, more);
}

}  // namespace st::test
