// SPDX-License-Identifier: Apache-2.0
// When kernels of striped attention read and write, written from the text of their templates, and
// in how many cycles.
#include <gtest/gtest.h>

#include <map>

#include "core/dataflow/kernel_record.h"
#include "tests/common/striped_model.h"
#include "tests/core/nest_walk.h"

namespace st {
namespace {

using test::Accesses;
using test::StripedCase;

/// The accesses of one kernel in a launch, in order.
class Script {
 public:
  Script(const StripedCase& of, const Kernel& kernel, int64_t past)
      : of_(of), kernel_(kernel), rounds_(past / of.stripes() + 1) {}

  Accesses accesses() {
    if (kernel_.kind == "load_cache") write(0, rounds_ * (of_.key_words() + of_.value_words()));
    if (kernel_.kind == "store_position") store_position();
    if (kernel_.kind == "feed_heads") feed_heads();
    if (kernel_.kind == "attend") attend();
    if (kernel_.kind == "share_peaks") share_peaks();
    if (kernel_.kind == "merge_heads") merge_heads();
    return std::move(accesses_);
  }

 private:
  void read(size_t input, int64_t beats = 1) {
    append(accesses_, {false, static_cast<int>(input), beats});
  }
  void write(size_t output, int64_t beats = 1) {
    append(accesses_, {true, static_cast<int>(output), beats});
  }
  void read_all(size_t first) {
    for (size_t i = first; i < kernel_.inputs.size(); ++i) read(i);
  }

  /// Value by value: a beat comes with its first one, a word is complete with its last one. What
  /// comes, comes before what goes.
  void packed(size_t row, int64_t heads, int64_t slices) {
    for (int64_t n = 0; n < heads * of_.head; ++n) {
      if (n % of_.head == 0) read(row + 1);
      if (n % of_.lanes == 0) read(row);
      for (int64_t s = 0; n % of_.head == 0 && s < slices; ++s)
        write(static_cast<size_t>(slices + s));
      if ((n + 1) % of_.head != 0 && (n % of_.head + 1) % 64 != 0) continue;
      for (int64_t s = 0; s < slices; ++s) write(static_cast<size_t>(s));
    }
  }
  void store_position() {
    packed(0, of_.kv_heads, 0);
    packed(2, of_.kv_heads, 0);
  }
  void feed_heads() {
    const auto slices = static_cast<int64_t>(of_.slices.size());
    packed(0, of_.heads, slices);
    packed(2, of_.kv_heads, slices);
    packed(4, of_.kv_heads, slices);
  }

  void attend() {
    for (int64_t h = 0; h < of_.heads + 2 * of_.kv_heads; ++h) read(1), read(0, of_.head_words());
    for (int64_t n = 0; n < rounds_ * of_.key_words(); ++n) read_all(3);
    write(0, of_.heads + of_.kv_heads);
    read(2, of_.heads + of_.kv_heads);
    for (int64_t n = 0; n < rounds_ * of_.value_words(); ++n) read_all(3);
    write(1, of_.heads * (1 + 4 * of_.sum_parts * of_.head_words()));
  }

  void share_peaks() {
    for (int64_t n = 0; n < of_.heads + of_.kv_heads; ++n) {
      read_all(0);
      write(0);
      if (n >= of_.heads) write(1);
    }
  }

  /// Value by value: their beats of sums come with the first of 16, a beat leaves with its last.
  void merge_heads() {
    read(0, of_.kv_heads);
    for (int64_t h = 0; h < of_.heads; ++h) {
      read_all(1);
      for (int64_t i = 0; i < of_.head_words() * 64; ++i) {
        for (int64_t part = 0; i % 16 == 0 && part < of_.sum_parts; ++part) read_all(1);
        if (i < of_.head && (h * of_.head + i + 1) % of_.lanes == 0) write(0);
      }
    }
  }

  const StripedCase& of_;
  const Kernel& kernel_;
  int64_t rounds_;
  Accesses accesses_;
};

/// What kernels that merge the words of ports do.
Accesses moved(const std::string& kind, const std::map<std::string, int64_t>& sizes, int inputs,
               int64_t past) {
  Kernel kernel;
  kernel.kind = kind;
  kernel.sizes = sizes;
  kernel.inputs.resize(static_cast<size_t>(inputs));
  return test::NestWalk(1, past).accesses(nest_of(Program(), kernel));
}

TEST(StripedOrder, PortsThatAreMergedTakeTurns) {
  for (const int64_t words : {int64_t{19}, int64_t{24}, int64_t{25}}) {
    const int64_t turns = (words + 11) / 12;
    Accesses wanted;
    for (int64_t n = 0; n < turns * 12; ++n) {
      append(wanted, {false, static_cast<int>(n % 12 / 4), 1});
      if (n < words) append(wanted, {true, 0, 1});
    }
    EXPECT_EQ(moved("merge_ports", {{"Words", words}, {"Part", 4}, {"Turns", turns}}, 3, 0), wanted)
        << words;
  }
  for (const int64_t past : {0, 5, 6}) {  // positions 0 to past, 2 ports of 3 inputs each
    Accesses wanted;
    for (const int64_t words : {3, 2}) {
      for (int64_t n = 0; n < (past + 6) / 6 * 3 * words; ++n) {
        append(wanted, {false, static_cast<int>(n / words % 3), 1});
        append(wanted, {true, 0, 1});
      }
    }
    const std::map<std::string, int64_t> sizes = {
        {"KVHeads", 2}, {"Head", 64}, {"Stripes", 2}, {"Ways", 3}, {"MaxRounds", 9}};
    EXPECT_EQ(moved("merge_rounds", sizes, 3, past), wanted) << past;
  }
}

TEST(StripedOrder, IsThatOfTheTemplates) {
  for (const StripedCase& of :
       {StripedCase{1, 1, 64, 16, {1}, 4, 0}, StripedCase{6, 2, 8, 16, {2, 3, 2}, 23, 3},
        StripedCase{4, 2, 80, 32, {2, 1}, 23, 0, 1.0f, 2}, StripedCase{4, 4, 8, 2, {4}, 23, 0},
        StripedCase{4, 4, 8, 2, {4}, 23, 0, 1.0f, 2},
        StripedCase{20, 20, 128, 64, {3, 4}, 23, 0, 1.0f, 2}}) {
    const Program program = test::striped_program(of);
    size_t compared = 0;
    for (const Kernel& kernel : program.kernels) {
      const bool other = kernel.kind == "fork" || kernel.kind.ends_with("_rows");
      if (other) continue;
      ++compared;
      for (const int64_t past : {int64_t{0}, of.stripes(), of.max_positions - 1}) {
        if (past >= of.max_positions) continue;
        const Nest nest = nest_of(program, kernel);
        ASSERT_EQ(test::NestWalk(1, past).accesses(nest), Script(of, kernel, past).accesses())
            << of.text() << ", " << kernel.kind << " after " << past << ": " << text_of(nest);
      }
    }
    EXPECT_EQ(compared, 4 + of.slices.size() + static_cast<size_t>(of.stripes()));
  }
}

/// Cycles of the only kernel of a kind, or of the first.
int64_t cycles_of(const StripedCase& of, const std::string& kind) {
  const Program program = test::striped_program(of);
  for (const Kernel& kernel : program.kernels) {
    if (kernel.kind == kind) return cost_of(program, kernel).row_cycles;
  }
  return -1;
}

TEST(StripedOrder, CostsWhatTheTemplatesTake) {
  const StripedCase of = {8, 2, 128, 16, {3, 2}, 33, 0};
  EXPECT_EQ(of.max_rounds(), 7);
  EXPECT_EQ(cycles_of(of, "load_cache"), 7 * (1 + 2 * 2) + 7 * 2 * 2);
  EXPECT_EQ(cycles_of(of, "store_position"), 2 * (2 * 128 / 16) + (1 + 4) + 4);
  EXPECT_EQ(cycles_of(of, "feed_heads"), (8 + 2 + 2) * 128 / 16);
  EXPECT_EQ(cycles_of(of, "attend"),
            (8 + 2 + 2) * 2 + 7 * (1 + 8 * 2) + 2 * (8 + 2) + 7 * 8 * 2 + 8 * (1 + 8));
  EXPECT_EQ(cycles_of(of, "share_peaks"), 8 + 2);
  EXPECT_EQ(cycles_of(of, "merge_heads"), 2 + 8 * (1 + 8));
  const StripedCase halves = {8, 2, 128, 16, {3, 2}, 33, 0, 1.0f, 2};
  EXPECT_EQ(cycles_of(halves, "attend"), cycles_of(of, "attend") + 8 * 8);
  EXPECT_EQ(cycles_of(halves, "merge_heads"), 2 + 8 * (1 + 2 * 8));
  // Of beats that are shorter than a chunk of sums each takes a step.
  const StripedCase narrow = {8, 2, 128, 4, {3, 2}, 33, 0};
  EXPECT_EQ(cycles_of(narrow, "feed_heads"), (8 + 2 + 2) * 128 / 4);
  EXPECT_EQ(cycles_of(narrow, "merge_heads"), 2 + 8 * (1 + 8 * 4));
  const StripedCase both = {8, 2, 128, 4, {3, 2}, 33, 0, 1.0f, 2};
  EXPECT_EQ(cycles_of(both, "merge_heads"), 2 + 8 * (1 + 8 * (1 + 4)));
}

}  // namespace
}  // namespace st
