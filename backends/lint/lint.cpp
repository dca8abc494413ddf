// SPDX-License-Identifier: Apache-2.0
#include "backends/lint/lint.h"

#include <algorithm>
#include <filesystem>

#include "backends/lint/context.h"

namespace st::lint {
namespace {

/// Whether a function has a directive of that name.
bool has_directive(const Context& context, const Function& function, std::string_view name) {
  bool found = false;
  context.each_directive(function, name,
                         [&](const Directive&, const PragmaLine&) { found = true; });
  return found;
}

bool is_extern_c(const Context& context, std::string_view name) {
  const auto& functions = context.unit.functions;
  return std::any_of(functions.begin(), functions.end(), [&](const Function& function) {
    return function.name == name && function.is_extern_c;
  });
}

bool is_called(const Context& context, const Function& function) {
  const auto& functions = context.unit.functions;
  return std::any_of(functions.begin(), functions.end(), [&](const Function& caller) {
    const auto& calls = context.analysis.uses(caller).calls;
    return std::any_of(calls.begin(), calls.end(), [&](const Call& call) {
      return context.analysis.callee(caller, call) == &function;
    });
  });
}

/// The kernels: those that were named, else those that look like one. An IP for other tools needs
/// no extern "C", and has defaults for its ports.
void find_tops(Context& context, const std::vector<std::string>& names) {
  for (const Function& function : context.unit.functions) {
    if (!function.has_body) continue;
    const bool named = std::find(names.begin(), names.end(), function.name) != names.end();
    const bool kernel =
        names.empty() &&
        (has_directive(context, function, "top") ||
         (has_directive(context, function, "interface") && is_extern_c(context, function.name)));
    if (named || kernel) context.tops.push_back(&function);
  }
  if (!context.tops.empty() || !names.empty()) return;
  context.kernels = false;
  for (const Function& function : context.unit.functions) {
    if (function.has_body && has_directive(context, function, "interface") &&
        !is_called(context, function))
      context.tops.push_back(&function);
  }
}

/// Functions that are reached from the kernels.
void find_hardware(Context& context) {
  std::vector<const Function*> open = context.tops;
  if (open.empty()) {
    for (const Function& function : context.unit.functions) {
      if (function.has_body && function.name != "main") open.push_back(&function);
    }
  }
  context.hardware.insert(open.begin(), open.end());
  while (!open.empty()) {
    const Function* caller = open.back();
    open.pop_back();
    for (const Call& call : context.analysis.uses(*caller).calls) {
      const Function* target = context.analysis.callee(*caller, call);
      if (target != nullptr && context.hardware.insert(target).second) open.push_back(target);
    }
  }
}

/// A region of hls::task follows other rules: its tasks run forever, and are no calls.
bool holds_tasks(const Statement& block) {
  return std::any_of(block.children.begin(), block.children.end(), [](const Statement& child) {
    return std::any_of(child.variables.begin(), child.variables.end(), [](const Variable& v) {
      return v.type.name == "task" && v.type.qualifier == "hls";
    });
  });
}

void find_regions(Context& context) {
  for (const Function& function : context.unit.functions) {
    if (!function.has_body) continue;
    Walk(context.unit, function).run([&](const Statement& statement, const Walk& walk) {
      if (statement.kind != StatementKind::Block) return;
      if (context.directive_in(statement, "dataflow") == nullptr || holds_tasks(statement)) return;
      const Statement* around = walk.around().empty() ? nullptr : walk.around().back();
      const bool loop = around != nullptr && (around->kind == StatementKind::For ||
                                              around->kind == StatementKind::While);
      context.regions.push_back({&function, &statement, loop ? around : nullptr});
    });
  }
}

}  // namespace

bool Context::is_top(const Function& function) const {
  return std::find(tops.begin(), tops.end(), &function) != tops.end();
}

const Directive* Context::directive_in(const Statement& block, std::string_view name) const {
  for (const Statement& child : block.children) {
    if (child.kind == StatementKind::Pragma && directives[child.pragma].is(name))
      return &directives[child.pragma];
  }
  return nullptr;
}

std::vector<Finding> lint(const SourceFile& file, const Include& include,
                          const std::vector<std::string>& tops) {
  Report report;
  const Unit unit = parse(preprocess(file, include, report), report);
  Analysis analysis(unit);
  Context context{unit, analysis, report, {}, {}, true, {}, {}};
  for (const PragmaLine& line : unit.source->pragmas)
    context.directives.push_back(parse_pragma(line, report));
  // What follows from text that ends in the wrong place is no news.
  if (!report.broken()) {
    find_tops(context, tops);
    for (const std::string& name : tops) {
      const bool there = std::any_of(context.tops.begin(), context.tops.end(),
                                     [&](const Function* top) { return top->name == name; });
      if (!there)
        report.add("top-missing", {report.file(file.path), 0, 0},
                   "there is no definition of " + in_quotes(name));
    }
    find_hardware(context);
    find_regions(context);
    check_pragmas(context);
    check_interface(context);
    check_streams(context);
    check_regions(context);
    check_channels(context);
    check_loops(context);
    check_synthesis(context);
  }
  return report.findings();
}

Include include_from(const std::vector<SourceFile>& files, const std::string& library) {
  return [&files, library](const std::string& from,
                           const std::string& name) -> std::optional<SourceFile> {
    namespace fs = std::filesystem;
    for (const fs::path& folder : {fs::path(from).parent_path(), fs::path(library)}) {
      const std::string path = (folder / name).lexically_normal().generic_string();
      for (const SourceFile& file : files) {
        if (file.path == path) return file;
      }
    }
    return std::nullopt;
  };
}

}  // namespace st::lint
