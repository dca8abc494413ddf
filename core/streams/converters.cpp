// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/dataflow/kernel_record.h"
#include "core/itensor/conversion.h"
#include "core/streams/converter.h"
#include "core/streams/edges.h"
#include "core/streams/streams.h"

namespace st {
namespace {

class Converters {
 public:
  explicit Converters(Program& program)
      : program_(program), edges_(program), pace_(pace_of_groups(program)) {}

  void run() {
    const auto count = static_cast<TensorId>(program_.tensors.size());
    for (TensorId t = 0; t < count; ++t) {
      if (edges_.writer[t].kernel >= 0 && !program_.tensors[t].constant) between(t);
    }
    sort_kernels(program_);
  }

 private:
  void between(TensorId tensor) {
    const Port source = writing(program_, edges_.writer[tensor]);
    const int group = program_.kernels[edges_.writer[tensor].kernel].group;
    std::vector<End> converted;
    // Readers that want the same beats share an adapter.
    std::vector<std::pair<StreamType, std::vector<End>>> adapted;
    for (const End& reader : edges_.readers[tensor]) {
      const StreamType& wanted = reading(program_, reader).type;
      if (wanted == source.type) continue;
      if (!same_order(source.type.itensor, wanted.itensor)) {
        converted.push_back(reader);
        continue;
      }
      auto same = std::find_if(adapted.begin(), adapted.end(),
                               [&](const auto& entry) { return entry.first == wanted; });
      if (same == adapted.end()) same = adapted.insert(same, {wanted, {}});
      same->second.push_back(reader);
    }
    for (const auto& [type, readers] : adapted) add(adapter(program_, source, type), {readers});
    add_converters(source, group, converted);
  }

  /// Readers share a converter as long as the group keeps its pace; the first that has time left
  /// takes the next reader.
  void add_converters(const Port& source, int group, const std::vector<End>& readers) {
    const int64_t pace = pace_[static_cast<size_t>(group)];
    std::vector<std::vector<End>> converters;
    for (const End& reader : readers) {
      auto free =
          std::find_if(converters.begin(), converters.end(), [&](std::vector<End> together) {
            together.push_back(reader);
            return keeps_pace(source, together, pace);
          });
      if (free == converters.end()) free = converters.insert(free, std::vector<End>());
      free->push_back(reader);
    }
    for (const std::vector<End>& together : converters) {
      const bool single_buffer = keeps_pace(source, together, pace);
      std::vector<std::vector<End>> each;
      for (const End& reader : together) each.push_back({reader});
      add(converter(program_, source, types_of(together), !single_buffer), each);
    }
  }

  /// True if one live-range buffer serves these readers fast enough.
  bool keeps_pace(const Port& source, const std::vector<End>& readers, int64_t pace) {
    const Kernel kernel = converter(program_, source, types_of(readers), false);
    int64_t cycles = cost_of(program_, kernel).row_cycles;
    for (const End& reader : readers) cycles += waiting(reader);
    return kernel.sizes.at("Window") > 0 && cycles <= pace + slack(pace);
  }

  /// Cycles of a row for which a single buffer waits for its reader, beyond its own.
  int64_t waiting(const End& reader) {
    return std::max<int64_t>(0, cost_of(program_, program_.kernels[reader.kernel]).row_cycles -
                                    beats_per_row(program_, reading(program_, reader).type));
  }

  std::vector<StreamType> types_of(const std::vector<End>& readers) {
    std::vector<StreamType> types;
    for (const End& reader : readers) types.push_back(reading(program_, reader).type);
    return types;
  }

  /// `readers[o]` take output `o` of the kernel, a tensor of its own.
  void add(Kernel kernel, const std::vector<std::vector<End>>& readers) {
    const TensorId source = kernel.inputs[0].tensor;
    stand_with(program_.kernels[readers[0][0].kernel], kernel);
    for (size_t o = 0; o < readers.size(); ++o) {
      const TensorId copy = copy_of(program_, source);
      kernel.outputs[o].tensor = copy;
      for (const End& reader : readers[o]) reading(program_, reader).tensor = copy;
    }
    kernel.name = names_.unique(kernel.name);
    program_.kernels.push_back(std::move(kernel));
  }

  Program& program_;
  const Edges edges_;
  const std::vector<int64_t> pace_;
  FreshNames names_{program_};
};

}  // namespace

Status materialise_converters(Program& program) {
  Converters(program).run();
  return {};
}

}  // namespace st
