// SPDX-License-Identifier: Apache-2.0
/// Checkpoints for tests: the tiny ones of the source tree, and changed copies of them.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace st::test {

/// A tensor of a safetensors file.
struct TestTensor {
  std::string dtype;
  std::vector<int64_t> shape;
  std::string bytes;
};
using TestTensors = std::map<std::string, TestTensor>;

/// The tensors of a good file.
TestTensors read_tensors(const std::filesystem::path& file);
/// A file with these tensors, one behind the other.
void write_tensors(const std::filesystem::path& file, const TestTensors& tensors);
/// A file with this header, whatever it says, and `data` behind it.
void write_safetensors(const std::filesystem::path& file, const std::string& header,
                       const std::string& data);

/// Folder of the tiny checkpoint of a family: "gpt2", "llama", "llama_biased", "qwen2" (in two
/// shards), "qwen3", "gemma", "gemma3". tests/models/huggingface/make_checkpoints.py wrote them.
std::filesystem::path tiny_checkpoint(const std::string& family);
/// The ids that logits.npy of each of these folders has a row for.
inline const std::vector<int64_t> TinyIds = {7, 60, 0, 33, 12, 12, 51, 4, 28, 19, 46, 3, 58, 25};
inline constexpr int64_t TinyVocabulary = 61;

}  // namespace st::test
