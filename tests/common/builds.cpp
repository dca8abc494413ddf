// SPDX-License-Identifier: Apache-2.0
#include "tests/common/builds.h"

#include <fstream>
#include <map>
#include <vector>

#include "core/compiler/stage.h"
#include "tests/common/kept_build.h"

namespace st::test {
namespace fs = std::filesystem;

fs::path weights_of(const std::string& model) {
  if (model == "stories260k") return shared("models/stories260k/stories260K.h5");
  if (model == "char_shakespeare") return shared("models/char_shakespeare/char_shakespeare.h5");
  return source("examples/" + model + "/weights.h5");
}

Request shared_design(const std::string& model, const std::string& precision) {
  return {.model = model,
          .precision = precision,
          .kv_cache = "int8",
          .group_scales = true,
          .shared = true};
}

Request spatial_design(const std::string& model, const std::string& precision) {
  return {.model = model,
          .precision = precision,
          .fold_layers = true,
          .kv_cache = "int8",
          .group_scales = true,
          .one_row = true};
}

Program program_of(const fs::path& build) {
  fs::path last;
  for (const auto& entry : fs::directory_iterator(build / "ir"))
    last = std::max(last, entry.path());
  auto program = read_program(read(last), any_constant(), "ir");
  EXPECT_TRUE(program.ok());
  return program.ok() ? std::move(*program) : Program();
}

const fs::path& built(const Request& request) {
  static std::map<Request, KeptBuild> builds;
  auto [entry, fresh] = builds.try_emplace(request);
  KeptBuild& build = entry->second;
  if (fresh) {
    std::vector<std::string> arguments = {
        "build",       source("examples/" + request.model + "/model.json"),
        "--weights",   weights_of(request.model),
        "--precision", request.precision,
        "--target",    request.target,
        "--synth",     request.synth};
    if (request.kernel_per_slr) arguments.emplace_back("--kernel-per-slr");
    if (request.fold_layers) arguments.emplace_back("--fold-layers");
    if (request.group_scales)
      arguments.insert(arguments.end(), {"--weight-group", "64", "--activation-scales", "group"});
    if (request.kv_cache != "f32")
      arguments.insert(arguments.end(), {"--kv-cache", request.kv_cache});
    if (request.one_row) arguments.insert(arguments.end(), {"--dim", "sequence_length=1..1"});
    if (request.row_lanes > 0)
      arguments.insert(arguments.end(), {"--row-lanes", std::to_string(request.row_lanes)});
    if (request.shared) arguments.insert(arguments.end(), {"--binding", "shared"});
    if (request.shared && request.target == "u280")
      arguments.insert(arguments.end(), {"--engine-ports", "3", "--engine-slices", "2"});
    if (request.shared)
      arguments.insert(arguments.end(), {"--token-lanes", std::to_string(request.token_lanes),
                                         "--token-tiles", std::to_string(request.token_tiles)});
    if (request.top_k > 0)
      arguments.insert(arguments.end(), {"--top-k", std::to_string(request.top_k)});
    if (request.model == "stories260k")
      arguments.insert(arguments.end(), {"--tokenizer", shared("models/stories260k/tok512.bin")});
    // Only a compiler's work is worth keeping, and a target of a file is one test program's own.
    if (request.synth == "stub" && !fs::exists(request.target)) {
      build = kept_build(
          request.model + "_" + request.precision + "_" + request.target +
              (request.fold_layers ? "_folded" : "") +
              (request.kv_cache == "f32" ? "" : "_" + request.kv_cache) +
              (request.kernel_per_slr ? "_slrs" : "") + (request.group_scales ? "_groups" : "") +
              (request.one_row ? "_rows" : "") +
              (request.row_lanes > 0 ? "_lanes" + std::to_string(request.row_lanes) : "") +
              (request.shared ? "_shared" : "") +
              (request.top_k > 0 ? "_top" + std::to_string(request.top_k) : ""),
          arguments);
    } else {
      build.path = scratch() / ("build" + std::to_string(builds.size()));
      arguments.insert(arguments.end(), {"-o", build.path});
      // Nothing is compiled, so nobody sees how deep FIFOs are.
      if (request.synth == "none") arguments.insert(arguments.end(), {"--fifo", "lp"});
      build.outcome = streamtensor(arguments);
    }
  }
  EXPECT_EQ(build.outcome.status, 0) << request.model << ": " << build.outcome.err;
  return build.path;
}

fs::path target_with_ports(int ports) {
  fs::path path = scratch() / ("ports" + std::to_string(ports) + ".json");
  write(path, read(source("targets/u280.json")));
  replace(path, "\"max_ports\": {\"value\": 28",
          "\"max_ports\": {\"value\": " + std::to_string(ports));
  return path;
}

fs::path copy_of(const fs::path& folder, const std::string& name, Links links) {
  fs::path copy = scratch() / name;
  fs::remove_all(copy);
  if (links == Links::Kept) {
    const Outcome copied = run_program({"cp", "-a", folder, copy});
    EXPECT_EQ(copied.status, 0) << copied.err;
  } else {
    fs::copy(folder, copy, fs::copy_options::recursive);
  }
  return copy;
}

void flip(const fs::path& file, int64_t offset, uint8_t mask) {
  std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
  stream.seekg(offset);
  const int byte = stream.get();
  ASSERT_TRUE(stream.good()) << file << " has no byte " << offset;
  stream.seekp(offset);
  stream.put(static_cast<char>(byte ^ mask));
  stream.close();
  ASSERT_TRUE(stream.good()) << "cannot alter " << file;
}

void replace(const fs::path& file, const std::string& from, const std::string& to) {
  std::string content = read(file);
  const size_t at = content.find(from);
  ASSERT_NE(at, std::string::npos) << file << " has no '" << from << "'";
  write(file, content.replace(at, from.size(), to));
}

void recompile_test_bench(const fs::path& build, int group) {
  const Outcome made =
      run_program({"make", "-s", "-C", build / "stub", "CXX=" ST_TEST_CXX,
                   "CXXFLAGS=" ST_TEST_CXXFLAGS, "group" + std::to_string(group) + "_tb"});
  ASSERT_EQ(made.status, 0) << made.err;
}

std::vector<int64_t> numbers_of(const std::string& text) {
  std::vector<int64_t> numbers;
  constexpr const char* Digits = "0123456789";
  for (size_t begin = text.find_first_of(Digits); begin != std::string::npos;) {
    const size_t end = std::min(text.find_first_not_of(Digits, begin), text.size());
    numbers.push_back(std::stoll(text.substr(begin, end - begin)));
    begin = text.find_first_of(Digits, end);
  }
  return numbers;
}

std::string joined(const std::vector<int64_t>& numbers) {
  std::string text;
  for (int64_t number : numbers) text += (text.empty() ? "" : ",") + std::to_string(number);
  return text;
}

}  // namespace st::test
