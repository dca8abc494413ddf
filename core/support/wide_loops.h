// SPDX-License-Identifier: Apache-2.0
/// Loops over many elements that are compiled for several instruction sets, of which the machine's
/// widest is taken when the program runs. Results do not depend on it, bit for bit, but for those
/// of square_errors().
#pragma once

#include <cstdint>

namespace st::wide {

enum class InstructionSet { Plain, Avx2, Avx512 };
/// The widest that is taken from now on, if the machine has it; all are at first. For tests.
void take_at_most(InstructionSet set);

/// Largest magnitude of finite values; 0 for none.
float peak(const float* values, int64_t count);

/// Each value times `inverse`, clamped to +-peak, rounded half away from zero: rounded() of
/// core/graph/quantised_value.h.
void round_to_bytes(const float* values, int64_t count, float inverse, float peak, int8_t* out);
/// The same in four bits, the upper half of each byte zero.
void round_to_nibbles(const float* values, int64_t count, float inverse, float peak, uint8_t* out);

inline constexpr int Scales = 8;
/// 8 scales from `largest` down to half of it, the last one left out, in even steps, as float32 or
/// as bfloat16 holds them; and what is multiplied with in place of dividing by them.
void scales_below(float largest, bool bfloat16, float* scales, float* inverses);
/// For each of 8 scales about the sum of the squared errors of `count` values that are rounded by
/// it, to +-peak: sums of at most 128 floats, ties rounded to even, values in steps off by 2^-23 of
/// themselves at most.
void square_errors(const float* values, int64_t count, const float* scales, const float* inverses,
                   float peak, double* errors);

/// The squared error of each value that is rounded by one scale, as round_to_bytes() does, in
/// double.
void squares(const float* values, int64_t count, float scale, float inverse, float peak,
             double* squares);

/// Little-endian floats in a file as float32. False if one of them is NaN or infinite.
bool widen_float16(const void* from, int64_t count, float* to);
bool widen_bfloat16(const void* from, int64_t count, float* to);
bool copy_float32(const void* from, int64_t count, float* to);

/// to[columns, rows] of from[rows, columns].
void transpose(const float* from, int64_t rows, int64_t columns, float* to);

/// Two values, of which each has the lower half of a byte, share one: the first one the lower half.
/// `count` is even.
void pack_nibbles(const uint8_t* values, int64_t count, uint8_t* out);
/// The same for runs of `length` values that begin `offsets` behind `values`.
void pack_nibble_runs(const uint8_t* values, const int64_t* offsets, int64_t runs, int64_t length,
                      uint8_t* out);
/// The other way round.
void unpack_nibbles(const uint8_t* packed, int64_t count, uint8_t* values);

/// The sum of products of int8 by int8, or by int4 in the lower halves of bytes, modulo 2^32.
int32_t dot_bytes(const int8_t* a, const int8_t* b, int64_t count);
int32_t dot_nibbles(const int8_t* a, const uint8_t* b, int64_t count);

}  // namespace st::wide
