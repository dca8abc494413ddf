// SPDX-License-Identifier: Apache-2.0
/// Greedy generation: prefill of the prompt, then one token per launch.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "device.h"
#include "options.h"

namespace host {

/// Rows computed and the wall time they took.
struct Phase {
  std::int64_t rows = 0;
  std::chrono::duration<double, std::milli> time{0};
};

/// The model on the card, as a function from token ids and positions to logits.
class Model {
 public:
  /// Throws Failure if the design lacks an input or output that a language model has, or FILE
  /// cannot be written.
  Model(Device& device, const Options& options)
      : device_(device), prefill_(options.prefill), save_(!options.logits.empty()) {
    if (program::InputIds < 0 || program::Logits < 0) {
      throw Failure(BadInput, "E0602", "the design has no input_ids or no logits");
    }
    if (save_) file_.open(options.logits, std::ios::binary | std::ios::trunc);
    if (!file_) throw Failure(Environment, "", "cannot write " + options.logits);
  }

  /// Computes `ids` at positions `past`, `past` + 1, ...; rows before `past` are in the caches.
  /// Returns the logits that follow the last id.
  std::vector<float> feed(const std::vector<std::int32_t>& ids, int past) {
    const auto begin = std::chrono::steady_clock::now();
    const int count = static_cast<int>(ids.size());
    std::vector<float> last;
    for (int done = 0; done < count;) {
      const int tokens = std::min(prefill_, count - done);
      last = launch(&ids[static_cast<std::size_t>(done)], tokens, past + done);
      done += tokens;
    }
    Phase& phase = count == 1 && past > 0 ? decode : prefill;
    phase.rows += count;
    phase.time += std::chrono::steady_clock::now() - begin;
    return last;
  }

  Phase prefill;  ///< prompts, and recomputed windows
  Phase decode;   ///< single tokens after a prompt

 private:
  std::vector<float> launch(const std::int32_t* ids, int tokens, int past) {
    write_rows(program::InputIds, ids, tokens);
    if (program::PositionIds >= 0) {
      std::vector<std::int32_t> positions(static_cast<std::size_t>(tokens));
      for (int i = 0; i < tokens; ++i) positions[static_cast<std::size_t>(i)] = past + i;
      write_rows(program::PositionIds, positions.data(), tokens);
    }
    device_.launch(tokens, past);
    std::vector<float> last;
    for (int row = save_ ? 0 : tokens - 1; row < tokens; ++row) {
      const Buffer& logits = program::Buffers[program::Logits];
      const auto bytes = static_cast<std::size_t>(row_bytes(logits));
      last = unpack_floats(
          logits,
          device_.read(program::Logits, bytes, static_cast<std::size_t>(row) * bytes).data());
      last.resize(static_cast<std::size_t>(program::LogitsWidth));
      if (save_) save(last);
    }
    return last;
  }

  void write_rows(int buffer, const std::int32_t* values, int count) {
    const auto bytes = pack_integers(program::Buffers[buffer], values, count);
    device_.write(buffer, bytes.data(), bytes.size());
  }

  void save(const std::vector<float>& row) {
    file_.write(reinterpret_cast<const char*>(row.data()),
                static_cast<std::streamsize>(row.size() * sizeof(float)));
    if (!file_.flush()) throw Failure(Environment, "", "cannot write the logits file");
  }

  Device& device_;
  int prefill_;
  bool save_;
  std::ofstream file_;
};

/// The token with the largest logit, the first of equals.
inline std::int32_t argmax(const std::vector<float>& logits) {
  const auto end = logits.begin() + program::Vocabulary;
  return static_cast<std::int32_t>(std::max_element(logits.begin(), end) - logits.begin());
}

/// Continues `text`, calling `emit(id)` for each id as soon as it is known. The caches start empty.
///
/// With --window a text that has outgrown the positions is cut to its last MaxPositions ids, which
/// get the positions 0, 1, ...: the cached keys and values belong to other positions then, so every
/// step computes all of them again.
template <typename Emit>
void generate(Model& model, std::vector<std::int32_t> text, const Options& options, Emit emit) {
  constexpr auto Room = static_cast<std::size_t>(program::MaxPositions);
  const auto fit = [&] {
    if (text.size() <= Room) return;
    if (!options.window) {
      throw Failure(BadInput, "E0604",
                    "the text outgrows the " + std::to_string(Room) +
                        " positions of the design; --window keeps its last part");
    }
    text.erase(text.begin(), text.end() - static_cast<std::ptrdiff_t>(Room));
  };
  fit();
  std::vector<float> logits = model.feed(text, 0);
  for (std::int64_t made = 1; made <= options.max_tokens; ++made) {
    const std::int32_t next = argmax(logits);
    emit(next);
    if (next == options.stop || made == options.max_tokens) return;
    const std::size_t cached = text.size();
    text.push_back(next);
    fit();
    logits = cached < Room ? model.feed({next}, static_cast<int>(cached)) : model.feed(text, 0);
  }
}

}  // namespace host
