// SPDX-License-Identifier: Apache-2.0
// The subcommands that print the tool's own records: targets, ops, passes, explain.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <sstream>

#include "cli/commands.h"
#include "core/compiler/pipeline.h"
#include "core/ops/record.h"
#include "core/passes/raise/microsoft.h"
#include "core/platform/target.h"

namespace st::cli {
namespace {

std::string number_text(const Number& number) {
  std::ostringstream text;
  text << (number.value == static_cast<double>(static_cast<int64_t>(number.value))
               ? grouped(static_cast<int64_t>(number.value))
               : "");
  if (text.str().empty()) text << number.value;
  return text.str() + " " + number.unit;
}

void print_target(const Target& target) {
  std::cout << target.name << "  " << target.description << "\n  part " << target.part
            << "\n  platform " << target.platform << "\n";
  std::vector<std::vector<std::string>> rows;
  auto add = [&](const std::string& what, const Number& number) {
    rows.push_back({"  " + what, number_text(number), number.source});
  };
  add("clock", target.frequency);
  const auto memory = [&](const DeviceMemory& kind) {
    add(kind.tag + " channels", kind.channels);
    add("per channel", kind.bytes_per_channel);
    add("per channel", kind.channel_bandwidth);
    add("ports to " + kind.tag, kind.ports);
  };
  memory(target.memory);
  if (target.large_memory) memory(*target.large_memory);
  add("between SLRs", target.crossing_wires);
  add("card power", target.tdp);
  auto resources = [&](const std::string& what, const ResourceNumbers& numbers) {
    add(what + " LUT", numbers.lut);
    add(what + " FF", numbers.ff);
    add(what + " DSP", numbers.dsp);
    add(what + " BRAM18", numbers.bram18);
    add(what + " URAM", numbers.uram);
  };
  resources("device", target.total);
  for (const Slr& slr : target.slrs) resources(slr.name, slr.usable);
  resources("budget", target.budget_percent);
  std::cout << table(rows);
}

}  // namespace

Action add_targets(CLI::App& app) {
  auto name = std::make_shared<std::string>();
  app.add_option("name", *name, "board, or a JSON file: every number with its source");
  return [name] {
    if (!name->empty()) {
      const auto target = find_target(*name);
      if (!target.ok()) return fail(target.errors());
      print_target(*target);
      return 0;
    }
    std::vector<std::vector<std::string>> rows = {
        {"target", "part", "memory", "LUT", "DSP", "BRAM18", "URAM"}};
    for (const Target& t : built_in_targets()) {
      rows.push_back(
          {t.name, t.part,
           std::to_string(t.memory_channels()) + " x " + number_text(t.memory.channel_bandwidth),
           grouped(t.lut()), grouped(t.dsp()), grouped(t.bram18()), grouped(t.uram())});
    }
    std::cout << table(rows)
              << "`streamtensor targets NAME` prints every number with its source.\n";
    return 0;
  };
}

Action add_ops(CLI::App&) {
  return [] {
    std::vector<std::vector<std::string>> rows = {
        {"operator", "opset", "kernels", "what is supported"}};
    // Those that a design may have come first.
    for (const bool compiled : {true, false}) {
      for (const OpRecord& op : op_records()) {
        if (op.compiled() != compiled) continue;
        const std::string domain(op.domain);
        const std::string kernels(op.kernels.empty() ? "-" : op.kernels);
        rows.push_back({(domain.empty() ? "" : domain + ".") + std::string(op.name),
                        std::to_string(op.since_opset) + "+", compiled ? kernels : "(interpreter)",
                        std::string(op.summary)});
      }
    }
    for (const MicrosoftRecord& op : microsoft_records())
      rows.push_back({std::string(MicrosoftDomain) + "." + std::string(op.op), "1", "(rewritten)",
                      "becomes " + std::string(op.becomes)});
    std::cout
        << table(rows)
        << "Operators of domain streamtensor are our own; of these, models may use Attention.\n"
           "Those with (interpreter) have a reference, but no kernel: builds refuse them, but\n"
           "where what they compute together is raised to one that has.\n";
    return 0;
  };
}

Action add_passes(CLI::App&) {
  return [] {
    std::vector<std::vector<std::string>> rows = {{"pass", "works on", "what it does"}};
    for (const Pass& pass : passes())
      rows.push_back({std::string(pass.name), pass.on_program ? "program" : "graph",
                      std::string(pass.summary)});
    std::cout << table(rows) << "The result of each is in ir/ of a build directory.\n";
    return 0;
  };
}

Action add_explain(CLI::App& app) {
  auto code = std::make_shared<std::string>();
  app.add_option("code", *code, "such as E0304; all codes if left out");
  return [code] {
    if (code->empty()) {
      std::vector<std::vector<std::string>> rows;
      for (const ErrorCode& error : error_codes())
        rows.push_back({std::string(error.code), std::string(error.summary)});
      std::cout << table(rows);
      return 0;
    }
    const ErrorCode* error = find_error_code(*code);
    if (!error)
      return fail({{"E0801",
                    "there is no error code '" + printable(*code) + "'",
                    "",
                    {},
                    "`streamtensor explain` lists them"}});
    std::cout << error->code << ": " << error->summary << "\n"
              << error->advice << "\nexit code " << static_cast<int>(error->fault) << "\n";
    return 0;
  };
}

}  // namespace st::cli
