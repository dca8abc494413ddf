// SPDX-License-Identifier: Apache-2.0
#include "core/streams/conversions.h"

#include "core/dataflow/kernel_record.h"
#include "core/dataflow/kernels/convert.h"
#include "core/streams/converter.h"
#include "core/streams/repeats.h"

namespace st {
namespace {

int64_t paper_bits(const StreamType& from, const StreamType& to) {
  return paper_elements(from.itensor, to.itensor) * bits_of(from.itensor.dtype);
}

class Uses {
 public:
  explicit Uses(const Program& program) : program_(program) {}

  void add(KernelId k) {
    const Kernel& kernel = program_.kernels[k];
    if (kernel.kind == "convert" || kernel.kind == "adapt") {
      add_converter(k, kernel);
    } else if (kernel_record(kernel.kind).holds_row) {
      add_repeated(k, kernel);
    }
  }
  std::vector<ConversionUse> take() { return std::move(uses_); }

 private:
  std::string reader(const Port& port) const {
    return program_.kernels[program_.channels[port.channel].consumer].name;
  }

  void add_converter(KernelId k, const Kernel& kernel) {
    ConversionUse use;
    use.kernel = k;
    use.form = kernel.kind == "adapt"          ? ConversionForm::Adapter
               : converter_window(kernel) == 0 ? ConversionForm::PingPong
               : kernel.outputs.size() > 1     ? ConversionForm::Shared
                                               : ConversionForm::Converter;
    use.bits = local_bits_of(program_, kernel);
    for (const Port& port : kernel.outputs) {
      use.readers.push_back(reader(port));
      use.paper_bits += paper_bits(kernel.inputs[0].type, port.type);
      use.single_bits += kernel.outputs.size() > 1
                             ? conversion_bits(program_, kernel.inputs[0], port.type)
                             : use.bits;
    }
    uses_.push_back(std::move(use));
  }

  void add_repeated(KernelId k, const Kernel& kernel) {
    ConversionUse use;
    use.kernel = k;
    use.form = ConversionForm::Repeated;
    const std::vector<int64_t> repeats = kernel.sizes_named("Repeat");
    for (size_t o = 0; o < repeats.size(); ++o) {
      const Port& port = kernel.outputs[o];
      const auto rows = row_of(port.type);
      if (!rows) continue;
      use.readers.push_back(reader(port));
      use.paper_bits += paper_bits(*rows, port.type);
    }
    if (use.readers.empty()) return;
    Kernel once = kernel;
    for (size_t o = 0; o < repeats.size(); ++o) once.sizes.erase("Repeat" + std::to_string(o));
    once.sizes["Repeat0"] = 1;
    use.bits = local_bits_of(program_, kernel) - local_bits_of(program_, once);
    use.single_bits = use.bits;
    uses_.push_back(std::move(use));
  }

  const Program& program_;
  std::vector<ConversionUse> uses_;
};

}  // namespace

std::string_view name_of(ConversionForm form) {
  switch (form) {
    case ConversionForm::Repeated:
      return "repeated by its writer";
    case ConversionForm::Adapter:
      return "width adapter";
    case ConversionForm::Converter:
      return "one buffer";
    case ConversionForm::Shared:
      return "one shared buffer";
    case ConversionForm::PingPong:
      return "ping-pong";
  }
  return "";
}

std::vector<ConversionUse> conversions_of(const Program& program, int group) {
  Uses uses(program);
  for (KernelId k : program.kernels_of(group)) uses.add(k);
  return uses.take();
}

ConversionTotals totals_of(const std::vector<ConversionUse>& uses) {
  ConversionTotals totals;
  for (const ConversionUse& use : uses) {
    totals.bits += use.bits;
    totals.paper_bits += use.paper_bits;
    const int64_t saved = use.paper_bits - use.single_bits;
    totals.by_sharing += use.single_bits - use.bits;
    if (use.form == ConversionForm::Repeated) totals.by_repair += saved;
    if (use.form == ConversionForm::Adapter) totals.by_adapters += saved;
    if (use.form != ConversionForm::Repeated && use.form != ConversionForm::Adapter)
      totals.by_live_ranges += saved;
  }
  return totals;
}

}  // namespace st
