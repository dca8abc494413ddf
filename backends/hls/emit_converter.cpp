// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "backends/hls/converter_index.h"
#include "backends/hls/cpp_text.h"
#include "backends/hls/emit_group.h"
#include "core/itensor/conversion.h"

namespace st::hls {
namespace {

std::string indent(int level) { return std::string(2 * static_cast<size_t>(level), ' '); }

std::string number(int64_t n) { return std::to_string(n); }

std::string loop(int level, int counter, const Trip& trip) {
  const std::string d = "d" + std::to_string(counter);
  std::string out = indent(level) + "for (int " + d + " = 0; " + d + " < " +
                    trip_expression(trip.count) + "; ++" + d + ") {\n";
  if (!trip.count.is_constant())
    out += "#pragma HLS LOOP_TRIPCOUNT min=1 max=" + number(trip.bound) + "\n";
  return out;
}

std::string closing(int from, int to) {
  std::string out;
  for (int level = from; level-- > to;) out += indent(level) + "}\n";
  return out;
}

/// One converter: its plan, its ports, and the two forms of its text.
class Converter {
 public:
  explicit Converter(const Kernel& kernel) : kernel_(kernel), from_(kernel.inputs[0].type) {
    std::vector<ItensorType> results;
    banks_ = from_.lanes;
    for (const Port& port : kernel.outputs) {
      results.push_back(port.type.itensor);
      banks_ = std::max(banks_, port.type.lanes);
    }
    plan_ = plan_conversion(from_.itensor, results);
    const auto size = kernel.sizes.find("Window");
    window_ = size == kernel.sizes.end() ? 0 : size->second;
    elements_ = block_elements(plan_);
  }

  std::string text() const { return window_ > 0 && plan_.sliding ? live_range() : ping_pong(); }

 private:
  // --- What both forms have in common.

  std::string types() const {
    std::string out = "// " + text_of(from_.itensor) + "\n";
    for (const Port& port : kernel_.outputs) out += "// to " + text_of(port.type.itensor) + "\n";
    return out;
  }

  std::string shared_loops() const {
    return number(plan_.shared) + " shared loop" + (plan_.shared == 1 ? "" : "s");
  }

  /// "hls::stream<vec<float, 4>>& out, hls::stream<vec<float, 4>>& out1".
  std::string results() const {
    std::string out;
    for (size_t r = 0; r < kernel_.outputs.size(); ++r)
      out += (r > 0 ? ", " : "") + stream_reference(kernel_.outputs[r].type) + " " + name_of(r);
    return out;
  }

  static std::string name_of(size_t reader) {
    return reader == 0 ? "out" : "out" + std::to_string(reader);
  }

  /// ", int tokens": named if a trip count reads it.
  std::string tokens_parameter() const {
    bool read = reads_tokens(plan_.source);
    for (const ItensorType& result : plan_.results) read = read || reads_tokens(result);
    return read ? ", int tokens" : ", int /*tokens*/";
  }

  static bool reads_tokens(const ItensorType& type) {
    return std::any_of(type.trips.begin(), type.trips.end(),
                       [](const Trip& trip) { return trip.count.terms().count(Sequence) != 0; });
  }

  std::string head() const {
    std::string out = "static void " + kernel_.name + "(" + stream_reference(from_) + " in, " +
                      results() + tokens_parameter() + ") {\n";
    for (int l = 0; l < plan_.shared; ++l)
      out += loop(l + 1, l, plan_.source.trips[static_cast<size_t>(l)]);
    return out;
  }

  std::string buffer(int level, int64_t elements) const {
    std::string out =
        indent(level) + cpp_type(from_.itensor.dtype) + " buffer[" + number(elements) + "];\n";
    if (banks_ > 1)
      out +=
          "#pragma HLS ARRAY_PARTITION variable=buffer type=cyclic factor=" + number(banks_) + "\n";
    if (const auto chosen = kernel_.storage.find("buffer"); chosen != kernel_.storage.end()) {
      out += "#pragma HLS BIND_STORAGE variable=buffer type=" +
             std::string(reads_twice() ? "ram_2p" : "ram_s2p") +
             " impl=" + std::string(st::name_of(chosen->second)) + "\n";
    }
    return out;
  }

  /// Lanes that are sent may meet in a bank.
  bool reads_twice() const {
    return std::any_of(kernel_.outputs.begin(), kernel_.outputs.end(),
                       [](const Port& port) { return port.type.lanes > 1; });
  }

  /// Loops of one side inside the shared ones.
  std::string nest(int& level, const ItensorType& type) const {
    std::string out;
    for (int l = plan_.shared; l < static_cast<int>(type.trips.size()); ++l)
      out += loop(level++, l, type.trips[static_cast<size_t>(l)]);
    return out;
  }

  /// The loop over the beats of a token, if it has several.
  static std::string beats(int& level, const StreamType& type) {
    if (type.beats_per_token() == 1) return "";
    return indent(level++) + "for (int beat = 0; beat < " + number(type.beats_per_token()) +
           "; ++beat) {\n";
  }

  static std::string lanes(int level, const StreamType& type, const std::string& statement) {
    if (type.lanes == 1) return indent(level) + statement;
    return indent(level) + "for (int lane = 0; lane < " + number(type.lanes) +
           "; ++lane) {\n#pragma HLS UNROLL\n" + indent(level + 1) + statement + indent(level) +
           "}\n";
  }

  /// The tokens of one of several readers that has no loop of its own, in a block: names in it are
  /// those of the others.
  template <typename Body>
  std::string scoped(int level, size_t reader, const Body& body) const {
    const bool bare = static_cast<int>(plan_.results[reader].trips.size()) == plan_.shared;
    if (!bare || plan_.results.size() == 1) return body(level);
    return indent(level) + "{\n" + body(level + 1) + indent(level) + "}\n";
  }

  static std::string lane(const StreamType& type) { return type.lanes == 1 ? "0" : "lane"; }

  // --- The live-range buffer.

  /// Takes source tokens while `condition` holds.
  std::string receive(int level, const std::string& condition) const {
    const int outside = level;
    const std::string if_fresh = first_copy_condition(plan_.source, plan_.shared);
    std::string out = indent(level++) + "for (; " + condition + "; ++received) {\n";
    if (from_.beats_per_token() == 1) out += "#pragma HLS PIPELINE II=1\n";
    if (!if_fresh.empty()) out += indent(level) + "const bool fresh = " + if_fresh + ";\n";
    out += beats(level, from_);
    if (from_.beats_per_token() > 1) out += "#pragma HLS PIPELINE II=1\n";
    out += indent(level) + "const " + beat_type(from_) + " beat_in = in.read();\n";
    const int reading = level;
    if (!if_fresh.empty()) out += indent(level++) + "if (fresh) {\n";
    std::string cell = from_.lanes == 1 ? "write" : "write + lane";
    if (window_ % from_.lanes != 0) cell = "(" + cell + ") % " + number(window_);
    out += lanes(level, from_, "buffer[" + cell + "] = beat_in[" + lane(from_) + "];\n");
    out += indent(level) + "write " + next_write() + ";\n";
    if (!if_fresh.empty()) out += closing(level, reading);
    return out + closing(reading, outside);
  }

  /// The write pointer behind a beat.
  std::string next_write() const {
    const std::string lanes = number(from_.lanes);
    if (window_ >= elements_) return "+= " + lanes;
    if (window_ % from_.lanes == 0) {
      if (window_ == from_.lanes) return "= 0";
      return "= write == " + number(window_ - from_.lanes) + " ? 0 : write + " + lanes;
    }
    return "= (write + " + lanes + ") % " + number(window_);
  }

  /// The tokens of one reader.
  std::string send(int level, size_t reader) const {
    const StreamType& to = kernel_.outputs[reader].type;
    const ItensorType& type = plan_.results[reader];
    const int outside = level;
    std::string out = nest(level, type);
    const int nested = level;
    // A loop that receives as well cannot be pipelined.
    const bool receives = reader == 0 && window_ < elements_;
    if (receives) {
      const std::string last =
          token_number(plan_.source, plan_.shared, last_coordinates(type, plan_.shared)).text();
      out += indent(level) + "const int last = " + last + ";\n";
      out += receive(level, "received <= last");
    }
    out += beats(level, to);
    if (level > (receives ? nested : outside)) out += "#pragma HLS PIPELINE II=1\n";
    out += indent(level) + beat_type(to) + " beat_out;\n";
    IndexSum cell =
        arrival_number(plan_.source, plan_.shared, beat_coordinates(type, plan_.shared, to.lanes));
    if (window_ < elements_) cell = cell.modulo(window_);
    out += lanes(level, to, "beat_out[" + lane(to) + "] = buffer[" + cell.text() + "];\n");
    out += indent(level) + name_of(reader) + ".write(beat_out);\n";
    return out + closing(level, outside);
  }

  std::string live_range() const {
    const int level = plan_.shared + 1;
    int64_t paper = 0;
    for (const Port& port : kernel_.outputs)
      paper += paper_elements(from_.itensor, port.type.itensor);
    std::string out = types() + "// through one buffer of " + number(window_) + " of the " +
                      number(elements_) + " elements inside " + shared_loops() +
                      "; ping-pong buffers would hold " + number(paper) + ".\n" + head();
    out += buffer(level, window_);
    out += indent(level) + "int received = 0;  // tokens\n";
    out += indent(level) + "int write = 0;     // cell of the next element\n";
    // What holds the whole block takes it at once, so that its writer never waits for a reader.
    if (window_ >= elements_) {
      const int64_t first = tokens_of_first_pass(plan_.source, plan_.shared);
      out += receive(level, "received < " + number(first));
      if (first < tokens_inside(plan_.source, plan_.shared)) out += receive_rest(level);
    }
    for (size_t r = 0; r < plan_.results.size(); ++r) {
      out += scoped(level, r, [&](int inside) { return send(inside, r); });
      if (r == 0 && window_ < elements_ && repeats_inside(plan_.source, plan_.shared))
        out += receive_rest(level);
    }
    return out + closing(level, 0);
  }

  /// Drops the repeats behind the last first copy of a block.
  std::string receive_rest(int level) const {
    const int outside = level;
    std::string out = indent(level++) + "for (; received < " +
                      number(tokens_inside(plan_.source, plan_.shared)) + "; ++received) {\n";
    out += beats(level, from_) + "#pragma HLS PIPELINE II=1\n";
    return out + indent(level) + "in.read();\n" + closing(level, outside);
  }

  // --- The ping-pong.

  /// The loops of one side with one beat in the body, on a buffer in row-major order.
  std::string side(int level, const StreamType& port, const ItensorType& type,
                   const std::string& stream, bool fill) const {
    const int outside = level;
    std::string out = nest(level, type) + beats(level, port);
    if (level > outside) out += "#pragma HLS PIPELINE II=1\n";
    out += indent(level) + (fill ? "const " + beat_type(port) + " beat_in = in.read();\n"
                                 : beat_type(port) + " beat_out;\n");
    IndexSum cell;
    int64_t stride = 1;
    const std::vector<IndexSum> x = beat_coordinates(type, plan_.shared, port.lanes);
    for (size_t d = x.size(); d-- > 0;) {
      cell = x[d].times(stride) + cell;
      stride *= plan_.block[d];
    }
    const std::string element = "buffer[" + cell.text() + "]";
    out += lanes(level, port,
                 fill ? element + " = beat_in[" + lane(port) + "];\n"
                      : "beat_out[" + lane(port) + "] = " + element + ";\n");
    if (!fill) out += indent(level) + stream + ".write(beat_out);\n";
    return out + closing(level, outside);
  }

  /// What the trip counts inside the shared loops read, each with `lead` before it: ", int tokens".
  std::string read_inside(const std::vector<ItensorType>& types, const std::string& lead) const {
    std::set<std::string> names;
    for (const ItensorType& type : types) {
      for (size_t l = static_cast<size_t>(plan_.shared); l < type.trips.size(); ++l) {
        for (const auto& [symbol, factor] : type.trips[l].count.terms())
          if (loop_named(symbol) < plan_.shared)
            names.insert(symbol == Sequence ? "tokens" : symbol);
      }
    }
    std::string out;
    for (const std::string& name : names) out += lead + name;
    return out;
  }

  std::string ping_pong() const {
    std::string shape;
    for (int64_t size : plan_.block) shape += number(size) + "x";
    const std::string array = cpp_type(from_.itensor.dtype) + " buffer[" + number(elements_) + "]";
    std::string out = types() + "// through a ping-pong buffer of 2 x " + shape +
                      std::string(st::name_of(from_.itensor.dtype)) + " inside " + shared_loops() +
                      ".\n";
    out += "static void fill_" + kernel_.name + "(" + stream_reference(from_) + " in, " + array +
           read_inside({plan_.source}, ", int ") + ") {\n" +
           side(1, from_, plan_.source, "in", true) + "}\n\n";
    out += "static void drain_" + kernel_.name + "(const " + array + ", " + results() +
           read_inside(plan_.results, ", int ") + ") {\n";
    for (size_t r = 0; r < plan_.results.size(); ++r) {
      const StreamType& to = kernel_.outputs[r].type;
      out += scoped(
          1, r, [&](int level) { return side(level, to, plan_.results[r], name_of(r), false); });
    }
    out += "}\n\n" + head();
    const int level = plan_.shared + 1;
    // The array between two processes of a dataflow loop is doubled by the tool: one half fills
    // while the other drains.
    out += "#pragma HLS DATAFLOW\n" + buffer(level, elements_);
    out += indent(level) + "fill_" + kernel_.name + "(in, buffer" +
           read_inside({plan_.source}, ", ") + ");\n";
    out += indent(level) + "drain_" + kernel_.name + "(buffer";
    for (size_t r = 0; r < plan_.results.size(); ++r) out += ", " + name_of(r);
    return out + read_inside(plan_.results, ", ") + ");\n" + closing(level, 0);
  }

  const Kernel& kernel_;
  const StreamType& from_;
  ConversionPlan plan_;
  int banks_ = 1;
  int64_t window_ = 0;    ///< of the live-range buffer; 0: ping-pong
  int64_t elements_ = 0;  ///< of a block
};

}  // namespace

std::string emit_converter(const Kernel& kernel) { return Converter(kernel).text(); }

}  // namespace st::hls
