// SPDX-License-Identifier: Apache-2.0
#include "tests/common/engine_model.h"

#include <cstring>
#include <numeric>

#include "tests/common/random.h"
#include "tests/common/value_bytes.h"

namespace st::test {
namespace {

/// Results by definition, row by row.
class DirectRows {
 public:
  DirectRows(const EngineCase& of, const EngineValues& values)
      : of_(of), values_(values), layout_(of.layout()) {}

  /// Of the row of the layer that a row of a port in a block is; 0 behind the last one.
  [[nodiscard]] float result(size_t token, int64_t block, int64_t port, int64_t row) const {
    const int64_t n = (block * of_.rows + row) * layout_.ports + port;
    return n < of_.width() ? dot(token, n) : 0.0f;
  }
  [[nodiscard]] float dot(size_t token, int64_t n) const {
    const int64_t columns = of_.group_words * StripeColumns;
    float total = 0;
    for (int64_t g = 0; g < layout_.groups; ++g) {
      int64_t sum = 0;
      for (int64_t c = g * columns; c < std::min(of_.depth(), (g + 1) * columns); ++c)
        sum +=
            values_.weights.integer(n * of_.depth() + c) * values_.x[token][static_cast<size_t>(c)];
      const auto at = static_cast<size_t>(n * layout_.groups + g);
      const auto scale = static_cast<float>(static_cast<double>(values_.scales.as<BFloat16>()[at]));
      total += static_cast<float>(sum) * (values_.x_scales[token][static_cast<size_t>(g)] * scale);
    }
    return total;
  }

 private:
  const EngineCase& of_;
  const EngineValues& values_;
  StripeLayout layout_;
};

}  // namespace

StripeLayout EngineCase::layout() const {
  StripeLayout layout;
  layout.ports = std::accumulate(slices.begin(), slices.end(), int64_t{0});
  layout.word_rows = weights == DType::I4 ? 2 : 1;
  layout.group_words = group_words;
  layout.groups = (depth() + group_words * StripeColumns - 1) / (group_words * StripeColumns);
  layout.rows = rows;
  layout.blocks = blocks;
  return layout;
}

std::string EngineCase::text() const {
  std::string text = std::string(name_of(weights)) + " [" + std::to_string(width()) + ", " +
                     std::to_string(depth()) + "] in groups of " +
                     std::to_string(group_words * StripeColumns) + ", " + std::to_string(blocks) +
                     " blocks of " + std::to_string(rows) + " rows, slices";
  for (const int64_t ports : slices) text += " " + std::to_string(ports);
  return text;
}

EngineValues random_values(const EngineCase& of, int64_t tokens, uint64_t seed) {
  Random random(seed);
  EngineValues values;
  values.weights = Tensor::zeros(of.weights, {of.width(), of.depth()});
  for (int64_t i = 0; i < of.width() * of.depth(); ++i) {
    if (of.weights == DType::I4) {
      values.weights.as<Int4>()[static_cast<size_t>(i)] = Int4(random.between(-8, 7));
    } else {
      values.weights.as<int8_t>()[static_cast<size_t>(i)] =
          static_cast<int8_t>(random.between(-128, 127));
    }
  }
  values.scales = Tensor::zeros(DType::BF16, {of.width(), of.layout().groups});
  for (BFloat16& scale : values.scales.as<BFloat16>())
    scale = BFloat16((random.real() + 1.1) * 0.01);
  for (int64_t t = 0; t < tokens; ++t) {
    std::vector<int8_t>& x = values.x.emplace_back();
    for (int64_t c = 0; c < of.depth(); ++c)
      x.push_back(static_cast<int8_t>(random.between(-127, 127)));
    std::vector<float>& scales = values.x_scales.emplace_back();
    for (int64_t g = 0; g < of.layout().groups; ++g)
      scales.push_back(random.chance(0.1) ? 0.0f : 0.03f * (1.1f + random.real()));
  }
  return values;
}

std::map<std::string, std::vector<uint8_t>> engine_streams(const EngineCase& of,
                                                           const EngineValues& values) {
  const StripeLayout layout = of.layout();
  const DirectRows direct(of, values);
  std::map<std::string, std::vector<uint8_t>> streams;
  int64_t first = 0;
  for (size_t s = 0; s < of.slices.size(); ++s) {
    const std::string slice = "_" + std::to_string(s);
    // Tile by tile, lanes of the tokens that there are, then zeroes; all lanes of a beat together.
    const auto lanes = static_cast<size_t>(of.token_lanes()), rows = values.x.size();
    for (size_t tile = 0; tile < rows; tile += lanes) {
      for (int64_t block = 0; block < of.blocks; ++block) {
        for (int64_t c = 0; c < layout.columns() * StripeColumns; c += StripeColumns) {
          for (size_t token = tile; token < tile + lanes; ++token) {
            for (int64_t n = c; n < c + StripeColumns; ++n) {
              const bool filled = token < rows && n < of.depth();
              append(streams["columns" + slice],
                     filled ? values.x[token][static_cast<size_t>(n)] : int8_t{0});
            }
          }
        }
        for (int64_t g = 0; g < layout.groups; ++g) {
          for (size_t token = tile; token < tile + lanes; ++token)
            append(streams["scales" + slice],
                   token < rows ? values.x_scales[token][static_cast<size_t>(g)] : 0.0f);
        }
        for (int64_t beat = 0; beat < layout.rows; beat += layout.beat_rows()) {
          for (size_t token = tile; token < tile + lanes; ++token) {
            for (int64_t r = beat; r < beat + layout.beat_rows(); ++r) {
              for (int64_t port = first; port < first + of.slices[s]; ++port)
                append(streams["results" + slice],
                       token < rows ? direct.result(token, block, port, r) : 0.0f);
            }
          }
        }
      }
    }
    first += of.slices[s];
  }
  for (size_t t = 0; t < values.x.size(); ++t) {
    for (int64_t n = 0; n < of.width(); ++n) append(streams["y"], direct.dot(t, n));
  }
  return streams;
}

}  // namespace st::test
