// SPDX-License-Identifier: Apache-2.0
// Four models at full size with random weights, w4a8, layers folded, on a U280: how long a build
// takes without packing, how fast packing is beside a copy of the weights, and how much memory it
// takes. Usage: bench_full_size [MODEL, e.g. gpt2_medium] [FOLDER for 8 GB of files; default /tmp]
//
// Two processors of an EPYC (Zen 5), seconds:
//   model         passes  data  without packing    cp  packing  ratio  peak, GiB
//   gpt2_medium     3.63  0.48             4.15  0.17     0.40   0.42       0.94
//   qwen2_0_5b      1.41  0.59             2.04  0.22     0.48   0.46       1.48
//   tinyllama_1b    5.55  0.72             6.32  0.50     0.87   0.57       2.35
//   gemma3_1b       2.45  1.82             4.33  0.45     1.03   0.44       3.05
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/common/tool.h"

namespace st {
namespace {
namespace fs = std::filesystem;

// The limits that a build of these models has to keep.
constexpr double MostSeconds = 10.0, LeastRatio = 0.4, MostGibibytes = 6.0;

/// A program that ran.
struct Run {
  int status = -1;
  double seconds = 0, gibibytes = 0;
};

/// Runs it with its standard output and error in a file.
Run run(const std::vector<std::string>& arguments, const fs::path& output) {
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child == 0) {
    const int file = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    std::vector<char*> words;
    for (const std::string& argument : arguments)
      words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    execvp(words[0], words.data());
    _exit(127);
  }
  int status = 0;
  rusage usage = {};
  if (child < 0 || wait4(child, &status, 0, &usage) != child) return {};
  Run result;
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.gibibytes = static_cast<double>(usage.ru_maxrss) / (1 << 20);
  return result;
}

/// Seconds by step, as `build --timing` prints them; and the first line that is an error.
struct Printed {
  std::map<std::string, double> seconds;
  std::string error;
};

Printed read_output(const fs::path& output) {
  std::ifstream in(output);
  Printed printed;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("error") && printed.error.empty()) printed.error = line;
    std::istringstream words(line);
    double seconds = 0;
    std::string unit, step;
    if (words >> seconds >> unit && unit == "s" && std::getline(words >> std::ws, step))
      printed.seconds[step] = seconds;
  }
  return printed;
}

/// Copies the weights three times; the time in the middle. What was written before must not be
/// waited for.
double seconds_to_copy(const fs::path& weights, const fs::path& folder) {
  std::vector<double> times;
  for (int i = 0; i < 3; ++i) {
    sync();
    times.push_back(run({"cp", weights, folder / "copy.h5"}, folder / "cp.txt").seconds);
    fs::remove(folder / "copy.h5");
  }
  std::sort(times.begin(), times.end());
  return times[1];
}

void measure(const std::string& name, const fs::path& config, const fs::path& folder) {
  const std::string tool = ST_TEST_TOOL;
  const fs::path log = folder / "log.txt", model = folder / "model", build = folder / "build";
  fs::create_directories(folder / "checkpoint");
  fs::copy_file(config, folder / "checkpoint/config.json");
  const Run imported =
      run({tool, "import", folder / "checkpoint", model, "--random-weights", "1"}, log);
  if (imported.status != 0) {
    std::printf("%-13s import: %s\n", name.c_str(), read_output(log).error.c_str());
    return;
  }
  const double copy = seconds_to_copy(model / "weights.h5", folder);
  sync();
  const Run built =
      run({tool, "build", model / "model.json", "--target", "u280", "--precision", "w4a8",
           "--weight-group", "128", "--fold-layers", "--synth", "none", "--timing", "-o", build},
          log);
  Printed printed = read_output(log);
  if (built.status != 0) {
    std::printf("%-13s import %.1f s, build: %s\n", name.c_str(), imported.seconds,
                printed.error.c_str());
    return;
  }
  const double packing = printed.seconds["packing parameters"];
  const double rest = built.seconds - packing, ratio = copy / packing;
  const auto verdict = [](bool kept) { return kept ? ' ' : '!'; };
  std::printf("%-13s %5.1f G %6.1f %7.2f %7.2f %7.2f %7.2f %7.2f%c %6.2f %7.2f %6.2f%c %6.2f%c\n",
              name.c_str(), static_cast<double>(fs::file_size(model / "weights.h5")) / 1e9,
              imported.seconds, printed.seconds["all passes"],
              printed.seconds["writing HLS projects"], printed.seconds["computing test data"],
              built.seconds, rest, verdict(rest <= MostSeconds), copy, packing, ratio,
              verdict(ratio >= LeastRatio), built.gibibytes,
              verdict(built.gibibytes <= MostGibibytes));
}

int bench(const std::string& only, const fs::path& place) {
  const std::vector<std::pair<std::string, std::string>> models = {
      {"gpt2_medium", "configs/gpt2_medium.config.json"},
      {"qwen2_0_5b", "configs/qwen2_0_5b.config.json"},
      {"tinyllama_1b", "configs/tinyllama_1b_chat_v1.0.config.json"},
      {"gemma3_1b", "configs/gemma3_1b_it.config.json"}};
  std::printf(
      "                                     seconds of a build            without   packing"
      " beside cp    peak\n"
      "model        weights import  passes    emit    data     all packing     cp packing"
      "  ratio     GiB\n"
      "limits                                                       %6.1f                 "
      "%6.1f  %6.1f\n",
      MostSeconds, LeastRatio, MostGibibytes);
  bool any = false;
  for (const auto& [name, file] : models) {
    if (!only.empty() && name != only) continue;
    any = true;
    const fs::path config = test::shared(file);
    if (config.empty() || !fs::exists(config)) {
      std::printf(
          "%-13s SKIPPED: the shared folder with its config is not here (set "
          "STREAMTENSOR_SHARED)\n",
          name.c_str());
      continue;
    }
    const fs::path folder = place / ("full_size." + std::to_string(getpid()));
    fs::create_directories(folder);
    measure(name, config, folder);
    std::fflush(stdout);
    fs::remove_all(folder);
  }
  if (any) return 0;
  std::printf("there is no model '%s'\n", only.c_str());
  return 2;
}

}  // namespace
}  // namespace st

int main(int argc, char** argv) {
  return st::bench(argc > 1 ? argv[1] : "", argc > 2 ? argv[2] : "/tmp");
}
