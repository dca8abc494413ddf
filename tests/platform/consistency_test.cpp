// SPDX-License-Identifier: Apache-2.0
// Each check of a description finds the fault that it is for, and finds none in those that are
// built in.
#include "core/platform/consistency.h"

#include <gtest/gtest.h>

#include <functional>

namespace st {
namespace {

using Change = std::function<void(Target&)>;
using Lines = std::vector<std::string>;

/// "/pointer: message" of each fault of a built-in target that was changed.
Lines found_in(const std::string& name, const Change& change) {
  Target target = *find_target(name);
  change(target);
  EXPECT_TRUE(check(target).ok()) << "the file itself is refused";
  const Status status = examine(target);
  Lines lines;
  if (status.ok()) return lines;
  for (const Diagnostic& problem : status.errors()) {
    EXPECT_EQ(problem.code, "E0402");
    lines.push_back(problem.where + ": " + problem.message);
  }
  return lines;
}

TEST(Consistency, BuiltInTargetsHaveNoFault) {
  for (const Target& target : built_in_targets())
    EXPECT_EQ(found_in(target.name, [](Target&) {}), Lines{}) << target.name;
}

TEST(Consistency, FileStandsInFrontOfThePointer) {
  Target target = *find_target("u280");
  target.budget_percent.ff.value = 100;
  EXPECT_EQ(examine(target, "my.json").errors().at(0).where, "my.json, /budgets/ff");
}

TEST(Consistency, NamesOfAnotherBoardAreFound) {
  EXPECT_EQ(
      found_in("u280", [](Target& t) { t.platform = "xilinx_u250_gen3x16_xdma_4_1_202210_1"; }),
      Lines{"/platform: 'xilinx_u250_gen3x16_xdma_4_1_202210_1' is a u250, whose part begins "
            "with xcu250-, but the part is xcu280-fsvh2892-2L-e"});
  EXPECT_EQ(found_in("zcu104", [](Target& t) { t.name = "kv260"; }),
            Lines{"/name: 'kv260' is a kv260, whose part begins with xck26-, but the part is "
                  "xczu7ev-ffvc1156-2-e"});
  // Names of one's own, and words that only contain a board's name, say nothing.
  EXPECT_EQ(found_in("u280", [](Target& t) { t.name = "lab3", t.platform = "my_u2501_shell"; }),
            Lines{});
}

TEST(Consistency, FlowsThatDoNotMakeDesignsForThePartAreFound) {
  EXPECT_EQ(
      found_in("u280", [](Target& t) { t.flow = Flow::Versal; }),
      Lines{"/flow: versal does not suit xcu280-fsvh2892-2L-e, an Alveo card's device: alveo"});
  EXPECT_EQ(found_in("kv260", [](Target& t) { t.flow = Flow::Alveo; }),
            (Lines{"/flow: alveo does not suit xck26-sfvc784-2LV-c, a Zynq UltraScale+ of a Kria "
                   "module: embedded",
                   "/memory/tags: HP ports belong to a processing system, and so to the flow "
                   "embedded"}));
  EXPECT_EQ(found_in("vck5000", [](Target& t) { t.flow = Flow::Embedded; }), Lines{});
  EXPECT_EQ(found_in("u55c",
                     [](Target& t) {
                       t.name = "mine", t.platform = "mine", t.part = "xcv80-lsva4737-2MHP-e-S";
                       t.flow = Flow::Versal;
                     }),
            Lines{"/part: AMD has no platform of v++ and XRT for the Alveo V80"});
}

TEST(Consistency, CountsThatNoFabricHasAreFound) {
  EXPECT_EQ(found_in("kv260", [](Target& t) { t.total.lut.value = 234240; }),
            Lines{"/total/ff: a slice has two registers per LUT: 468480 beside 234240 LUT, not "
                  "234240"});
  EXPECT_EQ(found_in("u250", [](Target& t) { t.slrs[2].usable.bram18.value = 999; }),
            Lines{"/slrs/2/bram18: 999 BRAM18 is odd, but each BRAM36 is two of them"});
  EXPECT_EQ(found_in("u250", [](Target& t) { t.total.bram18.value = 5377; }),
            Lines{"/total/bram18: 5377 BRAM18 is odd, but each BRAM36 is two of them"});
}

TEST(Consistency, ADigitThatIsMissingInAnSlrIsFound) {
  EXPECT_EQ(
      found_in("u50", [](Target& t) { t.slrs[0].usable.lut.value = 36500; }),
      Lines{"/total/lut: the SLRs have 401500 of 871680 LUT: no shell takes more than half of "
            "a device"});
}

TEST(Consistency, FullBudgetsAreFound) {
  EXPECT_EQ(found_in("u280", [](Target& t) { t.budget_percent.uram.value = 100; }),
            Lines{"/budgets/uram: 100 % leaves no room to place and route"});
}

TEST(Consistency, ClocksBeyondShellsAndPortsAreFound) {
  EXPECT_EQ(found_in("u280", [](Target& t) { t.frequency.value = 501; }),
            Lines{"/frequency: 501 MHz is above the 500 MHz that shells take"});
  EXPECT_EQ(found_in("kv260", [](Target& t) { t.frequency.value = 400; }),
            Lines{"/frequency: 400 MHz is above the 333.4 MHz that ports of a processing system "
                  "take"});
}

TEST(Consistency, MemoryThatTheDeviceLacksIsFound) {
  EXPECT_EQ(found_in("u250",
                     [](Target& t) {
                       t.memory.tag = "HBM";
                       t.memory.channels.value = 16;
                       t.memory.slrs = {"SLR0"};
                       t.memory.channel_bandwidth.value = 14.375;
                     }),
            Lines{"/memory/tag: xcu250-figd2104-2L-e has no HBM"});
  EXPECT_EQ(
      found_in("zcu104",
               [](Target& t) { t.memory.tags = {"MC_NOC0", "MC_NOC1", "MC_NOC2", "a", "b", "c"}; }),
      Lines{"/memory/tags: a network on chip is in Versal devices only, and "
            "xczu7ev-ffvc1156-2-e is none"});
}

TEST(Consistency, ChannelsThatCannotBeAreFound) {
  EXPECT_EQ(
      found_in("u280", [](Target& t) { t.memory.channels.value = 31; }),
      Lines{"/memory/channels: 31 is no multiple of the 16 pseudo-channels of a stack of HBM"});
  EXPECT_EQ(found_in("u280", [](Target& t) { t.memory.bytes_per_channel.value = 268435000; }),
            Lines{"/memory/channel_bytes: is no multiple of a page, 4096 bytes"});
  EXPECT_EQ(found_in("u250", [](Target& t) { t.memory.ports.value = 61; }),
            Lines{"/memory/max_ports: 61 ports, but 4 channels take 15 each"});
}

TEST(Consistency, BandwidthThatNothingCarriesIsFound) {
  const auto rate = [](double gb_per_s) {
    return [gb_per_s](Target& t) { t.memory.channel_bandwidth.value = gb_per_s; };
  };
  EXPECT_EQ(found_in("u280", rate(14.5)),
            Lines{"/memory/channel_bandwidth: 14.5 GB/s is above the 14.4 GB/s of 256 bits at 450 "
                  "MHz"});
  EXPECT_EQ(found_in("u250", rate(77)),
            Lines{"/memory/channel_bandwidth: 77 GB/s is above the 25.6 GB/s of a DIMM of "
                  "DDR4-3200"});
  EXPECT_EQ(found_in("kv260", rate(4.8)),
            Lines{"/memory/channel_bandwidth: 4.8 GB/s is above the 3.2 GB/s of a port of 128 bits "
                  "at 200 MHz"});
  EXPECT_EQ(
      found_in("u250",
               [](Target& t) { t.memory.ports_per_channel->value = 1, t.memory.ports.value = 4; }),
      Lines{"/memory/channel_bandwidth: 19.25 GB/s is above the 16 GB/s of 1 port of 512 "
            "bits at 250 MHz"});
  EXPECT_EQ(found_in("kv260", [](Target& t) { t.memory.shared->bandwidth.value = 3; }),
            Lines{"/memory/channel_bandwidth: 3.2 GB/s is above the 3 GB/s of all channels "
                  "together"});
}

TEST(Consistency, LargeMemoryThatIsNotLargerIsFound) {
  EXPECT_EQ(found_in("u280",
                     [](Target& t) {
                       t.large_memory->bytes_per_channel.value = t.memory.bytes_per_channel.value;
                     }),
            Lines{"/large_memory/channel_bytes: is no more than a channel of memory has: nothing "
                  "would ever go there"});
}

TEST(Consistency, UnconfirmedNumbersAreCounted) {
  Target target = *find_target("u280");
  const int before = unconfirmed_numbers(target);
  target.memory.ports.source = "somebody; to be confirmed";
  EXPECT_EQ(unconfirmed_numbers(target), before + 1);
}

}  // namespace
}  // namespace st
