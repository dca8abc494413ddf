// SPDX-License-Identifier: Apache-2.0
#include "frontends/huggingface/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "core/support/json.h"
#include "core/support/read_file.h"

namespace st::huggingface {
namespace fs = std::filesystem;
namespace {

constexpr const char* SingleFile = "model.safetensors";
constexpr const char* IndexFile = "model.safetensors.index.json";
constexpr size_t LargestIndex = size_t{64} << 20;
constexpr size_t MostDetails = 8;  ///< details of a message

std::optional<DType> weight_type(const std::string& dtype) {
  if (dtype == "F32") return DType::F32;
  if (dtype == "F16") return DType::F16;
  if (dtype == "BF16") return DType::BF16;
  return std::nullopt;
}

/// An E0209 with what is missing, of which the first ones are shown.
Diagnostic missing(const fs::path& where, const std::string& what,
                   std::vector<std::string> details) {
  const size_t all = details.size();
  if (all > MostDetails) {
    details.resize(MostDetails);
    details.push_back("and " + std::to_string(all - MostDetails) + " more");
  }
  return {"E0209", what, where.string(), std::move(details),
          "download the whole checkpoint, its *.safetensors files included"};
}

/// Which shard has which tensors, by the index.
Result<std::map<std::string, std::vector<std::string>>> read_index(const fs::path& path) {
  ST_TRY(text, read_file(path, LargestIndex));
  ST_TRY(index, json::parse(text, path.filename().string()));
  const json::Value* map = index.find("weight_map");
  std::map<std::string, std::vector<std::string>> shards;
  bool good = map != nullptr && map->object() != nullptr && !map->object()->empty();
  for (size_t i = 0; good && i < map->object()->size(); ++i) {
    const auto& [tensor, file] = (*map->object())[i];
    const std::string* name = file.string();
    // A shard is beside the index.
    good = name != nullptr && !name->empty() && *name != ".." &&
           name->find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
    if (good) shards[*name].push_back(tensor);
  }
  if (good) return shards;
  return Diagnostic{"E0209",
                    "'" + path.filename().string() + "' is no index of shards",
                    path.string(),
                    {},
                    "it needs a weight_map from each tensor to the name of a file beside it"};
}

}  // namespace

Result<std::shared_ptr<const Checkpoint>> Checkpoint::open(const fs::path& folder) {
  auto made = std::make_shared<Checkpoint>();
  std::error_code error;
  if (fs::exists(folder / SingleFile, error)) {
    ST_TRY(file, SafetensorsFile::open(folder / SingleFile));
    made->add(std::move(file));
  } else if (fs::exists(folder / IndexFile, error)) {
    ST_CHECK(made->open_shards(folder, folder / IndexFile));
  } else {
    std::vector<std::string> details;
    details.emplace_back("neither model.safetensors nor model.safetensors.index.json is there");
    details.emplace_back("weights in another format, such as pytorch_model.bin, are not read");
    return missing(folder, "there are no weights in '" + printable(folder.string()) + "'",
                   std::move(details));
  }
  return std::shared_ptr<const Checkpoint>(std::move(made));
}

void Checkpoint::add(SafetensorsFile file) {
  files_.push_back(std::make_unique<SafetensorsFile>(std::move(file)));
  for (const auto& [name, tensor] : files_.back()->tensors())
    tensors_[name] = {files_.back().get(), &tensor};
}

Status Checkpoint::open_shards(const fs::path& folder, const fs::path& index) {
  ST_TRY(shards, read_index(index));
  std::vector<std::string> absent, lost;
  Diagnostics problems;
  std::error_code error;
  for (const auto& [name, tensors] : shards) {
    if (!fs::exists(folder / name, error)) {
      absent.push_back("'" + printable(name) + "', with " + std::to_string(tensors.size()) +
                       (tensors.size() == 1 ? " tensor" : " tensors"));
      continue;
    }
    auto file = SafetensorsFile::open(folder / name);
    if (!file.ok()) {
      problems.insert(problems.end(), file.errors().begin(), file.errors().end());
      continue;
    }
    for (const std::string& tensor : tensors) {
      if (file->tensors().count(tensor) == 0)
        lost.push_back("'" + printable(tensor) + "', which should be in '" + printable(name) + "'");
    }
    add(std::move(*file));
  }
  const std::string of = " of the " + std::to_string(shards.size()) + " shards ";
  if (!absent.empty())
    problems.push_back(missing(
        index,
        std::to_string(absent.size()) + of + (absent.size() == 1 ? "is" : "are") + " missing",
        absent));
  if (!lost.empty())
    problems.push_back(missing(index,
                               std::to_string(lost.size()) +
                                   (lost.size() == 1 ? " tensor is" : " tensors are") +
                                   " not in the shard that the index names",
                               lost));
  return problems;
}

std::optional<TensorInfo> Checkpoint::find(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) return std::nullopt;
  const StoredTensor& tensor = *found->second.tensor;
  return TensorInfo{tensor.dtype, weight_type(tensor.dtype), tensor.shape};
}

std::vector<std::string> Checkpoint::names() const {
  std::vector<std::string> names;
  for (const auto& [name, place] : tensors_) names.push_back(name);
  return names;
}

void Checkpoint::read(const std::string& name, int64_t first, std::span<std::byte> out) const {
  const StoredTensor& tensor = *tensors_.at(name).tensor;
  const auto width = static_cast<size_t>(bits_of(*weight_type(tensor.dtype)) / 8);
  std::memcpy(out.data(), tensor.bytes.subspan(static_cast<size_t>(first) * width).data(),
              out.size());
}

void Checkpoint::forget(const std::string& name) const {
  const Place& place = tensors_.at(name);
  place.file->forget(*place.tensor);
}

}  // namespace st::huggingface
