// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>

#include "backends/project/compare.h"
#include "backends/project/project.h"
#include "backends/project/read_parameters.h"
#include "cli/build_directory.h"
#include "cli/commands.h"
#include "core/dataflow/units.h"
#include "core/support/temporary_directory.h"

namespace st::cli {
namespace {

/// One line per kind of kernel.
std::string summary_table(const std::vector<KernelComparison>& kernels) {
  std::map<std::string, KernelComparison> kinds;
  std::map<std::string, int64_t> counts;
  for (const KernelComparison& kernel : kernels) {
    KernelComparison& kind = kinds[kernel.kind];
    kind.values += kernel.values;
    kind.worst = std::max(kind.worst, kernel.worst);
    ++counts[kernel.kind];
  }
  std::vector<std::vector<std::string>> rows = {
      {"  kind", "kernels", "values", "largest relative difference"}};
  for (const auto& [name, kind] : kinds) {
    char worst[32];
    std::snprintf(worst, sizeof worst, "%.1e", kind.worst);
    rows.push_back({"  " + name, grouped(counts[name]), grouped(kind.values),
                    kind.worst == 0 ? "equal" : worst});
  }
  return table(rows);
}

Status verify_build(const std::string& path, bool details) {
  Progress progress;
  ST_TRY(build, BuildDirectory::open(path));
  progress.step("reading the program");
  ST_TRY(design, build.design());
  const Program& program = design.program;
  Diagnostics problems;
  auto collect = [&](const Status& status) {
    if (!status.ok())
      problems.insert(problems.end(), status.errors().begin(), status.errors().end());
    return status.ok();
  };
  // Values are compared even where a checksum is wrong: both are worth knowing.
  if (collect(check_parameter_files(build.path(), program)))
    progress.print("parameters  sizes and checksums are right\n");
  if (const auto host = build.stub_host(); !host.ok()) {
    collect(host.errors());
    return problems;
  }
  for (const Unit& unit : units_of(program)) {
    ST_TRY(records, TemporaryDirectory::create());
    progress.step("running " + unit.name);
    auto verdict = run_test_bench(build.path(), unit.name, records.path().string());
    if (verdict.ok()) {
      progress.print(unit.name + "      test bench " + *verdict + "   (csim)\n");
    } else {
      problems.insert(problems.end(), verdict.errors().begin(), verdict.errors().end());
      // What a run recorded that did not reach its end says nothing about single kernels.
      if (verdict.errors()[0].code != "E0701") continue;
    }
    progress.step("comparing " + unit.name);
    auto kernels = compare_kernels(program, unit, build.path(), records.path());
    if (!kernels.ok()) {
      problems.insert(problems.end(), kernels.errors().begin(), kernels.errors().end());
      continue;
    }
    progress.print(
        unit.name + "      " + std::to_string(kernels->size()) +
        " kernels agree with the interpreter: integers bit for bit, floats within 1e-5\n");
    if (details) progress.print(summary_table(*kernels));
  }
  return problems;
}

}  // namespace

Action add_verify(CLI::App& app) {
  auto path = std::make_shared<std::string>();
  auto details = std::make_shared<bool>(false);
  app.add_option("build", *path, "build directory")->required();
  app.add_flag("--details", *details, "a line per kind of kernel");
  return [path, details] {
    const Status status = verify_build(*path, *details);
    if (status.ok()) std::cout << "verified\n";
    return status.ok() ? 0 : fail(status.errors());
  };
}

}  // namespace st::cli
