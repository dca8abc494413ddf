// SPDX-License-Identifier: Apache-2.0
/// Which file an initializer's data are in; each file is opened once.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/support/mapped_file.h"
#include "frontends/hdf5/hdf5_file.h"
#include "frontends/onnx_json/field.h"

namespace st::onnx_json {

class WeightFiles {
 public:
  /// Locations are relative to the folder of `model`. `only`, if given, is used in its place if it
  /// is a folder, and in the place of all locations if it is a file. `mapped`: the model, where
  /// that is binary and holds raw data.
  WeightFiles(const std::filesystem::path& model, std::optional<std::filesystem::path> only,
              bool ignored, std::shared_ptr<const MappedFile> mapped);

  /// Whether weights are not to be looked for at all.
  [[nodiscard]] bool ignored() const { return ignored_; }
  /// Whether one file was given for all weights.
  [[nodiscard]] bool given() const { return only_.has_value(); }
  /// The mapped model; nullptr for JSON.
  [[nodiscard]] const std::shared_ptr<const MappedFile>& model() const { return mapped_; }

  /// Whether the file at `location` is HDF5, by its name's ending or its first bytes; if it is
  /// not, it holds raw data.
  [[nodiscard]] bool is_hdf5(const std::string& location) const;

  /// The file at `location`, or the default file if there is none: NAME.h5 beside NAME.json, or the
  /// only .h5 file there. nullptr after a complaint at `field` (E0105 for a location outside of the
  /// directory, E0201, E0206); a file that does not open is reported once.
  std::shared_ptr<const Hdf5File> open(const std::optional<std::string>& location,
                                       const Field& field);
  /// The file of raw data at `location`. nullptr after a complaint at `field` (E0105 for a location
  /// outside of the directory, or a second one where one file was given for all; E0201).
  std::shared_ptr<const MappedFile> open_raw(const std::string& location, const Field& field);

 private:
  /// Where the file at `location` is looked for.
  [[nodiscard]] std::filesystem::path path_of(const std::string& location) const;
  bool check_location(const std::string& location, const Field& field) const;
  std::optional<std::filesystem::path> default_file(const Field& field);
  std::shared_ptr<const Hdf5File> open_path(const std::filesystem::path& path, const Field& field);

  std::filesystem::path directory_;
  std::string model_name_;
  std::optional<std::filesystem::path> only_;  ///< a file
  std::shared_ptr<const MappedFile> mapped_;
  std::map<std::filesystem::path, std::shared_ptr<const Hdf5File>> opened_;  ///< nullptr: failed
  std::map<std::filesystem::path, std::shared_ptr<const MappedFile>> mapped_files_;  ///< the same
  std::optional<std::string> replaced_;  ///< the location of raw data that only_ stands for
  bool ignored_ = false;
  bool no_default_ = false;  ///< reported already
};

}  // namespace st::onnx_json
