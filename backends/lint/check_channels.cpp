// SPDX-License-Identifier: Apache-2.0
// Who reads and who writes: streams and arrays of a region, and memory by its bundles.
#include <algorithm>
#include <map>
#include <set>

#include "backends/lint/context.h"

namespace st::lint {
namespace {

/// A process of a region, and what it does to a variable.
struct Access {
  size_t process = 0;  ///< its number in the region
  size_t token = 0;    ///< where it gets the variable
  Effect effect;
};

/// The processes of a region, in order.
struct Processes {
  std::vector<const Statement*> statements;
  std::vector<std::string> names;

  /// The process whose call holds a token; nothing if it is in none.
  [[nodiscard]] std::optional<size_t> of(size_t token) const {
    const auto at =
        std::upper_bound(statements.begin(), statements.end(), token,
                         [](size_t wanted, const Statement* s) { return wanted < s->range.begin; });
    if (at == statements.begin()) return std::nullopt;
    const auto number = static_cast<size_t>(at - statements.begin()) - 1;
    return statements[number]->range.holds(token) ? std::optional(number) : std::nullopt;
  }
};

/// Which bundles of a kernel a pointer parameter may come from.
using Bundles = std::map<std::pair<const Function*, std::string_view>, std::set<std::string>>;

class ChannelChecks {
 public:
  ChannelChecks(Context& context, const Region& region, const Bundles& bundles)
      : context_(context), region_(region), bundles_(bundles) {}

  void run() {
    find_processes();
    for (const Statement& statement : region_.block->children) {
      if (statement.kind != StatementKind::Declaration) continue;
      for (const Variable& variable : statement.variables) local(variable);
    }
    for (const Variable& parameter : region_.function->parameters) argument(parameter);
    memory();
  }

 private:
  void find_processes() {
    for (const Statement& statement : region_.block->children) {
      if (statement.kind != StatementKind::Call) continue;
      size_t name = statement.range.begin;
      for (const Call& call : context_.analysis.uses(*region_.function).calls) {
        if (call.range.end + 1 == statement.range.end) name = call.name;
      }
      processes_.statements.push_back(&statement);
      processes_.names.emplace_back(context_.token(name).text);
    }
  }

  /// What processes do to a variable; with an array of streams, to each element by itself.
  std::map<std::string, std::vector<Access>> accesses(const Variable& variable) {
    std::map<std::string, std::vector<Access>> out;
    const Uses& uses = context_.analysis.uses(*region_.function);
    const auto found = uses.by_name.find(variable.name);
    if (found == uses.by_name.end()) return out;
    for (const Use& use : found->second) {
      const auto process = processes_.of(use.token);
      if (!process) continue;
      const Effect effect = context_.analysis.effect(*region_.function, variable, use);
      std::string element(variable.name);
      if (variable.type.stream && !variable.type.dimensions.empty() &&
          context_.token(use.token + 1).is("["))
        element += context_.unit.text({use.token + 1, context_.unit.match[use.token + 1] + 1});
      std::vector<Access>& list = out[element];
      if (!list.empty() && list.back().process == *process) {
        list.back().effect |= effect;
      } else {
        list.push_back({*process, use.token, effect});
      }
    }
    return out;
  }

  [[nodiscard]] std::string process(const Access& access) const {
    return in_quotes(processes_.names[access.process]) + " (line " +
           std::to_string(context_.place(access.token).line) + ")";
  }

  static bool unknown(const std::vector<Access>& all) {
    return std::any_of(all.begin(), all.end(),
                       [](const Access& access) { return access.effect.unknown; });
  }

  /// The first two accesses that `is` holds for, as a finding.
  template <typename Is>
  void at_most_one(const std::vector<Access>& all, const Is& is, std::string_view rule,
                   const std::string& name, const std::string& verb) {
    const Access* first = nullptr;
    for (const Access& access : all) {
      if (!is(access.effect)) continue;
      if (first != nullptr) {
        context_.report.add(
            rule, context_.place(access.token),
            name + " is " + verb + " by " + process(*first) + " and by " + process(access));
        return;
      }
      first = &access;
    }
  }

  static bool reads(const Effect& effect) { return effect.read; }
  static bool writes(const Effect& effect) { return effect.write; }

  // --- What is declared in the region.

  void local(const Variable& variable) {
    if (variable.type.reference) return;
    if (variable.type.stream) {
      auto all = accesses(variable);
      if (all.empty()) all[std::string(variable.name)];
      for (const auto& [name, list] : all) stream(variable, in_quotes(name), list);
    } else {
      for (const auto& [name, list] : accesses(variable)) buffer(variable, in_quotes(name), list);
    }
  }

  void stream(const Variable& variable, const std::string& name, const std::vector<Access>& all) {
    const Place place = context_.place(variable.token);
    if (unknown(all)) return;
    const auto writer = std::find_if(all.begin(), all.end(),
                                     [](const Access& access) { return access.effect.write; });
    const auto reader = std::find_if(all.begin(), all.end(),
                                     [](const Access& access) { return access.effect.read; });
    at_most_one(all, writes, "stream-two-writers", name, "written");
    at_most_one(all, reads, "stream-two-readers", name, "read");
    if (writer == all.end() && reader == all.end()) {
      context_.report.add("stream-unused", place, name + " is neither written nor read");
    } else if (reader == all.end()) {
      context_.report.add("stream-unread", place,
                          name + " is written by " + process(*writer) + ", but not read");
    } else if (writer == all.end()) {
      context_.report.add("stream-unwritten", place,
                          name + " is read by " + process(*reader) + ", but not written");
    } else if (reader->process <= writer->process) {
      context_.report.add("stream-feedback", context_.place(reader->token),
                          name + " is read by " + process(*reader) + ", and written by " +
                              process(*writer) +
                              (reader->process == writer->process ? " too" : " behind it"));
    }
  }

  /// Arrays that are shared on purpose have no single reader and writer.
  [[nodiscard]] bool is_shared(const Variable& variable) const {
    bool shared = false;
    context_.each_directive(*region_.function, "stream",
                            [&](const Directive& directive, const PragmaLine& line) {
                              const std::string type = directive.value("type");
                              const GivenOption* about = directive.option("variable");
                              if (about == nullptr || (type != "shared" && type != "unsync"))
                                return;
                              for (const size_t i : variables_of(line, *about))
                                shared = shared || line.tokens[i].text == variable.name;
                            });
    return shared;
  }

  void buffer(const Variable& variable, const std::string& name, const std::vector<Access>& all) {
    const bool channel = !variable.type.is_const && variable.initial.empty() && !unknown(all) &&
                         !is_shared(variable);
    if (!channel) return;
    const auto writer = std::find_if(all.begin(), all.end(),
                                     [](const Access& access) { return access.effect.write; });
    // Who writes may read what it wrote.
    const auto only_reads = [](const Effect& effect) { return effect.read && !effect.write; };
    const auto reader =
        std::find_if(all.begin(), all.end(), [&](const Access& a) { return only_reads(a.effect); });
    const Place place = context_.place(variable.token);
    at_most_one(all, writes, "buffer-two-writers", name, "written");
    at_most_one(all, only_reads, "buffer-two-readers", name, "read");
    if (writer == all.end() && reader != all.end()) {
      context_.report.add("buffer-unwritten", place,
                          name + " is read by " + process(*reader) + ", but not written");
    } else if (writer != all.end() && reader == all.end()) {
      context_.report.add("buffer-unread", place,
                          name + " is written by " + process(*writer) + ", but not read");
    } else if (writer != all.end() && reader->process < writer->process) {
      context_.report.add("buffer-feedback", context_.place(reader->token),
                          name + " is read by " + process(*reader) + ", and written by " +
                              process(*writer) + " behind it");
    }
  }

  // --- What the region gets from its caller.

  void argument(const Variable& parameter) {
    if (!parameter.type.shares() || parameter.name.empty()) return;
    for (const auto& [element, all] : accesses(parameter)) {
      if (unknown(all)) continue;
      const std::string name = in_quotes(element);
      const auto writer = std::find_if(all.begin(), all.end(),
                                       [](const Access& access) { return access.effect.write; });
      if (parameter.type.stream) {
        at_most_one(all, writes, "stream-two-writers", name, "written");
        at_most_one(all, reads, "stream-two-readers", name, "read");
      } else {
        at_most_one(all, writes, "argument-two-writers", name, "written");
        if (bundles_of(parameter).empty() && parameter.type.pointer)
          at_most_one(all, reads, "argument-two-readers", name, "read");
        for (const Access& access : all) note(access, name);
      }
      for (const Access& access : all) {
        if (writer == all.end() || access.process == writer->process || !access.effect.read)
          continue;
        context_.report.add(
            "argument-read-and-written", context_.place(access.token),
            name + " is read by " + process(access) + ", and written by " + process(*writer));
        break;
      }
    }
  }

  /// A process that waits for another one and for the caller.
  void note(const Access& access, const std::string& name) {
    if (!access.effect.read) return;
    const Uses& uses = context_.analysis.uses(*region_.function);
    const Range range = processes_.statements[access.process]->range;
    for (const Statement& statement : region_.block->children) {
      for (const Variable& variable : statement.variables) {
        const auto found = uses.by_name.find(variable.name);
        if (!variable.type.stream || found == uses.by_name.end()) continue;
        for (const Use& use : found->second) {
          if (!range.holds(use.token)) continue;
          if (!context_.analysis.effect(*region_.function, variable, use).read) continue;
          context_.report.add(
              "region-late-input", context_.place(access.token),
              process(access) + " reads " + name + " and the stream " + in_quotes(variable.name));
          return;
        }
      }
    }
  }

  [[nodiscard]] std::set<std::string> bundles_of(const Variable& parameter) const {
    const auto at = bundles_.find({region_.function, parameter.name});
    return at == bundles_.end() ? std::set<std::string>() : at->second;
  }

  /// A bundle is one port: one process may read it, and one may write it.
  void memory() {
    std::map<std::string, std::vector<Access>> by_bundle;
    for (const Variable& parameter : region_.function->parameters) {
      const std::set<std::string> bundles = bundles_of(parameter);
      if (bundles.empty()) continue;
      for (const auto& [element, all] : accesses(parameter)) {
        for (const std::string& bundle : bundles)
          by_bundle[bundle].insert(by_bundle[bundle].end(), all.begin(), all.end());
      }
    }
    for (auto& [bundle, all] : by_bundle) {
      std::stable_sort(all.begin(), all.end(),
                       [](const Access& a, const Access& b) { return a.process < b.process; });
      // Several arguments of one process are one access.
      std::vector<Access> merged;
      for (const Access& access : all) {
        if (!merged.empty() && merged.back().process == access.process) {
          merged.back().effect |= access.effect;
        } else {
          merged.push_back(access);
        }
      }
      const std::string name = "the bundle " + in_quotes(bundle);
      at_most_one(merged, reads, "bundle-two-readers", name, "read");
      at_most_one(merged, writes, "bundle-two-writers", name, "written");
    }
  }

  Context& context_;
  const Region& region_;
  const Bundles& bundles_;
  Processes processes_;
};

/// The bundles of the kernels' pointers, followed through calls.
Bundles follow_bundles(Context& context) {
  Bundles out;
  std::vector<const Function*> open;
  for (const Function* top : context.tops) {
    context.each_directive(
        *top, "interface", [&](const Directive& directive, const PragmaLine& line) {
          const GivenOption* port = directive.option("port");
          if (directive.value("mode") != "m_axi" || port == nullptr) return;
          // All that have no bundle of their own share one.
          const std::string bundle = directive.has("bundle") ? directive.value("bundle") : "gmem";
          for (const size_t i : variables_of(line, *port)) {
            if (const Variable* parameter = top->parameter(line.tokens[i].text))
              out[{top, parameter->name}].insert(bundle);
          }
        });
    open.push_back(top);
  }
  while (!open.empty()) {
    const Function* caller = open.back();
    open.pop_back();
    const Uses& uses = context.analysis.uses(*caller);
    std::set<const Function*> changed;
    for (const Variable& parameter : caller->parameters) {
      const auto bundles = out.find({caller, parameter.name});
      const auto found = uses.by_name.find(parameter.name);
      if (bundles == out.end() || found == uses.by_name.end()) continue;
      const std::set<std::string> mine = bundles->second;
      for (const Use& use : found->second) {
        if (use.call == Use::NoCall) continue;
        const Function* target = context.analysis.callee(*caller, uses.calls[use.call]);
        if (target == nullptr || use.argument >= target->parameters.size()) continue;
        const Variable& to = target->parameters[use.argument];
        if (!to.type.pointer && to.type.dimensions.empty()) continue;
        std::set<std::string>& theirs = out[{target, to.name}];
        const size_t before = theirs.size();
        theirs.insert(mine.begin(), mine.end());
        if (theirs.size() > before) changed.insert(target);
      }
    }
    open.insert(open.end(), changed.begin(), changed.end());
  }
  return out;
}

}  // namespace

void check_channels(Context& context) {
  const Bundles bundles = follow_bundles(context);
  for (const Region& region : context.regions) ChannelChecks(context, region, bundles).run();
}

}  // namespace st::lint
