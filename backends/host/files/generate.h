// SPDX-License-Identifier: Apache-2.0
/// Generation: prefill of the prompt, then one token per launch. The device picks each token where
/// the design does so, and the host the one with the largest logit otherwise.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "device.h"
#include "options.h"
#include "packing.h"

namespace host {

/// Calls of one kind: rows computed, and the wall time of each call.
struct Phase {
  std::int64_t rows = 0;
  std::vector<double> milliseconds;
};

/// The model on the card, as a function from token ids and positions to the id that follows.
class Model {
 public:
  /// Throws Failure if the design lacks an input or output that a language model has, or FILE
  /// cannot be written.
  Model(Device& device, const Options& options)
      : device_(device),
        options_(options),
        save_(!options.logits.empty()),
        random_(static_cast<std::uint32_t>(options.seed)) {
    if (program::InputIds < 0 || program::Logits < 0) {
      throw Failure(BadInput, "E0602", "the design has no input_ids or no logits");
    }
    if (save_) file_.open(options.logits, std::ios::binary | std::ios::trunc);
    if (!file_) throw Failure(Environment, "", "cannot write " + options.logits);
  }

  /// Computes `ids` at positions `past`, `past` + 1, ...; rows before `past` are in the caches.
  /// Returns the id that follows the last one.
  std::int32_t feed(const std::vector<std::int32_t>& ids, int past) {
    const auto begin = std::chrono::steady_clock::now();
    const int count = static_cast<int>(ids.size());
    std::int32_t next = 0;
    for (int done = 0; done < count;) {
      // To save the logits of all rows, each is the last one of a launch.
      const int most = save_ && program::LastRowOnly ? 1 : options_.prefill;
      const int tokens = std::min(most, count - done);
      const bool last = done + tokens == count;
      next = launch(&ids[static_cast<std::size_t>(done)], tokens, past + done, last || save_);
      done += tokens;
    }
    Phase& phase = count == 1 && past > 0 ? decode : prefill;
    phase.rows += count;
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    phase.milliseconds.push_back(took.count());
    return next;
  }

  Phase prefill;  ///< prompts, and recomputed windows
  Phase decode;   ///< single tokens after a prompt

 private:
  /// The id that follows, if results are wanted.
  std::int32_t launch(const std::int32_t* ids, int tokens, int past, bool results) {
    write_rows(program::InputIds, ids, tokens);
    if (program::PositionIds >= 0) {
      std::vector<std::int32_t> positions(static_cast<std::size_t>(tokens));
      for (int i = 0; i < tokens; ++i) positions[static_cast<std::size_t>(i)] = past + i;
      write_rows(program::PositionIds, positions.data(), tokens);
    }
    const int rows = program::LastRowOnly ? 1 : tokens;  // of results
    if (program::Draws >= 0) write_draws(program::Draws, rows);
    device_.launch(tokens, past, results);
    if (!results) return 0;
    for (int row = 0; save_ && row < rows; ++row) save(logits(row));
    if (program::NextIds < 0) return argmax(logits(rows - 1));
    std::int32_t next = 0;
    std::memcpy(&next, read_row(program::NextIds, rows - 1).data(), sizeof next);
    return next;
  }

  /// A row of what a launch made.
  std::vector<unsigned char> read_row(int buffer, int row) {
    const auto bytes = static_cast<std::size_t>(row_bytes(program::Buffers[buffer]));
    return device_.read(buffer, bytes, static_cast<std::size_t>(row) * bytes);
  }

  std::vector<float> logits(int row) {
    std::vector<float> values =
        unpack_floats(program::Buffers[program::Logits], read_row(program::Logits, row).data());
    values.resize(static_cast<std::size_t>(program::LogitsWidth));
    return values;
  }

  /// The id with the largest logit, the first of equals.
  static std::int32_t argmax(const std::vector<float>& logits) {
    const auto end = logits.begin() + program::Vocabulary;
    return static_cast<std::int32_t>(std::max_element(logits.begin(), end) - logits.begin());
  }

  /// For each row the temperature, a random number below 1 of 24 bits, and how many logits it
  /// chooses from.
  void write_draws(int buffer, int count) {
    const auto bytes = static_cast<std::size_t>(row_bytes(program::Buffers[buffer]));
    std::vector<unsigned char> rows(static_cast<std::size_t>(count) * bytes);
    for (int row = 0; row < count; ++row) {
      const float draw[] = {static_cast<float>(options_.temperature),
                            static_cast<float>(random_() >> 8) / 16777216.0f,
                            static_cast<float>(options_.top_k), 0.0f};
      std::memcpy(&rows[static_cast<std::size_t>(row) * bytes], draw, sizeof draw);
    }
    device_.write(buffer, rows.data(), rows.size());
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
  const Options& options_;
  bool save_;
  std::mt19937 random_;
  std::ofstream file_;
};

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
                    "a text of " + std::to_string(text.size()) + " tokens outgrows the " +
                        std::to_string(Room) +
                        " positions of the design; --window keeps its last part");
    }
    text.erase(text.begin(), text.end() - static_cast<std::ptrdiff_t>(Room));
  };
  fit();
  std::int32_t next = model.feed(text, 0);
  for (std::int64_t made = 1; made <= options.max_tokens; ++made) {
    emit(next);
    if (is_stop(options, next) || made == options.max_tokens) return;
    const std::size_t cached = text.size();
    text.push_back(next);
    fit();
    next = cached < Room ? model.feed({next}, static_cast<int>(cached)) : model.feed(text, 0);
  }
}

}  // namespace host
