// SPDX-License-Identifier: Apache-2.0
// model.onnx in the place of model.json.
#include <gtest/gtest.h>

#include "tests/cli/expect_error.h"
#include "tests/cli/snapshot.h"
#include "tests/common/onnx_wire.h"
#include "tests/common/tiny_model.h"

namespace st::test {
namespace {
namespace fs = std::filesystem;

/// A snapshot without what says which file the model was.
Snapshot without_model(const fs::path& build) {
  Snapshot all = snapshot(build);
  all.erase("model.json");
  return all;
}

TEST(OnnxModel, BuildsWhatItsJsonBuilds) {
  const TinyModel tiny;
  const fs::path folder = own_folder("onnx_model");
  ASSERT_EQ(write_only(tiny.write(folder), folder / "json").status, 0);
  const fs::path binary = write_binary(tiny, folder);
  const Outcome outcome = write_only(binary, folder / "onnx");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(difference(without_model(folder / "json"), without_model(folder / "onnx")), "");
  // The build's own copy is JSON, and finds the weights in the binary file.
  const Outcome again =
      write_only(folder / "onnx/model.json", folder / "again", {"--weights", binary.string()});
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(difference(snapshot(folder / "onnx"), snapshot(folder / "again")), "");
}

TEST(OnnxModel, ErrorsNameByteAndPlace) {
  const fs::path folder = own_folder("onnx_errors");
  const std::string bytes = read(write_binary(TinyModel(), folder));
  write(folder / "cut.onnx", bytes.substr(0, bytes.size() / 2));
  expect_error(write_only(folder / "cut.onnx", folder / "out"), 2,
               {"error[E0102]: this is no ONNX model", "bytes are left", "--> cut.onnx, byte"});
  write(folder / "text.onnx", "to be or not to be");
  expect_error(write_only(folder / "text.onnx", folder / "out"), 2,
               {"error[E0102]: this is no ONNX model", "--> text.onnx"});
}

}  // namespace
}  // namespace st::test
