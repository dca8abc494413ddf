// SPDX-License-Identifier: Apache-2.0
/// Runs a compiled language model on an FPGA card through XRT: token ids in, token ids out.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

#include "device.h"
#include "generate.h"
#include "options.h"

namespace {

using host::Options;

// Prints the ids of one prompt as they come; the line is ended even if an error cuts it short.
void generate_line(host::Model& model, const std::vector<std::int32_t>& prompt,
                   const Options& options) {
  const char* separator = "";
  try {
    host::generate(model, prompt, options, [&](std::int32_t id) {
      std::cout << separator << id << std::flush;
      separator = ",";
    });
  } catch (...) {
    std::cout << std::endl;
    throw;
  }
  std::cout << std::endl;
  if (!std::cout) throw host::Failure(host::Environment, "", "cannot write the output");
}

void batch(host::Model& model, const Options& options) {
  std::string line;
  for (int number = 1; std::getline(std::cin, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    try {
      generate_line(model, host::parse_ids(line), options);
    } catch (host::Failure& failure) {
      failure.where = " (line " + std::to_string(number) + " of the input)";
      throw;
    }
  }
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

void run(const Options& options) {
  const auto begin = std::chrono::steady_clock::now();
  host::Device device(options);
  host::Model model(device, options);
  const std::chrono::duration<double, std::milli> loading =
      std::chrono::steady_clock::now() - begin;
  if (options.mode == Options::Mode::Batch) {
    batch(model, options);
  } else {
    generate_line(model, options.ids, options);
  }
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
