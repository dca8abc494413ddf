// SPDX-License-Identifier: Apache-2.0
#include "tests/models/rows.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "tests/common/builds.h"
#include "tests/common/tool.h"

namespace st::test {
namespace {

std::vector<float> floats_of(const std::string& bytes, size_t begin) {
  EXPECT_EQ((bytes.size() - begin) % sizeof(float), 0U);
  std::vector<float> values((bytes.size() - begin) / sizeof(float));
  std::memcpy(values.data(), bytes.data() + begin, values.size() * sizeof(float));
  return values;
}

}  // namespace

Rows read_npy(const std::filesystem::path& file) {
  const std::string bytes = read(file);
  constexpr size_t Preamble = 10;  // magic, version, two bytes of the header's length
  Rows rows;
  if (bytes.size() < Preamble || bytes.compare(0, 8, std::string("\x93NUMPY\x01\x00", 8)) != 0) {
    ADD_FAILURE() << file << " is no .npy file of version 1.0";
    return rows;
  }
  const size_t length =
      static_cast<unsigned char>(bytes[8]) + 256U * static_cast<unsigned char>(bytes[9]);
  const std::string header = bytes.substr(Preamble, length);
  const size_t shape = header.find("'shape': (");
  if (header.find("'descr': '<f4'") == std::string::npos ||
      header.find("'fortran_order': False") == std::string::npos || shape == std::string::npos) {
    ADD_FAILURE() << file << " holds something else: " << header;
    return rows;
  }
  const std::vector<int64_t> extents =
      numbers_of(header.substr(shape, header.find(')', shape) - shape));
  rows.values = floats_of(bytes, Preamble + length);
  if (extents.size() == 2) rows.width = extents[1];
  EXPECT_EQ(extents.size(), 2U) << file;
  EXPECT_EQ(extents[0], rows.count()) << file;
  return rows;
}

Rows read_logits(const std::filesystem::path& file, int64_t width) {
  Rows rows{width, floats_of(read(file), 0)};
  EXPECT_EQ(rows.count() * width, static_cast<int64_t>(rows.values.size())) << file;
  return rows;
}

int64_t argmax(std::span<const float> row) {
  return std::max_element(row.begin(), row.end()) - row.begin();
}

double largest_difference(const Rows& a, const Rows& b) {
  constexpr double Infinite = std::numeric_limits<double>::infinity();
  if (a.width != b.width) return Infinite;
  double largest = 0;
  for (size_t i = 0; i < std::min(a.values.size(), b.values.size()); ++i) {
    const double difference = std::fabs(static_cast<double>(a.values[i]) - b.values[i]);
    if (std::isnan(difference)) return Infinite;
    largest = std::max(largest, difference);
  }
  return largest;
}

double perplexity(const Rows& logits, const std::vector<int64_t>& ids) {
  double sum = 0;
  int64_t scored = 0;
  for (; scored < logits.count() && scored + 1 < static_cast<int64_t>(ids.size()); ++scored) {
    const std::span<const float> row = logits.row(scored);
    const double peak = row[static_cast<size_t>(argmax(row))];
    double total = 0;
    for (float value : row) total += std::exp(value - peak);
    sum += std::log(total) + peak - row[static_cast<size_t>(ids[static_cast<size_t>(scored) + 1])];
  }
  return std::exp(sum / static_cast<double>(scored));
}

}  // namespace st::test
