// SPDX-License-Identifier: Apache-2.0
/// The command line.
#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "failure.h"
#include "program.h"

namespace host {

// Longest wait for a launch, unless the command line says otherwise.
#ifndef HOST_TIMEOUT_MS
#define HOST_TIMEOUT_MS 60000
#endif

inline constexpr const char* Usage =
    "usage: host [--build DIR] [--device N] [--xclbin FILE] MODE [OPTION]...\n"
    "  --build DIR      build directory of this program (default .)\n"
    "  --device N       card, as `xbutil examine` numbers them (default 0)\n"
    "  --xclbin FILE    default: link/design.xclbin of the build directory\n"
    "modes:\n"
    "  generate --ids 1,2,3   prints the generated token ids, comma-separated, as they come\n"
    "  generate --prompt TEXT prints the text and what the model makes of it, as it comes\n"
    "  batch                  one prompt per line of stdin, one line of generated ids each\n"
    "  batch --text           the same with texts, all of which are read first\n"
    "options of both modes:\n"
    "  --max-tokens N   ids to generate at most (default 16); 0 only computes the prompt's logits\n"
    "  --stop ID        ends after this id, which is printed; may be given several times. Texts "
    "end "
    "as\n"
    "                   the tokenizer says by default, and such an id has no text\n"
    "  --print-ids      prints ids where the prompt is text\n"
    "  --temperature T  of sampling: ids are drawn by exp(logit / T); default 0, the largest "
    "logit\n"
    "  --top-k K        draws from the K largest logits only; default: as many as the design "
    "keeps\n"
    "  --seed N         of the draws (default 1)\n"
    "  --prefill N      prompt tokens per launch (default: as many as the design takes)\n"
    "  --window         when the text outgrows the positions, recompute its last part from "
    "position 0\n"
    "  --logits FILE    writes every row of logits computed, as float32, in order\n"
    "  --timeout-ms N   longest wait for a launch, after which the program gives up\n"
    "  --read-back      reads the loaded parameters back from the card, and compares checksums\n"
    "  --time           wall time per phase and token on stderr\n";

struct Options {
  std::string build = ".";
  std::string xclbin;  ///< default: link/design.xclbin of the build directory
  unsigned int device = 0;
  enum class Mode { None, Generate, Batch, Help } mode = Mode::None;
  std::vector<std::int32_t> ids;      ///< of `generate`
  std::optional<std::string> prompt;  ///< of `generate`, in the place of ids
  bool text = false;                  ///< prompts are text
  bool print_ids = false;             ///< what is made is printed as ids all the same
  std::int64_t max_tokens = 16;
  std::vector<std::int32_t> stops;  ///< ids that end a text
  double temperature = 0;
  int top_k = program::TopK;
  std::int64_t seed = 1;
  int prefill = program::MaxSequence;
  bool window = false;
  std::string logits;  ///< "": none
  std::chrono::milliseconds timeout{HOST_TIMEOUT_MS};
  bool read_back = false;
  bool time = false;
};

/// Whether `id` ends a text.
inline bool is_stop(const Options& options, std::int32_t id) {
  return std::find(options.stops.begin(), options.stops.end(), id) != options.stops.end();
}

/// `text` as a whole number in [low, high]; `what` names it in the message.
inline std::int64_t parse_number(std::string_view text, std::int64_t low, std::int64_t high,
                                 const std::string& what, const std::string& code = "E0801") {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc() && stopped == end && value >= low && value <= high) return value;
  throw Failure(
      BadInput, code,
      what + " must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
}

/// Token ids separated by commas, each in the vocabulary. At least one.
inline std::vector<std::int32_t> parse_ids(std::string_view text) {
  std::vector<std::int32_t> ids;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    ids.push_back(static_cast<std::int32_t>(
        parse_number(text.substr(begin, end - begin), 0, program::Vocabulary - 1,
                     "token id " + std::to_string(ids.size() + 1) + " of the prompt", "E0604")));
    begin = end + 1;
  }
  return ids;
}

/// Throws Failure if the design does not draw.
inline void check_sampling(const std::string& option) {
  if (program::Draws >= 0) return;
  throw Failure(BadInput, "E0604",
                option + ": the design takes the largest logit; build it with --top-k 2 to 64");
}

/// A temperature from 0 to 100; above 0, the design must draw.
inline double parse_temperature(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(value >= 0) || value > 100)
    throw Failure(BadInput, "E0801", "--temperature must be a number from 0 to 100");
  if (value > 0) check_sampling("--temperature");
  return value;
}

/// Throws Failure for an unknown option, a missing value or a value out of range.
inline Options parse_options(const std::vector<std::string>& arguments) {
  constexpr std::int64_t Many = std::int64_t{1} << 31;
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    const auto value = [&]() -> const std::string& {
      if (i + 1 == arguments.size()) throw Failure(BadInput, "E0801", name + " needs a value");
      return arguments[++i];
    };
    const auto number = [&](std::int64_t low, std::int64_t high) {
      return parse_number(value(), low, high, name);
    };
    if (name == "--build") {
      options.build = value();
    } else if (name == "--xclbin") {
      options.xclbin = value();
    } else if (name == "--device") {
      options.device = static_cast<unsigned int>(number(0, 255));
    } else if (name == "--ids") {
      options.ids = parse_ids(value());
    } else if (name == "--prompt") {
      options.prompt = value();
      options.text = true;
    } else if (name == "--text") {
      options.text = true;
    } else if (name == "--print-ids") {
      options.print_ids = true;
    } else if (name == "--max-tokens") {
      options.max_tokens = number(0, Many);
    } else if (name == "--stop") {
      options.stops.push_back(static_cast<std::int32_t>(number(0, program::Vocabulary - 1)));
    } else if (name == "--temperature") {
      options.temperature = parse_temperature(value());
    } else if (name == "--top-k") {
      check_sampling(name);
      options.top_k = static_cast<int>(number(1, program::TopK));
    } else if (name == "--seed") {
      options.seed = number(0, Many);
    } else if (name == "--prefill") {
      options.prefill = static_cast<int>(number(1, program::MaxSequence));
    } else if (name == "--window") {
      options.window = true;
    } else if (name == "--logits") {
      options.logits = value();
    } else if (name == "--timeout-ms") {
      options.timeout = std::chrono::milliseconds(number(1, Many));
    } else if (name == "--read-back") {
      options.read_back = true;
    } else if (name == "--time") {
      options.time = true;
    } else if (name == "--help") {
      options.mode = Options::Mode::Help;
      return options;
    } else if (name == "generate" && options.mode == Options::Mode::None) {
      options.mode = Options::Mode::Generate;
    } else if (name == "batch" && options.mode == Options::Mode::None) {
      options.mode = Options::Mode::Batch;
    } else {
      throw Failure(BadInput, "E0801", "unknown argument '" + name + "'; see --help");
    }
  }
  if (options.mode == Options::Mode::None) {
    throw Failure(BadInput, "E0801", "what to do is missing: generate or batch; see --help");
  }
  const bool generates = options.mode == Options::Mode::Generate;
  const bool one = options.ids.empty() == options.prompt.has_value();
  if (generates ? !one : !options.ids.empty() || options.prompt) {
    throw Failure(BadInput, "E0801",
                  "--ids or --prompt goes with generate, and generate needs one of them");
  }
  if (generates && options.text && !options.prompt)
    throw Failure(BadInput, "E0801", "--text goes with batch; generate takes --prompt TEXT");
  if (options.xclbin.empty()) options.xclbin = options.build + "/link/design.xclbin";
  return options;
}

}  // namespace host
