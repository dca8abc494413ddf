// SPDX-License-Identifier: Apache-2.0
#include "tests/cli/good_build.h"

#include "tests/common/tiny_model.h"

namespace st::test {

const std::filesystem::path& good_build(const std::string& precision) {
  static std::map<std::string, std::filesystem::path> builds;
  const auto [entry, fresh] = builds.try_emplace(precision);
  if (fresh) {
    const auto folder = own_folder("good_build_" + precision);
    entry->second = folder / "out";
    const Outcome outcome =
        build(TinyModel().write(folder), entry->second, {"--precision", precision});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
  }
  return entry->second;
}

}  // namespace st::test
