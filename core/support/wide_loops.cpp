// SPDX-License-Identifier: Apache-2.0
#include "core/support/wide_loops.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>

namespace st::wide {
namespace {

// A body is inlined into a function for each set, and so compiled for it.
#define ST_BODY [[gnu::always_inline]] inline

#if defined(__x86_64__)
#define ST_AVX2 [[gnu::target("avx2,fma,f16c")]]
#define ST_AVX512 [[gnu::target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl")]]
#else
#define ST_AVX2
#define ST_AVX512
#endif

std::atomic<InstructionSet>& widest() {
  static std::atomic<InstructionSet> set = InstructionSet::Avx512;
  return set;
}

InstructionSet machine_has() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return InstructionSet::Avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return InstructionSet::Avx2;
#endif
  return InstructionSet::Plain;
}

template <auto Body, typename... Args>
ST_AVX512 auto on_avx512(Args... args) {
  return Body(args...);
}
template <auto Body, typename... Args>
ST_AVX2 auto on_avx2(Args... args) {
  return Body(args...);
}
/// One body for all sets, or one for each.
template <auto Body, auto Avx2Body = Body, auto Avx512Body = Body, typename... Args>
auto on_any(Args... args) {
  static const InstructionSet best = machine_has();
  switch (std::min(best, widest().load(std::memory_order_relaxed))) {
    case InstructionSet::Avx512:
      return on_avx512<Avx512Body>(args...);
    case InstructionSet::Avx2:
      return on_avx2<Avx2Body>(args...);
    default:
      return Body(args...);
  }
}

/// Bits of floats without a sign are in the order of their magnitudes.
ST_BODY float peak_body(const float* values, int64_t count) {
  constexpr int Lanes = 64;
  int32_t largest[Lanes] = {};
  int64_t i = 0;
  for (; i + Lanes <= count; i += Lanes) {
    for (int l = 0; l < Lanes; ++l) {
      const int32_t bits = std::bit_cast<int32_t>(values[i + l]) & 0x7fffffff;
      largest[l] = largest[l] < bits ? bits : largest[l];
    }
  }
  for (; i < count; ++i) {
    const int32_t bits = std::bit_cast<int32_t>(values[i]) & 0x7fffffff;
    largest[0] = largest[0] < bits ? bits : largest[0];
  }
  for (int l = 1; l < Lanes; ++l) largest[0] = std::max(largest[0], largest[l]);
  return std::bit_cast<float>(largest[0]);
}

/// Clamping comes first: the conversion of what is out of range is undefined.
ST_BODY int32_t rounded(float value, float inverse, float peak) {
  const float v = value * inverse;
  const float low = v >= -peak ? v : -peak;
  const float clamped = low <= peak ? low : peak;
  return static_cast<int32_t>(clamped + (clamped >= 0.0f ? 0.5f : -0.5f));
}

ST_BODY void round_to_bytes_body(const float* values, int64_t count, float inverse, float peak,
                                 int8_t* out) {
  for (int64_t i = 0; i < count; ++i)
    out[i] = static_cast<int8_t>(rounded(values[i], inverse, peak));
}

ST_BODY void round_to_nibbles_body(const float* values, int64_t count, float inverse, float peak,
                                   uint8_t* out) {
  for (int64_t i = 0; i < count; ++i)
    out[i] = static_cast<uint8_t>(rounded(values[i], inverse, peak) & 15);
}

ST_BODY void scales_below_body(float largest, bool bfloat16, float* scales, float* inverses) {
  for (int s = 0; s < Scales; ++s) {
    const float wanted = largest * (1.0f - 0.5f * static_cast<float>(s) / Scales);
    const auto bits = std::bit_cast<uint32_t>(wanted);
    const uint32_t half = (bits + 0x7fffU + (bits >> 16U & 1U)) & 0xffff0000U;
    scales[s] = std::bit_cast<float>(bfloat16 ? half : bits);
  }
  for (int s = 0; s < Scales; ++s) inverses[s] = 1.0f / scales[s];
}

template <int Lanes>
struct Floats {
  using Vector [[gnu::vector_size(Lanes * sizeof(float))]] = float;
};

/// Adds the squares of what some scales leave of one magnitude, in steps. To add and to take away
/// `Integers` rounds to an integer, ties to even.
template <typename Vector>
ST_BODY void add_squares(float value, const Vector& inverses, const Vector& peaks, Vector& sums) {
  constexpr float Integers = 12582912.0f;  // 1.5 * 2^23
  const Vector nearest = (inverses * value + Integers) - Integers;
  const Vector clamped = nearest < peaks ? nearest : peaks;
  const Vector off = inverses * value - clamped;
  sums += off * off;
}

/// `Lanes`: floats in a vector of the machine. Values take turns on several sums of each scale: an
/// addition takes some cycles.
template <int Lanes>
ST_BODY void square_errors_body(const float* values, int64_t count, const float* scales,
                                const float* inverses, float peak, double* errors) {
  using Vector = typename Floats<Lanes>::Vector;
  constexpr int64_t Block = 128;
  constexpr int Vectors = Scales / Lanes, Sums = 4 / Vectors;
  Vector inverse[Vectors];
  std::memcpy(inverse, inverses, sizeof inverse);
  const Vector peaks = Vector{} + peak;
  for (int s = 0; s < Scales; ++s) errors[s] = 0;
  for (int64_t first = 0; first < count; first += Block) {
    const int64_t end = std::min(count, first + Block);
    Vector sums[Sums][Vectors] = {};
    const int64_t whole = first + (end - first) / Sums * Sums;
    for (int64_t k = first; k < whole; k += Sums) {
      for (int i = 0; i < Sums; ++i) {
        const float value = std::fabs(values[k + i]);
        for (int v = 0; v < Vectors; ++v) add_squares(value, inverse[v], peaks, sums[i][v]);
      }
    }
    for (int64_t k = whole; k < end; ++k) {
      for (int v = 0; v < Vectors; ++v)
        add_squares(std::fabs(values[k]), inverse[v], peaks, sums[0][v]);
    }
    float all[Sums][Scales];
    std::memcpy(all, sums, sizeof all);
    for (int i = 0; i < Sums; ++i) {
      for (int s = 0; s < Scales; ++s) errors[s] += double{all[i][s]};
    }
  }
  for (int s = 0; s < Scales; ++s) errors[s] *= double{scales[s]} * double{scales[s]};
}

/// A scale times an integer of few bits is exact in double, so that nothing depends on whether the
/// difference is rounded once or twice.
ST_BODY void squares_body(const float* values, int64_t count, float scale, float inverse,
                          float peak, double* squares) {
  for (int64_t i = 0; i < count; ++i) {
    const double off = double{values[i]} - double{scale} * rounded(values[i], inverse, peak);
    squares[i] = off * off;
  }
}

ST_BODY bool widen_float16_body(const uint16_t* from, int64_t count, float* to) {
  uint32_t not_finite = 0;
  for (int64_t i = 0; i < count; ++i) {
    const uint32_t bits = from[i], magnitude = bits & 0x7fffU;
    not_finite |= (magnitude + 0x400U) & 0x8000U;
    // The exponent's bias is 112 more in a float32; subnormal numbers come out right as well.
    constexpr float Rebias = 0x1p112f;
    const float widened = std::bit_cast<float>(magnitude << 13U) * Rebias;
    to[i] = std::bit_cast<float>(std::bit_cast<uint32_t>(widened) | (bits & 0x8000U) << 16U);
  }
  return not_finite == 0;
}

ST_BODY bool widen_bfloat16_body(const uint16_t* from, int64_t count, float* to) {
  uint32_t not_finite = 0;
  for (int64_t i = 0; i < count; ++i) {
    const uint32_t bits = from[i];
    not_finite |= ((bits & 0x7fffU) + 0x80U) & 0x8000U;
    to[i] = std::bit_cast<float>(bits << 16U);
  }
  return not_finite == 0;
}

ST_BODY bool copy_float32_body(const uint32_t* from, int64_t count, float* to) {
  uint32_t not_finite = 0;
  for (int64_t i = 0; i < count; ++i) {
    const uint32_t bits = from[i];
    not_finite |= ((bits & 0x7fffffffU) + 0x800000U) & 0x80000000U;
    to[i] = std::bit_cast<float>(bits);
  }
  return not_finite == 0;
}

using Vec8 [[gnu::vector_size(32)]] = float;

/// Eight rows of eight become columns: neighbours, pairs and halves change places.
ST_BODY void transpose_square(const float* from, int64_t columns, float* to, int64_t rows) {
  Vec8 a[8], b[8];
  for (int i = 0; i < 8; ++i) std::memcpy(&a[i], from + i * columns, sizeof a[i]);
  for (int i = 0; i < 8; i += 2) {
    b[i] = __builtin_shufflevector(a[i], a[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    b[i + 1] = __builtin_shufflevector(a[i], a[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
  for (int i = 0; i < 8; i += (i % 4 == 1 ? 3 : 1)) {
    a[i] = __builtin_shufflevector(b[i], b[i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
    a[i + 2] = __builtin_shufflevector(b[i], b[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
  }
  for (int i = 0; i < 4; ++i) {
    b[i] = __builtin_shufflevector(a[i], a[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    b[i + 4] = __builtin_shufflevector(a[i], a[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
  for (int i = 0; i < 8; ++i) std::memcpy(to + i * rows, &b[i], sizeof b[i]);
}

/// In squares of whole cache lines, so that each line is read and written once.
ST_BODY void transpose_body(const float* from, int64_t rows, int64_t columns, float* to) {
  constexpr int64_t Half = 8, Side = 16;
  const int64_t high = rows / Side * Side, wide = columns / Side * Side;
  for (int64_t c = 0; c < wide; c += Side) {
    for (int64_t r = 0; r < high; r += Side) {
      for (int64_t half = c; half < c + Side; half += Half) {
        transpose_square(from + r * columns + half, columns, to + half * rows + r, rows);
        transpose_square(from + (r + Half) * columns + half, columns, to + half * rows + r + Half,
                         rows);
      }
    }
  }
  for (int64_t c = 0; c < columns; ++c) {
    for (int64_t r = c < wide ? high : 0; r < rows; ++r) to[c * rows + r] = from[r * columns + c];
  }
}

ST_BODY void pack_nibbles_body(const uint8_t* values, int64_t count, uint8_t* out) {
  const int64_t pairs = count / 2;
  for (int64_t i = 0; i < pairs; ++i)
    out[i] = static_cast<uint8_t>(values[2 * i] | values[2 * i + 1] << 4);
}

ST_BODY void pack_nibble_runs_body(const uint8_t* values, const int64_t* offsets, int64_t runs,
                                   int64_t length, uint8_t* out) {
  constexpr int64_t Usual = 16;
  if (length == Usual) {  // a vector
    for (int64_t r = 0; r < runs; ++r)
      pack_nibbles_body(values + offsets[r], Usual, out + r * (Usual / 2));
    return;
  }
  for (int64_t r = 0; r < runs; ++r)
    pack_nibbles_body(values + offsets[r], length, out + r * (length / 2));
}

ST_BODY void unpack_nibbles_body(const uint8_t* packed, int64_t count, uint8_t* values) {
  const int64_t pairs = count / 2;
  for (int64_t i = 0; i < pairs; ++i) {
    values[2 * i] = packed[i] & 15U;
    values[2 * i + 1] = static_cast<uint8_t>(packed[i] >> 4U);
  }
}

ST_BODY int32_t dot_bytes_body(const int8_t* a, const int8_t* b, int64_t count) {
  uint32_t sum = 0;
  for (int64_t i = 0; i < count; ++i)
    sum += static_cast<uint32_t>(static_cast<int32_t>(a[i]) * static_cast<int32_t>(b[i]));
  return static_cast<int32_t>(sum);
}

ST_BODY int32_t dot_nibbles_body(const int8_t* a, const uint8_t* b, int64_t count) {
  uint32_t sum = 0;
  for (int64_t i = 0; i < count; ++i)
    sum += static_cast<uint32_t>(static_cast<int32_t>(a[i]) * ((b[i] ^ 8) - 8));
  return static_cast<int32_t>(sum);
}

}  // namespace

void take_at_most(InstructionSet set) { widest() = set; }

float peak(const float* values, int64_t count) { return on_any<peak_body>(values, count); }

void round_to_bytes(const float* values, int64_t count, float inverse, float peak, int8_t* out) {
  on_any<round_to_bytes_body>(values, count, inverse, peak, out);
}

void round_to_nibbles(const float* values, int64_t count, float inverse, float peak, uint8_t* out) {
  on_any<round_to_nibbles_body>(values, count, inverse, peak, out);
}

void scales_below(float largest, bool bfloat16, float* scales, float* inverses) {
  on_any<scales_below_body>(largest, bfloat16, scales, inverses);
}

void square_errors(const float* values, int64_t count, const float* scales, const float* inverses,
                   float peak, double* errors) {
  on_any<square_errors_body<4>, square_errors_body<8>, square_errors_body<8>>(
      values, count, scales, inverses, peak, errors);
}

bool widen_float16(const void* from, int64_t count, float* to) {
  return on_any<widen_float16_body>(static_cast<const uint16_t*>(from), count, to);
}
bool widen_bfloat16(const void* from, int64_t count, float* to) {
  return on_any<widen_bfloat16_body>(static_cast<const uint16_t*>(from), count, to);
}
bool copy_float32(const void* from, int64_t count, float* to) {
  return on_any<copy_float32_body>(static_cast<const uint32_t*>(from), count, to);
}

void squares(const float* values, int64_t count, float scale, float inverse, float peak,
             double* squares) {
  on_any<squares_body>(values, count, scale, inverse, peak, squares);
}

void transpose(const float* from, int64_t rows, int64_t columns, float* to) {
  on_any<transpose_body>(from, rows, columns, to);
}

void pack_nibbles(const uint8_t* values, int64_t count, uint8_t* out) {
  on_any<pack_nibbles_body>(values, count, out);
}
void pack_nibble_runs(const uint8_t* values, const int64_t* offsets, int64_t runs, int64_t length,
                      uint8_t* out) {
  on_any<pack_nibble_runs_body>(values, offsets, runs, length, out);
}
void unpack_nibbles(const uint8_t* packed, int64_t count, uint8_t* values) {
  on_any<unpack_nibbles_body>(packed, count, values);
}

int32_t dot_bytes(const int8_t* a, const int8_t* b, int64_t count) {
  return on_any<dot_bytes_body>(a, b, count);
}
int32_t dot_nibbles(const int8_t* a, const uint8_t* b, int64_t count) {
  return on_any<dot_nibbles_body>(a, b, count);
}

}  // namespace st::wide
