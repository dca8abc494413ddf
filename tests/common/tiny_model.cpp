// SPDX-License-Identifier: Apache-2.0
#include "tests/common/tiny_model.h"

#include <algorithm>
#include <cmath>

namespace st::test {
namespace fs = std::filesystem;
namespace {

constexpr int Width = 8, Heads = 2, HeadDim = 4, Hidden = 16, Context = 16;
const std::string Vocabulary = "0123456789+=$";

/// The element of `list` whose `key` is `name`.
Json& entry(Json& list, const char* key, const std::string& name) {
  for (Json& item : list) {
    if (item.at(key) == name) return item;
  }
  ADD_FAILURE() << "the tiny model has no '" << name << "'";
  return list.front();
}

class Builder : public DecoderJson {
 public:
  explicit Builder(TinyModel& model) : DecoderJson("tiny"), model_(model) {}

  std::string noise(const std::string& name, const Extents& shape) {
    TinyModel::Dataset dataset{shape, {}};
    size_t size = 1;
    for (const auto extent : shape) size *= extent;
    const float scale = shape.size() == 1 ? 0.5F : 1.0F / std::sqrt(static_cast<float>(Width));
    for (size_t i = 0; i < size; ++i) dataset.values.push_back(scale * noise_.next());
    model_.weights[name] = std::move(dataset);
    return weight(name, shape);
  }

  std::string linear(const std::string& name, const std::string& x, int in, int out) {
    const std::string product = node(
        name + ".product", "MatMul",
        {x, noise(name + ".weight",
                  {static_cast<unsigned long long>(in), static_cast<unsigned long long>(out)})});
    return node(name, "Add",
                {product, noise(name + ".bias", {static_cast<unsigned long long>(out)})});
  }

  std::string norm(const std::string& name, const std::string& x) {
    return node(name, "LayerNormalization",
                {x, noise(name + ".weight", {Width}), noise(name + ".bias", {Width})},
                {integer("axis", -1), real("epsilon", 1e-5)});
  }

 private:
  TinyModel& model_;
  Noise noise_;
};

}  // namespace

TinyModel::TinyModel() {
  Builder b(*this);
  const auto size = static_cast<unsigned long long>(Vocabulary.size());
  const std::string token =
      b.node("token", "Gather", {b.noise("wte", {size, Width}), "input_ids"}, {integer("axis", 0)});
  const std::string position =
      b.node("position", "Gather", {b.noise("wpe", {Context, Width}), "position_ids"},
             {integer("axis", 0)});
  std::string x = b.node("embedding", "Add", {token, position});
  const std::string fused = b.linear("qkv", b.norm("ln_1", x), Width, 3 * Width);
  b.node("split", "Split", {fused}, {integer("axis", -1), integer("num_outputs", 3)},
         {"query", "key", "value"});
  b.attention("attention", {"query", "key", "value"}, Heads, Heads, 0.5);
  x = b.node("residual_1", "Add", {x, b.linear("projection", "attention", Width, Width)});
  const std::string hidden =
      b.node("gelu", "Gelu", {b.linear("up", b.norm("ln_2", x), Width, Hidden)});
  x = b.node("residual_2", "Add", {x, b.linear("down", hidden, Hidden, Width)});
  b.node("head", "MatMul", {b.norm("ln_f", x), b.noise("lm_head", {Width, size})}, {}, {"logits"});

  b.interface({static_cast<int>(Vocabulary.size()), Heads, HeadDim, Context, Context});
  Json vocabulary = Json::array();
  for (const char c : Vocabulary) vocabulary.push_back(std::string(1, c));
  const Json tokenizer = {{"type", "characters"}, {"vocabulary", vocabulary}};
  b.metadata("streamtensor.tokenizer", tokenizer.dump());
  json = b.json();
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
  WeightFile file(folder / "weights.h5");
  for (const auto& [name, dataset] : weights)
    file.add(name, dataset.shape, [at = dataset.values.begin()]() mutable { return *at++; });
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
