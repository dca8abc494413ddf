// SPDX-License-Identifier: Apache-2.0
// Kernels against what their records ask for.
#include <algorithm>
#include <cmath>

#include "core/dataflow/verify.h"

namespace st {
namespace {

/// How many operands of a kind ("in", "out", "memory") a record names, and whether it takes any
/// number of them ("in*", "in1*", "memory*").
struct Demand {
  size_t count = 0;
  bool any = false;
  size_t more = 0;  ///< beside those that may be any number ("out-last")
  [[nodiscard]] bool met_by(size_t given) const {
    return any ? given >= count + more + 1 : given == count;
  }
  [[nodiscard]] std::string text() const {
    return any ? std::to_string(count + more + 1) + " or more" : std::to_string(count);
  }
};

Demand demand(const KernelRecord& record, std::string_view kind) {
  Demand demand;
  for (std::string_view argument : record.arguments) {
    if (!argument.starts_with(kind) || argument.size() == kind.size()) continue;
    const std::string_view which = argument.substr(kind.size());
    if (which.starts_with('*') || which.substr(1) == "*") demand.any = true;
    if (which == "-last") ++demand.more;
    if (which.size() == 1 && which[0] >= '0' && which[0] <= '9')
      demand.count = std::max<size_t>(demand.count, static_cast<size_t>(which[0] - '0') + 1);
  }
  return demand;
}

/// Ports that get sizes of their own, as in "sizes Part*".
size_t numbered(const Kernel& kernel, const KernelRecord& record) {
  if (record.holds_row) return kernel.outputs.size() - demand(record, "out").more;
  return std::max(kernel.inputs.size(), kernel.outputs.size());
}

void check_sizes(const Program& program, const Kernel& kernel, const KernelRecord& record,
                 const Report& report) {
  std::vector<std::string> needed;
  for (std::string_view argument : record.template_arguments) {
    if (argument.starts_with("type of")) continue;
    if (argument == "body" || argument == "products") continue;
    if (argument.starts_with("sizes ")) {
      const std::string prefix(argument.substr(6, argument.size() - 7));
      for (size_t i = 0; i < numbered(kernel, record); ++i)
        needed.push_back(prefix + std::to_string(i));
    } else {
      needed.emplace_back(argument);
    }
  }
  for (std::string_view argument : record.arguments)
    if (argument.starts_with("size:")) needed.emplace_back(argument.substr(5));
  for (const std::string& name : needed) {
    if (kernel.sizes.count(name) == 0)
      report(kernel.name, kernel.kind + " needs size '" + name + "'");
  }
  // Cycles and bits are products of sizes, positions and small factors.
  constexpr int64_t MostWork = int64_t{1} << 56, MostRoom = int64_t{1} << 30;
  int64_t work = program.max_positions;
  for (const auto& [name, size] : kernel.sizes) {
    const bool flag = name == "Interleaved" || name == "Entry" || name == "Exit";
    const bool number = name == "Window" || name == "First", may_be_zero = flag || number;
    // Room in a buffer, whose bits are counted.
    const bool room = (name == "MaxWords" || name == "MaxKept") && size <= MostRoom;
    if (size < (may_be_zero ? 0 : 1) || (flag && size > 1)) {
      report(kernel.name, "size '" + printable(name) + "' cannot be " + std::to_string(size));
    } else if (name == "MaxPositions") {
      if (size != program.max_positions)
        report(kernel.name, "size 'MaxPositions' is not the program's");
    } else if (name == "Vocabulary") {
      if (size > product_of(kernel, "L*Beats"))
        report(kernel.name, "size 'Vocabulary' is larger than a row");
    } else if (number || name == "MaxRounds" || room) {
      continue;  // says which, not how many; the kind's rule compares rounds with positions
    } else if (size > 0 && work > MostWork / size) {
      report(kernel.name, "the sizes are too large");
      return;
    } else if (size > 0) {
      work *= size;
    }
  }
}

/// Sizes that differ from layer to layer are those that calls take, one for each layer.
void check_layer_sizes(const Program& program, const Kernel& kernel, const KernelRecord& record,
                       const Report& report) {
  for (const auto& [name, sizes] : kernel.layer_sizes) {
    const std::string what = "size '" + printable(name) + "' by layer: ";
    const std::string argument = "size:" + name;
    if (std::find(record.arguments.begin(), record.arguments.end(), argument) ==
        record.arguments.end())
      report(kernel.name, what + kernel.kind + " has none that may differ");
    if (!kernel.layered || static_cast<int64_t>(sizes.size()) != program.layers.count) {
      report(kernel.name,
             what + std::to_string(sizes.size()) + " layers are not those it works for");
      continue;
    }
    const auto first = kernel.sizes.find(name);
    if (first == kernel.sizes.end() || first->second != sizes[0])
      report(kernel.name, what + "the first is not the kernel's");
    if (std::any_of(sizes.begin(), sizes.end(), [](int64_t size) { return size < 0; }))
      report(kernel.name, what + "there are none below 0");
  }
}

}  // namespace

int64_t product_of(const Kernel& kernel, const std::string& text) {
  int64_t product = 1;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('*', begin), text.size());
    const auto size = kernel.sizes.find(text.substr(begin, end - begin));
    product *= size == kernel.sizes.end() ? 0 : size->second;
    begin = end + 1;
  }
  return product;
}

void verify_record(const Program& program, const Kernel& kernel, const Report& report) {
  const KernelRecord* record = find_kernel_record(kernel.kind);
  if (!record) {
    report(kernel.name, "there is no kind of kernel '" + printable(kernel.kind) + "'");
    return;
  }
  auto check = [&](const char* what, std::string_view kind, size_t given) {
    const Demand need = demand(*record, kind);
    if (need.met_by(given)) return;
    report(kernel.name, kernel.kind + " has " + std::to_string(given) + " " + what +
                            ", and takes " + need.text());
  };
  check("inputs", "in", kernel.inputs.size());
  check("outputs", "out", kernel.outputs.size());
  check("memories", "memory", kernel.memories.size());
  check_sizes(program, kernel, *record, report);
  check_layer_sizes(program, kernel, *record, report);
  for (std::string_view argument : record->arguments) {
    if (!argument.starts_with("real:")) continue;
    const auto real = kernel.reals.find(std::string(argument.substr(5)));
    if (real == kernel.reals.end() || !std::isfinite(real->second))
      report(kernel.name,
             kernel.kind + " needs " + std::string(argument.substr(5)) + ", a finite real number");
  }
}

}  // namespace st
