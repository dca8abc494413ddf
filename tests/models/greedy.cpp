// SPDX-License-Identifier: Apache-2.0
#include "tests/models/greedy.h"

#include "core/support/json.h"
#include "tests/common/tool.h"

namespace st::test {
namespace {

std::vector<int64_t> integers(const json::Value& object, const char* key) {
  std::vector<int64_t> numbers;
  for (const json::Value& number : *object.find(key)->array()) numbers.push_back(*number.integer());
  return numbers;
}

}  // namespace

std::vector<Greedy> greedy_texts(const std::string& model) {
  const std::filesystem::path folder = shared("models/" + model + "/reference");
  std::vector<Greedy> texts;
  const auto document = json::parse(read(folder / "greedy.json"), "greedy.json");
  if (!document.ok()) {
    ADD_FAILURE() << document.errors()[0].message;
    return texts;
  }
  for (const json::Value& result : *document->find("results")->array()) {
    Greedy text;
    text.prompt = *result.find("prompt")->string();
    text.text = *result.find("text")->string();
    text.ids = integers(result, "all_ids");
    text.prompt_ids = integers(result, "prompt_ids").size();
    text.logits = read_npy(folder / ("logits_prompt" + std::to_string(texts.size()) + ".npy"));
    texts.push_back(std::move(text));
  }
  EXPECT_FALSE(texts.empty());
  return texts;
}

}  // namespace st::test
