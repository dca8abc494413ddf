// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/build_directory.h"
#include "cli/commands.h"
#include "core/support/process.h"
#include "core/support/read_file.h"

namespace st::cli {
namespace {
namespace fs = std::filesystem;

constexpr int64_t MostTokens = int64_t{1} << 31;  ///< as the host program takes them
constexpr size_t LargestPrompts = size_t{1} << 26;

struct RunOptions {
  std::string build, ids, prompt, prompts, logits;
  int64_t max_tokens = 64;
  int64_t prefill = 0;
  std::string temperature, top_k, seed;    ///< as given; the host program checks them
  std::string device, xclbin, timeout_ms;  ///< the same
  bool card = false, read_back = false;
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

/// Refuses prompts that the model cannot take. The host does so as well; here several are told with
/// their places. Errors: E0604.
Status check_prompts(const Tokenizer& tokenizer, const std::vector<std::string>& texts,
                     const RunOptions& options) {
  Diagnostics problems;
  for (size_t i = 0; i < texts.size(); ++i) {
    auto ids = tokenizer.encode(texts[i]);
    if (ids.ok() && ids->empty()) ids = Diagnostics{{"E0604", "the prompt is empty", "", {}, ""}};
    if (ids.ok()) continue;
    for (Diagnostic problem : ids.errors()) {
      if (!options.prompts.empty())
        problem.where = printable(options.prompts) + ":" + std::to_string(i + 1);
      problems.push_back(problem);
    }
  }
  return problems;
}

/// The host reports its own problems on standard error in the tool's form; its exit code is passed
/// on.
int host_status(int status) {
  constexpr int Deadlock = 75;
  if (status == 0 || status == static_cast<int>(Fault::BadInput) ||
      status == static_cast<int>(Fault::Environment))
    return status;
  return fail({{"E0605",
                "the host program ended with status " + std::to_string(status),
                "",
                {},
                status == Deadlock ? "the lines above name the blocked tasks and channels"
                                   : "`streamtensor verify` finds the kernel at fault"}});
}

Result<int> generate(const RunOptions& options) {
  ST_TRY(directory, BuildDirectory::open(options.build));
  ST_TRY(host, options.card ? directory.card_host() : directory.stub_host());
  Command command;
  command.arguments = {fs::absolute(host).string(), "--build",
                       fs::absolute(directory.path()).string()};
  const auto add = [&](std::initializer_list<std::string> arguments) {
    command.arguments.insert(command.arguments.end(), arguments);
  };
  if (!options.device.empty()) add({"--device", options.device});
  if (!options.xclbin.empty()) add({"--xclbin", fs::absolute(options.xclbin).string()});
  if (options.has_prompt || !options.prompts.empty()) {
    std::vector<std::string> texts = {options.prompt};
    if (!options.prompts.empty()) {
      ST_TRY(content, read_file(options.prompts, LargestPrompts));
      texts = lines_of(content);
      command.input = content;
    }
    ST_TRY(tokenizer, directory.tokenizer());
    ST_CHECK(check_prompts(*tokenizer, texts, options));
  }
  if (!options.prompts.empty()) {
    add({"batch", "--text"});
  } else {
    add({"generate", options.has_prompt ? "--prompt" : "--ids",
         options.has_prompt ? options.prompt : options.ids});
  }
  add({"--max-tokens", std::to_string(options.max_tokens)});
  if (options.stop) add({"--stop", std::to_string(*options.stop)});
  if (options.prefill > 0) add({"--prefill", std::to_string(options.prefill)});
  for (const auto& [name, value] : {std::pair{"--temperature", &options.temperature},
                                    {"--top-k", &options.top_k},
                                    {"--timeout-ms", &options.timeout_ms},
                                    {"--seed", &options.seed}})
    if (!value->empty()) add({name, *value});
  if (options.window) add({"--window"});
  if (options.read_back) add({"--read-back"});
  if (options.time) add({"--time"});
  if (options.print_ids) add({"--print-ids"});
  if (!options.logits.empty()) add({"--logits", fs::absolute(options.logits).string()});
  command.on_error = [](std::string_view piece) { std::cerr << piece; };
  command.on_output = [](std::string_view piece) { std::cout << piece << std::flush; };
  ST_TRY(status, run(command));
  return host_status(status);
}

}  // namespace

Action add_run(CLI::App& app) {
  auto options = std::make_shared<RunOptions>();
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
  auto* card = app.add_flag("--card", options->card,
                            "run on a card, by the build's host/host, in place of the stub device");
  app.add_option("--device", options->device, "number of the card, as `xbutil examine` lists them")
      ->needs(card);
  app.add_option("--xclbin", options->xclbin, "bitstream; default: link/design.xclbin of the build")
      ->needs(card);
  app.add_option("--timeout-ms", options->timeout_ms,
                 "longest wait for a launch; default: a minute on a card, a day on the stub");
  app.add_flag("--read-back", options->read_back,
               "read loaded parameters back from the device, and compare checksums");
  app.add_flag("--time", options->time, "print how long each phase took");
  return [options] {
    const auto result = generate(*options);
    return result.ok() ? *result : fail(result.errors());
  };
}

}  // namespace st::cli
