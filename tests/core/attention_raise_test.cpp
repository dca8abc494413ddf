// SPDX-License-Identifier: Apache-2.0
// Attention as exporters spell it out, against the Attention that it becomes.
#include <gtest/gtest.h>

#include "core/passes/raise/raise.h"
#include "tests/core/attention_export.h"

namespace st::test {
namespace {

/// Raises the export, and compares both sides for several lengths.
std::string raised_export(const Form& form) {
  Export model(form);
  const Graph before = model.s.graph();
  EXPECT_TRUE(model.s.graph().check_and_sort().ok());
  const Status status = raise(model.s.graph());
  EXPECT_TRUE(status.ok()) << status.errors().front().message;
  for (const auto& [rows, past] : {std::pair(4, 0), {1, 5}, {3, 7}}) {
    if (!form.cache && past > 0) continue;
    auto inputs = model.inputs(rows, past);
    const auto expected = run(before, inputs), actual = run(model.s.graph(), inputs);
    EXPECT_EQ(actual.size(), expected.size());
    for (const auto& [name, tensor] : expected) {
      EXPECT_EQ(actual.at(name).shape, tensor.shape) << name;
      expect_close(actual.at(name).f32(), tensor.f32());
    }
  }
  return operators_of(model.s.graph());
}

const std::string Whole = "Attention Gather MatMul MatMul MatMul Relu";

TEST(RaiseAttention, WithMasksOfAllKinds) {
  for (const Mask mask : {Mask::Ranges, Mask::Buffer, Mask::Trilu, Mask::Padding}) {
    SCOPED_TRACE(static_cast<int>(mask));
    EXPECT_EQ(raised_export({.mask = mask}), Whole);
  }
}

TEST(RaiseAttention, WithGroupsOfQueries) {
  EXPECT_EQ(raised_export({.heads = 6, .kv_heads = 2}), Whole);
  EXPECT_EQ(raised_export({.heads = 4, .kv_heads = 1, .mask = Mask::Trilu}), Whole);
}

TEST(RaiseAttention, WithScalesBeforeTheProduct) {
  EXPECT_EQ(raised_export({.scaled_before = true}), Whole);
}

TEST(RaiseAttention, BehindRotaryEmbeddings) {
  EXPECT_EQ(raised_export({.heads = 6, .kv_heads = 3, .rotary = Rotary::Fused}),
            Whole + " RotaryEmbedding RotaryEmbedding");
}

TEST(RaiseAttention, BehindRotaryEmbeddingsThatAreSpeltOut) {
  for (const Rotary rotary : {Rotary::Tables, Rotary::Frequencies, Rotary::Counted}) {
    for (const bool split : {false, true}) {
      SCOPED_TRACE(static_cast<int>(rotary));
      EXPECT_EQ(raised_export({.heads = 6, .kv_heads = 3, .rotary = rotary, .split = split}),
                Whole + " RotaryEmbedding RotaryEmbedding");
    }
  }
  for (const Rotary rotary : {Rotary::Uneven, Rotary::Shifted}) {
    SCOPED_TRACE(static_cast<int>(rotary));
    EXPECT_EQ(raised_export({.rotary = rotary}).find("RotaryEmbedding"), std::string::npos);
  }
}

TEST(RaiseAttention, WithoutCache) { EXPECT_EQ(raised_export({.cache = false}), Whole); }

TEST(RaiseAttention, OtherMasksStay) {
  for (const Mask mask : {Mask::Window, Mask::Future, Mask::None}) {
    SCOPED_TRACE(static_cast<int>(mask));
    EXPECT_EQ(raised_export({.mask = mask}).find("Attention"), std::string::npos);
  }
}

TEST(RaiseAttention, TheMaskIsNoInputAnyMore) {
  Export model({.mask = Mask::Padding});
  ASSERT_TRUE(raise(model.s.graph()).ok());
  for (const ValueId id : model.s.graph().inputs)
    EXPECT_NE(model.s.graph().values[static_cast<size_t>(id)].name, "attention_mask");
}

}  // namespace
}  // namespace st::test
