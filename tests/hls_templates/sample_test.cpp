// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "streams.h"

using namespace test;

namespace {

constexpr int L = 4, Beats = 5, Vocabulary = 18, K = 6, Row = L * Beats;

std::vector<int> greedy(const std::vector<float>& logits) {
  Wide<float, L> in;
  Wide<int, 1> out;
  feed(in, logits);
  st::greedy_rows<L, Beats, Vocabulary>(in, out, static_cast<int>(logits.size()) / Row);
  return drain(out);
}

int sampled(const std::vector<float>& row, float temperature, float drawn, float count) {
  Wide<float, L> in;
  Wide<float, 4> draws;
  Wide<int, 1> out;
  feed(in, row);
  draws.write({{temperature, drawn, count, 0.0f}});
  st::sample_rows<L, Beats, Vocabulary, K>(in, draws, out, 1);
  return drain(out).at(0);
}

/// Ids of a row, largest logit first.
std::vector<int> sorted_ids(const std::vector<float>& row) {
  std::vector<int> ids;
  for (int id = 0; id < Vocabulary; ++id) ids.push_back(id);
  std::stable_sort(ids.begin(), ids.end(), [&](int a, int b) {
    return row[static_cast<std::size_t>(a)] > row[static_cast<std::size_t>(b)];
  });
  return ids;
}

}  // namespace

TEST(Greedy, TakesTheLargestOfTheVocabulary) {
  constexpr int Rows = 40;
  std::vector<float> logits = random_floats(Row * Rows, 1);
  for (std::size_t i = 0; i < logits.size(); ++i)
    if (i % Row >= Vocabulary) logits[i] = 100.0f;  // behind the vocabulary
  const std::vector<int> ids = greedy(logits);
  ASSERT_EQ(ids.size(), static_cast<std::size_t>(Rows));
  for (std::size_t r = 0; r < ids.size(); ++r)
    EXPECT_EQ(ids[r], sorted_ids({logits.begin() + static_cast<std::ptrdiff_t>(r * Row),
                                  logits.begin() + static_cast<std::ptrdiff_t>((r + 1) * Row)})[0]);
}

TEST(Greedy, OfEqualsTheFirst) {
  std::vector<float> row(Row, -3.0f);
  EXPECT_EQ(greedy(row)[0], 0);
  row[7] = row[9] = row[16] = 0.0f;
  row[7] = -0.0f;
  EXPECT_EQ(greedy(row)[0], 7);
  row[9] = std::numeric_limits<float>::denorm_min();
  EXPECT_EQ(greedy(row)[0], 9);
  row.assign(Row, -std::numeric_limits<float>::infinity());
  EXPECT_EQ(greedy(row)[0], 0);
  row[17] = -std::numeric_limits<float>::max();
  EXPECT_EQ(greedy(row)[0], 17);
}

TEST(Sample, DrawsByTheWeightsOfTheLargest) {
  const std::vector<float> row = random_floats(Row, 2);
  const std::vector<int> ids = sorted_ids(row);
  for (const int count : {1, 3, K}) {
    for (const float temperature : {0.25f, 1.0f, 3.0f}) {
      std::vector<double> ends;  // of the part of the draws that each id has
      double total = 0;
      for (int k = 0; k < count; ++k) {
        const auto at = static_cast<std::size_t>(ids[static_cast<std::size_t>(k)]);
        const auto first = static_cast<std::size_t>(ids[0]);
        ends.push_back(total += std::exp((double{row[at]} - double{row[first]}) / temperature));
      }
      for (double& end : ends) end /= total;
      for (std::size_t k = 0; k < ends.size(); ++k) {
        const double begin = k == 0 ? 0.0 : ends[k - 1], middle = (begin + ends[k]) / 2;
        EXPECT_EQ(sampled(row, temperature, static_cast<float>(middle), static_cast<float>(count)),
                  ids[k])
            << count << " at " << temperature;
      }
      EXPECT_EQ(sampled(row, temperature, 0.0f, static_cast<float>(count)), ids[0]);
    }
  }
  EXPECT_EQ(sampled(row, 0.0f, 0.99f, K), ids[0]);
}

TEST(Sample, OfEqualsTheFirstComeFirst) {
  std::vector<float> row(Row, 1.0f);
  for (int k = 0; k < K; ++k)
    EXPECT_EQ(sampled(row, 1.0f, (static_cast<float>(k) + 0.5f) / K, K), k);
}
