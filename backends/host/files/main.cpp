// SPDX-License-Identifier: Apache-2.0
/// Runs a compiled language model on an FPGA card through XRT: text or token ids in, the same out.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "device.h"
#include "generate.h"
#include "options.h"
#include "text.h"

namespace {

using host::Options;

// Prints what follows a prompt as it comes: `before` ahead of the first id, `next(id)` for each,
// and `rest()` behind all. The line is ended even if an error cuts it short, unless nothing came at
// all.
template <typename Next, typename Rest>
void generate_line(host::Model& model, const std::vector<std::int32_t>& ids, const Options& options,
                   std::string before, Next next, Rest rest) {
  bool begun = false;
  const auto print = [&](const std::string& text) {
    std::cout << std::exchange(before, "") << text << std::flush;
    begun = true;
  };
  try {
    host::generate(model, ids, options, [&](std::int32_t id) { print(next(id)); });
  } catch (...) {
    if (begun) std::cout << rest() << std::endl;
    throw;
  }
  print(rest());
  std::cout << std::endl;
  if (!std::cout) throw host::Failure(host::Environment, "", "cannot write the output");
}

void generate_ids(host::Model& model, const std::vector<std::int32_t>& ids,
                  const Options& options) {
  const char* separator = "";
  const auto next = [&](std::int32_t id) {
    return std::exchange(separator, ",") + std::to_string(id);
  };
  generate_line(model, ids, options, "", next, [] { return std::string(); });
}

// A prompt as text and as ids.
struct Prompt {
  std::string text;
  std::vector<std::int32_t> ids;
};

void generate_text(host::Model& model, const host::Text& tokenizer, const Prompt& prompt,
                   const Options& options) {
  if (options.print_ids) return generate_ids(model, prompt.ids, options);
  host::TextOfIds text(tokenizer, prompt.ids.back());
  const auto next = [&](std::int32_t id) {
    return host::is_stop(options, id) ? std::string() : text.next(id);
  };
  generate_line(model, prompt.ids, options, prompt.text, next, [&] { return text.rest(); });
}

std::string of_line(std::size_t number) {
  return " (line " + std::to_string(number) + " of the input)";
}

// Calls `take(line)` for each line of standard input. A failure says which line it is of.
template <typename Take>
void each_line(Take take) {
  std::string line;
  for (std::size_t number = 1; std::getline(std::cin, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    try {
      take(line);
    } catch (host::Failure& failure) {
      failure.where = of_line(number);
      throw;
    }
  }
}

// The prompts of text. All are read before anything is computed, and what is wrong with them is
// told together.
std::vector<Prompt> text_prompts(const host::Text& tokenizer, const Options& options) {
  std::vector<Prompt> prompts;
  if (options.prompt) {
    prompts.push_back({*options.prompt, tokenizer.ids_of(*options.prompt)});
    return prompts;
  }
  std::vector<host::Failure> failures;
  each_line([&](const std::string& line) {
    try {
      prompts.push_back({line, tokenizer.ids_of(line)});
    } catch (host::Failure& failure) {
      failure.where = of_line(prompts.size() + failures.size() + 1);
      failures.push_back(failure);
    }
  });
  if (failures.empty()) return prompts;
  for (std::size_t i = 0; i + 1 < failures.size(); ++i)
    std::cerr << failures[i].what() << failures[i].where << '\n';
  throw failures.back();
}

void print_time(const char* name, const host::Phase& phase) {
  if (phase.rows == 0) return;
  std::vector<double> times = phase.milliseconds;
  std::sort(times.begin(), times.end());
  const double sum = std::accumulate(times.begin(), times.end(), 0.0);
  const auto rows = static_cast<double>(phase.rows);
  std::fprintf(stderr, "%s: %.0f tokens in %.3f ms (%.3f ms each", name, rows, sum, sum / rows);
  if (times.size() > 1)
    std::fprintf(stderr, "; median %.3f, slowest %.3f", times[times.size() / 2], times.back());
  std::fprintf(stderr, ")\n");
}

void run(Options options) {
  const auto begin = std::chrono::steady_clock::now();
  // A prompt that cannot be used is told before the card is set up.
  std::optional<host::Text> tokenizer;
  std::vector<Prompt> prompts;
  if (options.text) {
    tokenizer.emplace(options.build, program::Vocabulary);
    if (options.stops.empty()) options.stops = tokenizer->stops();
    prompts = text_prompts(*tokenizer, options);
  }
  host::Device device(options);
  host::Model model(device, options);
  const std::chrono::duration<double, std::milli> loading =
      std::chrono::steady_clock::now() - begin;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    try {
      generate_text(model, *tokenizer, prompts[i], options);
    } catch (host::Failure& failure) {
      if (!options.prompt) failure.where = of_line(i + 1);
      throw;
    }
  }
  if (!options.ids.empty()) generate_ids(model, options.ids, options);
  if (options.mode == Options::Mode::Batch && !options.text)
    each_line(
        [&](const std::string& line) { generate_ids(model, host::parse_ids(line), options); });
  if (options.read_back) std::fprintf(stderr, "read-back: parameters on the card are right\n");
  if (!options.time) return;
  std::fprintf(stderr, "load: %.3f ms\n", loading.count());
  print_time("prefill", model.prefill);
  print_time("decode", model.decode);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Options options = host::parse_options({argv + 1, argv + argc});
    if (options.mode == Options::Mode::Help) {
      std::cout << host::Usage;
      return 0;
    }
    run(options);
    return 0;
  } catch (const host::Unfinished& failure) {
    std::cerr << failure.what() << failure.where << std::endl;
    std::_Exit(failure.exit_code);  // destructors would wait for the kernel
  } catch (const host::Failure& failure) {
    std::cerr << failure.what() << failure.where << '\n';
    return failure.exit_code;
  } catch (const std::exception& error) {
    const std::string what = error.what();
    const bool no_setup = what.find("XILINX_XRT") != std::string::npos;
    std::cerr << "error: device: " << what << (no_setup ? "; source XRT's setup.sh first\n" : "\n");
    return host::Environment;
  }
}
