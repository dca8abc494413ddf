// SPDX-License-Identifier: Apache-2.0
/// Operator conformance cases of the ONNX project (binary protobuf), as far as their graphs need.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/graph/graph.h"

namespace st::test {

/// A case: its graph, the inputs in order of the graph's, and the outputs that are expected.
struct OnnxCase {
  std::string name;
  Graph graph;
  std::vector<Tensor> inputs, expected;
  /// Why the graph cannot be written down here (an element type that the compiler does not have);
  /// empty if it can.
  std::string beyond;
};

/// Reads `folder`/model.onnx and `folder`/test_data_set_0. Fails the test if a file is damaged.
OnnxCase read_onnx_case(const std::filesystem::path& folder);

}  // namespace st::test
