// SPDX-License-Identifier: Apache-2.0
/// A decoder that is as small as decoders get, for tests that break it or rename its parts.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/common/model_parts.h"
#include "tests/common/tool.h"

namespace st::test {

/// GPT-2-style: one layer, width 8, two heads, 13 characters ("0123456789+=$"), 16 positions. The
/// weights are noise, the same in every run.
struct TinyModel {
  struct Dataset {
    Extents shape;
    std::vector<float> values;
  };

  TinyModel();

  Json json;                               ///< the model file
  std::map<std::string, Dataset> weights;  ///< by dataset: the initializers' first names

  /// The node of that name, and likewise the initializer and the graph input.
  Json& node(const std::string& name);
  Json& initializer(const std::string& name);
  Json& input(const std::string& name);
  /// The value of a metadata entry.
  Json& metadata(const std::string& key);
  void remove_node(const std::string& name);

  /// Renames everything whose name is free: the graph, nodes, and values other than the interface
  /// of a decoder. Datasets keep their names.
  void rename(const std::function<std::string(const std::string&)>& new_name);

  /// Writes model.json and weights.h5 into `folder`; the path of model.json.
  [[nodiscard]] std::filesystem::path write(const std::filesystem::path& folder) const;
};

/// A folder below scratch() that no other test of this program uses.
std::filesystem::path own_folder(const std::string& name);

/// `streamtensor build MODEL --target u280 -o OUTPUT` and more arguments.
Outcome build(const std::filesystem::path& model, const std::filesystem::path& output,
              const std::vector<std::string>& more = {});

/// As build(), without compiling the stub device.
Outcome write_only(const std::filesystem::path& model, const std::filesystem::path& output,
                   std::vector<std::string> more = {});

}  // namespace st::test
