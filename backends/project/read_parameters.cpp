// SPDX-License-Identifier: Apache-2.0
#include "backends/project/read_parameters.h"

#include <fstream>
#include <map>

#include "backends/host/launch_plan.h"
#include "core/dataflow/interpreter.h"
#include "core/packing/checksum.h"
#include "core/packing/pack.h"
#include "core/support/json.h"
#include "core/support/read_file.h"

namespace st {
namespace fs = std::filesystem;
namespace {

Result<std::vector<uint8_t>> read_words(const fs::path& file, int64_t first_word, int64_t words) {
  std::ifstream in(file, std::ios::binary);
  std::vector<uint8_t> bytes(static_cast<size_t>(words) * (WordBits / 8));
  in.seekg(first_word * (WordBits / 8));
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!in)
    return Diagnostic{"E0602",
                      "parameter file '" + file.filename().string() + "' is missing or too short",
                      "params",
                      {},
                      "build again"};
  return bytes;
}

/// One segment of a parameter file, or a whole table, as the tensor that was packed.
class PackedConstant final : public ConstantSource {
 public:
  PackedConstant(fs::path file, Memory memory, const Segment* segment, std::vector<int64_t> shape)
      : file_(std::move(file)), memory_(std::move(memory)), shape_(std::move(shape)) {
    if (segment != nullptr) segment_ = *segment;
  }

  Result<Tensor> load() const override { return load_layer(0); }
  int64_t layers() const override {
    return memory_.role == MemoryRole::Table || segment_.layered ? memory_.copies : 1;
  }
  Result<Tensor> load_layer(int64_t layer) const override {
    const int64_t offset = layers() > 1 ? layer * layer_words(memory_) : 0;
    if (memory_.role == MemoryRole::Table) {
      ST_TRY(bytes, read_words(file_, offset, layer_words(memory_)));
      return unpacked_rows(bytes, memory_, memory_.rows);
    }
    ST_TRY(bytes, read_words(file_, offset + segment_.first_word, segment_.words));
    const int64_t count =
        token_count(segment_.type.itensor, in_launch(1, 0)) * segment_.type.beats_per_token();
    return tensor_from_stream(unpacked_beats(bytes, segment_.type, count), segment_.type, shape_, 1,
                              0);
  }
  std::string describe() const override { return "params/" + file_.filename().string(); }

 private:
  fs::path file_;
  Memory memory_;
  Segment segment_;
  std::vector<int64_t> shape_;
};

}  // namespace

Status check_parameter_files(const fs::path& build, const Program& program) {
  constexpr size_t LargestMap = size_t{1} << 28;
  ST_TRY(text, read_file(build / "params/map.json", LargestMap));
  ST_TRY(map, json::parse(text, "params/map.json"));
  std::map<std::string, std::string> checksums;
  if (const json::Value* files = map.find("files"); files && files->array()) {
    for (const json::Value& file : *files->array()) {
      const json::Value *name = file.find("file"), *checksum = file.find("checksum");
      if (name && checksum && name->string() && checksum->string())
        checksums[*name->string()] = *checksum->string();
    }
  }
  Diagnostics problems;
  for (const Memory& memory : program.memories) {
    const std::string file = parameter_file(memory);
    if (file.empty()) continue;
    std::ifstream in(build / file, std::ios::binary);
    Checksum checksum;
    int64_t size = 0;
    std::vector<char> piece(size_t{1} << 20);
    while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
      checksum.add(reinterpret_cast<const uint8_t*>(piece.data()),
                   static_cast<size_t>(in.gcount()));
      size += in.gcount();
    }
    auto report = [&](const std::string& what, const std::string& detail) {
      problems.push_back({"E0602", what, file, {detail}, "build again"});
    };
    auto known = checksums.find(file);
    if (known == checksums.end()) {
      report("params/map.json does not list this file", "the directory is not complete");
    } else if (size != memory.bytes) {
      report("the parameter file has the wrong size",
             std::to_string(size) + " bytes, expected " + std::to_string(memory.bytes));
    } else if (checksum.text() != known->second) {
      report("the parameter file was changed",
             "checksum " + checksum.text() + ", params/map.json says " + known->second);
    }
  }
  return problems;
}

void read_constants_from(const fs::path& build, Program& program) {
  for (const Memory& memory : program.memories) {
    const fs::path file = build / parameter_file(memory);
    auto bind = [&](TensorId id, const Segment* segment) {
      DataTensor& tensor = program.tensors[id];
      tensor.constant =
          std::make_shared<PackedConstant>(file, memory, segment, shape_in_launch(tensor, 1, 0));
    };
    if (memory.role == MemoryRole::Table) bind(memory.tensor, nullptr);
    for (const Segment& segment : memory.segments) bind(segment.tensor, &segment);
  }
}

}  // namespace st
