// SPDX-License-Identifier: Apache-2.0
#include "tests/common/striped_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "tests/common/value_bytes.h"
namespace st::test {
namespace {

float bfloat16_of(float value) {
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  bits &= 0xffff0000U;
  std::memcpy(&value, &bits, sizeof bits);
  return value;
}

int8_t random_byte(Random& random) { return static_cast<int8_t>(random.between(-127, 127)); }

template <typename T>
std::vector<uint8_t> bytes_of_values(const std::vector<T>& values) {
  std::vector<uint8_t> bytes;
  for (const T& value : values) append(bytes, value);
  return bytes;
}

/// Heads of a row, each filled up to whole words.
void append_words(std::vector<uint8_t>& bytes, const std::vector<int8_t>& row,
                  const StripedCase& of) {
  for (size_t i = 0; i < row.size(); ++i) {
    append(bytes, row[i]);
    if ((i + 1) % static_cast<size_t>(of.head) != 0) continue;
    bytes.resize(bytes.size() + static_cast<size_t>(of.head_words() * 64 - of.head));
  }
}

/// The arithmetic of the whole, position by position.
class DirectAttention {
 public:
  DirectAttention(const StripedCase& of, const std::vector<StripedToken>& tokens)
      : of_(of), tokens_(tokens), past_(static_cast<int64_t>(tokens.size()) - 1) {}

  /// Scores and scales of a slice, or of all.
  [[nodiscard]] std::vector<float> peaks(int64_t first, int64_t ports) const {
    std::vector<float> peaks;
    for (int64_t h = 0; h < of_.heads; ++h) {
      float most = -std::numeric_limits<float>::infinity();
      for_each(first, ports, [&](int64_t j) { most = std::max(most, score(h, j)); });
      peaks.push_back(most);
    }
    for (int64_t g = 0; g < of_.kv_heads; ++g) {
      float most = 0;
      for_each(first, ports, [&](int64_t j) { most = std::max(most, v_scale(j, g)); });
      peaks.push_back(most);
    }
    return peaks;
  }
  [[nodiscard]] std::vector<float> all_peaks() const { return peaks(0, of_.stripes()); }

  /// The sum of powers, and those of weights times values, of a head over some ports.
  struct Sums {
    int64_t powers = 0;
    std::vector<int64_t> values;
  };
  [[nodiscard]] Sums sums(int64_t h, int64_t first, int64_t ports) const {
    const std::vector<float> peaks = all_peaks();
    const int64_t g = h / (of_.heads / of_.kv_heads);
    const float most = peaks[static_cast<size_t>(of_.heads + g)];
    const float inverse = most == 0 ? 0 : 65534.0f / most;
    Sums sums{0, std::vector<int64_t>(static_cast<size_t>(of_.head), 0)};
    for_each(first, ports, [&](int64_t j) {
      const float power = std::exp(score(h, j) - peaks[static_cast<size_t>(h)]);
      sums.powers += (static_cast<int32_t>(power * 65534.0f) + 1) / 2;
      const int64_t weight = (static_cast<int32_t>(power * (v_scale(j, g) * inverse)) + 1) / 2;
      for (int64_t d = 0; d < of_.head; ++d)
        sums.values[static_cast<size_t>(d)] +=
            weight * tokens_[static_cast<size_t>(j)].v[static_cast<size_t>(g * of_.head + d)];
    });
    return sums;
  }

  [[nodiscard]] std::vector<float> context() const {
    const std::vector<float> peaks = all_peaks();
    std::vector<float> row;
    for (int64_t h = 0; h < of_.heads; ++h) {
      const Sums all = sums(h, 0, of_.stripes());
      const float most = peaks[static_cast<size_t>(of_.heads + h / (of_.heads / of_.kv_heads))];
      for (const int64_t sum : all.values)
        row.push_back(static_cast<float>(sum) * (most / static_cast<float>(all.powers)));
    }
    return row;
  }

 private:
  /// Visible positions on some ports.
  template <typename Visit>
  void for_each(int64_t first, int64_t ports, const Visit& visit) const {
    const int64_t begin = of_.window > 0 ? std::max<int64_t>(0, past_ + 1 - of_.window) : 0;
    for (int64_t j = begin; j <= past_; ++j) {
      const int64_t port = j % of_.stripes();
      if (port >= first && port < first + ports) visit(j);
    }
  }

  [[nodiscard]] float v_scale(int64_t j, int64_t g) const {
    return tokens_[static_cast<size_t>(j)].v_scales[static_cast<size_t>(g)];
  }

  [[nodiscard]] float score(int64_t h, int64_t j) const {
    const int64_t g = h / (of_.heads / of_.kv_heads);
    const StripedToken &now = tokens_.back(), &then = tokens_[static_cast<size_t>(j)];
    int32_t dot = 0;
    for (int64_t d = 0; d < of_.head; ++d)
      dot += now.q[static_cast<size_t>(h * of_.head + d)] *
             then.k[static_cast<size_t>(g * of_.head + d)];
    return static_cast<float>(dot) * (now.factors[static_cast<size_t>(h)] * of_.scale *
                                      then.k_scales[static_cast<size_t>(g)]);
  }

  const StripedCase& of_;
  const std::vector<StripedToken>& tokens_;
  int64_t past_;
};

/// Beats of 16 of the values from `first` on: as they are, or of the lowest 16 bits and of the
/// rest.
void append_parts(std::vector<uint8_t>& bytes, const std::vector<int64_t>& sums, size_t first,
                  int64_t parts) {
  for (int64_t part = 0; part < parts; ++part) {
    for (size_t i = first; i < first + 16; ++i) {
      const int64_t sum = i < sums.size() ? sums[i] : 0;
      const int64_t low = ((sum % 65536) + 65536) % 65536;
      append(bytes, static_cast<int32_t>(parts == 1 ? sum : part == 1 ? (sum - low) / 65536 : low));
    }
  }
}

/// Positions before the last token's that a port has.
int64_t stored_rounds(const StripedCase& of, const std::vector<StripedToken>& tokens,
                      int64_t port) {
  int64_t rounds = 0;
  for (int64_t j = 0; j + 1 < static_cast<int64_t>(tokens.size()); ++j)
    rounds += j % of.stripes() == port ? 1 : 0;
  return rounds;
}

/// Those that are stored, and zeroes for the new one.
void append_rounds(std::vector<uint8_t>& bytes, const uint8_t* area, int64_t words, int64_t rounds,
                   int64_t stored) {
  const size_t end = bytes.size() + static_cast<size_t>(rounds * words * 64);
  bytes.insert(bytes.end(), area, area + stored * words * 64);
  bytes.resize(end);
}

std::vector<uint8_t> slice_sums(const StripedCase& of, const DirectAttention& direct, int64_t first,
                                int64_t ports) {
  std::vector<uint8_t> bytes;
  for (int64_t h = 0; h < of.heads; ++h) {
    const DirectAttention::Sums sums = direct.sums(h, first, ports);
    const int64_t split = of.sum_parts == 1 ? int64_t{1} << 31 : 65536;
    append(bytes, static_cast<int32_t>(sums.powers % split));
    append(bytes, static_cast<int32_t>(sums.powers / split));
    bytes.resize(bytes.size() + 14 * sizeof(int32_t));
    for (int64_t chunk = 0; chunk < 4 * of.head_words(); ++chunk)
      append_parts(bytes, sums.values, static_cast<size_t>(16 * chunk), of.sum_parts);
  }
  return bytes;
}

}  // namespace

int64_t StripedCase::stripes() const {
  return std::accumulate(slices.begin(), slices.end(), int64_t{0});
}

int64_t StripedCase::key_words() const { return (4 * kv_heads + 63) / 64 + value_words(); }

std::string StripedCase::text() const {
  std::string text = std::to_string(heads) + " heads of " + std::to_string(head) + " on " +
                     std::to_string(kv_heads) + ", " + std::to_string(lanes) + " lanes, window " +
                     std::to_string(window) + ", sums in " + std::to_string(sum_parts) + ", slices";
  for (const int64_t ports : slices) text += " " + std::to_string(ports);
  return text;
}

StripedToken random_token(Random& random, const StripedCase& of) {
  StripedToken token;
  for (int64_t i = 0; i < of.heads * of.head; ++i) token.q.push_back(random_byte(random));
  for (int64_t i = 0; i < of.kv_heads * of.head; ++i) {
    token.k.push_back(random_byte(random));
    token.v.push_back(random_byte(random));
  }
  const float spread = 0.02f / std::sqrt(static_cast<float>(of.head));
  for (int64_t h = 0; h < of.heads; ++h) token.factors.push_back((1.5f + random.real()) * spread);
  for (int64_t g = 0; g < of.kv_heads; ++g) {
    token.k_scales.push_back(bfloat16_of((1.5f + random.real()) * 0.01f));
    // A row of zeroes has a scale of 0.
    token.v_scales.push_back(random.chance(0.1) ? 0.0f
                                                : bfloat16_of((1.5f + random.real()) * 0.03f));
  }
  return token;
}

StripedCaches random_caches(Random& random, const StripedCase& of) {
  StripedCaches caches(static_cast<size_t>(of.stripes()));
  for (std::vector<int8_t>& cache : caches) {
    for (int64_t i = 0; i < of.cache_words() * 64; ++i)
      cache.push_back(static_cast<int8_t>(random.below(256)));
  }
  return caches;
}

void put_position(StripedCaches& caches, const StripedCase& of, int64_t position,
                  const StripedToken& token) {
  std::vector<uint8_t> keys, values;
  for (const auto* scales : {&token.k_scales, &token.v_scales}) {
    for (const float scale : *scales) {
      uint32_t bits = 0;
      std::memcpy(&bits, &scale, sizeof bits);
      append(keys, static_cast<uint16_t>(bits >> 16));
    }
  }
  keys.resize((keys.size() + 63) / 64 * 64);
  append_words(keys, token.k, of);
  append_words(values, token.v, of);
  const int64_t round = position / of.stripes();
  auto cache = caches[static_cast<size_t>(position % of.stripes())].begin();
  const auto put = [&](const std::vector<uint8_t>& bytes, int64_t word) {
    std::transform(bytes.begin(), bytes.end(), cache + word * 64,
                   [](uint8_t byte) { return static_cast<int8_t>(byte); });
  };
  put(keys, round * of.key_words());
  put(values, of.max_rounds() * of.key_words() + round * of.value_words());
}

std::map<std::string, std::vector<uint8_t>> striped_streams(
    const StripedCase& of, const StripedCaches& caches, const std::vector<StripedToken>& tokens) {
  const DirectAttention direct(of, tokens);
  const StripedToken& token = tokens.back();
  const int64_t rounds = (static_cast<int64_t>(tokens.size()) + of.stripes() - 1) / of.stripes();
  std::map<std::string, std::vector<uint8_t>> streams;
  std::vector<uint8_t> rows;
  for (const auto* row : {&token.q, &token.k, &token.v}) append_words(rows, *row, of);
  std::vector<float> scales;
  for (const float factor : token.factors) scales.push_back(factor * of.scale);
  for (const auto* more : {&token.k_scales, &token.v_scales})
    scales.insert(scales.end(), more->begin(), more->end());
  const std::vector<float> peaks = direct.all_peaks();
  int64_t port = 0;
  for (size_t s = 0; s < of.slices.size(); ++s) {
    const std::string slice = "_" + std::to_string(s);
    streams["x" + slice] = rows;
    streams["xs" + slice] = bytes_of_values(scales);
    streams["own" + slice] = bytes_of_values(direct.peaks(port, of.slices[s]));
    streams["peaks" + slice] = bytes_of_values(peaks);
    streams["sums" + slice] = slice_sums(of, direct, port, of.slices[s]);
    port += of.slices[s];
  }
  for (int64_t p = 0; p < of.stripes(); ++p) {
    const auto* cache = reinterpret_cast<const uint8_t*>(caches[static_cast<size_t>(p)].data());
    std::vector<uint8_t>& words = streams["words_" + std::to_string(p)];
    append_rounds(words, cache, of.key_words(), rounds, stored_rounds(of, tokens, p));
    append_rounds(words, cache + of.max_rounds() * of.key_words() * 64, of.value_words(), rounds,
                  stored_rounds(of, tokens, p));
  }
  streams["peaks"] = bytes_of_values(peaks);
  streams["largest"] = bytes_of_values(std::vector<float>(peaks.begin() + of.heads, peaks.end()));
  streams["context"] = bytes_of_values(direct.context());
  return streams;
}

}  // namespace st::test
