// SPDX-License-Identifier: Apache-2.0
/// Which HDF5 file an initializer's data are in; each file is opened once.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "frontends/hdf5/hdf5_file.h"
#include "frontends/onnx_json/field.h"

namespace st::onnx_json {

class WeightFiles {
 public:
  /// Locations are relative to `directory`, where the model `model_name` is; `only`, if given, is
  /// used in place of them all.
  WeightFiles(std::filesystem::path directory, std::string model_name,
              std::optional<std::filesystem::path> only, bool ignored)
      : directory_(std::move(directory)),
        model_name_(std::move(model_name)),
        only_(std::move(only)),
        ignored_(ignored) {}

  /// Whether weights are not to be looked for at all.
  [[nodiscard]] bool ignored() const { return ignored_; }

  /// The file at `location`, or the default file if there is none: NAME.h5 beside NAME.json, or the
  /// only .h5 file there. nullptr after a complaint at `field` (E0105 for a location outside of the
  /// directory, E0201, E0206); a file that does not open is reported once.
  std::shared_ptr<const Hdf5File> open(const std::optional<std::string>& location,
                                       const Field& field);

 private:
  std::optional<std::filesystem::path> default_file(const Field& field);
  std::shared_ptr<const Hdf5File> open_path(const std::filesystem::path& path, const Field& field);

  std::filesystem::path directory_;
  std::string model_name_;
  std::optional<std::filesystem::path> only_;
  std::map<std::filesystem::path, std::shared_ptr<const Hdf5File>> opened_;  ///< nullptr: failed
  bool ignored_ = false;
  bool no_default_ = false;  ///< reported already
};

}  // namespace st::onnx_json
