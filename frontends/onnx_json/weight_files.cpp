// SPDX-License-Identifier: Apache-2.0
#include "frontends/onnx_json/weight_files.h"

#include <algorithm>
#include <system_error>

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

std::shared_ptr<const Hdf5File> WeightFiles::open(const std::optional<std::string>& location,
                                                  const Field& field) {
  // A location is checked even when it is overridden: the model does not become better by that.
  if (location && !stays_inside(*location)) {
    field.problems().add(
        "E0105", "location '" + printable(*location) + "' leads out of the model's folder",
        field.pointer(), {}, "name a file beside the model, or give it with --weights FILE");
    return nullptr;
  }
  if (only_) return open_path(*only_, field);
  if (location) return open_path(directory_ / *location, field);
  const auto path = default_file(field);
  return path ? open_path(*path, field) : nullptr;
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
