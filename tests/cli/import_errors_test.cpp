// SPDX-License-Identifier: Apache-2.0
// Checkpoints that are wrong: one clear error each, and nothing written.
#include "core/support/staged_directory.h"
#include "frontends/tokenizer/tokenizer.h"
#include "tests/cli/expect_error.h"
#include "tests/common/builds.h"
#include "tests/common/onnx_wire.h"
#include "tests/common/safetensors.h"

namespace st::test {
namespace fs = std::filesystem;
namespace {

/// A copy of a tiny checkpoint to spoil, and what its import says.
class Spoilt {
 public:
  explicit Spoilt(const std::string& family)
      : folder_(copy_of(tiny_checkpoint(family), "spoilt_" + family, Links::Broken)) {}

  [[nodiscard]] fs::path file(const std::string& name = "model.safetensors") const {
    return folder_ / name;
  }
  /// Replaces in config.json.
  Spoilt& config(const std::string& from, const std::string& to) {
    replace(file("config.json"), from, to);
    return *this;
  }
  [[nodiscard]] Outcome import(std::vector<std::string> options = {}) const {
    options.insert(options.begin(), {"import", folder_, scratch() / "import_out"});
    return streamtensor(options);
  }
  /// The import fails with one error that has all of `pieces`, and leaves nothing behind.
  void fails_with(const std::vector<std::string>& pieces,
                  const std::vector<std::string>& options = {}) const {
    const Outcome outcome = import(options);
    expect_error(outcome, BadInput, pieces);
    expect_error(outcome, BadInput, {"\n1 error\n"});
    EXPECT_FALSE(fs::exists(scratch() / "import_out"));
    EXPECT_FALSE(fs::exists(scratch() / ".import_out.partial"));
  }

 private:
  fs::path folder_;
};

TEST(ImportErrors, WhatIsNoCheckpoint) {
  const fs::path out = scratch() / "import_out";
  for (const fs::path& path : {scratch() / "absent", source("examples"), source("README.md")})
    expect_error(streamtensor({"import", path, out}), BadInput,
                 {"error[E0101]", path.string(), "config.json"});
  expect_error(streamtensor({"import", tiny_checkpoint("llama"), source("examples")}), BadInput,
               {"error[E0502]", "import.json"});
  Spoilt("llama").fails_with({"error[E0801]: --context is 33", "1 to 32"}, {"--context", "33"});
  Spoilt("llama").fails_with({"error[E0801]: --sequence is 0"}, {"--sequence", "0"});
}

TEST(ImportErrors, MissingFilesOfWeights) {
  const Spoilt whole("llama");
  fs::remove(whole.file());
  whole.fails_with({"error[E0209]: there are no weights in", "spoilt_llama", "neither"});

  const Spoilt sharded("qwen2");
  fs::remove(sharded.file("model-00002-of-00002.safetensors"));
  sharded.fails_with({"error[E0209]: 1 of the 2 shards is missing", "model-00002-of-00002",
                      "model.safetensors.index.json", "with 14 tensors"});

  const Spoilt index("qwen2");
  const std::string name = "model-00001-of-00002.safetensors";
  TestTensors tensors = read_tensors(index.file(name));
  tensors.erase("model.embed_tokens.weight");
  write_tensors(index.file(name), tensors);
  index.fails_with({"error[E0209]: 1 tensor is not in the shard that the index names",
                    "'model.embed_tokens.weight'", name});
}

TEST(ImportErrors, IndicesThatLeadOutOfTheFolder) {
  for (const char* place : {"../x.safetensors", "/etc/passwd", ".."}) {
    const Spoilt spoilt("qwen2");
    write(spoilt.file("model.safetensors.index.json"),
          std::string(R"({"weight_map": {"a": ")") + place + "\"}}");
    spoilt.fails_with({"error[E0209]", "is no index of shards", "beside it"});
  }
  const Spoilt spoilt("qwen2");
  write(spoilt.file("model.safetensors.index.json"), "{\"weight_map\": {}}");
  spoilt.fails_with({"error[E0209]", "is no index of shards"});
}

TEST(ImportErrors, ElementTypesThatWeightsCannotHave) {
  const Spoilt spoilt("llama");
  TestTensors tensors = read_tensors(spoilt.file());
  tensors["model.layers.1.mlp.up_proj.weight"].dtype = "I16";
  write_tensors(spoilt.file(), tensors);
  spoilt.fails_with({"error[E0208]: 1 tensor", "'model.layers.1.mlp.up_proj.weight' is I16",
                     "F32, F16 and BF16"});
}

TEST(ImportErrors, UnknownArchitectures) {
  Spoilt("llama")
      .config("LlamaForCausalLM", "LlamaForCausalLN")
      .fails_with({"error[E0110]: architecture 'LlamaForCausalLN' is not supported",
                   "config.json /architectures", "supported: GPT2LMHeadModel (GPT-2)",
                   "did you mean 'LlamaForCausalLM'"});
  Spoilt("llama")
      .config("\"model_type\": \"llama\"", "\"model_type\": \"qwen2\"")
      .fails_with({"error[E0112]: 'model_type' is \"qwen2\"", "LlamaForCausalLM"});
}

TEST(ImportErrors, ConfigsThatContradictTheirTensors) {
  Spoilt("llama")
      .config("\"intermediate_size\": 48", "\"intermediate_size\": 64")
      .fails_with({"error[E0203]: 6 tensors of the checkpoint contradict config.json",
                   "'model.layers.0.mlp.gate_proj.weight' is [48,32], by config.json [64 "
                   "feed-forward width, 32 width]"});
  Spoilt("llama")
      .config("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1")
      .fails_with({"error[E0203]: 9 tensors", "is of a layer beyond the 1 of config.json"});
  Spoilt("llama")
      .config("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3")
      .fails_with({"error[E0202]: 9 tensors of the model are not in the checkpoint",
                   "'model.layers.2.input_layernorm.weight'", "and 1 more"});
  Spoilt("qwen2")
      .config("Qwen2ForCausalLM", "Qwen3ForCausalLM")
      .config("\"model_type\": \"qwen2\"", "\"head_dim\": 8, \"model_type\": \"qwen3\"")
      .fails_with({"error[E0202]: 4 tensors", "'model.layers.0.self_attn.q_norm.weight'"});
}

TEST(ImportErrors, TruncatedFiles) {
  const Spoilt spoilt("llama");
  const std::string whole = read(spoilt.file());
  const auto cut = [&](size_t size, const std::string& what) {
    write(spoilt.file(), whole.substr(0, size));
    spoilt.fails_with({"error[E0207]: 'model.safetensors' " + what, spoilt.file().string()});
  };
  cut(whole.size() - 100, "ends 100 bytes before its tensors do");
  cut(1000, "claims a header of ");
  cut(5, "has 5 bytes, less than its header's length");
  cut(0, "has 0 bytes, less than its header's length");
  write(spoilt.file(), whole + "x");
  spoilt.fails_with({"error[E0207]", "has 1 bytes behind its tensors"});
}

TEST(ImportErrors, HeadersThatMakeNoSense) {
  const Spoilt spoilt("llama");
  const auto header = [&](const std::string& text, const std::string& what) {
    write_safetensors(spoilt.file(), text, std::string(8, 'x'));
    spoilt.fails_with({"error[E0207]: 'model.safetensors' " + what});
  };
  const auto tensor = [](const std::string& name, const std::string& dtype,
                         const std::string& shape, const std::string& offsets) {
    return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
           ",\"data_offsets\":" + offsets + "}";
  };
  header("{\"a\": ", "has a header that is no JSON");
  header("[]", "has a header that is no JSON object");
  header("{\"a\": 1}", "describes tensor 'a' without dtype");
  header("{" + tensor("a", "F32", "[-1]", "[0,8]") + "}", "describes tensor 'a' without dtype");
  header("{" + tensor("a", "F31", "[2]", "[0,8]") + "}",
         "describes tensor 'a' with the unknown dtype 'F31'");
  header("{" + tensor("a", "F32", "[3]", "[0,8]") + "}",
         "describes tensor 'a' with 8 bytes for a shape that needs 12");
  header("{" + tensor("a", "F32", "[4611686018427387904,4]", "[0,8]") + "}",
         "describes tensor 'a' with 8 bytes for a shape that needs more than there can be");
  header("{" + tensor("a", "F32", "[2]", "[0,8]") + "," + tensor("b", "F32", "[1]", "[4,8]") + "}",
         "has tensors 'a' and 'b' in the same bytes");
  header("{" + tensor("a", "F32", "[1]", "[4,8]") + "}",
         "has 4 bytes before tensor 'a' that belong to none");
  write(spoilt.file(), std::string(8, '\xff') + "{}");
  spoilt.fails_with({"error[E0207]", "claims a header of 18446744073709551615 bytes"});
}

TEST(ImportErrors, ConfigValuesThatMakeNoSense) {
  const auto value = [](const std::string& from, const std::string& to,
                        const std::vector<std::string>& pieces) {
    Spoilt("llama").config(from, to).fails_with(pieces);
  };
  value("\"rope_theta\": 10000.0", "\"rope_theta\": NaN", {"error[E0102]", "config.json:"});
  value("\"rope_theta\": 10000.0", "\"rope_theta\": 1e999", {"error[E0102]", "config.json:"});
  value("\"rope_theta\": 10000.0", "\"rope_theta\": -1",
        {"error[E0112]: 'rope_theta' is -1, which is no number above 0"});
  value("\"hidden_size\": 32", "\"hidden_size\": 32.5",
        {"error[E0112]: 'hidden_size' is 32.5", "config.json /hidden_size"});
  value("\"vocab_size\": 61", "\"vocab_size\": 99999999999", {"error[E0112]: 'vocab_size'"});
  value("\"hidden_size\": 32", "\"hidden_size\": null",
        {"error[E0112]: config.json has no 'hidden_size'"});
  value("\"num_key_value_heads\": 2", "\"num_key_value_heads\": 3",
        {"error[E0112]: 'num_key_value_heads' is 3", "num_attention_heads, 4"});
  value("\"tie_word_embeddings\": true", "\"tie_word_embeddings\": \"yes\"",
        {"error[E0112]: 'tie_word_embeddings' is \"yes\""});
  value("\"high_freq_factor\": 4.0", "\"high_freq_factor\": 1.0",
        {"error[E0112]: 'high_freq_factor' is 1", "config.json /rope_scaling/high_freq_factor"});
  value("\"factor\": 4.0,", "", {"error[E0112]: config.json has no 'factor'", "/rope_scaling"});
}

TEST(ImportErrors, FieldsThatAskForMoreAreRefusedByName) {
  const auto refused = [](const std::string& field, const std::string& value) {
    Spoilt("llama")
        .config("\"hidden_act\"", "\"" + field + "\": " + value + ", \"hidden_act\"")
        .fails_with({"error[E0111]: '" + field + "'", "config.json /" + field});
  };
  refused("attn_logit_softcapping", "50.0");
  refused("final_logit_softcapping", "30.0");
  refused("quantization_config", "{\"bits\": 4}");
  refused("partial_rotary_factor", "0.5");
  refused("rope_interleaved", "true");
  refused("use_bidirectional_attention", "true");
  Spoilt("llama").config("\"silu\"", "\"laplace\"").fails_with({"error[E0111]: 'hidden_act'"});
  Spoilt("llama")
      .config("\"llama3\"", "\"yarn\"")
      .fails_with({"error[E0111]: 'rope_type' is \"yarn\"", "default, linear, llama3"});
}

TEST(ImportErrors, ASoftCappedGemma2NamesArchitectureAndFields) {
  ST_NEEDS_SHARED();
  const fs::path folder = scratch() / "gemma2";
  fs::create_directories(folder);
  fs::copy_file(shared("configs/gemma2_2b.config.json"), folder / "config.json");
  expect_error(
      streamtensor({"import", folder, scratch() / "import_out", "--random-weights", "1"}), BadInput,
      {"error[E0110]: architecture 'Gemma2ForCausalLM'", "error[E0111]: 'attn_logit_softcapping'",
       "error[E0111]: 'final_logit_softcapping'", "3 errors"});
}

TEST(Import, NamesWhatItLeavesOutAndCarriesTheTokenizer) {
  Spoilt spoilt("llama");
  TestTensors tensors = read_tensors(spoilt.file());
  tensors["model.layers.0.extra"] = {"I64", {1}, std::string(8, '\0')};
  tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = {"F32", {1}, std::string(4, '\0')};
  write_tensors(spoilt.file(), tensors);
  write(spoilt.file("tokenizer.json"), "{}");
  spoilt.config("\"hidden_act\"", "\"temperature\": 1, \"hidden_act\"");
  const Outcome outcome = spoilt.import({"--context", "16"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.err,
            "warning: field 'temperature' of config.json is not known, and ignored\n"
            "warning: tensor 'model.layers.0.extra' is not part of the model, and left out\n"
            "warning: tokenizer.json is not used, prompts are ids: models of type '' are not "
            "supported (" +
                spoilt.file("tokenizer.json").string() + " /model/type)\n");
  for (const char* piece : {"Llama  2 layers  17,472 parameters", "carried along: tokenizer.json",
                            "context 16, 1..16 tokens a launch", "wrote "})
    EXPECT_NE(outcome.out.find(piece), std::string::npos) << outcome.out;
  EXPECT_EQ(read(scratch() / "import_out/tokenizer.json"), "{}");
  fs::remove_all(scratch() / "import_out");
}

/// The metadata that say which tokenizer an imported model has; "" if it has none.
std::string tokenizer_of(const fs::path& model) {
  const Json document = Json::parse(read(model));
  for (const Json& entry : document["metadataProps"])
    if (entry["key"] == "streamtensor.tokenizer") return entry["value"];
  return "";
}

TEST(Import, ATokenizerJsonBecomesTheModelsTokenizer) {
  const Spoilt spoilt("gpt2");
  write(
      spoilt.file("tokenizer.json"),
      R"({"added_tokens": [{"id": 5, "content": "<end>", "special": true}], "model": {"type": "BPE",
            "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4}, "merges": ["a b", "ab c"]}})");
  write(spoilt.file("generation_config.json"), R"({"eos_token_id": [5, 3]})");
  const Outcome outcome = spoilt.import();
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  const fs::path model = scratch() / "import_out/model.json", build = scratch() / "import_built";
  EXPECT_EQ(tokenizer_of(model), R"({"type":"huggingface","file":"tokenizer.json","stop":[5,3]})");
  const Outcome built = streamtensor(
      {"build", model, "--target", "u280", "--synth", "none", "--fifo", "lp", "-o", build});
  ASSERT_EQ(built.status, 0) << built.err;
  const auto tokenizer = read_tokens_file(read(build / TokensFile));
  ASSERT_TRUE(tokenizer.ok());
  EXPECT_EQ(*(*tokenizer)->encode("abcab<end>"), (std::vector<int64_t>{4, 3, 5}));
  EXPECT_EQ((*tokenizer)->stops(), (std::vector<tokens::Id>{5, 3}));
  EXPECT_EQ(read(build / "tokenizer/tokenizer.json"), read(spoilt.file("tokenizer.json")));
  EXPECT_NE(read(build / "cmd.sh").find("--tokenizer \"$here/tokenizer/tokenizer.json\""),
            std::string::npos);
  fs::remove_all(scratch() / "import_out");
  fs::remove_all(build);
}

TEST(Import, ATokenizerModelBeginsTextsAsTheFilesBesideItSay) {
  Spoilt spoilt("llama");
  std::string bytes;
  for (const auto& [text, kind] : {std::pair{"<unk>", 2}, {"<s>", 3}, {"</s>", 3}, {"a", 1}})
    bytes += wire_bytes(1, wire_bytes(1, text) + wire_number(3, static_cast<uint64_t>(kind)));
  write(spoilt.file("tokenizer.model"), bytes);
  spoilt.config("\"hidden_act\"", "\"bos_token_id\": 1, \"eos_token_id\": 2, \"hidden_act\"");
  const fs::path model = scratch() / "import_out/model.json";
  EXPECT_EQ(spoilt.import().err, "");
  EXPECT_EQ(tokenizer_of(model),
            R"({"type":"sentencepiece","file":"tokenizer.model","stop":2,"bos":1})");
  write(spoilt.file("tokenizer_config.json"), R"({"add_bos_token": false})");
  EXPECT_EQ(spoilt.import().err, "");
  EXPECT_EQ(tokenizer_of(model), R"({"type":"sentencepiece","file":"tokenizer.model","stop":2})");
  fs::remove_all(scratch() / "import_out");
}

}  // namespace
}  // namespace st::test
