// SPDX-License-Identifier: Apache-2.0
// Models as other tools write them, built and run: they answer as the model that has ONNX's fused
// operators.
#include <gtest/gtest.h>

#include "tests/common/onnx_wire.h"
#include "tests/common/tiny_model.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;

/// What a build of `model` says to a prompt; the emitted code is verified before.
std::string answer_of(const fs::path& model, const fs::path& output) {
  const Outcome outcome = build(model, output, {"--fifo", "lp"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const Outcome verified = streamtensor({"verify", output});
  EXPECT_EQ(verified.status, 0) << verified.err;
  return streamtensor({"run", output, "--prompt", "12+3=", "--max-tokens", "8"}).out;
}

/// Adds the input that exporters write, and that a design has no use for.
void add_attention_mask(TinyModel& tiny) {
  Json mask = tiny.input("input_ids");
  mask["name"] = "attention_mask";
  mask["type"]["tensorType"]["shape"]["dim"][1] = {
      {"dimParam", "past_sequence_length + sequence_length"}};
  tiny.json["graph"]["input"].push_back(mask);
}

/// The node of that name becomes `op` of com.microsoft, with these inputs.
void make_microsoft(TinyModel& tiny, const std::string& name, const std::string& op,
                    const Json& inputs, const std::vector<Json>& attributes = {}) {
  Json& node = tiny.node(name);
  node["opType"] = op;
  node["domain"] = "com.microsoft";
  node["input"] = inputs;
  node.erase("attribute");
  for (const Json& attribute : attributes) node["attribute"].push_back(attribute);
}

/// A head [K, N] of weights that four bits and a scale for each row hold, and its MatMulNBits.
class FourBitHead {
 public:
  explicit FourBitHead(TinyModel& tiny) : tiny_(tiny) {
    TinyModel::Dataset& head = tiny.weights.at("lm_head");
    depth_ = head.shape[0];
    width_ = head.shape[1];
    bytes_.resize(width_ * Size / 2);
    for (size_t n = 0; n < width_; ++n) {
      scales_.push_back(0.0625F * static_cast<float>(1 + n % 3));
      for (size_t k = 0; k < depth_; ++k) {
        const auto q = static_cast<int>((n * 5 + k * 7) % 16);
        head.values[k * width_ + n] = static_cast<float>(q - 8) * scales_.back();
        bytes_[n * Size / 2 + k / 2] |= static_cast<char>(q << k % 2 * 4);
      }
    }
  }

  void quantise() {
    const std::string scales(reinterpret_cast<const char*>(scales_.data()),
                             scales_.size() * sizeof(float));
    Json& all = tiny_.json["graph"]["initializer"];
    all.push_back(
        {{"name", "q"}, {"dataType", 2}, {"dims", {width_, 1, Size / 2}}, {"rawBytes", bytes_}});
    all.push_back({{"name", "s"}, {"dataType", 1}, {"dims", {width_}}, {"rawBytes", scales}});
    make_microsoft(
        tiny_, "head", "MatMulNBits", {"ln_f", "q", "s"},
        {integer("K", static_cast<int64_t>(depth_)), integer("N", static_cast<int64_t>(width_)),
         integer("bits", 4), integer("block_size", Size)});
  }

 private:
  static constexpr size_t Size = 16;  ///< weights of a block
  TinyModel& tiny_;
  size_t depth_ = 0, width_ = 0;
  std::string bytes_;
  std::vector<float> scales_;
};

TEST(RaisedModels, OperatorsOfMicrosoftComputeTheSame) {
  TinyModel tiny;
  FourBitHead head(tiny);
  const fs::path folder = own_folder("onnx_microsoft");
  const std::string expected = answer_of(tiny.write(folder), folder / "plain");
  EXPECT_EQ(expected.size(), std::string("12+3=").size() + 8 + 1) << expected;
  // What ONNX Runtime's optimiser makes of it.
  head.quantise();
  make_microsoft(tiny, "gelu", "BiasGelu", {"up.product", "up.bias"});
  tiny.remove_node("up");
  make_microsoft(tiny, "ln_2", "SkipLayerNormalization",
                 {"embedding", "projection", "ln_2.weight", "ln_2.bias"}, {real("epsilon", 1e-5)});
  tiny.node("ln_2")["output"] = {"ln_2", "", "", "residual_1"};
  tiny.remove_node("residual_1");
  make_microsoft(tiny, "attention", "GroupQueryAttention",
                 {"query", "key", "value", "past_key_values.0.key", "past_key_values.0.value",
                  "lengths", "total"},
                 {integer("num_heads", 2), integer("kv_num_heads", 2), real("scale", 0.5)});
  // Lengths as Optimum computes them from the mask.
  add_attention_mask(tiny);
  Json& graph = tiny.json["graph"];
  graph["node"].push_back({{"name", "sum"},
                           {"opType", "ReduceMax"},
                           {"input", {"attention_mask"}},
                           {"output", {"lengths"}}});
  graph["node"].push_back({{"name", "size"},
                           {"opType", "Shape"},
                           {"input", {"attention_mask"}},
                           {"output", {"total"}}});
  tiny.json["opsetImport"][0]["version"] = "17";
  tiny.json["opsetImport"].push_back({{"domain", "com.microsoft"}, {"version", "1"}});
  EXPECT_EQ(answer_of(write_binary(tiny, folder), folder / "fused"), expected);
}

/// Nodes of PyTorch's exporter in the place of fused ones.
class SpeltOut {
 public:
  explicit SpeltOut(TinyModel& tiny) : tiny_(tiny) { add_attention_mask(tiny); }

  void norm(const std::string& name) {
    const Json inputs = take(name);
    const std::string x = inputs[0];
    const std::string difference = node("Sub", {x, node("ReduceMean", {x, list({-1})})});
    const std::string square = node("Pow", {difference, number(2)});
    const std::string variance = node("ReduceMean", {square, list({-1})});
    const std::string root = node("Sqrt", {node("Add", {variance, number(1e-5)})});
    const std::string scaled = node("Mul", {node("Div", {difference, root}), inputs[1]});
    node("Add", {scaled, inputs[2]}, {}, name);
  }

  void gelu() {
    const std::string x = take("gelu")[0];
    const std::string erf = node("Erf", {node("Div", {x, number(1.4142135381698608)})});
    const std::string sum = node("Add", {erf, number(1)});
    node("Mul", {node("Mul", {x, sum}), number(0.5)}, {}, "gelu");
  }

  void attention() {
    take("attention");
    rows_ = node("Gather", {node("Shape", {"input_ids"}), list({1})});
    const std::string all = node("Gather", {node("Shape", {"attention_mask"}), list({1})});
    const std::string query = heads("query"), key = cached("key"), value = cached("value");
    const std::string keys = node("Transpose", {key}, {ints("perm", {0, 1, 3, 2})});
    const std::string scores = node("Mul", {node("MatMul", {query, keys}), number(0.5)});
    const std::string square = node("Expand", {number(-1e9), joined({all, all})});
    const std::string upper = node("Trilu", {square, constant(7, "int64Data", {1}, false)});
    const std::string mask = node("Slice", {upper, node("Sub", {all, rows_}), all, list({0})});
    const std::string weights =
        node("Softmax", {node("Add", {scores, mask})}, {integer("axis", -1)});
    const std::string turned =
        node("Transpose", {node("MatMul", {weights, value})}, {ints("perm", {0, 2, 1, 3})});
    node("Reshape", {turned, joined({list({1}), rows_, list({8})})}, {}, "attention");
  }

 private:
  /// Removes a node, and returns its inputs.
  Json take(const std::string& name) {
    Json inputs = tiny_.node(name)["input"];
    tiny_.remove_node(name);
    return inputs;
  }

  std::string node(const std::string& op, const std::vector<std::string>& inputs,
                   const std::vector<Json>& attributes = {}, const std::string& name = "") {
    const std::string made = name.empty() ? "spelt_" + std::to_string(count_++) : name;
    Json entry = {{"name", made}, {"opType", op}, {"input", inputs}};
    entry["output"].push_back(made);
    for (const Json& attribute : attributes) entry["attribute"].push_back(attribute);
    tiny_.json["graph"]["node"].push_back(entry);
    return made;
  }

  std::string constant(int type, const std::string& field, const std::vector<double>& values,
                       bool is_list) {
    const std::string name = "constant_" + std::to_string(count_++);
    Json entry = {{"name", name}, {"dataType", type}};
    entry["dims"] = Json::array();
    if (is_list) entry["dims"].push_back(values.size());
    for (const double value : values) {
      if (field == "floatData") {
        entry[field].push_back(value);
      } else {
        entry[field].push_back(static_cast<int64_t>(value));
      }
    }
    tiny_.json["graph"]["initializer"].push_back(entry);
    return name;
  }
  std::string number(double value) { return constant(1, "floatData", {value}, false); }
  std::string list(const std::vector<double>& values) {
    return constant(7, "int64Data", values, true);
  }
  std::string joined(const std::vector<std::string>& lists) {
    return node("Concat", lists, {integer("axis", 0)});
  }
  static Json ints(const std::string& name, const std::vector<int64_t>& values) {
    return {{"name", name}, {"type", "INTS"}, {"ints", values}};
  }

  std::string heads(const std::string& x) {
    const std::string cut = node("Reshape", {x, joined({list({1}), rows_, list({2, 4})})});
    return node("Transpose", {cut}, {ints("perm", {0, 2, 1, 3})});
  }
  std::string cached(const std::string& part) {
    return node("Concat", {"past_key_values.0." + part, heads(part)}, {integer("axis", 2)},
                "present.0." + part);
  }

  TinyModel& tiny_;
  int count_ = 0;
  std::string rows_;  ///< of this launch, as a list of one
};

TEST(RaisedModels, AnExportThatSpellsAllOutComputesTheSame) {
  TinyModel tiny;
  const fs::path folder = own_folder("onnx_spelt_out");
  const std::string expected = answer_of(tiny.write(folder), folder / "plain");
  SpeltOut spelt(tiny);
  for (const char* norm : {"ln_1", "ln_2", "ln_f"}) spelt.norm(norm);
  spelt.gelu();
  spelt.attention();
  tiny.json["opsetImport"][0]["version"] = "18";
  const fs::path binary = write_binary(tiny, folder);
  EXPECT_EQ(answer_of(binary, folder / "spelt"), expected);
  // The stage with what was made reads back.
  const Outcome again =
      write_only(binary, folder / "again",
                 {"--fifo", "lp", "--start-from", (folder / "spelt/ir/00-raise.txt").string()});
  EXPECT_EQ(again.status, 0) << again.err;
}

}  // namespace
}  // namespace st::test
