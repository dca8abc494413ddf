// SPDX-License-Identifier: Apache-2.0
#include "tests/common/safetensors.h"

#include "frontends/huggingface/safetensors.h"
#include "tests/common/builds.h"
#include "tests/common/tool.h"

namespace st::test {
namespace fs = std::filesystem;

TestTensors read_tensors(const fs::path& file) {
  TestTensors tensors;
  const auto opened = huggingface::SafetensorsFile::open(file);
  EXPECT_TRUE(opened.ok()) << file;
  if (!opened.ok()) return tensors;
  for (const auto& [name, tensor] : opened->tensors()) {
    const auto* bytes = reinterpret_cast<const char*>(tensor.bytes.data());
    tensors[name] = {tensor.dtype, tensor.shape, std::string(bytes, tensor.bytes.size())};
  }
  return tensors;
}

void write_tensors(const fs::path& file, const TestTensors& tensors) {
  std::string header = "{", data;
  for (const auto& [name, tensor] : tensors) {
    header += (data.empty() && header.size() == 1 ? "\"" : ",\"") + name + "\":{\"dtype\":\"" +
              tensor.dtype + "\",\"shape\":[" + joined(tensor.shape) + "],\"data_offsets\":[" +
              std::to_string(data.size()) + "," +
              std::to_string(data.size() + tensor.bytes.size()) + "]}";
    data += tensor.bytes;
  }
  write_safetensors(file, header + "}", data);
}

void write_safetensors(const fs::path& file, const std::string& header, const std::string& data) {
  std::string length(8, '\0');
  for (size_t i = 0; i < length.size(); ++i)
    length[i] = static_cast<char>(header.size() >> (8 * i) & 0xff);
  write(file, length + header + data);
}

fs::path tiny_checkpoint(const std::string& family) {
  return source("tests/models/huggingface/" + family);
}

}  // namespace st::test
