// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "backends/hls/cpp_text.h"
#include "backends/hls/emit_group.h"
#include "core/itensor/conversion.h"

namespace st::hls {
namespace {

std::string indent(int level) { return std::string(2 * level, ' '); }

std::string loop(int level, int counter, const Trip& trip) {
  const std::string d = "d" + std::to_string(counter);
  std::string out = indent(level) + "for (int " + d + " = 0; " + d + " < " +
                    trip_expression(trip.count) + "; ++" + d + ") {\n";
  if (!trip.count.is_constant()) {
    out += "#pragma HLS LOOP_TRIPCOUNT min=1 max=" + std::to_string(trip.bound) + "\n";
  }
  return out;
}

std::string closing(int from, int to) {
  std::string out;
  for (int level = from; level-- > to;) out += indent(level) + "}\n";
  return out;
}

/// Index into the flat buffer of element `e` of the token at the current counters.
std::string buffer_index(const StreamType& type, const Conversion& conversion,
                         const std::string& e) {
  const ItensorType& t = type.itensor;
  std::string out;
  int64_t stride = 1, inner = 1;
  for (size_t d = t.elem.size(); d-- > 0;) {
    std::string coordinate;
    if (t.elem[d] > 1) {
      const int64_t outer = token_elements(t) / (inner * t.elem[d]);
      coordinate = e;
      if (inner > 1) coordinate += " / " + std::to_string(inner);
      if (outer > 1) coordinate = "(" + coordinate + ") % " + std::to_string(t.elem[d]);
    }
    // The innermost loop comes first, next to the element within the tile.
    for (auto loop = t.map[d].loops().rbegin(); loop != t.map[d].loops().rend(); ++loop) {
      if (*loop < conversion.shared) continue;
      std::string moved = "d" + std::to_string(*loop);
      if (t.steps[*loop] > 1) moved += " * " + std::to_string(t.steps[*loop]);
      coordinate = coordinate.empty() ? moved : moved + " + " + coordinate;
    }
    if (!coordinate.empty()) {
      if (stride > 1) coordinate = "(" + coordinate + ") * " + std::to_string(stride);
      out = out.empty() ? coordinate : coordinate + " + " + out;
    }
    stride *= conversion.buffer[d];
    inner *= t.elem[d];
  }
  return out.empty() ? "0" : out;
}

/// The loops of one side inside the shared ones, with one beat in the body.
std::string side(const std::string& name, const StreamType& type, const Conversion& conversion,
                 int64_t elements, bool fill) {
  const ItensorType& t = type.itensor;
  const std::string array = cpp_type(t.dtype) + " buffer[" + std::to_string(elements) + "]";
  std::string out = "static void " + name + "(";
  out += fill ? stream_reference(type) + " in, " + array
              : "const " + array + ", " + stream_reference(type) + " out";
  out += ") {\n";
  int level = 1;
  for (size_t l = conversion.shared; l < t.trips.size(); ++l)
    out += loop(level++, static_cast<int>(l), t.trips[l]);
  const int64_t beats = type.beats_per_token();
  if (beats > 1)
    out += indent(level) + "for (int beat = 0; beat < " + std::to_string(beats) + "; ++beat) {\n",
        ++level;
  if (level > 1) out += "#pragma HLS PIPELINE II=1\n";
  const std::string e = beats > 1 ? "(beat * " + std::to_string(type.lanes) + " + lane)" : "lane";
  out += indent(level) + (fill ? "const " + beat_type(type) + " beat_in = in.read();\n"
                               : beat_type(type) + " beat_out;\n");
  out += indent(level) + "for (int lane = 0; lane < " + std::to_string(type.lanes) +
         "; ++lane) {\n#pragma HLS UNROLL\n";
  const std::string cell = "buffer[" + buffer_index(type, conversion, e) + "]";
  out += indent(level + 1) +
         (fill ? cell + " = beat_in[lane];\n" : "beat_out[lane] = " + cell + ";\n");
  out += indent(level) + "}\n";
  if (!fill) out += indent(level) + "out.write(beat_out);\n";
  return out + closing(level, 0);
}

}  // namespace

std::string emit_converter(const Kernel& kernel) {
  const StreamType& from = kernel.inputs[0].type;
  const StreamType& to = kernel.outputs[0].type;
  const Conversion conversion = infer_conversion(from.itensor, to.itensor);
  const int64_t elements = buffer_elements(conversion);
  std::string shape;
  for (int64_t size : conversion.buffer) shape += std::to_string(size) + "x";
  std::string out = "// " + text_of(from.itensor) + "\n// to " + text_of(to.itensor) +
                    ":\n// a ping-pong buffer of 2 x " + shape +
                    std::string(name_of(from.itensor.dtype)) + " inside " +
                    std::to_string(conversion.shared) + " shared loop" +
                    (conversion.shared == 1 ? "" : "s") + ".\n";
  out += side("fill_" + kernel.name, from, conversion, elements, true) + "\n";
  out += side("drain_" + kernel.name, to, conversion, elements, false) + "\n";
  out += "static void " + kernel.name + "(" + stream_reference(from) + " in, " +
         stream_reference(to) + " out, int tokens) {\n";
  int level = 1;
  for (int l = 0; l < conversion.shared; ++l) out += loop(level++, l, from.itensor.trips[l]);
  // The array between two processes of a dataflow loop is doubled by the tool: one half fills while
  // the other drains.
  out += "#pragma HLS DATAFLOW\n";
  out +=
      indent(level) + cpp_type(from.itensor.dtype) + " buffer[" + std::to_string(elements) + "];\n";
  const int banks = std::max(from.lanes, to.lanes);
  if (banks > 1)
    out +=
        "#pragma HLS ARRAY_PARTITION variable=buffer type=cyclic factor=" + std::to_string(banks) +
        "\n";
  out += indent(level) + "fill_" + kernel.name + "(in, buffer);\n";
  out += indent(level) + "drain_" + kernel.name + "(buffer, out);\n";
  return out + closing(level, 0);
}

}  // namespace st::hls
