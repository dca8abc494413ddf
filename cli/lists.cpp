// SPDX-License-Identifier: Apache-2.0
// The subcommands that print the tool's own records: ops, passes, explain.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "core/compiler/pipeline.h"
#include "core/ops/record.h"
#include "core/passes/raise/microsoft.h"

namespace st::cli {
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
