// SPDX-License-Identifier: Apache-2.0
// Yosys' technology mapping for UltraScale+ against the geometry in core/resources/memory.cpp:
// FIFOs and RAMs of many sizes, each a Verilog module of its own.
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "core/resources/memory.h"
#include "tests/resources/yosys.h"

namespace st {
namespace {

using enum MemoryKind;

enum class Wrapper {
  Fifo,      ///< with its pointers
  Ram,       ///< a port to write and one to read
  TwoReads,  ///< a port that reads or writes, and one that reads
};

struct YosysCase {
  Wrapper wrapper;
  MemoryKind kind;
  int64_t width, words;
  [[nodiscard]] std::string name() const {
    const char* form[] = {"fifo", "ram", "two_reads"};
    return std::string(form[static_cast<int>(wrapper)]) + "_" + std::string(name_of(kind)) + "_" +
           std::to_string(width) + "x" + std::to_string(words);
  }
};

std::vector<YosysCase> cases() {
  using enum Wrapper;
  return {
      {Fifo, Srl, 32, 2},        {Fifo, Srl, 32, 3},         {Fifo, Srl, 32, 16},
      {Fifo, Srl, 15, 16},       {Fifo, Srl, 32, 17},        {Fifo, Srl, 32, 32},
      {Fifo, Srl, 16, 33},       {Fifo, Srl, 8, 40},         {Fifo, Srl, 4, 48},
      {Fifo, Srl, 4, 50},        {Fifo, Srl, 8, 64},         {Fifo, Srl, 8, 100},
      {Fifo, Srl, 8, 128},       {Fifo, LutRam, 32, 33},     {Fifo, LutRam, 32, 128},
      {Fifo, LutRam, 512, 64},   {Fifo, LutRam, 16, 100},    {Ram, LutRam, 8, 2},
      {Ram, LutRam, 14, 32},     {Ram, LutRam, 15, 32},      {Ram, LutRam, 7, 64},
      {Ram, LutRam, 8, 64},      {Ram, LutRam, 1, 64},       {Ram, LutRam, 32, 96},
      {Ram, LutRam, 14, 96},     {Ram, LutRam, 5, 128},      {Ram, LutRam, 512, 16},
      {TwoReads, LutRam, 8, 32}, {TwoReads, LutRam, 32, 20}, {TwoReads, LutRam, 32, 64},
      {TwoReads, LutRam, 5, 90}, {TwoReads, LutRam, 8, 100}, {TwoReads, LutRam, 8, 150},
      {Fifo, Bram, 32, 160},     {Fifo, Bram, 32, 512},      {Fifo, Bram, 512, 512},
      {Fifo, Bram, 512, 1024},   {Fifo, Bram, 8, 4096},      {Ram, Bram, 1, 16384},
      {Ram, Bram, 2, 8192},      {Ram, Bram, 2, 20000},      {Ram, Bram, 4, 4096},
      {Ram, Bram, 9, 2048},      {Ram, Bram, 18, 1024},      {Ram, Bram, 36, 512},
      {Ram, Bram, 37, 513},      {Ram, Bram, 32, 2048},      {Ram, Bram, 33, 300},
      {Ram, Bram, 48, 3000},     {Ram, Bram, 16, 5000},      {Ram, Bram, 64, 1000},
      {Ram, Bram, 512, 4096},    {TwoReads, Bram, 32, 512},  {TwoReads, Bram, 36, 512},
      {TwoReads, Bram, 8, 2048}, {TwoReads, Bram, 32, 3000}, {TwoReads, Bram, 64, 200},
      {Fifo, Uram, 72, 4096},    {Fifo, Uram, 512, 4096},    {Fifo, Uram, 512, 4097},
      {Ram, Uram, 8, 4096},      {Ram, Uram, 73, 100},       {Ram, Uram, 144, 2048},
      {Ram, Uram, 32, 10000},    {TwoReads, Uram, 64, 4096}, {TwoReads, Uram, 512, 4096},
  };
}

/// Where Yosys and the geometry differ: what Yosys takes, and why.
struct Exception {
  std::string name;
  MemoryCost cost;
  const char* why;
};

const std::vector<Exception>& exceptions() {
  static const char* const SideBySide =
      "Yosys puts several narrow words into a row of 72 bits and selects among them; synthesis for "
      "HLS gives each word a row";
  static const std::vector<Exception> all = {
      {"fifo_srl_32x2", {0, 0, 0}, "Yosys makes shift registers of 3 words or more, else FFs"},
      {"two_reads_lutram_8x150",
       {48, 0, 0},
       "Yosys prefers 3 rows of 64 words, with fewer multiplexers, to 5 of 32, with fewer LUTs"},
      {"fifo_uram_512x4097", {0, 0, 15}, SideBySide},
      {"ram_uram_32x10000", {0, 0, 2}, SideBySide},
  };
  return all;
}

std::string number(int64_t n) { return std::to_string(n); }

/// Bits of an address.
int64_t address_bits(int64_t words) {
  int64_t bits = 1;
  while ((int64_t{1} << bits) < words) ++bits;
  return bits;
}

std::string style(MemoryKind kind) {
  return kind == Bram ? "block" : kind == Uram ? "ultra" : "distributed";
}

std::string array(const YosysCase& c) {
  return "  (* ram_style = \"" + style(c.kind) + "\" *) reg [" + number(c.width - 1) +
         ":0] words [0:" + number(c.words - 1) + "];\n";
}

/// Words enter at the bottom of a shift register per bit, and leave where the count says.
std::string shift_registers(const YosysCase& c) {
  const std::string last = number(c.words - 1);
  return "  genvar b;\n  generate for (b = 0; b < " + number(c.width) +
         "; b = b + 1) begin: bits\n    reg [" + last +
         ":0] bit_words;\n    always @(posedge clk) if (push) bit_words <= {bit_words[" +
         number(c.words - 2) + ":0], in[b]};\n    assign out[b] = bit_words[count - 1];\n" +
         "  end endgenerate\n";
}

std::string fifo(const YosysCase& c) {
  const std::string word = "[" + number(c.width - 1) + ":0]";
  const std::string address = "[" + number(address_bits(c.words) - 1) + ":0]";
  std::string out = "module " + c.name() + "(input clk, input rst, input push, input pop, input " +
                    word + " in, output " + word + " out, output reg [" +
                    number(address_bits(c.words + 1) - 1) + ":0] count);\n" +
                    "  always @(posedge clk) if (rst) count <= 0; else count <= count + push - "
                    "pop;\n";
  if (c.kind == Srl) return out + shift_registers(c) + "endmodule\n";
  out += array(c) + "  reg " + address + " head, tail;\n";
  for (const auto& [pointer, moves] : {std::pair("head", "push"), std::pair("tail", "pop")}) {
    out += "  always @(posedge clk) if (rst) " + std::string(pointer) + " <= 0; else if (" + moves +
           ") " + pointer + " <= " + pointer + " == " + number(c.words - 1) + " ? 0 : " + pointer +
           " + 1;\n";
  }
  out += "  always @(posedge clk) if (push) words[head] <= in;\n";
  if (c.kind == LutRam) return out + "  assign out = words[tail];\nendmodule\n";
  return out + "  reg " + word +
         " q;\n  always @(posedge clk) if (pop) q <= words[tail];\n  assign out = q;\nendmodule\n";
}

std::string ram(const YosysCase& c) {
  const std::string word = "[" + number(c.width - 1) + ":0]";
  const std::string address = "[" + number(address_bits(c.words) - 1) + ":0]";
  const std::string head = "module " + c.name() + "(input clk, input we, input re, input " +
                           address + " to, input " + address + " from, input " + word +
                           " in, output " + word + " out";
  const std::string read =
      c.kind == LutRam
          ? "  assign out = words[from];\n"
          : "  reg " + word +
                " q;\n  always @(posedge clk) if (re) q <= words[from];\n  assign out = q;\n";
  if (c.wrapper == Wrapper::Ram)
    return head + ");\n" + array(c) + "  always @(posedge clk) if (we) words[to] <= in;\n" + read +
           "endmodule\n";
  const std::string other =
      c.kind == LutRam
          ? "  always @(posedge clk) if (we) words[to] <= in;\n  assign other = words[to];\n"
          : "  reg " + word +
                " p;\n  always @(posedge clk) if (we) words[to] <= in; else p <= words[to];\n" +
                "  assign other = p;\n";
  return head + ", output " + word + " other);\n" + array(c) + other + read + "endmodule\n";
}

/// LUTs that a primitive occupies (UG574), in halves: two SRL16E share one.
const std::map<std::string, int64_t>& half_luts() {
  static const std::map<std::string, int64_t> all = {
      {"SRL16E", 1},   {"SRLC32E", 2},  {"RAM32M", 8},   {"RAM32M16", 16}, {"RAM64M", 8},
      {"RAM64M8", 16}, {"RAM32X1D", 4}, {"RAM64X1D", 4}, {"RAM128X1D", 8}, {"RAM256X1D", 16}};
  return all;
}

/// Runs Yosys on modules up to the named step, and gives the memory primitives of each.
std::map<std::string, MemoryCost> mapped(const std::string& verilog, const std::string& until) {
  // As `synth_xilinx` begins, but with modules beside each other in place of one at the top.
  std::istringstream counts(test::yosys_counts(
      verilog,
      "read_verilog -lib -specify +/xilinx/cells_sim.v; read_verilog -lib +/xilinx/cells_xtra.v; "
      "read_verilog design.v; hierarchy -check; synth_xilinx -family xcup -noiopad -noclkbuf "
      "-uram -run prepare:" +
          until));
  std::map<std::string, MemoryCost> found;
  std::string line, module;
  std::map<std::string, int64_t> halves;
  while (std::getline(counts, line)) {
    std::istringstream words(line);
    std::string first, second;
    words >> first >> second;
    if (first == "===") {
      module = second;
      found[module];
    } else if (first == "RAMB18E2" || first == "RAMB36E2") {
      found[module].bram18 += std::stoll(second) * (first == "RAMB36E2" ? 2 : 1);
    } else if (first == "URAM288") {
      found[module].uram += std::stoll(second);
    } else if (first.starts_with("RAM") || first.starts_with("SRL")) {
      const auto known = half_luts().find(first);
      EXPECT_NE(known, half_luts().end()) << module << " has an unknown primitive " << first;
      if (known != half_luts().end()) halves[module] += known->second * std::stoll(second);
    }
  }
  for (const auto& [name, count] : halves) found[name].lut = (count + 1) / 2;
  return found;
}

TEST(YosysMemory, PrimitivesAreThoseOfTheGeometry) {
  if (!test::has_yosys()) GTEST_SKIP() << "SKIPPED: yosys is not installed";
  std::string shifting, others;
  for (const YosysCase& c : cases())
    (c.kind == Srl ? shifting : others) += c.wrapper == Wrapper::Fifo ? fifo(c) : ram(c);
  // Memories are mapped early, shift registers late.
  std::map<std::string, MemoryCost> found = mapped(others, "map_ffram");
  found.merge(mapped(shifting, "map_ffs"));
  EXPECT_EQ(found.size(), cases().size());
  size_t excepted = 0;
  for (const YosysCase& c : cases()) {
    ASSERT_EQ(found.count(c.name()), 1U) << c.name();
    const MemoryCost ours = blocks_of(
        c.kind, c.width, c.words,
        c.wrapper == Wrapper::TwoReads ? MemoryPorts::TwoReadOrWrite : MemoryPorts::ReadAndWrite);
    const MemoryCost& theirs = found[c.name()];
    const auto exception =
        std::find_if(exceptions().begin(), exceptions().end(),
                     [&](const Exception& known) { return known.name == c.name(); });
    const bool known = exception != exceptions().end();
    if (known) {
      ++excepted;
      EXPECT_NE(ours, exception->cost) << c.name() << " is no exception: " << exception->why;
    }
    EXPECT_EQ(theirs, known ? exception->cost : ours)
        << c.name() << ": Yosys takes " << theirs.lut << " LUT, " << theirs.bram18 << " BRAM18, "
        << theirs.uram << " URAM; the geometry says " << ours.lut << ", " << ours.bram18 << ", "
        << ours.uram;
  }
  EXPECT_EQ(excepted, exceptions().size());
}

}  // namespace
}  // namespace st
