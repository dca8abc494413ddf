// SPDX-License-Identifier: Apache-2.0
/// Words of several memory ports, which take turns, to the one stream that a port of the engine is:
/// where the ports of a platform are narrower than a word, one alone is too slow.
#ifndef STREAMTENSOR_MERGE_H
#define STREAMTENSOR_MERGE_H

#include <hls_stream.h>

#include "streamtensor/striped_layout.h"

namespace st {

inline void read_word(hls::stream<word_bytes>& in, bool wanted, word_bytes& word) {
#pragma HLS INLINE
  if (wanted) word = in.read();
}

/// `Part` words of each input in turn, `turns` times; of all these the first `words` ones are sent.
template <int Part, typename... Ins>
void merge_ports(hls::stream<word_bytes>& out, int turns, int words, Ins&... ins) {
  constexpr int Inputs = sizeof...(Ins);
  int input = 0, at = 0;
  for (int n = 0; n < turns * Inputs * Part; ++n) {
#pragma HLS LOOP_TRIPCOUNT min = Inputs max = 4096
#pragma HLS PIPELINE II = 1
    word_bytes word = {};
    int i = 0;
    (read_word(ins, i++ == input, word), ...);
    if (n < words) out.write(word);
    const bool ends = at == Part - 1;
    at = ends ? 0 : at + 1;
    input = !ends ? input : input == Inputs - 1 ? 0 : input + 1;
  }
}

/// What load_cache() sends of each input's port: keys of a position in turn, then values. `Stripes`
/// are the ports of the engine, each with as many inputs behind it.
template <int KVHeads, int Head, int Stripes, int MaxRounds, typename... Ins>
void merge_rounds(hls::stream<word_bytes>& out, int tokens, int past, Ins&... ins) {
  constexpr int Together = Stripes * (int)sizeof...(Ins);
  constexpr int KeyWords = position_layout<KVHeads, Head>::KeyWords;
  constexpr int ValueWords = position_layout<KVHeads, Head>::ValueWords;
  static_assert(MaxRounds % (int)sizeof...(Ins) == 0, "all inputs have as many rounds");
  const int turns = (past + tokens + Together - 1) / Together;
  const int rounds = turns * (int)sizeof...(Ins);
  merge_ports<KeyWords>(out, turns, rounds * KeyWords, ins...);
  merge_ports<ValueWords>(out, turns, rounds * ValueWords, ins...);
}

}  // namespace st

#endif
