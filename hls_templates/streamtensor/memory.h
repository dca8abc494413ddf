// SPDX-License-Identifier: Apache-2.0
/// Streams to and from device memory. Memory is 512-bit words. A row starts at a new word; each
/// word holds as many whole beats as fit, lane i of beat b at bits [(b * L + i) * w, ...); unused
/// bits are zero.
///
/// A port of the kernel moves `Bits` bits in a cycle: a word, or a part of one that still holds
/// whole beats, which takes less logic. Where something lies is always said in words.
#ifndef STREAMTENSOR_MEMORY_H
#define STREAMTENSOR_MEMORY_H

#include <ap_int.h>
#include <hls_stream.h>

#include <cstdint>

#include "streamtensor/bfloat16.h"
#include "streamtensor/vec.h"

namespace st {

/// Bits of a device-memory word.
constexpr int WordBits = 512;
/// Parts of a word that a port of `Bits` bits moves one after another.
template <int Bits>
constexpr int parts_of_word = WordBits / Bits;

/// Bits that a value takes in memory.
template <typename T>
constexpr int lane_width = 8 * static_cast<int>(sizeof(T));
template <int W>
constexpr int lane_width<ap_int<W>> = W;

/// How a row of `Beats` beats of vec<T, L> lies in memory, seen through a port of `Bits` bits.
template <typename T, int L, int Beats, int Bits = WordBits>
struct row_layout {
  static constexpr int BeatBits = L * lane_width<T>;
  static constexpr int BeatsPerWord = WordBits / BeatBits;
  static constexpr int WordsPerRow = (Beats + BeatsPerWord - 1) / BeatsPerWord;
  static constexpr int BeatsPerPart = Bits / BeatBits;
  static_assert(BeatsPerPart > 0, "a beat must fit in what a port moves");
  static_assert(BeatsPerWord == BeatsPerPart * parts_of_word<Bits>, "a word is whole parts");
  static constexpr int Parts = (Beats + BeatsPerPart - 1) / BeatsPerPart;  ///< that hold beats
  static constexpr int PartsPerRow = WordsPerRow * parts_of_word<Bits>;
};

/// Unsigned integer type of a given number of bytes.
template <int Bytes>
struct bits_of;
template <>
struct bits_of<1> {
  using type = uint8_t;
};
template <>
struct bits_of<2> {
  using type = uint16_t;
};
template <>
struct bits_of<4> {
  using type = uint32_t;
};
template <>
struct bits_of<8> {
  using type = uint64_t;
};

/// A value and its bits; synthesis turns this union into wires.
template <typename T>
union lane_bits {
  T value;
  typename bits_of<sizeof(T)>::type bits;
};

/// The value of a lane's bits, and back.
template <typename T>
struct lane_value {
  static T of(uint64_t raw) {
#pragma HLS INLINE
    lane_bits<T> both;
    both.bits = static_cast<typename bits_of<sizeof(T)>::type>(raw);
    return both.value;
  }
  static typename bits_of<sizeof(T)>::type raw(T value) {
#pragma HLS INLINE
    lane_bits<T> both;
    both.value = value;
    return both.bits;
  }
};
template <int W>
struct lane_value<ap_int<W>> {
  static ap_int<W> of(uint64_t raw) {
#pragma HLS INLINE
    return ap_int<W>(raw);
  }
  static uint64_t raw(ap_int<W> value) {
#pragma HLS INLINE
    return value.to_uint64();
  }
};

/// Beat number `slot` of a word, or of a part of one.
template <typename T, int L, int Bits>
vec<T, L> unpack(const ap_uint<Bits>& word, int slot) {
#pragma HLS INLINE
  constexpr int W = lane_width<T>;
  vec<T, L> beat;
  for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
    const int lo = (slot * L + i) * W;
    beat[i] = lane_value<T>::of(word.range(lo + W - 1, lo).to_uint64());
  }
  return beat;
}

/// Puts a beat into slot number `slot` of a word, or of a part of one.
template <typename T, int L, int Bits>
void pack(ap_uint<Bits>& word, int slot, const vec<T, L>& beat) {
#pragma HLS INLINE
  constexpr int W = lane_width<T>;
  for (int i = 0; i < L; ++i) {
#pragma HLS UNROLL
    const int lo = (slot * L + i) * W;
    word.range(lo + W - 1, lo) = lane_value<T>::raw(beat[i]);
  }
}

/// Puts a part into the bytes of a word.
template <int Bits>
void put_part(vec<int8_t, WordBits / 8>& word, int part, const ap_uint<Bits>& bits) {
#pragma HLS INLINE
  for (int i = 0; i < WordBits / 8; ++i) {
#pragma HLS UNROLL
    const int at = i % (Bits / 8) * 8;
    if (i / (Bits / 8) == part) word[i] = (int8_t)(uint8_t)bits.range(at + 7, at).to_uint();
  }
}

/// The other way round.
template <int Bits>
ap_uint<Bits> part_of(const vec<int8_t, WordBits / 8>& word, int part) {
#pragma HLS INLINE
  ap_uint<Bits> bits = 0;
  for (int i = 0; i < WordBits / 8; ++i) {
#pragma HLS UNROLL
    const int at = i % (Bits / 8) * 8;
    if (i / (Bits / 8) == part) bits.range(at + 7, at) = (uint8_t)word[i];
  }
  return bits;
}

/// Streams one row that starts at `parts`. The loop is over what the port moves, each part read
/// exactly once and without a condition, because this is what burst inference asks for; its beats
/// follow one per cycle.
template <typename T, int L, int Beats, int Bits>
void read_row(const ap_uint<Bits>* parts, hls::stream<vec<T, L>>& out) {
#pragma HLS INLINE
  constexpr int PerPart = row_layout<T, L, Beats, Bits>::BeatsPerPart;
  for (int n = 0; n < row_layout<T, L, Beats, Bits>::Parts; ++n) {
#pragma HLS PIPELINE II = PerPart
    const ap_uint<Bits> part = parts[n];
    for (int slot = 0; slot < PerPart; ++slot) {
      if (n * PerPart + slot < Beats) out.write(unpack<T, L>(part, slot));
    }
  }
}

/// Takes one row from the stream and stores it from `parts` on.
template <typename T, int L, int Beats, int Bits>
void write_row(hls::stream<vec<T, L>>& in, ap_uint<Bits>* parts) {
#pragma HLS INLINE
  constexpr int PerPart = row_layout<T, L, Beats, Bits>::BeatsPerPart;
  for (int n = 0; n < row_layout<T, L, Beats, Bits>::Parts; ++n) {
#pragma HLS PIPELINE II = PerPart
    ap_uint<Bits> part = 0;
    for (int slot = 0; slot < PerPart; ++slot) {
      if (n * PerPart + slot < Beats) pack<T, L>(part, slot, in.read());
    }
    parts[n] = part;
  }
}

// Kernels come in two forms: where a memory has a copy for each layer, `first_word` says where that
// of the layer at hand begins.

/// Rows 0 .. rows - 1 of a matrix in memory.
template <typename T, int L, int Beats, int Bits>
void load_rows(const ap_uint<Bits>* port, int first_word, hls::stream<vec<T, L>>& out, int rows) {
  for (int row = 0; row < rows; ++row) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    read_row<T, L, Beats>(
        port + parts_of_word<Bits> * first_word + row * row_layout<T, L, Beats, Bits>::PartsPerRow,
        out);
  }
}
template <typename T, int L, int Beats, int Bits>
void load_rows(const ap_uint<Bits>* port, hls::stream<vec<T, L>>& out, int rows) {
  load_rows<T, L, Beats>(port, 0, out, rows);
}

/// Stores rows 0 .. rows - 1 of a matrix.
template <typename T, int L, int Beats, int Bits>
void store_rows(hls::stream<vec<T, L>>& in, ap_uint<Bits>* port, int first_word, int rows) {
  for (int row = 0; row < rows; ++row) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    write_row<T, L, Beats>(in, port + parts_of_word<Bits> * first_word +
                                   row * row_layout<T, L, Beats, Bits>::PartsPerRow);
  }
}
template <typename T, int L, int Beats, int Bits>
void store_rows(hls::stream<vec<T, L>>& in, ap_uint<Bits>* port, int rows) {
  store_rows<T, L, Beats>(in, port, 0, rows);
}

/// `Beats` beats that are packed like one row from word `first_word` on: one parameter among
/// others.
template <typename T, int L, int Beats, int Bits>
void load_segment(const ap_uint<Bits>* port, int first_word, hls::stream<vec<T, L>>& out) {
  read_row<T, L, Beats>(port + parts_of_word<Bits> * first_word, out);
}
/// The same for each of `rows` rows.
template <typename T, int L, int Beats, int Bits>
void load_segment(const ap_uint<Bits>* port, int first_word, hls::stream<vec<T, L>>& out,
                  int rows) {
  for (int row = 0; row < rows; ++row) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    load_segment<T, L, Beats>(port, first_word, out);
  }
}

/// For each of `rows` ids, that row of the table: an embedding. Ids must lie within the table.
template <typename T, int L, int Beats, int Bits>
void gather_rows(hls::stream<vec<int, 1>>& ids, const ap_uint<Bits>* table, int first_word,
                 hls::stream<vec<T, L>>& out, int rows) {
  for (int row = 0; row < rows; ++row) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    const int id = ids.read()[0];
    read_row<T, L, Beats>(
        table + parts_of_word<Bits> * first_word + id * row_layout<T, L, Beats, Bits>::PartsPerRow,
        out);
  }
}
template <typename T, int L, int Beats, int Bits>
void gather_rows(hls::stream<vec<int, 1>>& ids, const ap_uint<Bits>* table,
                 hls::stream<vec<T, L>>& out, int rows) {
  gather_rows<T, L, Beats>(ids, table, 0, out, rows);
}

/// Key or value cache. Per new row: stores its `Heads` heads of `HeadBeats` beats at position past
/// + t, then streams for each head, `Repeat` times, positions 0 to past + t of that head. Position
/// j of head g is a row of its own, number g * MaxPositions + j. Needs past + tokens <=
/// MaxPositions. The row is read back from memory right after it was written: both go through one
/// port, in order.
template <typename T, int L, int HeadBeats, int Heads, int Repeat, int MaxPositions, int Bits>
void cache_rows(hls::stream<vec<T, L>>& in, ap_uint<Bits>* cache, int first_word,
                hls::stream<vec<T, L>>& out, int tokens, int past) {
  constexpr int HeadParts = row_layout<T, L, HeadBeats, Bits>::PartsPerRow;
  cache += parts_of_word<Bits> * first_word;
  for (int t = 0; t < tokens; ++t) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = TypicalTokens
    const int position = past + t;
    for (int g = 0; g < Heads; ++g) {
      write_row<T, L, HeadBeats>(in, cache + (g * MaxPositions + position) * HeadParts);
    }
    for (int g = 0; g < Heads; ++g) {
      for (int r = 0; r < Repeat; ++r) {
        for (int j = 0; j <= position; ++j) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = MaxPositions
          read_row<T, L, HeadBeats>(cache + (g * MaxPositions + j) * HeadParts, out);
        }
      }
    }
  }
}
template <typename T, int L, int HeadBeats, int Heads, int Repeat, int MaxPositions, int Bits>
void cache_rows(hls::stream<vec<T, L>>& in, ap_uint<Bits>* cache, hls::stream<vec<T, L>>& out,
                int tokens, int past) {
  cache_rows<T, L, HeadBeats, Heads, Repeat, MaxPositions>(in, cache, 0, out, tokens, past);
}

}  // namespace st

#endif
