// SPDX-License-Identifier: Apache-2.0
#include "frontends/onnx_json/weight_files.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <system_error>
#include <utility>

namespace st::onnx_json {
namespace {

/// Whether `location` names a file in the model's directory or below it, on any system.
bool stays_inside(const std::string& location) {
  if (location.empty() || location.find('\0') != std::string::npos) return false;
  if (location.find('\\') != std::string::npos || location.find(':') != std::string::npos)
    return false;
  const std::filesystem::path path(location);
  if (path.is_absolute()) return false;
  return std::none_of(path.begin(), path.end(), [](const auto& part) { return part == ".."; });
}

}  // namespace

WeightFiles::WeightFiles(const std::filesystem::path& model,
                         std::optional<std::filesystem::path> only, bool ignored,
                         std::shared_ptr<const MappedFile> mapped)
    : directory_(model.parent_path()),
      model_name_(model.filename().string()),
      only_(std::move(only)),
      mapped_(std::move(mapped)),
      ignored_(ignored) {
  std::error_code error;
  if (!only_ || !std::filesystem::is_directory(*only_, error)) return;
  directory_ = *only_;
  only_.reset();
}

std::filesystem::path WeightFiles::path_of(const std::string& location) const {
  return only_ ? *only_ : directory_ / location;
}

bool WeightFiles::check_location(const std::string& location, const Field& field) const {
  // A location is checked even when it is overridden: the model does not become better by that.
  if (stays_inside(location)) return true;
  field.problems().add(
      "E0105", "location '" + printable(location) + "' leads out of the model's folder",
      field.pointer(), {}, "name a file beside the model, or give it with --weights FILE");
  return false;
}

bool WeightFiles::is_hdf5(const std::string& location) const {
  if (!stays_inside(location)) return false;
  const std::filesystem::path path = path_of(location);
  if (path.extension() == ".h5" || path.extension() == ".hdf5") return true;
  constexpr std::array<char, 8> Signature = {'\x89', 'H', 'D', 'F', '\r', '\n', '\x1a', '\n'};
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;  // a pipe would be waited for
  std::array<char, Signature.size()> begin{};
  std::ifstream(path, std::ios::binary).read(begin.data(), begin.size());
  return begin == Signature;
}

std::shared_ptr<const Hdf5File> WeightFiles::open(const std::optional<std::string>& location,
                                                  const Field& field) {
  if (location && !check_location(*location, field)) return nullptr;
  if (only_) return open_path(*only_, field);
  if (location) return open_path(directory_ / *location, field);
  const auto path = default_file(field);
  return path ? open_path(*path, field) : nullptr;
}

std::shared_ptr<const MappedFile> WeightFiles::open_raw(const std::string& location,
                                                        const Field& field) {
  if (!check_location(location, field)) return nullptr;
  if (only_ && replaced_.value_or(location) != location) {
    field.problems().add("E0105",
                         "one file was given for the weights, but they are in '" +
                             printable(*replaced_) + "' and in '" + printable(location) + "'",
                         field.pointer(), {}, "give the folder of these files with --weights");
    return nullptr;
  }
  replaced_ = location;
  const std::filesystem::path path = path_of(location);
  const auto known = mapped_files_.find(path);
  if (known != mapped_files_.end()) return known->second;
  auto file = MappedFile::open(path);
  if (!file.ok()) {
    field.problems().add(
        "E0201",
        "weights file '" + printable(path.filename().string()) + "' is missing or cannot be read",
        field.pointer(), {file.errors().front().message},
        "put it beside the model, or name it with --weights");
  }
  return mapped_files_[path] = file.ok() ? *file : nullptr;
}

std::optional<std::filesystem::path> WeightFiles::default_file(const Field& field) {
  if (no_default_) return std::nullopt;
  const auto named = directory_ / std::filesystem::path(model_name_).replace_extension(".h5");
  std::error_code error;
  if (std::filesystem::exists(named, error)) return named;
  std::vector<std::filesystem::path> candidates;
  const auto folder = directory_.empty() ? std::filesystem::path(".") : directory_;
  for (auto it = std::filesystem::directory_iterator(folder, error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    if (it->path().extension() == ".h5") candidates.push_back(directory_ / it->path().filename());
  }
  if (candidates.size() == 1) return candidates.front();
  no_default_ = true;
  std::sort(candidates.begin(), candidates.end());
  std::vector<std::string> details;
  constexpr size_t MostShown = 10;
  for (size_t i = 0; i < candidates.size() && i < MostShown; ++i) {
    details.push_back("there is '" + printable(candidates[i].filename().string()) + "'");
  }
  field.problems().add("E0201",
                       candidates.empty()
                           ? "the initializers have no data, and there is no weights file '" +
                                 printable(named.filename().string()) + "' beside the model"
                           : "it is not clear which HDF5 file beside the model has the weights",
                       field.pointer(), std::move(details), "name the file with --weights FILE");
  return std::nullopt;
}

std::shared_ptr<const Hdf5File> WeightFiles::open_path(const std::filesystem::path& path,
                                                       const Field& field) {
  const auto known = opened_.find(path);
  if (known != opened_.end()) return known->second;
  auto file = Hdf5File::open(path);
  if (!file.ok()) {
    Diagnostics problems = file.errors();
    for (Diagnostic& problem : problems) problem.details.push_back("needed at " + field.where());
    field.problems().add(problems);
  }
  return opened_[path] = file.ok() ? *file : nullptr;
}

}  // namespace st::onnx_json
