// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <charconv>
#include <fstream>
#include <iostream>
#include <memory>

#include "cli/build_directory.h"
#include "cli/commands.h"
#include "cli/texts.h"
#include "core/support/process.h"
#include "core/support/read_file.h"

namespace st::cli {
namespace {
namespace fs = std::filesystem;

constexpr int64_t MostTokens = int64_t{1} << 31;  ///< as the host program takes them
constexpr size_t LargestPrompts = size_t{1} << 26;

struct Options {
  std::string build, ids, prompt, prompts, logits;
  int64_t max_tokens = 64;
  int64_t prefill = 0;
  std::string temperature, top_k, seed;  ///< as given; the host program checks them
  std::optional<int64_t> stop;
  bool has_prompt = false;  ///< an empty prompt is one, where the tokenizer starts each text itself
  bool window = false, time = false, print_ids = false;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    if (!lines.back().empty() && lines.back().back() == '\r') lines.back().pop_back();
    begin = end + 1;
  }
  return lines;
}

/// Turns the host's "1,2,3" into text as it comes.
class Decoder {
 public:
  Decoder(const Tokenizer& tokenizer, int64_t previous, std::optional<int64_t> stop)
      : tokenizer_(tokenizer), previous_(previous), stop_(stop) {}

  /// Text of the ids that are complete in `piece`.
  std::string feed(std::string_view piece) {
    std::string text;
    for (char c : piece) {
      if (c >= '0' && c <= '9') {
        number_ += c;
      } else {
        text += flush();
      }
    }
    return text;
  }
  std::string flush() {
    if (number_.empty()) return "";
    int64_t id = 0;
    std::from_chars(number_.data(), number_.data() + number_.size(), id);
    number_.clear();
    if (stop_ && id == *stop_) return "";
    std::string text = tokenizer_.decode(previous_, id);
    previous_ = id;
    return text;
  }

 private:
  const Tokenizer& tokenizer_;
  int64_t previous_;
  std::optional<int64_t> stop_;
  std::string number_;
};

/// The host reports its own problems on standard error in the tool's form; its exit code is passed
/// on.
int host_status(int status) {
  constexpr int Deadlock = 75;
  if (status == 0 || status == static_cast<int>(Fault::BadInput) ||
      status == static_cast<int>(Fault::Environment))
    return status;
  return fail({{"E0605",
                "the stub device ended with status " + std::to_string(status),
                "",
                {},
                status == Deadlock ? "the lines above name the blocked tasks and channels"
                                   : "`streamtensor verify` finds the kernel at fault"}});
}

Result<int> generate(const Options& options) {
  ST_TRY(directory, BuildDirectory::open(options.build));
  ST_TRY(host, directory.stub_host());
  std::unique_ptr<Tokenizer> tokenizer;
  const bool text = options.has_prompt || !options.prompts.empty();
  if (text) {
    ST_TRY(made, directory.tokenizer());
    tokenizer = std::move(made);
  }
  std::optional<int64_t> stop = options.stop;
  if (!stop && tokenizer && !tokenizer->stops().empty()) stop = tokenizer->stops().front();

  Command command;
  command.arguments = {fs::absolute(host).string(), "--build",
                       fs::absolute(directory.path()).string()};
  std::vector<std::vector<int64_t>> prompts;
  std::vector<std::string> texts;
  if (!options.prompts.empty()) {
    ST_TRY(content, read_file(options.prompts, LargestPrompts));
    for (const std::string& line : lines_of(content)) texts.push_back(line);
  } else if (text) {
    texts.push_back(options.prompt);
  }
  Diagnostics problems;
  for (size_t i = 0; i < texts.size(); ++i) {
    auto ids = tokenizer->encode(texts[i]);
    if (ids.ok() && ids->empty()) ids = Diagnostics{{"E0604", "the prompt is empty", "", {}, ""}};
    if (!ids.ok()) {
      for (Diagnostic problem : ids.errors()) {
        if (texts.size() > 1)
          problem.where = printable(options.prompts) + ":" + std::to_string(i + 1);
        problems.push_back(problem);
      }
      continue;
    }
    prompts.push_back(std::move(*ids));
  }
  if (!problems.empty()) return problems;

  const bool batch = !options.prompts.empty();
  command.arguments.emplace_back(batch ? "batch" : "generate");
  if (batch) {
    for (const auto& ids : prompts) command.input += ids_text(ids) + "\n";
  } else {
    command.arguments.insert(command.arguments.end(),
                             {"--ids", text ? ids_text(prompts[0]) : options.ids});
  }
  command.arguments.insert(command.arguments.end(),
                           {"--max-tokens", std::to_string(options.max_tokens)});
  if (stop) command.arguments.insert(command.arguments.end(), {"--stop", std::to_string(*stop)});
  if (options.prefill > 0)
    command.arguments.insert(command.arguments.end(),
                             {"--prefill", std::to_string(options.prefill)});
  for (const auto& [name, value] : {std::pair{"--temperature", &options.temperature},
                                    {"--top-k", &options.top_k},
                                    {"--seed", &options.seed}})
    if (!value->empty()) command.arguments.insert(command.arguments.end(), {name, *value});
  if (options.window) command.arguments.emplace_back("--window");
  if (options.time) command.arguments.emplace_back("--time");
  if (!options.logits.empty())
    command.arguments.insert(command.arguments.end(),
                             {"--logits", fs::absolute(options.logits).string()});
  command.on_error = [](std::string_view piece) { std::cerr << piece; };

  std::string output;
  std::unique_ptr<Decoder> decoder;
  bool started = false;
  if (tokenizer && !options.print_ids && !batch) {
    decoder = std::make_unique<Decoder>(*tokenizer, prompts[0].back(), stop);
    command.on_output = [&](std::string_view piece) {
      // The prompt waits for the first token: where there is none, an error should stand alone.
      if (piece.empty() || piece == "\n") return;
      if (!started) std::cout << options.prompt;
      started = true;
      std::cout << decoder->feed(piece) << std::flush;
    };
  } else if (batch && !options.print_ids) {
    command.on_output = [&](std::string_view piece) { output += piece; };
  } else {
    command.on_output = [](std::string_view piece) { std::cout << piece << std::flush; };
  }
  ST_TRY(status, run(command));
  if (decoder && !started && status == 0) std::cout << options.prompt << "\n";
  if (started) std::cout << decoder->flush() << "\n";
  const std::vector<std::string> answers = lines_of(output);
  for (size_t i = 0; i < answers.size() && i < prompts.size(); ++i) {
    Decoder line(*tokenizer, prompts[i].back(), stop);
    std::cout << texts[i] << line.feed(answers[i]) << line.flush() << "\n";
  }
  return host_status(status);
}

}  // namespace

Action add_run(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("build", options->build, "build directory")->required();
  auto* prompt = app.add_option_group("prompt");
  prompt->add_option("--prompt", options->prompt, "text, through the model's tokenizer")
      ->each([given = &options->has_prompt](const std::string&) { *given = true; });
  prompt->add_option("--ids", options->ids, "token ids: 1,2,3");
  prompt->add_option("--prompts", options->prompts,
                     "file with one prompt per line; each starts with an empty cache");
  prompt->require_option(1);
  app.add_option("-n,--max-tokens", options->max_tokens,
                 "tokens to generate at most; 0 only scores the prompt")
      ->check(CLI::Range(int64_t{0}, MostTokens))
      ->capture_default_str();
  app.add_option("--stop", options->stop, "id that ends the text; default: the tokenizer's");
  app.add_option("--prefill", options->prefill,
                 "prompt tokens per launch; default: as many as the design takes")
      ->check(CLI::Range(int64_t{1}, MostTokens));
  app.add_option("--temperature", options->temperature,
                 "of sampling, of a build with --top-k 2 or more; default 0, the largest logit");
  app.add_option("--top-k", options->top_k,
                 "largest logits to draw from; default: as many as the build keeps");
  app.add_option("--seed", options->seed, "of the draws; default 1");
  app.add_option("--logits", options->logits,
                 "write all logits to this file, as little-endian float32");
  app.add_flag("--window", options->window,
               "when positions run out, start again from the last ones");
  app.add_flag("--print-ids", options->print_ids, "print token ids, not text");
  app.add_flag("--time", options->time, "print how long each phase took");
  return [options] {
    const auto result = generate(*options);
    return result.ok() ? *result : fail(result.errors());
  };
}

}  // namespace st::cli
