// SPDX-License-Identifier: Apache-2.0
// Generates program.json, schema "streamtensor.program/1":
//   model, precision, target, max_sequence, max_positions, vocabulary
//   buffers: device memory, each with name, role, tensor, element type, layout, bank, and file with
//   checksum
//   launches: kernels in the order they run, with the buffers of their pointer arguments; two
//   integers follow, and streams. Those of one stage run together
#include <cinttypes>
#include <cstdio>

#include "backends/host/emit_host.h"
#include "core/dataflow/units.h"
#include "core/support/diagnostics.h"

namespace st {
namespace {

/// A JSON string. printable() leaves neither control characters nor invalid UTF-8.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : printable(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string member(const char* name, const std::string& text) {
  return "\"" + std::string(name) + "\": " + quoted(text);
}

std::string member(const char* name, int64_t number) {
  return "\"" + std::string(name) + "\": " + std::to_string(number);
}

std::string buffer_text(const Program& program, const Target& target, const Memory& memory,
                        const Checksums& checksums) {
  std::string out = "    {" + member("name", memory.name);
  out += ", " + member("role", std::string(name_of(memory.role)));
  if (memory.tensor >= 0) out += ", " + member("tensor", program.tensors[memory.tensor].name);
  out += ", " + member("element", std::string(name_of(memory.dtype)));
  out += ", " + member("lanes", memory.lanes) + ", " + member("beats", memory.beats);
  out += ", " + member("words_per_row", memory.words_per_row());
  out += ", " + member("rows", memory.rows) + ", " + member("bytes", memory.bytes);
  out += ", " + member("bank", target.bank_name(memory.channel));
  if (const std::string file = parameter_file(memory); !file.empty()) {
    out += ", " + member("file", file);
    if (const auto checksum = checksums.find(memory.name); checksum != checksums.end()) {
      char text[24];
      std::snprintf(text, sizeof text, "%016" PRIx64, checksum->second);
      out += ", " + member("checksum", text);
    }
  }
  return out + "}";
}

std::string launch_text(const Program& program, const Unit& unit, int64_t stage) {
  std::string out = "    {" + member("kernel", unit.name) + ", \"arguments\": [";
  for (const PointerArgument& argument : pointer_arguments(program, unit))
    out += quoted(program.memories[static_cast<size_t>(argument.memory)].name) + ", ";
  std::string separator;
  for (const std::string& length : launch_lengths(program)) {
    out += separator + quoted(length);
    separator = ", ";
  }
  for (const StreamArgument& stream : stream_arguments(program, unit))
    out += ", " + quoted(program.channels[static_cast<size_t>(stream.channel)].name);
  return out + "], " + member("stage", stage) + "}";
}

}  // namespace

std::string program_json(const Program& program, const Target& target, const Checksums& checksums) {
  std::string out = "{\n  " + member("schema", "streamtensor.program/1") + ",\n";
  out += "  " + member("model", program.model) + ",\n";
  out += "  " + member("precision", program.precision) + ",\n";
  out += "  \"target\": {" + member("name", target.name) + ", " + member("part", target.part) +
         ", " + member("platform", target.platform) + "},\n";
  out += "  " + member("max_sequence", program.max_sequence) + ",\n";
  out += "  " + member("max_positions", program.max_positions) + ",\n";
  out += "  " + member("vocabulary", vocabulary_of(program)) + ",\n  \"buffers\": [\n";
  for (size_t m = 0; m < program.memories.size(); ++m) {
    out += buffer_text(program, target, program.memories[m], checksums);
    out += m + 1 < program.memories.size() ? ",\n" : "\n";
  }
  out += "  ],\n  \"launches\": [\n";
  const std::vector<Unit> units = units_of(program);
  int64_t stage = 0;
  for (size_t u = 0; u < units.size(); ++u) {
    if (u > 0 && !runs_with(units[u - 1], units[u])) ++stage;
    out += launch_text(program, units[u], stage) + (u + 1 < units.size() ? ",\n" : "\n");
  }
  return out + "  ]\n}\n";
}

}  // namespace st
