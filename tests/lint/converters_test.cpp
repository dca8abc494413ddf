// SPDX-License-Identifier: Apache-2.0
// Converters between random views of a tensor break no rule, in either form.
#include <gtest/gtest.h>

#include "backends/hls/emit_group.h"
#include "core/itensor/conversion.h"
#include "tests/itensor/converter.h"
#include "tests/itensor/random_pairs.h"
#include "tests/lint/sample.h"

namespace st::test {
namespace {

constexpr int Files = 10;
constexpr int PairsOfAFile = 100;

StreamType with_random_lanes(std::mt19937_64& random, const ItensorType& type) {
  return {type, static_cast<int>(pick_divisor(random, token_elements(type)))};
}

const std::string Head = "#include \"streamtensor/kernels.h\"\nusing st::vec;\n";

TEST(LintConverters, AreCleanBetweenRandomViews) {
  std::mt19937_64 random(PairsSeed);
  for (int file = 0; file < Files; ++file) {
    std::string text = Head;
    for (int n = 0; n < PairsOfAFile; ++n) {
      const TypePair pair = random_pair(random, PairsLargest);
      const StreamType from = with_random_lanes(random, pair.source);
      const StreamType to = with_random_lanes(random, pair.result);
      const ConversionPlan plan = plan_conversion(from.itensor, {to.itensor, to.itensor});
      const std::string name = "convert" + std::to_string(n);
      text += hls::emit_converter(converter(name, from, {to, to}, plan.window));
      text += hls::emit_converter(converter(name + "_halves", from, {to, to}, 0));
    }
    ASSERT_EQ(shown(lint_text(text)), "");
  }
}

TEST(LintConverters, AreCleanWithTripCountsByTokens) {
  const Trip rows(Extent::symbol(Sequence), 8);
  const Trip seen(Extent::symbol("d0") + Extent(1), 8);
  const StreamType by_row = {{{1, 4}, DType::F32, {rows, 3}, {1, 4}, {0, 1}}, 2};
  const StreamType by_column = {{{1, 4}, DType::F32, {3, rows}, {4, 1}, {1, 0}}, 4};
  const StreamType causal = {{{1, 1, 6}, DType::F32, {rows, seen}, {1, 1}, {0, 1, Zero}}, 3};
  const StreamType columns = {{{1, 1, 2}, DType::F32, {rows, 3, seen}, {1, 2, 1}, {0, 2, 1}}, 1};
  EXPECT_EQ(shown(lint_text(Head + hls::emit_converter(converter("a", by_row, {by_column}, 0)) +
                            hls::emit_converter(converter("b", by_column, {by_row}, 0)) +
                            hls::emit_converter(converter("c", causal, {columns}, 0)) +
                            hls::emit_converter(converter("d", columns, {causal}, 0)))),
            "");
}

}  // namespace
}  // namespace st::test
