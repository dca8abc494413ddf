// SPDX-License-Identifier: Apache-2.0
#include "tests/models/reference.h"

#include "frontends/onnx_json/onnx_json.h"
#include "tests/common/builds.h"
#include "tests/common/tool.h"

namespace st::test {

Reference::Reference(const std::string& model) {
  const std::filesystem::path folder = source("examples/" + model);
  load(folder / "model.json", weights_of(model), "f32");
  auto tokenizer = make_tokenizer(design_.graph.metadata["streamtensor.tokenizer"], folder, {});
  if (tokenizer.ok()) tokenizer_ = std::move(*tokenizer);
  EXPECT_TRUE(tokenizer_) << model;
}

void Reference::load(const std::filesystem::path& file, const std::filesystem::path& weights,
                     const std::string& precision) {
  ReadOptions options;
  if (!weights.empty()) options.weights = weights;
  auto graph = read_onnx_json(file, options);
  ASSERT_TRUE(graph.ok()) << graph.errors()[0].message;
  design_.graph = std::move(*graph);
  design_.options.precision = precision;
  for (const Pass& pass : passes()) {
    const Status status = pass.run(design_);
    ASSERT_TRUE(status.ok()) << pass.name << ": " << status.errors()[0].message;
    if (pass.name == "quantise") break;
  }
  const auto found = find_decoder(design_.graph);  // a pass may have changed the ids of values
  ASSERT_TRUE(found.ok());
  design_.decoder = *found;
  decoder_ = std::make_unique<ReferenceDecoder>(design_.graph, design_.decoder);
}

Rows Reference::feed(const std::vector<int64_t>& ids) {
  const auto logits = decoder_->feed(ids);
  if (!logits.ok()) {
    ADD_FAILURE() << logits.errors()[0].message;
    return {1, {0}};
  }
  return {logits->shape.back(), logits->f32()};
}

Rows Reference::score(const std::vector<int64_t>& ids) {
  decoder_->restart();
  return feed(ids);
}

std::vector<int64_t> Reference::generate(const std::vector<int64_t>& prompt, int64_t stop,
                                         int most) {
  std::vector<int64_t> made;
  Rows logits = score(prompt);
  while (static_cast<int>(made.size()) < most) {
    const int64_t next = argmax(logits.row(logits.count() - 1));
    if (next == stop) break;
    made.push_back(next);
    logits = feed({next});
  }
  return made;
}

}  // namespace st::test
