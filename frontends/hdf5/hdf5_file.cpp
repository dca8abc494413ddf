// SPDX-License-Identifier: Apache-2.0
#include "frontends/hdf5/hdf5_file.h"

#include <algorithm>
#include <limits>
#include <span>
#include <system_error>
#include <utility>

#include "core/support/near_names.h"
#include "frontends/hdf5/hdf5_reader.h"
#include "frontends/hdf5/isolated.h"
#include "frontends/hdf5/mapped.h"
#include "frontends/hdf5/wire.h"

namespace st {
namespace {

constexpr std::chrono::seconds ListingLimit{60};
/// Slower storage than this is not waited for.
constexpr int64_t LeastBytesPerSecond = 4'000'000;
/// A damaged file may claim any size; about twelve days do not overflow a clock.
constexpr int64_t LongestSeconds = 1'000'000;

std::string quoted(const std::string& text) { return "'" + printable(text) + "'"; }

Diagnostic damaged(const std::filesystem::path& path, const std::string& what,
                   const std::string& reason) {
  return {"E0206", what, path.string(), {reason}, "copy or write the file again"};
}

/// The type in memory of a dataset's elements; see Tensor.
DType in_memory(DType dtype) {
  switch (dtype) {
    case DType::I8:
      return DType::I8;
    case DType::I64:
      return DType::I64;
    case DType::U8:
    case DType::I32:
    case DType::Bool:
      return DType::I32;
    default:
      return DType::F32;
  }
}

int64_t bytes_of_element(const Hdf5Dataset& info) { return bits_of(in_memory(*info.dtype)) / 8; }

/// In the child: an empty request asks for a listing, one that lists a dataset asks for its data.
hdf5::Answer answer(const std::filesystem::path& path, const std::string& request) {
  if (request.empty()) return {hdf5::pack(hdf5::list_datasets(path))};
  const auto asked = hdf5::unpack_listing(request, path.string());
  if (!asked.ok() || asked->size() != 1) return {};
  const Hdf5Dataset& info = asked->front();
  const int64_t width = bytes_of_element(info);
  const int64_t count = element_count(info.shape);
  const bool addressable = count <= std::numeric_limits<int64_t>::max() / width;
  auto memory =
      std::make_unique<hdf5::Memory>(addressable ? static_cast<size_t>(count * width) : SIZE_MAX);
  if (!memory->ok()) {
    const Status problem =
        damaged(path, "dataset " + quoted(info.name) + " claims to be larger than memory",
                std::to_string(count) + " elements");
    return {hdf5::pack(problem)};
  }
  const Status status = hdf5::read_dataset(path, info, memory->data());
  if (!status.ok()) memory.reset();
  return {hdf5::pack(status), std::move(memory)};
}

}  // namespace

Hdf5File::Hdf5File(std::filesystem::path path)
    : path_(std::move(path)),
      worker_(std::make_unique<hdf5::Worker>(
          [file = path_](const std::string& request) { return answer(file, request); })),
      mapped_(std::make_unique<hdf5::MappedFile>(path_)) {}

Hdf5File::~Hdf5File() = default;

Result<std::shared_ptr<const Hdf5File>> Hdf5File::open(const std::filesystem::path& path) {
  const auto no_file = [&](const std::string& why) {
    return Diagnostic{"E0201",
                      "weights file " + quoted(path.string()) + " " + why,
                      path.string(),
                      {},
                      "put the file beside the model, or name it with --weights FILE"};
  };
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) return no_file("does not exist");
  if (status.type() != std::filesystem::file_type::regular) return no_file("is no regular file");

  std::shared_ptr<Hdf5File> file(new Hdf5File(path));
  std::string listing;
  const std::string failure =
      file->worker_->ask("", ListingLimit, [&](const std::string& head) -> std::span<std::byte> {
        listing = head;
        return {};
      });
  if (!failure.empty())
    return damaged(path, "weights file " + quoted(path.string()) + " is damaged", failure);
  ST_TRY(datasets, hdf5::unpack_listing(listing, path.string()));
  file->datasets_ = std::move(datasets);
  return std::shared_ptr<const Hdf5File>(std::move(file));
}

Result<const Hdf5Dataset*> Hdf5File::find(const std::string& name) const {
  const std::string bare = name.substr(std::min(name.find_first_not_of('/'), name.size()));
  const auto found = std::lower_bound(
      datasets_.begin(), datasets_.end(), bare,
      [](const Hdf5Dataset& dataset, const std::string& key) { return dataset.name < key; });
  if (found != datasets_.end() && found->name == bare) return &*found;
  std::vector<std::string> names;
  for (const Hdf5Dataset& dataset : datasets_) names.push_back(dataset.name);
  return Diagnostic{"E0202",
                    "there is no dataset " + quoted(name) + " among the " +
                        std::to_string(names.size()) + " of " + quoted(path_.string()),
                    path_.string(),
                    {},
                    did_you_mean(bare, names)};
}

Result<Tensor> Hdf5File::read(const std::string& name) const {
  ST_TRY(info, find(name));
  if (!info->dtype) {
    return Diagnostic{
        "E0204",
        "dataset " + quoted(name) + " has " + info->type_text + ", which is not supported",
        path_.string(),
        {},
        "supported: f16, f32, f64, bf16, i8, u8, i32, i64 and bool"};
  }
  // What is not finite, and what is no longer there, takes the long way, which says what is wrong.
  if (auto tensor = mapped_->read(*info)) return std::move(*tensor);
  return read_by_worker(*info);
}

bool Hdf5File::has_blocks(const std::string& name) const {
  const auto info = find(name);
  return info.ok() && (*info)->shape.size() == 2 && mapped_->holds(**info);
}

Result<Tensor> Hdf5File::read_block(const std::string& name, const Block& block) const {
  ST_TRY(info, find(name));
  if (has_blocks(name)) {
    if (auto tensor = mapped_->read(*info, block)) return std::move(*tensor);
  }
  ST_TRY(matrix, read(name));
  return block_of(std::move(matrix), block);
}

Result<Tensor> Hdf5File::read_by_worker(const Hdf5Dataset& info) const {
  const int64_t count = element_count(info.shape);
  const std::chrono::seconds limit =
      ListingLimit + std::chrono::seconds(std::min(
                         LongestSeconds, count / LeastBytesPerSecond * bytes_of_element(info)));
  Status status;
  Tensor tensor;
  const auto room = [&](const std::string& head) -> std::span<std::byte> {
    status = hdf5::unpack_status(head, path_.string());
    if (!status.ok()) return {};
    tensor = Tensor::zeros(in_memory(*info.dtype), info.shape);
    return std::visit([](auto& data) { return std::as_writable_bytes(std::span(data)); },
                      tensor.data);
  };
  const std::string failure = worker_->ask(hdf5::pack(std::vector<Hdf5Dataset>{info}), limit, room);
  if (!failure.empty())
    return damaged(path_, "dataset " + quoted(info.name) + " is damaged", failure);
  if (!status.ok()) {
    worker_->restart();  // who knows what HDF5 remembers of it
    return status.errors();
  }
  ST_CHECK(check_finite(tensor, info.name, path_.string(), true));
  return tensor;
}

}  // namespace st
