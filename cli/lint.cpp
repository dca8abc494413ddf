// SPDX-License-Identifier: Apache-2.0
#include "backends/lint/lint.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>

#include "backends/project/project.h"
#include "cli/commands.h"
#include "core/support/embedded.h"
#include "core/support/read_file.h"

namespace st::cli {
namespace {

namespace fs = std::filesystem;
constexpr size_t LargestSource = size_t{64} << 20;
const std::string Library = "hls_templates";

struct Arguments {
  std::vector<std::string> paths;
  std::vector<std::string> tops;
  bool rules = false;
  bool notes = false;
};

/// A file that is linted with all that it includes.
struct Job {
  fs::path path;
  std::vector<std::string> tops;
};

/// What there is to lint at a path: the units of a build directory, or the file itself. Errors:
/// E0601, E0801.
Result<std::vector<Job>> jobs_of(const std::string& path, const std::vector<std::string>& tops) {
  std::error_code error;
  if (fs::is_regular_file(path, error)) return std::vector<Job>{{path, tops}};
  if (!fs::is_directory(path, error)) {
    return Diagnostic{"E0801",
                      "there is no file or folder '" + printable(path) + "'",
                      "",
                      {},
                      "give a build directory, or C++ files"};
  }
  std::vector<Job> jobs;
  const fs::path groups = fs::path(path) / "groups";
  if (fs::exists(fs::path(path) / ConfigFile, error)) {
    for (const auto& entry : fs::directory_iterator(groups, error)) {
      const std::string unit = entry.path().filename().string();
      jobs.push_back({entry.path() / "src" / (unit + ".cpp"), {unit}});
    }
  }
  if (jobs.empty()) {
    return Diagnostic{"E0601",
                      "'" + printable(path) + "' is not a build directory",
                      "",
                      {},
                      "give a build directory, or C++ files"};
  }
  std::sort(jobs.begin(), jobs.end(), [](const Job& a, const Job& b) { return a.path < b.path; });
  return jobs;
}

/// The file at `path`, if it is one.
std::optional<lint::SourceFile> file_at(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return std::nullopt;
  auto text = read_file(path, LargestSource);
  if (!text.ok()) return std::nullopt;
  return lint::SourceFile{path.lexically_normal().string(), std::move(*text)};
}

/// Beside the file that includes it; in the HLS library of the build around; in our own.
std::optional<lint::SourceFile> included(const std::string& from, const std::string& name) {
  const fs::path folder = fs::path(from).parent_path();
  if (auto beside = file_at(folder / name)) return beside;
  std::error_code error;
  const fs::path start = fs::absolute(folder, error).lexically_normal();
  fs::path shown = folder;
  for (fs::path above = start; !error; above = above.parent_path(), shown /= "..") {
    if (above.filename() == Library) {
      if (auto found = file_at(shown / name)) return found;
    }
    if (auto found = file_at(shown / Library / name)) return found;
    if (above == above.root_path()) break;
  }
  const std::string embedded = Library + "/" + name;
  for (const std::string& path : embedded_files(embedded)) {
    if (path == embedded) return lint::SourceFile{path, embedded_file(path)};
  }
  return std::nullopt;
}

std::string counted(size_t count, const std::string& what) {
  return grouped(static_cast<int64_t>(count)) + " " + what + (count == 1 ? "" : "s");
}

int print_rules() {
  std::vector<std::vector<std::string>> rows = {{"rule", "level", "what must not be", "Vitis"}};
  for (const lint::RuleRecord& rule : lint::rule_records())
    rows.push_back({std::string(rule.name), std::string(name_of(rule.level)),
                    std::string(rule.summary), std::string(rule.vitis)});
  std::cout << table(rows);
  return 0;
}

/// Prints what breaks rules, then for each of these rules what to do.
void print_findings(const std::vector<lint::Finding>& findings) {
  for (const lint::Finding& finding : findings) std::cout << text_of(finding) << "\n";
  for (const lint::RuleRecord& rule : lint::rule_records()) {
    const bool used = std::any_of(findings.begin(), findings.end(),
                                  [&](const lint::Finding& f) { return f.rule == &rule; });
    if (!used) continue;
    std::cout << name_of(rule.level) << " " << rule.name << ": " << rule.advice;
    if (!rule.vitis.empty()) std::cout << " (Vitis: " << rule.vitis << ")";
    std::cout << "\n";
  }
}

Status lint_all(const Arguments& arguments, bool& errors) {
  std::vector<Job> jobs;
  Diagnostics problems;
  for (const std::string& path : arguments.paths) {
    auto found = jobs_of(path, arguments.tops);
    if (found.ok()) {
      jobs.insert(jobs.end(), found->begin(), found->end());
    } else {
      problems.insert(problems.end(), found.errors().begin(), found.errors().end());
    }
  }
  if (!problems.empty()) return problems;
  std::vector<lint::Finding> findings;
  size_t hidden = 0;
  for (const Job& job : jobs) {
    ST_TRY(text, read_file(job.path, LargestSource));
    for (lint::Finding& finding : lint::lint({job.path.string(), text}, included, job.tops)) {
      if (finding.rule->level == lint::Level::Note && !arguments.notes) {
        ++hidden;
      } else {
        findings.push_back(std::move(finding));
      }
    }
  }
  print_findings(findings);
  const auto graver = std::count_if(findings.begin(), findings.end(), [](const auto& finding) {
    return finding.rule->level == lint::Level::Error;
  });
  std::cout << counted(jobs.size(), "file") << ": " << counted(static_cast<size_t>(graver), "error")
            << ", " << counted(findings.size() - static_cast<size_t>(graver), "other finding");
  if (hidden > 0) std::cout << "; --notes prints " << counted(hidden, "note") << " on throughput";
  std::cout << "\n";
  errors = lint::has_errors(findings);
  return {};
}

}  // namespace

Action add_lint(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.add_option("path", arguments->paths, "build directories, or C++ files");
  app.add_option("--top", arguments->tops,
                 "functions of the files that are kernels; default: those with INTERFACE pragmas");
  app.add_flag("--rules", arguments->rules, "list the rules");
  app.add_flag("--notes", arguments->notes, "print what costs throughput, but is correct, too");
  app.footer(
      "Prints FILE:LINE:COLUMN: rule: what. Exit codes: 0 no errors, 1 errors, 2 bad input.");
  return [arguments] {
    if (arguments->rules) return print_rules();
    if (arguments->paths.empty())
      return fail({{"E0801", "nothing to lint", "", {}, "give a build directory, or C++ files"}});
    bool errors = false;
    const Status status = lint_all(*arguments, errors);
    if (!status.ok()) return fail(status.errors());
    return errors ? 1 : 0;
  };
}

}  // namespace st::cli
