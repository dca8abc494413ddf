// SPDX-License-Identifier: Apache-2.0
#include "core/support/extent.h"

#include <gtest/gtest.h>

namespace st {
namespace {

const Extent S = Extent::symbol("sequence"), P = Extent::symbol("past");

TEST(Extent, TextIsSortedAndShort) {
  EXPECT_EQ(Extent(64).text(), "64");
  EXPECT_EQ(Extent().text(), "0");
  EXPECT_EQ(Extent(-3).text(), "-3");
  EXPECT_EQ((S + P).text(), "past+sequence");
  EXPECT_EQ((P + Extent::symbol("d0") + Extent(1)).text(), "d0+past+1");
  EXPECT_EQ((2 * S + Extent(-1)).text(), "2*sequence-1");
  EXPECT_EQ((P + -1 * S).text(), "past-sequence");
  EXPECT_EQ((-2 * P).text(), "-2*past");
}

TEST(Extent, TermsThatCancelAreGone) {
  const Extent zero = S + -1 * S;
  EXPECT_EQ(zero, Extent(0));
  EXPECT_TRUE(zero.is_constant());
  EXPECT_EQ((S + P + -1 * P), S);
  EXPECT_EQ(0 * S, Extent(0));
  EXPECT_EQ((S + Extent(4) + -1 * S).constant(), 4);
  EXPECT_EQ(S.constant(), std::nullopt);
}

TEST(Extent, EvaluatesOnlyWithEverySymbolBound) {
  const Extent e = 3 * S + P + Extent(2);
  EXPECT_EQ(e.evaluate({{"sequence", 4}, {"past", 5}}), 19);
  EXPECT_EQ(e.evaluate({{"sequence", 4}}), std::nullopt);
  EXPECT_EQ(Extent(7).evaluate({}), 7);
}

TEST(Extent, SubstitutesExpressions) {
  const Extent e = 2 * S + P;
  EXPECT_EQ(e.substitute("sequence", P + Extent(1)), 3 * P + Extent(2));
  EXPECT_EQ(e.substitute("other", Extent(9)), e);
  EXPECT_EQ(e.substitute("past", -2 * S), Extent(0));
}

}  // namespace
}  // namespace st
